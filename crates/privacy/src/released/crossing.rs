//! Two layers of disjoint cells, crossed: how many people are in which two cells.

use roaring::RoaringBitmap;

use crate::linear::cut::Graph;

/// No cell.
const NONE: u32 = u32::MAX;

/// The cell of each person; `None` if somebody is in two.
pub(super) fn cell_of(sets: &[&RoaringBitmap]) -> Option<Vec<u32>> {
    let most = sets.iter().filter_map(|s| s.max()).max()?;
    let mut out = vec![NONE; usize::try_from(most).ok()?.checked_add(1)?];
    for (number, set) in (0_u32..).zip(sets) {
        for person in *set {
            let slot = out.get_mut(usize::try_from(person).ok()?)?;
            if *slot != NONE {
                return None;
            }
            *slot = number;
        }
    }
    Some(out)
}

/// Whether nobody is in two of the sets.
pub(super) fn disjoint(sets: &[&RoaringBitmap]) -> bool {
    let most = sets.iter().filter_map(|s| s.max()).max().unwrap_or(0);
    let mut seen = vec![0_u64; usize::try_from(most / 64).map_or(0, |n| n + 1)];
    for person in sets.iter().flat_map(|set| set.iter()) {
        let bit = 1 << (person % 64);
        let word = usize::try_from(person / 64)
            .ok()
            .and_then(|w| seen.get_mut(w));
        let Some(word) = word else { return false };
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
    }
    true
}

/// A new layer crossed with an earlier one.
pub(super) struct Crossing {
    /// People in each pair of cells: one row for each earlier cell, one place in it for each new one.
    both: Vec<u32>,
    /// People of each new cell, and of each earlier one, who are not in the other layer.
    new_alone: Vec<u64>,
    old_alone: Vec<u64>,
}

impl Crossing {
    pub(super) fn new(new: &[&RoaringBitmap], cell_of: &[u32], old: &[&RoaringBitmap]) -> Self {
        let width = new.len().max(1);
        let mut both = vec![0_u32; width * old.len()];
        let mut new_alone: Vec<u64> = new.iter().map(|s| s.len()).collect();
        let mut old_alone = Vec::with_capacity(old.len());
        for (set, row) in old.iter().zip(both.chunks_exact_mut(width)) {
            let mut inside = 0;
            for person in *set {
                let cell = usize::try_from(person).ok().and_then(|p| cell_of.get(p));
                // nobody's cell is no place of the row
                let slot = cell.and_then(|c| row.get_mut(usize::try_from(*c).ok()?));
                if let Some(slot) = slot {
                    *slot += 1;
                    inside += 1;
                }
            }
            old_alone.push(set.len().saturating_sub(inside));
            for (count, alone) in row.iter().zip(&mut new_alone) {
                *alone = alone.saturating_sub(u64::from(*count));
            }
        }
        Self {
            both,
            new_alone,
            old_alone,
        }
    }

    /// How many people are in one layer alone, if it is plain to see that all cells hang together by `bound` people or more.
    ///
    /// Two new cells hang together if `bound` people of one can be paired with as many of the other, each pair in one earlier
    /// cell: the pairs are as many ways between them that share nobody. If each does so with the largest new cell, and each
    /// earlier cell has `bound` people in the new layer, or none, then what is left to cut is the rest from "not shown".
    pub(super) fn one_piece(&self, bound: u64) -> Option<u64> {
        let width = self.new_alone.len();
        let rows = || self.both.chunks_exact(width.max(1));
        let mut sizes = vec![0_u64; width];
        for row in rows() {
            for (size, count) in sizes.iter_mut().zip(row) {
                *size += u64::from(*count);
            }
        }
        let hub = (0..width).max_by_key(|at| sizes.get(*at))?;
        let mut ways = vec![0_u64; width];
        for row in rows() {
            let of_hub = row.get(hub).copied().unwrap_or(0);
            for (ways, count) in ways.iter_mut().zip(row) {
                *ways += u64::from((*count).min(of_hub));
            }
        }
        if ways.iter().any(|ways| *ways < bound) {
            return None;
        }
        let mut ground: u64 = self.new_alone.iter().sum();
        for (row, alone) in rows().zip(&self.old_alone) {
            let inside: u64 = row.iter().map(|c| u64::from(*c)).sum();
            if inside >= bound {
                ground = ground.saturating_add(*alone);
            } else if inside > 0 || *alone < bound {
                return None;
            }
        }
        Some(ground)
    }

    /// The cells of both layers as nodes, earlier ones first, "not shown" last; people as edges.
    pub(super) fn graph(&self) -> Graph {
        let (old, new) = (self.old_alone.len(), self.new_alone.len());
        let ground = old + new;
        let mut graph = Graph::new(ground + 1);
        let rows = self.both.chunks_exact(new.max(1));
        for ((node, row), alone) in rows.enumerate().zip(&self.old_alone) {
            for (cell, count) in row.iter().enumerate() {
                graph.join(node, old + cell, u64::from(*count));
            }
            graph.join(node, ground, *alone);
        }
        for (cell, alone) in self.new_alone.iter().enumerate() {
            graph.join(old + cell, ground, *alone);
        }
        graph
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Where the quick look has an answer, it is the answer of the cut.
        #[test]
        fn the_quick_look_agrees_with_the_cut(
            people in prop::collection::vec((0_usize..4, 0_usize..5), 40..160),
            outside in 0_usize..20,
        ) {
            let mut new = vec![RoaringBitmap::new(); 3];
            let mut old = vec![RoaringBitmap::new(); 4];
            for (person, (a, b)) in (0_u32..).zip(&people) {
                // the last code of each is "not shown", for a few
                let shown = usize::try_from(person).unwrap() >= outside;
                if let Some(set) = new.get_mut(if shown { a % 3 } else { *a }) {
                    set.insert(person);
                }
                if let Some(set) = old.get_mut(if shown { b % 4 } else { *b }) {
                    set.insert(person);
                }
            }
            let new: Vec<&RoaringBitmap> = new.iter().filter(|s| s.len() >= 10).collect();
            let old: Vec<&RoaringBitmap> = old.iter().filter(|s| s.len() >= 10).collect();
            prop_assume!(!new.is_empty());
            prop_assert!(disjoint(&old));
            let crossing = Crossing::new(&new, &cell_of(&new).unwrap(), &old);
            if let Some(ground) = crossing.one_piece(10) {
                prop_assert_eq!(ground > 0 && ground < 10, crossing.graph().small_cut(10));
            }
        }
    }
}
