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
            .filter(|row| table.count_at(*row, i) == Some(0))
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
