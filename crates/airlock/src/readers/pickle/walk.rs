//! A walk over the tree of a pickle that finds tables, arrays and plain data, and knows what they are called.

use super::arrays::{self, Found, Values};
use super::machine::{Id, Node, Tree};
use super::{frames, is_plumbing, plain};
use crate::limits;
use crate::readers::columnar::Grid;
use crate::readers::frame::length;
use crate::readers::numpy::Array;
use crate::readers::{Document, Fact};
use std::collections::HashSet;

/// Entries of a list in an object from which it may be one for each person.
const LONG: usize = 20;

pub(super) struct Walk<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) seen: HashSet<Id>,
    /// Names of attributes and keys that lead to where the walk is.
    pub(super) path: Vec<String>,
    /// Objects around where the walk is: in a model a number is a setting as often as a result.
    pub(super) in_objects: usize,
    /// Plain data outside objects.
    pub(super) plain: Vec<serde_json::Value>,
    pub(super) document: Document,
}

impl Walk<'_, '_> {
    pub(super) fn visit(&mut self, id: Id, depth: usize) {
        if depth == 0 {
            // What is deeper was searched, and is not understood.
            self.document.unread += 1;
            return;
        }
        if !self.seen.insert(id) {
            return;
        }
        if self.in_objects == 0 && !matches!(self.tree.node(id), Node::None) {
            let data = plain(self.tree, id, limits::NESTING, &mut limits::OBJECTS.clone());
            if let Some(data) = data {
                self.plain.push(data);
                return;
            }
        }
        if let Some(columns) = frames::columns(self.tree, id) {
            self.table(&columns);
            if frames::has_attributes(self.tree, id) {
                let what = "attributes of a table".into();
                self.document.facts.push(Fact::Hidden { what });
            }
            return;
        }
        if let Some(found) = arrays::array(self.tree, id) {
            self.array(&found);
            if let Values::Objects(ids) = &found.values {
                self.all(ids, depth);
            }
            return;
        }
        match self.tree.node(id) {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => {
                self.list(items.len());
                self.all(items, depth);
            }
            Node::Dict(pairs) => {
                self.list(pairs.len());
                self.pairs(pairs, depth);
            }
            Node::Object(object) => {
                let counts = usize::from(!is_plumbing(self.tree.class(object)));
                self.in_objects += counts;
                self.list(object.items.len());
                self.list(object.pairs.len());
                self.visit(object.class, depth - 1);
                self.visit(object.arguments, depth - 1);
                self.all(&object.items, depth);
                self.pairs(&object.pairs, depth);
                match object.state.map(|state| (state, self.tree.node(state))) {
                    // The attributes, however many, are no list.
                    Some((_, Node::Dict(pairs))) => self.pairs(pairs, depth),
                    Some((state, _)) => self.visit(state, depth - 1),
                    None => {}
                }
                self.in_objects -= counts;
            }
            _ => {}
        }
    }

    fn all(&mut self, ids: &[Id], depth: usize) {
        ids.iter().for_each(|id| self.visit(*id, depth - 1));
    }

    fn pairs(&mut self, pairs: &[(Id, Id)], depth: usize) {
        // Outside objects, plain values under their names are one piece of data.
        let mut together = serde_json::Map::new();
        for (key, value) in pairs {
            let name = arrays::scalar(self.tree, *key).unwrap_or_default();
            let data = (self.in_objects == 0)
                .then(|| {
                    plain(
                        self.tree,
                        *value,
                        limits::NESTING,
                        &mut limits::OBJECTS.clone(),
                    )
                })
                .flatten();
            if let Some(data) = data {
                together.insert(name, data);
                continue;
            }
            if !matches!(self.tree.node(*key), Node::Text(_)) {
                self.visit(*key, depth - 1);
            }
            self.path.push(name);
            self.visit(*value, depth - 1);
            self.path.pop();
        }
        if !together.is_empty() {
            self.plain.push(serde_json::Value::Object(together));
        }
    }

    /// A long list in an object is an array as good as any.
    fn list(&mut self, entries: usize) {
        if self.in_objects > 0 && entries >= LONG {
            let shape = vec![u64::try_from(entries).unwrap_or(u64::MAX)];
            self.fact(shape);
        }
    }

    fn fact(&mut self, shape: Vec<u64>) {
        let name = self.path.last().cloned().unwrap_or_default();
        self.document.facts.push(Fact::Array { name, shape });
    }

    fn table(&mut self, columns: &[frames::Column]) {
        let height = columns
            .iter()
            .map(|(_, cells)| cells.len())
            .max()
            .unwrap_or(0);
        let mut grid = Grid::new(columns.iter().map(|(name, _)| name.clone()));
        for row in 0..height {
            let cell = |(_, cells): &frames::Column| cells.get(row).cloned().unwrap_or_default();
            if !grid.push(columns.iter().map(cell)) {
                break;
            }
        }
        let column = |(name, cells): &frames::Column| {
            name.len() + cells.iter().map(|cell| cell.len() + 1).sum::<usize>()
        };
        let bytes: usize = columns.iter().map(column).sum();
        grid.close(u64::try_from(bytes).unwrap_or(u64::MAX), &mut self.document);
    }

    fn array(&mut self, found: &Found<'_>) {
        self.fact(found.shape.clone());
        let name = self.path.last().cloned().unwrap_or_default();
        let (kind, data) = match &found.values {
            Values::Numbers(kind, data) => (kind, data),
            Values::Other(data) => {
                self.document.search(data);
                self.document.unread += length(data);
                return;
            }
            Values::Objects(_) => return,
        };
        let array = Array {
            name: &name,
            shape: &found.shape,
            by_column: found.by_column,
            data,
        };
        let mut aside = Document::default();
        if array.numbers(kind, &mut aside).is_none() {
            self.document.search(data);
            self.document.unread += length(data);
        }
        // A few numbers in a model are its coefficients and settings: only searched.
        let few = found
            .shape
            .iter()
            .all(|axis| usize::try_from(*axis).is_ok_and(|n| n < LONG));
        if self.in_objects > 0 && few {
            for row in aside.tables.iter().flat_map(|table| &table.rows) {
                let cells: Vec<&str> = row.cells.iter().collect();
                self.document.search_text(&cells.join(" "));
            }
        } else {
            self.document.tables.append(&mut aside.tables);
        }
    }
}
