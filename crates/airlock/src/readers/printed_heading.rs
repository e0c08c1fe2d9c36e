//! The heading above a printed table: R, pandas and Stata leave the place over the labels empty, put names with spaces in a
//! row of their own kind, and write groups as numbers.

use super::text::{Apart, cells, without_clock};
use crate::table::Row;
use crate::value::Value;

/// The header above a printed table: pandas and R leave the place over the row labels empty, and pandas may put
/// the name of the index on a line of its own.
pub(crate) fn header_above(lines: &[&str], at: usize, width: usize, way: Apart) -> Option<Row> {
    if !matches!(way, Apart::Gaps | Apart::WideGaps | Apart::Bars) || width < 2 {
        return None;
    }
    let above = |n: usize| {
        at.checked_sub(n)
            .and_then(|i| lines.get(i).map(|line| (i, *line)))
    };
    let (mut i, mut line) = above(1)?;
    let apart = cells(line, way).count();
    if apart <= 1 || (apart != width && names_of(line, width, way).is_none()) {
        (i, line) = above(2)?;
    }
    let names = names_of(line, width, way)?;
    let mut cells = csv::StringRecord::new();
    if names.len() < width {
        cells.push_field("");
    }
    names.iter().for_each(|name| cells.push_field(name));
    Some(Row {
        line: u64::try_from(i).unwrap_or(0) + 1,
        cells,
    })
}

/// The names in a line, if it can be the heading of a table of this width.
fn names_of(line: &str, width: usize, way: Apart) -> Option<Vec<String>> {
    // A line of a log, or a command that a log repeats behind the prompt of Stata, R or Python.
    let bare = line.trim();
    let prompt = [". ", "> ", ">>> "]
        .iter()
        .any(|sign| bare.starts_with(sign));
    if prompt || without_clock(bare).len() < bare.len() {
        return None;
    }
    let joined = joined_names(line);
    let fits = |n: usize| n == width || n + 1 == width;
    let names: Vec<&str> = match way {
        Apart::Gaps | Apart::Bars => cells(&joined, way).collect(),
        // R parts its headings by one space when they are long.
        _ if fits(cells(line, way).count()) => cells(line, way).collect(),
        _ => cells(&joined, Apart::Gaps).collect(),
    };
    let words = are_levels(&names, width)
        || names.iter().all(|name| {
            !matches!(Value::of(name), Value::Number(_)) || name.len() == 4 || name.ends_with('%')
        });
    (!names.is_empty() && words && fits(names.len()))
        .then(|| names.iter().map(|name| (*name).to_owned()).collect())
}

/// Groups that are numbers, `0 1 2`, over a table whose rows have names.
pub(crate) fn are_levels(names: &[&str], width: usize) -> bool {
    let named = names.len() == width
        && names
            .first()
            .is_some_and(|name| Value::of(name) == Value::Text);
    let levels: Option<Vec<u64>> = names
        .iter()
        .skip(usize::from(named))
        .map(|name| Value::of(name).count())
        .collect();
    let rising = |levels: &[u64]| levels.iter().zip(levels.iter().skip(1)).all(|(a, b)| a < b);
    (named || names.len() + 1 == width)
        && levels.is_some_and(|levels| {
            levels.len() >= 2 && levels.iter().all(|n| *n < 100) && rising(&levels)
        })
}

/// Names of columns that R and Stata print with a space in them, in one word each.
fn joined_names(line: &str) -> String {
    const NAMES: [(&str, &str); 13] = [
        ("P>|z|", "P>z"),
        ("P>|t|", "P>t"),
        ("[95% conf. interval]", "ci_lower  ci_upper"),
        ("[95% Conf. Interval]", "ci_lower  ci_upper"),
        ("Std. Error", "Std.Error"),
        ("Std. Err.", "Std.Err."),
        ("t value", "t-value"),
        ("z value", "z-value"),
        ("F value", "F-value"),
        ("Sum Sq", "Sum-Sq"),
        ("Mean Sq", "Mean-Sq"),
        ("Resid. Df Resid. Dev", "Resid.Df Resid.Dev"),
        ("p adj", "p-adj"),
    ];
    NAMES.iter().fold(line.to_owned(), |line, (name, word)| {
        line.replace(name, word)
    })
}
