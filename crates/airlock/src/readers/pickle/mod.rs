//! Python pickles and joblib files: walked, never run. Tables of pandas and arrays of NumPy become tables; plain data (lists,
//! dictionaries, numbers, words) is read as the JSON that it amounts to; classes are named, calls into the system said.
//!
//! Every text and number that the file builds is searched, also what it throws away.

mod arrays;
mod frames;
mod machine;
mod walk;

use super::frame::{Cursor, length};
use super::{Budget, Document, Fact, Inner, of_text, unknown};
use crate::limits;
use crate::verdict::Findings;
use machine::{Id, Node, Tree};
use std::collections::{BTreeSet, HashSet};
use walk::Walk;

/// Protocols 2 to 5 begin with their number (PEP 3154).
pub(crate) fn is(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..]) || is_old(bytes)
}

/// Protocols 0 and 1 have no mark: a file that is a pickle to its last byte is one.
fn is_old(bytes: &[u8]) -> bool {
    if !matches!(bytes, [b'(' | b']' | b'}' | b'c' | b'i', .., b'.']) {
        return false;
    }
    let mut cursor = Cursor::new(bytes);
    let ran = machine::run(&mut cursor, &mut Tree::default(), limits::DEPTH);
    ran.is_some() && cursor.rest().is_empty()
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut tree = Tree::default();
    let mut cursor = Cursor::new(bytes);
    let mut document = Document {
        kind: "Python pickle".into(),
        ..Document::default()
    };
    let Some(root) = machine::run(&mut cursor, &mut tree, limits::DEPTH) else {
        let mut document = unknown::read(bytes, "Python pickle that is damaged", findings);
        search(&tree, &mut document);
        classes(&tree, &mut document);
        return document;
    };
    tree.root = root;
    document.leftover(cursor.rest(), "bytes after the end of a pickle", findings);
    search(&tree, &mut document);
    classes(&tree, &mut document);
    let size = length(bytes).saturating_sub(length(cursor.rest()));
    let mut walk = Walk {
        tree: &tree,
        seen: HashSet::new(),
        path: Vec::new(),
        in_objects: 0,
        plain: Vec::new(),
        document,
    };
    walk.visit(root, limits::NESTING);
    let data = walk.plain;
    document = walk.document;
    let tables: u64 = document.tables.iter().map(|table| table.bytes).sum();
    document.read += if data.is_empty() {
        size.saturating_sub(tables)
    } else {
        0
    };
    let place = "data of the pickle";
    for json in data {
        if !budget.document() {
            unknown::say("more data than is read", findings);
            break;
        }
        findings.enter(place);
        let inner = of_text(&json.to_string(), budget, findings);
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
        match node {
            Node::Text(text) => document.search_text(text),
            Node::Bytes(bytes) => document.search(bytes),
            Node::Int(digits) if digits.len() >= limits::ID_MIN => {
                numbers.push_str(digits);
                numbers.push('\n');
            }
            Node::Float(number) => {
                numbers.push_str(&number.to_string());
                numbers.push('\n');
            }
            _ => {}
        }
    }
    document.search_text(&numbers);
}

/// What Python builds its own data with: says nothing of what a file holds.
const PLUMBING: [&str; 14] = [
    "numpy.",
    "pandas.",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "builtins.",
    "__builtin__.",
    "copyreg.",
    "copy_reg.",
    "datetime.",
    "decimal.Decimal",
    "_codecs.encode",
    "joblib.numpy_pickle.",
    "pathlib.",
];

/// Modules whose functions reach the system, and functions that run text (`pickletools` and "fickling" list the same).
const ACTIVE: [&str; 24] = [
    "os.",
    "posix.",
    "nt.",
    "subprocess.",
    "sys.",
    "socket.",
    "shutil.",
    "importlib.",
    "runpy.",
    "pty.",
    "ctypes.",
    "webbrowser.",
    "code.",
    "marshal.",
    "asyncio.",
    "multiprocessing.",
    "urllib.",
    "requests.",
    "pickle.",
    "cloudpickle.",
    "types.FunctionType",
    "types.CodeType",
    "operator.attrgetter",
    "timeit.",
];
const ACTIVE_BUILTINS: [&str; 7] = [
    "eval",
    "exec",
    "compile",
    "open",
    "__import__",
    "execfile",
    "input",
];

/// Whether a name is that of a function that reaches beyond data.
pub(crate) fn reaches_system(name: &str) -> bool {
    let (module, function) = name.rsplit_once('.').unwrap_or(("", name));
    let builtin = module.ends_with("builtins") || module == "__builtin__";
    ACTIVE.iter().any(|prefix| name.starts_with(prefix))
        || builtin && ACTIVE_BUILTINS.contains(&function)
}

fn is_plumbing(class: &str) -> bool {
    PLUMBING.iter().any(|prefix| class.starts_with(prefix))
}

/// States every class and function that the file names.
fn classes(tree: &Tree<'_>, document: &mut Document) {
    let names: BTreeSet<&str> = tree
        .nodes
        .iter()
        .filter_map(|node| match node {
            Node::Global(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for name in names {
        document.search_text(name);
        let active = reaches_system(name);
        if active {
            document.facts.push(Fact::Active {
                what: "a call into the system in a pickle".into(),
            });
        }
        if active || !is_plumbing(name) {
            document.facts.push(Fact::Object {
                class: name.to_owned(),
            });
        }
    }
}

/// Plain data as JSON; nothing when there is anything else in it, or more of it than `left` (shared parts count each time).
fn plain(tree: &Tree<'_>, id: Id, depth: usize, left: &mut usize) -> Option<serde_json::Value> {
    use serde_json::Value;
    let depth = depth.checked_sub(1)?;
    *left = left.checked_sub(1)?;
    Some(match tree.node(id) {
        Node::None => Value::Null,
        Node::Bool(yes) => Value::Bool(*yes),
        Node::Int(digits) => {
            let number = digits.parse::<i64>().map(Value::from);
            number.unwrap_or_else(|_| Value::String(digits.clone()))
        }
        Node::Float(number) => Value::from(*number),
        Node::Text(text) => Value::String(text.clone()),
        Node::List(items) | Node::Tuple(items) | Node::Set(items) => {
            let items = items.iter().map(|item| plain(tree, *item, depth, left));
            Value::Array(items.collect::<Option<_>>()?)
        }
        Node::Dict(pairs) => {
            let pair = |(key, value): &(Id, Id)| {
                let key = name(plain(tree, *key, depth, left)?);
                Some((key, plain(tree, *value, depth, left)?))
            };
            Value::Object(pairs.iter().map(pair).collect::<Option<_>>()?)
        }
        _ => Value::from_text(arrays::scalar(tree, id)?),
    })
}

/// A key of any kind as a name: the parts of a tuple beside each other.
fn name(key: serde_json::Value) -> String {
    match key {
        serde_json::Value::String(text) => text,
        serde_json::Value::Array(parts) => {
            let parts: Vec<String> = parts.into_iter().map(name).collect();
            parts.join(" ")
        }
        other => other.to_string(),
    }
}

/// A number of NumPy in words, as JSON.
trait FromText {
    fn from_text(text: String) -> Self;
}

impl FromText for serde_json::Value {
    fn from_text(text: String) -> Self {
        text.parse::<i64>()
            .map(Self::from)
            .or_else(|_| text.parse::<f64>().map(Self::from))
            .unwrap_or(Self::String(text))
    }
}
