//! A survival table or curve that steps by few people tells when each of them had the event.
//!
//! From numbers at risk a step is their difference. A curve alone tells it too: of all participants a drop is at most so
//! many people.

use crate::Context;
use crate::base::{float, number, rounding};
use crate::readers::Document;
use crate::roles;
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "survival-step",
    source: "ACRO default.yaml: survival 10; SDC handbook v1: survival tables",
};
const FIX: &str = "give the curve at a few times between which at least the minimum of people have the event or leave";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        if !has_time(table) {
            continue;
        }
        for i in 0..table.columns.len() {
            if says_risk(table, i) {
                at_risk(table, i, context, findings);
            } else if says_curve(table, i) {
                curve(table, i, context, findings);
            }
        }
    }
}

fn named(table: &Table, column: usize, list: &[&str]) -> bool {
    table.columns.get(column).is_some_and(|c| {
        roles::words(&c.name)
            .iter()
            .any(|w| list.contains(&w.as_str()))
    })
}

fn has_time(table: &Table) -> bool {
    let time = [
        "time", "timeline", "t", "at", "day", "days", "month", "months", "year", "years", "week",
        "weeks", "followup", "duration", "stop",
    ];
    (0..table.columns.len()).any(|i| named(table, i, &time))
}

/// `n.risk`, `at_risk`, `number at risk`.
fn says_risk(table: &Table, column: usize) -> bool {
    let whole = table.columns.get(column).is_some_and(|c| c.is_whole());
    whole && named(table, column, &["risk", "atrisk", "nrisk"])
}

fn says_curve(table: &Table, column: usize) -> bool {
    let within = table.columns.get(column).is_some_and(|c| {
        c.numbers >= 3
            && c.is_numeric()
            && c.values
                .iter()
                .all(|v| v.number().is_none_or(|n| (0.0..=1.0).contains(&n.value)))
    });
    let limit = [
        "lower", "upper", "lcl", "ucl", "low", "high", "ci", "se", "std",
    ];
    within
        && named(
            table,
            column,
            &["survival", "surv", "km", "cuminc", "cif", "estimate", "s"],
        )
        && !named(table, column, &limit)
        && !named(table, column, &["p"])
}

fn at_risk(table: &Table, column: usize, context: &Context<'_>, findings: &mut Findings) {
    let step = context.rules.survival_step;
    let mut at = Vec::new();
    for row in 1..table.rows.len() {
        let (before, now) = (
            table_count(table, row - 1, column),
            table_count(table, row, column),
        );
        if let (Some(before), Some(now)) = (before, now)
            && before
                .checked_sub(now)
                .is_some_and(|n| (1..step).contains(&n))
        {
            at.push(table.line(row));
        }
    }
    say(table, column, &at, step, findings);
}

fn table_count(table: &Table, row: usize, column: usize) -> Option<u64> {
    table.columns.get(column)?.values.get(row)?.count()
}

/// Drops of a curve (or rises of a cumulative incidence) that even of all participants would be too few.
fn curve(table: &Table, column: usize, context: &Context<'_>, findings: &mut Findings) {
    let all = float(context.participants.count());
    let step = context.rules.survival_step;
    let mut at = Vec::new();
    for row in 1..table.rows.len() {
        let (Some(before), Some(now)) =
            (number(table, row - 1, column), number(table, row, column))
        else {
            continue;
        };
        let drop = (before - now).abs();
        let slack = rounding(table.text(row, column)) + rounding(table.text(row - 1, column));
        if drop > slack && (drop + slack) * all < float(step) {
            at.push(table.line(row));
        }
    }
    say(table, column, &at, step, findings);
}

fn say(table: &Table, column: usize, at: &[u64], step: u64, findings: &mut Findings) {
    if !at.is_empty() {
        let what = format!("{} of 1 to {} people", count_of(at.len(), "step"), step - 1);
        let place = format!("{}, {}", table.column_place(column), lines(at));
        findings.red(RULE, place, what, FIX);
    }
}
