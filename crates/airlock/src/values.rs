//! An answer recognised by its values: rows and columns in another order, columns left out or renamed, numbers rounded, another
//! kind of file.
//!
//! Of each column of numbers there is a digest for each number of decimals, over its values with the words of their rows. A table
//! is an answer when each of its columns of numbers, at the decimals that it is written with, is one of that answer. Words are part
//! of each digest, so nothing can be added to them.

use crate::table::{Column, Table};
use crate::value::Value;
use sha2::{Digest, Sha256};

/// Decimals to which an answer's numbers may have been rounded.
const DECIMALS: u32 = 6;
/// Shorter tables are like others by chance.
const ROWS: usize = 2;

/// The digests of the columns of numbers of a table, at each number of decimals.
pub(crate) fn of_answer(table: &Table) -> Vec<String> {
    let Some(labels) = labels(table) else {
        return Vec::new();
    };
    let columns = numbers(table);
    let each = |column: &Column| {
        let finest = decimals(table, column).unwrap_or(0);
        let levels = (0..=DECIMALS).filter(|d| *d < finest).chain([finest]);
        levels
            .map(|d| digest(&labels, column, d))
            .collect::<Vec<_>>()
    };
    columns.iter().flat_map(|c| each(c)).collect()
}

/// The digests of the columns of numbers of a table as they are written; nothing for a table that could be any.
pub(crate) fn of_file(table: &Table) -> Option<Vec<String>> {
    let labels = labels(table)?;
    let columns = numbers(table);
    let digests = columns
        .iter()
        .map(|c| Some(digest(&labels, c, decimals(table, c)?)))
        .collect::<Option<Vec<String>>>()?;
    (!digests.is_empty()).then_some(digests)
}

/// The words of each row, in the order of the alphabet; nothing where they do not tell the rows apart.
fn labels(table: &Table) -> Option<Vec<String>> {
    let texts: Vec<usize> = (0..table.columns.len())
        .filter(|i| table.columns.get(*i).is_some_and(|c| !is_number(c)))
        .collect();
    if texts.is_empty() || table.rows.len() < ROWS {
        return None;
    }
    let words = |row: usize| {
        let mut words: Vec<&str> = texts.iter().map(|i| table.text(row, *i).trim()).collect();
        words.sort_unstable();
        words.join("\u{1f}")
    };
    Some((0..table.rows.len()).map(words).collect())
}

fn is_number(column: &Column) -> bool {
    column.numbers > 0
        && column.values.iter().all(|v| {
            matches!(v, Value::Number(n) if !n.beside && !n.percent)
                || matches!(v, Value::Empty | Value::Missing | Value::Hidden)
        })
}

fn numbers(table: &Table) -> Vec<&Column> {
    table.columns.iter().filter(|c| is_number(c)).collect()
}

/// The most decimals that a column is written with; nothing where exponents hide them.
fn decimals(table: &Table, column: &Column) -> Option<u32> {
    let at = table.columns.iter().position(|c| std::ptr::eq(c, column))?;
    let of = |row: usize| {
        let text = table.text(row, at).trim();
        if text.contains(['e', 'E']) && column.values.get(row).is_some_and(|v| v.number().is_some())
        {
            return None;
        }
        let behind = text.split_once('.').map_or("", |(_, behind)| behind);
        let zeros = behind.trim_end_matches('0');
        u32::try_from(zeros.bytes().take_while(u8::is_ascii_digit).count()).ok()
    };
    (0..table.rows.len())
        .map(of)
        .try_fold(0, |most, d| Some(most.max(d?)))
}

fn digest(labels: &[String], column: &Column, decimals: u32) -> String {
    let places = usize::try_from(decimals).unwrap_or(0);
    let mut lines: Vec<String> = labels
        .iter()
        .zip(&column.values)
        .map(|(label, value)| {
            let value = value.number().map_or_else(String::new, |n| {
                // Half a unit of the ninth digit outweighs what a binary fraction is off.
                let nudged = n.value + n.value.abs() * 1e-12;
                format!("{nudged:.places$}")
            });
            format!("{label}\u{1e}{value}")
        })
        .collect();
    lines.sort_unstable();
    let text = format!("{decimals}\n{}", lines.join("\n"));
    crate::hex(&Sha256::digest(text.as_bytes()))
}
