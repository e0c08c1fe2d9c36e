//! Columns by position: what SAS, registries and old programs write. Cells may be empty, and may touch each other.
//!
//! Tables whose cells are all filled and kept apart are the text reader's, which also finds them between other lines.

use super::{Budget, Document, printed_heading, text};
use crate::limits;
use crate::table::{Row, Table};
use crate::value::Value;
use crate::verdict::Findings;

/// Rows from which the form is no coincidence: with blanks between the columns, and without.
const ROWS: usize = 5;
const TOUCHING: usize = 10;
/// Positions that are looked at: cards had 80, printers 132.
const WIDEST: usize = 1_000;

/// Whether all lines but a few have their columns at the same positions.
pub(crate) fn is(source: &str) -> bool {
    columns(source).is_some()
}

/// Reads a file.
pub(crate) fn read(source: &str, _: &mut Budget, _: &mut Findings) -> Document {
    let Some(cuts) = columns(source) else {
        return text::read(source);
    };
    let mut rows = Vec::new();
    let mut above: Vec<String> = Vec::new();
    for (number, line) in (1_u64..).zip(source.lines()) {
        let chars: Vec<char> = line.chars().collect();
        let cell = |(from, to): &(usize, usize)| -> String {
            let end = (*to).min(chars.len());
            chars
                .get(*from..end)
                .map(|c| c.iter().collect::<String>().trim().to_owned())
                .unwrap_or_default()
        };
        let mut cells: Vec<String> = cuts.iter().map(cell).collect();
        fill_down(&mut cells, &mut above);
        let blank = cells
            .iter()
            .all(|cell| cell.chars().all(|c| "-= ".contains(c)));
        if !blank && rows.len() < limits::ROWS {
            rows.push(Row {
                line: number,
                cells: cells.into(),
            });
        }
    }
    let bytes = u64::try_from(source.len()).unwrap_or(u64::MAX);
    let names: Vec<&str> = rows
        .first()
        .map(|row| row.cells.iter().filter(|c| !c.is_empty()).collect())
        .unwrap_or_default();
    let table = if printed_heading::are_levels(&names, cuts.len()) {
        Table::headed(rows, bytes)
    } else {
        Table::new(rows, bytes)
    };
    Document {
        kind: "fixed width".into(),
        tables: vec![table],
        prose_is_text: true,
        ..Document::default()
    }
}

/// A group is named in its first row only: the leading cells of the others are those above, when they are words.
fn fill_down(cells: &mut [String], above: &mut Vec<String>) {
    let leading = cells.iter().take_while(|cell| cell.is_empty()).count();
    if leading < cells.len() {
        for (cell, group) in cells.iter_mut().zip(above.iter()).take(leading) {
            if Value::of(group) == Value::Text {
                group.clone_into(cell);
            }
        }
        *above = cells.to_vec();
    }
}

/// What a position of a line holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Digit,
    Letter,
}

fn class(c: char) -> Class {
    match c {
        ' ' => Class::Blank,
        c if c.is_ascii_digit() || matches!(c, '.' | '-' | '+') => Class::Digit,
        _ => Class::Letter,
    }
}

/// First and last position (and one more) of each column, if the text has any.
fn columns(source: &str) -> Option<Vec<(usize, usize)>> {
    let lines: Vec<Vec<char>> = source
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(limits::SNIFF_RECORDS)
        .map(|line| line.trim_end().chars().take(WIDEST + 1).collect())
        .collect();
    let width = lines.iter().map(Vec::len).max().unwrap_or(0);
    if lines.len() < ROWS
        || !(4..=WIDEST).contains(&width)
        || source.contains(['\t', ',', ';', '|'])
    {
        return None;
    }
    let data = lines
        .iter()
        .filter(|line| line.iter().any(char::is_ascii_digit))
        .count();
    let touching = touching(&lines, width).filter(|_| data * 10 >= lines.len() * 9);
    let cuts =
        touching.or_else(|| gutters(&lines, width).filter(|_| data * 10 >= lines.len() * 8))?;
    (cuts.len() >= 2 && has_numbers(&lines, &cuts)).then_some(cuts)
}

/// Lines of one length without a blank: a new column begins where digits become letters.
fn touching(lines: &[Vec<char>], width: usize) -> Option<Vec<(usize, usize)>> {
    let even = lines.iter().filter(|line| line.len() == width).count();
    let unbroken = lines.iter().filter(|line| !line.contains(&' ')).count();
    if lines.len() < TOUCHING || even * 10 < lines.len() * 9 || unbroken * 2 < lines.len() {
        return None;
    }
    // The class that nine lines of ten have at each position; none where they differ.
    let common = |at: usize| {
        [Class::Digit, Class::Letter, Class::Blank]
            .into_iter()
            .find(|wanted| {
                let same = lines
                    .iter()
                    .filter(|line| line.get(at).is_some_and(|c| class(*c) == *wanted))
                    .count();
                same * 10 >= lines.len() * 9
            })
    };
    let mut cuts = Vec::new();
    let (mut from, mut of) = (0, common(0)?);
    for at in 1..width {
        let here = common(at)?;
        if here != of {
            cuts.push((from, at));
            (from, of) = (at, here);
        }
    }
    cuts.push((from, width));
    // One column of one class: a list of numbers or words, which the text reader knows.
    Some(cuts)
}

/// Columns between positions at which every line is blank, when some cells are empty.
fn gutters(lines: &[Vec<char>], width: usize) -> Option<Vec<(usize, usize)>> {
    let blank = |at: usize| {
        lines
            .iter()
            .all(|line| line.get(at).is_none_or(|c| *c == ' '))
    };
    let mut cuts = Vec::new();
    let mut from = None;
    for at in 0..=width {
        match (from, at == width || blank(at)) {
            (None, false) => from = Some(at),
            (Some(start), true) => {
                cuts.push((start, at));
                from = None;
            }
            _ => {}
        }
    }
    let words = |line: &Vec<char>| line.iter().collect::<String>().split_whitespace().count();
    let uneven = lines
        .iter()
        .filter(|line| words(line) != cuts.len())
        .count();
    (uneven >= 2 && uneven * 10 >= lines.len()).then_some(cuts)
}

/// Whether at least half the columns are numbers, where they are filled.
fn has_numbers(lines: &[Vec<char>], cuts: &[(usize, usize)]) -> bool {
    let numeric = |(from, to): &&(usize, usize)| {
        let cells = lines.iter().filter_map(|line| {
            let cell: String = line.get(*from..(*to).min(line.len()))?.iter().collect();
            (!cell.trim().is_empty()).then_some(cell)
        });
        let (mut numbers, mut filled) = (0, 0);
        for cell in cells {
            filled += 1;
            let is_number = matches!(Value::of(&cell), Value::Number(_) | Value::Missing)
                || cell.trim().bytes().all(|b| b.is_ascii_digit());
            numbers += usize::from(is_number);
        }
        filled > 0 && numbers * 10 >= filled * 8
    };
    cuts.iter().filter(numeric).count() * 2 >= cuts.len()
}
