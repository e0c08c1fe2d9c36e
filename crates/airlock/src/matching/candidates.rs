//! Which fields a column could have been made of: by kind, range, distribution and words, from the sketches alone.

use super::grid::{Series, number};
use crate::reference::{Atom, Field, FieldHead, Kind, Reference, TableHead};
use crate::roles;
use std::ops::Range;
use std::rc::Rc;

/// Fields that are tried for one column.
const FIELDS: usize = 4;
/// Columns that are used: a dozen tell half a billion people apart.
const COLUMNS: usize = 14;
/// Fields that are opened for one table: bounds the time of a check.
const OPENED: usize = 36;

/// A column and a field that it could have been made of.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) column: usize,
    pub(crate) field: Rc<Field>,
    /// Which field: its section.
    pub(crate) section: usize,
    /// What a value of the field may differ from the one in the file.
    pub(crate) slack: f64,
    /// What must be added to the file's values.
    pub(crate) shift: f64,
    /// The probability that two records have the same value.
    pub(crate) same: f64,
}

impl Pair {
    /// The codes of the field's values that a cell could have been made of; `None` for a missing cell.
    pub(crate) fn range(&self, cell: Atom) -> Option<Range<u32>> {
        if let Atom::Text(hash) = cell {
            return Some(self.field.word(hash));
        }
        let value = number(cell)? + self.shift;
        // Single precision keeps 24 bits.
        let slack = self.slack + value.abs() * 1.2e-7;
        Some(self.field.between(value - slack, value + slack))
    }
}

/// How far a column may be from what it was made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Noise(
    /// As a share of the field's spread; 0 is rounding only.
    pub(crate) f64,
);

/// The columns of a grid with the fields that each could have been made of, the most telling columns first.
pub(crate) fn of(
    columns: &[&Series],
    table: &[&TableHead],
    reference: &Reference,
    noise: Noise,
) -> Vec<Pair> {
    let mut told: Vec<(usize, Vec<&FieldHead>)> = columns
        .iter()
        .enumerate()
        .filter(|(_, series)| series.distinct > 1 || series.cells.len() < 3)
        .map(|(at, series)| (at, likely(series, table)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    // Bits that a value of the column tells.
    let bits = |fields: &[&FieldHead]| fields.first().map_or(0.0, |f| -f64::from(f.same).log2());
    told.sort_by(|a, b| bits(&b.1).total_cmp(&bits(&a.1)));
    told.truncate(COLUMNS);
    let mut pairs: Vec<Pair> = Vec::new();
    for turn in 0..FIELDS {
        for (at, fields) in &told {
            let (Some(head), Some(series)) = (fields.get(turn), columns.get(*at)) else {
                continue;
            };
            if pairs.len() >= OPENED * 2 || opened(&pairs) >= OPENED {
                break;
            }
            let Some(field) = reference.field(head) else {
                continue;
            };
            let slack = match head.kind {
                Kind::Text => 0.0,
                Kind::Day => 0.4 + noise.0 * spread(head),
                Kind::Number => series.slack.max(noise.0 * spread(head)),
            };
            let pair = Pair {
                column: *at,
                field,
                section: head.section,
                slack,
                shift: 0.0,
                same: f64::from(head.same),
            };
            if contained(series, &pair) {
                pairs.push(pair);
            }
        }
    }
    pairs
}

fn opened(pairs: &[Pair]) -> usize {
    let mut all: Vec<usize> = pairs.iter().map(|p| p.section).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// Half the distance between the 16th and the 84th percentile: the standard deviation of a normal distribution.
pub(crate) fn spread(head: &FieldHead) -> f64 {
    let at = |share: usize| {
        let place = head.quantiles.len().saturating_sub(1) * share / 100;
        head.quantiles.get(place).map_or(0.0, |q| f64::from(*q))
    };
    let wide = (at(84) - at(16)) / 2.0;
    if wide > 0.0 {
        wide
    } else {
        (at(100) - at(0)) / 6.0
    }
}

/// Whether the field has values for most of the cells. Somebody may have put a few strangers among the rows.
fn contained(series: &Series, pair: &Pair) -> bool {
    let step = (series.cells.len() / 64).max(1);
    let (mut seen, mut held) = (0_usize, 0_usize);
    for range in series
        .cells
        .iter()
        .step_by(step)
        .filter_map(|c| pair.range(*c))
    {
        seen += 1;
        held += usize::from(!range.is_empty());
    }
    held * 10 >= seen * 6
}

/// The fields that a column could have been made of, the likeliest first.
fn likely<'t>(series: &Series, tables: &[&'t TableHead]) -> Vec<&'t FieldHead> {
    let sorted = series.sorted();
    let name = roles::words(&series.name).join("_");
    let mut all: Vec<(f64, &FieldHead)> = tables
        .iter()
        .flat_map(|table| &table.fields)
        .filter_map(|field| {
            let far = if field.kind == Kind::Text && series.kind == Kind::Text {
                1.0 - words_in(series, field)?
            } else if field.kind == series.kind && field.kind != Kind::Text {
                distance(&sorted, field, series.slack)?
            } else {
                return None;
            };
            let same_name = !name.is_empty() && roles::words(&field.name).join("_") == name;
            Some((if same_name { far - 1.0 } else { far }, field))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.truncate(FIELDS);
    all.into_iter().map(|(_, field)| field).collect()
}

/// Mean distance between the distributions of a column and a field, from 0 to 1; `None` when it is outside.
fn distance(sorted: &[f64], field: &FieldHead, slack: f64) -> Option<f64> {
    let (low, high) = (field.quantiles.first()?, field.quantiles.last()?);
    let room = slack + spread(field) * 0.5;
    let (low, high) = (f64::from(*low) - room, f64::from(*high) + room);
    let inside = sorted.iter().filter(|v| (low..=high).contains(*v)).count();
    if inside * 10 < sorted.len() * 8 || sorted.is_empty() {
        return None;
    }
    let points = 32.min(sorted.len());
    let far = |n: usize| {
        let place = (2 * n + 1) * sorted.len() / (2 * points);
        let value = sorted.get(place.min(sorted.len() - 1)).copied()?;
        let share = (2 * n + 1) as f64 / (2 * points) as f64;
        Some((below(field, value) - share).abs())
    };
    let all: Vec<f64> = (0..points).filter_map(far).collect();
    Some(all.iter().sum::<f64>() / all.len().max(1) as f64)
}

/// Kolmogorov's distance of a column from a field: the largest, where `distance` is the mean.
pub(crate) fn fit(sorted: &[f64], field: &FieldHead) -> Option<f64> {
    let (low, high) = (field.quantiles.first()?, field.quantiles.last()?);
    let outside = |v: &&f64| **v < f64::from(*low) || **v > f64::from(*high);
    if sorted.iter().filter(outside).count() * 100 > sorted.len() {
        return None;
    }
    let far = |(n, value): (usize, &f64)| {
        (below(field, *value) - (n as f64 + 0.5) / sorted.len() as f64).abs()
    };
    sorted.iter().enumerate().map(far).max_by(f64::total_cmp)
}

/// The share of a field's values below a value, from its sketch; of equal ones half.
fn below(field: &FieldHead, value: f64) -> f64 {
    let less = field.quantiles.partition_point(|q| f64::from(*q) < value);
    let most = field.quantiles.partition_point(|q| f64::from(*q) <= value);
    (less + most) as f64 / (2 * field.quantiles.len().max(1)) as f64
}

/// The share of a column's words that a field has, as far as its sketch can tell; `None` when it has too few.
fn words_in(series: &Series, field: &FieldHead) -> Option<f64> {
    let complete = field.words.len() as u32 == field.distinct;
    let last = field.words.last().copied().unwrap_or(0);
    let (mut seen, mut held) = (0_usize, 0_usize);
    for cell in &series.cells {
        let Atom::Text(hash) = cell else { continue };
        if complete || *hash <= last {
            seen += 1;
            held += usize::from(field.words.binary_search(hash).is_ok());
        }
    }
    if seen < 3 && !complete {
        return Some(0.5);
    }
    let share = held as f64 / seen.max(1) as f64;
    (share >= 0.6).then_some(share)
}
