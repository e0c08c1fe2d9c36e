//! Readers: one kind of file each, chosen by content and never by name.
//!
//! A reader turns bytes into tables, lines of prose and a measure of what it could not read. Whatever it does not
//! understand it still hands on as text, so that the search for participants sees every byte.

pub(crate) mod delimited;
pub(crate) mod encoding;
pub(crate) mod repeats;
pub(crate) mod text;
pub(crate) mod unknown;

use crate::table::Table;
use crate::verdict::Findings;
use crate::{File, limits};
use encoding::Decoded;

/// A line outside all tables.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// What was read out of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// What the file is, for people: `delimited (comma)`, `text`, `unknown (zip archive)`.
    pub(crate) kind: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) prose: Vec<Line>,
    /// Whether `prose` was written for people, so that its sentences are judged, or is the debris of a binary file.
    pub(crate) prose_is_text: bool,
    /// Bytes that a reader met and could not read for what they are.
    pub(crate) unread: u64,
    /// The whole decoded text, for the last search for participants.
    pub(crate) whole: String,
}

/// Reads a file. What went wrong is among the findings; what could not be read is in `unread`.
pub(crate) fn read(file: &File<'_>, findings: &mut Findings) -> Document {
    if file.bytes.len() > limits::BYTES {
        let what = format!(
            "{} bytes; at most {} are read",
            file.bytes.len(),
            limits::BYTES
        );
        findings.amber(
            unknown::RULE,
            "whole file",
            what,
            "split the output, or leave out what need not leave",
        );
        return Document {
            kind: "unknown (too large)".into(),
            unread: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
            ..Document::default()
        };
    }
    if let Some(what) = unknown::magic(file.bytes) {
        return unknown::read(file.bytes, what, findings);
    }
    let text = match encoding::decode(file.bytes, findings) {
        Decoded::Text(text) => text,
        Decoded::Binary(what) => return unknown::read(file.bytes, what, findings),
    };
    let mut document = if let Some(what) = unknown::structured(&text) {
        unknown::read_text(&text, what, findings)
    } else if let Some(dialect) = delimited::sniff(&text).filter(|_| !text::is_log(&text)) {
        delimited::read(&text, dialect)
    } else {
        text::read(&text)
    };
    if document.prose_is_text {
        document.tables.extend(repeats::tables(&document.prose));
    }
    document.whole = text.into_owned();
    document
}
