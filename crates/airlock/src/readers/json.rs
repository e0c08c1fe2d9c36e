//! JSON (RFC 8259) and JSON lines, with the NaN and Infinity that Python writes. Keys that come twice are both read: a
//! library that keeps the last would hide the first.

use super::tree::{Node, Outline, What};
use super::{Budget, Document, Fact, Inner, payload, text_part, unknown};
use crate::limits;
use crate::verdict::Findings;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Whether a text is JSON, or a line of JSON after another.
pub(crate) fn is(text: &str) -> bool {
    parse(text).is_some()
}

/// Reads a data file.
pub(crate) fn read(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    let Some((root, kind)) = parse(text) else {
        return unknown::read_text(text, "JSON", findings);
    };
    if root.get("nbformat").is_some()
        && root
            .get("cells")
            .or_else(|| root.get("worksheets"))
            .is_some()
    {
        return super::notebook::read(&root, text, budget, findings);
    }
    finish(Outline::of(&root), &root, kind, text, budget, findings)
}

/// Reads the description of a picture that is drawn in a browser.
pub(crate) fn of_picture(
    root: &Node,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Document {
    finish(
        Outline::of_picture(root),
        root,
        "picture of a browser (JSON)",
        text,
        budget,
        findings,
    )
}

/// The document of an outline with the texts and payloads in it, and a whole without what was unpacked.
fn finish(
    mut outline: Outline,
    root: &Node,
    kind: &str,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Document {
    let texts = std::mem::take(&mut outline.texts);
    let mut document = outline.document(kind, text);
    let mut unpacked: HashSet<&str> = HashSet::new();
    document.inner = inner(&texts, &mut unpacked, budget, findings);
    if let Some(class) = model(root) {
        document.facts.push(Fact::Object {
            class: class.into(),
        });
    }
    document.whole = text
        .split('"')
        .filter(|piece| !unpacked.contains(*piece))
        .collect::<Vec<_>>()
        .join("\"");
    document
}

/// Texts of several lines, and encoded payloads.
fn inner<'a>(
    texts: &'a [(String, String)],
    unpacked: &mut HashSet<&'a str>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Inner> {
    let mut inner = Vec::new();
    for (place, text) in texts {
        if let Some(bytes) = payload::decode(text) {
            unpacked.insert(text.as_str());
            inner.push(super::part(place, &bytes, budget, findings));
        } else {
            inner.push(text_part(place, text, budget, findings));
        }
    }
    inner
}

/// Fitted models that are saved as JSON, by the keys of their formats (XGBoost's model schema, LightGBM's dump).
fn model(root: &Node) -> Option<&'static str> {
    let has = |key: &str| root.get(key).is_some();
    if has("learner") && root.get("learner")?.get("gradient_booster").is_some() {
        return Some("xgboost.Booster");
    }
    (has("tree_info") && has("feature_names")).then_some("lightgbm.Booster")
}

/// The tree of a text, and what kind of JSON it is.
pub(crate) fn parse(text: &str) -> Option<(Node, &'static str)> {
    let bare = text.trim();
    let opens = |line: &str| line.starts_with(['{', '[']);
    if !opens(bare) || !bare.ends_with(['}', ']']) || bare.len() > limits::TREE_BYTES {
        return None;
    }
    if let Some(node) = one(bare, first_line(text)) {
        // `[1] 0.5` and `[A]` of printed results are no data; lists and maps of one scalar say no more than a line does.
        return Some((node, "JSON"));
    }
    if let Some(node) = super::code_data::printed(bare) {
        return Some((node, "printed values"));
    }
    let lines: Option<Vec<Node>> = (1_u64..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| one(line.trim(), number).filter(|_| opens(line.trim())))
        .collect();
    let nodes = lines.filter(|nodes| nodes.len() >= 2)?;
    Some((Node::new(1, What::List(nodes)), "JSON lines"))
}

fn first_line(text: &str) -> u64 {
    let blank = text.len() - text.trim_start().len();
    let breaks = text.get(..blank).unwrap_or_default().matches('\n').count();
    u64::try_from(breaks).unwrap_or(0) + 1
}

fn one(text: &str, line: u64) -> Option<Node> {
    let plain = serde_json::from_str::<Raw>(text);
    let Raw(mut node) = plain
        .or_else(|_| serde_json::from_str(&without_nan(text)))
        .ok()?;
    Lines { text, at: 0, line }.number(&mut node);
    Some(node)
}

/// Python writes `NaN`, `Infinity` and `-Infinity` where JSON has no word.
fn without_nan(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = ["NaN", "Infinity", "-Infinity"]
            .iter()
            .find(|w| !in_string && rest.starts_with(**w));
        if let Some(word) = word {
            out.push_str("null");
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    Cow::Owned(out)
}

/// Gives each node its line, by looking for keys and values from the last one on. Never far: what is not found soon (it was
/// written with escapes) keeps the line of the one before.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn number(&mut self, node: &mut Node) {
        node.line = self.line;
        match &mut node.what {
            What::Null => {}
            What::Scalar(text) => {
                self.seek(text);
                node.line = self.line;
            }
            What::List(nodes) => {
                for inner in nodes {
                    self.number(inner);
                }
            }
            What::Map(entries) => {
                for (i, (key, inner)) in entries.iter_mut().enumerate() {
                    self.seek(key);
                    if i == 0 {
                        node.line = self.line;
                    }
                    self.number(inner);
                }
            }
        }
    }

    fn seek(&mut self, what: &str) {
        const NEAR: usize = 4096;
        let bytes = self.text.as_bytes();
        let end = (self.at + NEAR + what.len()).min(bytes.len());
        let Some(near) = bytes.get(self.at..end) else {
            return;
        };
        if let Some(found) = memchr::memmem::find(near, what.as_bytes()) {
            let passed = near.get(..found).unwrap_or_default();
            self.line += u64::try_from(memchr::memchr_iter(b'\n', passed).count()).unwrap_or(0);
            self.at += found;
        }
    }
}

/// A node as serde reads it: every key in order, numbers as text. Depth is bounded by `serde_json` (128).
struct Raw(Node);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Any)
            .map(|what| Self(Node::new(0, what)))
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = What;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<What, E> {
        Ok(What::Scalar(v.to_string()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<What, E> {
        Ok(What::Scalar(v.to_string()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<What, E> {
        Ok(What::Scalar(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<What, E> {
        Ok(What::Scalar(format!("{v:?}")))
    }

    fn visit_str<E>(self, v: &str) -> Result<What, E> {
        Ok(What::Scalar(v.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<What, E> {
        Ok(What::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<What, A::Error> {
        let mut nodes = Vec::new();
        while let Some(Raw(node)) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(What::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<What, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, Raw(node))) = map.next_entry::<String, Raw>()? {
            entries.push((key, node));
        }
        // A list of numbers in binary: it is unpacked where it stands.
        let what = What::Map(entries);
        Ok(super::payload::typed_array(&what).unwrap_or(what))
    }
}
