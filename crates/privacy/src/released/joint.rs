//! All tables together: differences that need three or more of them.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::Rule;
use super::family::Found;
use crate::limits::JOINT_SETS;
use crate::linear::field::Echelon;
use crate::linear::small::{Atom, Small, small};

/// The sets that take part, each once.
#[derive(Default)]
struct Chosen<'a> {
    sets: Vec<std::borrow::Cow<'a, RoaringBitmap>>,
    origin: Vec<Origin>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    New,
    /// Earlier, and whether somebody has withdrawn since.
    Earlier(bool),
}

impl<'a> Chosen<'a> {
    /// Adds a layer: all of its cells if there is room for those that are not there yet, else its total.
    fn add(&mut self, layer: &[&'a RoaringBitmap], origin: Origin) {
        let fresh: Vec<&RoaringBitmap> = layer
            .iter()
            .copied()
            .filter(|set| !self.has(set, origin))
            .collect();
        if self.sets.len() + fresh.len() <= JOINT_SETS {
            for set in fresh {
                self.sets.push(std::borrow::Cow::Borrowed(set));
                self.origin.push(origin);
            }
        } else if self.sets.len() < JOINT_SETS {
            let mut total = RoaringBitmap::new();
            for set in layer {
                total |= *set;
            }
            if !self.has(&total, origin) {
                self.sets.push(std::borrow::Cow::Owned(total));
                self.origin.push(origin);
            }
        }
    }

    fn has(&self, set: &RoaringBitmap, origin: Origin) -> bool {
        self.sets.iter().zip(&self.origin).any(|(known, from)| {
            // an earlier set that is there again in the new table stays, to be noticed
            *from == origin && known.len() == set.len() && known.as_ref() == set
        })
    }
}

/// Compares the new layers with all earlier ones at once.
pub(super) fn compare(
    new: &[&[&RoaringBitmap]],
    earlier: &[(Vec<&RoaringBitmap>, bool)],
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
    let mut order: Vec<&(Vec<&RoaringBitmap>, bool)> = earlier.iter().collect();
    order.sort_by_key(|(sets, _)| sets.len());
    for (sets, older) in order {
        chosen.add(sets, Origin::Earlier(*older));
    }
    let atoms = atoms(&chosen.sets);
    match small(chosen.sets.len(), &atoms, threshold) {
        Small::Found(_) => Err(Rule::Difference),
        Small::TooLarge => Err(Rule::TooEntangled),
        Small::None if depends(&atoms, &chosen.origin) => Ok(Found::RepeatsAcrossWithdrawal),
        Small::None => Ok(Found::Nothing),
    }
}

/// People by the sets that they are in.
fn atoms(sets: &[std::borrow::Cow<'_, RoaringBitmap>]) -> Vec<Atom> {
    let most = sets.iter().filter_map(|s| s.max()).max().unwrap_or(0);
    let mut of = vec![0_u128; usize::try_from(most).map_or(0, |n| n + 1)];
    for (bit, set) in (0_u32..128).zip(sets) {
        for person in set.as_ref() {
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

/// Whether the new sets, with those shown since the last withdrawal, say again what was shown before it.
fn depends(atoms: &[Atom], origin: &[Origin]) -> bool {
    if !origin.contains(&Origin::Earlier(true)) {
        return false;
    }
    let rank = |wanted: fn(Origin) -> bool| {
        let mut space = Echelon::new(origin.len());
        let mut width = 0;
        for from in origin {
            width += usize::from(wanted(*from));
        }
        for atom in atoms {
            if space.rank() == width {
                break;
            }
            let sets: Vec<u32> = atom
                .sets
                .iter()
                .copied()
                .filter(|s| {
                    usize::try_from(*s)
                        .ok()
                        .and_then(|s| origin.get(s))
                        .is_some_and(|from| wanted(*from))
                })
                .collect();
            let reduced = space.reduce_ones(&sets);
            space.insert(reduced);
        }
        space.rank()
    };
    rank(|_| true)
        < rank(|from| from != Origin::Earlier(true)) + rank(|from| from == Origin::Earlier(true))
}
