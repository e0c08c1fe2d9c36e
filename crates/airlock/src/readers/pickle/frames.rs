//! pandas tables in a pickle: the blocks of a `DataFrame` or `Series` put together again, column by column.
//!
//! What is not known here (an extension type of another library) makes no table, and is searched and judged as arrays.

use super::arrays;
use super::machine::{Id, Node, Object, Tree};
use crate::limits;

/// A column: its name, and its cells in words.
pub(super) type Column = (String, Vec<String>);

/// The columns of a table, those of its index first; nothing when the node is none or has parts that are not read.
pub(super) fn columns(tree: &Tree<'_>, id: Id) -> Option<Vec<Column>> {
    let object = tree.object(id)?;
    let class = tree.class(object);
    let is_series = class.starts_with("pandas.") && class.ends_with(".Series");
    let is_frame = class.starts_with("pandas.") && class.ends_with(".DataFrame");
    if !is_series && !is_frame {
        return None;
    }
    let state = object.state?;
    let manager = tree.object(
        tree.get(state, "_mgr")
            .or_else(|| tree.get(state, "_data"))?,
    )?;
    let (blocks, axes) = parts(tree, manager)?;
    let (names, rows) = if is_series {
        (None, *axes.first()?)
    } else {
        (Some(names(tree, *axes.first()?)?), *axes.get(1)?)
    };
    let index = index(tree, rows)?;
    let height = index.first().map_or(0, |(_, cells)| cells.len());
    let width = names.as_ref().map_or(1, Vec::len);
    if width > limits::COLUMNS || width.checked_mul(height)? > limits::CELLS {
        return None;
    }
    let mut body: Vec<Option<Vec<String>>> = vec![None; width];
    for (values, places) in &blocks {
        let cells = cells(tree, *values)?;
        let places = match places {
            Some(places) => self::places(tree, *places)?,
            None => vec![0],
        };
        if cells.len() != places.len().checked_mul(height)? {
            return None;
        }
        for (place, column) in places.iter().zip(cells.chunks(height.max(1))) {
            *body.get_mut(*place)? = Some(column.to_vec());
        }
        if height == 0 {
            for place in places {
                *body.get_mut(place)? = Some(Vec::new());
            }
        }
    }
    let body: Vec<Vec<String>> = body.into_iter().collect::<Option<_>>()?;
    let names = names.unwrap_or_else(|| {
        let name = tree.get(state, "name").or_else(|| tree.get(state, "_name"));
        vec![
            name.and_then(|id| arrays::scalar(tree, id))
                .unwrap_or_default(),
        ]
    });
    let plain = |(name, cells): &Column| name.is_empty() && is_range(cells);
    let mut all: Vec<Column> = index.into_iter().filter(|c| !plain(c)).collect();
    all.extend(names.into_iter().zip(body));
    Some(all)
}

/// 0, 1, 2 …: the numbers that pandas gives to rows without names.
fn is_range(cells: &[String]) -> bool {
    cells
        .iter()
        .zip(0_usize..)
        .all(|(cell, n)| *cell == n.to_string())
}

type Blocks = Vec<(Id, Option<Id>)>;

/// The blocks (their values and places) and the axes of a manager, of this and of older versions of pandas.
fn parts(tree: &Tree<'_>, manager: &Object) -> Option<(Blocks, Vec<Id>)> {
    let block = |id: Id| -> Option<(Id, Option<Id>)> {
        if let Some(object) = tree.object(id) {
            let [values, places, _] = tree.items(object.arguments).try_into().ok()?;
            return Some((values, Some(places)));
        }
        Some((tree.get(id, "values")?, tree.get(id, "mgr_locs")))
    };
    if let [blocks, axes] = *tree.items(manager.arguments) {
        if tree.object(blocks).is_some() {
            return Some((vec![block(blocks)?], vec![axes]));
        }
        let blocks = tree.items(blocks).iter().map(|id| block(*id));
        return Some((blocks.collect::<Option<_>>()?, tree.items(axes).to_vec()));
    }
    let newest = *tree.items(manager.state?).get(3)?;
    let state = tree.get(newest, "0.14.1")?;
    let blocks = tree.items(tree.get(state, "blocks")?).iter();
    let axes = tree.items(tree.get(state, "axes")?).to_vec();
    let mut blocks: Blocks = blocks.map(|id| block(*id)).collect::<Option<_>>()?;
    if axes.len() == 1 {
        blocks.iter_mut().for_each(|(_, places)| *places = None);
    }
    Some((blocks, axes))
}

/// Where the columns of a block stand: `slice(0, 3, 1)` or an array of numbers.
fn places(tree: &Tree<'_>, id: Id) -> Option<Vec<usize>> {
    if let Some(object) = tree.object(id)
        && tree.class(object).ends_with(".slice")
    {
        let words = tree.items(object.arguments).iter();
        let bounds: Vec<usize> = words
            .map(|id| arrays::scalar(tree, *id)?.parse().ok())
            .collect::<Option<_>>()?;
        let [start, stop, step] = bounds.try_into().ok()?;
        let most = limits::COLUMNS + 1;
        return Some((start..stop).step_by(step.max(1)).take(most).collect());
    }
    let found = arrays::array(tree, id)?;
    let words = arrays::texts(tree, &found)?;
    words.iter().map(|word| word.parse().ok()).collect()
}

/// The cells of a block, column after column.
fn cells(tree: &Tree<'_>, id: Id) -> Option<Vec<String>> {
    if let Some(found) = arrays::array(tree, id) {
        let texts = arrays::texts(tree, &found)?;
        let axes: Vec<usize> = found
            .shape
            .iter()
            .map(|n| usize::try_from(*n).ok())
            .collect::<Option<_>>()?;
        return match (axes.as_slice(), found.by_column) {
            // The first axis runs fastest: turn it, so that each column's cells stand together.
            ([columns, rows], true) => {
                let at = |column: usize, row: usize| texts.get(row * columns + column).cloned();
                (0..*columns)
                    .flat_map(|column| (0..*rows).map(move |row| at(column, row)))
                    .collect()
            }
            _ => Some(texts),
        };
    }
    let object = tree.object(id)?;
    let class = tree.class(object);
    if !class.starts_with("pandas.") {
        return None;
    }
    if let Some(state) = object.state {
        // Categories: kind, codes, attributes. Dates and times: kind, values, attributes. In either order.
        let parts: Vec<Id> = match tree.node(state) {
            Node::Dict(pairs) => pairs.iter().map(|(_, value)| *value).collect(),
            _ => tree.items(state).to_vec(),
        };
        let numbers = parts.iter().find_map(|id| arrays::array(tree, *id))?;
        let texts = arrays::texts(tree, &numbers)?;
        let categories = parts.iter().find_map(|id| {
            let kind = tree.object(*id)?;
            tree.get(kind.state?, "categories")
        });
        let masked = parts
            .iter()
            .filter(|id| arrays::array(tree, **id).is_some());
        return match categories {
            Some(categories) => {
                let names = names(tree, categories)?;
                let name = |code: &String| {
                    let index = code.parse::<usize>().ok();
                    index
                        .and_then(|i| names.get(i).cloned())
                        .unwrap_or_default()
                };
                Some(texts.iter().map(name).collect())
            }
            None if masked.count() == 2 => masked_cells(tree, state),
            None => Some(texts),
        };
    }
    None
}

/// Numbers and a mask of those that are missing (`Int64`, `Float64`, `boolean`).
fn masked_cells(tree: &Tree<'_>, state: Id) -> Option<Vec<String>> {
    let words = |key: &str| {
        let found = arrays::array(tree, tree.get(state, key)?)?;
        arrays::texts(tree, &found)
    };
    let (values, mask) = (words("_data")?, words("_mask")?);
    let cell = |(value, missing): (String, String)| {
        if missing == "True" {
            String::new()
        } else {
            value
        }
    };
    Some(values.into_iter().zip(mask).map(cell).collect())
}

/// The names of columns: of several levels, put together.
fn names(tree: &Tree<'_>, id: Id) -> Option<Vec<String>> {
    let levels = index(tree, id)?;
    let (_, first) = levels.first()?;
    let join = |row: usize| {
        let words = levels.iter().filter_map(|(_, cells)| cells.get(row));
        let words: Vec<&str> = words
            .map(String::as_str)
            .filter(|w| !w.is_empty())
            .collect();
        words.join(" ")
    };
    Some((0..first.len()).map(join).collect())
}

/// An index: one column, or one for each level.
fn index(tree: &Tree<'_>, id: Id) -> Option<Vec<Column>> {
    let object = tree.object(id)?;
    let class = tree.class(object);
    if !(class.starts_with("pandas.") && class.contains("_new_")) {
        return None;
    }
    let [_, state, ..] = *tree.items(object.arguments) else {
        return None;
    };
    let text = |id: Id| arrays::scalar(tree, id).unwrap_or_default();
    let name = tree.get(state, "name").map(text).unwrap_or_default();
    if let (Some(start), Some(stop), Some(step)) = (
        tree.get(state, "start"),
        tree.get(state, "stop"),
        tree.get(state, "step"),
    ) {
        let number = |id: Id| text(id).parse::<usize>().ok();
        let (start, stop, step) = (number(start)?, number(stop)?, number(step)?);
        let most = limits::ROWS + 1;
        let cells = (start..stop).step_by(step.max(1)).take(most);
        return Some(vec![(name, cells.map(|n| n.to_string()).collect())]);
    }
    if let (Some(levels), Some(codes)) = (tree.get(state, "levels"), tree.get(state, "codes")) {
        let names = tree
            .get(state, "names")
            .map(|id| list(tree, id))
            .unwrap_or_default();
        let (levels, codes) = (list(tree, levels), list(tree, codes));
        let level = |(i, (level, codes)): (usize, (&Id, &Id))| -> Option<Column> {
            let values = self::names(tree, *level)?;
            let found = arrays::array(tree, *codes)?;
            let cell = |code: &String| {
                let at = code.parse::<usize>().ok();
                at.and_then(|at| values.get(at).cloned())
                    .unwrap_or_default()
            };
            let cells = arrays::texts(tree, &found)?.iter().map(cell).collect();
            Some((names.get(i).map(|id| text(*id)).unwrap_or_default(), cells))
        };
        return levels.iter().zip(&codes).enumerate().map(level).collect();
    }
    let data = tree.get(state, "data")?;
    match tree.node(data) {
        Node::List(items) => Some(vec![(name, items.iter().map(|id| text(*id)).collect())]),
        _ => Some(vec![(name, cells(tree, data)?)]),
    }
}

/// A list, or an object that is one with another name (`FrozenList`).
fn list(tree: &Tree<'_>, id: Id) -> Vec<Id> {
    let Some(object) = tree.object(id) else {
        return tree.items(id).to_vec();
    };
    if !object.items.is_empty() {
        return object.items.clone();
    }
    let first = tree.items(object.arguments).first();
    first.map(|id| tree.items(*id).to_vec()).unwrap_or_default()
}

/// Whether a table carries attributes, which no program shows.
pub(super) fn has_attributes(tree: &Tree<'_>, id: Id) -> bool {
    let state = tree.object(id).and_then(|object| object.state);
    let attributes = state.and_then(|state| tree.get(state, "attrs"));
    attributes.is_some_and(|id| !matches!(tree.node(id), Node::Dict(pairs) if pairs.is_empty()))
}
