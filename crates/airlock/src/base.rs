//! How many people stand behind a number of a table: the count beside it in its row, or above or below it in a transposed table.

use crate::limits;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::value::Value;

/// What is known of the people behind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Known(u64),
    /// The count is there, and hidden.
    Hidden,
    Unknown,
}

/// Where the people behind the numbers of one column are told.
pub(crate) struct Bases<'a> {
    table: &'a Table,
    column: usize,
    beside: Option<usize>,
    /// The row of numbers of people of a transposed table, or the largest count of the column.
    above: Base,
    above_row: Option<usize>,
}

impl<'a> Bases<'a> {
    pub(crate) fn of(table: &'a Table, column: usize) -> Self {
        let beside = beside(table, column);
        // Transposed tables of results are short.
        let results = || table.row_roles.iter().any(|role| role.is_aggregate());
        let short = table.rows.len() <= limits::TRANSPOSED_ROWS && (beside.is_none() || results());
        let (above_row, above) = if short {
            above(table, column)
        } else {
            (None, Base::Unknown)
        };
        Self {
            table,
            column,
            beside,
            above,
            above_row,
        }
    }

    /// The people behind the number in a row.
    pub(crate) fn at(&self, row: usize) -> Base {
        let beside = self
            .beside
            .map_or(Base::Unknown, |i| at(self.table, row, i));
        let above = if self.above_row == Some(row) {
            Base::Unknown
        } else {
            self.above
        };
        // A row of means or percentiles of a transposed table: its people are in its column.
        let of_row = self.table.row_roles.get(row);
        let transposed = of_row.is_some_and(|role| role.is_aggregate() && *role != Role::Count);
        let (first, second) = if transposed {
            (above, beside)
        } else {
            (beside, above)
        };
        if first == Base::Unknown {
            second
        } else {
            first
        }
    }

    /// The number of the column in a row.
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        number(self.table, row, self.column)
    }
}

/// Of the columns of counts: the one that shares most words with the column (`bmi mean`, `bmi count`), then one that is
/// named as a base.
fn beside(table: &Table, column: usize) -> Option<usize> {
    let name = |i: usize| table.columns.get(i).map_or("", |c| c.name.as_str());
    let words = roles::words(name(column));
    let counts =
        table.columns.iter().enumerate().filter(|(i, c)| {
            *i != column && c.role == Role::Count && (c.numbers > 0 || c.hidden > 0)
        });
    let best = counts.max_by_key(|(i, c)| {
        let shared = roles::words(&c.name)
            .iter()
            .filter(|w| words.contains(w))
            .count();
        (shared, roles::says_base(&c.name), std::cmp::Reverse(*i))
    });
    best.map(|(i, _)| i)
}

fn at(table: &Table, row: usize, column: usize) -> Base {
    if let Some(n) = table.count_at(row, column) {
        Base::Known(n)
    } else if table.hidden_at(row, column) {
        Base::Hidden
    } else {
        Base::Unknown
    }
}

/// The row of numbers of people of a transposed table and what it says; where none is named so, the largest count of the column.
fn above(table: &Table, column: usize) -> (Option<usize>, Base) {
    let counted = |row: &usize| {
        table.row_roles.get(*row) == Some(&Role::Count) || table.count_at(*row, column).is_some()
    };
    let rows = || (0..table.rows.len()).filter(counted);
    if let Some(row) = rows().find(|row| roles::says_base(table.text(*row, 0))) {
        return (Some(row), at(table, row, column));
    }
    let largest = rows().filter_map(|row| table.count_at(row, column)).max();
    (None, largest.map_or(Base::Unknown, Base::Known))
}

/// The number at a place.
pub(crate) fn number(table: &Table, row: usize, column: usize) -> Option<f64> {
    let value: &Value = table.columns.get(column)?.values.get(row)?;
    value.number().map(|n| n.value)
}

/// Half of the last decimal that a number is written with: how far the true one may be.
pub(crate) fn rounding(text: &str) -> f64 {
    let text = text.trim();
    let (mantissa, exponent) = text
        .split_once(['e', 'E'])
        .map_or((text, 0), |(m, e)| (m, e.parse::<i32>().unwrap_or(0)));
    let decimals = mantissa.split_once('.').map_or(0, |(_, behind)| {
        behind.bytes().take_while(u8::is_ascii_digit).count()
    });
    let places = i32::try_from(decimals).unwrap_or(i32::MAX);
    0.5 * 10_f64.powi(exponent.saturating_sub(places))
}

/// A count as a float; counts of people are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
pub(crate) fn float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::rounding;

    #[test]
    fn half_of_the_last_decimal() {
        for (text, half) in [("12", 0.5), ("12.3", 0.05), ("1.25e-3", 0.000_005)] {
            assert!((rounding(text) - half).abs() < 1e-12, "{text}");
        }
    }
}
