//! Any number of sets of people, overlapping in any way: is a combination of them about one to nine people?
//!
//! First what is provably not about few people is taken out. People are put into ten bases one after another, each into the first
//! that does not span them. Somebody in the tenth is spanned by ten groups that share nobody; a combination about fewer than ten
//! people is about nobody in one of the groups at least, so not about them either (the argument of Nagamochi and
//! Ibaraki 1992 for graphs, in a matroid). This is repeated until nothing changes. What remains is searched: each atom is either
//! left alone by the combination or one of the few people it is about. The answer is exact; where the search would take
//! too long it says so.

use std::collections::HashMap;

use super::field::{Echelon, inverse, mul};
use crate::limits::SEARCH_STEPS;

/// People who are in the same sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Atom {
    /// How many.
    pub(crate) people: u64,
    /// The sets, ascending, each once.
    pub(crate) sets: Vec<u32>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Small {
    /// No combination is about fewer people than the bound, but for those about nobody.
    None,
    /// There is one; it needs these sets, ascending.
    Found(Vec<u32>),
    /// The search would take too long.
    TooLarge,
}

/// Looks for a combination of `sets` sets that is about at least one and fewer than `bound` people.
pub(crate) fn small(sets: usize, atoms: &[Atom], bound: u64) -> Small {
    let mut atoms: Vec<&Atom> = atoms.iter().filter(|a| a.people > 0).collect();
    // large atoms first: they are left alone by every small combination
    atoms.sort_unstable_by(|a, b| b.people.cmp(&a.people).then_with(|| a.sets.cmp(&b.sets)));
    let mut alone = Echelon::new(sets);
    loop {
        let before = alone.rank();
        pack(&atoms, bound, &mut alone);
        if let Some(classes) = classes(&atoms, bound, &mut alone) {
            if classes.is_empty() {
                return Small::None;
            }
            if alone.rank() == before {
                return search(&classes, bound, alone);
            }
        }
    }
}

/// Puts people into bases; the last basis is what every small combination leaves alone.
fn pack(atoms: &[&Atom], bound: u64, alone: &mut Echelon) {
    let count = usize::try_from(bound.max(1)).unwrap_or(1);
    let mut bases = vec![alone.clone(); count];
    for atom in atoms {
        // bases are nested: whatever one spans, those before it span too
        if bases.last().is_some_and(|last| last.spans(&atom.sets)) {
            continue;
        }
        let mut left = atom.people.min(bound);
        let mut first = bases.partition_point(|base| base.spans(&atom.sets));
        while left > 0 {
            let Some(base) = bases.get_mut(first) else {
                break;
            };
            let reduced = base.reduce_ones(&atom.sets);
            base.insert(reduced);
            left -= 1;
            first += 1;
        }
    }
    if let Some(last) = bases.pop() {
        *alone = last;
    }
}

/// One vector, up to a factor, and how many people have it.
#[derive(Debug, Clone)]
struct Class {
    people: u64,
    vector: Vec<u32>,
}

/// Atoms that cannot be told apart any more, those with enough people taken out. `None` if some were: then more may
/// follow.
fn classes(atoms: &[&Atom], bound: u64, alone: &mut Echelon) -> Option<Vec<Class>> {
    let mut found: HashMap<Vec<u32>, u64> = HashMap::new();
    for atom in atoms {
        let mut vector = alone.reduce_ones(&atom.sets);
        let Some(lead) = vector.iter().copied().find(|v| *v != 0) else {
            continue;
        };
        let factor = inverse(lead);
        for value in &mut vector {
            *value = mul(*value, factor);
        }
        *found.entry(vector).or_default() += atom.people;
    }
    let mut classes: Vec<Class> = found
        .into_iter()
        .map(|(vector, people)| Class { people, vector })
        .collect();
    classes.sort_unstable_by(|a, b| {
        b.people
            .cmp(&a.people)
            .then_with(|| a.vector.cmp(&b.vector))
    });
    let mut changed = false;
    for class in classes.iter().take_while(|c| c.people >= bound) {
        let reduced = alone.reduce(&class.vector);
        changed |= alone.insert(reduced);
    }
    (!changed).then_some(classes)
}

/// Tries which classes a small combination is about.
fn search(classes: &[Class], bound: u64, alone: Echelon) -> Small {
    let mut search = Search {
        classes,
        bound,
        steps: 0,
        about: Vec::new(),
    };
    search.from(alone, 0, 0)
}

struct Search<'a> {
    classes: &'a [Class],
    bound: u64,
    steps: usize,
    about: Vec<usize>,
}

impl Search<'_> {
    /// `alone` holds what the combination leaves alone, `people` how many it is about at most so far.
    /// Classes before `start` are decided already.
    fn from(&mut self, alone: Echelon, people: u64, start: usize) -> Small {
        self.steps += 1;
        if self.steps > SEARCH_STEPS {
            return Small::TooLarge;
        }
        let open = self
            .classes
            .iter()
            .enumerate()
            .skip(start)
            .find_map(|(at, class)| {
                let reduced = alone.reduce(&class.vector);
                reduced
                    .iter()
                    .any(|v| *v != 0)
                    .then_some((at, class, reduced))
            });
        let Some((at, class, reduced)) = open else {
            return self.found(&alone);
        };
        let with = people.saturating_add(class.people);
        if with < self.bound {
            self.about.push(at);
            let found = self.from(alone.clone(), with, at + 1);
            self.about.pop();
            if found != Small::None {
                return found;
            }
        }
        let mut alone = alone;
        alone.insert(reduced);
        // if nobody is left to be about, this way leads nowhere
        let dead = !self.about.is_empty() && self.about.iter().all(|at| self.spanned(&alone, *at));
        if dead {
            return Small::None;
        }
        self.from(alone, people, at + 1)
    }

    fn spanned(&self, alone: &Echelon, at: usize) -> bool {
        self.classes
            .get(at)
            .is_none_or(|class| alone.reduce(&class.vector).iter().all(|v| *v == 0))
    }

    /// Everything but `about` is left alone: a combination that is about somebody there, if there is one.
    fn found(&self, alone: &Echelon) -> Small {
        let about: Vec<&Class> = self
            .about
            .iter()
            .filter_map(|at| self.classes.get(*at))
            .collect();
        let combination = alone.orthogonal().into_iter().find(|combination| {
            about.iter().any(|class| {
                let sum = combination
                    .iter()
                    .zip(&class.vector)
                    .fold(0_u64, |sum, (a, b)| sum + u64::from(mul(*a, *b)));
                sum % super::field::P != 0
            })
        });
        combination.map_or(Small::None, |combination| {
            let sets = combination.iter().enumerate().filter(|(_, v)| **v != 0);
            Small::Found(sets.filter_map(|(s, _)| u32::try_from(s).ok()).collect())
        })
    }
}

#[cfg(test)]
#[path = "small_tests.rs"]
mod tests;
