//! YAML 1.2: settings, and data that a program wrote as records or columns.
//!
//! An alias stands for the node of its anchor and is not replaced by it: nine anchors of nine aliases each would be a billion
//! scalars. What the anchor names is read where it is defined.

use super::tree::{Node, Outline, What};
use super::{Budget, Document, text_part, unknown};
use crate::limits;
use crate::verdict::Findings;
use saphyr_parser::{Event, Parser};

/// Deeper nodes are no settings.
const DEPTH: usize = 64;
/// Lines that are looked at before the whole is parsed.
const LOOKED_AT: usize = 500;

/// Whether a text is YAML with a structure; a flat list of names and values is as well read as text.
pub(crate) fn is(text: &str) -> bool {
    if text.len() > limits::TREE_BYTES || !looks_like(text) {
        return false;
    }
    parse(text).is_some_and(|root| {
        let nested = |node: &Node| match &node.what {
            What::Map(entries) => entries.iter().any(|(_, n)| is_inner(n)),
            What::List(nodes) => nodes.iter().any(is_inner),
            What::Null | What::Scalar(_) => false,
        };
        is_inner(&root) && (nested(&root) || text.trim_start().starts_with("---"))
    })
}

fn is_inner(node: &Node) -> bool {
    matches!(node.what, What::Map(_) | What::List(_))
}

/// Whether most lines are names with a colon or entries of a list.
fn looks_like(text: &str) -> bool {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .take(LOOKED_AT)
    };
    let key = |line: &str| {
        let name = line
            .trim_start_matches("- ")
            .split_once(':')
            .map(|(name, rest)| (name.trim(), rest));
        name.is_some_and(|(name, rest)| {
            let plain = name.len() <= 60
                && name.split_whitespace().count() <= 4
                && !name.contains(['(', ')', '|', '{', '<']);
            plain && !name.is_empty() && (rest.is_empty() || rest.starts_with(' '))
        })
    };
    let entry = |line: &str| {
        line.starts_with("- ")
            || line == "-"
            || line.starts_with("---")
            || line.starts_with([']', '}', '"', '*'])
    };
    let fitting = lines().filter(|line| key(line) || entry(line)).count();
    let keys = lines().filter(|line| key(line)).count();
    fitting >= 2 && keys >= 1 && fitting * 5 >= lines().count() * 4
}

/// Reads a file.
pub(crate) fn read(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    let Some(root) = parse(text) else {
        return unknown::read_text(text, "YAML", findings);
    };
    let mut outline = Outline::of(&root);
    let texts = std::mem::take(&mut outline.texts);
    let mut document = outline.document("YAML", text);
    let comments: String = text
        .lines()
        .map(|line| {
            line.split_once('#')
                .map_or("", |(_, comment)| comment.trim_start_matches('#'))
                .to_owned()
                + "\n"
        })
        .collect();
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

/// A node that is not closed yet.
struct Open {
    line: u64,
    list: Option<Vec<Node>>,
    map: Vec<(String, Node)>,
    key: Option<String>,
}

fn parse(text: &str) -> Option<Node> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut roots: Vec<Node> = Vec::new();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.ok()?;
        let line = u64::try_from(span.start.line()).unwrap_or(0);
        let begin = |list| Open {
            line,
            list,
            map: Vec::new(),
            key: None,
        };
        let done = match event {
            Event::Scalar(text, ..) => Node::new(line, What::Scalar(text.into_owned())),
            Event::Alias(_) => Node::new(line, What::Scalar("(as above)".into())),
            Event::SequenceStart(..) => {
                open.push(begin(Some(Vec::new())));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(begin(None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = open.pop()?;
                Node::new(
                    closed.line,
                    closed.list.map_or(What::Map(closed.map), What::List),
                )
            }
            _ => continue,
        };
        if open.len() > DEPTH {
            return None;
        }
        match open.last_mut() {
            None => roots.push(done),
            Some(Open {
                list: Some(list), ..
            }) => list.push(done),
            Some(above) => match above.key.take() {
                Some(key) => above.map.push((key, done)),
                // A key that is a list or a map itself: its scalars, one after another.
                None => above.key = Some(spelled(&done)),
            },
        }
    }
    match roots.len() {
        0 => None,
        1 => roots.pop(),
        _ => Some(Node::new(1, What::List(roots))),
    }
}

fn spelled(node: &Node) -> String {
    match &node.what {
        What::Null => String::new(),
        What::Scalar(text) => text.clone(),
        What::List(nodes) => nodes.iter().map(spelled).collect::<Vec<_>>().join(" "),
        What::Map(entries) => entries
            .iter()
            .map(|(k, n)| format!("{k} {}", spelled(n)))
            .collect::<Vec<_>>()
            .join(" "),
    }
}
