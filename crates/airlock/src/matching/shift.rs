//! Columns to which a constant was added: dates moved by some days, years since a birth, numbers standardised. Such a column has
//! the gaps of the field; sliding one along the other, they meet at one place only.

use super::candidates::{Pair, spread};
use super::grid::Series;
use crate::reference::{Field, Kind, Reference, TableHead};
use std::rc::Rc;

/// Steps that a field may span: sixty years of days, or a hundred units in half hundredths.
const SPAN: i64 = 40_000;
/// Values of the column that slide.
const SLIDERS: usize = 300;
/// Pairs of a column and a field that are tried.
const TRIED: usize = 12;
/// How far above its surroundings the meeting place must stand, in standard deviations.
const STANDS_OUT: f64 = 6.0;

/// Pairs of shifted columns and fields. Columns that lie in a field as they are, are left alone.
pub(crate) fn of(
    columns: &[&Series],
    tables: &[&TableHead],
    reference: &Reference,
    as_they_are: &[Pair],
) -> Vec<Pair> {
    let mut found = Vec::new();
    let mut tried = 0;
    for (at, series) in columns.iter().enumerate() {
        let exact = as_they_are
            .iter()
            .any(|p| p.column == at && fits_well(series, p));
        if exact || series.kind == Kind::Text || series.distinct < 8 {
            continue;
        }
        let whole = series.kind == Kind::Day || series.slack >= 0.5;
        if !whole {
            continue;
        }
        for head in tables.iter().flat_map(|t| &t.fields) {
            let days = head.kind == Kind::Day;
            let alike =
                days || (head.kind == Kind::Number && head.decimals == 0 && head.distinct > 30);
            // A column of days can only have been made of days.
            if !alike || (series.kind == Kind::Day && !days) || tried >= TRIED {
                continue;
            }
            let wide = series
                .sorted()
                .last()
                .zip(series.sorted().first())
                .map_or(0.0, |(b, a)| b - a);
            if wide > spread(head) * 12.0 || wide * 12.0 < spread(head) {
                continue;
            }
            let Some(field) = reference.field(head) else {
                continue;
            };
            tried += 1;
            for shift in places(series, &field) {
                found.push(Pair {
                    column: at,
                    field: Rc::clone(&field),
                    section: head.section,
                    slack: series.slack.clamp(0.4, 0.5),
                    shift,
                    same: f64::from(head.same),
                });
            }
        }
    }
    found
}

/// Whether nearly all of a column's values are in the field as they are.
fn fits_well(series: &Series, pair: &Pair) -> bool {
    let held = |range: &std::ops::Range<u32>| !range.is_empty();
    let all: Vec<_> = series
        .cells
        .iter()
        .take(SLIDERS)
        .filter_map(|c| pair.range(*c))
        .collect();
    let sparse = (pair.field.distinct() as f64) < width(&pair.field) * 0.5;
    sparse && all.iter().filter(|r| held(r)).count() * 100 >= all.len() * 97
}

fn width(field: &Field) -> f64 {
    let last = field
        .value(field.distinct().saturating_sub(1))
        .unwrap_or(0.0);
    last - field.value(0).unwrap_or(0.0)
}

/// The shifts at which a column and a field meet.
fn places(series: &Series, field: &Field) -> Vec<f64> {
    let low = field.value(0).unwrap_or(0.0).floor() as i64;
    let span = width(field).ceil() as i64 + 1;
    if !(2..=SPAN).contains(&span) {
        return Vec::new();
    }
    let mut times = vec![0.0_f64; span as usize];
    for code in 0..field.distinct() {
        let value = field.value(code).unwrap_or(0.0) as i64 - low;
        let code = code as u32;
        if let Ok(at) = usize::try_from(value)
            && let Some(held) = times.get_mut(at)
        {
            *held += field.records(&(code..code + 1)).len() as f64;
        }
    }
    let sorted = series.sorted();
    let step = (sorted.len() / SLIDERS).max(1);
    let sliders: Vec<i64> = sorted
        .iter()
        .step_by(step)
        .map(|v| v.round() as i64)
        .collect();
    let (Some(first), Some(last)) = (sliders.first(), sliders.last()) else {
        return Vec::new();
    };
    // From just overlapping at one end to just overlapping at the other.
    let from = low - last;
    let steps = span + (last - first);
    if steps > 2 * SPAN {
        return Vec::new();
    }
    let met: Vec<f64> = (0..steps)
        .map(|n| {
            let shift = from + n - low;
            let at = |x: &i64| usize::try_from(x + shift).ok();
            let hits = sliders.iter().filter_map(at).filter_map(|at| times.get(at));
            // The root keeps one crowded day from outweighing many.
            hits.map(|n| n.sqrt()).sum()
        })
        .collect();
    peaks(&met)
        .into_iter()
        .map(|at| (from + at as i64) as f64)
        .filter(|shift| *shift != 0.0)
        .collect()
}

/// The places that stand out of what is around them, at most two.
fn peaks(met: &[f64]) -> Vec<usize> {
    const AROUND: usize = 15;
    let mut all: Vec<(f64, usize)> = Vec::new();
    for (at, value) in met.iter().enumerate() {
        let around = met.get(at.saturating_sub(AROUND)..(at + AROUND + 1).min(met.len()));
        let around = around.unwrap_or_default();
        let n = (around.len() - 1).max(1) as f64;
        let mean = (around.iter().sum::<f64>() - value) / n;
        let square =
            around.iter().map(|v| (v - mean).powi(2)).sum::<f64>() - (value - mean).powi(2);
        let deviation = (square / n).sqrt().max(0.5);
        if (value - mean) / deviation >= STANDS_OUT {
            all.push(((value - mean) / deviation, at));
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.truncate(2);
    all.into_iter().map(|(_, at)| at).collect()
}
