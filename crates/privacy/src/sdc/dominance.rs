//! Dominance: a total of which one or two people make up so much that it tells their values.
//!
//! Rules of the Australian Bureau of Statistics (DataLab output rules: (1,50) and (2,67)), on absolute values as ABS
//! asks, so that a negative value switches nothing off (ACRO 1.0.2 does: attack 12), and the p % rule (Hundepool et al.,
//! "Statistical Disclosure Control", 2012, §4.2.2; ACRO's default 10 %): the second largest person, who subtracts their own
//! value from the total, must not come within p % of the largest person's value.
//!
//! Must never: be fed a lower bound. Upper bounds of the largest people withhold too much at worst.

use serde::{Deserialize, Serialize};

use super::Weights;

/// The parameters, in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dominance {
    /// The largest person may have at most this part of the total.
    pub one: f64,
    /// The two largest people may have at most this part of it together.
    pub two: f64,
    /// What is left without the two largest must be at least this part of the largest.
    pub p: f64,
}

impl Default for Dominance {
    fn default() -> Self {
        Self {
            one: 50.0,
            two: 67.0,
            p: 10.0,
        }
    }
}

impl Dominance {
    /// Whether a total may be shown. Anything that is not a number may not; a total of nought has no dominant person.
    #[must_use]
    pub fn passes(&self, weights: &Weights) -> bool {
        let Weights {
            total,
            top: [first, second],
        } = *weights;
        if !(total.is_finite() && first.is_finite() && second.is_finite()) {
            return false;
        }
        if total <= 0.0 && first <= 0.0 {
            return true;
        }
        let rest = total - first - second;
        100.0 * first <= self.one * total
            && 100.0 * (first + second) <= self.two * total
            && 100.0 * rest >= self.p * first
    }
}

impl Weights {
    /// What is known of a number of rows alone: everybody else has one at least. The second number is what the second
    /// largest has if the largest has as much as possible, so both together are an upper bound too.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "an upper bound of rows, far below 2^53"
    )]
    pub fn of_rows(rows: u64, people: u64) -> Self {
        let largest = rows.saturating_sub(people.saturating_sub(1)) as f64;
        Self {
            total: rows as f64,
            top: [largest, largest.min(1.0)],
        }
    }

    /// Whether a total says how many people have a value, and they or the others are too few.
    ///
    /// If the two largest are equal and the total is a whole number of times as much, the column is taken to hold yes or
    /// no: then its sum, mean and spread are a count of those who say yes, and of those who say no. A column in which
    /// everybody has the same is the case of nobody saying no: class disclosure.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "people are far below 2^53")]
    pub fn counts_few(&self, people: u64, threshold: u64) -> bool {
        let [first, second] = self.top;
        if first <= 0.0 {
            return true; // nought for everybody
        }
        let yes = self.total / first;
        let whole = (yes - yes.round()).abs() <= 1e-9 * yes.max(1.0);
        let tied = (first - second).abs() <= 1e-12 * first;
        tied && whole && (yes < threshold as f64 || people as f64 - yes < threshold as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(total: f64, first: f64, second: f64) -> bool {
        Dominance::default().passes(&Weights {
            total,
            top: [first, second],
        })
    }

    /// By hand from the rules as ABS publishes them: more than 50 % of the total, more than 67 % by two.
    #[test]
    fn the_rules_of_abs_at_their_edges() {
        assert!(passes(100.0, 50.0, 17.0));
        assert!(!passes(100.0, 50.1, 10.0));
        assert!(!passes(100.0, 50.0, 17.1));
        // nothing there, nobody dominates
        assert!(passes(0.0, 0.0, 0.0));
        assert!(!passes(f64::NAN, 1.0, 1.0));
        assert!(!passes(f64::INFINITY, 1.0, 1.0));
    }

    /// By hand: 12 rows of 10 people leave 3 for one of them; 30 rows leave 21.
    #[test]
    fn rows_alone_bound_the_largest() {
        assert!(Dominance::default().passes(&Weights::of_rows(12, 10)));
        assert!(!Dominance::default().passes(&Weights::of_rows(30, 10)));
        // a count of different values may be smaller than its people
        assert!(Dominance::default().passes(&Weights::of_rows(3, 10)));
    }

    /// By hand: a yes-or-no column of 40 people.
    #[test]
    fn a_column_of_yes_and_no_is_a_count() {
        let few = |yes: f64, largest: f64| {
            Weights {
                total: yes * largest,
                top: [largest, largest],
            }
            .counts_few(40, 10)
        };
        assert!(few(9.0, 1.0) && few(31.0, 1.0) && few(40.0, 1.0) && few(9.0, 2.5));
        assert!(!few(10.0, 1.0) && !few(30.0, 1.0));
        // values that are no yes and no
        assert!(!few(8.7, 1.0));
        // everybody has nought
        let nought = Weights {
            total: 0.0,
            top: [0.0; 2],
        };
        assert!(nought.counts_few(40, 10));
    }

    /// The p % rule alone: total 100, largest 80, second 12, so 8 are left, and 8 is 10 % of 80.
    #[test]
    fn p_per_cent_by_hand() {
        let rule = Dominance {
            one: 100.0,
            two: 100.0,
            p: 10.0,
        };
        let passes = |total, first, second| {
            rule.passes(&Weights {
                total,
                top: [first, second],
            })
        };
        assert!(passes(100.0, 80.0, 12.0));
        assert!(!passes(100.0, 80.0, 12.1));
    }
}
