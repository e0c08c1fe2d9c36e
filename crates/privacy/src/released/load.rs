//! How many equations there are about each person.
//!
//! Every shown number is an equation about the people behind it. With enough of them about the same people, noise and
//! rounding do not help: Dinur and Nissim 2003 ("Revealing information while preserving privacy") solve for everybody's
//! value from about as many random subsets as there are people. A number about n people gives each of them the n-th
//! part of an equation; the mean over the people of a cell may not exceed [`EQUATIONS_PER_PERSON`].

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::Rule;
use super::compare::Known;
use super::family::Side;
use crate::limits::{EQUATIONS_PER_PERSON, EQUATIONS_PER_PERSON_IN_ONE_TABLE};

/// Refuses if a cell's people would be in too many shown numbers of this project. What was said before in other words adds
/// nothing.
pub(super) fn check(side: &Side<'_>, earlier: &[Known]) -> Result<(), Rule> {
    let old = earlier
        .iter()
        .filter(|known| known.own)
        .flat_map(|known| &known.table.layers)
        .filter(|layer| layer.family == side.family)
        .flat_map(|layer| layer.cells.iter().map(|c| &c.people));
    let new = side.layers.iter().flat_map(|l| l.sets.iter().copied());
    let (old, new) = (Distinct::new(old), Distinct::new(new));
    let most = new.all().filter_map(RoaringBitmap::max).max().unwrap_or(0);
    let places = usize::try_from(most).map_or(0, |n| n + 1);
    let (before, own) = (old.shares(places), new.shares(places));
    for set in new.all().filter(|set| !old.has(set)) {
        let earlier = mean(&before, set);
        let together = earlier > 0.0 && earlier + share(set) > EQUATIONS_PER_PERSON;
        if together || mean(&own, set) > EQUATIONS_PER_PERSON_IN_ONE_TABLE {
            return Err(Rule::TooManyAboutThem);
        }
    }
    Ok(())
}

/// What equal sets have in common, and few others.
type Key = (u64, Option<u32>, Option<u32>);

/// Sets, each once.
#[derive(Default)]
pub(super) struct Distinct<'a> {
    sets: HashMap<Key, Vec<&'a RoaringBitmap>>,
}

impl<'a> Distinct<'a> {
    pub(super) fn new(sets: impl Iterator<Item = &'a RoaringBitmap>) -> Self {
        let mut out = Self::default();
        for set in sets {
            out.add(set);
        }
        out
    }

    /// Whether the set is new.
    pub(super) fn add(&mut self, set: &'a RoaringBitmap) -> bool {
        let alike = self
            .sets
            .entry((set.len(), set.min(), set.max()))
            .or_default();
        let fresh = !set.is_empty() && !alike.contains(&set);
        if fresh {
            alike.push(set);
        }
        fresh
    }

    pub(super) fn has(&self, set: &RoaringBitmap) -> bool {
        self.sets
            .get(&(set.len(), set.min(), set.max()))
            .is_some_and(|alike| alike.contains(&set))
    }

    fn all(&self) -> impl Iterator<Item = &'a RoaringBitmap> {
        self.sets.values().flatten().copied()
    }

    /// For each person, their part of equations.
    fn shares(&self, places: usize) -> Vec<f64> {
        let mut out = vec![0.0; places];
        for set in self.all() {
            let share = share(set);
            for person in set {
                let slot = usize::try_from(person).ok().and_then(|p| out.get_mut(p));
                let Some(slot) = slot else {
                    break; // ascending, so nobody else is in the new table either
                };
                *slot += share;
            }
        }
        out
    }
}

/// One person's part of the equation about a set.
fn share(set: &RoaringBitmap) -> f64 {
    let people = u32::try_from(set.len()).unwrap_or(u32::MAX).max(1);
    1.0 / f64::from(people)
}

fn mean(shares: &[f64], set: &RoaringBitmap) -> f64 {
    let of = |person| usize::try_from(person).ok().and_then(|p| shares.get(p));
    let sum: f64 = set.iter().filter_map(of).sum();
    sum * share(set)
}
