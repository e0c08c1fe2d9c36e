//! Which records at the head of a table are its names, and which are data already.

use super::Row;
use crate::value::Value;
use std::collections::HashSet;

/// The first record is a header when none of its cells is a number that the column below goes on with.
pub(super) fn is_header(records: &[Row]) -> bool {
    let Some((first, rest)) = records.split_first() else {
        return false;
    };
    // `2.5%` and `97.5%` over columns without per cent signs are names of limits.
    let value = |(i, cell): (usize, &str)| match Value::of(cell) {
        Value::Number(n) if n.percent && !below_has_percent(rest, i) => Value::Text,
        value => value,
    };
    let values: Vec<Value> = first.cells.iter().enumerate().map(value).collect();
    let numbers = values
        .iter()
        .filter(|v| matches!(v, Value::Number(_) | Value::Date))
        .count();
    let words = values.iter().filter(|v| **v == Value::Text).count();
    if numbers == 0 {
        // All words: a header, unless the rows below are words of the same kind (a list without a header).
        return words > 0 || rest.is_empty();
    }
    // Years or bands over a contingency table: some words, and numbers that never come again below.
    let year = |v: &Value| v.count().is_some_and(|n| (1900..=2100).contains(&n));
    let small_series = values
        .iter()
        .filter(|v| matches!(v, Value::Number(_)))
        .all(year)
        || is_numbered_groups(&values, rest);
    words > 0 && small_series && rest.len() >= 2
        || (numbers < words && rest.iter().take(20).any(|r| differs(&values, r)))
}

/// `Characteristic, Overall, 1, 2, 3, 4, 5`: groups by number over cells that are counts with their share, and so no numbers alone.
fn is_numbered_groups(first: &[Value], rest: &[Row]) -> bool {
    let groups: Vec<u64> = first.iter().filter_map(|v| v.count()).collect();
    let rising = groups
        .iter()
        .zip(groups.iter().skip(1))
        .all(|(a, b)| a + 1 == *b);
    let beside = |row: &Row| row.cells.iter().skip(1).any(|cell| cell.contains('('));
    let worded = first.first() == Some(&Value::Text);
    worded
        && groups.len() >= 2
        && rising
        && rest.iter().filter(|row| beside(row)).count() * 2 > rest.len()
}

fn below_has_percent(rest: &[Row], column: usize) -> bool {
    let cells = rest.iter().take(20).filter_map(|row| row.cells.get(column));
    cells.into_iter().any(|cell| cell.contains('%'))
}

/// The headings of several rows that pandas writes over grouped columns, as one: `bmi` over `mean` becomes `bmi mean`. Only
/// where the first row repeats a name, which a heading of one row does not.
pub(super) fn join_headers(records: &mut Vec<Row>) {
    let Some(first) = records.first() else { return };
    let width = first.cells.len();
    let mut seen = HashSet::new();
    let repeats = first
        .cells
        .iter()
        .skip(1)
        .filter(|cell| !cell.trim().is_empty())
        .any(|cell| !seen.insert(cell));
    let is_index_row = |row: &Row| {
        let filled = row
            .cells
            .iter()
            .take_while(|c| !c.trim().is_empty())
            .count();
        filled >= 1 && filled < width && row.cells.iter().skip(filled).all(|c| c.trim().is_empty())
    };
    let is_words = |row: &Row| {
        let mut cells = row.cells.iter().skip(1).map(Value::of);
        cells.all(|v| matches!(v, Value::Text)) && width > 1
    };
    if !repeats || records.len() < 3 {
        return;
    }
    let index = records
        .iter()
        .take(5)
        .skip(2)
        .position(is_index_row)
        .map(|at| at + 2);
    let (headings, dropped) = match index {
        Some(at) => (at, at + 1),
        None if records.get(1).is_some_and(is_words) => (2, 2),
        None => return,
    };
    let names = |column: usize| {
        let mut parts: Vec<&str> = Vec::new();
        let label = index
            .and_then(|at| records.get(at)?.cells.get(column))
            .unwrap_or_default()
            .trim();
        if !label.is_empty() {
            return label.to_owned();
        }
        for row in records.iter().take(headings) {
            let part = row.cells.get(column).unwrap_or_default().trim();
            if !part.is_empty() && !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(" ")
    };
    let cells: csv::StringRecord = (0..width).map(names).collect();
    let line = records.first().map_or(0, |row| row.line);
    records.drain(..dropped.min(records.len()));
    records.insert(0, Row { line, cells });
}

/// Whether a row has numbers where the first record has words.
fn differs(first: &[Value], row: &Row) -> bool {
    first
        .iter()
        .zip(row.cells.iter())
        .any(|(head, cell)| *head == Value::Text && matches!(Value::of(cell), Value::Number(_)))
}
