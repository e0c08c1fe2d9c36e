//! How a total is spread over people, in bounded memory.
//!
//! A [`Summary`] takes the absolute value of one row after another and knows at the end the exact total, and upper
//! bounds of what the largest and the second largest person have of it, as [`crate::sdc::Dominance`] needs them.
//! Rows of one person that follow each other are added up first, so in a table sorted by person everybody is counted once.
//!
//! The largest people are kept in a bounded list of counters (Misra and Gries 1982, with weights; merged as in Agarwal, Cormode,
//! Huang, Phillips, Wei and Yi 2012, "Mergeable summaries"): if the list is full, what the smallest of twice as many has is
//! taken from all and remembered as the error. A person's true total is between their counter and counter plus error, and
//! whoever has no counter has at most the error.
//!
//! Totals are whole numbers of a fixed unit, so they do not depend on the order of rows, on threads or on who was
//! masked.
//!
//! Must never: give a lower bound for the largest person.

use std::collections::HashMap;

use crate::limits::{WEIGHT_COUNTERS, WEIGHT_LARGEST};
use crate::sdc::Weights;

/// 2^40: a billionth of a thousandth of a unit is told apart.
const POINT: f64 = 1_099_511_627_776.0;

/// A mergeable summary of the largest per-person totals of absolute values, and the total of all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// The person of the last rows, and what they have so far.
    run: Option<(u32, u128)>,
    /// What at most twice [`WEIGHT_COUNTERS`] people have for certain.
    counters: HashMap<u32, u128>,
    /// What a person may have beside it.
    error: u128,
    total: u128,
    /// A value that is not finite or too large: then nothing is known.
    odd: bool,
}

impl Summary {
    /// Adds one row of a person; its sign does not matter.
    #[inline]
    pub fn add(&mut self, person: u32, value: f64) {
        let value = value.abs();
        if value.is_nan() || value > WEIGHT_LARGEST {
            self.odd = true;
            return;
        }
        let weight = fixed(value);
        match &mut self.run {
            Some((same, sum)) if *same == person => *sum = sum.saturating_add(weight),
            run => {
                let before = run.replace((person, weight));
                if let Some((person, weight)) = before {
                    self.close(person, weight);
                }
            }
        }
    }

    /// Takes up what a person has from a run of rows.
    fn close(&mut self, person: u32, weight: u128) {
        self.total = self.total.saturating_add(weight);
        if let Some(counter) = self.counters.get_mut(&person) {
            *counter = counter.saturating_add(weight);
            return;
        }
        if weight == 0 {
            return;
        }
        self.counters.insert(person, weight);
        if self.counters.len() >= 2 * WEIGHT_COUNTERS {
            self.shrink();
        }
    }

    /// Keeps the largest counters. Done once for as many insertions as counters are kept, so a row costs little.
    fn shrink(&mut self) {
        if self.counters.len() <= WEIGHT_COUNTERS {
            return;
        }
        let mut sizes: Vec<u128> = self.counters.values().copied().collect();
        let at = sizes.len() - WEIGHT_COUNTERS - 1;
        let (_, cut, _) = sizes.select_nth_unstable(at);
        let cut = *cut;
        self.counters.retain(|_, counter| {
            *counter = counter.saturating_sub(cut);
            *counter > 0
        });
        self.error = self.error.saturating_add(cut);
    }

    /// Adds another summary.
    pub fn merge(&mut self, other: &Self) {
        let mut theirs = other.clone();
        for summary in [&mut *self, &mut theirs] {
            if let Some((person, weight)) = summary.run.take() {
                summary.close(person, weight);
            }
        }
        self.odd |= theirs.odd;
        self.total = self.total.saturating_add(theirs.total);
        self.error = self.error.saturating_add(theirs.error);
        for (person, weight) in theirs.counters {
            let counter = self.counters.entry(person).or_default();
            *counter = counter.saturating_add(weight);
        }
        self.shrink();
    }

    /// The total, and upper bounds of the largest and the second largest person. Not a number if a value was none, so that
    /// nothing is shown.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut closed = self.clone();
        if let Some((person, weight)) = closed.run.take() {
            closed.close(person, weight);
        }
        if closed.odd {
            return Weights {
                total: f64::NAN,
                top: [f64::NAN; 2],
            };
        }
        let (mut first, mut second) = (0, 0);
        for counter in closed.counters.values().copied() {
            if counter > first {
                (first, second) = (counter, first);
            } else if counter > second {
                second = counter;
            }
        }
        let bound = |counter: u128| {
            // whoever has no counter has at most the error
            float(counter.saturating_add(closed.error).min(closed.total))
        };
        Weights {
            total: float(closed.total),
            top: [bound(first), bound(second)],
        }
    }

    /// Bytes on the heap, for whoever accounts for memory.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.counters.capacity() * (size_of::<(u32, u128)>() + 1)
    }

    /// Appends the summary as bytes, for passing between threads and processes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut closed = self.clone();
        if let Some((person, weight)) = closed.run.take() {
            closed.close(person, weight);
        }
        closed.shrink();
        out.push(u8::from(closed.odd));
        out.extend_from_slice(&closed.total.to_le_bytes());
        out.extend_from_slice(&closed.error.to_le_bytes());
        let length = u32::try_from(closed.counters.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        let mut counters: Vec<(u32, u128)> = closed.counters.into_iter().collect();
        counters.sort_unstable();
        for (person, weight) in counters {
            out.extend_from_slice(&person.to_le_bytes());
            out.extend_from_slice(&weight.to_le_bytes());
        }
    }

    /// Takes a summary from the front of `bytes`; `None` if there is none.
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        let odd = match u8::from_le_bytes(take(bytes)?) {
            0 => false,
            1 => true,
            _ => return None,
        };
        let total = u128::from_le_bytes(take(bytes)?);
        let error = u128::from_le_bytes(take(bytes)?);
        let length = usize::try_from(u32::from_le_bytes(take(bytes)?)).ok()?;
        if length > 2 * WEIGHT_COUNTERS {
            return None;
        }
        let mut counters = HashMap::with_capacity(length);
        for _ in 0..length {
            let person = u32::from_le_bytes(take(bytes)?);
            counters.insert(person, u128::from_le_bytes(take(bytes)?));
        }
        Some(Self {
            run: None,
            counters,
            error,
            total,
            odd,
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

/// The value in the fixed unit, rounded up, so that a bound stays one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values are between nought and WEIGHT_LARGEST"
)]
fn fixed(value: f64) -> u128 {
    (value * POINT).ceil() as u128
}

#[expect(
    clippy::cast_precision_loss,
    reason = "15 digits are enough for a percentage"
)]
fn float(weight: u128) -> f64 {
    weight as f64 / POINT
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::float_cmp
    )]
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn of(rows: &[(u32, f64)]) -> Summary {
        let mut out = Summary::default();
        for (person, value) in rows {
            out.add(*person, *value);
        }
        out
    }

    /// By hand: 3 + 4 of person 1, in two runs; 5 of person 2; signs do not matter.
    #[test]
    fn totals_of_people_by_hand() {
        let weights = of(&[(1, 3.0), (2, -5.0), (1, -4.0)]).weights();
        assert_eq!(weights.total, 12.0);
        assert_eq!(weights.top, [7.0, 5.0]);
        assert_eq!(Summary::default().weights().total, 0.0);
    }

    #[test]
    fn what_is_no_number_is_not_shown() {
        for odd in [f64::NAN, f64::INFINITY, 1e300] {
            let weights = of(&[(1, 1.0), (2, odd)]).weights();
            assert!(weights.total.is_nan());
            assert!(!crate::sdc::Dominance::default().passes(&weights));
        }
    }

    /// More people than counters, one of them with half of everything: found, and the bound is not far off.
    #[test]
    fn the_largest_is_found_among_many() {
        let people = 20 * WEIGHT_COUNTERS as u32;
        let mut summary = Summary::default();
        for person in 0..people {
            summary.add(person, if person == 77 { f64::from(people) } else { 1.0 });
        }
        let weights = summary.weights();
        let truth = f64::from(people);
        assert_eq!(weights.total, 2.0 * truth - 1.0);
        assert!(
            weights.top[0] >= truth && weights.top[0] < 1.05 * truth,
            "{weights:?}"
        );
        assert!(
            weights.top[1] >= 1.0 && weights.top[1] < 0.05 * truth,
            "{weights:?}"
        );
    }

    proptest! {
        /// Never below the exact totals of people, whatever the order and the division of the rows; the total is exact.
        #[test]
        fn bounds_hold_in_any_order_and_division(
            rows in prop::collection::vec((0_u32..2_000, -1_000_i32..1_000), 0..6_000),
            cut in 0_usize..6_000,
        ) {
            let rows: Vec<(u32, f64)> = rows.into_iter().map(|(p, v)| (p, f64::from(v) / 8.0)).collect();
            let cut = cut.min(rows.len());
            let mut summary = of(&rows[..cut]);
            let mut bytes = Vec::new();
            of(&rows[cut..]).write(&mut bytes);
            let mut left = bytes.as_slice();
            summary.merge(&Summary::read(&mut left).unwrap());
            prop_assert!(left.is_empty());
            let mut exact: BTreeMap<u32, f64> = BTreeMap::new();
            for (person, value) in &rows {
                *exact.entry(*person).or_default() += value.abs();
            }
            let mut largest: Vec<f64> = exact.into_values().collect();
            largest.sort_by(|a, b| b.total_cmp(a));
            largest.resize(largest.len().max(2), 0.0);
            let weights = summary.weights();
            prop_assert_eq!(weights.total, largest.iter().sum::<f64>());
            prop_assert!(weights.top[0] >= largest[0]);
            prop_assert!(weights.top[1] >= largest[1]);
            if largest.len() < WEIGHT_COUNTERS {
                prop_assert_eq!(weights.top, [largest[0], largest[1]]);
            }
        }

        /// Bytes that are no summary are noticed.
        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut left = bytes.as_slice();
            let _ = Summary::read(&mut left);
        }
    }
}
