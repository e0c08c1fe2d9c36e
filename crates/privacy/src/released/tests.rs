#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;

fn people(range: std::ops::Range<u32>) -> RoaringBitmap {
    range.collect()
}

/// A table of counts of these sets.
fn table(sets: &[RoaringBitmap]) -> ReleasedTable {
    ReleasedTable {
        layers: vec![Layer {
            family: COUNTS.to_owned(),
            cells: (0_u32..)
                .zip(sets)
                .map(|(row, people)| Cell {
                    people: people.clone(),
                    shown: Some(people.len() as i64),
                    row,
                    number: 0,
                    meaning: None,
                })
                .collect(),
        }],
        ..ReleasedTable::default()
    }
}

fn chooser() -> Chooser {
    Chooser::derive(&[7; 32])
}

fn asked(new: &ReleasedTable, earlier: &[ReleasedTable]) -> Outcome {
    let earlier = earlier.iter().map(|table| Earlier {
        table: table.clone(),
        own: true,
    });
    compare(new, earlier, &Options::new(&chooser()))
}

fn refused(rule: Rule) -> Outcome {
    Outcome::Refuse { rule, recode: None }
}

fn is_fine(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Fine { .. })
}

/// Everybody as two halves, and everybody but one as two other halves: no two sets are close, their sums are.
#[test]
fn differences_of_sums_of_separate_questions() {
    let all = people(0..400);
    let without = people(1..400);
    let part = |set: &RoaringBitmap, by: u32, code: u32| -> RoaringBitmap {
        set.iter().filter(|p| (p / by) % 2 == code).collect()
    };
    let earlier = [
        table(&[part(&all, 1, 0)]),
        table(&[part(&without, 2, 0)]),
        table(&[part(&all, 1, 1)]),
    ];
    for n in 1..3 {
        assert!(is_fine(&asked(&earlier[n], &earlier[..n])), "{n}");
    }
    assert_eq!(
        asked(&table(&[part(&without, 2, 1)]), &earlier),
        refused(Rule::Difference)
    );
}
