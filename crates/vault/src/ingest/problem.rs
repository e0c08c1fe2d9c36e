//! What can be wrong with a row, where, and how it is told without telling the value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits;

/// Why a row is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// More or fewer cells than the header has columns.
    ColumnCount,
    /// A header line between the rows.
    SecondHeader,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A NUL byte.
    NulByte,
    /// No id, or something that is not one.
    BadId,
    /// An id that an earlier row of the main table has.
    DuplicateId,
    /// An id that the main and identity tables do not have.
    UnknownId,
    /// A row that repeats the unique key of an earlier row.
    DuplicateKey,
    /// Not a date, or not a plausible one.
    BadDate,
    /// Not a number.
    BadNumber,
    /// A code that the field's coding does not have.
    UnknownCode,
    /// A text beyond the limit.
    TooLong,
}

/// One row that is left out: where, what was expected, what was found (its shape, never the value).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// File name.
    pub file: String,
    /// Line on which the row begins, from 1.
    pub line: u64,
    /// Column, from 1, if the problem lies in one.
    pub column: Option<u32>,
    /// The column's name.
    pub name: Option<String>,
    /// Why the row is left out.
    pub reason: Reason,
    /// What should have been there.
    pub expected: String,
    /// The shape of what was there.
    pub found: String,
}

/// The problems of one table: all counted, the first of each reason listed.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    /// Rows left out, by reason.
    pub counts: BTreeMap<Reason, u64>,
    /// The first problems of each reason, in the order found.
    pub listed: Vec<Problem>,
}

impl Problems {
    /// Counts a problem; `describe` is called only if it is to be listed.
    pub fn add(&mut self, reason: Reason, describe: impl FnOnce() -> Problem) {
        let count = self.counts.entry(reason).or_insert(0);
        *count += 1;
        if *count <= limits::LISTED_PROBLEMS as u64 {
            self.listed.push(describe());
        }
    }

    /// Rows left out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Adds the problems of another part of the same table.
    pub fn merge(&mut self, other: Self) {
        for problem in other.listed {
            let same = |listed: &&Problem| listed.reason == problem.reason;
            if self.listed.iter().filter(same).count() < limits::LISTED_PROBLEMS {
                self.listed.push(problem);
            }
        }
        for (reason, count) in other.counts {
            *self.counts.entry(reason).or_insert(0) += count;
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

impl Reason {
    /// The reason in plain words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ColumnCount => "wrong number of columns",
            Self::SecondHeader => "a second header line",
            Self::NotUtf8 => "bytes that are not UTF-8",
            Self::NulByte => "a NUL byte",
            Self::BadId => "no usable id",
            Self::DuplicateId => "an id that an earlier row has",
            Self::UnknownId => "an id that no participant has",
            Self::DuplicateKey => "a key that an earlier row has",
            Self::BadDate => "a bad date",
            Self::BadNumber => "a bad number",
            Self::UnknownCode => "an unknown code",
            Self::TooLong => "a text that is too long",
        }
    }
}

/// The shape of a value: how long it is and of what kinds of characters, so that it can be found by its place and
/// never read from a report.
#[must_use]
pub fn shape(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    let mut kinds = Vec::new();
    let mut note = |is: fn(&u8) -> bool, word| {
        if bytes.iter().any(is) {
            kinds.push(word);
        }
    };
    note(u8::is_ascii_digit, "digits");
    note(u8::is_ascii_alphabetic, "letters");
    note(u8::is_ascii_punctuation, "punctuation");
    note(u8::is_ascii_whitespace, "spaces");
    note(|byte| !byte.is_ascii(), "other characters");
    let n = String::from_utf8_lossy(bytes).chars().count();
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} character{plural} ({})", kinds.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_says_nothing_of_the_value() {
        assert_eq!(shape(b""), "nothing");
        assert_eq!(shape(b"7"), "1 character (digits)");
        assert_eq!(shape(b"31/02/2001"), "10 characters (digits, punctuation)");
        assert_eq!(
            shape("né".as_bytes()),
            "2 characters (letters, other characters)"
        );
    }

    #[test]
    fn only_the_first_hundred_of_a_reason_are_listed() {
        let mut problems = Problems::default();
        for line in 0..250 {
            problems.add(Reason::BadDate, || Problem {
                file: "f".to_owned(),
                line,
                column: None,
                name: None,
                reason: Reason::BadDate,
                expected: String::new(),
                found: String::new(),
            });
        }
        assert_eq!((problems.total(), problems.listed.len()), (250, 100));
    }
}
