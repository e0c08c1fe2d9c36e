//! Confidence: the share of a file that was understood by exact means; and the rule that little understood is not green.

use crate::Context;
use crate::limits;
use crate::prose;
use crate::readers::Document;
use crate::roles::Role;
use crate::table::{Column, Table};
use crate::value::Value;
use crate::verdict::{Findings, Rule};

const RULE: Rule = Rule {
    name: "not-understood",
    source: "this project's design: confidence is derived from what could be checked",
};

/// Longer cells than this are free text, in which anything may stand.
const LABEL_BYTES: usize = 80;

/// The share, rounded down to two decimals; adds an amber reason when it is below the custodian's minimum.
pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) -> f64 {
    let confidence = share(document);
    if confidence < context.rules.minimum_confidence {
        let what = format!(
            "{:.0} % of the content was understood; {:.0} % are needed",
            confidence * 100.0,
            context.rules.minimum_confidence * 100.0
        );
        let fix = match unknown_columns(document).as_slice() {
            [] => {
                "give regular rows under one heading; keep notes in a file of their own".to_owned()
            }
            columns => format!(
                "name the columns for what they hold (`n`, `percent`, `mean_…`): {}",
                columns.join(", ")
            ),
        };
        findings.amber(RULE, "whole file", what, fix);
    }
    confidence
}

fn unknown_columns(document: &Document) -> Vec<String> {
    let unknown = document.all_tables().into_iter().flat_map(|t| {
        t.columns
            .iter()
            .enumerate()
            .filter(|(_, c)| c.role == Role::Unknown && c.filled > 0)
            .map(|(i, _)| t.column_place(i))
    });
    unknown.take(limits::PLACES).collect()
}

fn share(document: &Document) -> f64 {
    let (understood, all) = sizes(document);
    if all <= 0.0 {
        1.0
    } else {
        (understood / all * 100.0).floor() / 100.0
    }
}

/// Bytes that were understood, and all bytes, of a document and those inside it.
#[expect(clippy::cast_precision_loss, reason = "sizes of files are below 2^53")]
fn sizes(document: &Document) -> (f64, f64) {
    let mut understood = document.read as f64;
    let mut all = document.unread as f64 + document.read as f64;
    for table in &document.tables {
        all += table.bytes as f64;
        understood += table.bytes as f64 * of_table(table);
    }
    if document.prose_is_text {
        for line in &document.prose {
            let bytes = line.text.len() as f64 + 1.0;
            let (words, unclear) = prose::unclear(&line.text);
            all += bytes;
            let clear = if words == 0 {
                bytes
            } else {
                bytes * (1.0 - unclear as f64 / words as f64)
            };
            understood += (clear - opaque_bytes(&line.text) as f64).max(0.0);
        }
    }
    for inner in &document.inner {
        let (of_inner, all_inner) = sizes(&inner.document);
        understood += of_inner;
        all += all_inner;
    }
    (understood, all)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of cells are below 2^53"
)]
fn of_table(table: &Table) -> f64 {
    let has_base = table.has_counts();
    let columns: Vec<f64> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| c.filled > 0)
        .map(|(i, c)| {
            let known = match c.role {
                Role::Unknown => 0.0,
                Role::Percentage | Role::Proportion if !has_base => 0.5,
                _ => 1.0,
            };
            let cells = c
                .values
                .iter()
                .enumerate()
                .filter(|(row, v)| is_understood(c, **v, table.text(*row, i)))
                .count();
            known * cells as f64 / c.values.len().max(1) as f64
        })
        .collect();
    if columns.is_empty() {
        return 1.0;
    }
    let mean = columns.iter().sum::<f64>() / columns.len() as f64;
    let opaque = (0..table.columns.len()).any(|i| is_opaque(table, i));
    if opaque { mean.min(0.5) } else { mean }
}

/// Whether at least half of a column's cells, and three, are codes of no known form: those could stand for anything, and
/// columns of numbers beside them make them no clearer.
fn is_opaque(table: &Table, column: usize) -> bool {
    let Some(of_column) = table.columns.get(column) else {
        return false;
    };
    let opaque = of_column
        .values
        .iter()
        .enumerate()
        .filter(|(row, v)| **v == Value::Text && opaque_bytes(table.text(*row, column)) > 0)
        .count();
    opaque >= 3 && opaque * 2 >= of_column.filled
}

/// Share of a file's bytes that some reader read, rounded down to two decimals.
#[expect(clippy::cast_precision_loss, reason = "sizes of files are below 2^53")]
pub(crate) fn read(document: &Document) -> f64 {
    let all = (document.whole.len() as f64).max(document.unread as f64);
    if all <= 0.0 {
        return 1.0;
    }
    ((1.0 - document.unread as f64 / all) * 100.0).floor() / 100.0
}

/// Bytes of the words of a text that are codes of no known form: long mixtures of letters and digits.
pub(crate) fn opaque_bytes(text: &str) -> usize {
    if text.len() < limits::OPAQUE_WORD {
        return 0;
    }
    text.as_bytes()
        .split(|b| !b.is_ascii_alphanumeric())
        .filter(|word| word.len() >= limits::OPAQUE_WORD && is_code(word))
        .map(<[u8]>::len)
        .sum()
}

/// Whether letters and digits change more than twice: `ENSG00000139618`, `diabetes2020` and `20200131T101112` do not. Presentation
/// codes of the British National Formulary do and are known: fifteen capitals and digits, of which the first six are digits
/// (NHS Business Services Authority, BNF code structure).
fn is_code(word: &[u8]) -> bool {
    let changes = word
        .iter()
        .zip(word.iter().skip(1))
        .filter(|(a, b)| a.is_ascii_digit() != b.is_ascii_digit())
        .count();
    let bnf = word.len() == 15
        && word.iter().take(6).all(u8::is_ascii_digit)
        && !word.iter().any(u8::is_ascii_lowercase);
    changes > 2 && !bnf
}

/// Whether a cell is what its column promises.
fn is_understood(column: &Column, value: Value, text: &str) -> bool {
    let words = matches!(
        column.role,
        Role::Label
            | Role::Attribute
            | Role::Identifier
            | Role::Personal
            | Role::BirthDate
            | Role::Date
            | Role::Unknown
    );
    match value {
        Value::Text if words => text.len() <= LABEL_BYTES && opaque_bytes(text) == 0,
        // Intervals: "0.12 to 0.34", "[1.0-1.4]", "1.2 (1.0, 1.4)".
        Value::Text => text
            .replace("to", "")
            .chars()
            .all(|c| c.is_ascii_digit() || " .,;-–−+[]()<>=%*eE".contains(c)),
        _ => true,
    }
}
