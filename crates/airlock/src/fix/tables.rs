//! A delimited table with its small counts withheld, whatever follows from them too, and counts rounded where that is not enough.
//!
//! Of the cells that must be hidden besides the small ones, each time the smallest in a sum that gives something away: few people
//! are lost, not always the fewest.

use super::Changed;
use crate::Context;
use crate::base::{Base, Bases};
use crate::figures::{Figures, Shown};
use crate::readers::{self, delimited};
use crate::roles::{self, Role};
use crate::rules::hidden_cells::Followed;
use crate::rules::zero_and_full;
use crate::table::{Row, Table};
use crate::verdict::{Findings, count_of};
use privacy::sdc::round;
use std::collections::BTreeSet;

/// NHS England's marker, which spreadsheets and people know.
const MARKER: &str = "*";

/// Small counts and what follows from them withheld.
pub(super) fn suppressed(bytes: &[u8], context: &Context<'_>) -> Option<Changed> {
    let mut sheet = Sheet::of(bytes)?;
    sheet.drop_columns(context);
    sheet.suppress(context);
    sheet.write()
}

/// The same with all counts rounded, and without shares, which would give the counts back.
pub(super) fn rounded(bytes: &[u8], context: &Context<'_>) -> Option<Changed> {
    let mut sheet = Sheet::of(bytes)?;
    sheet.drop_columns(context);
    sheet.suppress(context);
    sheet.round(context.rules.rounding_base);
    sheet.write()
}

/// A table as it is written.
struct Sheet {
    delimiter: u8,
    /// The heading first, if there is one.
    rows: Vec<Vec<String>>,
    has_header: bool,
    changes: Vec<String>,
}

impl Sheet {
    fn of(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let read = readers::read(bytes, &mut Findings::default());
        if !read.kind.starts_with("delimited") || !read.prose.is_empty() {
            return None;
        }
        let [table] = read.tables.as_slice() else {
            return None;
        };
        let heading: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        let cells = |row: &Row| row.cells.iter().map(str::to_owned).collect::<Vec<_>>();
        let rows = table.has_header.then_some(heading).into_iter();
        Some(Self {
            delimiter: delimited::sniff(text)?.delimiter(),
            rows: rows.chain(table.rows.iter().map(cells)).collect(),
            has_header: table.has_header,
            changes: Vec::new(),
        })
    }

    fn table(&self) -> Table {
        let row = |(line, cells): (u64, &Vec<String>)| Row {
            line,
            cells: cells.iter().collect(),
        };
        Table::new((1..).zip(&self.rows).map(row).collect(), 0)
    }

    fn write(self) -> Option<Changed> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        for row in &self.rows {
            writer.write_record(row).ok()?;
        }
        Some(Changed {
            bytes: writer.into_inner().ok()?,
            changes: self.changes,
        })
    }

    /// Columns of ids and direct identifiers, and of smallest and largest values.
    fn drop_columns(&mut self, context: &Context<'_>) {
        let table = self.table();
        let known = |i: usize| {
            let id = |row: usize| {
                let text = table.text(row, i).trim();
                context.participants.is_pseudonym(text) || context.participants.is_raw_id(text)
            };
            table.rows.len() >= 3
                && (0..table.rows.len()).filter(|row| id(*row)).count() * 2 > table.rows.len()
        };
        let goes = |(i, c): (usize, &crate::table::Column)| {
            matches!(c.role, Role::Identifier | Role::Personal | Role::BirthDate)
                || (c.role == Role::Extreme && c.numbers > 0 && !context.rules.extremes_shown)
                || known(i)
        };
        let dropped: BTreeSet<usize> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(i, c)| goes((*i, c)))
            .map(|(i, _)| i)
            .collect();
        if dropped.is_empty() || dropped.len() == table.columns.len() {
            return;
        }
        let places: Vec<String> = dropped.iter().map(|i| table.column_place(*i)).collect();
        self.changes.push(format!("dropped {}", places.join(", ")));
        for row in &mut self.rows {
            let mut i = 0;
            row.retain(|_| {
                i += 1;
                !dropped.contains(&(i - 1))
            });
        }
    }

    fn hide(&mut self, row: usize, column: usize) {
        let row = row + usize::from(self.has_header);
        if let Some(cell) = self
            .rows
            .get_mut(row)
            .and_then(|cells| cells.get_mut(column))
        {
            MARKER.clone_into(cell);
        }
    }

    fn suppress(&mut self, context: &Context<'_>) {
        let table = self.table();
        let least = context.rules.minimum_count;
        let mut first = 0_usize;
        for row in 0..table.rows.len() {
            for column in 0..table.columns.len() {
                let small = table.count_at(row, column).is_some_and(|n| {
                    (1..least).contains(&n)
                        || (n == 0
                            && context.rules.zero_counted
                            && !zero_and_full::says_nothing(&table, row, column))
                });
                if small {
                    self.hide(row, column);
                    first += 1;
                }
            }
        }
        let mut further = 0_usize;
        for _ in 0..table.cells() {
            let Some((row, column)) = self.next(context) else {
                break;
            };
            self.hide(row, column);
            further += 1;
        }
        let statistics = self.statistics();
        for (n, what) in [
            (first, ("count", "below the minimum")),
            (
                further,
                ("further count", "that the others would give away"),
            ),
            (statistics, ("statistic", "of a count that is withheld")),
        ] {
            if n > 0 {
                self.changes
                    .push(format!("withheld {}", plural(n, what.0, what.1)));
            }
        }
    }

    /// One more count to hide: the smallest in a sum that gives a hidden one away; a total only where nothing else is left.
    fn next(&self, context: &Context<'_>) -> Option<(usize, usize)> {
        let figures = Figures::of(&self.table())?;
        let told = Followed::of(&figures, context).all();
        let count = |at: &usize| match figures.cells.get(*at) {
            Some(cell) => match (cell.shown, cell.at) {
                (Shown::Count(n), Some(place)) => Some((n, place)),
                _ => None,
            },
            None => None,
        };
        let of = figures
            .totals
            .iter()
            .filter(|total| total.parts.iter().any(|part| told.contains(part)));
        let parts = of
            .clone()
            .flat_map(|total| &total.parts)
            .filter_map(count)
            .min();
        let whole = || of.clone().filter_map(|total| count(&total.whole)).min();
        parts.or_else(whole).map(|(_, place)| place)
    }

    /// Shares, means and rates beside a hidden count.
    fn statistics(&mut self) -> usize {
        let table = self.table();
        let mut hidden = Vec::new();
        for (i, column) in table.columns.iter().enumerate() {
            let told = matches!(column.role, Role::Percentage | Role::Proportion)
                || roles::says_mean(&column.name)
                || roles::says_rate(&column.name);
            let bases = Bases::of(&table, i);
            for row in 0..table.rows.len() {
                let of_row = table.row_roles.get(row).copied().unwrap_or(Role::Unknown);
                let told = told || (i > 0 && of_row.is_aggregate() && of_row != Role::Count);
                let beside = (0..table.columns.len()).any(|c| c != i && table.hidden_at(row, c));
                let few =
                    bases.at(row) == Base::Hidden || (told && beside && of_row != Role::Statistic);
                let is_count = table.count_at(row, i).is_some();
                if told && few && !is_count && bases.number(row).is_some() {
                    hidden.push((row, i));
                }
            }
        }
        for (row, column) in &hidden {
            self.hide(*row, *column);
        }
        hidden.len()
    }

    /// Rounds the counts that are left; columns of shares go.
    fn round(&mut self, base: u64) {
        let table = self.table();
        let base_of = u32::try_from(base).unwrap_or(round::BASE);
        let header = usize::from(self.has_header);
        let mut counted = 0_usize;
        for row in 0..table.rows.len() {
            for column in 0..table.columns.len() {
                let Some(n) = table.count_at(row, column) else {
                    continue;
                };
                let to = round::nearest(i64::try_from(n).unwrap_or(i64::MAX), base_of);
                if let Some(cell) = self
                    .rows
                    .get_mut(row + header)
                    .and_then(|cells| cells.get_mut(column))
                {
                    counted += usize::from(*cell != to.to_string());
                    *cell = to.to_string();
                }
            }
        }
        let shares: BTreeSet<usize> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, c)| matches!(c.role, Role::Percentage | Role::Proportion))
            .map(|(i, _)| i)
            .collect();
        for row in &mut self.rows {
            let mut i = 0;
            row.retain(|_| {
                i += 1;
                !shares.contains(&(i - 1))
            });
        }
        if counted > 0 {
            self.changes.push(format!(
                "rounded {} to the nearest {base}",
                count_of(counted, "count")
            ));
        }
        if !shares.is_empty() {
            self.changes.push(format!(
                "dropped {}: take them again from the rounded counts",
                plural_of_columns(shares.len())
            ));
        }
    }
}

fn plural_of_columns(n: usize) -> String {
    if n == 1 {
        "1 column of shares".into()
    } else {
        format!("{n} columns of shares")
    }
}

/// "1 count below …", "3 counts below …".
fn plural(n: usize, one: &str, rest: &str) -> String {
    format!("{} {rest}", count_of(n, one))
}
