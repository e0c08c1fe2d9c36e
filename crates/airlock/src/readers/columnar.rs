//! What Parquet, Arrow and databases have in common: rows of typed cells, metadata as keys and values, and dictionaries that may
//! hold values which no row shows.

use super::{Budget, Document, Fact, Inner, of_text};
use crate::limits;
use crate::table::{Row, Table};
use crate::verdict::Findings;
use std::collections::HashSet;

/// Rows of cells as they come, within the limits.
pub(crate) struct Grid {
    records: Vec<Row>,
    cells: usize,
    full: bool,
}

impl Grid {
    pub(crate) fn new(names: impl Iterator<Item = String>) -> Self {
        let mut grid = Self {
            records: Vec::new(),
            cells: 0,
            full: false,
        };
        grid.push(names);
        grid
    }

    /// Adds a row; says whether there was room.
    pub(crate) fn push(&mut self, cells: impl Iterator<Item = String>) -> bool {
        let line = u64::try_from(self.records.len()).unwrap_or(u64::MAX) + 1;
        let cells: csv::StringRecord = cells.collect();
        self.cells = self.cells.saturating_add(cells.len());
        let cell_too_long = cells.iter().any(|cell| cell.len() > limits::CELL_BYTES);
        let room = cells.len() <= limits::COLUMNS
            && self.cells <= limits::CELLS
            && self.records.len() <= limits::ROWS
            && !cell_too_long;
        self.full |= !room;
        if room {
            self.records.push(Row { line, cells });
        }
        room
    }

    /// The cells of a column, to see what a dictionary holds besides.
    pub(crate) fn column(&self, index: usize) -> HashSet<&str> {
        let rows = self.records.iter().skip(1);
        rows.filter_map(|row| row.cells.get(index)).collect()
    }

    /// Hands the rows to a document as a table that covers so many bytes. Says whether all the rows were taken.
    pub(crate) fn close(mut self, bytes: u64, document: &mut Document) -> bool {
        self.index_first();
        for row in &self.records {
            for cell in &row.cells {
                document.whole.push_str(cell);
                document.whole.push(',');
            }
            document.whole.push('\n');
        }
        if self.full {
            document.unread = document.unread.saturating_add(bytes);
        }
        document.tables.push(Table::new(self.records, bytes));
        !self.full
    }
}

impl Grid {
    /// pandas writes the names of rows behind all the columns. They belong in front; 0, 1, 2 … are no names.
    fn index_first(&mut self) {
        let is_index = |name: &str| name.starts_with("__index_level_");
        let Some(at) = self
            .records
            .first()
            .and_then(|header| header.cells.iter().position(is_index))
        else {
            return;
        };
        let numbered = self.records.iter().skip(1).zip(0_usize..).all(|(row, n)| {
            row.cells
                .get(at)
                .is_some_and(|cell| cell == n.to_string().as_str())
        });
        for (n, row) in self.records.iter_mut().enumerate() {
            let others = row.cells.iter().enumerate().filter(|(i, _)| *i != at);
            let others = others.map(|(_, cell)| cell);
            let name = if n == 0 {
                "index"
            } else {
                row.cells.get(at).unwrap_or_default()
            };
            row.cells = std::iter::once(name)
                .filter(|_| !numbered)
                .chain(others)
                .collect();
        }
    }
}

/// Bytes of a schema's description that do not grow with its columns, and those that do: the pandas writer needs some 200 for
/// each column, twice. What is longer holds something else.
const SCHEMA_BYTES: usize = 4_096;
const SCHEMA_BYTES_A_COLUMN: usize = 2_048;

/// The keys that pandas writes about its columns.
const PANDAS: [&str; 6] = [
    "index_columns",
    "column_indexes",
    "columns",
    "creator",
    "pandas_version",
    "attributes",
];

/// Metadata: what describes the columns is searched; everything else is read as a document of its own.
pub(crate) fn metadata(
    pairs: &[(String, String)],
    columns: usize,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let most = SCHEMA_BYTES.saturating_add(columns.saturating_mul(SCHEMA_BYTES_A_COLUMN));
    for (key, value) in pairs {
        document.search_text(key);
        let describes = value.len() <= most
            && match key.as_str() {
                "pandas" => only_describes(value),
                "ARROW:schema" => true,
                _ => false,
            };
        if describes {
            document.search_text(value);
            if key == "ARROW:schema" {
                document.search(&super::frame::base64(value.as_bytes()));
            }
        } else if budget.document() && !value.trim().is_empty() {
            let place = "metadata";
            findings.enter(place);
            let inner = of_text(value, budget, findings);
            findings.leave();
            document.inner.push(Inner {
                place: place.into(),
                document: inner,
            });
        }
    }
}

fn only_describes(json: &str) -> bool {
    let Ok(serde_json::Value::Object(map)) = serde_json::from_str(json) else {
        return false;
    };
    let known = map.keys().all(|key| PANDAS.contains(&key.as_str()));
    let attributes = map.get("attributes").and_then(|value| value.as_object());
    known && attributes.is_none_or(serde_json::Map::is_empty)
}

/// Values of a dictionary that no row shows, as happens to a filtered table with categories: searched, and many of them said.
pub(crate) fn unused<'a>(
    values: impl Iterator<Item = &'a str>,
    shown: &HashSet<&str>,
    document: &mut Document,
) {
    let mut more = 0_usize;
    for value in values.filter(|value| !shown.contains(value)) {
        more += 1;
        document.search_text(value);
    }
    // Levels that a selection left empty are a handful.
    if more > UNUSED {
        let what = "values of a dictionary that no row shows".into();
        document.facts.push(Fact::Hidden { what });
    }
}

const UNUSED: usize = 50;
