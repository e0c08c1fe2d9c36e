//! OpenDocument texts, sheets and slides (odt, ods, odp), as LibreOffice writes them.
//!
//! Source: OASIS, Open Document Format for Office Applications, version 1.3, part 3.

use super::elements::{self, Attributes, Node};
use super::excel::{Finished, finish};
use super::flow::{self, Dialect};
use super::grid::Grid;
use super::package::{self, Package};
use super::{Budget, Document, unknown};
use crate::verdict::Findings;
use std::collections::HashSet;

pub(crate) fn is(bytes: &[u8]) -> bool {
    package::has(bytes, &["content.xml"])
        && package::has(bytes, &["mimetype", "META-INF/manifest.xml"])
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let parts = match package::unpack(bytes, budget) {
        Ok(parts) => parts,
        Err(why) => return unknown::read(bytes, &format!("OpenDocument file: {why}"), findings),
    };
    let mut package = Package::of(parts);
    let manifest = package
        .take("META-INF/manifest.xml")
        .map(|part| part.bytes)
        .unwrap_or_default();
    if memchr::memmem::find(&manifest, b"encryption-data").is_some() {
        let mut document = unknown::read(bytes, "OpenDocument file under a password", findings);
        document.facts.push(super::Fact::Encrypted);
        return document;
    }
    let kind = package
        .take("mimetype")
        .map(|part| super::png::latin(&part.bytes))
        .unwrap_or_default();
    let sheets = kind.contains("spreadsheet");
    let name = if sheets {
        "OpenDocument spreadsheet"
    } else {
        "OpenDocument text"
    };
    let mut document = Document {
        kind: name.into(),
        ..Document::default()
    };
    for (part, what) in [
        ("content.xml", "text"),
        ("styles.xml", "headers and footers"),
    ] {
        let Some(part) = package.take(part) else {
            continue;
        };
        let Some(xml) = elements::text(&part.bytes) else {
            unknown::say("damaged XML", findings);
            continue;
        };
        document.whole.push_str(&elements::words(&xml).0);
        if sheets && what == "text" {
            spreadsheet(&xml, &mut document, budget, findings);
        } else {
            flow::add(
                what,
                flow::read(&xml, Dialect::Open),
                &mut document,
                budget,
                findings,
            );
        }
    }
    if let Some(meta) = package.take("meta.xml") {
        let (words, _) = elements::words(&elements::text(&meta.bytes).unwrap_or_default());
        document.whole.push_str(&words);
        document.read += super::png::size(words.len());
    }
    package.rest(&mut document, budget, findings);
    document
}

/// A sheet while it is read.
#[derive(Default)]
struct Sheet {
    name: String,
    hidden: bool,
    grid: Grid,
    row: u32,
    column: u32,
    columns: u32,
    hidden_rows: Vec<u32>,
    hidden_columns: Vec<(u32, u32)>,
    /// Times that the row, and the cell, stand there.
    rows: u32,
    cells: u32,
    value: Option<String>,
    text: String,
    comment: usize,
}

/// Times that a cell or a row with content is repeated at most; empty ones fill the sheet to its edges.
const REPEATS: u32 = 500;

fn repeats(attributes: &Attributes<'_>, name: &str) -> u32 {
    attributes
        .get(name)
        .and_then(|n| n.parse().ok())
        .unwrap_or(1)
}

fn spreadsheet(xml: &str, document: &mut Document, budget: &mut Budget, findings: &mut Findings) {
    let hidden_styles = hidden_styles(xml);
    let (mut sheets, mut sheet, mut text) = (Vec::new(), Sheet::default(), 0_usize);
    let whole = elements::walk(xml, |node| match node {
        Node::Open("table", attributes) => {
            sheet = Sheet {
                name: attributes.get("name").unwrap_or_default(),
                ..Sheet::default()
            };
            sheet.hidden = attributes
                .get("style-name")
                .is_some_and(|style| hidden_styles.contains(&style));
        }
        Node::Close("table") => sheets.push(std::mem::take(&mut sheet)),
        Node::Open("p", _) => text += 1,
        Node::Close("p") => {
            text = text.saturating_sub(1);
            sheet.text.push('\n');
        }
        Node::Text(words) if text > 0 => sheet.text.push_str(words),
        Node::Open(name, attributes) => open(&mut sheet, name, attributes),
        Node::Close(name) => close(&mut sheet, name),
        Node::Text(_) => {}
    });
    if !whole {
        unknown::say("damaged XML", findings);
    }
    for (number, sheet) in (1..).zip(sheets) {
        let hidden_cells = sheet.grid.filled(&sheet.hidden_rows, &sheet.hidden_columns);
        let finished = Finished {
            number,
            name: &sheet.name,
            hidden: sheet.hidden,
            hidden_cells,
        };
        document
            .inner
            .push(finish(sheet.grid, &finished, budget, findings));
    }
}

fn open(sheet: &mut Sheet, name: &str, attributes: &Attributes<'_>) {
    let shut = || {
        attributes
            .get("visibility")
            .is_some_and(|v| v == "collapse" || v == "filter")
    };
    match name {
        "table-column" => {
            let times = repeats(attributes, "number-columns-repeated");
            let to = sheet.columns.saturating_add(times);
            if shut() {
                sheet
                    .hidden_columns
                    .push((sheet.columns, to.saturating_sub(1)));
            }
            sheet.columns = to;
        }
        "table-row" => {
            sheet.rows = repeats(attributes, "number-rows-repeated");
            sheet.column = 0;
            if shut() {
                sheet
                    .hidden_rows
                    .extend((0..sheet.rows.min(REPEATS)).map(|n| sheet.row.saturating_add(n)));
            }
        }
        "table-cell" | "covered-table-cell" => {
            sheet.cells = repeats(attributes, "number-columns-repeated");
            sheet.value = ["date-value", "time-value", "boolean-value", "value"]
                .iter()
                .find_map(|name| attributes.get(name));
            sheet.text.clear();
        }
        "annotation" => sheet.comment += 1,
        _ => {}
    }
}

fn close(sheet: &mut Sheet, name: &str) {
    match name {
        // A comment stands before the text of its cell; the search for participants has its words.
        "annotation" => {
            sheet.comment = sheet.comment.saturating_sub(1);
            sheet.text.clear();
        }
        "table-cell" | "covered-table-cell" => {
            let text = std::mem::take(&mut sheet.text);
            let value = sheet.value.take().unwrap_or(text);
            let filled = !value.trim().is_empty();
            sheet.grid.cut |= filled && sheet.rows.max(sheet.cells) > REPEATS;
            for row in 0..sheet.rows.min(REPEATS) {
                if !filled {
                    break;
                }
                for column in 0..sheet.cells.min(REPEATS) {
                    sheet.grid.put(
                        sheet.row.saturating_add(row),
                        sheet.column.saturating_add(column),
                        &value,
                    );
                }
            }
            sheet.column = sheet.column.saturating_add(sheet.cells);
        }
        "table-row" => sheet.row = sheet.row.saturating_add(sheet.rows),
        _ => {}
    }
}

/// Names of the styles of sheets that are not shown.
fn hidden_styles(xml: &str) -> HashSet<String> {
    let (mut name, mut hidden) = (String::new(), HashSet::new());
    elements::walk(xml, |node| match node {
        Node::Open("style", attributes) => name = attributes.get("name").unwrap_or_default(),
        Node::Open("table-properties", attributes)
            if attributes
                .get("display")
                .is_some_and(|display| display == "false") =>
        {
            hidden.insert(name.clone());
        }
        _ => {}
    });
    hidden
}
