//! Excel workbooks (xlsx, xlsm, xlsb): every sheet, the hidden ones too, and what no sheet shows: pivot caches, comments, cached
//! values of other files and of charts, names, properties, macros.
//!
//! Source: ECMA-376 part 1 (SpreadsheetML); values of cells by calamine. Formulas are read and never calculated.

use super::elements::{self, Node};
use super::excel_parts;
use super::grid::Grid;
use super::package::{self, Package};
use super::png::size;
use super::{Budget, Document, Fact, Inner, unknown};
use crate::limits;
use crate::verdict::{Findings, count_of};
use calamine::{DataRef, Reader as _, Xlsb, Xlsx};
use std::io::Cursor;

pub(crate) fn is(bytes: &[u8]) -> bool {
    package::has(bytes, &["xl/workbook.xml", "xl/workbook.bin"])
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let parts = match package::unpack(bytes, budget) {
        Ok(parts) => parts,
        Err(why) => return unknown::read(bytes, &format!("Excel workbook: {why}"), findings),
    };
    let mut package = Package::of(parts);
    let mut document = Document {
        kind: "Excel workbook".into(),
        ..Document::default()
    };
    let read = if let Some(workbook) = package.take("xl/workbook.xml") {
        let text = elements::text(&workbook.bytes).unwrap_or_default();
        xlsx(bytes, &text, &mut package, &mut document, budget, findings)
    } else {
        package.take("xl/workbook.bin");
        xlsb(bytes, &mut package, &mut document, budget, findings)
    };
    if let Err(why) = read {
        unknown::say(&format!("Excel workbook: {why}"), findings);
        document.unread += size(bytes.len());
    }
    excel_parts::read(&mut package, &mut document, budget, findings);
    package.rest(&mut document, budget, findings);
    document
}

/// A sheet as the workbook lists it.
struct Sheet {
    name: String,
    /// `hidden`, or `veryHidden`, which the menus of Excel do not show.
    state: Option<String>,
    part: String,
}

fn xlsx(
    bytes: &[u8],
    workbook: &str,
    package: &mut Package,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<(), &'static str> {
    let sheets = sheets(workbook, package);
    names(workbook, document);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| "damaged")?;
    for (number, sheet) in (1..).zip(sheets) {
        let Some(part) = package.take(&sheet.part) else {
            return Err("a sheet is missing");
        };
        let xml = elements::text(&part.bytes).ok_or("a sheet is damaged")?;
        let outline = outline(&xml)?;
        document.whole.push_str(&outline.words);
        let mut grid = Grid::default();
        // A sheet of a chart alone has no cells.
        if let Ok(mut cells) = book.worksheet_cells_reader(&sheet.name) {
            while let Some(cell) = cells.next_cell().map_err(|_| "a sheet is damaged")? {
                let (row, column) = cell.get_position();
                grid.put(row, column, &shown(cell.get_value()));
            }
        } else if outline.cells {
            return Err("a sheet cannot be opened");
        }
        for (from, to) in &outline.merged {
            grid.merge(*from, *to);
        }
        let hidden = grid.filled(&outline.rows, &outline.columns);
        let sheet = Finished {
            number,
            name: &sheet.name,
            hidden: sheet.state.is_some(),
            hidden_cells: hidden,
        };
        document.inner.push(finish(grid, &sheet, budget, findings));
    }
    Ok(())
}

fn xlsb(
    bytes: &[u8],
    package: &mut Package,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<(), &'static str> {
    let mut book: Xlsb<_> = Xlsb::new(Cursor::new(bytes)).map_err(|_| "damaged")?;
    let sheets = book.sheets_metadata().to_vec();
    for (number, sheet) in (1..).zip(sheets) {
        let mut grid = Grid::default();
        if let Ok(mut cells) = book.worksheet_cells_reader(&sheet.name) {
            while let Some(cell) = cells.next_cell().map_err(|_| "a sheet is damaged")? {
                let (row, column) = cell.get_position();
                grid.put(row, column, &shown(cell.get_value()));
            }
        }
        let hidden = sheet.visible != calamine::SheetVisible::Visible;
        let sheet = Finished {
            number,
            name: &sheet.name,
            hidden,
            hidden_cells: 0,
        };
        document.inner.push(finish(grid, &sheet, budget, findings));
    }
    // Binary parts: which rows are hidden, and caches of pivot tables, are not read.
    for part in package.all("xl/", ".bin") {
        let printed = unknown::read(&part.bytes, "", &mut Findings::default());
        document.whole.push_str(&printed.whole);
        if part.name.to_ascii_lowercase().contains("pivotcache") {
            document.facts.push(Fact::Hidden {
                what: "the rows behind a pivot table".into(),
            });
        }
    }
    Ok(())
}

/// A sheet whose cells are all read.
pub(crate) struct Finished<'a> {
    pub(crate) number: u64,
    pub(crate) name: &'a str,
    pub(crate) hidden: bool,
    /// Rows and columns with content that are not shown.
    pub(crate) hidden_cells: usize,
}

/// The document of one sheet.
pub(crate) fn finish(
    grid: Grid,
    sheet: &Finished<'_>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Inner {
    let place = format!("sheet {}", sheet.number);
    findings.enter(&place);
    if grid.cut {
        unknown::say("more cells than are read", findings);
    }
    let mut document = grid.document("sheet", budget, findings);
    findings.leave();
    document.whole.push_str(sheet.name);
    if sheet.hidden {
        document.facts.push(Fact::Hidden {
            what: "a hidden sheet".into(),
        });
    }
    if sheet.hidden_cells > 0 {
        let what = format!(
            "{} in a sheet",
            count_of(sheet.hidden_cells, "hidden row or column")
        );
        document.facts.push(Fact::Hidden { what });
    }
    Inner { place, document }
}

fn sheets(workbook: &str, package: &mut Package) -> Vec<Sheet> {
    let relations = package.relations("xl/workbook.xml");
    let mut sheets = Vec::new();
    elements::walk(workbook, |node| {
        if let Node::Open("sheet", attributes) = node {
            let id = attributes.get("id").unwrap_or_default();
            let part = relations
                .iter()
                .find(|r| r.id == id)
                .map(|r| r.target.clone());
            sheets.push(Sheet {
                name: attributes.get("name").unwrap_or_default(),
                state: attributes.get("state").filter(|state| state != "visible"),
                part: part.unwrap_or_default(),
            });
        }
    });
    sheets
}

/// Names given to ranges, constants and formulas, and the rest of the workbook's own words.
fn names(workbook: &str, document: &mut Document) {
    let (words, _) = elements::words(workbook);
    document.whole.push_str(&words);
    let mut hidden = 0_usize;
    elements::walk(workbook, |node| {
        if let Node::Open("definedName", attributes) = node {
            let own = attributes
                .get("name")
                .is_some_and(|name| name.starts_with("_xlnm"));
            hidden += usize::from(attributes.yes("hidden") && !own);
        }
    });
    if hidden > 0 {
        document.facts.push(Fact::Hidden {
            what: count_of(hidden, "hidden name"),
        });
    }
}

/// What a sheet has besides its values.
#[derive(Default)]
struct Outline {
    cells: bool,
    rows: Vec<u32>,
    columns: Vec<(u32, u32)>,
    merged: Vec<((u32, u32), (u32, u32))>,
    /// Formulas, lists of allowed values, headers and footers, links.
    words: String,
}

fn outline(xml: &str) -> Result<Outline, &'static str> {
    let mut outline = Outline::default();
    let (mut row, mut value) = (0_u32, false);
    let whole = elements::walk(xml, |node| match node {
        Node::Open("row", attributes) => {
            let number = attributes.get("r").and_then(|r| r.parse::<u32>().ok());
            row = number.map_or(row + 1, |n| n.saturating_sub(1));
            if attributes.yes("hidden")
                || attributes
                    .get("ht")
                    .is_some_and(|height| is_nothing(&height))
            {
                outline.rows.push(row);
            }
        }
        Node::Open("col", attributes) => {
            let number = |name| attributes.get(name).and_then(|n| n.parse::<u32>().ok());
            let closed = attributes.yes("hidden")
                || attributes
                    .get("width")
                    .is_some_and(|width| is_nothing(&width));
            if let (true, Some(min), Some(max)) = (closed, number("min"), number("max")) {
                outline
                    .columns
                    .push((min.saturating_sub(1), max.saturating_sub(1)));
            }
        }
        Node::Open("mergeCell", attributes) => outline
            .merged
            .extend(attributes.get("ref").and_then(|r| range(&r))),
        Node::Open("c", _) => outline.cells = true,
        Node::Open(name, attributes) => {
            value = name == "v" || name == "t";
            // What a person reads on a link, and where it leads.
            let shown = [
                "display",
                "tooltip",
                "location",
                "prompt",
                "promptTitle",
                "error",
                "errorTitle",
            ];
            for words in shown.iter().filter_map(|name| attributes.get(name)) {
                outline.words.push_str(&words);
                outline.words.push('\n');
            }
        }
        Node::Text(text) if !value => outline.words.push_str(text),
        Node::Text(_) => {}
        Node::Close(_) => {
            value = false;
            if !outline.words.is_empty() && !outline.words.ends_with('\n') {
                outline.words.push('\n');
            }
        }
    });
    if whole {
        Ok(outline)
    } else {
        Err("a sheet is damaged")
    }
}

/// A height or width of nothing hides as well as the mark for it does.
fn is_nothing(size: &str) -> bool {
    size.parse::<f64>().is_ok_and(|size| size < 0.5)
}

/// `A1:C3` as rows and columns from 0.
fn range(text: &str) -> Option<((u32, u32), (u32, u32))> {
    let (from, to) = text.split_once(':')?;
    Some((cell(from)?, cell(to)?))
}

/// `B7` as row 6, column 1.
pub(crate) fn cell(text: &str) -> Option<(u32, u32)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = text.split_at_checked(digits)?;
    let column = letters.bytes().try_fold(0_u32, |n, letter| {
        let value = u32::from(letter.to_ascii_uppercase().checked_sub(b'A')?) + 1;
        n.checked_mul(26)?.checked_add(value)
    })?;
    Some((
        row.parse::<u32>().ok()?.checked_sub(1)?,
        column.checked_sub(1)?,
    ))
}

/// A value as text; dates as calendar dates.
pub(crate) fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => n.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(date) => date_text(date),
        DataRef::Error(_) => "#ERROR".to_owned(),
        DataRef::Empty => String::new(),
    }
}

fn date_text(date: &calamine::ExcelDateTime) -> String {
    // Serial numbers beyond the year 9999 are no dates (Office Open XML part 1, 18.17.4).
    if date.is_duration() || !(0.0..2_958_466.0).contains(&date.as_f64()) {
        return date.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Parts that a sheet may have at most; a limit of the reader's work and not of Excel.
pub(crate) const RECORDS: usize = limits::ROWS;
