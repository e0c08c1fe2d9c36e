//! The parts of an Excel workbook that its sheets do not show: pivot caches, which keep every row that a pivot table was made
//! from; comments; values copied from other files and into charts; shared texts that no cell uses any more.

use super::elements::{self, Node};
use super::excel::{RECORDS, cell};
use super::grid::Grid;
use super::package::{Package, Part};
use super::{Budget, Document, Fact, Inner, of_text, unknown};
use crate::verdict::Findings;
use std::collections::HashSet;

pub(crate) fn read(
    package: &mut Package,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    pivots(package, document, budget, findings);
    for part in package.all("xl/externallinks/externallink", ".xml") {
        let what = "values copied from another file";
        let grid = linked(&xml(&part));
        inner(what, grid, true, document, budget, findings);
    }
    charts(package, document, budget, findings);
    comments(package, document, budget, findings);
    for part in package.all("xl/sharedstrings", ".xml") {
        let (words, _) = elements::words(&xml(&part));
        document.whole.push_str(&words);
    }
    for part in package.all("xl/drawings/drawing", ".xml") {
        text(
            "drawing",
            &paragraphs(&xml(&part)),
            document,
            budget,
            findings,
        );
    }
    for part in package.all("xl/drawings/vmldrawing", ".vml") {
        // Positions of comments: no words of its own.
        let (words, _) = elements::words(&xml(&part));
        document.whole.push_str(&words);
    }
}

fn xml(part: &Part) -> String {
    elements::text(&part.bytes).unwrap_or_default()
}

/// Adds a grid as a document of its own, if it has any content.
fn inner(
    what: &str,
    grid: Grid,
    hidden: bool,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    findings.enter(what);
    if grid.cut {
        unknown::say("more cells than are read", findings);
    }
    let mut read = grid.document(what, budget, findings);
    findings.leave();
    if read.whole.is_empty() {
        return;
    }
    if hidden {
        read.facts.push(Fact::Hidden {
            what: what.to_owned(),
        });
    }
    document.inner.push(Inner {
        place: what.to_owned(),
        document: read,
    });
}

/// Adds a text as a document of its own, if there is any.
pub(crate) fn text(
    what: &str,
    text: &str,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    if text.trim().is_empty() {
        return;
    }
    findings.enter(what);
    let read = of_text(text, budget, findings);
    findings.leave();
    document.inner.push(Inner {
        place: what.to_owned(),
        document: read,
    });
}

/// The texts of a part of DrawingML or of comments, a paragraph a line.
pub(crate) fn paragraphs(xml: &str) -> String {
    let mut text = String::new();
    let mut inside = 0_usize;
    elements::walk(xml, |node| match node {
        Node::Open("t" | "text" | "instrText" | "delText", _) => inside += 1,
        Node::Close("t" | "text" | "instrText" | "delText") => inside = inside.saturating_sub(1),
        Node::Open("tab", _) => text.push('\t'),
        Node::Close("p" | "br" | "comment" | "threadedComment") => text.push('\n'),
        Node::Text(words) if inside > 0 => text.push_str(words),
        _ => {}
    });
    text
}

fn comments(
    package: &mut Package,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let mut all = String::new();
    for folder in [
        "xl/comments",
        "xl/threadedcomments/",
        "xl/worksheets/comments",
    ] {
        for part in package.all(folder, ".xml") {
            all.push_str(&paragraphs(&xml(&part)));
            document.whole.push_str(&elements::words(&xml(&part)).0);
        }
    }
    text("comments", &all, document, budget, findings);
}

/// Definition and records of each pivot cache, put together again into the table it was made from.
fn pivots(
    package: &mut Package,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let definitions = package.all("xl/pivotcache/pivotcachedefinition", ".xml");
    let mut records = package.all("xl/pivotcache/pivotcacherecords", ".xml");
    for definition in definitions {
        let number: String = definition
            .name
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        let fields = fields(&xml(&definition));
        let mut grid = Grid::default();
        for (column, field) in (0..).zip(&fields) {
            grid.put(0, column, &field.name);
        }
        let of = records
            .iter()
            .position(|part| part.name.ends_with(&format!("ecords{number}.xml")));
        match of {
            Some(at) => rows(&xml(&records.remove(at)), &fields, &mut grid),
            // Without records the different values of each field are still there.
            None => values(&fields, &mut grid),
        }
        inner("pivot cache", grid, true, document, budget, findings);
    }
    for part in records {
        let mut grid = Grid::default();
        rows(&xml(&part), &[], &mut grid);
        inner("pivot cache", grid, true, document, budget, findings);
    }
}

struct Field {
    name: String,
    shared: Vec<String>,
}

fn fields(xml: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut shared = false;
    elements::walk(xml, |node| match node {
        Node::Open("cacheField", attributes) => {
            let name = attributes.get("name").unwrap_or_default();
            fields.push(Field {
                name,
                shared: Vec::new(),
            });
        }
        Node::Open("sharedItems", _) => shared = true,
        Node::Close("sharedItems") => shared = false,
        Node::Open("s" | "n" | "d" | "b" | "e" | "m", attributes) if shared => {
            if let Some(field) = fields.last_mut() {
                field.shared.push(attributes.get("v").unwrap_or_default());
            }
        }
        _ => {}
    });
    fields
}

fn rows(xml: &str, fields: &[Field], grid: &mut Grid) {
    let (mut row, mut column) = (0_u32, 0_u32);
    elements::walk(xml, |node| match node {
        Node::Open("r", _) => (row, column) = (row + 1, 0),
        Node::Open(kind @ ("s" | "n" | "d" | "b" | "e" | "m" | "x"), attributes) => {
            let value = attributes.get("v").unwrap_or_default();
            let of = usize::try_from(column).ok().and_then(|c| fields.get(c));
            let value = match (kind, of) {
                ("x", Some(field)) => value
                    .parse::<usize>()
                    .ok()
                    .and_then(|i| field.shared.get(i))
                    .cloned()
                    .unwrap_or(value),
                _ => value,
            };
            if usize::try_from(row).is_ok_and(|row| row <= RECORDS) {
                grid.put(row, column, &value);
            }
            column += 1;
        }
        _ => {}
    });
}

fn values(fields: &[Field], grid: &mut Grid) {
    for (column, field) in (0..).zip(fields) {
        for (row, value) in (1..).zip(&field.shared) {
            grid.put(row, column, value);
        }
    }
}

/// The cells of other workbooks that formulas used, as they were then.
fn linked(xml: &str) -> Grid {
    let mut grid = Grid::default();
    let (mut at, mut below, mut text) = (None, 0, String::new());
    elements::walk(xml, |node| match node {
        Node::Open("sheetData", _) => below += 0,
        Node::Close("sheetData") => below += 1,
        Node::Open("cell", attributes) => at = attributes.get("r").and_then(|r| cell(&r)),
        Node::Text(value) if at.is_some() => text.push_str(value),
        Node::Close("cell") => {
            if let Some((row, column)) = at.take() {
                // Sheets one after the other: a stretch of rows for each.
                grid.put(row.saturating_add(below * SHEET_ROWS), column, &text);
            }
            text.clear();
        }
        _ => {}
    });
    grid
}

/// Rows of a sheet of Excel.
const SHEET_ROWS: u32 = 1_048_576;

/// The values that charts keep of the cells they were drawn from. Those that a sheet shows anyway are judged there.
pub(crate) fn charts(
    package: &mut Package,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let visible: HashSet<String> = document
        .inner
        .iter()
        .filter(|inner| inner.document.facts.is_empty())
        .flat_map(|inner| inner.document.whole.split(['\t', '\n']).map(str::to_owned))
        .collect();
    for folder in [
        "xl/charts/chart",
        "word/charts/chart",
        "ppt/charts/chart",
        "xl/charts/chartex",
    ] {
        for part in package.all(folder, ".xml") {
            let xml = xml(&part);
            text("chart", &paragraphs(&xml), document, budget, findings);
            let grid = chart(&xml, &visible);
            inner(
                "values behind a chart",
                grid,
                false,
                document,
                budget,
                findings,
            );
        }
    }
}

/// Each series of a chart: a column for each of its caches that holds a value which no visible sheet shows.
pub(crate) fn chart(xml: &str, visible: &HashSet<String>) -> Grid {
    let mut series: Vec<(String, Vec<(u32, String)>)> = Vec::new();
    let (mut name, mut row, mut text, mut in_name) = (String::new(), 0_u32, String::new(), false);
    elements::walk(xml, |node| match node {
        Node::Open("ser", _) => name.clear(),
        Node::Open("tx", _) => in_name = true,
        Node::Close("tx") => in_name = false,
        Node::Open("cat" | "xVal", _) => series.push((String::new(), Vec::new())),
        Node::Open("val" | "yVal" | "bubbleSize", _) => series.push((name.clone(), Vec::new())),
        Node::Open("pt", attributes) => {
            row = attributes
                .get("idx")
                .and_then(|i| i.parse().ok())
                .unwrap_or(0)
        }
        Node::Open("v", _) => text.clear(),
        Node::Text(words) => text.push_str(words),
        Node::Close("v") if in_name => name.push_str(&text),
        Node::Close("v") => {
            if let Some((_, values)) = series.last_mut() {
                values.push((row, text.clone()));
            }
        }
        _ => {}
    });
    let mut grid = Grid::default();
    if series
        .iter()
        .flat_map(|(_, values)| values)
        .all(|(_, value)| visible.contains(value.trim()))
    {
        return grid;
    }
    for (column, (name, values)) in (0..).zip(series) {
        grid.put(0, column, &name);
        for (row, value) in values {
            grid.put(row.saturating_add(1), column, &value);
        }
    }
    grid
}
