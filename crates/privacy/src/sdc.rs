//! Statistical disclosure control for aggregate answers: which numbers of an answer may be shown.
//!
//! The unit is the person, never the row: forty events of one patient are one contributor, and someone without a
//! value contributes nothing (attack 11 of the threat model: "rows for people"). Zero is below ten like any other
//! small number, because "nobody" is a fact about everybody in the group.
//!
//! Works on sets of people, not on their number, so that rules over several cells or several answers
//! (differencing) can be added beside [`judge`] without a change to those who call it.
//!
//! Must never: see a value. The decision depends on who is behind a number, not on the number.

use roaring::RoaringBitmap;

use crate::limits::PEOPLE_PER_CELL;

/// What may be shown of one row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowVerdict {
    /// Too few people: the row, its group keys included, is left out.
    Withheld,
    /// The row is shown; for each cell, whether its number is.
    Shown(Vec<bool>),
}

/// Whether this many distinct people are enough for one number.
#[must_use]
pub const fn enough(people: u64) -> bool {
    people >= PEOPLE_PER_CELL
}

/// One number of a row.
#[derive(Debug, Clone, Copy)]
pub struct Cell<'a> {
    /// The people with a value behind it.
    pub people: &'a RoaringBitmap,
    /// Numbers of one family can be subtracted from one another with a result about the people in which they differ: all
    /// counts, or whatever is calculated of one column.
    pub family: usize,
}

/// Judges one row: `row` are the people in the group, `cells` its numbers.
///
/// A number of too few people is withheld. So is one of two that belong to one family and whose people differ by one
/// to nine (`sum(x) - sum(x) FILTER (WHERE NOT target)` is the target's value): the one with fewer people, or both if
/// they have equally many. The row as a whole takes part through the number that shows its size, `count(*)`.
/// Numbers of different families are not compared: a mean of a value that few people lack stays beside `count(*)`.
#[must_use]
pub fn judge(row: &RoaringBitmap, cells: &[Cell<'_>]) -> RowVerdict {
    if !enough(row.len()) {
        return RowVerdict::Withheld;
    }
    let mut shown: Vec<bool> = cells.iter().map(|c| enough(c.people.len())).collect();
    // All pairs at once: of each close pair at least one goes, so that none is left and one pass is stable. The result
    // does not depend on the order of the cells.
    let candidates: Vec<(usize, Cell<'_>)> = cells
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, c)| enough(c.people.len()))
        .collect();
    for (at, (i, a)) in candidates.iter().enumerate() {
        for (j, b) in candidates.iter().skip(at + 1) {
            if a.family != b.family || !close(a.people, b.people) {
                continue;
            }
            let (few, many) = (a.people.len(), b.people.len());
            for (index, goes) in [(i, few <= many), (j, many <= few)] {
                if goes && let Some(shown) = shown.get_mut(*index) {
                    *shown = false;
                }
            }
        }
    }
    RowVerdict::Shown(shown)
}

/// Whether two sets differ, and by too few people.
fn close(a: &RoaringBitmap, b: &RoaringBitmap) -> bool {
    // cheaper than the sets themselves, and mostly enough
    if enough(a.len().abs_diff(b.len())) {
        return false;
    }
    let difference = a.symmetric_difference_len(b);
    difference > 0 && !enough(difference)
}

/// How many rows were withheld, if that may be told.
///
/// With a fine enough grouping each person is a group of their own, and then the number of withheld rows is a count of
/// people like any other. So it is told only if the rows left out hold ten people or more together; otherwise
/// the answer is `None`, which also stands for "none at all".
#[must_use]
pub fn withheld_rows<'a>(withheld: impl IntoIterator<Item = &'a RoaringBitmap>) -> Option<u64> {
    let mut rows = 0;
    let mut people = RoaringBitmap::new();
    for row in withheld {
        rows += 1;
        people |= row;
    }
    enough(people.len()).then_some(rows)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use proptest::prelude::*;

    use super::*;

    fn people(range: std::ops::Range<u32>) -> RoaringBitmap {
        range.collect()
    }

    fn verdict(row: &RoaringBitmap, cells: &[(RoaringBitmap, usize)]) -> RowVerdict {
        let cells: Vec<_> = cells
            .iter()
            .map(|(people, family)| Cell {
                people,
                family: *family,
            })
            .collect();
        judge(row, &cells)
    }

    /// UK LLC: nought to nine are masked, ten is shown.
    #[test]
    fn ten_is_shown_and_nine_is_not() {
        assert_eq!(judge(&people(0..9), &[]), RowVerdict::Withheld);
        assert_eq!(
            verdict(&people(0..0), &[(people(0..0), 0)]),
            RowVerdict::Withheld
        );
        assert_eq!(
            verdict(
                &people(0..10),
                &[(people(0..10), 0), (people(0..9), 1), (people(0..0), 2)]
            ),
            RowVerdict::Shown(vec![true, false, false])
        );
    }

    /// Subtracting two numbers of one family gives a number about the people in which they differ.
    #[test]
    fn two_numbers_do_not_differ_by_few_people() {
        let everybody = people(0..60);
        let judged = |sets: &[(RoaringBitmap, usize)]| match verdict(&everybody, sets) {
            RowVerdict::Shown(shown) => shown,
            RowVerdict::Withheld => panic!("the row is large enough"),
        };
        let all = || (people(0..60), 0);
        // the smaller goes, whichever comes first
        assert_eq!(judged(&[all(), (people(1..60), 0)]), [true, false]);
        assert_eq!(judged(&[(people(1..60), 0), all()]), [false, true]);
        // by nine and by ten
        assert_eq!(judged(&[all(), (people(9..60), 0)]), [true, false]);
        assert_eq!(judged(&[all(), (people(10..60), 0)]), [true, true]);
        // the same people, and another family
        assert_eq!(judged(&[all(), all()]), [true, true]);
        assert_eq!(judged(&[all(), (people(1..60), 1)]), [true, true]);
        // equally many: both
        let others = (people(0..30), 0);
        assert_eq!(judged(&[(people(1..31), 0), others]), [false, false]);
        // nine at one end and one at the other are ten
        assert_eq!(
            judged(&[(people(0..51), 0), (people(1..60), 0)]),
            [true, true]
        );
        // a chain, each next to the one before
        assert_eq!(
            judged(&[all(), (people(5..60), 0), (people(10..60), 0)]),
            [true, false, false]
        );
    }

    #[test]
    fn the_number_of_withheld_rows_is_itself_a_count_of_people() {
        let singles: Vec<_> = (0..12).map(|p| people(p..p + 1)).collect();
        assert_eq!(withheld_rows(&singles[..9]), None);
        assert_eq!(withheld_rows(&singles), Some(12));
        // the same three people in twenty rows are still three people
        assert_eq!(withheld_rows(std::iter::repeat_n(&people(0..3), 20)), None);
        assert_eq!(withheld_rows([]), None);
    }

    proptest! {
        /// Nothing is ever shown about fewer than ten people.
        #[test]
        fn never_below_ten(row in 0_u32..30, cells in prop::collection::vec(0_u32..30, 0..6)) {
            let sets: Vec<_> = cells.iter().map(|n| people(0..*n)).enumerate().map(|(i, s)| (s, i)).collect();
            match verdict(&people(0..row), &sets) {
                RowVerdict::Withheld => prop_assert!(row < 10),
                RowVerdict::Shown(shown) => {
                    prop_assert!(row >= 10);
                    for (shown, n) in shown.iter().zip(&cells) {
                        prop_assert_eq!(*shown, *n >= 10);
                    }
                }
            }
        }

        /// No two shown numbers of one family differ by one to nine people, and the largest of a family is kept if nothing
        /// is as large.
        #[test]
        fn never_a_difference_below_ten(
            cells in prop::collection::vec((0_u32..15, 20_u32..60, 0_usize..2), 0..8),
        ) {
            let sets: Vec<_> = cells.iter().map(|(a, b, family)| (people(*a..*b), *family)).collect();
            let RowVerdict::Shown(shown) = verdict(&people(0..60), &sets) else {
                return Err(TestCaseError::fail("the row is large enough"));
            };
            for (i, (a, family)) in sets.iter().enumerate() {
                for (j, (b, other)) in sets.iter().enumerate() {
                    if shown[i] && shown[j] && family == other {
                        let difference = (a ^ b).len();
                        prop_assert!(difference == 0 || difference >= 10);
                    }
                }
                let beaten = sets.iter().any(|(b, other)| other == family && b != a && b.len() >= a.len());
                if !beaten && a.len() >= 10 {
                    prop_assert!(shown[i]);
                }
            }
        }
    }
}
