//! Bad rows on request, so that an ingest can be tested against known counts.
//!
//! A bad row is always an extra row after a good one: with every bad row set aside, a dirty file is
//! the clean file. Off unless asked for. Uses its own randomness, so good rows never change.

use crate::rng::{Permutation, mix};
use crate::write::push_int;

/// How many bad rows of each kind were injected into a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    /// One cell too many.
    pub wrong_column_count: u64,
    /// A day that does not exist, in a date column.
    pub bad_date: u64,
    /// A value that the field's coding does not have (main table only).
    pub unknown_code: u64,
    /// A row repeated whole, in a table of one row a participant.
    pub duplicate_id: u64,
    /// An id that belongs to nobody in the cohort.
    pub unknown_id: u64,
    /// A byte that is not UTF-8.
    pub broken_utf8: u64,
    /// The header once more.
    pub second_header: u64,
}

impl Injected {
    /// All kinds together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.wrong_column_count
            + self.bad_date
            + self.unknown_code
            + self.duplicate_id
            + self.unknown_id
            + self.broken_utf8
            + self.second_header
    }
}

/// Which kinds make sense in a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Where {
    /// Index of a column with dates.
    pub(crate) date: Option<usize>,
    /// Index of a column with a coding.
    pub(crate) coded: Option<usize>,
    /// One row a participant?
    pub(crate) unique: bool,
}

/// Ids that nobody in the cohort has: the permutation's images beyond the cohort.
#[derive(Clone, Debug)]
pub(crate) struct Strangers {
    pub(crate) ids: Permutation,
    pub(crate) first: u32,
    pub(crate) beyond: u32,
}

pub(crate) struct Dirt {
    /// Out of 2^32.
    threshold: u64,
    file: u64,
    seed: u64,
    state: u64,
    kinds: Where,
    header: Vec<u8>,
    strangers: Strangers,
    injected: Injected,
}

impl Dirt {
    pub(crate) fn new(rate: f64, seed: u64, file: u64, kinds: Where, strangers: Strangers) -> Self {
        Self {
            threshold: (rate * 4_294_967_296.0) as u64,
            file,
            seed,
            state: 0,
            kinds,
            header: Vec::new(),
            strangers,
            injected: Injected::default(),
        }
    }

    pub(crate) fn injected(&self) -> Injected {
        self.injected
    }

    pub(crate) fn header(&mut self, line: &str) {
        self.header = line.as_bytes().to_vec();
        self.header.push(b'\n');
    }

    pub(crate) fn participant(&mut self, index: u32) {
        self.state = mix(self.seed ^ mix(u64::from(index) << 8 | self.file));
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// Perhaps adds a bad row made from the one that begins at `start`; returns how many.
    pub(crate) fn after(&mut self, buffer: &mut Vec<u8>, start: usize) -> u64 {
        let bits = self.bits();
        if (bits & 0xffff_ffff) >= self.threshold {
            return 0;
        }
        let Some(row) = buffer
            .get(start..buffer.len().saturating_sub(1))
            .map(<[u8]>::to_vec)
        else {
            return 0;
        };
        self.bad_row(buffer, &row, bits >> 32);
        1
    }

    fn bad_row(&mut self, buffer: &mut Vec<u8>, row: &[u8], pick: u64) {
        match (pick % 7, self.kinds) {
            (1, Where { date: Some(at), .. }) => {
                replace(buffer, row, at, b"31/02/2010");
                self.injected.bad_date += 1;
            }
            (
                2,
                Where {
                    coded: Some(at), ..
                },
            ) => {
                replace(buffer, row, at, b"98765");
                self.injected.unknown_code += 1;
            }
            (3, Where { unique: true, .. }) => {
                buffer.extend_from_slice(row);
                buffer.push(b'\n');
                self.injected.duplicate_id += 1;
            }
            (4, _) => {
                let offset = (pick / 7) % u64::from(self.strangers.beyond.max(1));
                let id = self
                    .strangers
                    .ids
                    .of(u64::from(self.strangers.first) + offset);
                let mut text = Vec::new();
                push_int(&mut text, 1_000_000 + id as i64);
                replace(buffer, row, 0, &text);
                self.injected.unknown_id += 1;
            }
            (5, _) => {
                buffer.extend_from_slice(row);
                buffer.extend_from_slice(b"\xff\n");
                self.injected.broken_utf8 += 1;
            }
            (6, _) => {
                let header = std::mem::take(&mut self.header);
                buffer.extend_from_slice(&header);
                self.header = header;
                self.injected.second_header += 1;
            }
            _ => {
                buffer.extend_from_slice(row);
                buffer.extend_from_slice(b",surplus\n");
                self.injected.wrong_column_count += 1;
            }
        }
    }
}

/// The row with one cell replaced. No cell of the tables holds a comma.
fn replace(buffer: &mut Vec<u8>, row: &[u8], at: usize, with: &[u8]) {
    for (i, cell) in row.split(|b| *b == b',').enumerate() {
        if i > 0 {
            buffer.push(b',');
        }
        buffer.extend_from_slice(if i == at { with } else { cell });
    }
    buffer.push(b'\n');
}
