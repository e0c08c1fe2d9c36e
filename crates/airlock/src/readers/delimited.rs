//! Delimited tables: comma, semicolon, tab or bar, quoted as RFC 4180 says, found by content and not by name.
//!
//! Records of a width that does not belong to a table are handed on as prose and count as not understood.

use super::{Document, Line};
use crate::limits;
use crate::table::{Row, Table};
use crate::value::Value;
use std::collections::BTreeMap;

/// The delimiter of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect(u8);

impl Dialect {
    /// The character between cells.
    pub(crate) const fn delimiter(self) -> u8 {
        self.0
    }

    fn words(self) -> &'static str {
        match self.0 {
            b'\t' => "tab",
            b';' => "semicolon",
            b'|' => "bar",
            _ => "comma",
        }
    }
}

fn reader(text: &str, dialect: Dialect) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(dialect.0)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes())
}

/// The delimiter that cuts most of the first records into the same number of cells, at least two; nothing for running text.
pub(crate) fn sniff(text: &str) -> Option<Dialect> {
    let mut best: Option<(usize, usize, Dialect)> = None;
    for delimiter in *b"\t,;|" {
        let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
        let mut records = 0_usize;
        for record in reader(text, Dialect(delimiter))
            .into_byte_records()
            .take(limits::SNIFF_RECORDS)
            .flatten()
        {
            if record.iter().any(|cell| cell.len() > limits::CELL_BYTES) {
                break;
            }
            records += 1;
            // Markdown, databases and Stata write spaces around their bars; that is the text reader's.
            let spaced = |cell: &[u8]| cell.is_empty() || cell.ends_with(b" ");
            let markdown = delimiter == b'|' && record.get(0).is_some_and(spaced);
            *widths
                .entry(if markdown { 1 } else { record.len() })
                .or_default() += 1;
        }
        let Some((width, same)) = widths
            .into_iter()
            .filter(|(width, _)| *width >= 2)
            .max_by_key(|(width, n)| (*n, *width))
        else {
            continue;
        };
        // Fewer than three records in five alike is prose with commas; one record alone is no table.
        if same >= 2
            && same * 5 >= records * 3
            && best.is_none_or(|(n, w, _)| (same, width) > (n, w))
        {
            best = Some((same, width, Dialect(delimiter)));
        }
    }
    best.map(|(_, _, dialect)| dialect)
}

/// Reads all records, and makes a table of each stretch of records of one width.
pub(crate) fn read(text: &str, dialect: Dialect) -> Document {
    let mut document = Document {
        kind: format!("delimited ({})", dialect.words()),
        prose_is_text: true,
        ..Document::default()
    };
    let mut stretches = Stretches::default();
    let mut reader = reader(text, dialect);
    let mut record = csv::StringRecord::new();
    let mut cells = 0_usize;
    loop {
        let start = reader.position().clone();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // The text is UTF-8 and widths may vary, so nothing else can go wrong; if it does, the rest is unread.
            Err(_) => {
                document.unread += rest(text, &start);
                break;
            }
        }
        let bytes = reader.position().byte().saturating_sub(start.byte());
        let gap = leading_newlines(text, start.byte());
        cells = cells.saturating_add(record.len());
        let too_wide = record.len() > limits::COLUMNS
            || record.iter().any(|cell| cell.len() > limits::CELL_BYTES);
        if too_wide || cells > limits::CELLS || stretches.rows >= limits::ROWS {
            document.unread += if too_wide { bytes } else { rest(text, &start) };
            if too_wide {
                continue;
            }
            break;
        }
        stretches.take(
            Row {
                line: start.line() + gap,
                cells: record.clone(),
            },
            bytes,
            gap > 0,
        );
    }
    stretches.close(&mut document);
    document
}

fn rest(text: &str, from: &csv::Position) -> u64 {
    u64::try_from(text.len())
        .unwrap_or(u64::MAX)
        .saturating_sub(from.byte())
}

/// Blank lines before a record: the reader skips them, but counts them to the record.
fn leading_newlines(text: &str, from: u64) -> u64 {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let tail = text.as_bytes().get(from..).unwrap_or_default();
    let breaks = tail.iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    u64::try_from(breaks.filter(|b| **b == b'\n').count()).unwrap_or(0)
}

/// Records gathered into tables as they come.
#[derive(Default)]
struct Stretches {
    rows: usize,
    /// Tables so far: width, records, bytes.
    done: Vec<(Vec<Row>, u64)>,
    open: Vec<Row>,
    open_bytes: u64,
    ragged: Vec<(Row, u64)>,
}

impl Stretches {
    fn take(&mut self, row: Row, bytes: u64, after_blank: bool) {
        self.rows += 1;
        let width = self
            .open
            .first()
            .map_or(row.cells.len(), |first| first.cells.len());
        let comment = row
            .cells
            .get(0)
            .is_some_and(|cell| cell.trim_start().starts_with('#'));
        if row.cells.len() < 2 || (comment && row.cells.len() != width) {
            self.ragged.push((row, bytes));
            return;
        }
        // A blank line, and then words over numbers: a second table with its own header.
        let new_table = after_blank
            && self.open.len() > 1
            && row
                .cells
                .iter()
                .all(|cell| !matches!(Value::of(cell), Value::Number(_)));
        // R's `write.table` leaves out the heading of the names of rows.
        if let [header] = self.open.as_mut_slice()
            && row.cells.len() == width + 1
            && header
                .cells
                .iter()
                .all(|cell| Value::of(cell) == Value::Text)
        {
            let named: csv::StringRecord = [""].into_iter().chain(header.cells.iter()).collect();
            header.cells = named;
        } else if row.cells.len() != width || new_table {
            self.finish();
        }
        self.open.push(row);
        self.open_bytes += bytes;
    }

    /// Closes the open stretch. A stretch that only interrupts a table of another width is ragged.
    fn finish(&mut self) {
        let rows = std::mem::take(&mut self.open);
        let bytes = std::mem::take(&mut self.open_bytes);
        if !rows.is_empty() {
            self.done.push((rows, bytes));
        }
    }

    fn close(mut self, document: &mut Document) {
        self.finish();
        let mut tables: Vec<(Vec<Row>, u64)> = Vec::new();
        for (rows, bytes) in self.done {
            let width = rows.first().map_or(0, |row| row.cells.len());
            // The same width again without words at its head: the table goes on after a ragged record.
            let room = tables.len() < limits::TABLES;
            let goes_on = tables
                .iter_mut()
                .rev()
                .take(4)
                .find(|(head, _)| head.first().is_some_and(|row| row.cells.len() == width));
            let numbers = |row: &Row| {
                row.cells
                    .iter()
                    .any(|cell| matches!(Value::of(cell), Value::Number(_)))
            };
            match goes_on {
                Some((head, total)) if rows.first().is_some_and(numbers) => {
                    head.extend(rows);
                    *total += bytes;
                }
                _ if rows.len() >= 2 && room => tables.push((rows, bytes)),
                _ => {
                    let share = bytes / u64::try_from(rows.len().max(1)).unwrap_or(1);
                    self.ragged.extend(rows.into_iter().map(|row| (row, share)));
                }
            }
        }
        self.ragged.sort_by_key(|(row, _)| row.line);
        for (row, bytes) in self.ragged {
            if row.cells.len() >= 2 {
                document.unread += bytes;
            }
            let text = row.cells.iter().collect::<Vec<_>>().join(" ; ");
            document.prose.push(Line {
                number: row.line,
                text,
            });
        }
        document.tables = tables
            .into_iter()
            .map(|(rows, bytes)| Table::new(rows, bytes))
            .collect();
    }
}
