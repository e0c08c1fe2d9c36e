//! A table as rules see it: header, rows, and for each column what it holds and how surely that is known.
//!
//! `Table::count_at` is the one place that decides whether a cell is a count of people.

mod header;

use crate::roles::{self, Role};
use crate::value::Value;
use header::{is_header, join_headers};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// One row of a table with the line of the file at which it begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) line: u64,
    #[serde(with = "cells")]
    pub(crate) cells: csv::StringRecord,
}

/// One column: its name, its values and what is known of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) values: Vec<Value>,
    /// Different texts among the cells that are not empty.
    pub(crate) distinct: usize,
    /// Cells that are not empty and not said to be missing.
    pub(crate) filled: usize,
    /// Cells that are numbers.
    pub(crate) numbers: usize,
    /// Cells that are whole numbers, not negative.
    pub(crate) wholes: usize,
    /// Cells that are dates to the day.
    pub(crate) dates: usize,
    /// Cells that hide a count.
    pub(crate) hidden: usize,
    /// Cells of the form `12 (3.4%)`.
    pub(crate) beside: usize,
    /// Mean length of the filled cells in bytes.
    pub(crate) mean_len: usize,
}

impl Column {
    /// Whether all that is not missing or hidden is a number.
    pub(crate) fn is_numeric(&self) -> bool {
        self.numbers > 0 && self.numbers + self.hidden >= self.filled
    }

    /// Whether all that is not missing or hidden is a whole number, not negative.
    pub(crate) fn is_whole(&self) -> bool {
        self.wholes > 0 && self.wholes + self.hidden >= self.filled
    }

    /// Whether at least four cells in five are dates to the day.
    pub(crate) fn is_dates(&self) -> bool {
        self.dates > 0 && self.dates * 5 >= self.filled * 4
    }

    /// Whether it is words: groups, names of variables, codes.
    pub(crate) fn is_text(&self) -> bool {
        !self.is_numeric() && !self.is_dates()
    }
}

/// Rows and columns that were read exactly.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) has_header: bool,
    pub(crate) header_line: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) columns: Vec<Column>,
    /// What the first words of each row tell of the row, for transposed tables.
    pub(crate) row_roles: Vec<Role>,
    /// Bytes of the file that the table covers.
    pub(crate) bytes: u64,
}

impl Table {
    /// Builds a table from records of equal width; the first is taken for the header if it looks like one.
    pub(crate) fn new(mut records: Vec<Row>, bytes: u64) -> Self {
        join_headers(&mut records);
        let has_header = is_header(&records);
        Self::built(records, has_header, bytes)
    }

    /// Builds a table of which the first record is known to be the header.
    pub(crate) fn headed(records: Vec<Row>, bytes: u64) -> Self {
        Self::built(records, true, bytes)
    }

    fn built(mut records: Vec<Row>, has_header: bool, bytes: u64) -> Self {
        let width = records.first().map_or(0, |row| row.cells.len());
        let header = if has_header && !records.is_empty() {
            Some(records.remove(0))
        } else {
            None
        };
        let header_line = header.as_ref().map_or(0, |row| row.line);
        let mut columns: Vec<Column> = (0..width)
            .map(|i| {
                let name = header
                    .as_ref()
                    .and_then(|row| row.cells.get(i))
                    .unwrap_or_default()
                    .trim();
                column(
                    name,
                    records
                        .iter()
                        .map(|row| row.cells.get(i).unwrap_or_default()),
                )
            })
            .collect();
        if let Some(first) = columns.first_mut()
            && ((matches!(first.role, Role::Unknown | Role::Statistic) && first.is_text())
                || roles::of(&first.name) == Role::Date)
        {
            // Categories such as 1, 2, 3+ at the head of a row. Elsewhere a mixture is not understood.
            first.role = Role::Label;
        }
        if let Some(first) = columns.first_mut()
            && has_header
            && (first.name.is_empty() || first.name.starts_with("Unnamed"))
            && first.is_whole()
            && first.distinct == first.filled
            && first.mean_len <= 4
        {
            // The index that pandas and R write: a row's number, or a class of 0 and 1.
            first.role = Role::Label;
        }
        name_row_numbers(&mut columns);
        let mut table = Self {
            has_header,
            header_line,
            rows: records,
            columns,
            row_roles: Vec::new(),
            bytes,
        };
        table.name_rows();
        table.recognise_square();
        table.recognise_contingency();
        table
    }

    /// The text of a cell.
    pub(crate) fn text(&self, row: usize, column: usize) -> &str {
        self.rows
            .get(row)
            .and_then(|row| row.cells.get(column))
            .unwrap_or_default()
    }

    /// The line of the file at which a row begins.
    pub(crate) fn line(&self, row: usize) -> u64 {
        self.rows.get(row).map_or(0, |row| row.line)
    }

    /// Whether a cell is a count of people, and which. The rules on counts all ask here.
    ///
    /// It is when its column is named (or shaped) as counts; or its row is, in a transposed table, and its column is
    /// not named otherwise; or it is written as a count with its share, `12 (3.4%)`. It is not in a row of means.
    pub(crate) fn count_at(&self, row: usize, column: usize) -> Option<u64> {
        let of_column = self.columns.get(column)?;
        let value = *of_column.values.get(row)?;
        let number = value.number()?;
        let of_row = self.row_roles.get(row).copied().unwrap_or(Role::Unknown);
        // Means have decimals: in a column of whole numbers only, a row named for one is a group.
        let row_is_other = of_row.is_aggregate() && of_row != Role::Count && !of_column.is_whole();
        // In a column `B` a letter is the name of a group rather than of a coefficient, where its row says a count.
        let letter = of_column.role == Role::Statistic && of_column.name.trim().len() == 1;
        let open = (letter
            || matches!(
                of_column.role,
                Role::Unknown | Role::Attribute | Role::Label
            ))
            && column > 0;
        let counted = of_column.role == Role::Count
            && (!row_is_other || roles::says_count(&of_column.name))
            || open && of_row == Role::Count
            || number.beside && self.text(row, column).contains('%') && !row_is_other;
        if counted { number.count() } else { None }
    }

    /// Whether a hidden cell stands where a count would.
    pub(crate) fn hidden_at(&self, row: usize, column: usize) -> bool {
        let Some(of_column) = self.columns.get(column) else {
            return false;
        };
        let of_row = self.row_roles.get(row).copied().unwrap_or(Role::Unknown);
        of_column.values.get(row) == Some(&Value::Hidden)
            && (of_column.role == Role::Count || (of_row == Role::Count && column > 0))
    }

    /// Whether any column or row is one of counts.
    pub(crate) fn has_counts(&self) -> bool {
        self.columns
            .iter()
            .any(|c| c.role == Role::Count && c.numbers > 0)
            || self.row_roles.contains(&Role::Count)
    }

    /// How a reason speaks of a column, without repeating a name that may itself disclose.
    pub(crate) fn column_place(&self, column: usize) -> String {
        let name = self.columns.get(column).map_or("", |c| c.name.as_str());
        if is_harmless_name(name) {
            format!("column {} (`{name}`)", column + 1)
        } else {
            format!("column {}", column + 1)
        }
    }

    /// Number of cells below the header.
    pub(crate) fn cells(&self) -> usize {
        self.rows.len().saturating_mul(self.columns.len())
    }

    /// Number of different rows.
    pub(crate) fn distinct_rows(&self) -> usize {
        self.rows
            .iter()
            .map(|row| hash(row.cells.as_slice()))
            .collect::<HashSet<_>>()
            .len()
    }

    /// What the first cell of each row tells of the row. A name that may be a group (`F`) tells nothing.
    fn name_rows(&mut self) {
        let labelled = self
            .columns
            .first()
            .is_some_and(|c| c.is_text() && !c.role.is_aggregate());
        let role = |row: &Row| {
            let name = row.cells.get(0).unwrap_or_default();
            let role = roles::of(name);
            if role == Role::Statistic && roles::is_ambiguous(name) {
                Role::Unknown
            } else {
                role
            }
        };
        self.row_roles = if labelled {
            self.rows.iter().map(role).collect()
        } else {
            Vec::new()
        };
    }

    /// A matrix of correlations: its rows and columns have the same names.
    fn recognise_square(&mut self) {
        let names: HashSet<&str> = self
            .columns
            .iter()
            .skip(1)
            .map(|c| c.name.as_str())
            .collect();
        let decimals = self.columns.iter().skip(1).any(|c| c.numbers > c.wholes);
        let square = self.rows.len() >= 2
            && names.len() == self.rows.len()
            && decimals
            && self.rows.iter().all(|row| {
                row.cells
                    .get(0)
                    .is_some_and(|cell| names.contains(cell.trim()))
            });
        if square {
            self.columns
                .iter_mut()
                .skip(1)
                .for_each(|c| c.role = Role::Statistic);
        }
    }

    /// A contingency table: rows told apart by leading label columns, and in all the other columns that no list knows
    /// nothing but whole numbers. Then these are counts, whatever they are called.
    fn recognise_contingency(&mut self) {
        let is_label = |c: &Column| {
            matches!(
                c.role,
                Role::Label | Role::Attribute | Role::Date | Role::Unknown | Role::PerPerson
            ) && !c.is_numeric()
                || (c.role == Role::Label && roles::is_numbered(&c.name))
                || (c.role == Role::Attribute && c.distinct == self.rows.len())
        };
        let labels = self.columns.iter().take_while(|c| is_label(c)).count();
        // Numbers of rows tell every row apart, and no group.
        let numbered = usize::from(self.columns.first().is_some_and(is_row_number));
        if labels <= numbered || labels == self.columns.len() {
            return;
        }
        let mut seen = HashSet::new();
        let told_apart = self.rows.iter().all(|row| {
            seen.insert(
                row.cells
                    .iter()
                    .take(labels)
                    .skip(numbered)
                    .collect::<Vec<_>>(),
            )
        });
        let body = self.columns.get(labels..).unwrap_or_default();
        // `pred_0` over a table of a few rows is a class of a confusion matrix.
        let few = self.rows.len() <= 20;
        let open = |c: &Column| {
            matches!(c.role, Role::Unknown | Role::Attribute | Role::Label)
                || few && c.role == Role::PerPerson && c.is_whole()
        };
        let mut unknown = body.iter().filter(|c| open(c)).peekable();
        if !told_apart || unknown.peek().is_none() {
            return;
        }
        // In a row of means decimals are right; the others must be whole.
        let other: Vec<bool> = self
            .row_roles
            .iter()
            .map(|role| role.is_aggregate() && *role != Role::Count)
            .collect();
        let whole = |c: &Column| {
            c.values.iter().enumerate().all(|(row, value)| match value {
                Value::Number(_) => {
                    value.count().is_some() || other.get(row).copied().unwrap_or(false)
                }
                Value::Text | Value::Date => other.get(row).copied().unwrap_or(false),
                Value::Empty | Value::Missing | Value::Hidden => true,
            }) && c.wholes > 0
        };
        if unknown.all(whole) {
            for c in self.columns.iter_mut().skip(labels) {
                if open(c) {
                    c.role = Role::Count;
                }
            }
        }
    }
}

/// The name of a first column without one that numbers the rows, as pandas and R print it.
const ROW: &str = "row";

/// Whether a column numbers the rows from 0 or 1.
fn is_row_number(column: &Column) -> bool {
    let counts = || column.values.iter().map(|value| value.count());
    let from = |first: u64| (first..).zip(counts()).all(|(n, count)| count == Some(n));
    (column.name.is_empty() || column.name == ROW || column.name == "index")
        && column.values.len() >= 2
        && (from(0) || from(1))
}

fn name_row_numbers(columns: &mut [Column]) {
    if let Some(first) = columns.first_mut().filter(|c| is_row_number(c)) {
        ROW.clone_into(&mut first.name);
        first.role = Role::Label;
    }
}

/// Whether the name of a column may be repeated: short, and without what could be an id or an address.
pub(crate) fn is_harmless_name(name: &str) -> bool {
    let long_run = name
        .as_bytes()
        .split(|b| !b.is_ascii_digit())
        .any(|run| run.len() >= 4);
    !name.is_empty()
        && name.chars().count() <= crate::limits::NAME_CHARS
        && !long_run
        && !name.contains('@')
        && name.is_ascii()
}

fn hash<T: std::hash::Hash + ?Sized>(value: &T) -> u64 {
    // Not keyed: the pure crate has no randomness, and a collision only makes two rows look alike.
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

fn column<'a>(name: &str, cells: impl Iterator<Item = &'a str>) -> Column {
    let mut column = Column {
        name: name.to_owned(),
        role: roles::of(name),
        values: Vec::new(),
        distinct: 0,
        filled: 0,
        numbers: 0,
        wholes: 0,
        dates: 0,
        hidden: 0,
        beside: 0,
        mean_len: 0,
    };
    let mut seen: HashSet<u64> = HashSet::new();
    let mut length = 0_usize;
    for cell in cells {
        let value = Value::of(cell);
        column.values.push(value);
        match value {
            Value::Empty | Value::Missing => continue,
            Value::Hidden => column.hidden += 1,
            Value::Date => column.dates += 1,
            Value::Text => {}
            Value::Number(number) => {
                column.numbers += 1;
                column.wholes += usize::from(number.count().is_some());
                column.beside += usize::from(number.beside);
            }
        }
        column.filled += 1;
        length += cell.len();
        seen.insert(hash(cell.trim()));
    }
    column.distinct = seen.len();
    column.mean_len = length.checked_div(column.filled).unwrap_or(0);
    settle(&mut column);
    column
}

/// Corrects the role that the name tells of by what the values are.
fn settle(column: &mut Column) {
    let percent = column
        .values
        .iter()
        .any(|v| v.number().is_some_and(|n| n.percent));
    let above_one = column
        .values
        .iter()
        .any(|v| v.count().is_some_and(|n| n > 1));
    column.role = match column.role {
        // Sums of costs and cholesterol are not people; whole numbers under a name of both kinds are.
        Role::Count
            if !column.is_whole()
                && column.numbers > 0
                && column.beside == 0
                && column.wholes < column.numbers =>
        {
            Role::Unknown
        }
        Role::Count if column.filled > 0 && column.numbers + column.hidden == 0 => Role::Unknown,
        // All words: a heading such as "statistic" over the names of statistics.
        role if role.is_aggregate() && column.filled > 0 && column.numbers + column.hidden == 0 => {
            Role::Label
        }
        // `F` and `low` are groups as often as statistics; 0.000 and 1.000 are probabilities.
        Role::Statistic if column.is_whole() && roles::is_ambiguous(&column.name) && above_one => {
            Role::Unknown
        }
        Role::Statistic if roles::says_count(&column.name) && column.is_whole() => Role::Count,
        Role::Unknown | Role::Label | Role::Attribute
            if column.beside > 0 && column.beside * 2 >= column.filled =>
        {
            Role::Count
        }
        Role::Unknown if percent && column.is_numeric() => Role::Percentage,
        Role::Unknown if column.is_dates() => Role::Date,
        Role::Unknown if column.is_text() && column.filled > 0 && column.numbers == 0 => {
            Role::Label
        }
        // Day and night as groups; a time in numbers is known only at the head of a row.
        Role::Date if column.is_numeric() => Role::Unknown,
        role => role,
    };
}

/// A row of cells as a sequence of texts, for the way from the process that reads to the one that judges.
mod cells {
    use csv::StringRecord;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        record: &StringRecord,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(record.iter())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<StringRecord, D::Error> {
        Vec::<String>::deserialize(deserializer).map(StringRecord::from)
    }
}
