//! A program carries no ids: a list of long numbers of one length, all different, is as likely a list of people as of codes.

use crate::Context;
use crate::readers::{Document, Fact};
use crate::roles;
use crate::table::Column;
use crate::verdict::{Findings, Rule, count_of};

const RULE: Rule = Rule {
    name: "ids-in-code",
    source: "UK Biobank guidance on sharing code: no participant identifiers in scripts",
};

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    if !document
        .facts
        .iter()
        .any(|fact| matches!(fact, Fact::Code { .. }))
    {
        return;
    }
    for table in &document.tables {
        for (i, column) in table.columns.iter().enumerate() {
            let texts = || (0..table.rows.len()).map(|row| table.text(row, i));
            if is_like_ids(column) && texts().all(is_long) {
                findings.amber(
                    RULE,
                    format!("line {}, {}", table.header_line.max(table.line(0)), table.column_place(i)),
                    format!("{} of one length, all different", count_of(column.filled, "long number")),
                    "read the ids from a file that stays inside, or say which codes these are in the name of the list",
                );
            }
        }
    }
}

fn is_like_ids(column: &Column) -> bool {
    column.filled >= 2 && column.distinct == column.filled && !roles::says_dictionary(&column.name)
}

/// Six digits in a row, as ids of people have and numbers of fields have not.
fn is_long(text: &str) -> bool {
    let runs = text.as_bytes().split(|b| !b.is_ascii_digit());
    let hashed = text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    text.is_empty()
        || hashed
        || runs.map(<[u8]>::len).max().unwrap_or(0) >= 6 && !text.contains(['.', ' '])
}
