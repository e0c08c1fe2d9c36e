//! The smallest coarser table that would pass: one key left out, or two neighbouring values of a key put together.
//!
//! Must never: tell more than the keys of the question. Which earlier table stood in the way stays unsaid.

use std::collections::BTreeMap;

use super::compare::{Examine, Known, examine};
use super::family::Found;
use super::{COUNTS, Cell, Layer, Recode, ReleasedTable};
use crate::limits::RECODES_TRIED;
use crate::sdc::{NumberKind, Row, Table};

type Label = Option<String>;

/// Tries the coarser forms, those that keep most rows first.
pub(super) fn smallest(
    table: &Table,
    new: &ReleasedTable,
    earlier: &[Known],
    rules: Examine,
) -> Option<Recode> {
    let threshold = rules.threshold;
    let keys = table.rows.first()?.labels.len();
    if table.rows.iter().any(|row| row.labels.len() != keys) {
        return None;
    }
    // the tables that stand in the way by themselves are tried first: most forms fail there
    let (hard, _): (Vec<Known>, Vec<Known>) = earlier
        .iter()
        .cloned()
        .partition(|one| examine(new, std::slice::from_ref(one), rules).is_err());
    let passes = |coarse: &ReleasedTable| {
        examine(coarse, &hard, rules) == Ok(Found::Nothing)
            && examine(coarse, earlier, rules) == Ok(Found::Nothing)
    };
    let mut forms: Vec<(Form, Vec<Row>)> = forms(table, keys)
        .into_iter()
        .map(|form| {
            let rows = form.apply(table);
            (form, rows)
        })
        .collect();
    forms.sort_by_key(|(form, rows)| (std::cmp::Reverse(rows.len()), form.clone()));
    forms
        .into_iter()
        .take(RECODES_TRIED)
        .find_map(|(form, rows)| {
            let coarse = released(&rows, new, table, threshold);
            (!coarse.layers.is_empty() && passes(&coarse)).then(|| form.recode(rows.len()))
        })
}

/// A way to make a table coarser.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Merge { key: usize, values: Vec<Label> },
    Drop { key: usize },
}

impl Form {
    fn recode(self, rows: usize) -> Recode {
        match self {
            Self::Drop { key } => Recode::DropKey { key, rows },
            Self::Merge { key, values } => Recode::MergeValues { key, values, rows },
        }
    }

    /// The labels of a row in the coarser table.
    fn labels(&self, row: &Row) -> Vec<Label> {
        let mut labels = row.labels.clone();
        match self {
            Self::Drop { key } => {
                labels.remove(*key);
            }
            Self::Merge { key, values } => {
                if let Some(label) = labels.get_mut(*key)
                    && values.contains(label)
                    && let Some(first) = values.first()
                {
                    label.clone_from(first);
                }
            }
        }
        labels
    }

    /// The rows of the coarser table.
    fn apply(&self, table: &Table) -> Vec<Row> {
        let mut rows: BTreeMap<Vec<Label>, Row> = BTreeMap::new();
        for row in &table.rows {
            let labels = self.labels(row);
            match rows.get_mut(&labels) {
                None => {
                    rows.insert(labels, row.clone());
                }
                Some(kept) => {
                    kept.people |= &row.people;
                    for (kept, more) in kept.numbers.iter_mut().zip(&row.numbers) {
                        kept.people |= &more.people;
                    }
                }
            }
        }
        rows.into_values().collect()
    }
}

/// All forms of one step.
fn forms(table: &Table, keys: usize) -> Vec<Form> {
    let mut out = Vec::new();
    for key in 0..keys {
        let mut values: Vec<Label> = table
            .rows
            .iter()
            .filter_map(|row| row.labels.get(key).cloned())
            .collect();
        values.sort_by(order);
        values.dedup();
        for pair in values.windows(2) {
            out.push(Form::Merge {
                key,
                values: pair.to_vec(),
            });
        }
        out.push(Form::Drop { key });
    }
    out
}

/// Numbers by their value, other text after them, a missing value last.
fn order(a: &Label, b: &Label) -> std::cmp::Ordering {
    let number = |label: &Label| label.as_ref().and_then(|text| text.parse::<f64>().ok());
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => (a.is_none(), a).cmp(&(b.is_none(), b)),
    }
}

/// What would be shown of the coarser table by the number of people alone.
fn released(rows: &[Row], new: &ReleasedTable, table: &Table, threshold: u64) -> ReleasedTable {
    let width = table.rows.first().map_or(0, |row| row.numbers.len());
    let mut layers = vec![Layer::default(); width + 1];
    for row in rows.iter().filter(|row| row.people.len() >= threshold) {
        let groups = std::iter::once((&row.people, COUNTS.to_owned()));
        let numbers = row.numbers.iter().enumerate().map(|(at, number)| {
            let family = if number.kind == NumberKind::Magnitude {
                family_of(new, at)
            } else {
                COUNTS.to_owned()
            };
            (&number.people, family)
        });
        for (layer, (people, family)) in layers.iter_mut().zip(groups.chain(numbers)) {
            layer.family = family;
            if people.len() >= threshold {
                layer.cells.push(Cell {
                    people: people.clone(),
                    ..Cell::default()
                });
            }
        }
    }
    layers.retain(|layer| !layer.cells.is_empty());
    ReleasedTable {
        layers,
        withdrawn: new.withdrawn.clone(),
        stand_ins: new.stand_ins.clone(),
        protected: new.protected.clone(),
    }
}

/// The name of a number's family, as the new table has it.
fn family_of(new: &ReleasedTable, number: usize) -> String {
    new.layers
        .iter()
        .find(|layer| {
            layer
                .cells
                .first()
                .is_some_and(|cell| usize::try_from(cell.number) == Ok(number))
        })
        .map_or_else(String::new, |layer| layer.family.clone())
}
