//! Jupyter notebooks, nbformat 3 and 4: each cell and each output is a document of its own.
//!
//! What is not shown is read, too: metadata, attachments, the state of widgets. The leaks that were found were printed rows.

use super::code::{self, Language};
use super::tree::{Node, Outline, What};
use super::{Budget, Document, Fact, Inner, html, json, part, payload, text_part, under};
use crate::verdict::Findings;

/// Reads a notebook of which the tree is known.
pub(crate) fn read(
    root: &Node,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Document {
    let mut notebook = Notebook {
        document: Document {
            kind: "notebook".into(),
            ..Document::default()
        },
        language: language(root),
        budget,
        findings,
    };
    let sheets = root.get("worksheets").map_or(&[][..], items);
    let lists = root
        .get("cells")
        .into_iter()
        .chain(sheets.iter().filter_map(|sheet| sheet.get("cells")));
    let cells: Vec<&Node> = lists.flat_map(items).collect();
    for (n, cell) in (1_usize..).zip(cells) {
        notebook.cell(n, cell);
    }
    let outer = root.map().unwrap_or_default().iter();
    for (key, node) in outer.filter(|(key, _)| !matches!(key.as_str(), "cells" | "worksheets")) {
        notebook.rest(key, node);
    }
    let mut document = notebook.document;
    document.read = html::frame(&document, text);
    // What no version of the format foresees is searched, too.
    document.whole = payload::without_runs(text);
    document
}

fn items(node: &Node) -> &[Node] {
    if let What::List(nodes) = &node.what {
        nodes
    } else {
        &[]
    }
}

/// Text, or lines of text.
fn joined(node: &Node) -> String {
    match &node.what {
        What::List(nodes) => nodes.iter().map(Node::text).collect(),
        _ => node.text().to_owned(),
    }
}

fn language(root: &Node) -> Language {
    let metadata = root.get("metadata");
    let of = |key: &str, name: &str| metadata?.get(key)?.get(name).map(Node::text);
    let name = of("language_info", "name")
        .or_else(|| of("kernelspec", "language"))
        .or_else(|| of("kernelspec", "name"));
    Language::named(name.unwrap_or("python"))
}

struct Notebook<'a> {
    document: Document,
    language: Language,
    budget: &'a mut Budget,
    findings: &'a mut Findings,
}

impl Notebook<'_> {
    fn cell(&mut self, n: usize, cell: &Node) {
        if cell.map().is_none() {
            self.rest(&format!("cell {n}"), cell);
            return;
        }
        let kind = cell.get("cell_type").map_or("code", Node::text);
        let source = cell
            .get("source")
            .or_else(|| cell.get("input"))
            .map(joined)
            .unwrap_or_default();
        let place = format!("cell {n}");
        if !source.trim().is_empty() {
            let place = format!("{place}, source");
            let language = self.language;
            let inner = if kind == "code" {
                under(&place, self.budget, self.findings, |budget, findings| {
                    code::read_as(&source, language, budget, findings)
                })
            } else {
                text_part(&place, &source, self.budget, self.findings)
            };
            self.document.inner.push(inner);
        }
        for (m, output) in (1_usize..).zip(cell.get("outputs").map_or(&[][..], items)) {
            self.output(&format!("{place}, output {m}"), output);
        }
        for (name, bundle) in cell
            .get("attachments")
            .and_then(Node::map)
            .unwrap_or_default()
        {
            self.mime(&format!("{place}, attachment {}", short(name)), bundle);
        }
        const KNOWN: [&str; 10] = [
            "cell_type",
            "source",
            "input",
            "outputs",
            "attachments",
            "execution_count",
            "prompt_number",
            "id",
            "language",
            "collapsed",
        ];
        for (key, node) in cell
            .map()
            .unwrap_or_default()
            .iter()
            .filter(|(key, _)| !KNOWN.contains(&key.as_str()))
        {
            self.rest(&format!("{place}, {}", short(key)), node);
        }
    }

    fn output(&mut self, place: &str, output: &Node) {
        if let Some(data) = output.get("data") {
            self.mime(place, data);
        }
        let traceback = output.get("traceback").map(|lines| {
            let lines = items(lines).iter().map(Node::text).collect::<Vec<_>>();
            without_colours(&lines.join("\n"))
        });
        if let Some(traceback) = traceback {
            self.text(place, &traceback);
        }
        const KNOWN: [&str; 7] = [
            "data",
            "traceback",
            "output_type",
            "execution_count",
            "prompt_number",
            "name",
            "stream",
        ];
        for (key, node) in output
            .map()
            .unwrap_or_default()
            .iter()
            .filter(|(k, _)| !KNOWN.contains(&k.as_str()))
        {
            self.form(place, key, node);
        }
    }

    fn mime(&mut self, place: &str, bundle: &Node) {
        for (kind, node) in bundle.map().unwrap_or_default() {
            self.form(place, kind, node);
        }
    }

    /// One form of an output: by its MIME type (nbformat 4) or its short name (nbformat 3).
    fn form(&mut self, place: &str, kind: &str, node: &Node) {
        let is_tree = matches!(node.what, What::Map(_));
        if kind.ends_with("json") && (is_tree || matches!(node.what, What::List(_))) {
            let inner = under(place, self.budget, self.findings, |budget, findings| {
                if kind == "application/json" {
                    outlined(Outline::of(node), budget, findings)
                } else {
                    json::of_picture(node, "", budget, findings)
                }
            });
            self.document.inner.push(inner);
            return;
        }
        if is_tree {
            self.rest(place, node);
            return;
        }
        let text = joined(node);
        match kind {
            "text/html" | "html" => {
                let inner = under(place, self.budget, self.findings, |b, f| {
                    html::read(&text, b, f)
                });
                self.document.inner.push(inner);
            }
            "application/javascript" | "javascript" => {
                let inner = html::script(place, "", &text, self.budget, self.findings);
                self.document.inner.extend(inner);
            }
            "png" | "jpeg" | "pdf" => self.binary(place, &text),
            _ if kind.starts_with("image/") && kind != "image/svg+xml"
                || kind == "application/pdf" =>
            {
                self.binary(place, &text);
            }
            _ => self.text(place, &without_colours(&text)),
        }
    }

    fn binary(&mut self, place: &str, text: &str) {
        let inner = match payload::base64(text) {
            Some(bytes) => part(place, &bytes, self.budget, self.findings),
            None => text_part(place, text, self.budget, self.findings),
        };
        self.document.inner.push(inner);
    }

    fn text(&mut self, place: &str, text: &str) {
        if !text.trim().is_empty() {
            self.document
                .inner
                .push(text_part(place, text, self.budget, self.findings));
        }
    }

    /// Metadata and whatever no version of the format names: its lists and sentences are judged, all of it is searched.
    fn rest(&mut self, place: &str, node: &Node) {
        let mut all = String::new();
        spell(node, &mut all);
        if all.trim().is_empty() {
            return;
        }
        let inner: Inner = under(place, self.budget, self.findings, |budget, findings| {
            let mut document = outlined(Outline::of_picture(node), budget, findings);
            document.whole = all;
            document
        });
        let says = !inner.document.tables.is_empty() || !inner.document.inner.is_empty();
        if says && place.contains("metadata") {
            self.document.facts.push(Fact::Hidden {
                what: format!("data in {place}"),
            });
        }
        self.document.inner.push(inner);
    }
}

/// A tree and the texts in it.
fn outlined(mut outline: Outline, budget: &mut Budget, findings: &mut Findings) -> Document {
    let texts = std::mem::take(&mut outline.texts);
    let mut document = outline.document("JSON", "");
    for (place, text) in &texts {
        let inner = match payload::decode(text) {
            Some(bytes) => part(place, &bytes, budget, findings),
            None => text_part(place, text, budget, findings),
        };
        document.inner.push(inner);
    }
    document
}

/// All keys and values, one a line.
fn spell(node: &Node, all: &mut String) {
    match &node.what {
        What::Null => {}
        What::Scalar(text) if text.len() < crate::limits::OPAQUE_RUN => {
            all.push_str(text);
            all.push('\n');
        }
        // Longer ones are documents of their own.
        What::Scalar(_) => {}
        What::List(nodes) => nodes.iter().for_each(|node| spell(node, all)),
        What::Map(entries) => {
            for (key, node) in entries {
                all.push_str(key);
                all.push('\n');
                spell(node, all);
            }
        }
    }
}

/// A name from the file, as a place may repeat it.
fn short(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '-');
    name.chars().filter(plain).take(20).collect()
}

/// Terminals colour tracebacks and logs by ECMA-48 sequences: `ESC [ 31 m`.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            if chars.next() == Some('[') {
                let _ = chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
        } else if c == '\u{8}' {
            // Progress bars of old programs step back.
        } else {
            out.push(c);
        }
    }
    out
}
