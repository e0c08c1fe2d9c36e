//! Which column was made of which field: each row's cells vote for the records that have such values, the pairs of column and
//! field that the winners agree with are kept.

use super::candidates::Pair;
use super::grid::Grid;
use crate::reference::mix;
use std::collections::BTreeSet;

/// Rows that vote.
const VOTERS: usize = 48;
/// Votes in all: bounds the time at about a tenth of a second.
const VOTES: usize = 40_000_000;
/// A cell that more than this share of records agree with does not vote; it tells too little for its cost.
const COMMON: usize = 4;

/// Votes for records, cleared by touching only those that had some.
struct Urn {
    bits: Vec<f32>,
    touched: Vec<u32>,
}

impl Urn {
    fn add(&mut self, records: &[u32], bits: f32) {
        for record in records {
            if let Some(held) = self.bits.get_mut(*record as usize) {
                if *held == 0.0 {
                    self.touched.push(*record);
                }
                *held += bits;
            }
        }
    }

    /// Up to three records that have most votes; none if more do.
    fn winners(&mut self) -> Vec<u32> {
        let of = |record: &u32| self.bits.get(*record as usize).copied().unwrap_or(0.0);
        let most = self.touched.iter().map(of).fold(0.0_f32, f32::max);
        let mut won: Vec<u32> = self
            .touched
            .iter()
            .filter(|record| of(record) >= most - 0.01)
            .take(4)
            .copied()
            .collect();
        for record in self.touched.drain(..) {
            if let Some(held) = self.bits.get_mut(record as usize) {
                *held = 0.0;
            }
        }
        if won.len() > 3 {
            won.clear();
        }
        won
    }
}

/// The pairs that fit together, at most one for each column and each field.
pub(crate) fn fitting(grid: &Grid, pairs: &[Pair], records: usize) -> Vec<Pair> {
    let rows = voters(grid.rows);
    let mut urn = Urn {
        bits: vec![0.0; records],
        touched: Vec::new(),
    };
    // For each pair: rows that had a winner and a value, rows whose winner agrees, and how many would by chance.
    let mut tally = vec![(0_usize, 0_usize, 0.0_f64); pairs.len()];
    let mut left = VOTES;
    let mut won_rows = 0;
    for row in rows {
        let ranges: Vec<_> = pairs
            .iter()
            .map(|pair| {
                let cell = grid.columns.get(pair.column)?.cells.get(row)?;
                pair.range(*cell)
            })
            .collect();
        for (pair, range) in pairs.iter().zip(&ranges) {
            let Some(range) = range else { continue };
            let agree = pair.field.records(range);
            if agree.is_empty() || agree.len() * COMMON > records.max(COMMON) || agree.len() > left
            {
                continue;
            }
            left -= agree.len();
            urn.add(agree, (records as f32 / agree.len() as f32).log2());
        }
        let won = urn.winners();
        let Some(winner) = won.first() else { continue };
        won_rows += 1;
        for ((pair, range), held) in pairs.iter().zip(&ranges).zip(&mut tally) {
            let Some(range) = range else { continue };
            let agrees = range.contains(&pair.field.code(*winner));
            held.0 += 1;
            held.1 += usize::from(agrees);
            held.2 += pair.field.records(range).len() as f64 / records as f64;
        }
    }
    if won_rows == 0 {
        return Vec::new();
    }
    settle(pairs, &tally)
}

fn settle(pairs: &[Pair], tally: &[(usize, usize, f64)]) -> Vec<Pair> {
    let mut strength: Vec<(f64, &Pair)> = pairs
        .iter()
        .zip(tally)
        .filter_map(|(pair, (seen, agree, chance))| {
            let over = (*agree as f64 - chance) / (chance + 0.5).sqrt();
            let enough = *seen > 0 && agree * 10 >= seen * 3 && (over >= 1.0 || *seen < 8);
            (enough && *agree as f64 > *chance).then_some((over, pair))
        })
        .collect();
    strength.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut columns, mut fields) = (BTreeSet::new(), BTreeSet::new());
    let mut kept = Vec::new();
    for (_, pair) in strength {
        if !columns.contains(&pair.column) && !fields.contains(&pair.section) {
            columns.insert(pair.column);
            fields.insert(pair.section);
            kept.push(pair.clone());
        }
    }
    kept
}

/// The rows that vote: spread over the table. Where there are enough, the others prove.
pub(crate) fn voters(rows: usize) -> Vec<usize> {
    if rows <= VOTERS {
        return (0..rows).collect();
    }
    (0..VOTERS)
        .map(|n| {
            let step = rows / VOTERS;
            n * step + (mix(n as u64) % step as u64) as usize
        })
        .collect()
}
