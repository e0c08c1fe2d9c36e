//! What the airlock knows of the data: an index of participant-level tables, built once for each release.
//!
//! [`Builder`] takes tables and gives out sections of bytes, which the caller seals and keeps; [`Reference::open`] reads the head
//! and the ids, and every further section only when a rule asks for it: a check opens the few fields that a file could have been
//! made of. docs/adr/0015-airlock-reference.md says why it is built so.
//!
//! Pure: the caller brings the bytes. Must never show a value: rules ask whether, how many and how surely.

mod build;
mod column;
mod digests;
mod field;
mod head;
mod ids;
mod key;
mod parquet;

pub use build::{Builder, TableBuilder, Unfit};

pub(crate) use column::{Atom, decimals};
pub(crate) use field::{Field, MISSING};
pub(crate) use head::{FieldHead, Kind, TableHead};
pub(crate) use ids::Ids;
pub(crate) use key::mix;

use crate::Participants;
use digests::Digests;
use head::Head;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// Where the sections of an index are kept. The caller decrypts and proves each; what cannot be read is `None`.
pub trait Sections {
    /// A section by its number, from 0, in the order in which the builder gave them out.
    fn section(&self, number: usize) -> Option<Vec<u8>>;
    /// How many there are.
    fn count(&self) -> usize;
}

impl Sections for Vec<Vec<u8>> {
    fn section(&self, number: usize) -> Option<Vec<u8>> {
        self.get(number).cloned()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// An index that was built before.
pub struct Reference {
    head: Head,
    ids: Ids,
    sections: Box<dyn Sections>,
    digests: RefCell<Option<Rc<Digests>>>,
    fields: RefCell<BTreeMap<usize, Option<Rc<Field>>>>,
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({} tables)", self.head.tables.len())
    }
}

impl Reference {
    /// Opens an index; `None` when its head or its ids cannot be read, or are of another version.
    #[must_use]
    pub fn open(sections: Box<dyn Sections>) -> Option<Self> {
        let head = Head::read(&sections.section(sections.count().checked_sub(1)?)?)?;
        let ids = Ids::read(&sections.section(head.ids)?)?;
        Some(Self {
            head,
            ids,
            sections,
            digests: RefCell::default(),
            fields: RefCell::default(),
        })
    }

    /// How many participants the tables speak of.
    #[must_use]
    pub fn participants(&self) -> u32 {
        self.head.participants
    }

    /// Name, records and fields of each table, for people.
    pub fn tables(&self) -> impl Iterator<Item = (&str, u32, usize)> {
        self.head
            .tables
            .iter()
            .map(|t| (t.name.as_str(), t.records, t.fields.len()))
    }

    /// The seed of its hashes of words.
    pub(crate) fn key(&self) -> u64 {
        self.head.key
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    pub(crate) fn heads(&self) -> &[TableHead] {
        &self.head.tables
    }

    /// A field's values; kept open, since the columns of a request ask for the same ones.
    pub(crate) fn field(&self, head: &FieldHead) -> Option<Rc<Field>> {
        if let Some(known) = self.fields.borrow().get(&head.section) {
            return known.clone();
        }
        let opened = self
            .sections
            .section(head.section)
            .and_then(|bytes| Field::read(&bytes))
            .map(Rc::new);
        self.fields
            .borrow_mut()
            .insert(head.section, opened.clone());
        opened
    }

    /// The digests of all ids. Opened when a file first holds what could be one.
    pub(crate) fn digests(&self) -> Option<Rc<Digests>> {
        let mut kept = self.digests.borrow_mut();
        if kept.is_none() {
            *kept = self
                .sections
                .section(self.head.digests)
                .and_then(|bytes| Digests::read(&bytes))
                .map(Rc::new);
        }
        kept.clone()
    }
}

impl Participants for Reference {
    /// An id that is no number is as good as a pseudonym: it is met by chance as seldom.
    fn is_pseudonym(&self, token: &str) -> bool {
        self.ids.has_text(token)
    }

    fn is_raw_id(&self, token: &str) -> bool {
        self.ids.has_number(token)
    }

    fn count(&self) -> u64 {
        u64::from(self.head.participants)
    }

    fn reference(&self) -> Option<&Reference> {
        Some(self)
    }
}
