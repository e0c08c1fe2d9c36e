//! A smallest or largest value is somebody's value; an outer percentile nearly so.

use crate::Context;
use crate::prose;
use crate::readers::Document;
use crate::roles::Role;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "extreme-value",
    source: "SDC handbook v1; OpenSAFELY and DataSHIELD: no minima, maxima; percentiles on at least 10 people",
};
const FIX: &str = "leave it out, round it, or give a percentile with at least 10 people beyond it";

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        for (i, column) in table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, c)| c.numbers > 0)
        {
            match column.role {
                Role::Extreme => findings.amber(
                    RULE,
                    table.column_place(i),
                    count_of(column.numbers, "smallest or largest value"),
                    FIX,
                ),
                Role::Quantile => findings.amber(
                    RULE,
                    table.column_place(i),
                    count_of(column.numbers, "percentile"),
                    FIX,
                ),
                _ => {}
            }
        }
        let rows = table
            .row_roles
            .iter()
            .enumerate()
            .filter(|(_, role)| matches!(role, Role::Extreme | Role::Quantile));
        let at: Vec<u64> = rows.map(|(row, _)| table.line(row)).collect();
        if !at.is_empty() {
            let what = format!(
                "{} of smallest or largest values or percentiles",
                count_of(at.len(), "row")
            );
            findings.amber(RULE, lines(&at), what, FIX);
        }
    }
    if !document.prose_is_text {
        return;
    }
    let at: Vec<u64> = document
        .prose
        .iter()
        .filter(|line| prose::has_extreme(&line.text))
        .map(|line| line.number)
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} with a smallest or largest value",
            count_of(at.len(), "sentence")
        );
        findings.amber(RULE, lines(&at), what, FIX);
    }
}
