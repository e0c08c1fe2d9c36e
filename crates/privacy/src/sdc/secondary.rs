//! What follows from other numbers of the same answer.
//!
//! Numbers of one family can be added and subtracted. If a combination of shown numbers would be about one to nine people, one of
//! them is withheld too: first of each pair of a row the one with fewer people, then by exact elimination over all
//! numbers whose people overlap, the one with fewest people that the combination needs, until none is left. Where one of
//! two equal sets has a condition, their equality says that nobody is between; there the condition is withheld.
//!
//! Overlapping sets of more than [`JOINT_SETS`] are left to [`crate::released`], which refuses what it cannot examine.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::{Number, NumberKind, Row, Table};
use crate::limits::JOINT_SETS;
use crate::linear::small::{Atom, Small, small};

/// Withholds further numbers.
pub(crate) fn withhold(table: &Table, rows: &[bool], cells: &mut [Vec<bool>], threshold: u64) {
    for ((row, shown), cells) in table.rows.iter().zip(rows).zip(cells.iter_mut()) {
        if *shown {
            pairs(row, cells, threshold);
        }
    }
    let mut families: Vec<usize> = table
        .rows
        .iter()
        .flat_map(|row| row.numbers.iter().map(|n| n.family))
        .collect();
    families.push(0);
    families.sort_unstable();
    families.dedup();
    for family in families {
        while let Some(which) = one_more(table, rows, cells, family, threshold) {
            for (row, number) in which {
                if let Some(cell) = cells.get_mut(row).and_then(|c| c.get_mut(number)) {
                    *cell = false;
                }
            }
        }
    }
}

/// Pairs of one row, all at once: of each close pair at least one goes, so that none is left and one pass is stable. The result
/// does not depend on the order of the numbers.
fn pairs(row: &Row, cells: &mut [bool], threshold: u64) {
    let before = cells.to_vec();
    for (i, a) in row.numbers.iter().enumerate() {
        if before.get(i) != Some(&true) {
            continue;
        }
        // the group itself is shown by its keys
        if (a.filtered || counted(a)) && close(&a.people, &row.people, threshold) {
            hide(cells, i);
        }
        for (j, b) in row.numbers.iter().enumerate().skip(i + 1) {
            if before.get(j) != Some(&true) || !related(a, b) {
                continue;
            }
            if close(&a.people, &b.people, threshold) {
                let (few, many) = (a.people.len(), b.people.len());
                for (at, goes) in [(i, few <= many), (j, many <= few)] {
                    if goes {
                        hide(cells, at);
                    }
                }
            }
        }
    }
}

fn hide(cells: &mut [bool], at: usize) {
    if let Some(cell) = cells.get_mut(at) {
        *cell = false;
    }
}

/// Whether the people in whom two numbers differ can be calculated about: one family, or conditions on both.
fn related(a: &Number, b: &Number) -> bool {
    a.family == b.family || ((a.filtered || counted(a)) && (b.filtered || counted(b)))
}

fn counted(number: &Number) -> bool {
    matches!(number.kind, NumberKind::People | NumberKind::Rows)
}

/// Whether two sets differ, and by too few people.
fn close(a: &RoaringBitmap, b: &RoaringBitmap, threshold: u64) -> bool {
    // cheaper than the sets themselves, and mostly enough
    if a.len().abs_diff(b.len()) >= threshold {
        return false;
    }
    let difference = a.symmetric_difference_len(b);
    difference > 0 && difference < threshold
}

/// A shown set, and the numbers that show it. The group itself has none: it cannot be withheld.
struct Set<'a> {
    people: &'a RoaringBitmap,
    shown_by: Vec<(usize, usize)>,
    row: usize,
}

/// Numbers to be withheld so that one combination about few people is gone.
fn one_more(
    table: &Table,
    rows: &[bool],
    cells: &[Vec<bool>],
    family: usize,
    threshold: u64,
) -> Option<Vec<(usize, usize)>> {
    let sets = sets(table, rows, cells, family);
    for part in parts(&sets) {
        // two sets of a row are a pair, which was looked at
        if part.len() < 2 || part.len() > JOINT_SETS {
            continue;
        }
        let members: Vec<&RoaringBitmap> = part
            .iter()
            .filter_map(|at| sets.get(*at).map(|s| s.people))
            .collect();
        let Small::Found(needed) = small(part.len(), &atoms(&members), threshold) else {
            continue;
        };
        let fewest = needed
            .iter()
            .filter_map(|n| part.get(usize::try_from(*n).ok()?))
            .filter_map(|at| sets.get(*at))
            .filter(|set| !set.shown_by.is_empty())
            .min_by_key(|set| (set.people.len(), set.shown_by.clone()));
        if let Some(set) = fewest {
            return Some(set.shown_by.clone());
        }
    }
    None
}

/// The shown sets of a family, each once.
fn sets<'a>(table: &'a Table, rows: &[bool], cells: &[Vec<bool>], family: usize) -> Vec<Set<'a>> {
    let mut out: Vec<Set<'a>> = Vec::new();
    for (at, ((row, shown), cells)) in table.rows.iter().zip(rows).zip(cells).enumerate() {
        if !shown {
            continue;
        }
        let first = out.len();
        if family == 0 {
            out.push(Set {
                people: &row.people,
                shown_by: Vec::new(),
                row: at,
            });
        }
        for (n, (number, shown)) in row.numbers.iter().zip(cells).enumerate() {
            if !shown || !(number.family == family || (family == 0 && number.filtered)) {
                continue;
            }
            let same = out
                .iter_mut()
                .skip(first)
                .find(|set| set.people == &number.people);
            if let Some(set) = same {
                // the group itself stays whatever is withheld
                if set.people != &row.people || family != 0 {
                    set.shown_by.push((at, n));
                }
            } else {
                out.push(Set {
                    people: &number.people,
                    shown_by: vec![(at, n)],
                    row: at,
                });
            }
        }
    }
    out
}

/// Sets that overlap, directly or through others.
fn parts(sets: &[Set<'_>]) -> Vec<Vec<usize>> {
    let mut of_row: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate() {
        of_row.entry(set.row).or_default().push(at);
    }
    let (mut all, mut sizes) = (RoaringBitmap::new(), 0);
    for row in of_row.values() {
        let people: RoaringBitmap = row
            .iter()
            .filter_map(|at| sets.get(*at).map(|s| s.people))
            .fold(RoaringBitmap::new(), |all, set| all | set);
        sizes += people.len();
        all |= people;
    }
    // mostly nobody is in two rows, and then each row is by itself
    if all.len() == sizes {
        return of_row.into_values().filter(|row| row.len() > 2).collect();
    }
    overlapping(sets)
}

/// The same where people are in several rows.
fn overlapping(sets: &[Set<'_>]) -> Vec<Vec<usize>> {
    let mut part_of: Vec<usize> = (0..sets.len()).collect();
    let mut first: HashMap<u32, usize> = HashMap::new();
    let find = |part_of: &[usize], mut at: usize| {
        while let Some(up) = part_of.get(at).copied() {
            if up == at {
                break;
            }
            at = up;
        }
        at
    };
    for (at, set) in sets.iter().enumerate() {
        for person in set.people {
            let other = *first.entry(person).or_insert(at);
            let (a, b) = (find(&part_of, at), find(&part_of, other));
            if a != b
                && let Some(slot) = part_of.get_mut(a.max(b))
            {
                *slot = a.min(b);
            }
        }
    }
    let mut out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..sets.len() {
        out.entry(find(&part_of, at)).or_default().push(at);
    }
    out.into_values().collect()
}

fn atoms(sets: &[&RoaringBitmap]) -> Vec<Atom> {
    let mut of: HashMap<u32, u128> = HashMap::new();
    for (bit, set) in (0_u32..128).zip(sets) {
        for person in *set {
            *of.entry(person).or_default() |= 1 << bit;
        }
    }
    let mut counts: HashMap<u128, u64> = HashMap::new();
    for mask in of.into_values() {
        *counts.entry(mask).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(mask, people)| Atom {
            people,
            sets: (0..128).filter(|bit| (mask >> bit) & 1 == 1).collect(),
        })
        .collect()
}
