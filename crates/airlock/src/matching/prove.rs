//! Whether rows single out people more often than rows that are almost theirs: each row is compared with copies of it whose
//! values were moved to their neighbours'. Means, medians and model results fit the neighbours as well as themselves; the rows
//! of a person fit that person alone.

use super::candidates::Pair;
use super::grid::Grid;
use super::vote::voters;
use crate::reference::{Atom, MISSING, mix};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a row must agree in, as a share of what its cells tell in bits. A few cells may have been changed.
const AGREED: f64 = 0.85;
/// Rows that are proved at most.
const ROWS: usize = 200;
/// Comparisons of a record with a row, in all: bounds the time.
const WORK: usize = 60_000_000;
/// Records that a cell may point to and still be followed.
const FOLLOWED: usize = 60_000;

/// What the proof came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Proof {
    pub(crate) rows: usize,
    /// Rows that fit one to five records.
    pub(crate) fit: usize,
    /// Copies with moved values, and how many of them fit.
    pub(crate) copies: usize,
    pub(crate) copies_fit: usize,
    /// Columns that the rows were compared by.
    pub(crate) columns: usize,
    /// Bits by which a fitting row tells more than it takes to name one record, on average.
    pub(crate) spare: f64,
}

impl Proof {
    /// The share of rows that fit one to five records.
    pub(crate) fn share(&self) -> f64 {
        self.fit as f64 / self.rows.max(1) as f64
    }

    /// The share of copies that fit any: the chance of fitting, never quite none.
    pub(crate) fn chance(&self) -> f64 {
        (self.copies_fit as f64 + 1.0) / (self.copies as f64 + 2.0)
    }

    /// How sure it is that so many rows fit by more than chance, in bits: minus the binary logarithm of the probability that
    /// as many would if they were like the copies (Chernoff's bound of the binomial tail).
    pub(crate) fn bits(&self) -> f64 {
        if self.rows == 0 || self.copies == 0 {
            return 0.0;
        }
        let (share, chance) = (self.share(), self.chance());
        if share <= chance {
            return 0.0;
        }
        let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).log2() } else { 0.0 };
        self.rows as f64 * (part(share, chance) + part(1.0 - share, 1.0 - chance))
    }
}

/// One cell of a row as the reference sees it.
struct Cell<'p> {
    pair: &'p Pair,
    range: Range<u32>,
    bits: f64,
}

/// Compares rows and moved copies of them with all records. When none of the first `patience` rows fits, the others are not asked.
pub(crate) fn prove(grid: &Grid, pairs: &[Pair], records: usize, patience: usize) -> Proof {
    let asked: BTreeSet<usize> = voters(grid.rows).into_iter().collect();
    let mut rows: Vec<usize> = (0..grid.rows).filter(|row| !asked.contains(row)).collect();
    // Few rows both vote and prove; then the evidence must be stronger (see `same_people`).
    if rows.len() < 16 {
        rows = (0..grid.rows).collect();
    }
    let step = (rows.len() / ROWS).max(1);
    let mut proof = Proof {
        columns: pairs.len(),
        ..Proof::default()
    };
    let copies = if rows.len() / step < 8 { 60 } else { 4 };
    let mut left = WORK;
    for row in rows.into_iter().step_by(step) {
        let cells: Vec<Cell<'_>> = pairs
            .iter()
            .filter_map(|pair| as_it_is(grid, pair, row, records))
            .collect();
        if cells.len() < 2 {
            continue;
        }
        if proof.rows >= patience && proof.fit == 0 {
            break;
        }
        let (fits, all) = fits(&cells, &mut left);
        if left == 0 {
            break;
        }
        proof.rows += 1;
        if (1..=5).contains(&fits) {
            proof.fit += 1;
            proof.spare += all - (records as f64).log2();
        }
        for copy in 0..copies {
            let moved: Vec<Cell<'_>> = pairs
                .iter()
                .filter_map(|pair| moved(grid, pair, row, copy, records))
                .collect();
            let fits = self::fits(&moved, &mut left).0;
            if left == 0 {
                break;
            }
            proof.copies += 1;
            // A copy that fits a crowd would not be counted among the rows either, but shows that fitting is easy here.
            proof.copies_fit += usize::from(fits > 0);
        }
    }
    proof.spare /= proof.fit.max(1) as f64;
    proof
}

fn cell_of(pair: &Pair, range: Range<u32>, records: usize) -> Cell<'_> {
    // A value that nobody has speaks against the row as a rare one would.
    let agree = pair.field.records(&range).len().max(1);
    let bits = (records as f64 / agree as f64).log2().max(0.0);
    Cell { pair, range, bits }
}

fn as_it_is<'p>(grid: &Grid, pair: &'p Pair, row: usize, records: usize) -> Option<Cell<'p>> {
    let cell = grid.columns.get(pair.column)?.cells.get(row)?;
    Some(cell_of(pair, pair.range(*cell)?, records))
}

/// The cell moved to a value of the field close by but outside of what the cell could have been made of; a word, or a number
/// of few different ones, to what another row has.
fn moved<'p>(
    grid: &Grid,
    pair: &'p Pair,
    row: usize,
    copy: u64,
    records: usize,
) -> Option<Cell<'p>> {
    let series = grid.columns.get(pair.column)?;
    let cell = *series.cells.get(row)?;
    let dice = mix(mix((row as u64) << 20 | copy << 8 | pair.column as u64));
    let other = |cell: Atom| -> Option<Cell<'p>> {
        let at = (dice % series.cells.len() as u64) as usize;
        let taken = series
            .cells
            .get(at)
            .copied()
            .filter(|c| *c != Atom::Missing);
        Some(cell_of(pair, pair.range(taken.unwrap_or(cell))?, records))
    };
    let range = pair.range(cell)?;
    if matches!(cell, Atom::Text(_)) || pair.field.distinct() <= 12 {
        return other(cell);
    }
    let width = range.end.saturating_sub(range.start);
    let most = pair.field.distinct() as u32;
    let far = (dice >> 8) as u32 % (width + 3).max(most / 200);
    let down = dice & 1 == 0;
    let target = if down {
        range.start.checked_sub(1 + far)
    } else {
        range.end.checked_add(far).filter(|code| *code < most)
    };
    let target = target.unwrap_or(if down {
        range.end
    } else {
        range.start.saturating_sub(1)
    });
    let value = pair.field.value(target.min(most - 1) as usize)?;
    let range = pair.field.between(value - pair.slack, value + pair.slack);
    Some(cell_of(pair, range, records))
}

/// How many records agree with a row (counted to six), and the bits that its cells tell.
fn fits(cells: &[Cell<'_>], left: &mut usize) -> (usize, f64) {
    let all: f64 = cells.iter().map(|c| c.bits).sum();
    let mut order: Vec<&Cell<'_>> = cells.iter().collect();
    order.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    // Who agrees with the row but for a cell or two agrees with one of its most telling three.
    let mut found: BTreeSet<u32> = BTreeSet::new();
    let mut lost = 0.0;
    for (at, lead) in order.iter().enumerate() {
        // Without the cells before this one, the others cannot tell enough.
        if all - lost < all * AGREED || at >= 3 || found.len() > 5 {
            break;
        }
        let followed = lead.pair.field.records(&lead.range);
        if followed.len() > FOLLOWED {
            // The most telling cell is that of a crowd.
            return if at == 0 {
                (6, all)
            } else {
                (found.len(), all)
            };
        }
        if followed.len() * cells.len() > *left {
            *left = 0;
            break;
        }
        *left -= followed.len() * cells.len();
        for record in followed {
            if agrees(*record, &order, all) && found.insert(*record) && found.len() > 5 {
                break;
            }
        }
        lost += lead.bits;
    }
    (found.len(), all)
}

fn agrees(record: u32, cells: &[&Cell<'_>], all: f64) -> bool {
    let mut lost = 0.0;
    for cell in cells {
        let code = cell.pair.field.code(record);
        if code == MISSING || !cell.range.contains(&code) {
            lost += cell.bits;
            if lost > all * (1.0 - AGREED) {
                return false;
            }
        }
    }
    true
}
