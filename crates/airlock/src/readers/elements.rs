//! XML as office programs write it: elements by their local name, in order. Entities are the five of XML and numbers; none is
//! ever expanded from a definition, so a document cannot grow while it is read.

use super::encoding::{self, Decoded};
use crate::verdict::Findings;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// One step through a document.
pub(crate) enum Node<'a> {
    /// An element begins; an empty one ends at once.
    Open(&'a str, &'a Attributes<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// The attributes of an element.
pub(crate) struct Attributes<'a>(BytesStart<'a>);

impl Attributes<'_> {
    /// The value of an attribute, by its local name.
    pub(crate) fn get(&self, local: &str) -> Option<String> {
        self.all()
            .find(|(name, _)| name == local)
            .map(|(_, value)| value)
    }

    /// Whether an attribute says yes, in any of the ways of XML Schema and of Office.
    pub(crate) fn yes(&self, local: &str) -> bool {
        self.get(local)
            .is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
    }

    /// All of them by local name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (String, String)> {
        let mut all = Vec::new();
        for attribute in self.0.attributes().with_checks(false).flatten() {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value =
                value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned());
            all.push((attribute.key.local_name().as_ref().to_owned(), value));
        }
        all.into_iter()
    }
}

/// Walks through a document and calls for each node. Says whether all of it was well-formed.
pub(crate) fn walk(xml: &str, mut on: impl FnMut(Node<'_>)) -> bool {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => open(start, false, &mut on),
            Ok(Event::Empty(start)) => open(start, true, &mut on),
            Ok(Event::End(end)) => on(Node::Close(end.local_name().as_ref())),
            Ok(Event::Text(text)) => on(Node::Text(&text)),
            Ok(Event::CData(text)) => on(Node::Text(&text)),
            Ok(Event::Comment(text)) => on(Node::Text(&text)),
            Ok(Event::PI(text)) => on(Node::Text(text.content())),
            Ok(Event::GeneralRef(name)) => on(Node::Text(&entity(&name))),
            Ok(Event::Decl(_)) => {}
            // Office programs write no document type; one could define entities that hold anything.
            Ok(Event::DocType(_)) | Err(_) => return false,
            Ok(Event::Eof) => return true,
        }
    }
}

fn open(start: BytesStart<'_>, empty: bool, on: &mut impl FnMut(Node<'_>)) {
    let name = start.local_name().as_ref().to_owned();
    on(Node::Open(&name, &Attributes(start)));
    if empty {
        on(Node::Close(&name));
    }
}

fn entity(name: &quick_xml::events::BytesRef<'_>) -> String {
    match name.resolve_char_ref() {
        Ok(Some(c)) => c.to_string(),
        _ => resolve_predefined_entity(name)
            .unwrap_or_default()
            .to_owned(),
    }
}

/// A part as text.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    match encoding::decode(bytes, &mut Findings::default()) {
        Decoded::Text(text) => Some(text.into_owned()),
        Decoded::Binary(_) => None,
    }
}

/// What words a part holds that is not read for its meaning: its texts, and attributes that are more than numbers and names
/// of the format. Coordinates have as many digits as ids, and would be taken for them.
pub(crate) fn words(xml: &str) -> (String, bool) {
    let mut words = String::new();
    let whole = walk(xml, |node| match node {
        Node::Open(_, attributes) => {
            words.push('\n');
            for (_, value) in attributes
                .all()
                .filter(|(name, value)| says_something(name, value))
            {
                words.push_str(&value);
                words.push('\n');
            }
        }
        // In pieces wherever an entity stands: one word all the same.
        Node::Text(text) => words.push_str(text),
        Node::Close(_) => words.push('\n'),
    });
    let lines: Vec<&str> = words
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let mut words = lines.join("\n");
    words.push('\n');
    (words, whole)
}

/// All texts and attributes of a part, numbers too.
pub(crate) fn everything(xml: &str) -> String {
    let mut all = String::new();
    walk(xml, |node| match node {
        Node::Open(_, attributes) => attributes
            .all()
            .for_each(|(_, value)| all.extend(["\n", value.as_str()])),
        Node::Text(text) => all.push_str(text),
        Node::Close(_) => all.push('\n'),
    });
    all
}

/// Whether an attribute may hold words of people. Revision marks and identities of objects are random hexadecimal numbers.
fn says_something(name: &str, value: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || " .,-+eE%".contains(c);
    let mark = name.starts_with("rsid")
        || matches!(
            name,
            "paraId" | "textId" | "uid" | "guid" | "uri" | "durableId"
        );
    let colour = value.len() <= 8 && value.bytes().all(|b| b.is_ascii_hexdigit());
    !mark && value.len() >= 5 && !colour && !value.chars().all(number)
}
