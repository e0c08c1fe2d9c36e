//! k-anonymity of chosen quasi-identifiers: how many people share each combination of values.
//!
//! A table is k-anonymous if each combination of its quasi-identifiers' values that occurs, occurs for at
//! least k people (L. Sweeney, "k-anonymity: a model for protecting privacy", International Journal on
//! Uncertainty, Fuzziness and Knowledge-based Systems 10(5), 2002, definition 3). It says how small a crowd
//! a person can be picked from by these values alone; it says nothing about values that the crowd shares.
//!
//! The caller turns values into numbers (equal values, equal numbers; a missing value is a value of its
//! own). Must never report the combinations themselves: a small one describes a person.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Sizes of the equivalence classes of a table, filled row by row (one row a person).
#[derive(Debug, Clone)]
pub struct Classes {
    width: usize,
    sizes: HashMap<Box<[u64]>, u64>,
}

/// A row with another number of quasi-identifiers than the table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} quasi-identifiers, found {found}")]
pub struct WidthError {
    /// Number of quasi-identifiers of the table.
    pub expected: usize,
    /// Number in the row or table that was added.
    pub found: usize,
}

/// How small the groups are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// People counted.
    pub people: u64,
    /// Different combinations of values.
    pub groups: u64,
    /// People in the smallest group: the k for which the table is k-anonymous. 0 without people.
    pub smallest: u64,
    /// For each threshold asked for, who is in a smaller group.
    pub below: Vec<Below>,
}

/// People and groups below one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Below {
    /// The threshold.
    pub k: u64,
    /// People in groups of fewer than `k`.
    pub people: u64,
    /// Groups of fewer than `k`.
    pub groups: u64,
}

impl Classes {
    /// An empty table with `width` quasi-identifiers.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self {
            width,
            sizes: HashMap::new(),
        }
    }

    /// Counts one person with these values.
    ///
    /// # Errors
    /// [`WidthError`] when the number of values is not the table's.
    pub fn add(&mut self, values: &[u64]) -> Result<(), WidthError> {
        self.check(values.len())?;
        if let Some(size) = self.sizes.get_mut(values) {
            *size += 1;
        } else {
            self.sizes.insert(values.into(), 1);
        }
        Ok(())
    }

    /// Adds the people of another part of the same table.
    ///
    /// # Errors
    /// [`WidthError`] when the other part has another number of quasi-identifiers.
    pub fn merge(&mut self, other: Self) -> Result<(), WidthError> {
        self.check(other.width)?;
        for (values, size) in other.sizes {
            *self.sizes.entry(values).or_insert(0) += size;
        }
        Ok(())
    }

    /// The result for these thresholds.
    #[must_use]
    pub fn summary(&self, thresholds: &[u64]) -> Summary {
        let below = |k: u64| {
            let small = self.sizes.values().copied().filter(|size| *size < k);
            let (people, groups) =
                small.fold((0, 0), |(people, groups), size| (people + size, groups + 1));
            Below { k, people, groups }
        };
        Summary {
            people: self.sizes.values().sum(),
            groups: self.sizes.len() as u64,
            smallest: self.sizes.values().copied().min().unwrap_or(0),
            below: thresholds.iter().copied().map(below).collect(),
        }
    }

    const fn check(&self, found: usize) -> Result<(), WidthError> {
        if found == self.width {
            Ok(())
        } else {
            Err(WidthError {
                expected: self.width,
                found,
            })
        }
    }
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

    fn classes(rows: &[Vec<u64>], width: usize) -> Classes {
        let mut classes = Classes::new(width);
        for row in rows {
            classes.add(row).unwrap();
        }
        classes
    }

    /// Sweeney 2002, figure 2: "Example of k-anonymity, where k=2 and QI={Race, Birth, Gender, ZIP}".
    /// Race, Birth, Gender, ZIP of t1 to t11.
    const FIGURE_2: [[&str; 4]; 11] = [
        ["Black", "1965", "m", "0214*"],
        ["Black", "1965", "m", "0214*"],
        ["Black", "1965", "f", "0213*"],
        ["Black", "1965", "f", "0213*"],
        ["Black", "1964", "f", "0213*"],
        ["Black", "1964", "f", "0213*"],
        ["White", "1964", "m", "0213*"],
        ["White", "1964", "m", "0213*"],
        ["White", "1964", "m", "0213*"],
        ["White", "1967", "m", "0213*"],
        ["White", "1967", "m", "0213*"],
    ];

    fn coded(rows: &[[&str; 4]]) -> Vec<Vec<u64>> {
        let mut seen: Vec<&str> = Vec::new();
        rows.iter()
            .map(|row| {
                row.iter()
                    .map(|value| {
                        let place = seen.iter().position(|known| known == value);
                        place.unwrap_or_else(|| {
                            seen.push(value);
                            seen.len() - 1
                        }) as u64
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn sweeneys_example_table_is_two_anonymous() {
        let summary = classes(&coded(&FIGURE_2), 4).summary(&[2, 3, 5]);
        assert_eq!(summary.smallest, 2);
        assert_eq!((summary.people, summary.groups), (11, 5));
        // By hand: four pairs (8 people) and one group of three.
        let below: Vec<_> = summary
            .below
            .iter()
            .map(|b| (b.k, b.people, b.groups))
            .collect();
        assert_eq!(below, [(2, 0, 0), (3, 8, 4), (5, 11, 5)]);
    }

    #[test]
    fn an_empty_table_has_no_smallest_group() {
        let summary = Classes::new(2).summary(&[5]);
        assert_eq!(
            (summary.people, summary.groups, summary.smallest),
            (0, 0, 0)
        );
        assert_eq!(
            Classes::new(2).add(&[1]),
            Err(WidthError {
                expected: 2,
                found: 1
            })
        );
    }

    proptest! {
        #[test]
        fn agrees_with_a_naive_count(rows in proptest::collection::vec(proptest::collection::vec(0u64..3, 2), 0..60), cut in 0usize..60, k in 1u64..12) {
            let cut = cut.min(rows.len());
            let mut both = classes(&rows[..cut], 2);
            both.merge(classes(&rows[cut..], 2)).unwrap();
            let summary = both.summary(&[k]);
            let size = |row: &Vec<u64>| rows.iter().filter(|other| *other == row).count() as u64;
            prop_assert_eq!(summary.people, rows.len() as u64);
            prop_assert_eq!(summary.smallest, rows.iter().map(size).min().unwrap_or(0));
            prop_assert_eq!(summary.below[0].people, rows.iter().filter(|row| size(row) < k).count() as u64);
        }
    }
}
