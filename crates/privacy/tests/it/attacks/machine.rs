//! The answering machine: what the product does between a question and an answer, in memory.
//!
//! An attacker has [`Machine::ask`] and nothing else; [`Machine::withdraw`] is what happens to it.

use roaring::RoaringBitmap;

use super::tally::{Group, groups};
use super::world::{Code, Question, What, World};

/// What stands between the numbers and the attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Ten rows behind each number, as ACRO counts them, and nothing else.
    Threshold,
    /// The product, counts rounded to five.
    Round,
    /// The product, counts perturbed by cell key.
    CellKey,
}

/// What a researcher sees of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) rows: Vec<(Vec<Code>, Vec<Option<f64>>)>,
    pub(crate) withheld_rows: Option<u64>,
    pub(crate) withheld_cells: u64,
}

impl Shown {
    /// The number at a key, if that row and that number are shown.
    pub(crate) fn at(&self, key: &[Code], measure: usize) -> Option<f64> {
        let row = self.rows.iter().find(|r| r.0 == key)?;
        row.1[measure]
    }
}

pub(crate) struct Machine<'w> {
    world: &'w World,
    guard: Guard,
    withdrawn: RoaringBitmap,
}

impl<'w> Machine<'w> {
    pub(crate) fn new(world: &'w World, guard: Guard, _seed: u64) -> Self {
        Self {
            world,
            guard,
            withdrawn: RoaringBitmap::new(),
        }
    }

    /// This person is masked from now on.
    pub(crate) fn withdraw(&mut self, person: u32) {
        self.withdrawn.insert(person);
    }

    /// Asks; `None` is a refusal.
    pub(crate) fn ask(&mut self, _project: usize, question: &Question) -> Option<Shown> {
        let groups = groups(self.world, question, &self.withdrawn);
        Some(threshold(&groups))
    }

    /// The first number of an answer of one row.
    pub(crate) fn number(&mut self, question: &Question) -> Option<f64> {
        self.ask(0, question)?.rows.first()?.1[0]
    }

    /// The counts that may be behind a count that was shown.
    pub(crate) fn count(&self, shown: f64) -> (i64, i64) {
        let v = shown.round() as i64;
        let b = self.guard.error_at_most();
        ((v - b).max(10), v + b)
    }
}

impl Guard {
    /// The largest error of a shown count.
    pub(crate) fn error_at_most(self) -> i64 {
        match self {
            Self::Threshold => 0,
            Self::Round => 2,
            Self::CellKey => 5,
        }
    }

    /// How often a guess of a count is exact if only one answer about it was seen.
    pub(crate) fn exact_by_chance(self) -> f64 {
        1.0 / (2 * self.error_at_most() + 1) as f64
    }

    /// How likely each error of a shown count is, from the least to the largest.
    pub(crate) fn errors(self) -> Vec<f64> {
        let n = (2 * self.error_at_most() + 1) as usize;
        vec![1.0 / n as f64; n]
    }
}

/// Ten rows behind each number.
fn threshold(groups: &[Group]) -> Shown {
    let enough: Vec<&Group> = groups.iter().filter(|g| g.rows >= 10).collect();
    Shown {
        withheld_rows: Some((groups.len() - enough.len()) as u64),
        withheld_cells: 0,
        rows: enough
            .into_iter()
            .map(|g| {
                let numbers = g.numbers.iter().map(|n| {
                    let counted = match n.what {
                        What::People => n.people.len() >= 10,
                        _ => n.rows >= 10,
                    };
                    counted.then_some(n.value)
                });
                (g.key.clone(), numbers.collect())
            })
            .collect(),
    }
}
