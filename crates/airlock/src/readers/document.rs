//! What readers hand on: the one form in which rules see a file of any kind.

use crate::table::Table;
use serde::{Deserialize, Serialize};

/// A line outside all tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// From 1; 0 where there are no lines.
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// What was read out of a file, or out of a part of one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Document {
    /// What the file is, for people: `delimited (comma)`, `text`, `unknown (zip archive)`.
    pub(crate) kind: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) prose: Vec<Line>,
    /// Whether `prose` was written for people, so that its sentences are judged, or is the debris of a binary file.
    pub(crate) prose_is_text: bool,
    /// Bytes that a reader understood by exact means and that are in no table and no line: the frame of a format, pixels.
    pub(crate) read: u64,
    /// Bytes that a reader met and could not read for what they are.
    pub(crate) unread: u64,
    /// The whole decoded text, for the last search for participants.
    pub(crate) whole: String,
    /// What it holds besides tables and text.
    pub(crate) facts: Vec<Fact>,
    /// The documents inside it: sheets, cells of a notebook, members of an archive, attachments.
    pub(crate) inner: Vec<Inner>,
}

/// A document inside another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Inner {
    /// Where it is, as people say it: `sheet 2`, `cell 3, output 1`, `inside a.csv`.
    pub(crate) place: String,
    pub(crate) document: Document,
}

/// What a file holds that is neither a table nor text. Rules judge it; a reader only says what is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Fact {
    /// Pixels. Bytes of comments and profiles, and of what follows the end of the picture.
    Image {
        width: u64,
        height: u64,
        metadata: u64,
        appended: u64,
    },
    /// Marks of one kind that stand for data in a drawing: the points of a scatter plot, the vertices of a curve.
    Marks { of: String, count: u64 },
    /// An array of numbers of a saved object; its values are a table if it is small enough.
    Array { name: String, shape: Vec<u64> },
    /// A fitted model or another saved object of a program, by the name of its class.
    Object { class: String },
    /// Genotypes or results that hold one row for each person.
    Genotypes {
        format: String,
        people: Option<u64>,
        variants: Option<u64>,
    },
    /// Some rows were printed of a table that has so many.
    Listing { rows: u64 },
    /// A program's source, by its language.
    Code { language: String },
    /// What somebody who opens the file does not see: a hidden sheet, a cache, a deleted text.
    Hidden { what: String },
    /// What would run if the file were opened: a macro, a call in a pickle.
    Active { what: String },
    /// A password is needed to read it.
    Encrypted,
}

impl Document {
    pub(crate) fn with_unread(mut self, bytes: usize) -> Self {
        self.unread = u64::try_from(bytes).unwrap_or(u64::MAX);
        self
    }

    /// All tables, those of inner documents too.
    pub(crate) fn all_tables(&self) -> Vec<&Table> {
        let inner = self.inner.iter().flat_map(|i| i.document.all_tables());
        self.tables.iter().chain(inner).collect()
    }
}
