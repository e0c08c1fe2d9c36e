#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;

fn parts(of: &[usize], total: i64) -> Sum {
    Sum {
        terms: of.iter().map(|n| (*n, 1)).collect(),
        low: total,
        high: total,
    }
}

fn outer(bounds: &[(i64, i64)], sums: &[Sum]) -> Option<Vec<(i64, i64)>> {
    let all = intervals(bounds, sums, i64::MAX, 1_000_000)?;
    assert!(all.iter().all(Interval::is_exact), "{all:?}");
    Some(all.iter().map(|i| i.outer).collect())
}

/// By hand. A block of two by two with margins 5 and 7, 6 and 6: one number is free, from 0 to 5.
#[test]
fn a_block_by_hand() {
    let sums = [
        parts(&[0, 1], 5),
        parts(&[2, 3], 7),
        parts(&[0, 2], 6),
        parts(&[1, 3], 6),
    ];
    assert_eq!(
        outer(&[(0, 100); 4], &sums),
        Some(vec![(0, 5), (0, 5), (1, 6), (1, 6)])
    );
    // Everybody at least one: 3 = 1 + 1 + 1.
    assert_eq!(
        outer(&[(1, 9); 3], &[parts(&[0, 1, 2], 3)]),
        Some(vec![(1, 1); 3])
    );
    // The sums contradict each other.
    assert_eq!(
        outer(&[(0, 9); 2], &[parts(&[0, 1], 3), parts(&[0, 1], 4)]),
        None
    );
    // A total on the other side, and bounds of a rounded one.
    let total = Sum {
        terms: vec![(0, 1), (1, 1), (2, -1)],
        low: 0,
        high: 0,
    };
    assert_eq!(
        outer(&[(4, 4), (0, 100), (8, 12)], &[total]),
        Some(vec![(4, 4), (4, 8), (8, 12)])
    );
}

/// Bounds alone do not find it: x + y, y + z and x + z are even sums with one solution.
#[test]
fn what_bounds_alone_do_not_find() {
    let sums = [parts(&[0, 1], 4), parts(&[1, 2], 4), parts(&[0, 2], 4)];
    assert_eq!(outer(&[(0, 9); 3], &sums), Some(vec![(2, 2); 3]));
    let odd = [parts(&[0, 1], 4), parts(&[1, 2], 4), parts(&[0, 2], 5)];
    assert_eq!(outer(&[(0, 9); 3], &odd), None);
}

#[test]
fn a_search_that_runs_out_claims_nothing() {
    let sums = [parts(&[0, 1, 2, 3], 12), parts(&[0, 2], 6)];
    let all = intervals(&[(0, 9); 4], &sums, i64::MAX, 0).unwrap();
    assert!(all.iter().all(|i| i.outer.0 < i.outer.1 && !i.is_exact()));
}

/// Every assignment tried: the integer programme in its plainest form.
fn every(bounds: &[(i64, i64)], sums: &[Sum]) -> Option<Vec<(i64, i64)>> {
    let mut all: Option<Vec<(i64, i64)>> = None;
    let mut now: Vec<i64> = bounds.iter().map(|b| b.0).collect();
    loop {
        let holds = sums.iter().all(|s| {
            let sum: i64 = s.terms.iter().map(|(n, f)| now[*n] * f).sum();
            (s.low..=s.high).contains(&sum)
        });
        if holds {
            let all = all.get_or_insert_with(|| now.iter().map(|v| (*v, *v)).collect());
            for (slot, v) in all.iter_mut().zip(&now) {
                *slot = (slot.0.min(*v), slot.1.max(*v));
            }
        }
        let Some(at) = (0..now.len()).find(|n| now[*n] < bounds[*n].1) else {
            return all;
        };
        now[at] += 1;
        for n in 0..at {
            now[n] = bounds[n].0;
        }
    }
}

proptest! {
    /// Small tables with margins and hierarchies, and linked tables: sums over any groups of cells, with one true table behind
    /// them so that most can be met, and some moved so that some cannot.
    #[test]
    fn the_same_as_trying_everything(
        truth in prop::collection::vec(0_i64..6, 2..7),
        groups in prop::collection::vec((prop::collection::vec(-1_i64..=1, 7), -1_i64..=1, 0_i64..3), 0..6),
        least in 0_i64..2,
    ) {
        let bounds: Vec<(i64, i64)> = truth.iter().map(|t| (least.min(*t), 6)).collect();
        let sums: Vec<Sum> = groups.iter().map(|(factors, moved, slack)| {
            let terms: Vec<(usize, i64)> = factors.iter().take(truth.len()).copied().enumerate().filter(|(_, f)| *f != 0).collect();
            let sum: i64 = terms.iter().map(|(n, f)| truth[*n] * f).sum::<i64>() + if *slack == 0 { *moved } else { 0 };
            Sum { terms, low: sum - slack, high: sum + slack }
        }).collect();
        prop_assert_eq!(outer(&bounds, &sums), every(&bounds, &sums));
    }

    /// With fewer values wanted, what is claimed is still true.
    #[test]
    fn witnesses_are_possible(truth in prop::collection::vec(0_i64..5, 4), enough in 1_i64..4) {
        let sums = [parts(&[0, 1], truth[0] + truth[1]), parts(&[1, 2, 3], truth[1] + truth[2] + truth[3])];
        let bounds = [(0, 9); 4];
        let exact = every(&bounds, &sums).unwrap();
        for (one, (low, high)) in intervals(&bounds, &sums, enough, 10_000).unwrap().iter().zip(exact) {
            prop_assert!(one.outer.0 <= low && high <= one.outer.1);
            prop_assert!(low <= one.seen.0 && one.seen.1 <= high);
            prop_assert!(one.is_exact() || one.seen.1 - one.seen.0 + 1 >= enough);
        }
    }
}
