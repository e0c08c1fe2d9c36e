//! All tables together: differences that need three or more of them.

use std::borrow::Cow;
use std::collections::HashMap;

use roaring::{MultiOps, RoaringBitmap};

use super::explained::unexplained;
use super::family::Found;
use super::{Cell, Rule, meaning};
use crate::limits::JOINT_SETS;
use crate::linear::field::Echelon;
use crate::linear::small::{Atom, Small, small};

/// One set that takes part.
pub(super) struct Set<'a> {
    pub(super) people: Cow<'a, RoaringBitmap>,
    pub(super) meaning: Option<Vec<u64>>,
    pub(super) origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    New,
    /// Earlier, and whether somebody has withdrawn since.
    Earlier(bool),
}

/// The sets that take part, each once.
#[derive(Default)]
pub(super) struct Chosen<'a> {
    pub(super) sets: Vec<Set<'a>>,
    /// The layers that take part cell by cell, as places of their sets.
    pub(super) layers: Vec<Vec<u32>>,
}

impl<'a> Chosen<'a> {
    /// Adds a layer: all of its cells if there is room for those that are not there yet, else its total.
    fn add(&mut self, layer: &[&'a Cell], origin: Origin) {
        let fresh = layer
            .iter()
            .filter(|c| self.place(&c.people, c.meaning.as_ref(), origin).is_none())
            .count();
        if self.sets.len() + fresh <= JOINT_SETS {
            let places = layer
                .iter()
                .map(|c| self.put(Cow::Borrowed(&c.people), c.meaning.clone(), origin))
                .collect();
            self.layers.push(places);
        } else if self.sets.len() < JOINT_SETS {
            let total: RoaringBitmap = layer.iter().map(|c| &c.people).union();
            let meaning = meaning::common(layer.iter().map(|c| c.meaning.as_ref()));
            let place = self.put(Cow::Owned(total), meaning, origin);
            self.layers.push(vec![place]);
        }
    }

    fn put(
        &mut self,
        people: Cow<'a, RoaringBitmap>,
        meaning: Option<Vec<u64>>,
        origin: Origin,
    ) -> u32 {
        let place = self.place(&people, meaning.as_ref(), origin);
        let place = place.unwrap_or_else(|| {
            self.sets.push(Set {
                people,
                meaning,
                origin,
            });
            self.sets.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// An earlier set that is there again in the new table stays beside it, to be noticed.
    fn place(
        &self,
        people: &RoaringBitmap,
        meaning: Option<&Vec<u64>>,
        origin: Origin,
    ) -> Option<usize> {
        self.sets.iter().position(|known| {
            known.origin == origin
                && known.people.len() == people.len()
                && known.meaning.as_ref() == meaning
                && known.people.as_ref() == people
        })
    }
}

/// Compares the new layers with all earlier ones at once.
pub(super) fn compare(
    new: &[&[&Cell]],
    earlier: &[(Vec<&Cell>, bool)],
    threshold: u64,
) -> Result<Found, Rule> {
    if earlier.is_empty() {
        return Ok(Found::Nothing);
    }
    let mut chosen = Chosen::default();
    for layer in new {
        chosen.add(layer, Origin::New);
    }
    // small tables first: what a tracker needs are totals of conditions
    let mut order: Vec<&(Vec<&Cell>, bool)> = earlier.iter().collect();
    order.sort_by_key(|(cells, _)| cells.len());
    for (cells, older) in order {
        chosen.add(cells, Origin::Earlier(*older));
    }
    let atoms = atoms(&chosen.sets);
    match small(chosen.sets.len(), &atoms, threshold) {
        Small::Found(_) => return Err(Rule::Difference),
        Small::TooLarge => return Err(Rule::TooEntangled),
        Small::None => {}
    }
    if unexplained(&atoms, &chosen) {
        return Err(Rule::Difference);
    }
    let older = |set: &Set<'_>| set.origin == Origin::Earlier(true);
    if chosen.sets.iter().any(older) {
        // the new sets, with those shown since the last withdrawal, say again what was shown before it
        let now = span(&atoms, &chosen.sets, |set| !older(set)).rank();
        let before = span(&atoms, &chosen.sets, older).rank();
        if span(&atoms, &chosen.sets, |_| true).rank() < now + before {
            return Ok(Found::RepeatsAcrossWithdrawal);
        }
    }
    Ok(Found::Nothing)
}

/// People by the sets that they are in.
fn atoms(sets: &[Set<'_>]) -> Vec<Atom> {
    let most = sets
        .iter()
        .filter_map(|s| s.people.max())
        .max()
        .unwrap_or(0);
    let mut of = vec![0_u128; usize::try_from(most).map_or(0, |n| n + 1)];
    for (bit, set) in (0_u32..128).zip(sets) {
        for person in set.people.as_ref() {
            if let Some(mask) = usize::try_from(person).ok().and_then(|p| of.get_mut(p)) {
                *mask |= 1 << bit;
            }
        }
    }
    let mut counts: HashMap<u128, u64> = HashMap::new();
    let mut last = (0, 0);
    for mask in of {
        // neighbours are often alike
        if mask == last.0 {
            last.1 += 1;
            continue;
        }
        *counts.entry(last.0).or_default() += last.1;
        last = (mask, 1);
    }
    *counts.entry(last.0).or_default() += last.1;
    counts.remove(&0);
    counts
        .into_iter()
        .filter(|(_, people)| *people > 0)
        .map(|(mask, people)| Atom {
            people,
            sets: (0..128).filter(|bit| (mask >> bit) & 1 == 1).collect(),
        })
        .collect()
}

/// What the atoms span in the sets that are wanted.
pub(super) fn span(atoms: &[Atom], sets: &[Set<'_>], wanted: impl Fn(&Set<'_>) -> bool) -> Echelon {
    let mut space = Echelon::new(sets.len());
    let wanted: Vec<bool> = sets.iter().map(wanted).collect();
    let width = wanted.iter().filter(|w| **w).count();
    for atom in atoms {
        if space.rank() == width {
            break;
        }
        let mut kept = atom.sets.clone();
        kept.retain(|s| usize::try_from(*s).is_ok_and(|s| wanted.get(s) == Some(&true)));
        let reduced = space.reduce_ones(&kept);
        space.insert(reduced);
    }
    space
}
