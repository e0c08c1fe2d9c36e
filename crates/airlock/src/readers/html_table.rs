//! A table of HTML while it is read: cells that span rows and columns are repeated, and the rows of a heading become one.

use super::markup::Attributes;
use crate::limits;
use crate::table::{Row, Table};

/// Rows and columns that one cell may span: the limits of browsers are 65,534 and 1,000; a table of results needs dozens.
const SPAN: usize = 1_000;

struct Cell {
    text: String,
    heading: bool,
}

/// An open table.
pub(crate) struct Grid {
    rows: Vec<(u64, Vec<Cell>)>,
    /// For each column, how many rows below still belong to a cell above, and its text.
    spans: Vec<(usize, String, bool)>,
    /// Rows of `thead`.
    heads: usize,
    in_head: bool,
    open: Option<(Cell, usize, usize)>,
    cells: usize,
    line: u64,
}

impl Grid {
    pub(crate) const fn new(line: u64) -> Self {
        Self {
            rows: Vec::new(),
            spans: Vec::new(),
            heads: 0,
            in_head: false,
            open: None,
            cells: 0,
            line,
        }
    }

    pub(crate) const fn in_cell(&self) -> bool {
        self.open.is_some()
    }

    pub(crate) fn text(&mut self, text: &str) {
        if let Some((cell, _, _)) = &mut self.open {
            cell.text.push_str(text);
        }
    }

    pub(crate) fn start(&mut self, line: u64, name: &str, attributes: &Attributes) {
        match name {
            "thead" => self.in_head = true,
            "tbody" | "tfoot" => self.end("thead"),
            "tr" => {
                self.close_cell();
                self.fill_spans();
                self.rows.push((line, Vec::new()));
                self.heads += usize::from(self.in_head);
                self.fill_spans();
            }
            "td" | "th" => {
                self.close_cell();
                if self.rows.is_empty() {
                    self.rows.push((line, Vec::new()));
                }
                let span = |key: &str| {
                    attributes
                        .get(key)
                        .trim()
                        .parse()
                        .unwrap_or(1)
                        .clamp(1, SPAN)
                };
                let cell = Cell {
                    text: String::new(),
                    heading: name == "th",
                };
                self.open = Some((cell, span("colspan"), span("rowspan")));
            }
            _ => {}
        }
    }

    pub(crate) fn end(&mut self, name: &str) {
        match name {
            "td" | "th" => self.close_cell(),
            "tr" => {
                self.close_cell();
                self.fill_spans();
            }
            "thead" => {
                self.close_cell();
                self.in_head = false;
            }
            _ => {}
        }
    }

    fn close_cell(&mut self) {
        let Some((cell, columns, rows)) = self.open.take() else {
            return;
        };
        self.fill_spans();
        for _ in 0..columns {
            self.cells += 1;
            if self.cells > limits::CELLS {
                return;
            }
            let at = self.rows.last().map_or(0, |(_, row)| row.len());
            if at >= self.spans.len() {
                self.spans.resize(at + 1, (0, String::new(), false));
            }
            if let Some(span) = self.spans.get_mut(at) {
                *span = (
                    rows - 1,
                    if rows > 1 {
                        cell.text.clone()
                    } else {
                        String::new()
                    },
                    cell.heading,
                );
            }
            let copy = Cell {
                text: cell.text.clone(),
                heading: cell.heading,
            };
            if let Some((_, row)) = self.rows.last_mut() {
                row.push(copy);
            }
        }
    }

    /// Cells of rows above that reach into this one, as far as they follow each other.
    fn fill_spans(&mut self) {
        let Some((_, row)) = self.rows.last_mut() else {
            return;
        };
        while let Some((left, text, heading)) = self.spans.get_mut(row.len()).filter(|s| s.0 > 0) {
            *left -= 1;
            self.cells += 1;
            row.push(Cell {
                text: text.clone(),
                heading: *heading,
            });
            if self.cells > limits::CELLS {
                return;
            }
        }
    }

    /// The table; or, of a list of names and values beside each other, its lines.
    pub(crate) fn close(mut self, tables: &mut Vec<Table>, text: &mut String) {
        self.close_cell();
        self.rows
            .retain(|(_, row)| row.iter().any(|cell| !cell.text.trim().is_empty()));
        let width = self
            .rows
            .iter()
            .map(|(_, row)| row.len())
            .max()
            .unwrap_or(0);
        if width == 0 || tables.len() >= limits::TABLES {
            return;
        }
        if width == 1 || self.is_pairs() {
            for (_, row) in &self.rows {
                for pair in row.chunks(2) {
                    let words: Vec<String> = pair.iter().map(|c| squeezed(&c.text)).collect();
                    text.push_str(words.join(" ").trim());
                    text.push('\n');
                }
            }
            return;
        }
        // A cell over all columns is a heading of what follows, and no row.
        let all = |row: &[Cell]| {
            row.iter()
                .all(|c| c.text == row.first().map_or("", |f| f.text.as_str()))
        };
        let leading = self
            .rows
            .iter()
            .take_while(|(_, row)| row.iter().all(|c| c.heading))
            .count();
        let heads = self
            .heads
            .min(self.rows.len())
            .max(leading.min(self.rows.len().saturating_sub(1)));
        let body = self.rows.split_off(heads);
        let bytes = |row: &[Cell]| row.iter().map(|c| c.text.len() + 1).sum::<usize>();
        let total = self
            .rows
            .iter()
            .chain(&body)
            .map(|(_, row)| bytes(row))
            .sum::<usize>();
        let mut rows: Vec<Row> = Vec::with_capacity(body.len() + 1);
        if heads > 0 {
            let names = (0..width).map(|i| merged(&self.rows, i));
            rows.push(Row {
                line: self.line,
                cells: names.collect(),
            });
        }
        for (line, row) in &body {
            if width > 2 && row.len() == width && all(row) {
                text.push_str(&squeezed(row.first().map_or("", |c| &c.text)));
                text.push('\n');
                continue;
            }
            let cells = (0..width).map(|i| row.get(i).map_or(String::new(), |c| squeezed(&c.text)));
            rows.push(Row {
                line: *line,
                cells: cells.collect(),
            });
        }
        let bytes = u64::try_from(total).unwrap_or(u64::MAX);
        tables.push(if heads > 0 {
            Table::headed(rows, bytes)
        } else {
            Table::new(rows, bytes)
        });
    }

    /// Names and values by turns in four columns, as statsmodels writes the head of a summary.
    fn is_pairs(&self) -> bool {
        let turns = |row: &[Cell]| {
            row.len() >= 4
                && row.len().is_multiple_of(2)
                && row.chunks(2).all(|pair| {
                    let is_heading = |i: usize| pair.get(i).is_some_and(|c| c.heading);
                    is_heading(0) && !is_heading(1)
                })
        };
        !self.rows.is_empty() && self.rows.iter().all(|(_, row)| turns(row))
    }
}

/// The names of one column in all rows of the heading, each once.
fn merged(rows: &[(u64, Vec<Cell>)], column: usize) -> String {
    let mut names: Vec<String> = Vec::new();
    for (_, row) in rows {
        let name = row.get(column).map_or(String::new(), |c| squeezed(&c.text));
        if !name.is_empty() && names.last() != Some(&name) {
            names.push(name);
        }
    }
    names.join(" ")
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
