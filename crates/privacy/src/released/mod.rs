//! Answers that were given before, and what a new one would tell together with them.
//!
//! Each released table keeps the sets of people behind what it showed, not the numbers' meaning and no value of anyone. A new table is
//! compared with every earlier one, of every project, before it is shown ([`compare`]). Counts are taken as if they
//! had been shown exactly: rounding and noise come on top and are never relied on.
//!
//! Must never: tell in a refusal how many people differ or which project asked before.

use roaring::{MultiOps, RoaringBitmap};
use serde::{Deserialize, Serialize};

use crate::limits::PEOPLE_PER_CELL;
use crate::people;
use crate::sdc::{Dominance, RowVerdict, Shown, Table, Treatment, Verdicts, Weights, round};

pub mod budget;
mod bytes;
mod compare;
mod crossing;
mod explained;
mod family;
mod fill;
mod joint;
mod load;
mod meaning;
mod protected;
mod recode;
mod settle;
#[cfg(test)]
mod tests;
mod withdrawal;

pub use bytes::BytesError;
pub use compare::compare;
pub use withdrawal::Chooser;

/// The family of all counts. Families of values are named by the caller, by the same name in every question: the table and
/// column that they are calculated from.
pub const COUNTS: &str = "";

/// One number column of a released table, or the groups themselves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Layer {
    /// What it can be subtracted from: layers of the same family. [`COUNTS`] for counts.
    pub family: String,
    /// The shown cells.
    pub cells: Vec<Cell>,
}

/// One shown number.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cell {
    /// The people behind it.
    #[serde(with = "people")]
    pub people: RoaringBitmap,
    /// The count that was shown, if it is one.
    pub shown: Option<i64>,
    /// Its row in the table it came from.
    pub row: u32,
    /// Its number within the row.
    pub number: u32,
    /// What was asked for, as digests of conditions that all must hold ([`Meaning`]); `None` if it is not known.
    pub meaning: Option<Vec<u64>>,
    /// How a total is spread over its people, for numbers that are calculated of values.
    pub weights: Option<Weights>,
}

/// The row of the people in all withheld rows together, where their number was told.
pub const WITHHELD: u32 = u32::MAX;

/// What a question asks for, in words that are the same whenever the same is meant.
///
/// Two sets that are equal because the same was asked may both be shown. Two that were asked for differently and turn out
/// to be equal are as telling as two that differ by one person: "those who say yes" and "those who say yes but
/// for this one" are equal exactly if this one says no. Without a meaning the comparison cannot tell these apart and lets both
/// pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Meaning {
    /// Conditions on everybody in the question: its relation (`FROM` and joins) and each part of `WHERE` that is joined by
    /// `AND`, normalised. A part `column = value` reads like a key of that label: `column=value`.
    pub conditions: Vec<String>,
    /// The expression of each group key.
    pub keys: Vec<String>,
    /// For each number its `FILTER` condition, empty if it has none.
    pub numbers: Vec<String>,
}

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReleasedTable {
    /// Everything that was shown.
    pub layers: Vec<Layer>,
    /// Sets whose number was withheld for another reason than their size: it must not follow from what is shown.
    pub protected: Vec<Layer>,
    /// Who had withdrawn when it was shown.
    #[serde(with = "people")]
    pub withdrawn: RoaringBitmap,
    /// Who was left out beside them, so that they could not be singled out.
    #[serde(with = "people")]
    pub stand_ins: RoaringBitmap,
}

impl ReleasedTable {
    /// What is to be kept of a judged table. `families` names the families of its numbers ([`crate::sdc::Number::family`]); family
    /// 0, and every family without a name, is taken as counts, which compares more.
    #[must_use]
    pub fn new(
        table: &Table,
        verdicts: &Verdicts,
        families: &[String],
        withdrawn: RoaringBitmap,
        stand_ins: RoaringBitmap,
    ) -> Self {
        let mut out = Self {
            withdrawn,
            stand_ins,
            ..Self::default()
        };
        out.fill(table, verdicts, families);
        out
    }

    /// The same, knowing what was asked for.
    #[must_use]
    pub fn meaning(mut self, table: &Table, meaning: &Meaning) -> Self {
        for cell in self.layers.iter_mut().flat_map(|layer| &mut layer.cells) {
            cell.meaning = meaning::of(cell, table, meaning);
        }
        self
    }

    /// Puts the counts of [`Outcome::Fine`] in their places, in the verdicts that are shown and in what is kept.
    pub fn settle(&mut self, verdicts: &mut Verdicts, settled: &[Settled]) {
        for one in settled {
            for cell in self.layers.iter_mut().flat_map(|layer| &mut layer.cells) {
                if (cell.row, cell.number) == (one.row, one.number) {
                    cell.shown = Some(one.count);
                }
            }
            let row = usize::try_from(one.row).ok();
            if let Some(RowVerdict::Shown(shown)) = row.and_then(|r| verdicts.rows.get_mut(r))
                && let Some(shown) = usize::try_from(one.number)
                    .ok()
                    .and_then(|n| shown.get_mut(n))
            {
                *shown = Shown::Count(one.count);
            }
        }
    }

    /// Everybody in it.
    #[must_use]
    pub fn population(&self) -> RoaringBitmap {
        let cells = self.layers.iter().flat_map(|layer| &layer.cells);
        cells.map(|cell| &cell.people).union()
    }

    /// Shown numbers, without the groups themselves.
    #[must_use]
    pub fn numbers(&self) -> u64 {
        let cells = self.layers.iter().flat_map(|layer| &layer.cells);
        u64::try_from(cells.filter(|c| c.number != u32::MAX).count()).unwrap_or(u64::MAX)
    }
}

/// An earlier answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// What is kept of it.
    pub table: ReleasedTable,
    /// Whether it was given to the project that asks now.
    pub own: bool,
}

/// What the comparison may use beside the sets.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Fewest people in which two shown numbers may differ. Less than ten is taken as ten.
    pub threshold: u64,
    /// How counts were treated.
    pub treatment: Treatment,
    /// When a few people make up too much of a total that follows from others.
    pub dominance: Dominance,
    /// The table before disclosure control, with its labels. Without it no recode is looked for.
    pub table: Option<&'a Table>,
    /// Chooses stand-ins.
    pub chooser: &'a Chooser,
}

impl<'a> Options<'a> {
    /// The defaults: ten people, no recode.
    #[must_use]
    pub fn new(chooser: &'a Chooser) -> Self {
        Self {
            threshold: PEOPLE_PER_CELL,
            treatment: Treatment::Round { base: round::BASE },
            dominance: Dominance::default(),
            table: None,
            chooser,
        }
    }
}

/// What comes of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It may be shown, with these counts in the place of those that [`crate::sdc::judge`] gave.
    Fine {
        /// Counts that must agree with earlier answers, so that nothing is learned by averaging.
        settled: Vec<Settled>,
    },
    /// It may not.
    Refuse {
        /// Why.
        rule: Rule,
        /// The smallest coarser form that would pass, if there is one.
        recode: Option<Recode>,
    },
    /// Somebody has withdrawn since an earlier answer. Ask again with these people masked too, and pass them on as
    /// [`ReleasedTable::stand_ins`].
    StandIns(RoaringBitmap),
}

/// A count that is shown instead of the one of [`crate::sdc::judge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Row of the table.
    pub row: u32,
    /// Number of the row.
    pub number: u32,
    /// The count to be shown.
    pub count: i64,
}

/// Why a table may not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Together with earlier answers it tells something about one to nine people.
    Difference,
    /// Too many answers about the same few people: enough equations solve for persons, whatever the noise.
    TooManyAboutThem,
    /// The population was asked about too often by this project.
    PopulationAskedTooOften,
    /// It overlaps with earlier answers in more ways than can be examined.
    TooEntangled,
    /// Too few people have changed since an earlier answer; it waits until more have.
    WaitsForMoreChange,
}

/// A coarser form of a table that would pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recode {
    /// Leave one group key out.
    DropKey {
        /// Which, from 0.
        key: usize,
        /// Rows the table would have.
        rows: usize,
    },
    /// Put neighbouring values of one group key together.
    MergeValues {
        /// Which key, from 0.
        key: usize,
        /// The values that become one, in their order.
        values: Vec<Option<String>>,
        /// Rows the table would have.
        rows: usize,
    },
}
