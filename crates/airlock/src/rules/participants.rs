//! No participant's id leaves: neither a pseudonym of any project nor an id of the raw data, in any cell, heading or word.
//!
//! A number under a heading of results (a cost, a position on a chromosome) may equal an id by chance; then a person looks.

use crate::disguise::{fraction, joined};
use crate::readers::Document;
use crate::roles::Role;
use crate::table::Table;
use crate::tokens;
use crate::verdict::{Findings, Rule, count_of, lines};
use crate::{Context, Participants};
use std::collections::BTreeSet;

const RULE: Rule = Rule {
    name: "participant-id",
    source: "UK Biobank material transfer agreement: no individual-level data; UK GDPR art. 4(5)",
};
const FIX: &str = "leave out the ids; if rows must be told apart, number them anew in an order that is not the participants'";

/// Whether a text holds an id.
pub(crate) fn holds_id(text: &str, participants: &dyn Participants) -> bool {
    let mut found = false;
    tokens::candidates(text, &mut |token| {
        found = found || participants.is_pseudonym(token) || participants.is_raw_id(token);
    });
    found
}

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let people = context.participants;
    let mut any = false;
    for table in &document.tables {
        any |= judge_header(table, people, findings);
        any |= judge_columns(table, people, findings);
    }
    let prose: Vec<u64> = document
        .prose
        .iter()
        .filter(|line| line_holds_id(&line.text, people))
        .map(|line| line.number)
        .collect();
    if !prose.is_empty() {
        let place = if prose.contains(&0) {
            "between binary data".into()
        } else {
            lines(&prose)
        };
        findings.red(
            RULE,
            place,
            format!("participants' ids in {}", count_of(prose.len(), "line")),
            FIX,
        );
        any = true;
    }
    // The last net: whatever a reader dropped or cut apart.
    let mut apart = false;
    if !any {
        joined(&document.whole, &mut |token| {
            apart = apart || people.is_pseudonym(token);
        });
    }
    if apart || (!any && document.whole.lines().any(|line| holds_id(line, people))) {
        findings.red(
            RULE,
            "whole file",
            "a participant's id outside the cells that were read",
            FIX,
        );
    }
    judge_fractions(document, people, findings);
}

/// Ids behind a decimal point, `0.1234567`. Among half a million seven-digit ids one in ten such numbers is somebody's by
/// chance: a quarter of a column is looked at by people, and a half (of at least three) is none.
fn judge_fractions(document: &Document, people: &dyn Participants, findings: &mut Findings) {
    let mut judge = |place: &dyn Fn() -> String, all: &mut dyn Iterator<Item = &str>| {
        let (mut seen, mut hits) = (0_usize, 0_usize);
        for digits in all.filter_map(fraction) {
            seen += 1;
            hits += usize::from(people.is_raw_id(digits));
        }
        let what = format!(
            "participants' ids behind the decimal point of {}",
            count_of(hits, "number")
        );
        if hits >= 3 && hits * 2 >= seen {
            findings.red(RULE, place(), what, FIX);
        } else if hits > 0 && hits * 4 >= seen {
            let what = what + ", perhaps by chance";
            findings.amber(RULE, place(), what, "round the numbers");
        }
    };
    for table in &document.tables {
        for i in 0..table.columns.len() {
            let cells = &mut (0..table.rows.len()).map(|row| table.text(row, i));
            judge(&|| table.column_place(i), cells);
        }
    }
    let words = &mut document
        .prose
        .iter()
        .flat_map(|line| line.text.split_whitespace());
    judge(&|| "lines outside tables".to_owned(), words);
}

/// Words of a line, and numbers in it that are written with thousands or an exponent.
fn line_holds_id(line: &str, people: &dyn Participants) -> bool {
    holds_id(line, people)
        || line
            .split_whitespace()
            .any(|word| number_is_id(word, people))
}

fn number_is_id(text: &str, people: &dyn Participants) -> bool {
    let mut found = false;
    tokens::as_whole_number(text, &mut |token| {
        found = found || people.is_pseudonym(token) || people.is_raw_id(token);
    });
    found
}

fn judge_header(table: &Table, people: &dyn Participants, findings: &mut Findings) -> bool {
    let in_header = table
        .columns
        .iter()
        .filter(|c| holds_id(&c.name, people))
        .count();
    if in_header == 0 {
        return false;
    }
    let what = format!(
        "participants' ids in {} of the heading",
        count_of(in_header, "cell")
    );
    findings.red(RULE, lines(&[table.header_line]), what, FIX);
    true
}

fn judge_columns(table: &Table, people: &dyn Participants, findings: &mut Findings) -> bool {
    let mut any = false;
    for (i, column) in table.columns.iter().enumerate() {
        let hits: Vec<usize> = (0..table.rows.len())
            .filter(|row| {
                let text = table.text(*row, i);
                holds_id(text, people) || number_is_id(text, people)
            })
            .collect();
        let place = || table.column_place(i);
        if hits.is_empty() {
            if column.role == Role::Identifier && column.filled > 0 {
                let what = format!(
                    "a column named as people's ids, with {} different values",
                    column.distinct
                );
                findings.red(RULE, place(), what, FIX);
            }
            continue;
        }
        any = true;
        let at: Vec<u64> = hits
            .iter()
            .map(|row| table.line(*row))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let what = format!("participants' ids in {}", count_of(hits.len(), "cell"));
        // Fewer than half, all of them numbers, under a name of results: possibly chance.
        let by_chance = matches!(
            column.role,
            Role::Statistic | Role::Amount | Role::Count | Role::Label
        ) && table.has_header
            && column.is_numeric()
            && hits.len() * 2 < column.filled;
        if by_chance {
            let what = format!(
                "{} equal participants' ids, perhaps by chance",
                count_of(hits.len(), "number")
            );
            findings.amber(
                RULE,
                format!("{}, {}", place(), lines(&at)),
                what,
                "round the numbers, or let two people look at them",
            );
        } else {
            findings.red(RULE, format!("{}, {}", place(), lines(&at)), what, FIX);
        }
    }
    any
}
