//! A walk over R's values that finds tables and vectors, and knows what they are called.

use super::stream::{Id, Tree, Value};
use crate::limits;
use crate::readers::columnar::Grid;
use crate::readers::numpy::date;
use crate::readers::{Document, Fact};
use std::collections::HashSet;

/// Classes of R's own data, which are read for what they hold.
const PLAIN: &[&str] = &[
    "data.frame",
    "tbl_df",
    "tbl",
    "data.table",
    "grouped_df",
    "rowwise_df",
    "spec_tbl_df",
    "factor",
    "ordered",
    "Date",
    "POSIXct",
    "POSIXt",
    "difftime",
    "table",
    "xtabs",
    "matrix",
    "array",
    "noquote",
    "summaryDefault",
    "formula",
    "terms",
    "name",
    "call",
    "family",
    "numeric_version",
    "package_version",
    "AsIs",
    "integer64",
    "labelled",
    "haven_labelled",
    "vctrs_vctr",
    "anova",
];
/// Entries of a vector in an object from which it may be one for each person.
const LONG: usize = 20;

pub(super) struct Walk<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) seen: HashSet<Id>,
    /// Objects around where the walk is.
    pub(super) in_objects: usize,
    /// Single values outside objects, by their names.
    pub(super) plain: serde_json::Map<String, serde_json::Value>,
    pub(super) document: Document,
}

impl Walk<'_, '_> {
    fn texts(&self, id: Option<Id>) -> Vec<String> {
        match id.map(|id| self.tree.value(id)) {
            Some(Value::Texts(texts)) => texts
                .iter()
                .map(|t| t.clone().unwrap_or_default())
                .collect(),
            _ => Vec::new(),
        }
    }

    fn classes(&self, id: Id) -> Vec<String> {
        self.texts(self.tree.attribute(id, "class"))
    }

    pub(super) fn visit(&mut self, id: Id, name: &str, depth: usize) {
        if depth == 0 {
            self.document.unread += 1;
            return;
        }
        if !self.seen.insert(id) {
            return;
        }
        let classes = self.classes(id);
        let is = |class: &str| classes.iter().any(|c| c == class);
        let object = classes.iter().any(|class| !PLAIN.contains(&class.as_str()));
        for class in classes
            .iter()
            .filter(|class| !PLAIN.contains(&class.as_str()))
        {
            self.document.facts.push(Fact::Object {
                class: class.clone(),
            });
        }
        self.in_objects += usize::from(object);
        if is("data.frame") {
            self.frame(id);
            self.other_attributes(id, &["names", "row.names", "class", "groups"], depth);
        } else {
            self.value(id, name, depth);
            self.other_attributes(
                id,
                &["names", "dim", "dimnames", "class", "levels", "tzone"],
                depth,
            );
        }
        self.in_objects -= usize::from(object);
    }

    /// What hangs on a value besides what makes it one: programs show it to nobody.
    fn other_attributes(&mut self, id: Id, known: &[&str], depth: usize) {
        let list = self.tree.nodes.get(id).and_then(|node| node.attributes);
        if let Some(Value::Pairs(pairs)) = list.map(|list| self.tree.value(list)) {
            for (name, value) in pairs
                .iter()
                .filter(|(name, _)| !known.contains(&name.as_str()))
            {
                self.in_objects += 1;
                self.visit(*value, name, depth - 1);
                self.in_objects -= 1;
            }
        }
    }

    fn value(&mut self, id: Id, name: &str, depth: usize) {
        match self.tree.value(id) {
            Value::Nil | Value::Symbol(_) => {}
            Value::List(items) => {
                let names = self.texts(self.tree.attribute(id, "names"));
                for (i, item) in items.iter().enumerate() {
                    self.visit(*item, names.get(i).map_or(name, String::as_str), depth - 1);
                }
            }
            Value::Pairs(pairs) => {
                for (name, value) in pairs {
                    self.visit(*value, name, depth - 1);
                }
            }
            Value::Closure(parts) => {
                self.object("function");
                parts
                    .iter()
                    .for_each(|part| self.visit(*part, "", depth - 1));
            }
            Value::Environment(parts) => {
                self.object("environment");
                parts
                    .iter()
                    .for_each(|part| self.visit(*part, "", depth - 1));
            }
            Value::S4 => self.object("S4"),
            Value::Raw(bytes) => {
                let bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.document.unread = self.document.unread.saturating_add(bytes);
                self.object("raw");
            }
            Value::Ints(..) | Value::Reals(_) | Value::Texts(_) => self.vector(id, name),
        }
    }

    fn object(&mut self, class: &str) {
        self.document.facts.push(Fact::Object {
            class: class.into(),
        });
    }

    /// The elements of a vector in words, by its class.
    fn cells(&self, id: Id) -> Vec<String> {
        let classes = self.classes(id);
        let is = |class: &str| classes.iter().any(|c| c == class);
        let levels = self.texts(self.tree.attribute(id, "levels"));
        match self.tree.value(id) {
            Value::Ints(numbers, logical) => numbers
                .iter()
                .map(|n| match *n {
                    i32::MIN => String::new(),
                    n if is("factor") => usize::try_from(n - 1)
                        .ok()
                        .and_then(|n| levels.get(n).cloned())
                        .unwrap_or_default(),
                    n if is("Date") => date(i64::from(n)),
                    n if *logical => if n == 0 { "FALSE" } else { "TRUE" }.into(),
                    n => n.to_string(),
                })
                .collect(),
            Value::Reals(numbers) => numbers
                .iter()
                .map(|n| match days(*n, is("Date"), is("POSIXct")) {
                    _ if n.is_nan() => "NA".into(),
                    Some(days) => date(days),
                    None => n.to_string(),
                })
                .collect(),
            Value::Texts(texts) => texts
                .iter()
                .map(|t| t.clone().unwrap_or_default())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A data frame as a table; a column that is no vector is walked into.
    fn frame(&mut self, id: Id) {
        let Value::List(items) = self.tree.value(id) else {
            return;
        };
        let mut names = self.texts(self.tree.attribute(id, "names"));
        let mut columns: Vec<Vec<String>> = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let cells = self.cells(*item);
            let name = names.get(i).cloned().unwrap_or_default();
            if cells.is_empty()
                && !matches!(
                    self.tree.value(*item),
                    Value::Ints(..) | Value::Reals(_) | Value::Texts(_)
                )
            {
                self.visit(*item, &name, limits::NESTING / 2);
            }
            let hidden = [
                "levels",
                "class",
                "tzone",
                "label",
                "labels",
                "names",
                "format.spss",
                "format.stata",
            ];
            self.other_attributes(*item, &hidden, limits::NESTING / 2);
            columns.push(cells);
        }
        let rows = self.tree.attribute(id, "row.names");
        let rows = rows.map(|rows| self.cells(rows)).unwrap_or_default();
        // `c(NA, -4)`: as many rows, without names. 1, 2, 3 … are no names either.
        let compact = rows.len() == 2 && rows.first().is_some_and(String::is_empty);
        let numbered = rows
            .iter()
            .zip(1_usize..)
            .all(|(row, n)| *row == n.to_string());
        if !compact && !numbered && !rows.is_empty() {
            names.insert(0, "row".into());
            columns.insert(0, rows);
        }
        self.table(&names, &columns);
    }

    fn table(&mut self, names: &[String], columns: &[Vec<String>]) {
        let height = columns.iter().map(Vec::len).max().unwrap_or(0);
        let mut grid = Grid::new(names.iter().cloned());
        for row in 0..height {
            let cell = |column: &Vec<String>| column.get(row).cloned().unwrap_or_default();
            if !grid.push(columns.iter().map(cell)) {
                break;
            }
        }
        let cells = columns.iter().flatten().chain(names);
        let bytes: usize = cells.map(|cell| cell.len() + 1).sum();
        grid.close(u64::try_from(bytes).unwrap_or(u64::MAX), &mut self.document);
    }

    fn vector(&mut self, id: Id, name: &str) {
        let cells = self.cells(id);
        let axes: Vec<usize> = match self
            .tree
            .attribute(id, "dim")
            .map(|dim| self.tree.value(dim))
        {
            Some(Value::Ints(axes, _)) => axes
                .iter()
                .filter_map(|n| usize::try_from(*n).ok())
                .collect(),
            _ => vec![cells.len()],
        };
        let longest = axes.iter().max().copied().unwrap_or(0);
        if self.in_objects > 0 && longest < LONG {
            // Coefficients and settings of a model: searched.
            return;
        }
        if longest >= LONG && (self.in_objects > 0 || axes.len() > 2) {
            let shape = axes.iter().map(|n| u64::try_from(*n).unwrap_or(u64::MAX));
            self.document.facts.push(Fact::Array {
                name: name.to_owned(),
                shape: shape.collect(),
            });
        }
        let names = self.texts(self.tree.attribute(id, "names"));
        match axes.as_slice() {
            _ if axes.iter().product::<usize>() != cells.len() => {
                self.table(&[name.to_owned()], &[cells]);
            }
            [] | [1] if names.is_empty() => {
                let value = cells.into_iter().next().unwrap_or_default();
                let value = value
                    .parse::<f64>()
                    .map_or(serde_json::Value::String(value), |n| {
                        serde_json::Number::from_f64(n)
                            .map_or(serde_json::Value::Null, |_| serde_json::json!(n))
                    });
                self.plain.insert(name.to_owned(), value);
            }
            [_] if self.tree.attribute(id, "dim").is_none() => {
                let header = if name.is_empty() { "value" } else { name };
                if names.is_empty() {
                    let header: Vec<String> = (!name.is_empty())
                        .then(|| name.to_owned())
                        .into_iter()
                        .collect();
                    self.column(&header, cells);
                } else {
                    let names = names.iter().map(|name| statistic(name)).collect();
                    self.table(&["name".into(), header.to_owned()], &[names, cells]);
                }
            }
            _ => self.array(id, &axes, &cells, name),
        }
    }

    /// A vector without names of its elements: without a name of its own it is a table without a heading.
    fn column(&mut self, header: &[String], cells: Vec<String>) {
        match header.first() {
            Some(name) => self.table(std::slice::from_ref(name), &[cells]),
            None => {
                let mut cells = cells.into_iter();
                let first: Vec<String> = cells.by_ref().take(1).collect();
                self.table(&first, &[cells.collect()]);
            }
        }
    }

    /// A matrix or a table of counts: of two axes as it is printed, of others a row for each cell.
    fn array(&mut self, id: Id, axes: &[usize], cells: &[String], name: &str) {
        let labels: Vec<Vec<String>> = match self
            .tree
            .attribute(id, "dimnames")
            .map(|names| self.tree.value(names))
        {
            Some(Value::List(items)) => items.iter().map(|item| self.texts(Some(*item))).collect(),
            _ => Vec::new(),
        };
        let label =
            |axis: usize, at: usize| labels.get(axis).and_then(|names| names.get(at)).cloned();
        if let [rows, columns] = axes {
            let mut names = vec![String::new()];
            names.extend(
                (0..*columns).map(|c| label(1, c).unwrap_or_else(|| format!("{name}_{}", c + 1))),
            );
            let head = (0..*rows).map(|r| label(0, r).unwrap_or_else(|| (r + 1).to_string()));
            let mut body: Vec<Vec<String>> = vec![head.collect()];
            body.extend(cells.chunks((*rows).max(1)).map(<[String]>::to_vec));
            if labels.first().is_none_or(Vec::is_empty) {
                names.remove(0);
                body.remove(0);
            }
            return self.table(&names, &body);
        }
        let counted = self
            .classes(id)
            .iter()
            .any(|class| class == "table" || class == "xtabs");
        let mut columns: Vec<Vec<String>> = vec![Vec::new(); axes.len()];
        for index in 0..cells.len() {
            let mut rest = index;
            for (axis, (size, column)) in axes.iter().zip(&mut columns).enumerate() {
                let at = rest % (*size).max(1);
                rest /= (*size).max(1);
                column.push(label(axis, at).unwrap_or_else(|| (at + 1).to_string()));
            }
        }
        let mut names: Vec<String> = (1..=axes.len())
            .map(|axis| format!("group {axis}"))
            .collect();
        let whole = cells.iter().all(|cell| cell.parse::<i64>().is_ok());
        names.push(match (counted, whole) {
            (true, true) => "n".into(),
            (true, false) => "proportion".into(),
            _ => name.to_owned(),
        });
        columns.push(cells.to_vec());
        self.table(&names, &columns);
    }
}

/// `quantile` names the least and the largest value 0 and 100 per cent.
fn statistic(name: &str) -> String {
    match name.strip_suffix('%') {
        Some("0") => "minimum".into(),
        Some("100") => "maximum".into(),
        Some(share) => format!("percentile {share}"),
        None => name.to_owned(),
    }
}

/// Days since 1970 of a date or of a time in seconds.
fn days(number: f64, is_date: bool, is_time: bool) -> Option<i64> {
    let days = match (is_date, is_time) {
        (true, _) => number,
        (_, true) => number / 86_400.0,
        _ => return None,
    };
    let whole = days.floor();
    #[expect(clippy::cast_possible_truncation, reason = "checked: whole and small")]
    (whole.abs() < 1e7).then_some(whole as i64)
}
