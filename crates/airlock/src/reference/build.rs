//! Building an index: tables in, sections of bytes out.
//!
//! Cells are kept in at most four bytes while tables are read, and each field is written and forgotten in turn, so that half a
//! million participants with two hundred fields fit in a gigabyte.

use super::column::Column;
use super::digests::Digests;
use super::field::Field;
use super::head::{Head, Kind, TableHead};
use super::ids::{Id, Ids, id_of};
use super::key::id_hash;
use crate::limits;
use std::collections::HashMap;
use std::fmt;
use std::io::Read;

/// Why a table cannot be part of an index.
#[derive(Debug)]
pub enum Unfit {
    /// It has no column of this name; its rows are not known to be of participants.
    NoIds,
    /// It could not be read.
    Unreadable(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoIds => f.write_str("it has no column of participants' ids"),
            Self::Unreadable(why) => f.write_str(why),
        }
    }
}

/// A table that was read: its columns, and for each record whose it is.
struct Read1 {
    name: String,
    columns: Vec<Column>,
    people: Vec<u32>,
}

/// Builds an index.
pub struct Builder {
    key: u64,
    /// Participants by the hash of their id, in the order in which they were met.
    known: HashMap<u64, u32>,
    ids: Vec<String>,
    tables: Vec<Read1>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({} tables)", self.tables.len())
    }
}

/// One table on its way into the index.
pub struct TableBuilder<'b> {
    builder: &'b mut Builder,
    name: String,
    id: usize,
    columns: Vec<Column>,
    people: Vec<u32>,
}

impl fmt::Debug for TableBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableBuilder({} rows)", self.people.len())
    }
}

impl Builder {
    /// `key` seeds the hashes of words and ids: random, and the same for nothing else.
    #[must_use]
    pub fn new(key: u64) -> Self {
        Self {
            key,
            known: HashMap::new(),
            ids: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// Begins a table with these columns.
    ///
    /// # Errors
    /// No column is named `id` (capitals aside).
    pub fn table<'n>(
        &mut self,
        name: &str,
        header: impl IntoIterator<Item = &'n str>,
        id: &str,
    ) -> Result<TableBuilder<'_>, Unfit> {
        let names: Vec<&str> = header
            .into_iter()
            .map(|n| n.trim_start_matches('\u{feff}').trim())
            .collect();
        let at = names
            .iter()
            .position(|n| *n == id)
            .or_else(|| names.iter().position(|n| n.eq_ignore_ascii_case(id)))
            .ok_or(Unfit::NoIds)?;
        let key = self.key;
        Ok(TableBuilder {
            name: name.to_owned(),
            id: at,
            columns: names.iter().map(|n| Column::new(n, key)).collect(),
            people: Vec::new(),
            builder: self,
        })
    }

    /// Reads a delimited table with a heading; the delimiter is the one that its heading has most of.
    ///
    /// # Errors
    /// It has no column of ids, or is not a table.
    pub fn delimited(&mut self, name: &str, mut from: impl Read, id: &str) -> Result<(), Unfit> {
        let wrong = |e: csv::Error| Unfit::Unreadable(format!("not a delimited table: {e}"));
        let mut head = Vec::new();
        let mut chunk = [0_u8; 4096];
        while !head.contains(&b'\n') && head.len() < limits::LINE_BYTES * 16 {
            let n = from
                .read(&mut chunk)
                .map_err(|e| Unfit::Unreadable(e.to_string()))?;
            if n == 0 {
                break;
            }
            head.extend_from_slice(chunk.get(..n).unwrap_or_default());
        }
        let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
        let delimiter = [b',', b'\t', b';', b'|']
            .into_iter()
            .max_by_key(|d| line.iter().filter(|b| *b == d).count())
            .unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(std::io::Cursor::new(head.clone()).chain(from));
        let header: Vec<String> = reader
            .byte_headers()
            .map_err(wrong)?
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let mut table = self.table(name, header.iter().map(String::as_str), id)?;
        let mut row = csv::ByteRecord::new();
        while reader.read_byte_record(&mut row).map_err(wrong)? {
            if !table.row(row.iter()) {
                break;
            }
        }
        table.finish();
        Ok(())
    }

    fn person(&mut self, id: &str) -> Option<u32> {
        let hash = match id_of(id)? {
            // Another hash than that of any word.
            Id::Number(n) => super::key::mix(n ^ self.key),
            Id::Text => id_hash(self.key, id),
        };
        let next = u32::try_from(self.ids.len()).ok()?;
        Some(*self.known.entry(hash).or_insert_with(|| {
            let bare = id.trim();
            let bare = match id_of(bare) {
                Some(Id::Number(_)) => bare.strip_suffix(".0").unwrap_or(bare),
                _ => bare,
            };
            self.ids.push(bare.to_owned());
            next
        }))
    }

    /// How many participants were met.
    #[must_use]
    pub fn participants(&self) -> usize {
        self.ids.len()
    }

    /// Writes the index, section by section; `put` keeps one and says whether it could.
    pub fn finish<E>(self, put: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut head = Head::new(self.key);
        head.participants = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let mut next = 0;
        let mut put = |bytes: &[u8]| {
            put(bytes)?;
            next += 1;
            Ok(next - 1)
        };
        let (mut numbers, mut words) = (Vec::new(), Vec::new());
        for id in &self.ids {
            match id_of(id) {
                Some(Id::Number(n)) => numbers.push(n),
                _ => words.push(id.clone()),
            }
        }
        head.ids = put(&Ids::new(self.key, numbers, &words).write())?;
        head.digests = put(&Digests::write(self.ids.iter().map(String::as_str)))?;
        drop(self.known);
        for table in self.tables {
            head.tables
                .push(one_table(table, head.participants, &mut put)?);
        }
        put(&head.write())?;
        Ok(())
    }
}

/// Writes a table field by field. One with at most one row for each participant is put into the participants' order.
fn one_table<E>(
    table: Read1,
    participants: u32,
    put: &mut dyn FnMut(&[u8]) -> Result<usize, E>,
) -> Result<TableHead, E> {
    let mut seen = vec![false; participants as usize];
    let per_person = table.people.iter().all(|person| {
        seen.get_mut(*person as usize)
            .is_some_and(|seen| !std::mem::replace(seen, true))
    });
    let mut head = TableHead {
        name: table.name,
        records: if per_person {
            participants
        } else {
            u32::try_from(table.people.len()).unwrap_or(u32::MAX)
        },
        per_person,
        people: None,
        fields: Vec::new(),
    };
    if !per_person {
        let bits: Vec<Option<u32>> = table.people.iter().map(|p| Some(*p)).collect();
        head.people = Some(put(&Field::write("", Kind::Text, 0, &bits).0)?);
    }
    for column in table.columns {
        let name = column.name.clone();
        let (kind, decimals, cells) = column.finish();
        let cells = if per_person {
            let mut placed = vec![None; participants as usize];
            for (person, cell) in table.people.iter().zip(cells) {
                if let Some(place) = placed.get_mut(*person as usize) {
                    *place = cell;
                }
            }
            placed
        } else {
            cells
        };
        let (bytes, mut field) = Field::write(&name, kind, decimals, &cells);
        // What is the same for everybody tells nobody apart.
        if field.distinct > 1 {
            field.section = put(&bytes)?;
            head.fields.push(field);
        }
    }
    Ok(head)
}

impl TableBuilder<'_> {
    /// One more row; `false` when the table is full. A row without an id is nobody's and left out.
    pub fn row<'c>(&mut self, cells: impl Iterator<Item = &'c [u8]> + Clone) -> bool {
        if self.people.len() >= limits::REFERENCE_RECORDS {
            return false;
        }
        let text = |bytes: &'c [u8]| std::str::from_utf8(bytes).unwrap_or_default();
        let id = cells.clone().nth(self.id).map(text).unwrap_or_default();
        let Some(person) = self.builder.person(id) else {
            return true;
        };
        self.people.push(person);
        let mut cells = cells;
        for (at, column) in self.columns.iter_mut().enumerate() {
            let cell = cells.next().map(text).unwrap_or_default();
            if at != self.id {
                column.push(cell);
            }
        }
        true
    }

    /// The rows of a typed file, column by column: first the ids of `rows` more records, then each other column.
    pub(super) fn ids<'c>(&mut self, ids: impl Iterator<Item = &'c str>) -> Vec<bool> {
        let mut kept = Vec::new();
        for id in ids {
            let room = self.people.len() < limits::REFERENCE_RECORDS;
            let person = self.builder.person(id).filter(|_| room);
            self.people.extend(person);
            kept.push(person.is_some());
        }
        kept
    }

    pub(super) fn id_column(&self) -> usize {
        self.id
    }

    pub(super) fn column(&mut self, at: usize) -> Option<&mut Column> {
        self.columns.get_mut(at)
    }

    /// The table is complete.
    pub fn finish(mut self) {
        if self.id < self.columns.len() {
            self.columns.remove(self.id);
        }
        self.builder.tables.push(Read1 {
            name: self.name,
            columns: self.columns,
            people: self.people,
        });
    }
}
