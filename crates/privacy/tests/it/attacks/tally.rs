//! What the engine does: groups, counts and sums, and keeps who is behind each number.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::world::{Code, Measure, Question, What, Where, World};

/// One number of one group, before anybody judged it.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    pub(crate) what: What,
    /// Distinct people with a value behind it.
    pub(crate) people: RoaringBitmap,
    /// Rows that it is calculated of.
    pub(crate) rows: u64,
    /// The true number.
    pub(crate) value: f64,
    /// Total of absolute values, and the two largest totals of a person.
    pub(crate) total: f64,
    pub(crate) top: [f64; 2],
}

/// One group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) key: Vec<Code>,
    pub(crate) people: RoaringBitmap,
    pub(crate) rows: u64,
    pub(crate) numbers: Vec<Number>,
}

/// The groups of a question, without those people who are masked. A question without keys is one group, always.
pub(crate) fn groups(world: &World, question: &Question, masked: &RoaringBitmap) -> Vec<Group> {
    let mut records: BTreeMap<Vec<Code>, Vec<usize>> = BTreeMap::new();
    if question.keys.is_empty() {
        records.insert(Vec::new(), Vec::new());
    }
    for record in 0..world.person.len() {
        if masked.contains(world.person[record]) || !question.filter.holds(world, record) {
            continue;
        }
        let key = question
            .keys
            .iter()
            .map(|f| world.codes[*f][record])
            .collect();
        records.entry(key).or_default().push(record);
    }
    records
        .into_iter()
        .map(|(key, records)| Group {
            key,
            people: records.iter().map(|r| world.person[*r]).collect(),
            rows: records.len() as u64,
            numbers: question
                .measures
                .iter()
                .map(|m| number(world, m, &records))
                .collect(),
        })
        .collect()
}

fn number(world: &World, measure: &Measure, records: &[usize]) -> Number {
    let column = match measure.what {
        What::People | What::Rows => None,
        What::Values(c) | What::Sum(c) | What::Mean(c) | What::Spread(c) => Some(c),
    };
    let mut people = RoaringBitmap::new();
    let mut values = Vec::new();
    let mut totals: BTreeMap<u32, f64> = BTreeMap::new();
    for &record in records {
        let value = column.map_or(0.0, |c| world.numbers[c][record]);
        let filtered = matches!(measure.filter, Where::All) || measure.filter.holds(world, record);
        if value.is_nan() || !filtered {
            continue;
        }
        people.insert(world.person[record]);
        values.push(value);
        if column.is_some() {
            *totals.entry(world.person[record]).or_default() += value.abs();
        }
    }
    let n = values.len() as f64;
    // ACRO counts rows without a value too
    let rows_all = records
        .iter()
        .filter(|r| measure.filter.holds(world, **r))
        .count() as u64;
    let sum: f64 = values.iter().sum();
    let value = match measure.what {
        What::People => people.len() as f64,
        What::Rows | What::Values(_) => n,
        What::Sum(_) => sum,
        What::Mean(_) => sum / n,
        What::Spread(_) => {
            (values.iter().map(|v| (v - sum / n).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
        }
    };
    let mut top = [0.0_f64; 2];
    for total in totals.values() {
        if *total > top[0] {
            top = [*total, top[0]];
        } else if *total > top[1] {
            top[1] = *total;
        }
    }
    Number {
        what: measure.what,
        people,
        rows: if column.is_some() {
            rows_all
        } else {
            values.len() as u64
        },
        value,
        total: totals.values().sum(),
        top,
    }
}
