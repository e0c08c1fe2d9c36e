//! R's saved objects (`.rds`, `.RData`): data frames, tables, matrices and named vectors become tables; models and other objects
//! are named by their class, and their vectors by the names that lead to them. Nothing is evaluated.

mod stream;
mod walk;

use super::frame::length;
use super::{Budget, Document, Inner, of_text, unknown};
use crate::limits;
use crate::verdict::Findings;
use std::collections::HashSet;
use stream::{Tree, Value};
use walk::Walk;

/// Forms of a stream, and of a file of named objects before it.
const STREAMS: [&[u8]; 8] = [
    b"X\n\0\0\0\x02",
    b"X\n\0\0\0\x03",
    b"A\n2\n",
    b"A\n3\n",
    b"B\n\x02\0\0\0",
    b"B\n\x03\0\0\0",
    b"RDX",
    b"RDA",
];

pub(crate) fn is(bytes: &[u8]) -> bool {
    STREAMS.iter().any(|start| bytes.starts_with(start))
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let body = if bytes.starts_with(b"RD") {
        bytes.get(5..).unwrap_or_default()
    } else {
        bytes
    };
    let mut tree = Tree::default();
    let run = stream::run(body, &mut tree);
    let mut document = Document {
        kind: "R data".into(),
        ..Document::default()
    };
    search(&tree, &mut document);
    let Some((root, taken)) = run else {
        unknown::say(
            "R data that is damaged, too large or of functions",
            findings,
        );
        document.search(bytes);
        document.unread = length(bytes);
        return document;
    };
    let rest = body.get(taken..).unwrap_or_default();
    let ends = rest.iter().all(u8::is_ascii_whitespace);
    document.leftover(
        if ends { &[] } else { rest },
        "bytes after the end of R data",
        findings,
    );
    let mut walk = Walk {
        tree: &tree,
        seen: HashSet::new(),
        in_objects: 0,
        plain: serde_json::Map::new(),
        document,
    };
    walk.visit(root, "", limits::NESTING);
    let (plain, mut document) = (walk.plain, walk.document);
    let tables: u64 = document.tables.iter().map(|table| table.bytes).sum();
    document.read += length(bytes)
        .saturating_sub(length(rest))
        .saturating_sub(tables);
    if !plain.is_empty() && budget.document() {
        let place = "values of the file";
        findings.enter(place);
        let text = serde_json::Value::Object(plain).to_string();
        let inner = of_text(&text, budget, findings);
        findings.leave();
        document.inner.push(Inner {
            place: place.into(),
            document: inner,
        });
    }
    document
}

/// Hands all texts and numbers on to the search.
fn search(tree: &Tree<'_>, document: &mut Document) {
    let mut numbers = String::new();
    for node in &tree.nodes {
        match &node.value {
            Value::Symbol(text) => document.search_text(text),
            Value::Texts(texts) => texts
                .iter()
                .flatten()
                .for_each(|text| document.search_text(text)),
            // The smallest is a missing value.
            Value::Ints(all, _) => all.iter().filter(|n| **n != i32::MIN).for_each(|n| {
                numbers.push_str(&n.to_string());
                numbers.push('\n');
            }),
            Value::Reals(all) => all.iter().for_each(|n| {
                numbers.push_str(&n.to_string());
                numbers.push('\n');
            }),
            Value::Raw(bytes) => document.search(bytes),
            _ => {}
        }
    }
    let long = numbers.lines().filter(|n| n.len() >= limits::ID_MIN);
    for number in long {
        document.search_text(number);
    }
}
