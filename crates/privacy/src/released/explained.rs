//! Dependencies between tables that are no accident of the data.
//!
//! "Yes", "no, but for this one" and "all but for this one" add up exactly if this one says no. If they do not, it is a difference of
//! one person, and refused; if they do, letting them pass would tell just as much. So a new table may depend on earlier ones
//! only in ways that follow from what was asked: the same again, parts by the values of one column and their whole, two
//! tables that divide the same people.
//!
//! Must never: take a dependency for meant because the people fit. That is what must not be told.

use std::collections::HashMap;

use super::joint::{Chosen, Origin, Set, span};
use super::meaning::{self, part_of};
use crate::linear::field::{Echelon, P, add};
use crate::linear::small::Atom;

const MINUS_ONE: u32 = (P - 1) as u32;

/// Whether the new sets depend on earlier ones in a way that does not follow from what was asked. Sets whose meaning is not known
/// are left out.
pub(super) fn unexplained(atoms: &[Atom], chosen: &Chosen<'_>) -> bool {
    let sets = &chosen.sets;
    let known = |set: &Set<'_>| set.meaning.is_some();
    let new = |set: &Set<'_>| known(set) && set.origin == Origin::New;
    let old = |set: &Set<'_>| known(set) && set.origin != Origin::New;
    let all = span(atoms, sets, known);
    let (of_new, of_old) = (span(atoms, sets, new), span(atoms, sets, old));
    // dependencies that the new sets make with earlier ones
    let made = (of_new.rank() + of_old.rank()).saturating_sub(all.rank());
    if made == 0 {
        return false;
    }
    let mut space = Echelon::new(sets.len());
    let own = within(&of_new, sets, new)
        .into_iter()
        .chain(within(&of_old, sets, old));
    for dependency in own {
        let reduced = space.reduce(&dependency);
        space.insert(reduced);
    }
    let before = space.rank();
    for meant in wholes(sets).into_iter().chain(divisions(atoms, chosen)) {
        // what is meant must be so as well
        let holds = atoms.iter().all(|atom| {
            let sum = atom.sets.iter().fold(0, |sum, s| {
                let place = usize::try_from(*s).unwrap_or(usize::MAX);
                add(sum, meant.get(place).copied().unwrap_or(0))
            });
            sum == 0
        });
        if holds {
            let reduced = space.reduce(&meant);
            space.insert(reduced);
        }
    }
    space.rank() - before < made
}

/// The dependencies of these sets among themselves.
fn within(space: &Echelon, sets: &[Set<'_>], wanted: impl Fn(&Set<'_>) -> bool) -> Vec<Vec<u32>> {
    let outside = |vector: &Vec<u32>| {
        vector
            .iter()
            .zip(sets)
            .any(|(factor, set)| *factor != 0 && !wanted(set))
    };
    let mut out = space.orthogonal();
    out.retain(|vector| !outside(vector));
    out
}

/// A set is the same as another of its meaning, and the sum of its parts by the values of one column.
fn wholes(sets: &[Set<'_>]) -> Vec<Vec<u32>> {
    let mut out = Vec::new();
    for (at, whole) in sets.iter().enumerate() {
        let Some(meaning) = &whole.meaning else {
            continue;
        };
        // for each column one set for each value
        let mut columns: HashMap<u64, HashMap<&Vec<u64>, usize>> = HashMap::new();
        for (other, part) in sets.iter().enumerate() {
            let Some(of_part) = &part.meaning else {
                continue;
            };
            if other > at && of_part == meaning {
                out.push(relation(sets.len(), &[at], &[other]));
            }
            if let Some(column) = part_of(of_part, meaning) {
                columns
                    .entry(column)
                    .or_default()
                    .entry(of_part)
                    .or_insert(other);
            }
        }
        for parts in columns.into_values() {
            let parts: Vec<usize> = parts.into_values().collect();
            out.push(relation(sets.len(), &[at], &parts));
        }
    }
    out
}

/// Two layers that divide the same people: parts of them with the same union and a common meaning.
fn divisions(atoms: &[Atom], chosen: &Chosen<'_>) -> Vec<Vec<u32>> {
    let mut out = Vec::new();
    for (at, one) in chosen.layers.iter().enumerate() {
        for other in chosen.layers.iter().skip(at + 1) {
            out.extend(division(atoms, &chosen.sets, one, other));
        }
    }
    out
}

fn division(atoms: &[Atom], sets: &[Set<'_>], one: &[u32], other: &[u32]) -> Vec<Vec<u32>> {
    let mut part: Vec<usize> = (0..=sets.len()).collect();
    let ground = sets.len();
    let find = |part: &[usize], mut at: usize| {
        while let Some(up) = part.get(at).copied().filter(|up| *up != at) {
            at = up;
        }
        at
    };
    for atom in atoms {
        let of = |layer: &[u32]| {
            let mut inside = atom.sets.iter().filter(|s| layer.contains(s));
            let first = inside.next().and_then(|s| usize::try_from(*s).ok());
            (first, inside.next().is_some())
        };
        let ((a, two_a), (b, two_b)) = (of(one), of(other));
        if two_a || two_b {
            return Vec::new(); // people in several cells: no division
        }
        if a.is_none() && b.is_none() {
            continue;
        }
        let (a, b) = (
            find(&part, a.unwrap_or(ground)),
            find(&part, b.unwrap_or(ground)),
        );
        if let Some(slot) = part.get_mut(a.min(b)) {
            *slot = a.max(b);
        }
    }
    let mut pieces: HashMap<usize, [Vec<usize>; 2]> = HashMap::new();
    for (side, layer) in [one, other].into_iter().enumerate() {
        for set in layer.iter().filter_map(|s| usize::try_from(*s).ok()) {
            let piece = pieces.entry(find(&part, set)).or_default();
            if let Some(side) = piece.get_mut(side) {
                side.push(set);
            }
        }
    }
    let common = |places: &[usize]| {
        meaning::common(
            places
                .iter()
                .map(|p| sets.get(*p).and_then(|set| set.meaning.as_ref())),
        )
    };
    pieces
        .into_iter()
        .filter(|(piece, [a, b])| {
            *piece != find(&part, ground)
                && !a.is_empty()
                && !b.is_empty()
                && common(a).is_some()
                && common(a) == common(b)
        })
        .map(|(_, [a, b])| relation(sets.len(), &a, &b))
        .collect()
}

fn relation(width: usize, plus: &[usize], minus: &[usize]) -> Vec<u32> {
    let mut out = vec![0; width];
    for (places, factor) in [(plus, 1), (minus, MINUS_ONE)] {
        for place in places {
            if let Some(value) = out.get_mut(*place) {
                *value = add(*value, factor);
            }
        }
    }
    out
}
