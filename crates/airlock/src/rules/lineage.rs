//! An answer that this instance gave in aggregate mode was judged on the people behind each cell, which is exact; the same bytes
//! need no second judgement of counts. Its texts may be literals of the question (`CASE … THEN 'a row of a person'`), which nobody
//! judged: those are looked at here and by the rules on ids. Everything else is judged on its content alone, and the verdict says so.

use super::understood::opaque_bytes;
use crate::Context;
use crate::limits;
use crate::readers::Document;
use crate::table::{Row, Table};
use crate::values;
use crate::verdict::{Findings, Rule, lines};
use std::collections::BTreeSet;

const RULE: Rule = Rule {
    name: "lineage",
    source: "this instance's ledger",
};

/// The ledger number of the answer whose bytes these are.
pub(crate) fn of(sha256: &str, context: &Context<'_>) -> Option<u64> {
    context.lineage.aggregate_answer(sha256)
}

/// The ledger number of the answer whose values all the tables of a file are.
pub(crate) fn by_values(document: &Document, context: &Context<'_>) -> Option<u64> {
    let tables = document.all_tables();
    let answers = |table: &&Table| -> Option<BTreeSet<u64>> {
        let digests = values::of_file(table)?;
        let mut columns = digests.iter().map(|d| {
            context
                .lineage
                .answers_with(d)
                .into_iter()
                .collect::<BTreeSet<u64>>()
        });
        let first = columns.next()?;
        Some(columns.fold(first, |both, other| &both & &other))
    };
    let mut each = tables.iter().map(answers);
    let first = each.next()??;
    let all = each.try_fold(first, |both, other| Some(&both & &other?))?;
    all.into_iter().next()
}

pub(crate) fn known_by_values(number: u64, findings: &mut Findings) {
    let what = format!(
        "the values of the answer of ledger number {number}, judged on the people behind each cell, in another order, rounding or form"
    );
    findings.info(RULE, "whole file", what);
}

/// Long texts and codes among the labels of a table that is an answer.
pub(crate) fn labels(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        let literal = |row: &Row| row.cells.iter().any(is_literal);
        let rows = table.rows.iter().filter(|row| literal(row));
        let mut at: Vec<u64> = rows.map(|row| row.line).collect();
        if table.columns.iter().any(|c| is_literal(&c.name)) {
            at.insert(0, table.header_line);
        }
        if !at.is_empty() {
            findings.amber(
                TEXT,
                lines(&at),
                "long or structured texts in an answer: literals of a question are not counts",
                "put the question again without literals and with short names of columns (`AS n`), or let two people look at it",
            );
        }
    }
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

const TEXT: Rule = Rule {
    name: "lineage-text",
    source: "this project's design: literals of a question are not counts",
};

/// Long texts, texts with a structure of their own, and codes, in an answer. Answers are written with commas (RFC 4180),
/// whatever else a reader might take for the delimiter.
pub(crate) fn text(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(document.whole.as_bytes());
    let mut at: Vec<u64> = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else {
            // Bytes were decoded to text: only a record past the reader's own sizes comes here.
            findings.amber(
                TEXT,
                "whole file",
                "not the form of an answer",
                "put the question again without literals",
            );
            return;
        };
        if record.iter().any(is_literal) {
            at.push(record.position().map_or(0, csv::Position::line));
        }
    }
    if !at.is_empty() {
        findings.amber(
            TEXT,
            lines(&at),
            "long or structured texts in an answer: literals of a question are not counts",
            "put the question again without literals and with short names of columns (`AS n`), or let two people look at it",
        );
    }
}

fn is_literal(cell: &str) -> bool {
    let separators = cell.chars().filter(|c| ";|\t\n,".contains(*c)).count();
    cell.chars().count() > limits::LINEAGE_TEXT || separators >= 2 || opaque_bytes(cell) > 0
}
