//! The layers of one family: what can be subtracted from what.

use roaring::RoaringBitmap;

use super::compare::Known;
use super::joint;
use super::{ReleasedTable, Rule};
use crate::linear::cut::Graph;

/// What an examination found that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// Without those who have withdrawn since, the table says again what an earlier one said. What differs is about them.
    RepeatsAcrossWithdrawal,
}

impl Found {
    pub(super) fn and(self, other: Self) -> Self {
        if self == Self::Nothing { other } else { self }
    }
}

/// Sets of people of one layer.
#[derive(Debug, Clone)]
pub(super) struct Cells<'a> {
    pub(super) sets: Vec<&'a RoaringBitmap>,
    /// The cell of each person, if no person has two.
    cell_of: Option<Vec<u32>>,
}

/// No cell.
const NONE: u32 = u32::MAX;

impl<'a> Cells<'a> {
    fn new(sets: Vec<&'a RoaringBitmap>) -> Self {
        let cell_of = cell_of(&sets);
        Self { sets, cell_of }
    }
}

/// The cell of each person; `None` if somebody is in two.
fn cell_of(sets: &[&RoaringBitmap]) -> Option<Vec<u32>> {
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

/// Distinct layers of one family of a table.
fn layers<'a>(table: &'a ReleasedTable, family: &str) -> Vec<Vec<&'a RoaringBitmap>> {
    let mut out: Vec<Vec<&RoaringBitmap>> = Vec::new();
    for layer in table.layers.iter().filter(|l| l.family == family) {
        let sets: Vec<&RoaringBitmap> = layer.cells.iter().map(|c| &c.people).collect();
        if !sets.is_empty() && !out.contains(&sets) {
            out.push(sets);
        }
    }
    out
}

/// The new table's layers of one family.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) family: &'a str,
    pub(super) layers: Vec<Cells<'a>>,
}

impl<'a> Side<'a> {
    pub(super) fn new(table: &'a ReleasedTable, family: &'a str) -> Self {
        Self {
            family,
            layers: layers(table, family).into_iter().map(Cells::new).collect(),
        }
    }

    /// Compares with all earlier tables: layer by layer, then jointly.
    pub(super) fn compare(&self, earlier: &[Known], threshold: u64) -> Result<Found, Rule> {
        let mut found = Found::Nothing;
        for (at, layer) in self.layers.iter().enumerate() {
            for other in self.layers.iter().skip(at + 1) {
                pair(layer, other, threshold)?;
            }
            if layer.cell_of.is_none() {
                close_sets(&layer.sets, &layer.sets, threshold)?;
            }
        }
        let mut others: Vec<(Vec<&RoaringBitmap>, bool)> = Vec::new();
        for known in earlier {
            for sets in layers(&known.table, self.family) {
                // a cell that has become small by withdrawals is compared by itself: alone it was shown already
                let (enough, small): (Vec<&RoaringBitmap>, Vec<&RoaringBitmap>) =
                    sets.into_iter().partition(|s| s.len() >= threshold);
                let old = Cells::new(enough);
                for layer in &self.layers {
                    close_sets(&layer.sets, &small, threshold)?;
                    if pair(layer, &old, threshold)? && known.older {
                        found = Found::RepeatsAcrossWithdrawal;
                    }
                }
                others.push((old.sets, known.older));
            }
        }
        let new: Vec<&[&RoaringBitmap]> = self.layers.iter().map(|l| l.sets.as_slice()).collect();
        Ok(found.and(joint::compare(&new, &others, threshold)?))
    }
}

/// Compares two layers; whether they say the same about some union of cells.
fn pair(new: &Cells<'_>, old: &Cells<'_>, threshold: u64) -> Result<bool, Rule> {
    let (Some(cell_of), Some(_)) = (&new.cell_of, &old.cell_of) else {
        return close_sets(&new.sets, &old.sets, threshold);
    };
    let graph = crossing(&new.sets, cell_of, &old.sets);
    let repeats = repeats(&graph, old.sets.len(), new.sets.len());
    if graph.small_cut(threshold) {
        return Err(Rule::Difference);
    }
    Ok(repeats)
}

/// The cells of both layers as nodes, old ones first, "not shown" last; people as edges.
fn crossing(new: &[&RoaringBitmap], cell_of: &[u32], old: &[&RoaringBitmap]) -> Graph {
    let ground = old.len() + new.len();
    let mut graph = Graph::new(ground + 1);
    let mut alone: Vec<u64> = new.iter().map(|s| s.len()).collect();
    let mut both = vec![0_u32; new.len()];
    for (node, set) in old.iter().enumerate() {
        let mut inside = 0;
        for person in *set {
            let cell = usize::try_from(person).ok().and_then(|p| cell_of.get(p));
            // nobody's cell is no place of the list
            let slot = cell.and_then(|c| both.get_mut(usize::try_from(*c).ok()?));
            if let Some(slot) = slot {
                *slot += 1;
                inside += 1;
            }
        }
        for (cell, (count, alone)) in both.iter_mut().zip(&mut alone).enumerate() {
            if *count > 0 {
                graph.join(node, old.len() + cell, u64::from(*count));
                *alone = alone.saturating_sub(u64::from(*count));
                *count = 0;
            }
        }
        graph.join(node, ground, set.len() - inside);
    }
    for (cell, alone) in alone.iter().enumerate() {
        graph.join(old.len() + cell, ground, *alone);
    }
    graph
}

/// Whether some connected part has cells of both layers and nobody outside: then both have the same union there.
fn repeats(graph: &Graph, old: usize, new: usize) -> bool {
    let parts = graph.parts();
    let ground = parts.get(old + new).copied();
    let own: std::collections::HashSet<u32> = parts
        .iter()
        .take(old)
        .copied()
        .filter(|p| Some(*p) != ground)
        .collect();
    parts.iter().skip(old).take(new).any(|p| own.contains(p))
}

/// Compares all sets of two lists, two at a time; whether two are equal.
fn close_sets(
    new: &[&RoaringBitmap],
    old: &[&RoaringBitmap],
    threshold: u64,
) -> Result<bool, Rule> {
    let mut by_size: Vec<(u64, [u32; PARTS], &RoaringBitmap)> = old
        .iter()
        .map(|set| (set.len(), spread(set), *set))
        .collect();
    by_size.sort_unstable_by_key(|(size, _, _)| *size);
    let mut equal = false;
    for set in new {
        let mine = spread(set);
        let from = by_size.partition_point(|(n, _, _)| n.saturating_add(threshold) <= set.len());
        let near = by_size
            .iter()
            .skip(from)
            .take_while(|(n, _, _)| *n < set.len().saturating_add(threshold));
        for (_, theirs, other) in near {
            // a lower bound of the difference
            let least: u64 = mine
                .iter()
                .zip(theirs)
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            if least >= threshold {
                continue;
            }
            match set.symmetric_difference_len(other) {
                0 => equal = true,
                differ if differ < threshold => return Err(Rule::Difference),
                _ => {}
            }
        }
    }
    Ok(equal)
}

/// Parts into which people are divided for a quick comparison.
const PARTS: usize = 16;

/// How many people of a set are in each of sixteen parts.
fn spread(set: &RoaringBitmap) -> [u32; PARTS] {
    let mut out = [0; PARTS];
    for person in set {
        let part = usize::try_from(person % 16).unwrap_or(0);
        if let Some(count) = out.get_mut(part) {
            *count += 1;
        }
    }
    out
}
