//! No direct identifier leaves: NHS number, e-mail address, postcode, telephone and National Insurance number, dates of
//! birth, names and addresses.
//!
//! One ten-digit number in eleven has a valid check digit: under a name of results such a number goes to a person.

use crate::Context;
use crate::prose::has_digit;
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::value::is_date;
use crate::verdict::{Findings, Level, Rule, count_of, lines};
use privacy::identifiers::{Kind, find_all};
use std::collections::BTreeMap;

const RULE: Rule = Rule {
    name: "direct-identifier",
    source: "ISB1523 Anonymisation Standard for Publishing Health and Social Care Data; NHS Data Dictionary; BS 7666",
};
const FIX: &str = "leave the column or the words out";

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        judge_table(table, findings);
    }
    let born: Vec<u64> = document
        .prose
        .iter()
        .filter(|l| tells_birth(&l.text))
        .map(|l| l.number)
        .collect();
    if document.prose_is_text && !born.is_empty() {
        findings.red(
            RULE,
            lines(&born),
            "dates of birth",
            "give the age, in bands, or the year of birth",
        );
    }
    let mut by_kind: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
    for line in &document.prose {
        let found = find_all(&line.text);
        let theirs = found
            .iter()
            .filter(|f| f.kind != Kind::Email || !names_author(&line.text));
        theirs.for_each(|found| by_kind.entry(found.kind).or_default().push(line.number));
    }
    for (kind, mut at) in by_kind {
        at.dedup();
        let what = format!(
            "{} of the form of a {}",
            count_of(at.len(), "line"),
            kind.words()
        );
        // In the debris of a binary file such shapes come by chance.
        let level = if document.prose_is_text {
            Level::Red
        } else {
            Level::Amber
        };
        let place = if at.contains(&0) {
            "between binary data".into()
        } else {
            lines(&at)
        };
        findings.add(level, RULE, place, what, FIX.into());
    }
}

/// The address of who wrote a report or a program is no participant's.
fn names_author(line: &str) -> bool {
    let words = roles::words(line);
    let says = |word: &String| {
        matches!(
            word.as_str(),
            "author" | "authors" | "maintainer" | "correspondence" | "corresponding"
        )
    };
    words.iter().take(2).any(says)
}

/// "born 12/03/1951", "DOB: 1951-03-12".
fn tells_birth(line: &str) -> bool {
    if !has_digit(line) {
        return false;
    }
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_ascii_alphanumeric())
            .to_ascii_lowercase()
    };
    let words: Vec<String> = line.split_whitespace().map(bare).collect();
    words
        .iter()
        .any(|w| matches!(w.as_str(), "born" | "dob" | "birth"))
        && words.iter().any(|w| is_date(w))
}

fn judge_table(table: &Table, findings: &mut Findings) {
    let of_organisations = table
        .columns
        .iter()
        .any(|c| roles::says_organisation(&c.name));
    let level = if of_organisations {
        Level::Amber
    } else {
        Level::Red
    };
    for (i, column) in table.columns.iter().enumerate() {
        if column.filled == 0 && !find_all(&column.name).is_empty() {
            findings.add(
                level,
                RULE,
                format!("heading of column {}", i + 1),
                "an identifier as a heading".into(),
                FIX.into(),
            );
        }
        match column.role {
            Role::BirthDate if column.dates > 0 => {
                findings.red(
                    RULE,
                    table.column_place(i),
                    "dates of birth",
                    "give the age, in bands, or the year of birth",
                );
                continue;
            }
            Role::Personal if column.filled > 0 => {
                let whose = if of_organisations {
                    "contact details, perhaps of organisations"
                } else {
                    "names or contact details"
                };
                findings.add(level, RULE, table.column_place(i), whose.into(), FIX.into());
                continue;
            }
            _ => {}
        }
        let mut by_kind: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
        let headed = table
            .has_header
            .then_some((column.name.as_str(), table.header_line));
        let cells = (0..table.rows.len()).map(|row| (table.text(row, i), table.line(row)));
        for (text, line) in headed.into_iter().chain(cells) {
            for found in find_all(text) {
                by_kind.entry(found.kind).or_default().push(line);
            }
        }
        for (kind, at) in by_kind {
            let of_results =
                column.role.is_aggregate() && column.is_numeric() && at.len() * 4 < column.filled;
            let amber = (kind == Kind::NhsNumber && of_results)
                || (kind == Kind::Postcode && of_organisations);
            let what = format!(
                "{} of the form of a {}",
                count_of(at.len(), "value"),
                kind.words()
            );
            let level = if amber { Level::Amber } else { Level::Red };
            findings.add(
                level,
                RULE,
                format!("{}, {}", table.column_place(i), lines(&at)),
                what,
                FIX.into(),
            );
        }
    }
}
