//! HTML: tables as tables, the text between them, and what a browser does not show: comments, attributes, scripts with the data
//! of a picture, images inside the page.

use super::html_table::Grid;
use super::markup::{Attributes, Piece, walk};
use super::svg::Drawing;
use super::{Budget, Document, Inner, Line, json, literals, part, payload, text, text_part, under};
use crate::limits;
use crate::table::Table;
use crate::verdict::Findings;

/// Whether a text begins as HTML does.
pub(crate) fn is(text: &str) -> bool {
    const STARTS: [&str; 10] = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<table",
        "<div",
        "<style",
        "<h1",
        "<p>",
        "<script",
    ];
    let head: String = text
        .trim_start()
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    let after_comment = head.starts_with("<!--")
        && text
            .split_once("-->")
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('<'));
    let xml_first = head.starts_with("<?xml")
        && text
            .chars()
            .take(2_000)
            .collect::<String>()
            .contains("<html");
    STARTS.iter().any(|start| head.starts_with(start)) || after_comment || xml_first
}

/// Tags after which the text goes on in a line of its own.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "tr",
    "table",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "figure",
    "figcaption",
    "caption",
    "dt",
    "dd",
    "blockquote",
    "title",
    "option",
    "button",
    "hr",
    "details",
    "summary",
    "label",
    "td",
    "th",
    "body",
];

/// Attributes whose text a person may see.
const SHOWN: &[&str] = &[
    "title",
    "alt",
    "content",
    "value",
    "placeholder",
    "aria-label",
    "label",
    "summary",
];

/// A page as it is read.
#[derive(Default)]
struct Page {
    tables: Vec<Table>,
    /// Tables that are open, the innermost last.
    open: Vec<Grid>,
    text: String,
    pre: usize,
    drawing: Option<Drawing>,
    /// Inside `script` or `style`, and the type of the script.
    raw: Option<(String, String)>,
    raw_text: String,
    scripts: Vec<(u64, String, String)>,
    payloads: Vec<(u64, Vec<u8>)>,
    comments: String,
    attributes: Vec<Line>,
    shown: String,
    texts: Vec<(u64, String)>,
}

/// Reads a page, or a part of one.
pub(crate) fn read(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut page = Page::default();
    walk(text, true, &mut |line, piece| page.take(line, piece));
    while let Some(grid) = page.open.pop() {
        grid.close(&mut page.tables, &mut page.text);
    }
    page.document(text, budget, findings)
}

impl Page {
    fn take(&mut self, line: u64, piece: Piece<'_>) {
        match piece {
            Piece::Open(name, attributes, closed) => self.start(line, name, attributes, closed),
            Piece::Close(name) => self.end(line, name),
            Piece::Text(text) => self.text(text),
            Piece::Comment(text) => {
                self.comments.push_str(text);
                self.comments.push('\n');
            }
        }
    }

    fn start(&mut self, line: u64, name: &str, attributes: &Attributes, closed: bool) {
        for (key, value) in &attributes.0 {
            self.attribute(line, key, value);
        }
        if name == "svg" && self.drawing.is_none() {
            self.drawing = Some(Drawing::default());
        }
        if let Some(drawing) = &mut self.drawing {
            drawing.open(line, name, attributes, closed);
            return;
        }
        if matches!(name, "script" | "style") {
            self.raw = Some((name.to_owned(), attributes.get("type").to_owned()));
            self.raw_text.clear();
        } else if name == "table" {
            if self.open.len() < limits::DEPTH {
                self.open.push(Grid::new(line));
            }
        } else if let Some(grid) = self.open.last_mut() {
            grid.start(line, name, attributes);
        }
        self.pre += usize::from(name == "pre");
        self.block(name);
    }

    fn end(&mut self, line: u64, name: &str) {
        if let Some(drawing) = &mut self.drawing {
            if name != "svg" || !drawing.close(name) {
                drawing.close_other(name);
                return;
            }
            return;
        }
        if let Some((kind, of)) = self.raw.take_if(|(kind, _)| kind == name) {
            let text = std::mem::take(&mut self.raw_text);
            if kind == "script" {
                self.scripts.push((line, of, text));
            }
            return;
        }
        if name == "table" {
            if let Some(grid) = self.open.pop() {
                grid.close(&mut self.tables, &mut self.text);
            }
        } else if let Some(grid) = self.open.last_mut() {
            grid.end(name);
        }
        if name == "pre" {
            self.pre = self.pre.saturating_sub(1);
        }
        self.block(name);
    }

    fn block(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            match self.open.last_mut() {
                Some(grid) => grid.text(" "),
                None if !self.text.ends_with('\n') => self.text.push('\n'),
                None => {}
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.raw.is_some() {
            self.raw_text.push_str(text);
        } else if let Some(drawing) = &mut self.drawing {
            drawing.text(text);
        } else if let Some(grid) = self.open.last_mut().filter(|grid| grid.in_cell()) {
            grid.text(text);
        } else if self.pre > 0 {
            self.text.push_str(text);
        } else {
            for (i, word) in text.split(char::is_whitespace).enumerate() {
                if i > 0 && !self.text.ends_with([' ', '\n']) && !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.text.push_str(word);
            }
        }
    }

    fn attribute(&mut self, line: u64, key: &str, value: &str) {
        let data = value.find("data:").and_then(|at| value.get(at..));
        if let Some(bytes) = data.and_then(payload::decode) {
            self.payloads.push((line, bytes));
        } else if value.len() >= limits::CELL_BYTES.min(400)
            || value.trim_start().starts_with(['{', '['])
            || key == "srcdoc"
        {
            self.texts.push((line, value.to_owned()));
        } else if SHOWN.contains(&key) && value.contains(' ') {
            self.shown.push_str(value);
            self.shown.push('\n');
        } else if value.len() >= limits::ID_MIN && value.bytes().any(|b| b.is_ascii_digit()) {
            self.attributes.push(Line {
                number: line,
                text: value.to_owned(),
            });
        }
    }

    fn document(mut self, source: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
        let mut inner: Vec<Inner> = Vec::new();
        if !self.text.trim().is_empty() {
            inner.push(under("text", budget, findings, |budget, findings| {
                plain(&self.text, budget, findings)
            }));
        }
        for (name, text) in [("comments", &self.comments), ("labels", &self.shown)] {
            if !text.trim().is_empty() {
                inner.push(text_part(name, text, budget, findings));
            }
        }
        for (line, bytes) in &self.payloads {
            inner.push(part(
                &format!("embedded at line {line}"),
                bytes,
                budget,
                findings,
            ));
        }
        for (line, text) in &self.texts {
            inner.push(text_part(
                &format!("attribute at line {line}"),
                text,
                budget,
                findings,
            ));
        }
        for (line, kind, text) in &self.scripts {
            let place = format!("script at line {line}");
            inner.extend(script(&place, kind, text, budget, findings));
        }
        let mut document = Document {
            kind: "HTML".into(),
            tables: std::mem::take(&mut self.tables),
            prose: self.attributes,
            ..Document::default()
        };
        if let Some(drawing) = self.drawing {
            let drawn = under("drawing", budget, findings, |b, f| {
                drawing.document("", b, f)
            });
            inner.push(drawn);
        }
        document.inner = inner;
        document.read = frame(&document, source);
        document
    }
}

/// Bytes of a file that are neither in its tables and lines nor in the documents inside it.
pub(crate) fn frame(document: &Document, source: &str) -> u64 {
    fn told(document: &Document) -> u64 {
        let lines = document.prose.iter().filter(|_| document.prose_is_text);
        let lines = lines
            .map(|l| u64::try_from(l.text.len()).unwrap_or(0) + 1)
            .sum::<u64>();
        let tables = document.tables.iter().map(|t| t.bytes).sum::<u64>();
        let inner = document
            .inner
            .iter()
            .map(|i| told(&i.document))
            .sum::<u64>();
        lines + tables + inner + document.read + document.unread
    }
    u64::try_from(source.len())
        .unwrap_or(0)
        .saturating_sub(told(document))
}

/// The text of a page: printed tables in it are found by shape.
fn plain(source: &str, _: &mut Budget, _: &mut Findings) -> Document {
    let mut document = text::read(source);
    document
        .tables
        .extend(super::repeats::tables(&document.prose));
    super::listing::note(&mut document);
    source.clone_into(&mut document.whole);
    document
}

/// The data in a script: JSON as a whole, or the JSON literals in a program.
pub(crate) fn script(
    place: &str,
    kind: &str,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Inner> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    if kind.contains("json")
        && let Some((root, _)) = json::parse(text)
    {
        return vec![under(place, budget, findings, |budget, findings| {
            json::of_picture(&root, text, budget, findings)
        })];
    }
    let literals = literals::of_script(text);
    let mut inner: Vec<Inner> = literals
        .found
        .iter()
        .filter_map(|literal| {
            let (root, _) = json::parse(literal)?;
            Some(under(place, budget, findings, |budget, findings| {
                json::of_picture(&root, literal, budget, findings)
            }))
        })
        .filter(|inner| !is_empty(&inner.document))
        .collect();
    // What is no literal is still searched for ids.
    let program = Document {
        kind: "script".into(),
        unread: literals.unread,
        whole: literals::words(text),
        ..Document::default()
    };
    inner.push(Inner {
        place: place.to_owned(),
        document: program,
    });
    inner
}

fn is_empty(document: &Document) -> bool {
    document.tables.is_empty()
        && document.prose.is_empty()
        && document.inner.is_empty()
        && document.facts.is_empty()
}
