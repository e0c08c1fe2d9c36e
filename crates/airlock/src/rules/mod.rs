//! Rules: one file each. A rule reads a document and adds findings; it never sees another rule's findings.

pub(crate) mod characters;
pub(crate) mod code;
mod code_lists;
pub(crate) mod disguised_ids;
pub(crate) mod dominance;
pub(crate) mod extremes;
mod figures;
pub(crate) mod file_name;
mod fine_rows;
pub(crate) mod genomics;
mod genotypes;
mod hidden;
pub(crate) mod hidden_cells;
pub(crate) mod identifiers;
pub(crate) mod lineage;
pub(crate) mod linked;
pub(crate) mod listing;
pub(crate) mod means;
mod objects;
pub(crate) mod participants;
pub(crate) mod people_rows;
pub(crate) mod percentages;
pub(crate) mod rates;
pub(crate) mod regressions;
pub(crate) mod request;
pub(crate) mod same_people;
pub(crate) mod size;
pub(crate) mod small_counts;
pub(crate) mod survival;
pub(crate) mod understood;
pub(crate) mod vectors;
pub(crate) mod zero_and_full;

use crate::Context;
use crate::readers::Document;
use crate::verdict::Findings;

/// One rule: looks at one document.
type Judge = fn(&Document, &Context<'_>, &mut Findings);

/// The rules on the content of one file, in the order in which a person would ask.
const RULES: &[Judge] = &[
    participants::judge,
    disguised_ids::judge,
    identifiers::judge,
    people_rows::judge,
    objects::judge,
    same_people::judge,
    vectors::judge,
    genotypes::judge,
    small_counts::judge,
    zero_and_full::judge,
    hidden_cells::judge,
    percentages::judge,
    rates::judge,
    means::judge,
    dominance::judge,
    extremes::judge,
    survival::judge,
    regressions::judge,
    genomics::judge,
    characters::judge,
    size::judge,
    figures::judge,
    hidden::judge,
    code::judge,
    listing::judge,
    code_lists::judge,
];

/// Applies all the rules on content, to the document and to each document inside it.
pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    apply(RULES, document, context, findings);
}

fn apply(rules: &[Judge], document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for rule in rules {
        rule(document, context, findings);
    }
    for inner in &document.inner {
        findings.enter(&inner.place);
        apply(rules, &inner.document, context, findings);
        findings.leave();
    }
}

/// The rules that a logged answer does not answer for: its cells were judged as counts of people, but a question may carry
/// literals, and with them anything that its author had seen.
const WITH_LINEAGE: &[Judge] = &[
    participants::judge,
    disguised_ids::judge,
    identifiers::judge,
    characters::judge,
    lineage::text,
];

/// Applies the rules on the content of a file that is a logged answer.
pub(crate) fn judge_with_lineage(
    document: &Document,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    apply(WITH_LINEAGE, document, context, findings);
}

/// The rules that an answer's values do not answer for, in whatever file they stand.
const WITH_VALUES: [Judge; 4] = [
    participants::judge,
    identifiers::judge,
    characters::judge,
    lineage::labels,
];

/// Applies the rules to a file whose tables are those of a logged answer: all of them to what is no table, and those that a
/// logged answer does not answer for to the tables.
pub(crate) fn judge_with_values(
    document: &Document,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let mut rest = document.clone();
    without_tables(&mut rest);
    apply(RULES, &rest, context, findings);
    apply(&WITH_VALUES, document, context, findings);
}

fn without_tables(document: &mut Document) {
    document.tables.clear();
    for inner in &mut document.inner {
        without_tables(&mut inner.document);
    }
}
