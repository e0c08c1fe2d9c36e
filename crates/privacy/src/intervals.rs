//! Exact intervals of hidden whole numbers of which sums are known: what somebody with a pencil, patience and an integer programme
//! could find out.
//!
//! Bounds are drawn tighter sum by sum until nothing moves; what is left open is settled by a complete search. Every solution
//! that is met is a witness: its numbers are possible, so a search ends as soon as enough different values of a number
//! are seen. A search that runs out of steps leaves the interval open, and says so.
//!
//! Must never: report an interval as wider than what was proved possible ([`Interval::seen`]) or narrower than what was proved
//! impossible ([`Interval::outer`]).

use crate::limits::SEARCHED_NUMBERS;

/// A sum of hidden numbers that is known, exactly or within bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Which numbers, each with its factor (1 for a part, −1 for a total on the other side).
    pub terms: Vec<(usize, i64)>,
    /// Least value.
    pub low: i64,
    /// Largest value.
    pub high: i64,
}

/// What is known of one number in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Nothing outside is possible.
    pub outer: (i64, i64),
    /// Both ends are possible.
    pub seen: (i64, i64),
}

impl Interval {
    /// Whether the interval was settled: both ends of it are possible.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.outer.0 == self.seen.0 && self.outer.1 == self.seen.1
    }

    /// The number, if only one is possible.
    #[must_use]
    pub const fn only(&self) -> Option<i64> {
        if self.outer.0 == self.outer.1 {
            Some(self.outer.0)
        } else {
            None
        }
    }
}

/// The intervals of numbers within `bounds` with these sums, or nothing if the sums contradict each other.
///
/// Once `enough` different values from end to end were seen for a number, no further are looked for. `steps` bounds the work
/// of all searches together.
#[must_use]
pub fn intervals(
    bounds: &[(i64, i64)],
    sums: &[Sum],
    enough: i64,
    steps: usize,
) -> Option<Vec<Interval>> {
    let mut search = Search::new(bounds, sums, steps);
    if !search.propagate_all() {
        return None;
    }
    search.trail.clear();
    for part in search.parts() {
        search.settle(&part, enough)?;
    }
    Some(search.intervals())
}

/// What a search found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Solution,
    Nothing,
    /// Steps ran out.
    Unknown,
}

struct Search<'a> {
    low: Vec<i64>,
    high: Vec<i64>,
    seen_low: Vec<i64>,
    seen_high: Vec<i64>,
    /// The last solution.
    witness: Vec<i64>,
    sums: &'a [Sum],
    /// The sums that a number is in.
    of: Vec<Vec<usize>>,
    /// Numbers whose bounds were changed, with the bounds before.
    trail: Vec<(usize, i64, i64)>,
    queued: Vec<bool>,
    queue: Vec<usize>,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(bounds: &[(i64, i64)], sums: &'a [Sum], steps: usize) -> Self {
        let mut of = vec![Vec::new(); bounds.len()];
        for (s, sum) in sums.iter().enumerate() {
            for (number, _) in &sum.terms {
                if let Some(list) = of.get_mut(*number) {
                    list.push(s);
                }
            }
        }
        Self {
            low: bounds.iter().map(|b| b.0).collect(),
            high: bounds.iter().map(|b| b.1).collect(),
            seen_low: vec![i64::MAX; bounds.len()],
            seen_high: vec![i64::MIN; bounds.len()],
            witness: bounds.iter().map(|b| b.0).collect(),
            sums,
            of,
            trail: Vec::new(),
            queued: vec![false; sums.len()],
            queue: Vec::new(),
            steps,
        }
    }

    fn bounds(&self, number: usize) -> (i64, i64) {
        let at = |list: &[i64]| list.get(number).copied().unwrap_or(0);
        (at(&self.low), at(&self.high))
    }

    /// Narrows a number; `false` if nothing is left of it.
    fn narrow(&mut self, number: usize, low: i64, high: i64) -> bool {
        let (was_low, was_high) = self.bounds(number);
        let (new_low, new_high) = (low.max(was_low), high.min(was_high));
        if (new_low, new_high) == (was_low, was_high) {
            return new_low <= new_high;
        }
        self.trail.push((number, was_low, was_high));
        self.put(number, new_low, new_high);
        for s in self.of.get(number).into_iter().flatten() {
            if let Some(queued) = self.queued.get_mut(*s)
                && !*queued
            {
                *queued = true;
                self.queue.push(*s);
            }
        }
        new_low <= new_high
    }

    fn put(&mut self, number: usize, low: i64, high: i64) {
        if let (Some(l), Some(h)) = (self.low.get_mut(number), self.high.get_mut(number)) {
            (*l, *h) = (low, high);
        }
    }

    fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            if let Some((number, low, high)) = self.trail.pop() {
                self.put(number, low, high);
            }
        }
    }

    fn propagate_all(&mut self) -> bool {
        self.queue = (0..self.sums.len()).collect();
        self.queued = vec![true; self.sums.len()];
        self.propagate()
            && (0..self.low.len()).all(|n| {
                let (low, high) = self.bounds(n);
                low <= high
            })
    }

    /// Draws bounds tighter until nothing moves; `false` at a contradiction.
    fn propagate(&mut self) -> bool {
        while let Some(s) = self.queue.pop() {
            if let Some(queued) = self.queued.get_mut(s) {
                *queued = false;
            }
            if !self.tighten(s) {
                self.forget();
                return false;
            }
        }
        true
    }

    fn tighten(&mut self, s: usize) -> bool {
        let sums = self.sums;
        let Some(sum) = sums.get(s) else { return true };
        let ends = |(low, high): (i64, i64), factor: i64| {
            let (a, b) = (low.saturating_mul(factor), high.saturating_mul(factor));
            (a.min(b), a.max(b))
        };
        let (mut least, mut most) = (0_i64, 0_i64);
        for (number, factor) in &sum.terms {
            let (a, b) = ends(self.bounds(*number), *factor);
            least = least.saturating_add(a);
            most = most.saturating_add(b);
        }
        if least > sum.high || most < sum.low {
            return false;
        }
        for (number, factor) in &sum.terms {
            let (a, b) = ends(self.bounds(*number), *factor);
            // What is left for this term when the others are at their other ends.
            let low = sum.low.saturating_sub(most.saturating_sub(b)).max(a);
            let high = sum.high.saturating_sub(least.saturating_sub(a)).min(b);
            if low == a && high == b || *factor == 0 {
                continue;
            }
            let (low, high) = if *factor > 0 {
                (ceil(low, *factor), floor(high, *factor))
            } else {
                (ceil(-high, -*factor), floor(-low, -*factor))
            };
            if !self.narrow(*number, low, high) {
                return false;
            }
        }
        true
    }

    /// Numbers that hang together through sums and are not settled.
    fn parts(&self) -> Vec<Vec<usize>> {
        let open = |n: usize| {
            let (low, high) = self.bounds(n);
            low < high
        };
        let mut part = vec![false; self.low.len()];
        let mut out = Vec::new();
        for start in 0..self.low.len() {
            if !open(start) || part.get(start) == Some(&true) {
                continue;
            }
            let (mut members, mut next) = (Vec::new(), vec![start]);
            while let Some(n) = next.pop() {
                match part.get_mut(n) {
                    Some(done) if !*done => *done = true,
                    _ => continue,
                }
                members.push(n);
                let sums = self.of.get(n).into_iter().flatten();
                let terms = sums
                    .filter_map(|s| self.sums.get(*s))
                    .flat_map(|s| &s.terms);
                next.extend(terms.map(|(n, _)| *n).filter(|n| open(*n)));
            }
            members.sort_unstable();
            out.push(members);
        }
        out
    }

    /// Settles the numbers of one part; nothing if no solution exists.
    fn settle(&mut self, part: &[usize], enough: i64) -> Option<()> {
        if part.len() > SEARCHED_NUMBERS {
            return Some(());
        }
        match self.solve(part) {
            Found::Nothing => return None,
            Found::Unknown => return Some(()),
            Found::Solution => {}
        }
        for number in part {
            self.settle_end(part, *number, enough, false);
            self.settle_end(part, *number, enough, true);
        }
        Some(())
    }

    fn is_enough(&self, number: usize, enough: i64) -> bool {
        let at = |list: &[i64]| list.get(number).copied().unwrap_or(0);
        let seen = at(&self.seen_high).saturating_sub(at(&self.seen_low));
        seen.saturating_add(1) >= enough
    }

    /// Moves one end of a number inwards until it is possible: the end itself first, then halves of what is open.
    fn settle_end(&mut self, part: &[usize], number: usize, enough: i64, upper: bool) {
        let mut half = false;
        while !self.is_enough(number, enough) {
            let (low, high) = self.bounds(number);
            let seen = if upper {
                &self.seen_high
            } else {
                &self.seen_low
            };
            let seen = seen.get(number).copied().unwrap_or(low);
            let end = if upper { high } else { low };
            if seen == end {
                return;
            }
            let to = if half { seen + (end - seen) / 2 } else { end };
            let to = if to == seen { end } else { to };
            let (from, until) = if upper { (to, high) } else { (low, to) };
            half = true;
            let mark = self.trail.len();
            let found = if self.narrow(number, from, until) && self.propagate() {
                self.solve(part)
            } else {
                self.forget();
                Found::Nothing
            };
            self.undo(mark);
            match found {
                Found::Solution => {}
                Found::Unknown => return,
                Found::Nothing => {
                    let (low, high) = if upper { (low, to - 1) } else { (to + 1, high) };
                    // Proved: it stays, and what follows from it too.
                    if !(self.narrow(number, low, high) && self.propagate()) {
                        return;
                    }
                    self.trail.clear();
                }
            }
        }
    }

    /// Searches a solution of a part within the present bounds, near the last one. Leaves the bounds as they were.
    fn solve(&mut self, part: &[usize]) -> Found {
        let mark = self.trail.len();
        let found = self.descend(part, 0);
        self.undo(mark);
        found
    }

    fn descend(&mut self, part: &[usize], from: usize) -> Found {
        let mut at = from;
        let open = loop {
            let Some(number) = part.get(at) else {
                self.keep(part);
                return Found::Solution;
            };
            let (low, high) = self.bounds(*number);
            if low < high {
                break *number;
            }
            at += 1;
        };
        let (low, high) = self.bounds(open);
        let near = self
            .witness
            .get(open)
            .copied()
            .unwrap_or(low)
            .clamp(low, high);
        for (from, until) in [(near, near), (low, near - 1), (near + 1, high)] {
            if from > until {
                continue;
            }
            if self.steps == 0 {
                return Found::Unknown;
            }
            self.steps -= 1;
            let mark = self.trail.len();
            let found = if self.narrow(open, from, until) && self.propagate() {
                self.descend(part, at)
            } else {
                self.forget();
                Found::Nothing
            };
            if found != Found::Nothing {
                return found;
            }
            self.undo(mark);
        }
        Found::Nothing
    }

    /// Empties the queue after a contradiction that came before it was worked through.
    fn forget(&mut self) {
        for s in std::mem::take(&mut self.queue) {
            if let Some(queued) = self.queued.get_mut(s) {
                *queued = false;
            }
        }
    }

    fn keep(&mut self, part: &[usize]) {
        for number in part {
            let value = self.bounds(*number).0;
            if let Some(slot) = self.witness.get_mut(*number) {
                *slot = value;
            }
            if let Some(slot) = self.seen_low.get_mut(*number) {
                *slot = (*slot).min(value);
            }
            if let Some(slot) = self.seen_high.get_mut(*number) {
                *slot = (*slot).max(value);
            }
        }
    }

    fn intervals(&self) -> Vec<Interval> {
        let seen = self.seen_low.iter().zip(&self.seen_high);
        let bounds = self.low.iter().zip(&self.high);
        bounds
            .zip(seen)
            .map(|((low, high), (seen_low, seen_high))| Interval {
                outer: (*low, *high),
                seen: if low == high {
                    (*low, *high)
                } else {
                    (*seen_low, *seen_high)
                },
            })
            .collect()
    }
}

/// The quotient, upwards; the divisor is above nought.
fn ceil(a: i64, b: i64) -> i64 {
    -(-a).div_euclid(b)
}

fn floor(a: i64, b: i64) -> i64 {
    a.div_euclid(b)
}

#[cfg(test)]
#[path = "intervals_tests.rs"]
mod tests;
