//! What JSON and YAML say, as a tree; and the tables and lines that the tree holds.
//!
//! Programs write tables as trees in many ways: records, columns, split, nested, one list beside another. Each is found by its
//! form. Keys and values that are in no table become lines, `key: value`. Nothing is left out: every scalar is in one of them.

use super::{Document, Fact, Line, plots, record};
use crate::limits;
use crate::roles::{self, Role};
use crate::table::{Row, Table};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// One value with the line at which it stands; 0 where that is not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) line: u64,
    pub(crate) what: What,
}

/// A value. Numbers and truth are kept as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) enum What {
    #[default]
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) const fn new(line: u64, what: What) -> Self {
        Self { line, what }
    }

    /// The text of a scalar; nothing for null; no answer for lists and maps.
    fn scalar(&self) -> Option<&str> {
        match &self.what {
            What::Null => Some(""),
            What::Scalar(text) => Some(text),
            What::List(_) | What::Map(_) => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Self]> {
        if let What::List(nodes) = &self.what {
            Some(nodes)
        } else {
            None
        }
    }

    pub(crate) fn map(&self) -> Option<&[(String, Self)]> {
        if let What::Map(entries) = &self.what {
            Some(entries)
        } else {
            None
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let entry = self.map()?.iter().find(|(name, _)| name == key);
        entry.map(|(_, node)| node)
    }

    pub(crate) fn text(&self) -> &str {
        self.scalar().unwrap_or_default()
    }

    /// A list of scalars only.
    fn scalars(&self) -> Option<Vec<&str>> {
        self.list()?.iter().map(Self::scalar).collect()
    }
}

/// From this many values a list under any name is data.
const LIST: usize = 10;

/// What a tree holds, gathered.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) tables: Vec<Table>,
    pub(crate) prose: Vec<Line>,
    pub(crate) facts: Vec<Fact>,
    /// Texts of several lines and encoded payloads, each with its place: documents of their own.
    pub(crate) texts: Vec<(String, String)>,
    /// A picture's description: its numbers are settings, and only its lists are data.
    picture: bool,
    /// Inside what is called the settings of a program.
    settings: bool,
    titles: HashMap<String, String>,
}

impl Outline {
    /// Walks the tree of a data file.
    pub(crate) fn of(root: &Node) -> Self {
        let mut outline = Self {
            picture: plots::is_picture(root),
            ..Self::default()
        };
        outline.titles = plots::axis_titles(root);
        outline.tell("", root);
        outline
    }

    /// Walks the tree of a picture that a browser draws: plotly, Bokeh, Vega, a widget.
    pub(crate) fn of_picture(root: &Node) -> Self {
        let mut outline = Self {
            picture: true,
            ..Self::default()
        };
        outline.titles = plots::axis_titles(root);
        outline.tell("", root);
        outline
    }

    /// Walks a literal of a program.
    pub(crate) fn of_literal(name: &str, node: &Node) -> Self {
        let mut outline = Self::default();
        outline.tell(name, node);
        outline
    }

    /// The document of a text that the tree was read from.
    pub(crate) fn document(self, kind: &str, text: &str) -> Document {
        let bytes = |line: &Line| u64::try_from(line.text.len()).unwrap_or(0) + 1;
        let told = self.tables.iter().map(|t| t.bytes).sum::<u64>()
            + self.prose.iter().map(bytes).sum::<u64>();
        Document {
            kind: kind.to_owned(),
            read: u64::try_from(text.len()).unwrap_or(0).saturating_sub(told),
            tables: self.tables,
            prose: self.prose,
            prose_is_text: true,
            facts: self.facts,
            ..Document::default()
        }
    }

    fn tell(&mut self, key: &str, node: &Node) {
        match &node.what {
            What::Null => {}
            What::Scalar(text) => self.scalar(key, node.line, text),
            What::List(nodes) => self.list(key, nodes),
            What::Map(entries) => self.map(key, node.line, entries),
        }
    }

    fn scalar(&mut self, key: &str, line: u64, text: &str) {
        if text.matches('\n').count() >= 2 || text.len() >= limits::OPAQUE_RUN {
            self.texts
                .push((format!("text at line {line}"), text.to_owned()));
            return;
        }
        // A setting of a picture: it is still in the text that is searched for participants.
        if self.picture && !text.contains(' ') {
            return;
        }
        let text = match (key, self.settings) {
            ("", _) => text.to_owned(),
            (_, true) => format!("parameters {key}: {text}"),
            (_, false) => format!("{key}: {text}"),
        };
        self.prose.push(Line { number: line, text });
    }

    fn list(&mut self, key: &str, nodes: &[Node]) {
        if self.is_full() {
            return;
        }
        let scalars: Option<Vec<&str>> = nodes.iter().map(Node::scalar).collect();
        if let Some(scalars) = scalars {
            self.values(key, nodes, &scalars);
        } else if self.records(nodes) || self.matrix(nodes) {
        } else {
            nodes.iter().for_each(|node| self.tell(key, node));
        }
    }

    /// A list of scalars: a column, or a line if it is short and its name does not say that it is data.
    fn values(&mut self, key: &str, nodes: &[Node], values: &[&str]) {
        let role = roles::of(key);
        let named = role.is_aggregate() || matches!(role, Role::Identifier | Role::PerPerson);
        let line = nodes.first().map_or(0, |node| node.line);
        if values.len() >= LIST || (named && values.len() >= 2 && !self.picture) {
            let rows = nodes.iter().zip(values).map(|(n, v)| (n.line, vec![*v]));
            self.table(line, vec![self.title(key)], rows.collect());
        } else if !self.picture || values.iter().any(|v| v.contains(' ')) {
            let text = values.join(", ");
            let text = if key.is_empty() {
                text
            } else {
                format!("{key}: {text}")
            };
            self.prose.push(Line { number: line, text });
        }
    }

    fn title(&self, key: &str) -> String {
        self.titles.get(key).map_or(key, String::as_str).to_owned()
    }

    /// A list of maps: one row each, one column for each key.
    fn records(&mut self, nodes: &[Node]) -> bool {
        if !nodes.iter().all(|node| node.map().is_some()) || nodes.is_empty() {
            return false;
        }
        let mut columns: Vec<String> = Vec::new();
        let mut at: HashMap<String, usize> = HashMap::new();
        let mut rows: Vec<(u64, Vec<(usize, String)>)> = Vec::new();
        let (mut cells, mut lists) = (0_usize, Vec::new());
        for node in nodes {
            let mut flat = Vec::new();
            record::flatten("", node, 0, &mut flat, &mut lists);
            cells += flat.len();
            let row = flat.into_iter().map(|(name, value)| {
                let next = at.len();
                let i = *at.entry(name.clone()).or_insert(next);
                if i == next {
                    columns.push(name);
                }
                (i, value)
            });
            rows.push((node.line, row.collect()));
        }
        let width = columns.len();
        // A table has most of its cells filled; a list of different things (the traces of a picture) has not.
        let filled = cells.saturating_mul(2) >= width.saturating_mul(rows.len());
        if !filled || width == 0 || self.picture && !lists.is_empty() {
            return false;
        }
        let room = width <= limits::COLUMNS && width.saturating_mul(rows.len()) <= limits::CELLS;
        if !room {
            return false;
        }
        let line = nodes.first().map_or(0, |node| node.line);
        let full: Vec<(u64, Vec<String>)> = rows
            .into_iter()
            .map(|(line, cells)| {
                let mut row = vec![String::new(); width];
                for (i, value) in cells {
                    if let Some(slot) = row.get_mut(i) {
                        *slot = value;
                    }
                }
                (line, row)
            })
            .collect();
        let borrowed = full
            .iter()
            .map(|(l, r)| (*l, r.iter().map(String::as_str).collect()));
        self.table(line, columns, borrowed.collect());
        lists
            .into_iter()
            .for_each(|(key, node)| self.tell(&key, node));
        true
    }

    /// A list of lists of scalars of one length.
    fn matrix(&mut self, nodes: &[Node]) -> bool {
        let rows: Option<Vec<(u64, Vec<&str>)>> = nodes
            .iter()
            .map(|node| node.scalars().map(|row| (node.line, row)))
            .collect();
        let Some(rows) = rows.filter(|rows| rows.len() >= 2) else {
            return false;
        };
        let width = rows.first().map_or(0, |(_, row)| row.len());
        if width == 0 || !rows.iter().all(|(_, row)| row.len() == width) {
            return false;
        }
        let numbers = |row: &[&str]| row.iter().any(|cell| is_number(cell));
        if self.picture && (width < 2 || !rows.iter().any(|(_, row)| numbers(row))) {
            return false;
        }
        self.push(None, rows);
        true
    }

    fn map(&mut self, key: &str, line: u64, entries: &[(String, Node)]) {
        if self.is_full() || self.split(entries) || self.nested(line, entries) {
            return;
        }
        self.facts.extend(plots::points(entries));
        let beside = self.parallel(line, entries);
        let pairs = self.pairs(key, line, entries);
        for (name, node) in entries {
            if beside.contains(name.as_str()) || pairs && node.scalar().is_some() {
                continue;
            }
            let is_long_key =
                name.len() >= limits::ID_MIN && name.bytes().any(|b| b.is_ascii_digit());
            if node.scalar().is_none() && is_long_key && !self.picture {
                let text = format!("{name}:");
                self.prose.push(Line {
                    number: node.line,
                    text,
                });
            }
            if self.picture && name == "template" {
                continue;
            }
            let outer = self.settings;
            self.settings = outer || is_settings(name);
            self.tell(name, node);
            self.settings = outer;
        }
    }

    /// pandas' `orient="split"`: `{"columns": […], "index": […], "data": [[…]]}`.
    fn split(&mut self, entries: &[(String, Node)]) -> bool {
        let get = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, n)| n);
        let (Some(columns), Some(data)) = (
            get("columns").and_then(Node::scalars),
            get("data").and_then(Node::list),
        ) else {
            return false;
        };
        let rows: Option<Vec<(u64, Vec<&str>)>> = data
            .iter()
            .map(|n| n.scalars().map(|row| (n.line, row)))
            .collect();
        let Some(mut rows) = rows else { return false };
        if rows.is_empty() || !rows.iter().all(|(_, row)| row.len() == columns.len()) {
            return false;
        }
        let mut names: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let index = get("index").and_then(Node::scalars).unwrap_or_default();
        if index.len() == rows.len() {
            names.insert(0, String::new());
            rows.iter_mut()
                .zip(index)
                .for_each(|((_, row), name)| row.insert(0, name));
        }
        let line = data.first().map_or(0, |node| node.line);
        self.table(line, names, rows);
        let rest = entries
            .iter()
            .filter(|(k, _)| !matches!(k.as_str(), "columns" | "data" | "index"));
        rest.for_each(|(name, node)| self.tell(name, node));
        true
    }

    /// A map of maps with the same keys: pandas' `orient="columns"` and `orient="index"`, nested dictionaries.
    fn nested(&mut self, line: u64, entries: &[(String, Node)]) -> bool {
        let inner: Option<Vec<&[(String, Node)]>> = entries.iter().map(|(_, n)| n.map()).collect();
        let Some(inner) = inner.filter(|inner| !inner.is_empty() && !self.picture) else {
            return false;
        };
        let first: Vec<&str> = inner
            .first()
            .map_or(Vec::new(), |m| m.iter().map(|(k, _)| k.as_str()).collect());
        let alike = |map: &&[(String, Node)]| {
            map.len() == first.len()
                && map
                    .iter()
                    .zip(&first)
                    .all(|((k, n), name)| k == name && n.scalar().is_some())
        };
        let big = entries.len() >= 2 && !first.is_empty() && entries.len() * first.len() >= 4;
        if !big || !inner.iter().all(alike) {
            return false;
        }
        let numbered = first.len() >= 2 && first.iter().all(|name| is_number(name));
        let known = |names: &mut dyn Iterator<Item = &str>| {
            names
                .filter(|name| roles::of(name) != Role::Unknown)
                .count()
        };
        let outer_known = known(&mut entries.iter().map(|(k, _)| k.as_str())) * 2 > entries.len();
        let inner_known = known(&mut first.iter().copied()) * 2 > first.len();
        let cell = |map: usize, key: usize| {
            let entry = inner.get(map).and_then(|m| m.get(key));
            entry.map_or("", |(_, node)| node.text())
        };
        if numbered || (outer_known && !inner_known) {
            let names = [String::new()]
                .into_iter()
                .chain(entries.iter().map(|(k, _)| k.clone()));
            let rows = first.iter().enumerate().map(|(r, name)| {
                let cells = (0..entries.len()).map(|c| cell(c, r));
                (line, [*name].into_iter().chain(cells).collect())
            });
            self.table(line, names.collect(), rows.collect());
        } else {
            let names = [""]
                .into_iter()
                .chain(first.iter().copied())
                .map(str::to_owned);
            let rows = entries.iter().enumerate().map(|(r, (name, node))| {
                let cells = (0..first.len()).map(|c| cell(r, c));
                (
                    node.line,
                    [name.as_str()].into_iter().chain(cells).collect(),
                )
            });
            self.table(line, names.collect(), rows.collect());
        }
        true
    }

    /// Lists of one length beside each other are the columns of a table.
    fn parallel<'a>(&mut self, line: u64, entries: &'a [(String, Node)]) -> HashSet<&'a str> {
        let lists: Vec<(&str, Vec<&str>)> = entries
            .iter()
            .filter_map(|(name, node)| Some((name.as_str(), node.scalars()?)))
            .filter(|(_, list)| list.len() >= if self.picture { 2 } else { 3 })
            .collect();
        let longest = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
        let columns: Vec<&(&str, Vec<&str>)> = lists
            .iter()
            .filter(|(_, list)| list.len() == longest)
            .collect();
        if columns.len() < 2 {
            return HashSet::new();
        }
        let names = columns.iter().map(|(name, _)| self.title(name)).collect();
        let row = |i: usize| {
            columns
                .iter()
                .map(|(_, c)| c.get(i).copied().unwrap_or_default())
                .collect()
        };
        let rows = (0..longest).map(|i| (line, row(i))).collect();
        self.table(line, names, rows);
        columns.iter().map(|(name, _)| *name).collect()
    }

    /// Ten names with a number each, and nothing else: a column of numbers by name.
    fn pairs(&mut self, key: &str, line: u64, entries: &[(String, Node)]) -> bool {
        let numbers = entries
            .iter()
            .filter(|(_, n)| n.scalar().is_some_and(is_number))
            .count();
        if numbers < LIST || numbers != entries.len() || self.picture {
            return false;
        }
        let rows = entries
            .iter()
            .map(|(name, node)| (node.line, vec![name.as_str(), node.text()]));
        self.table(line, vec![String::new(), key.to_owned()], rows.collect());
        true
    }

    fn is_full(&self) -> bool {
        self.tables.len() >= limits::TABLES
    }

    fn table(&mut self, line: u64, names: Vec<String>, rows: Vec<(u64, Vec<&str>)>) {
        self.push(
            Some(Row {
                line,
                cells: names.into(),
            }),
            rows,
        );
    }

    fn push(&mut self, header: Option<Row>, rows: Vec<(u64, Vec<&str>)>) {
        let below = rows.into_iter().map(|(line, row)| Row {
            line,
            cells: row.into_iter().collect(),
        });
        let headed = header.is_some();
        let rows: Vec<Row> = header.into_iter().chain(below).collect();
        let size = |row: &Row| row.cells.iter().map(|cell| cell.len() + 1).sum::<usize>();
        let bytes = u64::try_from(rows.iter().map(size).sum::<usize>()).unwrap_or(u64::MAX);
        self.tables.push(if headed {
            Table::headed(rows, bytes)
        } else {
            Table::new(rows, bytes)
        });
    }
}

fn is_number(text: &str) -> bool {
    matches!(Value::of(text), Value::Number(_))
}

/// Names of what a program was told, as opposed to what it found.
fn is_settings(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "params",
        "parameters",
        "hyperparameters",
        "best_params",
        "config",
        "settings",
        "options",
        "kwargs",
        "args",
    ]
    .contains(&name.as_str())
}
