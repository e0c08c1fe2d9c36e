//! What follows from other numbers of the same answer.

use super::Table;

/// Withholds further numbers (first version: pairs of one row).
pub(crate) fn withhold(table: &Table, rows: &[bool], cells: &mut [Vec<bool>], threshold: u64) {
    for ((row, shown), cells) in table.rows.iter().zip(rows).zip(cells) {
        if !shown {
            continue;
        }
        let before = cells.clone();
        for (i, a) in row.numbers.iter().enumerate() {
            for (j, b) in row.numbers.iter().enumerate().skip(i + 1) {
                let both = before.get(i) == Some(&true) && before.get(j) == Some(&true);
                if !both || a.family != b.family || !close(&a.people, &b.people, threshold) {
                    continue;
                }
                let (few, many) = (a.people.len(), b.people.len());
                for (at, goes) in [(i, few <= many), (j, many <= few)] {
                    if goes && let Some(cell) = cells.get_mut(at) {
                        *cell = false;
                    }
                }
            }
        }
    }
}

/// Whether two sets differ, and by too few people.
fn close(a: &roaring::RoaringBitmap, b: &roaring::RoaringBitmap, threshold: u64) -> bool {
    // cheaper than the sets themselves, and mostly enough
    if a.len().abs_diff(b.len()) >= threshold {
        return false;
    }
    let difference = a.symmetric_difference_len(b);
    difference > 0 && difference < threshold
}
