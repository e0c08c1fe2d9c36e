#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn keys() -> RecordKeys {
    RecordKeys::derive(&[3; 32])
}

/// create_perturbed_table.py of cell-key-perturbation 3.1.0 (PyPI, MIT), by hand:
/// `pcv = ((count − 1) % 250) + 501`, but `count` itself up to 750.
#[test]
fn lines_are_those_of_the_published_program() {
    for (count, expected) in [
        (1, 1),
        (10, 10),
        (750, 750),
        (751, 501),
        (1_000, 750),
        (1_001, 501),
        (1_234, 734),
    ] {
        assert_eq!(line(count), expected, "{count}");
    }
}

/// The same program: the cell key is the sum of the record keys modulo 256 (`ptable["ckey"].max() + 1`). By hand with three
/// people: whatever their keys, the sum wraps at 256.
#[test]
fn the_cell_key_is_the_sum_of_record_keys() {
    let keys = keys();
    let people: RoaringBitmap = [5, 17, 70_000].into_iter().collect();
    let sum: u32 = people.iter().map(|p| u32::from(keys.of(p))).sum();
    assert_eq!(u32::from(keys.cell_key(&people)), sum % 256);
    assert_eq!(keys.cell_key(&RoaringBitmap::new()), 0);
}

/// The stated properties of every line, counted in whole numbers over all 256 keys.
#[test]
fn every_line_is_unbiased_and_bounded() {
    for count in 0..=750 {
        let noises: Vec<i64> = (0..=255).map(|key| noise(count, key)).collect();
        assert_eq!(noises.iter().sum::<i64>(), 0, "{count}: no bias");
        let bound = count.min(BOUND);
        assert!(noises.iter().all(|n| n.abs() <= bound), "{count}: bounded");
        assert!(count + noises.iter().min().unwrap() >= 0, "{count}");
        let of = |d| noises.iter().filter(|n| **n == d).count();
        for d in 1..=bound {
            assert_eq!(of(d), of(-d), "{count}: {d} as often as −{d}");
        }
        let (most, least) = (-bound..=bound).fold((0, 256), |(most, least), d| {
            (most.max(of(d)), least.min(of(d)))
        });
        assert!(most - least <= 2, "{count}: nearly uniform");
        assert!(
            256 >= of(0) * (2 * bound as usize + 1),
            "{count}: exact at most by chance"
        );
    }
}

/// Lines of five or more, by hand: 256 = 11 · 23 + 3; with one from nought that is two pairs, ±5 and ±4.
#[test]
fn the_line_of_ten_by_hand() {
    let of = |d| (0..=255).filter(|key| noise(10, *key) == d).count();
    let counts: Vec<usize> = (-5..=5).map(of).collect();
    assert_eq!(counts, [24, 24, 23, 23, 23, 22, 23, 23, 23, 24, 24]);
}

/// The whole table, pinned: a change would give earlier answers other noise.
#[test]
fn the_table_is_pinned() {
    let mut digest = Sha256::new();
    for count in 1..=750 {
        for key in 0..=255 {
            digest.update(noise(count, key).to_le_bytes());
        }
    }
    let hex: String = digest
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(hex, PINNED);
}

const PINNED: &str = "f9504e134e05e44dd42f16a506985968418d219a4809612205bda4ff786bfa7d";

#[test]
fn record_keys_use_all_values_alike() {
    let keys = keys();
    let mut counts = [0_u32; 256];
    for person in 0..256_000 {
        counts[usize::from(keys.of(person))] += 1;
    }
    // a thousand each, give or take six standard deviations of a binomial (31.6)
    assert!(
        counts.iter().all(|c| (810..=1_190).contains(c)),
        "{counts:?}"
    );
    let other = RecordKeys::derive(&[4; 32]);
    assert!((0..100).any(|p| keys.of(p) != other.of(p)));
}

proptest! {
    /// The same people, the same noise; one more person, another cell key unless their record key is nought.
    #[test]
    fn noise_depends_on_the_people(people in prop::collection::btree_set(0_u32..5_000, 0..60), one in 5_000_u32..6_000) {
        let keys = keys();
        let set: RoaringBitmap = people.iter().copied().collect();
        let again: RoaringBitmap = people.iter().rev().copied().collect();
        prop_assert_eq!(keys.cell_key(&set), keys.cell_key(&again));
        let mut more = set.clone();
        more.insert(one);
        prop_assert_eq!(keys.cell_key(&more), keys.cell_key(&set).wrapping_add(keys.of(one)));
    }
}
