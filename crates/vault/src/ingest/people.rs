//! Who is who: raw participant ids to the dense internal index.
//!
//! An id keeps its index for ever; a new one gets the next number in the order in which the main table (or, failing
//! it, the identity table) first names it. Must never let an id into an error or a log.

use std::collections::HashMap;

use crate::limits;

/// A participant's id in one form: numbers without leading zeros, everything else as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id<'a> {
    /// A number.
    Number(u64),
    /// Anything else.
    Text(&'a [u8]),
}

/// All ids known, and which of them are in this release.
#[derive(Debug, Default)]
pub struct People {
    numbers: HashMap<u64, u32>,
    texts: HashMap<Box<[u8]>, u32>,
    present: Vec<bool>,
    in_main: Vec<bool>,
    in_identity: Vec<bool>,
    known_before: usize,
    new: Vec<(String, u32)>,
}

/// Why the participants of an instance cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// The index handed in has gaps, doubles or unusable ids.
    #[error("the instance's participant index is not dense")]
    NotDense,
    /// More participants than the limit.
    #[error("more than {} participants", limits::MAX_PARTICIPANTS)]
    TooMany,
}

impl<'a> Id<'a> {
    /// Reads an id; `None` if it is empty, too long, or has other characters than letters, digits, `-`, `_` and `.`.
    /// UK Biobank replaces the ids of withdrawn people by negative numbers: these are no ids.
    #[must_use]
    #[inline]
    pub fn parse(cell: &'a [u8]) -> Option<Self> {
        let cell = super::cell::trim(cell);
        if cell.is_empty() || cell.len() > limits::MAX_ID_BYTES {
            return None;
        }
        if cell.iter().all(u8::is_ascii_digit) {
            let zeros = cell.iter().take_while(|byte| **byte == b'0').count();
            let digits = cell.get(zeros..)?;
            // 19 digits fit in 64 bits; a longer number is told apart as text, still without its zeros.
            return Some(if digits.len() <= 19 {
                let add = |n: u64, byte: &u8| n * 10 + u64::from(byte - b'0');
                Id::Number(digits.iter().fold(0, add))
            } else {
                Id::Text(digits)
            });
        }
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let begins = cell.first().is_some_and(u8::is_ascii_alphanumeric);
        (begins && cell.iter().all(plain)).then_some(Id::Text(cell))
    }
}

impl std::fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&String::from_utf8_lossy(text)),
        }
    }
}

/// The form in which an id is stored: without surrounding spaces, numbers without leading zeros. `None` if it is not an id.
#[must_use]
pub fn normalise_id(text: &str) -> Option<String> {
    Id::parse(text.as_bytes()).map(|id| id.to_string())
}

impl People {
    /// Starts from the participants that the instance has.
    ///
    /// # Errors
    /// [`PeopleError`] if their indices do not run from 0 without gaps.
    pub fn new(existing: &HashMap<String, u32>) -> Result<Self, PeopleError> {
        let n = existing.len();
        let mut people = Self {
            known_before: n,
            present: vec![false; n],
            in_main: vec![false; n],
            in_identity: vec![false; n],
            ..Self::default()
        };
        let mut seen = vec![false; n];
        for (id, index) in existing {
            let slot = seen.get_mut(*index as usize).ok_or(PeopleError::NotDense)?;
            let id = Id::parse(id.as_bytes()).ok_or(PeopleError::NotDense)?;
            if std::mem::replace(slot, true) || people.insert(id, *index).is_some() {
                return Err(PeopleError::NotDense);
            }
        }
        Ok(people)
    }

    fn insert(&mut self, id: Id<'_>, index: u32) -> Option<u32> {
        match id {
            Id::Number(number) => self.numbers.insert(number, index),
            Id::Text(text) => self.texts.insert(text.into(), index),
        }
    }

    /// The index of an id, if the instance knows it.
    #[must_use]
    #[inline]
    pub fn index_of(&self, id: Id<'_>) -> Option<u32> {
        match id {
            Id::Number(number) => self.numbers.get(&number).copied(),
            Id::Text(text) => self.texts.get(text).copied(),
        }
    }

    /// The index of an id that the main or identity table of this release has.
    #[must_use]
    #[inline]
    pub fn present(&self, id: Id<'_>) -> Option<u32> {
        let index = self.index_of(id)?;
        self.present.get(index as usize)?.then_some(index)
    }

    /// The index of an id found in the main or identity table; a new one if need be.
    ///
    /// # Errors
    /// [`PeopleError::TooMany`] beyond the limit.
    pub fn enter(&mut self, id: Id<'_>) -> Result<u32, PeopleError> {
        if let Some(index) = self.index_of(id) {
            if let Some(present) = self.present.get_mut(index as usize) {
                *present = true;
            }
            return Ok(index);
        }
        let index = u32::try_from(self.present.len()).map_err(|_| PeopleError::TooMany)?;
        if index >= limits::MAX_PARTICIPANTS {
            return Err(PeopleError::TooMany);
        }
        self.insert(id, index);
        self.present.push(true);
        self.in_main.push(false);
        self.in_identity.push(false);
        self.new.push((id.to_string(), index));
        Ok(index)
    }

    /// Notes a row of the main (or, if so said, of the identity) table; true if it is the person's first there.
    pub fn first_row(&mut self, index: u32, identity: bool) -> bool {
        let seen = if identity {
            &mut self.in_identity
        } else {
            &mut self.in_main
        };
        seen.get_mut(index as usize)
            .is_some_and(|seen| !std::mem::replace(seen, true))
    }

    /// Number of participants with an index, whether in this release or an earlier one.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.present.len() as u32
    }

    /// Number of participants of this release.
    #[must_use]
    pub fn in_release(&self) -> u32 {
        self.present.iter().filter(|present| **present).count() as u32
    }

    /// Number of participants known before.
    #[must_use]
    pub const fn known_before(&self) -> usize {
        self.known_before
    }

    /// New participants in the order of their indices, ids in their stored form.
    #[must_use]
    pub fn into_new(self) -> Vec<(String, u32)> {
        self.new
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn leading_zeros_do_not_make_another_person() {
        assert_eq!(Id::parse(b"0739128"), Some(Id::Number(739_128)));
        assert_eq!(Id::parse(b" 739128 "), Id::parse(b"0739128"));
        assert_eq!(Id::parse(b"fake1"), Some(Id::Text(b"fake1")));
        assert_eq!(normalise_id("00012").as_deref(), Some("12"));
        for no_id in [&b""[..], b"-1", b"a b", b"\xff\xfe", &[b'1'; 65]] {
            assert_eq!(Id::parse(no_id), None);
        }
        let long = [b'9'; 30];
        assert_eq!(Id::parse(&long), Some(Id::Text(&long)));
    }

    #[test]
    fn old_indices_stay_and_new_ones_follow() {
        let old = HashMap::from([("7".to_owned(), 1), ("a".to_owned(), 0)]);
        let mut people = People::new(&old).unwrap();
        assert_eq!(people.present(Id::Number(7)), None);
        assert_eq!(people.enter(Id::Number(9)), Ok(2));
        assert_eq!(people.enter(Id::Number(7)), Ok(1));
        assert_eq!(people.present(Id::Number(7)), Some(1));
        assert!(
            people.first_row(1, false) && !people.first_row(1, false) && people.first_row(1, true)
        );
        assert_eq!((people.total(), people.in_release()), (3, 2));
        assert_eq!(people.into_new(), [("9".to_owned(), 2)]);
        let gap = HashMap::from([("7".to_owned(), 1)]);
        assert_eq!(People::new(&gap).unwrap_err(), PeopleError::NotDense);
    }
}
