//! How a total of absolute values is spread over people, in bounded memory: the total, and upper bounds of what the largest and
//! the second largest person have of it.
//!
//! Rows come in the order of people, mostly: then each person's rows follow each other, their totals are known when the next
//! person comes, and the largest are exact. Where people come again, what is kept of before and after is added up as in
//! the Space-Saving algorithm (Metwally, Agrawal, El Abbadi 2005, "Efficient computation of frequent and top-k elements in data
//! streams"): somebody who was not kept may have had as much as the largest who was not. The bounds then are too high by at
//! most about a [`KEPT`]th of the total, which withholds more and never less.
//!
//! Must never: give less than the truth for the largest people.

use privacy::sdc::Weights;

use super::exact::Exact;
use super::fixed::{Scale, Sum};

/// People who are kept by name. A thirty-second is 3 % of a total, far below the shares that the rules on dominance ask about.
const KEPT: usize = 32;

/// Ranges of people that are told apart when parts are put together; parts are few, one for each thread and batch at most.
const RANGES: usize = 16;

/// Share by which sums of doubles are taken to be too small: a person has fewer than 2^20 rows.
const ROUNDING: f64 = 1.0 + 1e-9;

/// The largest people of some rows, and a bound of what anybody else has.
#[derive(Debug, Clone, Default, PartialEq)]
struct Largest {
    kept: Vec<(u32, f64)>,
    /// The smallest who is kept, if none can be kept beside; else nought.
    least: f64,
    beyond: f64,
}

impl Largest {
    /// Adds somebody who was not there before.
    fn add(&mut self, person: u32, value: f64) {
        if self.kept.len() < KEPT {
            self.kept.push((person, value));
            if self.kept.len() == KEPT {
                self.least = self.smallest().1;
            }
        } else if value > self.least {
            let (place, least) = self.smallest();
            self.beyond = self.beyond.max(least);
            if let Some(kept) = self.kept.get_mut(place) {
                *kept = (person, value);
            }
            self.least = self.smallest().1;
        } else {
            self.beyond = self.beyond.max(value);
        }
    }

    fn smallest(&self) -> (usize, f64) {
        let values = self.kept.iter().map(|(_, value)| *value).enumerate();
        values
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap_or((0, 0.0))
    }

    /// Of people none of whom is in both.
    fn beside(&mut self, other: &Self) {
        self.beyond = self.beyond.max(other.beyond);
        for (person, value) in &other.kept {
            self.add(*person, *value);
        }
    }

    /// Of people who may be in both.
    fn onto(&self, other: &Self) -> Self {
        let of = |them: &Self, person: u32| {
            let kept = them.kept.iter().find(|(p, _)| *p == person);
            kept.map_or(them.beyond, |(_, value)| *value)
        };
        let mut out = Self {
            beyond: self.beyond + other.beyond,
            ..Self::default()
        };
        for (person, value) in &self.kept {
            out.add(*person, value + of(other, *person));
        }
        for (person, value) in &other.kept {
            if self.kept.iter().all(|(p, _)| p != person) {
                out.add(*person, value + self.beyond);
            }
        }
        out
    }
}

/// See the head of this file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Spread {
    total: Sum,
    more: Exact,
    /// The person whose rows come, and what they have so far.
    now: Option<(u32, f64)>,
    /// Ranges in which everybody's total is complete, in order; `largest` is about these people.
    ranges: Vec<(u32, u32)>,
    largest: Largest,
    /// What was kept before people came again.
    before: Option<Box<Largest>>,
}

impl Spread {
    /// Adds the absolute value of one row.
    #[inline]
    pub(crate) fn add(&mut self, person: u32, value: f64) {
        let value = if value.is_nan() { f64::INFINITY } else { value };
        if !self.total.add_double(value) {
            self.more.add(value);
        }
        match &mut self.now {
            Some((now, sum)) if *now == person => *sum += value,
            _ => self.next(person, value),
        }
    }

    fn next(&mut self, person: u32, value: f64) {
        self.close();
        let again = self.ranges.last().is_some_and(|(_, last)| *last >= person);
        if again {
            self.fold();
        }
        self.now = Some((person, value));
    }

    /// The rows of the person whose rows came are over.
    fn close(&mut self) {
        if let Some((person, value)) = self.now.take() {
            self.largest.add(person, value);
            match self.ranges.last_mut() {
                Some((_, last)) => *last = person,
                None => self.ranges.push((person, person)),
            }
        }
    }

    /// People come again: what is known so far is put aside.
    fn fold(&mut self) {
        let largest = std::mem::take(&mut self.largest);
        self.ranges.clear();
        let before = match self.before.take() {
            Some(before) => before.onto(&largest),
            None => largest,
        };
        self.before = Some(Box::new(before));
    }

    /// Adds another spread.
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        self.close();
        other.close();
        match self.total.0.checked_add(other.total.0) {
            Some(both) => self.total.0 = both,
            None => other.total.pour(Scale::Fine, &mut self.more),
        }
        self.more.merge(&other.more);
        let apart = |(a, b): &(u32, u32)| self.ranges.iter().all(|(c, d)| b < c || d < a);
        if self.before.is_none() && other.before.is_none() && other.ranges.iter().all(apart) {
            self.largest.beside(&other.largest);
            self.ranges.append(&mut other.ranges);
            self.ranges.sort_unstable();
            self.join_ranges();
            return;
        }
        for side in [&mut *self, &mut other] {
            if !side.ranges.is_empty() {
                side.fold();
            }
        }
        if let Some(theirs) = other.before {
            self.before = Some(match self.before.take() {
                Some(ours) => Box::new(ours.onto(&theirs)),
                None => theirs,
            });
        }
    }

    /// Ranges that follow each other become one, until there are few. That says "complete" of nobody who is there: who lies
    /// between them has no rows yet, and would count as coming again.
    fn join_ranges(&mut self) {
        while self.ranges.len() > RANGES {
            let gaps = self.ranges.windows(2).map(|pair| match pair {
                [(_, end), (start, _)] => start - end,
                _ => u32::MAX,
            });
            let Some((place, _)) = gaps.enumerate().min_by_key(|(_, gap)| *gap) else {
                return;
            };
            let (_, end) = self.ranges.remove(place + 1);
            if let Some(range) = self.ranges.get_mut(place) {
                range.1 = end;
            }
        }
    }

    /// Total and upper bounds.
    pub(crate) fn weights(&self) -> Weights {
        let mut all = self.clone();
        all.close();
        let mut total = all.more.clone();
        all.total.pour(Scale::Fine, &mut total);
        let largest = match &all.before {
            Some(before) => before.onto(&all.largest),
            None => all.largest,
        };
        let mut values: Vec<f64> = largest.kept.iter().map(|(_, value)| *value).collect();
        values.extend([largest.beyond; 2]);
        values.sort_unstable_by(|a, b| b.total_cmp(a));
        let mut values = values.into_iter().map(|value| value * ROUNDING);
        Weights {
            total: total.value(),
            top: [values.next().unwrap_or(0.0), values.next().unwrap_or(0.0)],
        }
    }

    /// Appends the spread to a state that is passed between threads.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut all = self.clone();
        all.close();
        out.extend_from_slice(&all.total.0.to_le_bytes());
        all.more.write(out);
        out.push(u8::try_from(all.ranges.len()).unwrap_or(u8::MAX));
        for (first, last) in &all.ranges {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&last.to_le_bytes());
        }
        write_largest(&all.largest, out);
        out.push(u8::from(all.before.is_some()));
        if let Some(before) = &all.before {
            write_largest(before, out);
        }
    }

    /// Takes a spread from the front of a state.
    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let total = Sum(i128::from_le_bytes(take(bytes)?));
        let more = Exact::read(bytes)?;
        let [count] = take::<1>(bytes)?;
        let mut ranges = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let first = u32::from_le_bytes(take(bytes)?);
            ranges.push((first, u32::from_le_bytes(take(bytes)?)));
        }
        let largest = read_largest(bytes)?;
        let before = match take::<1>(bytes)? {
            [0] => None,
            _ => Some(Box::new(read_largest(bytes)?)),
        };
        Some(Self {
            total,
            more,
            now: None,
            ranges,
            largest,
            before,
        })
    }

    /// Bytes on the heap, but for people who come again.
    pub(crate) const HEAP: usize = KEPT * 16 + RANGES * 8;
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

fn write_largest(largest: &Largest, out: &mut Vec<u8>) {
    out.extend_from_slice(&largest.beyond.to_le_bytes());
    out.push(u8::try_from(largest.kept.len()).unwrap_or(u8::MAX));
    for (person, value) in &largest.kept {
        out.extend_from_slice(&person.to_le_bytes());
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn read_largest(bytes: &mut &[u8]) -> Option<Largest> {
    let mut out = Largest {
        beyond: f64::from_le_bytes(take(bytes)?),
        ..Largest::default()
    };
    let [count] = take::<1>(bytes)?;
    for _ in 0..count {
        let person = u32::from_le_bytes(take(bytes)?);
        out.add(person, f64::from_le_bytes(take(bytes)?));
    }
    Some(out)
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

    fn spread(rows: &[(u32, f64)]) -> Spread {
        let mut out = Spread::default();
        for (person, value) in rows {
            out.add(*person, *value);
        }
        out
    }

    fn truth(rows: &[(u32, f64)]) -> (f64, [f64; 2], usize) {
        let mut people: BTreeMap<u32, f64> = BTreeMap::new();
        for (person, value) in rows {
            *people.entry(*person).or_default() += value;
        }
        let mut values: Vec<f64> = people.values().copied().collect();
        values.sort_unstable_by(|a, b| b.total_cmp(a));
        values.extend([0.0; 2]);
        (values.iter().sum(), [values[0], values[1]], people.len())
    }

    fn passed_on(spread: &Spread) -> Spread {
        let mut bytes = Vec::new();
        spread.write(&mut bytes);
        let mut rest = bytes.as_slice();
        let out = Spread::read(&mut rest).unwrap();
        assert!(rest.is_empty());
        out
    }

    /// By hand: 5, 3 + 4 and 1.
    #[test]
    fn three_people() {
        let weights = spread(&[(1, 5.0), (4, 3.0), (4, 4.0), (9, 1.0)]).weights();
        assert_eq!(weights.total, 13.0);
        assert!((weights.top[0] - 7.0).abs() < 1e-6 && (weights.top[1] - 5.0).abs() < 1e-6);
        // and in any order
        let weights = spread(&[(4, 3.0), (1, 5.0), (9, 1.0), (4, 4.0)]).weights();
        assert!((weights.top[0] - 7.0).abs() < 1e-6 && (weights.top[1] - 5.0).abs() < 1e-6);
        assert_eq!(Spread::default().weights().top, [0.0; 2]);
        assert_eq!(spread(&[(1, f64::NAN)]).weights().top[0], f64::INFINITY);
    }

    proptest! {
        /// Never below the truth, whatever the order and however the work was divided; too high by a share at most.
        #[test]
        fn never_too_low(
            rows in prop::collection::vec((0_u32..120, 0_u32..1_000), 0..600),
            cuts in prop::collection::vec(0_usize..600, 0..5),
        ) {
            let rows: Vec<(u32, f64)> = rows.iter().map(|(p, v)| (*p, f64::from(*v))).collect();
            let (total, top, _) = truth(&rows);
            let mut cuts = cuts.clone();
            cuts.extend([0, rows.len()]);
            cuts.sort_unstable();
            let mut all = Spread::default();
            for pair in cuts.windows(2) {
                let part = rows.get(pair[0]..pair[1].min(rows.len())).unwrap_or_default();
                all.merge(&passed_on(&spread(part)));
            }
            let weights = all.weights();
            prop_assert_eq!(weights.total, total);
            prop_assert!(weights.top[0] >= top[0] && weights.top[1] >= top[1]);
            prop_assert!(weights.top[0] <= top[0] + total / 16.0 + 1.0, "{} {}", weights.top[0], top[0]);
        }

        /// Exact for rows in the order of people that are divided between people.
        #[test]
        fn exact_in_order(
            rows in prop::collection::vec((0_u32..500, 0_u32..1_000), 1..600),
            cuts in prop::collection::vec(0_u32..500, 0..20),
            swap: bool,
        ) {
            let mut rows: Vec<(u32, f64)> = rows.iter().map(|(p, v)| (*p, f64::from(*v))).collect();
            rows.sort_unstable_by_key(|(p, _)| *p);
            let (_, top, people) = truth(&rows);
            let mut cuts = cuts.clone();
            cuts.extend([0, 500]);
            cuts.sort_unstable();
            let mut parts: Vec<Spread> = cuts.windows(2).map(|pair| {
                let part: Vec<_> = rows.iter().copied().filter(|(p, _)| (pair[0]..pair[1]).contains(p)).collect();
                passed_on(&spread(&part))
            }).collect();
            if swap { parts.reverse(); }
            let mut all = Spread::default();
            for part in &parts { all.merge(part); }
            let weights = all.weights();
            prop_assert!((weights.top[0] - top[0]).abs() <= top[0] * 1e-6);
            if people > 1 {
                prop_assert!((weights.top[1] - top[1]).abs() <= top[1] * 1e-6);
            }
        }
    }
}
