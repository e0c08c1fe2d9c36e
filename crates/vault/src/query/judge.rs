//! Who decides what may be shown of an aggregate answer.
//!
//! The engine counts and hands the sets of people behind each number over; what was shown before, to which project and
//! under which obligations, is known where the ledger is.

use privacy::released::Meaning;
use privacy::sdc;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::ColumnsRead;

/// What belongs to a table beside its sets of people, in words that are the same in every question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Named {
    /// The families of its numbers, by number: the table and column that they are calculated from, and an empty text for
    /// counts.
    pub families: Vec<String>,
    /// What was asked for.
    pub meaning: Meaning,
}

/// Why a table is not judged.
#[derive(Debug, Clone)]
pub enum JudgeStop {
    /// It may not be shown.
    Refusal(governance::Refusal),
    /// It may be shown once these people are masked too, so that nobody who withdrew can be singled out.
    Again(RoaringBitmap),
    /// A bug or an outage.
    Fault(String),
}

/// Decides what may be shown. Called at most once for each question, after [`Judge::planned`].
pub trait Judge: Send {
    /// Says which columns the checked plan reads.
    fn planned(&mut self, used: &ColumnsRead) {
        let _ = used;
    }

    /// Says how far the reading of the tables is, from 0 to 1, every [`crate::limits::PROGRESS`].
    fn progress(&mut self, share: f64) {
        let _ = share;
    }

    /// Decides for every number of a table.
    ///
    /// # Errors
    /// [`JudgeStop`]: then nothing of it is shown.
    fn judge(&mut self, table: sdc::Table, named: Named) -> Result<sdc::Verdicts, JudgeStop>;
}

/// The rules for one table, without any memory of others: for tests and measurements.
#[derive(Debug)]
pub struct Threshold {
    /// The rules.
    pub rules: sdc::Rules,
    /// Keys for noise.
    pub keys: sdc::RecordKeys,
}

impl Default for Threshold {
    fn default() -> Self {
        Self {
            rules: sdc::Rules::default(),
            keys: sdc::RecordKeys::derive(&[0; 32]),
        }
    }
}

impl Judge for Threshold {
    fn judge(&mut self, table: sdc::Table, _: Named) -> Result<sdc::Verdicts, JudgeStop> {
        Ok(sdc::judge(&table, &self.rules, &self.keys))
    }
}
