//! A count of nobody, or of everybody in a group, tells something of every member of the group (class disclosure).

use crate::Context;
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "class-disclosure",
    source: "UK LLC guidebook 2026 (counts below 10 including zero); ACRO: zeros are disclosive",
};
const FIX: &str =
    "merge the group with another, or show why membership of it says nothing (a structural zero)";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        if context.rules.zero_counted {
            zeros(table, findings);
        }
        full(table, findings);
    }
}

fn zeros(table: &Table, findings: &mut Findings) {
    for (i, _) in table.columns.iter().enumerate() {
        let at: Vec<u64> = (0..table.rows.len())
            .filter(|row| table.count_at(*row, i) == Some(0) && !says_nothing(table, *row, i))
            .map(|row| table.line(row))
            .collect();
        if !at.is_empty() {
            let place = format!("{}, {}", table.column_place(i), lines(&at));
            findings.amber(
                RULE,
                place,
                format!(
                    "{} of 0: nobody in the group has the property",
                    count_of(at.len(), "count")
                ),
                FIX,
            );
        }
    }
}

/// That nobody lacks a value, or had an event before time began, says nothing of a group.
pub(crate) fn says_nothing(table: &Table, row: usize, column: usize) -> bool {
    let name = table.columns.get(column).map_or("", |c| c.name.as_str());
    let absent = |text: &str| {
        roles::words(text).iter().any(|word| {
            [
                "missing",
                "nmissing",
                "na",
                "nan",
                "null",
                "excluded",
                "duplicates",
                "duplicated",
                "removed",
            ]
            .contains(&word.as_str())
        })
    };
    let at_start = |(i, c): (usize, &crate::table::Column)| {
        let time = roles::words(&c.name)
            .iter()
            .any(|w| ["time", "timeline", "t", "year", "years", "event"].contains(&w.as_str()));
        time && i != column
            && c.values
                .get(row)
                .and_then(|v| v.number())
                .is_some_and(|n| n.value == 0.0)
    };
    let first_column = table.columns.iter().enumerate().next();
    absent(name) || absent(table.text(row, 0)) || first_column.is_some_and(at_start)
}

/// Shares of 0 or 100 % where a count stands beside them, and counts that equal their base.
fn full(table: &Table, findings: &mut Findings) {
    let bases: Vec<usize> = (0..table.columns.len())
        .filter(|i| table.columns.get(*i).is_some_and(|c| c.role == Role::Count))
        .collect();
    for (i, column) in table.columns.iter().enumerate() {
        let whole = match column.role {
            Role::Percentage => 100.0,
            Role::Proportion => 1.0,
            _ => continue,
        };
        if bases.is_empty() {
            continue;
        }
        let extreme = |row: &usize| {
            if says_nothing(table, *row, i) {
                return false;
            }
            let value = column
                .values
                .get(*row)
                .and_then(|v| v.number())
                .map(|n| n.value);
            value.is_some_and(|v| v == 0.0 || (v - whole).abs() < f64::EPSILON)
                && !roles::says_total(table.text(*row, 0))
        };
        let at: Vec<u64> = (0..table.rows.len())
            .filter(extreme)
            .map(|row| table.line(row))
            .collect();
        if !at.is_empty() {
            let what = format!("{} of none or all of a group", count_of(at.len(), "share"));
            findings.amber(
                RULE,
                format!("{}, {}", table.column_place(i), lines(&at)),
                what,
                FIX,
            );
        }
    }
    // A numerator that equals its denominator, where both are named so.
    let base = bases.iter().find(|i| {
        table
            .columns
            .get(**i)
            .is_some_and(|c| roles::says_base(&c.name) && bases.len() > 1)
    });
    let Some(base) = base else { return };
    for i in bases.iter().filter(|i| *i != base) {
        let all = |row: &usize| {
            table
                .count_at(*row, *i)
                .is_some_and(|n| n > 0 && table.count_at(*row, *base) == Some(n))
        };
        let at: Vec<u64> = (0..table.rows.len())
            .filter(all)
            .map(|row| table.line(row))
            .collect();
        if !at.is_empty() {
            let what = format!(
                "{} equal to the whole of its group",
                count_of(at.len(), "count")
            );
            findings.amber(
                RULE,
                format!("{}, {}", table.column_place(*i), lines(&at)),
                what,
                FIX,
            );
        }
    }
}
