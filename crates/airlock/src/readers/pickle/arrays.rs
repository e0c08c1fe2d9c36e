//! NumPy arrays, kinds and single numbers in a pickle, as NumPy's own `__reduce__` writes them and as joblib does.

use super::machine::{Id, Node, Object, Tree};
use crate::readers::numpy::Kind;
use std::borrow::Cow;

/// An array that a joblib file announces.
pub(super) struct Announced {
    /// Its bytes; nothing for an array of objects, whose values are a pickle.
    pub(super) size: Option<usize>,
    /// Whether padding stands before them.
    pub(super) aligned: bool,
}

/// An array that was found.
pub(super) struct Found<'a> {
    pub(super) shape: Vec<u64>,
    pub(super) by_column: bool,
    pub(super) values: Values<'a>,
}

pub(super) enum Values<'a> {
    Numbers(Kind, Cow<'a, [u8]>),
    Objects(Vec<Id>),
    /// Of a kind that is not read.
    Other(Cow<'a, [u8]>),
}

/// The bytes of a text of which each character is one.
fn latin_1(text: &str) -> Option<Cow<'static, [u8]>> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
    Some(Cow::Owned(bytes.collect::<Option<_>>()?))
}

impl<'a> Tree<'a> {
    pub(super) fn object(&self, id: Id) -> Option<&Object> {
        match self.node(id) {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The full name of the class of an object.
    pub(super) fn class(&self, object: &Object) -> &str {
        match self.node(object.class) {
            Node::Global(name) => name,
            _ => "unknown",
        }
    }

    pub(super) fn items(&self, id: Id) -> &[Id] {
        match self.node(id) {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of a dictionary.
    pub(super) fn get(&self, id: Id, key: &str) -> Option<Id> {
        let Node::Dict(pairs) = self.node(id) else {
            return None;
        };
        let is = |(k, _): &&(Id, Id)| matches!(self.node(*k), Node::Text(text) if text == key);
        pairs.iter().find(is).map(|(_, value)| *value)
    }

    fn whole(&self, id: Id) -> Option<u64> {
        match self.node(id) {
            Node::Int(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    fn is_true(&self, id: Id) -> bool {
        matches!(self.node(id), Node::Bool(true)) || self.whole(id).is_some_and(|n| n != 0)
    }

    fn shape(&self, id: Id) -> Option<Vec<u64>> {
        match self.node(id) {
            Node::Int(_) => Some(vec![self.whole(id)?]),
            _ => self.items(id).iter().map(|n| self.whole(*n)).collect(),
        }
    }

    fn data(&self, id: Id) -> Option<Cow<'a, [u8]>> {
        match self.node(id) {
            Node::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
            Node::Text(text) => latin_1(text),
            Node::Object(object) => {
                // `bytearray(b"…")`, `PickleBuffer(b"…")`, and before protocol 3 `_codecs.encode("…", "latin1")`.
                match self.node(*self.items(object.arguments).first()?) {
                    Node::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
                    Node::Text(text) => latin_1(text),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A kind of number: its letter and size, with the order of bytes that its state says. `O` is of objects.
    fn kind(&self, id: Id) -> Option<String> {
        let object = self.object(id)?;
        if !self.class(object).ends_with(".dtype") {
            return None;
        }
        let Node::Text(name) = self.node(*self.items(object.arguments).first()?) else {
            return None;
        };
        let order = object
            .state
            .and_then(|state| self.items(state).get(1).copied());
        match order.map(|order| self.node(order)) {
            Some(Node::Text(order)) if order == ">" => Some(format!(">{name}")),
            _ => Some(name.clone()),
        }
    }
}

/// Whether an object is joblib's announcement of an array, and how many bytes follow it.
pub(super) fn announced(tree: &Tree<'_>, id: Id) -> Option<Announced> {
    let object = tree.object(id)?;
    let class = tree.class(object);
    if !(class.starts_with("joblib.") && class.ends_with(".NumpyArrayWrapper")) {
        return None;
    }
    let state = object.state?;
    let kind = tree.kind(tree.get(state, "dtype")?)?;
    let shape = tree.shape(tree.get(state, "shape")?)?;
    let aligned = tree
        .get(state, "numpy_array_alignment_bytes")
        .is_some_and(|id| !matches!(tree.node(id), Node::None));
    if kind.trim_start_matches('>').starts_with('O') {
        return Some(Announced {
            size: None,
            aligned: false,
        });
    }
    let size = Kind::of(&kind).map_or(0, |kind| kind.size());
    let elements = shape
        .iter()
        .try_fold(1_u64, |n, axis| n.checked_mul(*axis))?;
    let size = usize::try_from(elements).ok()?.checked_mul(size)?;
    Some(Announced {
        size: Some(size),
        aligned,
    })
}

/// The array that a node is, if it is one.
pub(super) fn array<'a>(tree: &Tree<'a>, id: Id) -> Option<Found<'a>> {
    match tree.node(id) {
        Node::Raw(wrapper, data) => {
            let (kind, shape, by_column) = wrapped(tree, *wrapper)?;
            Some(found(&kind, shape, by_column, Cow::Borrowed(data)))
        }
        Node::RawObjects(wrapper, inner) => {
            let (_, shape, _) = wrapped(tree, *wrapper)?;
            let inner = array(tree, *inner)?;
            Some(Found { shape, ..inner })
        }
        Node::Object(object) => {
            let class = tree.class(object);
            let is = |name: &str| class.starts_with("numpy.") && class.ends_with(name);
            if is(".multiarray._reconstruct") || is(".ndarray") {
                // Version, shape, kind, order, values.
                let [_, shape, kind, order, values] = tree.items(object.state?).try_into().ok()?;
                let kind = tree.kind(kind)?;
                let shape = tree.shape(shape)?;
                if matches!(tree.node(values), Node::List(_)) {
                    return Some(Found {
                        shape,
                        by_column: tree.is_true(order),
                        values: Values::Objects(tree.items(values).to_vec()),
                    });
                }
                Some(found(&kind, shape, tree.is_true(order), tree.data(values)?))
            } else if is(".numeric._frombuffer") {
                let [data, kind, shape, order] = tree.items(object.arguments).try_into().ok()?;
                let by_column = matches!(tree.node(order), Node::Text(order) if order == "F");
                let kind = tree.kind(kind)?;
                Some(found(
                    &kind,
                    tree.shape(shape)?,
                    by_column,
                    tree.data(data)?,
                ))
            } else {
                None
            }
        }
        _ => None,
    }
}

fn wrapped(tree: &Tree<'_>, wrapper: Id) -> Option<(String, Vec<u64>, bool)> {
    let state = tree.object(wrapper)?.state?;
    let order = tree.get(state, "order")?;
    let by_column = matches!(tree.node(order), Node::Text(order) if order == "F");
    let kind = tree.kind(tree.get(state, "dtype")?)?;
    Some((kind, tree.shape(tree.get(state, "shape")?)?, by_column))
}

fn found<'a>(kind: &str, shape: Vec<u64>, by_column: bool, data: Cow<'a, [u8]>) -> Found<'a> {
    let values = match Kind::of(kind) {
        Some(kind) => Values::Numbers(kind, data),
        None => Values::Other(data),
    };
    Found {
        shape,
        by_column,
        values,
    }
}

/// A single number or text: of Python, or of NumPy in words of its kind.
pub(super) fn scalar(tree: &Tree<'_>, id: Id) -> Option<String> {
    match tree.node(id) {
        Node::None => Some(String::new()),
        Node::Bool(yes) => Some(yes.to_string()),
        Node::Int(digits) => Some(digits.clone()),
        Node::Float(number) => Some(number.to_string()),
        Node::Text(text) => Some(text.clone()),
        Node::Object(object) => {
            let class = tree.class(object);
            if class.starts_with("numpy.") && class.ends_with(".multiarray.scalar") {
                let [kind, data] = tree.items(object.arguments).try_into().ok()?;
                return Some(Kind::of(&tree.kind(kind)?)?.text(&tree.data(data)?));
            }
            None
        }
        _ => None,
    }
}

/// The values of an array in words, in the order of its elements; nothing when they are not read.
pub(super) fn texts(tree: &Tree<'_>, found: &Found<'_>) -> Option<Vec<String>> {
    match &found.values {
        Values::Objects(ids) => Some(
            ids.iter()
                .map(|id| scalar(tree, *id).unwrap_or_else(|| "object".into()))
                .collect(),
        ),
        Values::Numbers(kind, data) => Some(
            data.chunks_exact(kind.size())
                .map(|one| kind.text(one))
                .collect(),
        ),
        Values::Other(_) => None,
    }
}
