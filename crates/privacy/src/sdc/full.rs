//! Class disclosure: a group that holds everybody of its margin tells something about each of them.
//!
//! "All forty people of this clinic are in the row *positive*" says it of each of the forty, however many they are (Hundepool et al.
//! 2012, §4.2.1, group disclosure; ACRO counts zero and full cells as disclosive).
//!
//! Decided from the table's own cells, where the group keys' labels are known: for each key, rows that agree in all
//! other keys form a margin. A row that has all people of its margin is full. The other rows of the margin are
//! the zero cells; they have no row. Not taken as full:
//!
//! - a key that has one value in the whole table: the question fixed it, or it holds for everybody asked about,
//!   which cannot be told apart;
//! - a key that follows from the others in every margin (the chapter beside its code): that is a label, not news. So a table
//!   in which *every* margin is full passes.
//!
//! Must never: decide by labels alone; people decide.

use std::collections::{HashMap, HashSet};

use roaring::RoaringBitmap;

use super::Table;

type Labels<'a> = Vec<&'a Option<String>>;

/// Rows that hold everybody of a margin.
#[must_use]
pub fn rows(table: &Table) -> Vec<usize> {
    let keys = table.rows.first().map_or(0, |row| row.labels.len());
    if table.rows.iter().any(|row| row.labels.len() != keys) {
        return Vec::new();
    }
    let mut out: Vec<usize> = (0..keys).flat_map(|key| of_key(table, key)).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Full rows of the margins without one key.
fn of_key(table: &Table, key: usize) -> Vec<usize> {
    let values: HashSet<&Option<String>> = table
        .rows
        .iter()
        .filter_map(|row| row.labels.get(key))
        .collect();
    if values.len() < 2 {
        return Vec::new();
    }
    let mut margins: HashMap<Labels<'_>, (Vec<usize>, RoaringBitmap)> = HashMap::new();
    for (at, row) in table.rows.iter().enumerate() {
        let others = row.labels.iter().enumerate().filter(|(k, _)| *k != key);
        let (rows, people) = margins
            .entry(others.map(|(_, label)| label).collect())
            .or_default();
        rows.push(at);
        *people |= &row.people;
    }
    let full = |rows: &[usize], people: &RoaringBitmap| {
        rows.iter().copied().find(|at| {
            table
                .rows
                .get(*at)
                .is_some_and(|row| row.people.len() == people.len())
        })
    };
    let found: Vec<Option<usize>> = margins
        .values()
        .map(|(rows, people)| full(rows, people))
        .collect();
    if found.iter().all(Option::is_some) {
        return Vec::new();
    }
    found.into_iter().flatten().collect()
}
