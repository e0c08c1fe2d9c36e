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

/// Judges one row: `row` are the people in the group, `cells` the people with a value behind each number.
#[must_use]
pub fn judge(row: &RoaringBitmap, cells: &[&RoaringBitmap]) -> RowVerdict {
    if !enough(row.len()) {
        return RowVerdict::Withheld;
    }
    RowVerdict::Shown(cells.iter().map(|people| enough(people.len())).collect())
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

    /// UK LLC: nought to nine are masked, ten is shown.
    #[test]
    fn ten_is_shown_and_nine_is_not() {
        assert_eq!(judge(&people(0..9), &[]), RowVerdict::Withheld);
        assert_eq!(judge(&people(0..0), &[&people(0..0)]), RowVerdict::Withheld);
        assert_eq!(
            judge(
                &people(0..10),
                &[&people(0..10), &people(0..9), &people(0..0)]
            ),
            RowVerdict::Shown(vec![true, false, false])
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
            let sets: Vec<_> = cells.iter().map(|n| people(0..*n)).collect();
            match judge(&people(0..row), &sets.iter().collect::<Vec<_>>()) {
                RowVerdict::Withheld => prop_assert!(row < 10),
                RowVerdict::Shown(shown) => {
                    prop_assert!(row >= 10);
                    for (shown, n) in shown.iter().zip(&cells) {
                        prop_assert_eq!(*shown, *n >= 10);
                    }
                }
            }
        }
    }
}
