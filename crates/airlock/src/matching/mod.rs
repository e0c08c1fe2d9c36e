//! Recognising people's rows by their values alone: whatever columns are called and in whatever order rows and columns are.
//!
//! In three steps: from sketches, which fields each column could have been made of (`candidates`); by the votes of a sample of
//! rows, which of these fit together (`vote`); and with other rows, whether they single out people more often than rows that are
//! almost theirs (`prove`). docs/adr/0015-airlock-reference.md has the reasoning.

pub(crate) mod candidates;
pub(crate) mod grid;
mod prove;
mod shift;
mod vote;

pub(crate) use prove::Proof;

use crate::reference::{MISSING, Reference, TableHead};
use candidates::{Noise, Pair};
use grid::{Grid, Series};

/// Levels of noise that are tried: rounding only; then values moved by up to these shares of a standard deviation.
const NOISE: [f64; 3] = [0.0, 0.03, 0.15];
/// Rows without a fit after which changed values are given up.
const PATIENCE: usize = 40;
/// Evidence that ends the search, in bits.
pub(crate) const SURE: f64 = 40.0;

/// What was found out about a table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) proof: Proof,
    /// Bits of evidence, less what choosing among fields costs.
    pub(crate) bits: f64,
    pub(crate) noise: f64,
    pub(crate) shifted: bool,
    /// One row, or a few, each of which tells so much more than it takes to name a person that copies are not needed to be sure.
    pub(crate) few: bool,
}

/// The strongest evidence that the rows of a grid are people's.
pub(crate) fn search(grid: &Grid, reference: &Reference) -> Found {
    let mut best = Found::default();
    for (space, records) in spaces(reference) {
        for noise in NOISE {
            let found = search_in(grid, &space, records, reference, Noise(noise));
            if found.bits > best.bits || found.few {
                best = found;
            }
            if best.bits >= SURE || best.few {
                return best;
            }
        }
    }
    best
}

/// The tables in which a row of a file could be one record: all those with a row for each person, as one; and each other.
fn spaces(reference: &Reference) -> Vec<(Vec<&TableHead>, usize)> {
    let of_people: Vec<&TableHead> = reference.heads().iter().filter(|t| t.per_person).collect();
    let mut all = Vec::new();
    if !of_people.is_empty() {
        all.push((of_people, reference.participants() as usize));
    }
    let others = reference.heads().iter().filter(|t| !t.per_person);
    all.extend(others.map(|t| (vec![t], t.records as usize)));
    all
}

fn search_in(
    grid: &Grid,
    tables: &[&TableHead],
    records: usize,
    reference: &Reference,
    noise: Noise,
) -> Found {
    // The groups of a table of results are not what tells of people: two more columns must.
    let keys = grid.keys();
    let columns: Vec<&Series> = grid.columns.iter().skip(keys).collect();
    if columns.len() < 2 || records < 2 {
        return Found::default();
    }
    let mut pairs = candidates::of(&columns, tables, reference, noise);
    if noise.0 == 0.0 {
        pairs.extend(shift::of(&columns, tables, reference, &pairs));
    }
    for pair in &mut pairs {
        pair.column += keys;
    }
    if pairs.len() < 2 {
        return Found::default();
    }
    let tried = pairs.len();
    let fitting = telling(vote::fitting(grid, &pairs, records), records);
    if fitting.len() < 2 {
        return Found::default();
    }
    // Among values that were changed there may be more chance fits, and asking for them costs more.
    let patience = if noise.0 > 0.0 { PATIENCE } else { usize::MAX };
    let proof = prove::prove(grid, &fitting, records, patience);
    // Rows that both vote and prove: each column's field was chosen to fit them.
    let chosen = (tried as f64 / fitting.len() as f64).log2().max(0.0) * fitting.len() as f64;
    let cost = if grid.rows < 64 { chosen } else { 0.0 };
    Found {
        few: is_few(&proof, noise),
        proof,
        bits: proof.bits() - cost,
        noise: noise.0,
        shifted: fitting.iter().any(|pair| pair.shift != 0.0),
    }
}

/// Sixteen bits to be sure, and two for each column that was chosen among fields.
fn is_few(proof: &Proof, noise: Noise) -> bool {
    let needed = 16.0 + 2.0 * proof.columns as f64;
    (1..16).contains(&proof.rows)
        && noise.0 == 0.0
        && proof.fit == proof.rows
        && proof.copies_fit == 0
        && proof.columns >= 4
        && proof.spare >= needed
}

/// Leaves out pairs that follow from another: the words of a code tell nothing more than the code does, and a list of codes with
/// their words fits the records of the data without being anybody's.
fn telling(pairs: Vec<Pair>, records: usize) -> Vec<Pair> {
    let mut kept: Vec<Pair> = Vec::new();
    for pair in pairs {
        let follows =
            |known: &Pair| determined(known, &pair, records) || determined(&pair, known, records);
        if !kept.iter().any(follows) {
            kept.push(pair);
        }
    }
    kept
}

/// Whether records that agree in one field agree in the other, far more than chance makes them.
fn determined(by: &Pair, pair: &Pair, records: usize) -> bool {
    if by.field.len() != pair.field.len() || pair.same > 0.7 {
        return false;
    }
    let step = (by.field.distinct() / 400).max(1);
    let (mut seen, mut equal) = (0_usize, 0_usize);
    for code in (0..by.field.distinct()).step_by(step) {
        let code = u32::try_from(code).unwrap_or(MISSING);
        let of = by.field.records(&(code..code.saturating_add(1)));
        let (Some(first), Some(last)) = (of.first(), of.last()) else {
            continue;
        };
        if first == last {
            continue;
        }
        let (a, b) = (pair.field.code(*first), pair.field.code(*last));
        if a != MISSING && b != MISSING {
            seen += 1;
            equal += usize::from(a == b);
        }
    }
    seen >= 12.min(records / 4).max(3) && equal * 10 >= seen * 9
}
