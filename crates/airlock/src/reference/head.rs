//! The head of an index: what tables and fields there are, and a sketch of each field, so that the few that a column could
//! have been made of are chosen without opening any.

use super::column::Atom;
use serde::{Deserialize, Serialize};

/// What the cells of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kind {
    Number,
    Day,
    Text,
}

impl Kind {
    pub(crate) fn holds(self, atom: Atom) -> bool {
        matches!(
            (self, atom),
            (Self::Number, Atom::Number(_))
                | (Self::Day, Atom::Day(_))
                | (Self::Text, Atom::Text(_))
        )
    }
}

/// Points of a field's distribution that the sketch keeps, ends included.
pub(crate) const QUANTILES: usize = 65;
/// Smallest hashes of a field's words that the sketch keeps: all of a small list, and a fair sample of a large one.
pub(crate) const WORDS: usize = 256;

/// A field without its values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FieldHead {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The section of its values.
    pub(crate) section: usize,
    /// Records with a value.
    pub(crate) filled: u32,
    pub(crate) distinct: u32,
    /// Most digits behind the decimal point.
    pub(crate) decimals: u8,
    /// Numbers and days: values at equal shares of the records, rising.
    pub(crate) quantiles: Vec<f32>,
    /// Words: the smallest hashes, rising.
    pub(crate) words: Vec<u32>,
    /// The probability that two records have the same value.
    pub(crate) same: f32,
}

/// A table without its values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TableHead {
    pub(crate) name: String,
    /// Records; of a table with one row for each person, participants, in one order for all such tables.
    pub(crate) records: u32,
    /// Whether it has at most one row for each participant.
    pub(crate) per_person: bool,
    /// The section that says whose each record is; only of tables with several rows for a person.
    pub(crate) people: Option<usize>,
    pub(crate) fields: Vec<FieldHead>,
}

/// The whole head.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    version: u32,
    pub(crate) key: u64,
    pub(crate) participants: u32,
    pub(crate) ids: usize,
    pub(crate) digests: usize,
    pub(crate) tables: Vec<TableHead>,
}

/// Grows with every change of what sections hold.
const VERSION: u32 = 1;

impl Head {
    pub(crate) fn new(key: u64) -> Self {
        Self {
            version: VERSION,
            key,
            participants: 0,
            ids: 0,
            digests: 0,
            tables: Vec::new(),
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        // A head of plain lists and numbers is always writable; an empty one is not read again.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes::<Self>(bytes)
            .ok()
            .filter(|head| head.version == VERSION)
    }
}
