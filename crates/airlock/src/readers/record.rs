//! A record of a tree as one row: nested maps fall into columns `outer.inner`.

use super::tree::{Node, What};
use crate::limits;

/// The scalars of a record, by their names; what is no scalar is handed back.
pub(crate) fn flatten<'a>(
    prefix: &str,
    node: &'a Node,
    depth: usize,
    flat: &mut Vec<(String, String)>,
    lists: &mut Vec<(String, &'a Node)>,
) {
    for (key, value) in node.map().unwrap_or_default() {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match &value.what {
            What::Null => flat.push((name, String::new())),
            What::Scalar(text) => flat.push((name, text.clone())),
            What::Map(_) if depth < limits::DEPTH => flatten(&name, value, depth + 1, flat, lists),
            What::List(_) | What::Map(_) => lists.push((name, value)),
        }
    }
}
