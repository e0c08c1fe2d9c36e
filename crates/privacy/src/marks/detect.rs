//! Finding whose mark a file carries, knowing neither its columns nor its rows.

use std::collections::BTreeMap;

use super::{Context, DECIMALS, FEWEST_VALUES, MarkKey, anchor_of, steps};

/// Rows of a file that are looked at: a hundred are enough, and more only take time.
const ROWS: usize = 2_000;
/// Columns that are looked at: pairs of them are tried.
const COLUMNS: usize = 100;
/// Contexts without which a pair of columns says nothing: 2⁻²⁰ is not enough after all that is tried.
const CONTEXTS: usize = 24;

/// A candidate whose bits fit best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Which candidate, from 0.
    pub candidate: usize,
    /// The marked column of the file, and the one that anchors it, from 0.
    pub column: usize,
    /// See [`Hit::column`].
    pub anchor: usize,
    /// Bits that were compared, and those that fit.
    pub bits: usize,
    /// See [`Hit::bits`].
    pub fit: usize,
    /// Expected number of candidates and columns that fit as well or better in a file that none of them marked: the chance of
    /// a false hit is not larger.
    pub expected_false: f64,
}

/// What was looked for, and the best of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Pairs of columns that held enough, times candidates.
    pub tried: usize,
    /// The best hit, whatever its chance; `None` where nothing held enough.
    pub best: Option<Hit>,
}

/// Looks for the mark of each candidate in rows of text.
#[must_use]
pub fn detect(rows: &[Vec<String>], candidates: &[MarkKey]) -> Found {
    let rows = rows.get(..ROWS).unwrap_or(rows);
    let width = rows.iter().map(Vec::len).max().unwrap_or(0).min(COLUMNS);
    let anchors: Vec<Vec<u64>> = (0..width)
        .map(|c| {
            rows.iter()
                .map(|r| r.get(c).map_or(0, |t| anchor_of(t)))
                .collect()
        })
        .collect();
    let mut pairs = Vec::new();
    for column in 0..width {
        let Some(values) = numbers(rows, column) else {
            continue;
        };
        for (anchor, texts) in anchors.iter().enumerate().filter(|(a, _)| *a != column) {
            let contexts = contexts(&values, texts);
            if contexts.len() >= CONTEXTS {
                pairs.push((column, anchor, contexts));
            }
        }
    }
    let tried = pairs.len().saturating_mul(candidates.len());
    let mut best: Option<Hit> = None;
    for (column, anchor, contexts) in &pairs {
        for (candidate, key) in candidates.iter().enumerate() {
            let fit = contexts
                .iter()
                .filter(|(context, upper)| key.bit(context) == *upper)
                .count();
            let expected_false = chance(contexts.len(), fit) * count(tried);
            if best.is_none_or(|b| expected_false < b.expected_false) {
                best = Some(Hit {
                    candidate,
                    column: *column,
                    anchor: *anchor,
                    bits: contexts.len(),
                    fit,
                    expected_false,
                });
            }
        }
    }
    Found { tried, best }
}

#[allow(clippy::cast_precision_loss)] // counts of columns, candidates and rows
fn count(n: usize) -> f64 {
    n as f64
}

/// Upper bound of the chance that at least `fit` of `bits` fair coins fit (Chernoff 1952, with the Kullback–Leibler
/// divergence; exact where all fit).
#[must_use]
pub fn chance(bits: usize, fit: usize) -> f64 {
    let (n, share) = (count(bits), count(fit) / count(bits.max(1)));
    if share <= 0.5 {
        return 1.0;
    }
    let part = |p: f64| if p > 0.0 { p * (2.0 * p).ln() } else { 0.0 };
    (-n * (part(share) + part(1.0 - share))).exp()
}

/// A column as whole steps of its last written digit, by row; `None` unless nearly all of it are numbers of many values.
fn numbers(rows: &[Vec<String>], column: usize) -> Option<Vec<Option<i64>>> {
    let texts = || rows.iter().filter_map(|r| r.get(column)).map(|t| t.trim());
    let decimals = texts()
        .filter(|t| steps(t, DECIMALS).is_some())
        .map(|t| t.split_once('.').map_or(0, |(_, fraction)| fraction.len()))
        .max()?;
    let decimals = u8::try_from(decimals).ok()?;
    let values: Vec<Option<i64>> = rows
        .iter()
        .map(|r| steps(r.get(column)?, decimals))
        .collect();
    let mut different: Vec<i64> = values.iter().flatten().copied().collect();
    let filled = texts().filter(|t| !t.is_empty()).count();
    if different.len() * 10 < filled * 9 {
        return None;
    }
    different.sort_unstable();
    different.dedup();
    (different.len() >= FEWEST_VALUES).then_some(values)
}

/// Every context of a column with an anchor, each once, with the bit that the file shows.
fn contexts(values: &[Option<i64>], anchors: &[u64]) -> Vec<(Context, bool)> {
    let mut seen = BTreeMap::new();
    for (value, anchor) in values.iter().zip(anchors) {
        if let Some(value) = value {
            let (context, upper) = Context::of(*anchor, *value);
            seen.entry(context).or_insert(upper);
        }
    }
    seen.into_iter().collect()
}
