//! Cells at places: sheets, tables of documents and of pages. Falls into tables (blocks between empty rows), titles and notes.

use super::{Budget, Document, Line, of_text};
use crate::limits;
use crate::table::{Row, Table};
use crate::value::Value;
use crate::verdict::Findings;
use std::collections::BTreeMap;

/// Cells by row and column, both from 0.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    rows: BTreeMap<u32, BTreeMap<u32, String>>,
    cells: usize,
    /// Whether cells were left out because there were too many.
    pub(crate) cut: bool,
}

/// A row with the number that people see.
type Numbered = (u32, Vec<String>);

impl Grid {
    pub(crate) fn put(&mut self, row: u32, column: u32, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if self.cells >= limits::CELLS {
            self.cut = true;
            return;
        }
        self.cells += 1;
        self.rows
            .entry(row)
            .or_default()
            .insert(column, text.to_owned());
    }

    /// Repeats the words of a merged cell in all that it covers. Numbers are not repeated: they would be counted again.
    pub(crate) fn merge(&mut self, from: (u32, u32), to: (u32, u32)) {
        let Some(text) = self
            .rows
            .get(&from.0)
            .and_then(|row| row.get(&from.1))
            .cloned()
        else {
            return;
        };
        let small = to.0.saturating_sub(from.0) < MERGED && to.1.saturating_sub(from.1) < MERGED;
        if !small || Value::of(&text) != Value::Text {
            return;
        }
        for row in from.0..=to.0 {
            for column in from.1..=to.1 {
                self.put(row, column, &text);
            }
        }
    }

    /// How many rows and columns among these have content.
    pub(crate) fn filled(&self, rows: &[u32], columns: &[(u32, u32)]) -> usize {
        let within = |column: &u32| {
            columns
                .iter()
                .any(|(from, to)| from <= column && column <= to)
        };
        let of_rows = rows
            .iter()
            .filter(|row| self.rows.contains_key(row))
            .count();
        let of_columns = self
            .rows
            .values()
            .flat_map(BTreeMap::keys)
            .filter(|c| within(c))
            .count();
        of_rows + of_columns
    }

    /// All the texts, a row a line.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for row in self.rows.values() {
            for cell in row.values() {
                text.push_str(cell);
                text.push('\t');
            }
            text.push('\n');
        }
        text
    }

    /// Tables and lines.
    pub(crate) fn document(
        self,
        kind: &str,
        budget: &mut Budget,
        findings: &mut Findings,
    ) -> Document {
        let whole = self.text();
        let mut document = Document {
            kind: kind.to_owned(),
            prose_is_text: true,
            ..Document::default()
        };
        let mut notes: Vec<(u32, String)> = Vec::new();
        for block in blocks(self.rows) {
            table(block, &mut document, &mut notes);
        }
        let text: Vec<&str> = notes.iter().map(|(_, text)| text.as_str()).collect();
        // Lines of a sheet that belong to no table may be a table, or code, as text.
        let read = of_text(&text.join("\n"), budget, findings);
        document.tables.extend(read.tables);
        document.facts.extend(read.facts);
        document.inner.extend(read.inner);
        document.unread += read.unread;
        document.read += read.read;
        document.prose.extend(read.prose.into_iter().map(|line| {
            let of = usize::try_from(line.number)
                .ok()
                .and_then(|n| notes.get(n.checked_sub(1)?));
            Line {
                number: of.map_or(0, |(row, _)| u64::from(*row) + 1),
                text: line.text,
            }
        }));
        document.whole = whole;
        document
    }
}

/// Rows or columns that one merged cell covers at most; a title covers a dozen columns.
const MERGED: u32 = 2_000;

/// Stretches of rows without an empty one between, cut where an empty column parts two tables that both begin with words.
fn blocks(rows: BTreeMap<u32, BTreeMap<u32, String>>) -> Vec<Vec<Numbered>> {
    let mut stretches: Vec<Vec<(u32, BTreeMap<u32, String>)>> = Vec::new();
    for (number, row) in rows {
        match stretches.last_mut() {
            Some(last) if last.last().is_some_and(|(above, _)| above + 1 == number) => {
                last.push((number, row))
            }
            _ => stretches.push(vec![(number, row)]),
        }
    }
    stretches
        .into_iter()
        .flat_map(|stretch| side_by_side(&stretch))
        .collect()
}

fn side_by_side(stretch: &[(u32, BTreeMap<u32, String>)]) -> Vec<Vec<Numbered>> {
    let mut used: Vec<u32> = stretch
        .iter()
        .flat_map(|(_, row)| row.keys().copied())
        .collect();
    used.sort_unstable();
    used.dedup();
    let words = |column: u32| {
        let cells = || {
            stretch
                .iter()
                .skip(1)
                .filter_map(|(_, row)| row.get(&column))
        };
        let text = cells()
            .filter(|cell| Value::of(cell) == Value::Text)
            .count();
        text > 0 && text * 2 >= cells().count()
    };
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for column in used {
        match groups.last_mut() {
            Some(group)
                if group.last().is_some_and(|left| left + 1 == column) || !words(column) =>
            {
                group.push(column)
            }
            _ => groups.push(vec![column]),
        }
    }
    let cut = |columns: &Vec<u32>| -> Vec<Numbered> {
        let of_row = |row: &BTreeMap<u32, String>| -> Vec<String> {
            columns
                .iter()
                .map(|column| row.get(column).cloned().unwrap_or_default())
                .collect()
        };
        let rows = stretch.iter().map(|(number, row)| (*number, of_row(row)));
        rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
            .collect()
    };
    groups.iter().map(cut).collect()
}

/// Makes a table of a block; its title, its notes and blocks of sentences go to the notes.
fn table(mut block: Vec<Numbered>, document: &mut Document, notes: &mut Vec<(u32, String)>) {
    let width = block.first().map_or(0, |(_, cells)| cells.len());
    if width == 1 && is_sentences(&block) {
        notes.extend(block.into_iter().map(|(row, cells)| (row, cells.concat())));
        return;
    }
    while width > 1 && block.first().is_some_and(|(_, cells)| is_title(cells)) {
        let (row, cells) = block.remove(0);
        notes.push((
            row,
            cells
                .into_iter()
                .find(|cell| !cell.is_empty())
                .unwrap_or_default(),
        ));
    }
    let mut below = Vec::new();
    while width > 1
        && block.len() > 1
        && let Some((row, cells)) = block.pop_if(|(_, cells)| is_title(cells) && is_note(cells))
    {
        below.push((row, cells.concat()));
    }
    notes.extend(below.into_iter().rev());
    join_headings(&mut block);
    if block.is_empty() {
        return;
    }
    let bytes = block
        .iter()
        .flat_map(|(_, cells)| cells)
        .map(|cell| cell.len() + 1)
        .sum::<usize>();
    let rows = block
        .into_iter()
        .map(|(row, cells)| Row {
            line: u64::from(row) + 1,
            cells: cells.into(),
        })
        .collect();
    document
        .tables
        .push(Table::new(rows, u64::try_from(bytes).unwrap_or(u64::MAX)));
}

/// One text in the row, perhaps over merged cells.
fn is_title(cells: &[String]) -> bool {
    let mut filled: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    let first = cells.first().is_some_and(|cell| !cell.is_empty());
    filled.dedup();
    filled.len() == 1
        && first
        && filled
            .first()
            .is_some_and(|cell| Value::of(cell) == Value::Text)
}

/// A remark rather than the name of a group whose numbers are missing.
fn is_note(cells: &[String]) -> bool {
    cells
        .iter()
        .any(|cell| cell.split_whitespace().count() >= 3)
}

/// Sentences rather than a list of values.
fn is_sentences(block: &[Numbered]) -> bool {
    let words = |cells: &[String]| {
        cells
            .iter()
            .map(|cell| cell.split_whitespace().count())
            .sum::<usize>()
    };
    let long = block.iter().filter(|(_, cells)| words(cells) >= 3).count();
    block.len() == 1 || long * 2 >= block.len()
}

/// Headings over two rows become one: `Female` over `n` and `%` gives `Female n` and `Female %`. A row below the heading with
/// nothing but the names of the labels, as pandas writes it, goes into the heading.
fn join_headings(block: &mut Vec<Numbered>) {
    let words = |cells: &[String]| {
        cells
            .iter()
            .all(|cell| matches!(Value::of(cell), Value::Text | Value::Empty | Value::Hidden))
    };
    let repeats = |cells: &[String]| {
        let blank = cells.iter().skip(1).any(String::is_empty);
        blank || cells.iter().zip(cells.iter().skip(1)).any(|(a, b)| a == b)
    };
    for _ in 0..HEADINGS {
        let (Some((_, first)), Some((_, second))) = (block.first(), block.get(1)) else {
            return;
        };
        let rest = block.len() - 2;
        let full = first.iter().skip(1).all(|cell| !cell.is_empty());
        let names_only = full && rest > 0 && words(second) && names_labels(first, second);
        let levels = words(first) && words(second) && repeats(first) && rest > 0;
        if !names_only && !levels {
            return;
        }
        let (row, below) = block.remove(1);
        if let Some((number, heading)) = block.first_mut() {
            *number = row;
            let mut left = String::new();
            for (name, below) in heading.iter_mut().zip(below) {
                if name.is_empty() && !below.is_empty() {
                    name.clone_from(&left);
                } else {
                    left.clone_from(name);
                }
                *name = format!("{name} {below}").trim().to_owned();
            }
        }
    }
}

/// Levels of headings that are joined.
const HEADINGS: usize = 3;

/// Whether a row under a heading only fills in the names of the leading columns that the heading leaves open.
fn names_labels(heading: &[String], row: &[String]) -> bool {
    let labels = row.iter().take_while(|cell| !cell.is_empty()).count();
    let open = heading.iter().take(labels).all(String::is_empty);
    labels > 0 && open && row.iter().skip(labels).all(String::is_empty)
}
