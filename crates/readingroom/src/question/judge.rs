//! Judges an aggregate answer where the ledger is: what was shown before, to whichever project, and under which
//! obligations this one is.
//!
//! From the moment it judges until the answer is recorded the instance is locked, so that no two answers are judged without
//! knowing of each other.

use governance::{Id, Refusal};
use privacy::sdc::{self, Treatment};
use roaring::RoaringBitmap;
use vault::query::{Judge, JudgeStop, Named};

use super::released::{self, Kept};
use super::watch::Watch;
use super::{Asked, Prepared};
use crate::failure::Failure;
use crate::instance::Instance;

/// The obligation, as policies word it, by which counts carry noise instead of being rounded.
pub const CELL_KEY: &str = "counts carry cell-key noise";

/// The judge of one question.
pub struct Ledgered<'a> {
    instance: &'a mut Instance,
    asked: Asked<'a>,
    prepared: &'a Prepared,
    stand_ins: &'a RoaringBitmap,
    question: &'a Id,
    kept: Option<Kept>,
}

impl<'a> Ledgered<'a> {
    pub(super) fn new(
        instance: &'a mut Instance,
        asked: Asked<'a>,
        prepared: &'a Prepared,
        stand_ins: &'a RoaringBitmap,
        question: &'a Id,
    ) -> Self {
        Self {
            instance,
            asked,
            prepared,
            stand_ins,
            question,
            kept: None,
        }
    }

    /// Lets others at the instance, and watches on this question's behalf.
    pub(super) fn watch(&mut self) -> Result<Watch, Failure> {
        let watch = Watch::new(self.instance, self.asked, self.prepared, self.question)?;
        self.instance.pause()?;
        Ok(watch)
    }

    /// The sets of people behind what was let through, to be kept with the answer.
    pub(super) fn finish(self) -> Option<Kept> {
        self.kept
    }

    fn decide(&mut self, table: &sdc::Table, named: &Named) -> Result<sdc::Verdicts, Stop> {
        self.instance.resume()?;
        released::allowed(self.instance, self.asked.project, 0)?;
        let treatment = if self.prepared.scope.obligations().any(|o| o == CELL_KEY) {
            Treatment::CellKey
        } else {
            sdc::Rules::default().treatment
        };
        let rules = sdc::Rules {
            treatment,
            ..sdc::Rules::default()
        };
        let keys = released::record_keys(self.instance);
        let mut verdicts = sdc::judge(table, &rules, &keys);
        let proposed = released::Proposed {
            table,
            named,
            treatment,
            stand_ins: self.stand_ins,
            question: self.question,
        };
        let kept = released::compare(self.instance, self.asked, proposed, &mut verdicts)?;
        self.kept = Some(kept);
        Ok(verdicts)
    }
}

/// Why there is no verdict.
pub enum Stop {
    /// It may not be shown, or there is a fault.
    Failure(Failure),
    /// Ask again with these people masked too.
    Again(RoaringBitmap),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Failure(refusal.into())
    }
}

impl Judge for Ledgered<'_> {
    fn judge(&mut self, table: sdc::Table, named: Named) -> Result<sdc::Verdicts, JudgeStop> {
        self.decide(&table, &named).map_err(|stop| match stop {
            Stop::Again(people) => JudgeStop::Again(people),
            Stop::Failure(Failure::Refused(refusal)) => JudgeStop::Refusal(*refusal),
            Stop::Failure(other) => JudgeStop::Fault(other.text()),
        })
    }
}
