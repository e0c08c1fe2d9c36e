//! How much leaves at once: past these sizes nobody can look at it.

use crate::Context;
use crate::readers::Document;
use crate::verdict::{Findings, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "size",
    source: "OpenSAFELY, requesting file release: at most 5,000 rows and 16 MB",
};

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let rows: usize = document.tables.iter().map(|t| t.rows.len()).sum();
    let most = context.rules.maximum_rows;
    if u64::try_from(rows).is_ok_and(|rows| rows > most) {
        findings.amber(
            RULE,
            "whole file",
            format!("{rows} rows; at most {most} leave unseen"),
            "give a summary of the rows, or the ones that the paper needs",
        );
    }
}

/// The file as bytes: empty, or large.
pub(crate) fn judge_bytes(bytes: &[u8], context: &Context<'_>, findings: &mut Findings) {
    let most = context.rules.maximum_bytes;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        findings.amber(
            RULE,
            "whole file",
            "empty: perhaps an output went missing",
            "leave the file out of the request, or write it again",
        );
    }
    if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes > most) {
        let what = format!("{} bytes; at most {most} leave unseen", bytes.len());
        findings.amber(
            RULE,
            "whole file",
            what,
            "give a summary, or the part that the paper needs",
        );
    }
}
