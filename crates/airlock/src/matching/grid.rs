//! A table as the search for people sees it: columns of numbers, days and words, and how precise each is.
//!
//! Names are kept only as a hint of where to look first: whoever disguises rows renames columns.

use crate::reference::{Atom, Kind, decimals};
use crate::table::Table;
use std::collections::{HashMap, HashSet};

/// Rows that are looked at: a sample of more tells no more, and costs more.
pub(crate) const ROWS: usize = 4_000;
/// Rows that a table on its side has at most: each is a field of the data.
const FIELDS: usize = 300;
/// Cells up to which a table is looked at on its side, too.
const TURNED: usize = 400_000;

/// One column.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) cells: Vec<Atom>,
    /// Half the step in which its numbers go: what a value may differ from the one that it was rounded from.
    pub(crate) slack: f64,
    pub(crate) distinct: usize,
}

/// Columns of equal length.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub(crate) columns: Vec<Series>,
    pub(crate) rows: usize,
}

impl Series {
    /// A column of cells; `None` when it holds nothing, or the same in every row of many.
    pub(crate) fn of<'a>(
        name: &str,
        cells: impl Iterator<Item = &'a str>,
        key: u64,
    ) -> Option<Self> {
        let mut fine = 0;
        let cells: Vec<Atom> = cells
            .map(|cell| {
                fine = fine.max(decimals(cell));
                Atom::of(cell, key)
            })
            .collect();
        Self::new(name, cells, fine)
    }

    pub(crate) fn new(name: &str, mut cells: Vec<Atom>, fine: u8) -> Option<Self> {
        let count = |kind: Kind| cells.iter().filter(|c| kind.holds(**c)).count();
        let (kind, filled) = [Kind::Number, Kind::Day, Kind::Text]
            .into_iter()
            .map(|kind| (kind, count(kind)))
            .max_by_key(|(_, n)| *n)?;
        for cell in &mut cells {
            if !kind.holds(*cell) {
                *cell = Atom::Missing;
            }
        }
        let different: HashSet<u64> = cells.iter().filter_map(bits).collect();
        let distinct = different.len();
        (filled > 0).then(|| Self {
            name: name.to_owned(),
            slack: slack(&cells, fine),
            kind,
            cells,
            distinct,
        })
    }

    /// Its numbers or days, rising.
    pub(crate) fn sorted(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.cells.iter().filter_map(|c| number(*c)).collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }
}

/// A number or day as a number.
pub(crate) fn number(atom: Atom) -> Option<f64> {
    match atom {
        Atom::Number(n) => Some(n),
        Atom::Day(day) => Some(f64::from(day)),
        Atom::Missing | Atom::Text(_) => None,
    }
}

/// What makes two cells the same.
pub(crate) fn bits(atom: &Atom) -> Option<u64> {
    match atom {
        Atom::Missing => None,
        Atom::Number(n) => Some(n.to_bits()),
        Atom::Day(day) => Some(u64::from(*day as u32)),
        Atom::Text(hash) => Some(u64::from(*hash)),
    }
}

/// Half the step in which numbers go. `28.4` may have been 28.36; `120` among 110, 130, 150 may have been 124.
fn slack(cells: &[Atom], fine: u8) -> f64 {
    let unit = 10.0_f64.powi(-i32::from(fine.min(15)));
    let whole = |n: f64| (n / unit).round();
    let numbers = cells.iter().filter_map(|c| match c {
        Atom::Number(n) => Some(whole(*n).abs()),
        _ => None,
    });
    let mut step = 0_u64;
    let mut seen = 0;
    for n in numbers.take(ROWS) {
        if n >= 9.0e15 {
            return unit / 2.0;
        }
        step = gcd(step, n as u64);
        seen += 1;
    }
    // A few numbers are all multiples of something by chance.
    let step = if seen >= 8 { step.clamp(1, 1_000) } else { 1 };
    unit * step as f64 / 2.0
}

pub(crate) fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Grid {
    /// The columns of a table.
    pub(crate) fn of(table: &Table, key: u64) -> Self {
        let rows = chosen(table.rows.len());
        let columns = table
            .columns
            .iter()
            .enumerate()
            .filter_map(|(at, column)| {
                let cells = rows.iter().map(|row| table.text(*row, at));
                Series::of(&column.name, cells, key)
            })
            .collect();
        Self {
            columns,
            rows: rows.len(),
        }
    }

    /// Tables of equally many rows, one beside the other.
    pub(crate) fn beside(tables: &[&Table], key: u64) -> Self {
        let grids = tables.iter().map(|table| Self::of(table, key));
        let mut all = Self::default();
        for grid in grids {
            all.rows = grid.rows;
            all.columns.extend(grid.columns);
        }
        all
    }

    /// The table on its side: its rows as columns. Headings are values too, if they are the first row of people.
    pub(crate) fn turned(table: &Table, key: u64) -> Option<Self> {
        let width = table.columns.len();
        let fields = 2..=FIELDS;
        if width < 3 || !fields.contains(&table.rows.len()) || table.cells() > TURNED {
            return None;
        }
        let people = chosen(width);
        let columns = (0..table.rows.len())
            .take(crate::limits::COLUMNS)
            .filter_map(|row| {
                let cells = people.iter().map(|at| table.text(row, *at));
                Series::of(table.text(row, 0), cells, key)
            })
            .collect();
        Some(Self {
            columns,
            rows: people.len(),
        })
    }

    /// A long table (person, variable, value) as a wide one: the n-th value of each variable is in row n.
    pub(crate) fn widened(table: &Table, key: u64) -> Option<Self> {
        let rows = table.rows.len();
        let variable = table.columns.iter().position(|c| {
            c.is_text()
                && (2..=200).contains(&c.distinct)
                && rows >= c.distinct * 3
                && rows.is_multiple_of(c.distinct)
        })?;
        let kinds = table.columns.get(variable)?.distinct;
        let others: Vec<usize> = (0..table.columns.len())
            .filter(|c| *c != variable)
            .collect();
        let mut columns: HashMap<&str, Vec<usize>> = HashMap::new();
        for row in 0..rows {
            columns
                .entry(table.text(row, variable).trim())
                .or_default()
                .push(row);
        }
        let people = rows / kinds;
        if columns.values().any(|rows| rows.len() != people) {
            return None;
        }
        let sample = chosen(people);
        let mut names: Vec<&str> = columns.keys().copied().collect();
        names.sort_unstable();
        let series = |name: &&str, at: usize| {
            let rows = columns.get(name)?;
            let cells = sample
                .iter()
                .filter_map(|n| rows.get(*n))
                .map(|row| table.text(*row, at));
            Series::of(name, cells, key)
        };
        let mut wide: Vec<Series> = Vec::new();
        for at in others {
            let made: Vec<Series> = names.iter().filter_map(|name| series(name, at)).collect();
            // What is the same beside each variable (an index) is one column.
            let same = made.windows(2).all(|pair| match pair {
                [a, b] => a.cells == b.cells,
                _ => true,
            });
            wide.extend(made.into_iter().take(if same { 1 } else { usize::MAX }));
        }
        Some(Self {
            columns: wide,
            rows: sample.len(),
        })
    }

    /// Whether leading columns of groups tell its rows apart in order, as a table of results by groups is laid out; and how many.
    pub(crate) fn keys(&self) -> usize {
        // Two or three rows are in some order always.
        if self.rows < 4 {
            return 0;
        }
        for many in 1..=3.min(self.columns.len().saturating_sub(1)) {
            let keys = self.columns.get(..many).unwrap_or_default();
            let coarse = |s: &Series| s.kind == Kind::Text || s.slack >= 0.5;
            if !keys.iter().all(coarse) {
                return 0;
            }
            let row = |row: usize| -> Vec<Option<u64>> {
                keys.iter()
                    .map(|s| s.cells.get(row).and_then(bits))
                    .collect()
            };
            let all: Vec<_> = (0..self.rows).map(row).collect();
            let different: HashSet<_> = all.iter().collect();
            let named = many == 1 && keys.iter().all(|s| s.kind == Kind::Text);
            if different.len() == all.len() && (named || in_blocks(&all)) {
                return many;
            }
        }
        0
    }
}

/// Whether the rows of each first key stand together, and single keys rise or fall.
fn in_blocks(rows: &[Vec<Option<u64>>]) -> bool {
    let first: Vec<_> = rows
        .iter()
        .map(|row| row.first().copied().flatten())
        .collect();
    let different: HashSet<_> = first.iter().collect();
    let blocks = first.chunk_by(|a, b| a == b).count();
    let rises = first.is_sorted() || first.iter().rev().is_sorted();
    blocks == different.len() && (blocks < rows.len() || rises)
}

/// The rows that are looked at: all, or a sample without a period.
fn chosen(rows: usize) -> Vec<usize> {
    if rows <= ROWS {
        return (0..rows).collect();
    }
    let mut chosen: Vec<usize> = (0..ROWS)
        .map(|n| {
            let place = crate::reference::mix(n as u64) % (rows / ROWS).max(1) as u64;
            n * (rows / ROWS) + place as usize
        })
        .collect();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::reference::Kind;
    use crate::table::{Row, Table};

    fn table(text: &str) -> Table {
        let rows = text
            .lines()
            .map(|line| Row {
                line: 1,
                cells: line.split(',').collect(),
            })
            .collect();
        Table::new(rows, 0)
    }

    #[test]
    fn a_long_table_is_made_wide() {
        let mut text = String::from("index,variable,value\n");
        for person in 0..20 {
            for (at, name) in ["crp", "bmi", "sbp"].iter().enumerate() {
                text += &format!("{person},{name},{}.{at}\n", 7 * person % 11);
            }
        }
        let grid = Grid::widened(&table(&text), 1).unwrap_or_default();
        assert_eq!((grid.rows, grid.columns.len()), (20, 4));
        assert_eq!(grid.keys(), 1);
    }

    #[test]
    fn steps_and_kinds() {
        let grid = Grid::of(
            &table(
                "a,b,c\n10,1.25,x\n20,2.50,y\n30,3.75,z\n10,1.25,x\n20,2.50,y\n30,3.75,z\n10,1.25,x\n50,0.25,z",
            ),
            1,
        );
        let told: Vec<_> = grid.columns.iter().map(|c| (c.kind, c.slack)).collect();
        assert_eq!(
            told,
            [
                (Kind::Number, 5.0),
                (Kind::Number, 0.125),
                (Kind::Text, 0.5)
            ]
        );
    }

    #[test]
    fn groups_are_told_from_people() {
        let groups = Grid::of(&table("sex,age,n\nf,40,12\nf,41,13\nm,40,15\nm,41,12"), 1);
        assert_eq!(groups.keys(), 2);
        let people = Grid::of(
            &table("sex,age,n\nf,40,12\nm,41,13\nm,40,15\nf,41,12\nf,41,13"),
            1,
        );
        assert_eq!(people.keys(), 0);
    }
}
