//! Comparing a new table with earlier ones.
//!
//! People who have withdrawn by now are taken out of the earlier sets first, so that nothing that is decided here depends on
//! them (docs/adr/0012-withdrawal-without-disclosure.md).
//!
//! Must never: look at who among the withdrawn was in an earlier answer.

use super::family::{Found, Side};
use super::{Earlier, Options, Outcome, ReleasedTable, Rule, load, protected, recode, settle};
use crate::limits::{PEOPLE_PER_CELL, TABLES_PER_POPULATION};

/// Compares a table with every earlier one before it is shown.
///
/// Refuses if the new numbers together with the earlier ones would tell something about fewer than `threshold` people: in
/// any two layers of disjoint cells exactly, however many cells are added up, and jointly for up to
/// [`crate::limits::JOINT_SETS`] sets of all tables, smaller tables first. A table that does not fit takes part in that with its total.
#[must_use]
pub fn compare(
    new: &ReleasedTable,
    earlier: impl IntoIterator<Item = Earlier>,
    options: &Options<'_>,
) -> Outcome {
    let earlier = connected(
        new,
        earlier
            .into_iter()
            .map(|one| Known::new(one, new))
            .collect(),
    );
    let waiting = !new.stand_ins.is_empty();
    let rules = Examine {
        threshold: options.threshold.max(PEOPLE_PER_CELL),
        dominance: options.dominance,
    };
    match examine(new, &earlier, rules) {
        Err(_) if waiting => Outcome::Refuse {
            rule: Rule::WaitsForMoreChange,
            recode: None,
        },
        Err(rule) => Outcome::Refuse {
            rule,
            recode: options
                .table
                .and_then(|table| recode::smallest(table, new, &earlier, rules)),
        },
        Ok(Found::RepeatsAcrossWithdrawal) if waiting => Outcome::Refuse {
            rule: Rule::WaitsForMoreChange,
            recode: None,
        },
        Ok(Found::RepeatsAcrossWithdrawal) => options.chooser.outcome(new, options.threshold),
        Ok(Found::Nothing) => Outcome::Fine {
            settled: settle::settle(new, &earlier, options),
        },
    }
}

/// An earlier table without the people who have withdrawn by now.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) table: ReleasedTable,
    /// Everybody in it.
    pub(super) people: roaring::RoaringBitmap,
    pub(super) own: bool,
    /// Whether somebody has withdrawn since it was shown.
    pub(super) older: bool,
}

impl Known {
    fn new(mut one: Earlier, new: &ReleasedTable) -> Self {
        let table = &mut one.table;
        for layer in table.layers.iter_mut().chain(&mut table.protected) {
            for cell in &mut layer.cells {
                if !cell.people.is_disjoint(&new.withdrawn) {
                    cell.people -= &new.withdrawn;
                }
            }
            layer.cells.retain(|cell| !cell.people.is_empty());
        }
        Self {
            older: !new.withdrawn.is_subset(&one.table.withdrawn),
            people: one.table.population(),
            table: one.table,
            own: one.own,
        }
    }
}

/// The earlier tables that have people in common with the new one, or with one that has: parts of a sum need not
/// meet each other.
fn connected(new: &ReleasedTable, mut earlier: Vec<Known>) -> Vec<Known> {
    let mut reach = new.population();
    let mut out = Vec::new();
    loop {
        let (met, rest): (Vec<Known>, Vec<Known>) = earlier
            .into_iter()
            .partition(|known| !known.people.is_disjoint(&reach));
        if met.is_empty() {
            return out;
        }
        for known in &met {
            reach |= &known.people;
        }
        out.extend(met);
        earlier = rest;
    }
}

/// What the rules go by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Examine {
    pub(super) threshold: u64,
    pub(super) dominance: crate::sdc::Dominance,
}

/// All rules on one table.
pub(super) fn examine(
    new: &ReleasedTable,
    earlier: &[Known],
    rules: Examine,
) -> Result<Found, Rule> {
    let threshold = rules.threshold;
    let mut families: Vec<&str> = new.layers.iter().map(|l| l.family.as_str()).collect();
    families.sort_unstable();
    families.dedup();
    let mut found = Found::Nothing;
    for family in families {
        let side = Side::new(new, family);
        found = found.and(side.compare(earlier, threshold)?);
        load::check(&side, earlier)?;
    }
    protected::check(new, earlier)?;
    protected::weigh(new, earlier, &rules.dominance)?;
    populations(new, earlier, threshold)?;
    Ok(found)
}

/// How often the same population was asked about by this project, other words for the same table left out.
fn populations(new: &ReleasedTable, earlier: &[Known], threshold: u64) -> Result<(), Rule> {
    let population = new.population();
    let mut tables = 0;
    for known in earlier.iter().filter(|k| k.own) {
        let other = &known.people;
        let near = other.len().abs_diff(population.len()) < threshold
            && other.symmetric_difference_len(&population) < threshold;
        if near && !same_cells(new, &known.table) {
            tables += 1;
        }
    }
    if tables >= TABLES_PER_POPULATION {
        return Err(Rule::PopulationAskedTooOften);
    }
    Ok(())
}

/// Whether two tables show numbers of the same sets.
fn same_cells(a: &ReleasedTable, b: &ReleasedTable) -> bool {
    a.layers.len() == b.layers.len()
        && a.layers.iter().zip(&b.layers).all(|(a, b)| {
            a.family == b.family
                && a.cells.len() == b.cells.len()
                && a.cells
                    .iter()
                    .zip(&b.cells)
                    .all(|(a, b)| a.people == b.people)
        })
}
