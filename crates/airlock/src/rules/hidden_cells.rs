//! A hidden count must not follow from what stands beside it.
//!
//! Rows and columns with a total give sums over the hidden cells; the values that each can still take are found exactly
//! (`privacy::intervals`). A reader knows more than the sums: that a hidden cell is of somebody, when zeros are shown or they are in
//! it themselves; and perhaps that only small counts are hidden. With each of these a hidden cell must keep several values.

use crate::Context;
use crate::figures::{Figures, Shown, slack};
use crate::limits;
use crate::readers::Document;
use crate::verdict::{Findings, Rule, count_of, lines};
use privacy::intervals::{Interval, Sum, intervals};
use std::collections::BTreeSet;

const RULE: Rule = Rule {
    name: "hidden-cell",
    source: "UK LLC guidebook 2026: masked cells must not be derivable by row or column; ONS SRS guidance v1.1",
};
const FIX: &str = "withhold one further cell in the same row and the same column, or the total";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        let Some(figures) = Figures::of(table) else {
            continue;
        };
        let left_out = left_out(&figures, context.rules.minimum_count);
        if !left_out.is_empty() {
            let what = format!(
                "{} larger than the parts by a small count: a group was left out",
                count_of(left_out.len(), "total")
            );
            findings.amber(
                RULE,
                lines(&left_out),
                what,
                "take the total of the groups that are shown",
            );
        }
        if figures.hides() {
            Followed::of(&figures, context).say(context, findings);
        }
    }
}

/// Lines of totals that exceed the sum of their parts by a small count: a group was left out, and its size is told.
fn left_out(figures: &Figures, least: u64) -> Vec<u64> {
    let known = |at: usize| match figures.cells.get(at).map(|c| c.shown) {
        Some(Shown::Count(n)) => Some(n),
        _ => None,
    };
    // Numbers that were all rounded need not add up.
    let totals = figures.totals.iter().filter(|_| figures.rounded == 1);
    let mut at: Vec<u64> = totals
        .filter(|total| {
            let sum = total
                .parts
                .iter()
                .try_fold(0_u64, |sum, at| sum.checked_add(known(*at)?));
            known(total.whole)
                .zip(sum)
                .and_then(|(whole, sum)| whole.checked_sub(sum))
                .is_some_and(|rest| (1..least).contains(&rest))
        })
        .filter_map(|total| figures.cells.get(total.whole).map(|c| c.line))
        .collect();
    at.dedup();
    at
}

/// What a reader is taken to know of the hidden cells besides their sums.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Knows {
    Sums,
    /// Somebody is in each of them.
    Somebody,
    /// Somebody is in each of them, and fewer than the minimum.
    OnlySmall,
}

/// What follows for the hidden cells of a table: their places among its cells.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// One value below the minimum.
    pub(crate) small: BTreeSet<usize>,
    /// One value, not below it.
    pub(crate) other: BTreeSet<usize>,
    /// Few values.
    pub(crate) narrow: BTreeSet<usize>,
    /// The search ended before it was known.
    open: BTreeSet<usize>,
    places: Vec<u64>,
}

impl Followed {
    pub(crate) fn of(figures: &Figures, context: &Context<'_>) -> Self {
        let least = context.rules.minimum_count;
        let mut out = Self {
            places: figures.cells.iter().map(|c| c.line).collect(),
            ..Self::default()
        };
        for knows in [Knows::Sums, Knows::Somebody, Knows::OnlySmall] {
            let Some(found) = solve(figures, knows, context) else {
                continue;
            };
            for (at, interval) in found {
                out.note(at, interval, knows, least, context.rules.hidden_values);
            }
        }
        out
    }

    fn note(&mut self, at: usize, interval: Interval, knows: Knows, least: u64, enough: u64) {
        let values = |(low, high): (i64, i64)| u64::try_from(high - low).unwrap_or(0) + 1;
        match interval.only() {
            Some(n) if u64::try_from(n).is_ok_and(|n| n < least) => {
                self.small.insert(at);
            }
            Some(_) => {
                self.other.insert(at);
            }
            None if knows == Knows::OnlySmall => {}
            None if interval.seen.0 > interval.seen.1 => {
                self.open.insert(at);
            }
            None if values(interval.seen) < enough && interval.is_exact() => {
                self.narrow.insert(at);
            }
            None if values(interval.seen) < enough => {
                self.open.insert(at);
            }
            None => {}
        }
    }

    /// All the cells of which something follows, or may.
    pub(crate) fn all(&self) -> BTreeSet<usize> {
        let sets = [&self.small, &self.other, &self.narrow, &self.open];
        sets.into_iter().flatten().copied().collect()
    }

    fn lines(&self, cells: &BTreeSet<usize>) -> Vec<u64> {
        let mut at: Vec<u64> = cells
            .iter()
            .filter_map(|at| self.places.get(*at).copied())
            .collect();
        at.dedup();
        at
    }

    fn say(&self, context: &Context<'_>, findings: &mut Findings) {
        let told = |cells: &BTreeSet<usize>| count_of(cells.len(), "hidden count");
        if !self.small.is_empty() {
            let what = format!(
                "{} below the minimum that follow from the totals shown",
                told(&self.small)
            );
            findings.red(RULE, lines(&self.lines(&self.small)), what, FIX);
        }
        if !self.other.is_empty() {
            let what = format!("{} that follow from the totals shown", told(&self.other));
            findings.amber(RULE, lines(&self.lines(&self.other)), what, FIX);
        }
        if !self.narrow.is_empty() {
            let what = format!(
                "{} that by the totals shown can take fewer than {} values",
                told(&self.narrow),
                context.rules.hidden_values
            );
            findings.amber(RULE, lines(&self.lines(&self.narrow)), what, FIX);
        }
        if !self.open.is_empty() {
            let what = format!(
                "{} in too many sums: whether they follow could not be found out",
                told(&self.open)
            );
            findings.amber(
                RULE,
                lines(&self.lines(&self.open)),
                what,
                "give fewer totals, or smaller tables",
            );
        }
    }
}

/// No count of people is larger.
const MOST: i64 = 1 << 40;

/// The intervals of the hidden cells of a table, or nothing where its sums contradict each other or what the reader is taken to know.
fn solve(figures: &Figures, knows: Knows, context: &Context<'_>) -> Option<Vec<(usize, Interval)>> {
    let least = i64::try_from(context.rules.minimum_count).unwrap_or(MOST);
    let somebody = knows != Knows::Sums || figures.shows_zero();
    let whole = |n: u64| i64::try_from(n).unwrap_or(MOST).min(MOST);
    let bounds: Vec<(i64, i64)> = figures
        .cells
        .iter()
        .map(|cell| match cell.shown {
            Shown::Count(n) => (whole(n), whole(n)),
            Shown::Unsaid => (0, MOST),
            Shown::Hidden { low, high } => {
                let low = whole(low).max(i64::from(somebody));
                let high = high.map_or(MOST, whole);
                if knows == Knows::OnlySmall {
                    (low, high.min(least - 1))
                } else {
                    (low, high)
                }
            }
        })
        .collect();
    let sums: Vec<Sum> = figures
        .totals
        .iter()
        .filter(|total| total.believed)
        .map(|total| {
            let slack = whole(slack(figures.rounded, total.parts.len()));
            let parts = total.parts.iter().map(|at| (*at, 1));
            Sum {
                terms: parts.chain([(total.whole, -1)]).collect(),
                low: -slack,
                high: slack,
            }
        })
        .filter(|sum| !is_known_wrong(sum, &bounds))
        .collect();
    let enough = whole(context.rules.hidden_values);
    let found = intervals(&bounds, &sums, enough, limits::INTERVAL_STEPS)?;
    let hidden = |(at, _): &(usize, Interval)| {
        let cell = figures.cells.get(*at).map(|c| c.shown);
        matches!(cell, Some(Shown::Hidden { .. }))
    };
    Some(found.into_iter().enumerate().filter(hidden).collect())
}

/// A sum of shown numbers alone that does not hold: a table may have one wrong total, and the others still tell.
fn is_known_wrong(sum: &Sum, bounds: &[(i64, i64)]) -> bool {
    let of = |n: &usize| bounds.get(*n).copied().unwrap_or((0, 0));
    let known = sum.terms.iter().all(|(n, _)| of(n).0 == of(n).1);
    let total: i64 = sum.terms.iter().map(|(n, factor)| of(n).0 * factor).sum();
    known && !(sum.low..=sum.high).contains(&total)
}
