//! An answer that this instance gave in aggregate mode was judged on the people behind each cell, which is exact; the same bytes
//! need no second judgement. Everything else is judged on its content alone, and the verdict says so.

use crate::Context;
use crate::verdict::{Findings, Rule};

const RULE: Rule = Rule {
    name: "lineage",
    source: "this instance's ledger",
};

/// The ledger number of the answer whose bytes these are.
pub(crate) fn of(sha256: &str, context: &Context<'_>) -> Option<u64> {
    context.lineage.aggregate_answer(sha256)
}

pub(crate) fn known(number: u64, findings: &mut Findings) {
    let what = format!(
        "byte for byte the answer of ledger number {number}, judged on the people behind each cell"
    );
    findings.info(RULE, "whole file", what);
}

pub(crate) fn unknown(findings: &mut Findings) {
    findings.info(
        RULE,
        "whole file",
        "no recorded answer has these bytes: judged on its content alone",
    );
}
