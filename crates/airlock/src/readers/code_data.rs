//! Data in source code: lists, records and columns that are written out as literals, and ids to which something is compared.
//!
//! Code is full of numbers that are nobody's: thresholds, years, seeds, numbers of fields, lists of codes. What is taken here is
//! what those do not look like: many values in no order, rows of one width, columns beside each other, long numbers of one length.

use super::code::Language;
use super::code_scan::{Is, Token, scan};
use super::tree::{Node, What};
use crate::limits;
use crate::roles::{self, Role};
use crate::table::{Row, Table};
use crate::value::Value;
use std::collections::{BTreeMap, HashSet};

/// From this many values in no order a list is data.
const LIST: usize = 10;
/// Rows of one width that are more than a handful of settings.
const ROWS: usize = 5;
/// Digits of a number that is longer than a year, a field or a code of a data dictionary.
const LONG: usize = 6;
/// Literals within literals.
const DEPTH: usize = 16;

/// The literals that are data, each as a tree with its name.
pub(crate) fn literals(tokens: &[Token]) -> Vec<(String, Node)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_open(tokens, at)
            && let Some((node, next)) = value(tokens, at, 0)
            && next > at + 2
        {
            let name = name_before(tokens, at);
            let values = is_values(tokens, at).then(|| tuples(tokens, at)).flatten();
            let (node, next) = values.unwrap_or((node, next));
            if is_data(&name, &node) {
                found.push((name, node));
            }
            at = next;
        } else {
            at += 1;
        }
        if found.len() >= limits::TABLES {
            break;
        }
    }
    found
}

/// What a program printed of its own values, `[{'age': 61}, …]`, when it is nothing but that.
pub(crate) fn printed(text: &str) -> Option<Node> {
    if !text.contains(['\'', '(', ',']) {
        return None;
    }
    let tokens = scan(text, Language::Python).tokens;
    let (node, next) = value(&tokens, 0, 0)?;
    (next == tokens.len()).then_some(node)
}

fn sign(tokens: &[Token], at: usize) -> Option<char> {
    match tokens.get(at).map(|t| &t.is) {
        Some(Is::Sign(c)) => Some(*c),
        _ => None,
    }
}

fn word(tokens: &[Token], at: usize) -> Option<&str> {
    match tokens.get(at).map(|t| &t.is) {
        Some(Is::Word(word)) => Some(word),
        _ => None,
    }
}

fn is_open(tokens: &[Token], at: usize) -> bool {
    let call = word(tokens, at).is_some() && sign(tokens, at + 1) == Some('(');
    call || matches!(sign(tokens, at), Some('[' | '(' | '{'))
}

/// `VALUES (…), (…)`.
fn is_values(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|i| word(tokens, i))
        .is_some_and(|w| w.eq_ignore_ascii_case("values"))
        || word(tokens, at).is_some_and(|w| w.eq_ignore_ascii_case("values"))
}

/// Tuples one after another.
fn tuples(tokens: &[Token], at: usize) -> Option<(Node, usize)> {
    let values = if word(tokens, at).is_some() {
        at
    } else {
        at.checked_sub(1)?
    };
    let names = names_before(tokens, values);
    let mut at = values + 1;
    let line = tokens.get(at)?.line;
    let mut rows = Vec::new();
    while sign(tokens, at) == Some('(') {
        let (row, next) = value(tokens, at, 0)?;
        rows.push(row);
        at = next;
        if sign(tokens, at) != Some(',') {
            break;
        }
        at += 1;
    }
    let rows = match names {
        Some(names) => rows.into_iter().map(|row| named(row, &names)).collect(),
        None => rows,
    };
    Some((Node::new(line, What::List(rows)), at))
}

/// `INSERT INTO t (eid, age) VALUES`: the names of the columns.
fn names_before(tokens: &[Token], values: usize) -> Option<Vec<String>> {
    let mut at = values.checked_sub(1)?;
    if sign(tokens, at) != Some(')') {
        return None;
    }
    let mut names = Vec::new();
    loop {
        at = at.checked_sub(1)?;
        match &tokens.get(at)?.is {
            Is::Word(name) | Is::Text(name) => names.push(name.clone()),
            Is::Sign(',') => {}
            Is::Sign('(') => break,
            _ => return None,
        }
    }
    names.reverse();
    Some(names)
}

/// A row as a record, when it has a cell for each name.
fn named(row: Node, names: &[String]) -> Node {
    match row.what {
        What::List(cells) if cells.len() == names.len() => Node::new(
            row.line,
            What::Map(names.iter().cloned().zip(cells).collect()),
        ),
        what => Node::new(row.line, what),
    }
}

/// A literal from here on, and where it ends. A call with literals in it (`c(…)`, `DataFrame({…})`) is one, too.
fn value(tokens: &[Token], at: usize, depth: usize) -> Option<(Node, usize)> {
    let token = tokens.get(at)?;
    let scalar = |text: &str| Node::new(token.line, What::Scalar(text.to_owned()));
    match &token.is {
        Is::Number(number) => Some((scalar(number), at + 1)),
        Is::Text(text) => Some((scalar(text), at + 1)),
        Is::Sign('-' | '+') => match &tokens.get(at + 1)?.is {
            Is::Number(number) => Some((scalar(&format!("-{number}")), at + 2)),
            _ => None,
        },
        Is::Sign('[' | '(' | '{') if depth < DEPTH => group(tokens, at, depth),
        Is::Sign(_) => None,
        Is::Word(word) => {
            if sign(tokens, at + 1) == Some('(') && depth < DEPTH {
                return group(tokens, at + 1, depth);
            }
            const NOTHING: [&str; 10] = [
                "None",
                "NA",
                "NULL",
                "nan",
                "np.nan",
                "NaN",
                "numpy.nan",
                "null",
                "NA_integer_",
                "missing",
            ];
            const TRUTH: [&str; 8] = ["True", "False", "TRUE", "FALSE", "true", "false", "T", "F"];
            if NOTHING.contains(&word.as_str()) {
                return Some((Node::new(token.line, What::Null), at + 1));
            }
            TRUTH
                .contains(&word.as_str())
                .then(|| (scalar(word), at + 1))
        }
    }
}

/// A bracket: a list, or a map when each part has a name.
fn group(tokens: &[Token], at: usize, depth: usize) -> Option<(Node, usize)> {
    let line = tokens.get(at)?.line;
    let close = match sign(tokens, at)? {
        '[' => ']',
        '{' => '}',
        _ => ')',
    };
    let (mut list, mut map) = (Vec::new(), Vec::new());
    let mut i = at + 1;
    loop {
        if sign(tokens, i) == Some(close) {
            break;
        }
        let key = match (&tokens.get(i)?.is, sign(tokens, i + 1)) {
            (Is::Word(k) | Is::Text(k) | Is::Number(k), Some(':' | '='))
                if sign(tokens, i + 2) != Some('=') =>
            {
                Some(k.clone())
            }
            _ => None,
        };
        if key.is_some() {
            i += 2;
        }
        let (node, next) = value(tokens, i, depth + 1)?;
        match key {
            Some(key) => map.push((key, node)),
            None => list.push(node),
        }
        i = next;
        match sign(tokens, i) {
            Some(',' | ';') => i += 1,
            Some(c) if c == close => {}
            _ => return None,
        }
    }
    let what = match (list.len(), map.is_empty()) {
        // `DataFrame({…}, index=…)`, `np.array([…])`: what is inside.
        (1, _) if close == ')' => list.pop().map_or(What::Null, |node| node.what),
        (0, false) => What::Map(map),
        (_, true) => What::List(list),
        (_, false) => {
            list.extend(map.into_iter().map(|(_, node)| node));
            What::List(list)
        }
    };
    Some((Node::new(line, what), i + 1))
}

/// The name to which a literal is given: `name = […]`, `name <- c(…)`, `"name": […]`, `df["name"] = […]`.
fn name_before(tokens: &[Token], at: usize) -> String {
    let mut i = at;
    for _ in 0..8 {
        let Some(before) = i.checked_sub(1) else {
            break;
        };
        i = before;
        match tokens.get(i).map(|t| &t.is) {
            Some(Is::Word(word)) => {
                let last = word.rsplit(['.', '$']).next().unwrap_or(word);
                if !matches!(
                    last,
                    "isin"
                        | "in"
                        | "VALUES"
                        | "values"
                        | "array"
                        | "Series"
                        | "IN"
                        | "assign"
                        | "astype"
                ) {
                    return last.to_owned();
                }
            }
            Some(Is::Text(text)) => return text.clone(),
            Some(Is::Sign('=' | '<' | '-' | ':' | ']' | '(' | '[' | '%')) => {}
            _ => break,
        }
    }
    String::new()
}

/// Whether a literal is data rather than a setting.
fn is_data(name: &str, node: &Node) -> bool {
    match &node.what {
        What::Null | What::Scalar(_) => false,
        What::List(nodes) => {
            let scalars: Option<Vec<&str>> = nodes.iter().map(leaf).collect();
            scalars.map_or_else(|| are_rows(nodes), |values| is_column(name, &values))
        }
        What::Map(entries) => {
            let lists: Vec<usize> = entries.iter().filter_map(|(_, n)| length(n)).collect();
            let columns = lists
                .iter()
                .filter(|n| **n >= 3)
                .max()
                .map_or(0, |longest| lists.iter().filter(|n| *n == longest).count());
            let by_id = entries
                .iter()
                .filter(|(key, n)| is_long(key) && leaf(n).is_some())
                .count();
            let rows: Vec<&Node> = entries.iter().map(|(_, node)| node).collect();
            columns >= 2 && !is_settings(entries)
                || by_id >= 3
                || roles::says_count(name) && entries.len() >= 2
                || rows.len() >= ROWS && rows.iter().all(|n| matches!(n.what, What::Map(_)))
                || entries.iter().any(|(key, node)| is_data(key, node))
        }
    }
}

/// The grid of a search for hyperparameters, and options of a plot: columns of which each has values of its own in order.
fn is_settings(entries: &[(String, Node)]) -> bool {
    entries.iter().all(|(_, node)| match &node.what {
        What::List(nodes) => {
            let values: Vec<&str> = nodes.iter().filter_map(leaf).collect();
            let different: HashSet<&&str> = values.iter().collect();
            different.len() == values.len() && is_ordered(&values) && values.len() < LIST
        }
        _ => true,
    }) && !entries.iter().any(|(key, _)| {
        let setting = roles::words(key)
            .iter()
            .any(|word| crate::prose::is_setting(word));
        roles::of(key) == Role::Identifier || roles::says_count(key) && !setting
    })
}

fn leaf(node: &Node) -> Option<&str> {
    match &node.what {
        What::Null => Some(""),
        What::Scalar(text) => Some(text),
        What::List(_) | What::Map(_) => None,
    }
}

fn length(node: &Node) -> Option<usize> {
    match &node.what {
        What::List(nodes) if nodes.iter().all(|n| leaf(n).is_some()) => Some(nodes.len()),
        _ => None,
    }
}

/// Rows of one width, or maps with the same keys, with numbers in them.
fn are_rows(nodes: &[Node]) -> bool {
    let shape = |node: &Node| match &node.what {
        What::List(cells) => Some((cells.len(), cells.iter().filter_map(leaf).any(is_number))),
        What::Map(cells) => Some((
            cells.len(),
            cells.iter().filter_map(|(_, n)| leaf(n)).any(is_number),
        )),
        _ => None,
    };
    let shapes: Option<Vec<(usize, bool)>> = nodes.iter().map(shape).collect();
    let Some(shapes) = shapes else { return false };
    let width = shapes.first().map_or(0, |s| s.0);
    let even = width >= 2 && shapes.iter().all(|s| s.0 == width);
    let numbers = shapes.iter().filter(|s| s.1).count() * 2 > shapes.len();
    let ids = nodes.iter().any(|node| match &node.what {
        What::List(cells) => cells.iter().filter_map(leaf).any(is_long),
        What::Map(cells) => cells
            .iter()
            .any(|(key, n)| roles::of(key) == Role::Identifier || leaf(n).is_some_and(is_long)),
        _ => false,
    });
    even && numbers && (nodes.len() >= ROWS || ids && nodes.len() >= 2)
}

/// Whether a list of scalars is a column of data.
fn is_column(name: &str, values: &[&str]) -> bool {
    let filled: Vec<&str> = values.iter().copied().filter(|v| !v.is_empty()).collect();
    let role = roles::of(name);
    if role == Role::Identifier {
        return filled
            .iter()
            .any(|v| v.len() >= limits::ID_MIN && v.bytes().any(|b| b.is_ascii_digit()));
    }
    let dictionary = roles::says_dictionary(name);
    let long = filled.iter().filter(|v| is_long(v)).count();
    let same_length = filled
        .iter()
        .all(|v| v.len() == filled.first().map_or(0, |f| f.len()));
    if long >= 2 && long == filled.len() && (same_length || filled.len() >= 50) && !dictionary {
        return true;
    }
    let numbers = filled.iter().filter(|v| is_number(v)).count();
    if numbers < LIST || numbers * 2 < filled.len() || dictionary {
        let setting = roles::words(name)
            .iter()
            .any(|word| crate::prose::is_setting(word));
        return !setting && numbers >= 3 && numbers == filled.len() && roles::says_count(name);
    }
    let different: HashSet<&&str> = filled.iter().collect();
    let whole = filled.iter().all(|v| Value::of(v).count().is_some());
    // Fields and codes: whole numbers, all different. Bins and grids: in order.
    !(is_ordered(&filled) || whole && different.len() == filled.len())
}

fn is_number(text: &str) -> bool {
    matches!(Value::of(text), Value::Number(_))
}

/// A number or code with at least six digits in a row that is no name of a variant, a gene or a place on a chromosome.
fn is_long(text: &str) -> bool {
    let run = text
        .as_bytes()
        .split(|b| !b.is_ascii_digit())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    let known = ["rs", "ENS", "chr", "http", "GCST", "PGS"]
        .iter()
        .any(|p| text.starts_with(p));
    let hashed = text.len() >= 16
        && text.len() <= limits::ID_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && run > 0
        && text.bytes().any(|b| b.is_ascii_lowercase());
    (run >= LONG || hashed)
        && !known
        && !text.contains(['.', ':', ' '])
        && text.len() <= limits::ID_MAX
}

fn is_ordered(values: &[&str]) -> bool {
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|v| Value::of(v).number().map(|n| n.value))
        .collect();
    let pairs = || numbers.iter().zip(numbers.iter().skip(1));
    pairs().all(|(a, b)| a <= b) || pairs().all(|(a, b)| a >= b)
}

/// `eid == 1234567`, `df["eid"].isin([…])`, `where eid in (…)`: one table for each name, with what it is compared to.
pub(crate) fn compared(tokens: &[Token]) -> Vec<Table> {
    let mut by_name: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let (Is::Word(name) | Is::Text(name)) = &token.is else {
            continue;
        };
        let last = name.rsplit(['.', '$']).next().unwrap_or(name);
        let method = last == "isin" || last == "eq";
        let last = if method {
            name.rsplit(['.', '$']).nth(1).unwrap_or(last)
        } else {
            last
        };
        if name.len() > limits::NAME_CHARS || roles::of(last) != Role::Identifier {
            continue;
        }
        let mut compares = method;
        for next in tokens.iter().skip(at + 1).take(10) {
            match &next.is {
                Is::Sign('=' | '!') => compares = true,
                Is::Word(w) if is_membership(w) => compares = true,
                Is::Word(_) | Is::Sign(']' | ')' | '(' | '[' | ',' | '{' | '%' | '"') => {}
                Is::Number(value) | Is::Text(value) if compares && is_id(value) => {
                    by_name
                        .entry(last.to_owned())
                        .or_default()
                        .push((next.line, value.clone()));
                }
                Is::Number(_) | Is::Text(_) => {}
                Is::Sign(_) => break,
            }
        }
    }
    by_name
        .into_iter()
        .map(|(name, values)| column(&name, values))
        .collect()
}

fn is_membership(word: &str) -> bool {
    let word = word.trim_start_matches('.').to_ascii_lowercase();
    matches!(
        word.as_str(),
        "in" | "isin" | "%in%" | "eq" | "inlist" | "==" | "like"
    )
}

/// A value that is longer than a code and has digits.
fn is_id(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    digits >= LONG && !value.contains(['.', ' ', '/', ':']) && value.len() <= limits::ID_MAX
}

fn column(name: &str, values: Vec<(u64, String)>) -> Table {
    let line = values.first().map_or(0, |(line, _)| *line);
    let bytes = values
        .iter()
        .map(|(_, value)| value.len() + 1)
        .sum::<usize>();
    let mut rows = vec![Row {
        line,
        cells: [name].into_iter().collect(),
    }];
    let cells = |value: String| [value].into_iter().collect();
    rows.extend(values.into_iter().map(|(line, value)| Row {
        line,
        cells: cells(value),
    }));
    Table::new(rows, u64::try_from(bytes).unwrap_or(u64::MAX))
}
