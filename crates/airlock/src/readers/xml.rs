//! XML of any vocabulary: elements that come again and again are rows, the others are names and values.
//!
//! Entities of a document type are not expanded: what they stand for is read where they are defined.

use super::markup::{Piece, walk};
use super::tree::{Node, Outline, What};
use super::{Budget, Document, text_part, unknown};
use crate::limits;
use crate::verdict::Findings;

/// Deeper elements are read as if they lay in the one above.
const DEPTH: usize = 100;

/// Whether a text is XML.
pub(crate) fn is(text: &str) -> bool {
    let bare = text.trim();
    let name = bare
        .strip_prefix('<')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let last = bare.rsplit_once("</").is_some_and(|(_, last)| {
        last.ends_with('>')
            && !last.contains(char::is_whitespace)
            && name_of(bare) == last.trim_end_matches('>')
    });
    bare.starts_with("<?xml") || (name && last)
}

fn name_of(bare: &str) -> &str {
    bare.trim_start_matches('<')
        .split([' ', '>', '\n', '\t', '/', '\r'])
        .next()
        .unwrap_or_default()
}

struct Open {
    name: String,
    line: u64,
    entries: Vec<(String, Node)>,
    text: String,
}

/// Reads a file.
pub(crate) fn read(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    if text.len() > limits::TREE_BYTES {
        return unknown::read_text(text, "XML beyond a limit", findings);
    }
    let root = Open {
        name: String::new(),
        line: 1,
        entries: Vec::new(),
        text: String::new(),
    };
    let mut open = vec![root];
    let mut comments = String::new();
    walk(text, false, &mut |line, piece| match piece {
        Piece::Open(name, attributes, closed) => {
            if open.len() >= DEPTH && !closed {
                return;
            }
            let attributes = attributes
                .0
                .iter()
                .map(|(key, value)| (key.clone(), Node::new(line, What::Scalar(value.clone()))));
            let entries = attributes.collect();
            open.push(Open {
                name: name.to_owned(),
                line,
                entries,
                text: String::new(),
            });
            if closed {
                close(&mut open);
            }
        }
        Piece::Close(name) => {
            if let Some(at) = open.iter().skip(1).rposition(|o| o.name == name) {
                while open.len() > at + 1 {
                    close(&mut open);
                }
            }
        }
        Piece::Text(text) => {
            if let Some(top) = open.last_mut() {
                top.text.push_str(text);
            }
        }
        Piece::Comment(text) => {
            comments.push_str(text);
            comments.push('\n');
        }
    });
    while open.len() > 1 {
        close(&mut open);
    }
    let root = open.pop().map(node).unwrap_or_default();
    let mut outline = Outline::of(&root);
    let texts = std::mem::take(&mut outline.texts);
    let mut document = outline.document("XML", text);
    for (place, text) in [("comments".to_owned(), comments)].iter().chain(&texts) {
        if !text.trim().is_empty() {
            document
                .inner
                .push(text_part(place, text, budget, findings));
        }
    }
    text.clone_into(&mut document.whole);
    document
}

fn close(open: &mut Vec<Open>) {
    let Some(closed) = open.pop() else { return };
    let name = closed.name.clone();
    let node = node(closed);
    if let Some(above) = open.last_mut() {
        above.entries.push((name, node));
    }
}

/// An element: a scalar when it is text alone; else a map, in which elements of one name are a list.
fn node(open: Open) -> Node {
    let text = open.text.trim();
    if open.entries.is_empty() {
        return Node::new(open.line, What::Scalar(text.to_owned()));
    }
    let mut entries: Vec<(String, Node)> = Vec::new();
    let mut at: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (name, node) in open.entries {
        let known = at.get(&name).and_then(|i| entries.get_mut(*i));
        match known {
            Some((
                _,
                Node {
                    what: What::List(nodes),
                    ..
                },
            )) => nodes.push(node),
            Some((_, first)) => {
                let line = first.line;
                let both = vec![std::mem::take(first), node];
                *first = Node::new(line, What::List(both));
            }
            None => {
                at.insert(name.clone(), entries.len());
                entries.push((name, node));
            }
        }
    }
    if !text.is_empty() {
        entries.push((
            "text".into(),
            Node::new(open.line, What::Scalar(text.to_owned())),
        ));
    }
    Node::new(open.line, What::Map(entries))
}
