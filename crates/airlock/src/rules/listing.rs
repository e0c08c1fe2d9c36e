//! A program that prints the first and last rows of a long table prints rows, whatever its columns are called: of 12,000 values of
//! one measurement ten are ten people's. A list of results (counts, means, coefficients) may be long, too, and is none.

use crate::Context;
use crate::readers::{Document, Fact};
use crate::verdict::{Findings, Rule};

const RULE: Rule = Rule {
    name: "rows-of-people",
    source: "UK Biobank and OpenSAFELY release rules: no row-level data",
};

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for fact in &document.facts {
        let Fact::Listing { rows } = fact else {
            continue;
        };
        let results = document
            .tables
            .iter()
            .any(|t| t.has_counts() || t.columns.iter().any(|c| c.role.is_aggregate()));
        if *rows >= context.rules.person_rows && !results {
            findings.amber(
                RULE,
                "whole listing",
                format!("some of {rows} rows, in which nothing is counted or averaged"),
                "count or summarise the rows by groups of people, and give the groups",
            );
        }
    }
}
