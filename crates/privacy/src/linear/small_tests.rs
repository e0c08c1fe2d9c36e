#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn atoms(sets: &[Vec<u32>]) -> Vec<Atom> {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (s, set) in sets.iter().enumerate() {
        for person in set {
            members.entry(*person).or_default().push(s as u32);
        }
    }
    let mut atoms: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for sets in members.into_values() {
        *atoms.entry(sets).or_default() += 1;
    }
    atoms
        .into_iter()
        .map(|(sets, people)| Atom { people, sets })
        .collect()
}

fn people(range: std::ops::Range<u32>) -> Vec<u32> {
    range.collect()
}

#[test]
fn one_set_and_a_pair() {
    assert_eq!(small(1, &atoms(&[people(0..10)]), 10), Small::None);
    assert_eq!(small(1, &atoms(&[people(0..9)]), 10), Small::Found(vec![0]));
    assert_eq!(
        small(2, &atoms(&[people(0..100), people(1..100)]), 10),
        Small::Found(vec![0, 1])
    );
    assert_eq!(
        small(2, &atoms(&[people(0..100), people(10..100)]), 10),
        Small::None
    );
}

/// Denning, Denning and Schwartz 1979, "The tracker": count(C) = count(C or T) + count(C or not T) − count(all).
/// C are 3 of 100 people, T are 50.
#[test]
fn the_general_tracker() {
    let c = [3, 60, 61];
    let or = |test: fn(u32) -> bool| -> Vec<u32> {
        (0..100).filter(|p| test(*p) || c.contains(p)).collect()
    };
    let sets = [or(|p| p < 50), or(|p| p >= 50), people(0..100)];
    assert_eq!(small(3, &atoms(&sets), 10), Small::Found(vec![0, 1, 2]));
    // without the total nothing follows
    assert_eq!(small(2, &atoms(&sets[..2]), 10), Small::None);
}

/// Sex by region, then the regions alone but for one person: found across a sum of two cells.
#[test]
fn a_union_of_cells_beside_another() {
    let sets = [people(0..40), people(40..80), people(1..80)];
    assert_eq!(small(3, &atoms(&sets), 10), Small::Found(vec![0, 1, 2]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Every combination with small whole factors of up to six sets: none is about one to two people unless it was
    /// found, and what was found is about that few.
    #[test]
    fn agrees_with_every_small_combination(
        membership in prop::collection::vec((0_u32..64, 1_u64..4), 1..12),
        sets in 2_usize..7,
    ) {
        let atoms: Vec<Atom> = membership.iter().map(|(bits, people)| Atom {
            people: *people,
            sets: (0..sets as u32).filter(|s| (bits >> s) & 1 == 1).collect(),
        }).filter(|a| !a.sets.is_empty()).collect();
        let about = |factors: &[i64]| -> u64 {
            atoms.iter().filter(|a| a.sets.iter().map(|s| factors[*s as usize]).sum::<i64>() != 0)
                .map(|a| a.people).sum()
        };
        let mut factors = vec![-2_i64; sets];
        let mut exists = false;
        'all: loop {
            let n = about(&factors);
            exists |= n > 0 && n < 3;
            for factor in &mut factors {
                if *factor < 2 {
                    *factor += 1;
                    continue 'all;
                }
                *factor = -2;
            }
            break;
        }
        match small(sets, &atoms, 3) {
            Small::None => prop_assert!(!exists),
            Small::Found(used) => prop_assert!(!used.is_empty()),
            Small::TooLarge => prop_assert!(false, "six sets are not too large"),
        }
    }

    /// What is found is real: without the people it is about, the sets used have a dependency that they do not have with them.
    #[test]
    fn what_is_found_is_about_few(
        membership in prop::collection::vec((1_u32..256, 1_u64..4), 1..20),
    ) {
        let atoms: Vec<Atom> = membership.iter().map(|(bits, people)| Atom {
            people: *people,
            sets: (0..8).filter(|s| (bits >> s) & 1 == 1).collect(),
        }).collect();
        if let Small::Found(used) = small(8, &atoms, 4) {
            // leaving some atoms of fewer than four people out lowers the rank
            let rank = |skip: u32| {
                let mut space = Echelon::new(8);
                for (i, atom) in atoms.iter().enumerate() {
                    if (skip >> i) & 1 == 0 {
                        let kept: Vec<u32> = atom.sets.iter().copied().filter(|s| used.contains(s)).collect();
                        let reduced = space.reduce_ones(&kept);
                        space.insert(reduced);
                    }
                }
                space.rank()
            };
            let real = few(&atoms, 4).into_iter().any(|skip| rank(skip) < rank(0));
            prop_assert!(real);
        }
    }
}

/// Every choice of atoms with fewer people than the bound, as bits.
fn few(atoms: &[Atom], bound: u64) -> Vec<u32> {
    let mut out = vec![(0_u32, 0_u64)];
    for (i, atom) in atoms.iter().enumerate() {
        let more: Vec<_> = out
            .iter()
            .filter(|(_, n)| n + atom.people < bound)
            .map(|(bits, n)| (bits | 1 << i, n + atom.people))
            .collect();
        out.extend(more);
    }
    out.into_iter().map(|(bits, _)| bits).collect()
}
