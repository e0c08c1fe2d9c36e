//! A column of whole numbers that are ids but for one constant: added, taken away (`c - id`), multiplied, or mixed in by XOR.
//!
//! Every constant that makes an id of one of the numbers is tried; nearly all fail at the next number. What is left is compared
//! with its neighbours: where ids lie dense, any constant fits, and nothing is proved.

use super::Hits;
use crate::matching::grid::gcd;
use crate::reference::Ids;

/// Numbers that a column must have: fewer fit by chance.
const LEAST: usize = 12;
/// Numbers that are tried.
const MOST: usize = 400;
/// Numbers from which a constant is derived: among rows put in to confuse there may be strangers.
const ANCHORS: usize = 3;

/// What was done to the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Turned,
    Mixed,
}

impl Change {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Added => "with a constant added",
            Self::Turned => "taken from a constant",
            Self::Mixed => "with a constant mixed in",
        }
    }

    /// The constant that makes `id` of `x`.
    fn between(self, x: i64, id: i64) -> i64 {
        match self {
            Self::Added => id.wrapping_sub(x),
            Self::Turned => id.wrapping_add(x),
            Self::Mixed => id ^ x,
        }
    }

    fn apply(self, x: i64, constant: i64) -> Option<u64> {
        let id = match self {
            Self::Added => x.checked_add(constant)?,
            Self::Turned => constant.checked_sub(x)?,
            Self::Mixed => x ^ constant,
        };
        u64::try_from(id).ok()
    }
}

/// The change under which a column's numbers are ids, and how sure that is.
pub(crate) fn find(numbers: &[i64], ids: &Ids) -> Option<(Change, bool, Hits)> {
    let mut all = numbers.to_vec();
    all.sort_unstable();
    all.dedup();
    let (first, last) = (*all.first()?, *all.last()?);
    // Few numbers, or hardly different ones, are groups and counts.
    if all.len() < LEAST || last.checked_sub(first)? < 50 || ids.numbers().len() < LEAST {
        return None;
    }
    let factor = all
        .iter()
        .map(|x| x.wrapping_sub(first).unsigned_abs())
        .fold(0, gcd)
        .max(1);
    let steps = ids_step(ids);
    let plain = search(&sampled(&all), ids, steps);
    if plain.is_some() || factor == 1 || factor == steps {
        return plain.map(|(change, hits)| (change, false, hits));
    }
    let factor = i64::try_from(factor).ok()?;
    let divided: Vec<i64> = all.iter().map(|x| x.wrapping_sub(first) / factor).collect();
    search(&sampled(&divided), ids, steps).map(|(change, hits)| (change, true, hits))
}

/// A sample in an order that has nothing to do with size.
fn sampled(all: &[i64]) -> Vec<i64> {
    let mut mixed: Vec<i64> = all.to_vec();
    mixed.sort_by_key(|x| crate::reference::mix(x.unsigned_abs()));
    mixed.truncate(MOST);
    mixed
}

/// The step in which all ids go: 1, unless they were given out in some order.
fn ids_step(ids: &Ids) -> u64 {
    let first = ids.numbers().first().copied().unwrap_or(0);
    ids.numbers()
        .iter()
        .map(|id| id - first)
        .fold(0, gcd)
        .max(1)
}

fn search(numbers: &[i64], ids: &Ids, step: u64) -> Option<(Change, Hits)> {
    for change in [Change::Added, Change::Turned, Change::Mixed] {
        for anchor in numbers.iter().take(ANCHORS) {
            for id in ids.numbers() {
                let constant = change.between(*anchor, i64::try_from(*id).ok()?);
                if constant == 0 || !passes(change, constant, numbers, ids) {
                    continue;
                }
                let hits = weighed(change, constant, numbers, ids, step);
                let tried = (ids.numbers().len() * ANCHORS * 3) as f64;
                if hits.bits() - tried.log2() >= super::super::rules::disguised_ids::CERTAIN {
                    return Some((change, hits));
                }
            }
        }
    }
    None
}

/// Whether four numbers in five become ids; most constants fail early.
fn passes(change: Change, constant: i64, numbers: &[i64], ids: &Ids) -> bool {
    let mut missed = 0;
    for (at, x) in numbers.iter().enumerate() {
        missed += usize::from(!is_id(change, *x, constant, ids));
        if missed > at / 5 + 1 {
            return false;
        }
    }
    missed * 5 <= numbers.len()
}

fn is_id(change: Change, x: i64, constant: i64, ids: &Ids) -> bool {
    change.apply(x, constant).is_some_and(|id| ids.is(id))
}

/// Hits at the constant, with the chance that its neighbours have.
fn weighed(change: Change, constant: i64, numbers: &[i64], ids: &Ids, step: u64) -> Hits {
    let step = i64::try_from(step).unwrap_or(1);
    let hits = |constant: i64| {
        numbers
            .iter()
            .filter(|x| is_id(change, **x, constant, ids))
            .count()
    };
    let near: Vec<usize> = (1..=20_i64)
        .flat_map(|n| [n, -n])
        .filter_map(|n| constant.checked_add(n.checked_mul(step)?))
        .map(hits)
        .collect();
    let mean = near.iter().sum::<usize>() as f64 / near.len().max(1) as f64;
    Hits {
        hits: hits(constant),
        trials: numbers.len(),
        // One hit among all the neighbours is what can be seen at all.
        by_chance: mean.max(1.0 / near.len().max(1) as f64),
    }
}
