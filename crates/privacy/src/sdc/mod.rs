//! Statistical disclosure control for aggregate answers: which numbers of an answer may be shown, and how.
//!
//! The unit is the person, never the row: forty events of one patient are one contributor, and someone without a
//! value contributes nothing (attack 11 of the threat model: "rows for people"). Zero is below ten like any other
//! small number, because "nobody" is a fact about everybody in the group.
//!
//! [`judge`] applies, one file each: the threshold, class disclosure ([`full`]), dominance ([`dominance`]), what follows from
//! other numbers of the same answer ([`secondary`]), and the treatment of counts ([`round`], [`cellkey`]). What follows
//! from *earlier* answers is the work of [`crate::released`]. The rules, their sources and limits are written down in
//! docs/reference/disclosure.md.
//!
//! Must never: depend on a question's text, on time or on chance. Equal people give equal answers.

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use crate::limits::PEOPLE_PER_CELL;
use crate::people;

pub mod cellkey;
pub mod dominance;
pub mod full;
pub mod percentile;
pub mod round;
pub mod secondary;

mod judge;
#[cfg(test)]
mod tests;

pub use cellkey::RecordKeys;
pub use dominance::Dominance;
pub use judge::judge;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumberKind {
    /// A count of distinct people. Its true value is the size of its set.
    People,
    /// A count of rows or values, or of distinct values; people may have several.
    Rows,
    /// Calculated from the values of a column: mean, spread.
    Magnitude,
    /// A sum of values. It is shown in proportion to the count that is shown for its people, or its quotient with the mean
    /// would be the true count.
    Sum,
}

/// How a total of absolute values is spread over people. An upper bound that is too high only withholds more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// The total of the absolute values.
    pub total: f64,
    /// Upper bounds of what the largest and the second largest person have of it.
    pub top: [f64; 2],
}

/// One number of a row, and who is behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// Distinct people with a value behind it.
    #[serde(with = "people")]
    pub people: RoaringBitmap,
    /// Numbers of one family can be subtracted from one another with a result about the people in which they differ: all
    /// counts (family 0), or whatever is calculated of one column. If several columns hold the same values, they are one.
    pub family: usize,
    /// What it is.
    pub kind: NumberKind,
    /// Whether it counts those of the row who meet a condition that the question states (`FILTER`). If they are
    /// everybody, that is said about each of them.
    pub filtered: bool,
    /// How it is spread over people: absolute values, or rows for [`NumberKind::Rows`]. A magnitude without weights is not checked for dominance;
    /// a number of rows without weights is shown only if nobody can have more than half of them.
    pub weights: Option<Weights>,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Distinct people of the group.
    #[serde(with = "people")]
    pub people: RoaringBitmap,
    /// Rows of the group.
    pub size: u64,
    /// Its numbers; every row of a table has the same, in the same order.
    pub numbers: Vec<Number>,
    /// For each number, its true value if it is a count ([`NumberKind::Rows`]); people are counted from their set.
    pub counts: Vec<Option<i64>>,
    /// The group keys as text, `None` for a missing value. Empty if they are not known: rules that need them are left out.
    pub labels: Vec<Option<String>>,
}

/// An answer before disclosure control.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Table {
    /// Whether there is a `GROUP BY`. Without one there is one row, always.
    pub grouped: bool,
    /// The rows.
    pub rows: Vec<Row>,
}

/// What becomes of counts that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    /// Rounded to the nearest multiple of `base` after suppression.
    Round {
        /// The base.
        base: u32,
    },
    /// Perturbed by the cell key of the people behind them.
    CellKey,
}

/// The rules of a project's obligations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Fewest distinct people behind a shown number. Less than [`PEOPLE_PER_CELL`] is taken as that.
    pub threshold: u64,
    /// What becomes of counts.
    pub treatment: Treatment,
    /// When a few people make up too much of a total.
    pub dominance: Dominance,
    /// Whether a group that holds everybody of its margin is withheld.
    pub class_disclosure: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            threshold: PEOPLE_PER_CELL,
            treatment: Treatment::Round { base: round::BASE },
            dominance: Dominance::default(),
            class_disclosure: true,
        }
    }
}

/// What is shown of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// Nothing.
    Withheld,
    /// The number itself.
    AsIs,
    /// This count instead of the true one.
    Count(i64),
    /// The number times `shown` and divided by `people`.
    Scaled {
        /// The count that is shown for its people.
        shown: i64,
        /// How many they are.
        people: i64,
    },
}

impl Shown {
    /// What is shown of a number that is `value` in truth.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn of(self, value: f64) -> Option<f64> {
        match self {
            Self::Withheld => None,
            Self::AsIs => Some(value),
            Self::Count(count) => Some(count as f64),
            Self::Scaled { shown, people } => Some(value * shown as f64 / people as f64),
        }
    }
}

/// What is shown of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowVerdict {
    /// Nothing: the row, its group keys included, is left out.
    Withheld,
    /// The row, and for each number what is shown of it.
    Shown(Vec<Shown>),
}

/// What is shown of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    /// One verdict a row.
    pub rows: Vec<RowVerdict>,
    /// How many rows were left out, if that may be told.
    pub withheld_rows: Option<u64>,
    /// Numbers withheld in shown rows.
    pub withheld_cells: u64,
}

/// Whether this many distinct people are enough for one number.
#[must_use]
pub const fn enough(people: u64) -> bool {
    people >= PEOPLE_PER_CELL
}
