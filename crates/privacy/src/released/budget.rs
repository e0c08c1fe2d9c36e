//! How much one project may ask.
//!
//! Pure counting; the caller keeps what was asked and when. Must never: forget a refusal. A refusal for a difference tells the asker that
//! a difference is small, so a project that collects them is stopped until a person has looked.

use serde::{Deserialize, Serialize};

/// What a project may do within a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Length of the window in seconds.
    pub window: i64,
    /// Tables within it.
    pub tables: u64,
    /// Shown numbers within it.
    pub cells: u64,
    /// Refusals for a difference within it; with one more, questions stop until a person has looked.
    pub refusals: u64,
}

/// One question that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// When, in seconds.
    pub at: i64,
    /// Numbers it showed; nought if it was refused.
    pub cells: u64,
    /// Whether it was refused for what it would tell together with earlier answers.
    pub refused: bool,
}

/// Why a project may not ask now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exhausted {
    /// Too many tables in the window.
    Tables,
    /// Too many numbers in the window.
    Cells,
    /// Too many refusals since a person last looked; only a person opens it again.
    Refusals,
}

impl Default for Budget {
    fn default() -> Self {
        use crate::limits::{BUDGET_CELLS, BUDGET_REFUSALS, BUDGET_TABLES, BUDGET_WINDOW};
        Self {
            window: BUDGET_WINDOW,
            tables: BUDGET_TABLES,
            cells: BUDGET_CELLS,
            refusals: BUDGET_REFUSALS,
        }
    }
}

impl Budget {
    /// Whether a table of `cells` numbers may be shown at `now`. `looked` is when a person last looked at the project's
    /// refusals. Ask with `cells` = 0 before the question is run, and with its size before it is shown.
    ///
    /// Refusals stay counted until a person has looked, however long that takes; tables and cells come back with time.
    ///
    /// # Errors
    /// What is exhausted.
    pub fn check<'a>(
        &self,
        spent: impl IntoIterator<Item = &'a Spent>,
        now: i64,
        looked: Option<i64>,
        cells: u64,
    ) -> Result<(), Exhausted> {
        let (mut tables, mut total, mut recent) = (0_u64, cells, Vec::new());
        for one in spent {
            if one.refused {
                if looked.is_none_or(|looked| one.at > looked) {
                    recent.push(one.at);
                }
            } else if one.at > now.saturating_sub(self.window) {
                tables = tables.saturating_add(1);
                total = total.saturating_add(one.cells);
            }
        }
        if self.stopped(&mut recent) {
            return Err(Exhausted::Refusals);
        }
        if tables >= self.tables {
            return Err(Exhausted::Tables);
        }
        if total > self.cells {
            return Err(Exhausted::Cells);
        }
        Ok(())
    }

    /// Whether there ever were more refusals than allowed within one window. Waiting does not undo it.
    fn stopped(&self, refusals: &mut [i64]) -> bool {
        refusals.sort_unstable();
        let Ok(allowed) = usize::try_from(self.refusals) else {
            return false;
        };
        refusals
            .iter()
            .zip(refusals.iter().skip(allowed))
            .any(|(first, last)| last.saturating_sub(*first) < self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn refused(day: i64) -> Spent {
        Spent {
            at: day * DAY,
            cells: 0,
            refused: true,
        }
    }

    fn table(day: i64, cells: u64) -> Spent {
        Spent {
            at: day * DAY,
            cells,
            refused: false,
        }
    }

    const SMALL: Budget = Budget {
        window: 30 * DAY,
        tables: 3,
        cells: 100,
        refusals: 2,
    };

    #[test]
    fn tables_and_cells_come_back_with_time() {
        let spent = [table(1, 40), table(2, 40), table(20, 10)];
        let check = |day, cells| SMALL.check(&spent, day * DAY, None, cells);
        assert_eq!(check(21, 0), Err(Exhausted::Tables));
        assert_eq!(check(31, 50), Ok(()));
        assert_eq!(check(31, 51), Err(Exhausted::Cells));
        assert_eq!(check(32, 90), Ok(()));
    }

    #[test]
    fn refusals_stay_until_a_person_has_looked() {
        let spent = [refused(1), refused(2), refused(3)];
        assert_eq!(
            SMALL.check(&spent[..2], 4 * DAY, None, 0),
            Ok(()),
            "two are allowed"
        );
        for day in [4, 400] {
            assert_eq!(
                SMALL.check(&spent, day * DAY, None, 0),
                Err(Exhausted::Refusals)
            );
        }
        assert_eq!(SMALL.check(&spent, 400 * DAY, Some(3 * DAY), 0), Ok(()));
        // spread over more than a window each, they are no pattern
        let slow = [refused(1), refused(40), refused(80)];
        assert_eq!(SMALL.check(&slow, 81 * DAY, None, 0), Ok(()));
    }
}
