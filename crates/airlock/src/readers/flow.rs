//! Running text with tables in it, as Word, PowerPoint and Writer keep it: paragraphs, cells, and what is struck out or hidden.

use super::elements::{self, Attributes, Node};
use super::grid::Grid;
use super::{Budget, Document, Fact, Inner, of_text};
use crate::verdict::Findings;

/// How a format says things.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// WordprocessingML and DrawingML: text stands in elements `t`.
    Office,
    /// OpenDocument: text stands in paragraphs.
    Open,
}

/// What was read of a part.
#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) text: String,
    pub(crate) tables: Vec<Grid>,
    /// Struck out or hidden, and kept all the same.
    pub(crate) unseen: String,
    pub(crate) comments: String,
    pub(crate) damaged: bool,
}

/// A table that is being read.
#[derive(Default)]
struct Open {
    grid: Grid,
    row: u32,
    column: u32,
    span: u32,
    /// Whether the cell goes on from the one above.
    goes_on: bool,
    rows: u32,
    text: String,
}

/// Where in the part the walk is.
#[derive(Default)]
struct State {
    flow: Flow,
    open: Vec<Open>,
    /// Depths of elements whose text is shown, unseen, or a comment.
    text: usize,
    deleted: usize,
    comment: usize,
    hidden_run: bool,
}

/// Reads one part.
pub(crate) fn read(xml: &str, dialect: Dialect) -> Flow {
    let mut state = State::default();
    let whole = elements::walk(xml, |node| match node {
        Node::Open(name, attributes) => open(&mut state, name, attributes, dialect),
        Node::Close(name) => close(&mut state, name, dialect),
        Node::Text(text) => words(&mut state, text),
    });
    // Tables that never end in a damaged part are kept all the same.
    while let Some(open) = state.open.pop() {
        state.flow.tables.push(open.grid);
    }
    state.flow.damaged = !whole;
    state.flow
}

fn open(state: &mut State, name: &str, attributes: &Attributes<'_>, dialect: Dialect) {
    match name {
        "tbl" | "table" => state.open.push(Open::default()),
        "tr" | "table-row" => {
            if let Some(table) = state.open.last_mut() {
                table.column = 0;
                table.rows = 1;
            }
        }
        "tc" | "table-cell" | "covered-table-cell" => cell(state, attributes),
        "gridSpan" => {
            if let (Some(table), Some(span)) = (state.open.last_mut(), number(attributes, "val")) {
                table.span = span.min(SPAN);
            }
        }
        "vMerge" => {
            if let Some(table) = state.open.last_mut() {
                table.goes_on = attributes.get("val").is_none_or(|value| value != "restart");
            }
        }
        "t" | "delText" | "instrText" if dialect == Dialect::Office => {
            state.text += 1;
            state.deleted += usize::from(name == "delText");
        }
        "p" | "h" if dialect == Dialect::Open => state.text += 1,
        "r" => state.hidden_run = false,
        // `<w:vanish w:val="0"/>` takes it back.
        "vanish" | "webHidden" => {
            state.hidden_run |= attributes
                .get("val")
                .is_none_or(|value| value != "0" && value != "false")
        }
        "del" | "moveFrom" | "tracked-changes" | "hidden-text" | "hidden-paragraph" => {
            state.deleted += 1
        }
        "annotation" => state.comment += 1,
        "tab" | "s" => words_shown(state, if name == "tab" { "\t" } else { " " }),
        "br" | "cr" | "line-break" => words_shown(state, "\n"),
        _ => {}
    }
}

/// Columns that one cell spans at most.
const SPAN: u32 = 200;

fn number(attributes: &Attributes<'_>, name: &str) -> Option<u32> {
    attributes.get(name)?.parse().ok()
}

fn cell(state: &mut State, attributes: &Attributes<'_>) {
    if let Some(table) = state.open.last_mut() {
        table.text.clear();
        table.goes_on = attributes.yes("vMerge");
        let span = number(attributes, "gridSpan")
            .or_else(|| number(attributes, "number-columns-repeated"));
        table.span = span.unwrap_or(1).clamp(1, SPAN);
    }
}

fn close(state: &mut State, name: &str, dialect: Dialect) {
    match name {
        "tc" | "table-cell" | "covered-table-cell" => {
            if let Some(table) = state.open.last_mut() {
                let text = std::mem::take(&mut table.text);
                table.grid.put(table.row, table.column, &text);
                if table.goes_on && table.row > 0 {
                    table
                        .grid
                        .merge((table.row - 1, table.column), (table.row, table.column));
                }
                table.column = table.column.saturating_add(table.span);
            }
        }
        "tr" | "table-row" => {
            if let Some(table) = state.open.last_mut() {
                table.row = table.row.saturating_add(table.rows);
            }
        }
        "tbl" | "table" => {
            if let Some(open) = state.open.pop() {
                state.flow.tables.push(open.grid);
            }
        }
        "t" | "delText" | "instrText" if dialect == Dialect::Office => {
            state.text = state.text.saturating_sub(1);
            if name == "delText" {
                state.deleted = state.deleted.saturating_sub(1);
            }
        }
        "p" | "h" => {
            words_shown(state, "\n");
            if dialect == Dialect::Open {
                state.text = state.text.saturating_sub(1);
            }
        }
        "r" => state.hidden_run = false,
        "del" | "moveFrom" | "tracked-changes" | "hidden-text" | "hidden-paragraph" => {
            state.deleted = state.deleted.saturating_sub(1);
        }
        "annotation" => state.comment = state.comment.saturating_sub(1),
        _ => {}
    }
}

fn words(state: &mut State, text: &str) {
    if state.text > 0 {
        words_shown(state, text);
    }
}

/// Puts text where it belongs: a comment, what is unseen, a cell, or the running text.
fn words_shown(state: &mut State, text: &str) {
    let to = if state.comment > 0 {
        &mut state.flow.comments
    } else if state.deleted > 0 || state.hidden_run {
        &mut state.flow.unseen
    } else if let Some(table) = state.open.last_mut() {
        // Lines within a cell are one text.
        table.text.push_str(if text == "\n" { " " } else { text });
        return;
    } else {
        &mut state.flow.text
    };
    to.push_str(text);
}

/// Adds what was read of one part to a document.
pub(crate) fn add(
    what: &str,
    flow: Flow,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    findings.enter(what);
    let mut read = of_text(&flow.text, budget, findings);
    read.kind = what.to_owned();
    for (number, grid) in (1..).zip(flow.tables) {
        let place = format!("table {number}");
        findings.enter(&place);
        let table = grid.document("table", budget, findings);
        findings.leave();
        read.inner.push(Inner {
            place,
            document: table,
        });
    }
    for (place, text, hidden) in [
        ("deleted or hidden text", &flow.unseen, true),
        ("comments", &flow.comments, false),
    ] {
        if text.trim().is_empty() {
            continue;
        }
        findings.enter(place);
        let mut part = of_text(text, budget, findings);
        findings.leave();
        if hidden {
            part.facts.push(Fact::Hidden {
                what: place.to_owned(),
            });
        }
        read.inner.push(Inner {
            place: place.to_owned(),
            document: part,
        });
    }
    if flow.damaged {
        super::unknown::say("damaged XML", findings);
    }
    findings.leave();
    document.inner.push(Inner {
        place: what.to_owned(),
        document: read,
    });
}
