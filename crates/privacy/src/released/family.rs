//! The layers of one family: what can be subtracted from what.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::compare::Known;
use super::crossing::{self, Crossing};
use super::joint;
use super::{Cell, ReleasedTable, Rule, meaning};
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
    cells: Vec<&'a Cell>,
    /// The cell of each person, if no person has two. New layers only.
    cell_of: Option<Vec<u32>>,
    /// Whether no person has two cells.
    disjoint: bool,
}

impl<'a> Cells<'a> {
    fn new(cells: Vec<&'a Cell>) -> Self {
        let sets: Vec<&RoaringBitmap> = cells.iter().map(|c| &c.people).collect();
        let cell_of = crossing::cell_of(&sets);
        Self {
            disjoint: cell_of.is_some(),
            sets,
            cells,
            cell_of,
        }
    }

    /// A layer that others are compared with.
    fn earlier(cells: Vec<&'a Cell>) -> Self {
        let sets: Vec<&RoaringBitmap> = cells.iter().map(|c| &c.people).collect();
        Self {
            disjoint: crossing::disjoint(&sets),
            sets,
            cells,
            cell_of: None,
        }
    }
}

/// Distinct layers of one family of a table.
fn layers<'a>(table: &'a ReleasedTable, family: &str) -> Vec<Vec<&'a Cell>> {
    let same = |a: &[&Cell], b: &[&Cell]| {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.people == b.people && a.meaning == b.meaning)
    };
    let mut out: Vec<Vec<&Cell>> = Vec::new();
    for layer in table.layers.iter().filter(|l| l.family == family) {
        let cells: Vec<&Cell> = layer.cells.iter().collect();
        if !cells.is_empty() && !out.iter().any(|known| same(known, &cells)) {
            out.push(cells);
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
                // within one table equal sets are for the judge of the table
                pair(layer, other, threshold, false)?;
            }
            if layer.cell_of.is_none() {
                close_sets(&layer.cells, &layer.cells, threshold, false)?;
            }
        }
        let mut others: Vec<(Vec<&Cell>, bool)> = Vec::new();
        for known in earlier {
            for cells in layers(&known.table, self.family) {
                // a cell that has become small by withdrawals is compared by itself: alone it was shown already
                let (enough, small): (Vec<&Cell>, Vec<&Cell>) =
                    cells.into_iter().partition(|c| c.people.len() >= threshold);
                let old = Cells::earlier(enough);
                for layer in &self.layers {
                    close_sets(&layer.cells, &small, threshold, true)?;
                    if pair(layer, &old, threshold, true)? && known.older {
                        found = Found::RepeatsAcrossWithdrawal;
                    }
                }
                others.push((old.cells, known.older));
            }
        }
        let new: Vec<&[&Cell]> = self.layers.iter().map(|l| l.cells.as_slice()).collect();
        Ok(found.and(joint::compare(&new, &others, threshold)?))
    }
}

/// Compares two layers; whether they say the same about some union of cells. If they do, and it was not asked for in the
/// same words, this is refused like a small difference (`meant`).
fn pair(new: &Cells<'_>, old: &Cells<'_>, threshold: u64, meant: bool) -> Result<bool, Rule> {
    let (Some(cell_of), true) = (&new.cell_of, old.disjoint) else {
        return close_sets(&new.cells, &old.cells, threshold, meant);
    };
    let crossing = Crossing::new(&new.sets, cell_of, &old.sets);
    let repeats = if let Some(ground) = crossing.one_piece(threshold) {
        if ground > 0 && ground < threshold {
            return Err(Rule::Difference);
        }
        if ground > 0 {
            Repeats::No
        } else {
            repeats_between(&old.cells, &new.cells)
        }
    } else {
        let graph = crossing.graph();
        let repeats = repeats(&graph, old, new);
        if graph.small_cut(threshold) {
            return Err(Rule::Difference);
        }
        repeats
    };
    if meant && repeats == Repeats::InOtherWords {
        return Err(Rule::Difference);
    }
    Ok(repeats != Repeats::No)
}

/// Whether two layers have a union of cells in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    No,
    Meant,
    InOtherWords,
}

/// Looks for connected parts with cells of both layers and nobody outside: both have the same union there.
fn repeats(graph: &Graph, old: &Cells<'_>, new: &Cells<'_>) -> Repeats {
    let parts = graph.parts();
    let ground = parts.last().copied();
    let mut common: HashMap<u32, [Vec<&Cell>; 2]> = HashMap::new();
    let nodes = old.cells.iter().map(|c| (0, *c));
    for (part, (side, cell)) in parts
        .iter()
        .zip(nodes.chain(new.cells.iter().map(|c| (1, *c))))
    {
        if Some(*part) == ground {
            continue;
        }
        let [a, b] = common.entry(*part).or_default();
        if side == 0 {
            a.push(cell)
        } else {
            b.push(cell)
        };
    }
    let mut out = Repeats::No;
    for [a, b] in common.values() {
        if a.is_empty() || b.is_empty() {
            continue;
        }
        out = repeats_between(a, b);
        if out == Repeats::InOtherWords {
            break;
        }
    }
    out
}

/// Two lists of cells with the same union.
fn repeats_between(a: &[&Cell], b: &[&Cell]) -> Repeats {
    let of = |cells: &[&Cell]| meaning::common(cells.iter().map(|c| c.meaning.as_ref()));
    if meaning::alike(of(a), of(b)) {
        Repeats::Meant
    } else {
        Repeats::InOtherWords
    }
}

/// Compares all sets of two lists, two at a time; whether two are equal.
fn close_sets(new: &[&Cell], old: &[&Cell], threshold: u64, meant: bool) -> Result<bool, Rule> {
    if old.is_empty() {
        return Ok(false);
    }
    let mut by_size: Vec<(u64, [u32; PARTS], &Cell)> = old
        .iter()
        .map(|cell| (cell.people.len(), spread(&cell.people), *cell))
        .collect();
    by_size.sort_unstable_by_key(|(size, _, _)| *size);
    let mut equal = false;
    for cell in new {
        let (set, mine) = (&cell.people, spread(&cell.people));
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
            match set.symmetric_difference_len(&other.people) {
                0 if meant && !meaning::alike(cell.meaning.clone(), other.meaning.clone()) => {
                    return Err(Rule::Difference);
                }
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
