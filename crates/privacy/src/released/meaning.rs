//! Whether two sets are equal because the same was asked for.

use sha2::{Digest, Sha256};

use super::{Cell, Meaning, WITHHELD};
use crate::sdc::Table;

/// The conditions of one cell, as digests in ascending order.
pub(super) fn of(cell: &Cell, table: &Table, meaning: &Meaning) -> Option<Vec<u64>> {
    let mut conditions: Vec<u64> = meaning.conditions.iter().map(|c| digest(c)).collect();
    if cell.row == WITHHELD {
        // "all other rows" of this grouping
        conditions.extend(
            meaning
                .keys
                .iter()
                .map(|key| digest(&format!("{key} withheld"))),
        );
    } else {
        let row = table.rows.get(usize::try_from(cell.row).ok()?)?;
        if row.labels.len() != meaning.keys.len() {
            return None;
        }
        for (key, label) in meaning.keys.iter().zip(&row.labels) {
            conditions.push(digest(&match label {
                Some(label) => format!("{key}={label}"),
                None => format!("{key} is null"),
            }));
        }
    }
    let filter = usize::try_from(cell.number)
        .ok()
        .and_then(|n| meaning.numbers.get(n))
        .filter(|filter| !filter.is_empty());
    conditions.extend(filter.map(|f| digest(f)));
    conditions.sort_unstable();
    conditions.dedup();
    Some(conditions)
}

/// The column in the upper half, all of it in the lower: conditions `column=value` of one column can be told.
fn digest(condition: &str) -> u64 {
    let column = condition
        .split_once('=')
        .map_or(condition, |(column, _)| column);
    half(column) << 32 | half(condition)
}

fn half(text: &str) -> u64 {
    let mut first = [0; 4];
    for (to, from) in first.iter_mut().zip(Sha256::digest(text.as_bytes())) {
        *to = from;
    }
    u64::from(u32::from_le_bytes(first))
}

/// If a set is the part of another that has one value of one column: that column.
pub(super) fn part_of(part: &[u64], whole: &[u64]) -> Option<u64> {
    if part.len() != whole.len() + 1 {
        return None;
    }
    let mut more = part.iter().filter(|c| whole.binary_search(c).is_err());
    match (more.next(), more.next()) {
        (Some(one), None) => Some(one >> 32),
        _ => None,
    }
}

/// What cells have in common: the meaning of their union, if they are all parts of it. `None` if one is not known.
pub(super) fn common<'a>(
    mut meanings: impl Iterator<Item = Option<&'a Vec<u64>>>,
) -> Option<Vec<u64>> {
    let mut out = meanings.next()??.clone();
    for other in meanings {
        let other = other?;
        out.retain(|condition| other.binary_search(condition).is_ok());
    }
    Some(out)
}

/// Whether two unions that are equal in the data were meant to be. Where a meaning is not known, they are taken to be.
pub(super) fn alike(a: Option<Vec<u64>>, b: Option<Vec<u64>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_union_of_parts_means_what_they_have_in_common() {
        let (sex, young, old) = (vec![1], vec![1, 2], vec![1, 3]);
        assert_eq!(part_of(&young, &sex), Some(0));
        assert_eq!(part_of(&young, &old), None);
        assert_eq!(digest("p31=1") >> 32, digest("p31=2") >> 32);
        assert_ne!(digest("p31=1"), digest("p31=2"));
        assert_eq!(
            common([Some(&young), Some(&old)].into_iter()),
            Some(sex.clone())
        );
        assert_eq!(common([Some(&young), None].into_iter()), None);
        assert!(alike(
            Some(sex.clone()),
            common([Some(&young), Some(&old)].into_iter())
        ));
        assert!(!alike(Some(sex), Some(young)));
        assert!(alike(None, Some(old)));
    }
}
