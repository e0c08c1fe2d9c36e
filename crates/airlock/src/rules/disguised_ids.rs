//! No participant's id leaves recoded: encoded, hashed, in words, moved by a constant, or cut over columns.
//!
//! Works only with an index of the data. The look-up of ids as they stand is in `participants`; this rule weighs each hit against
//! chance, since many ways of reading are tried.

use crate::Context;
use crate::disguised::{Hits, digests, number_words, pieces, readings, sample, shifts, text_ids};
use crate::readers::Document;
use crate::reference::{Ids, Reference};
use crate::table::Table;
use crate::verdict::{Findings, Level, Rule, count_of};

const RULE: Rule = Rule {
    name: "participant-id",
    source: "UK Biobank material transfer agreement: no individual-level data; UK GDPR art. 4(5)",
};
const FIX: &str = "leave out the ids; if rows must be told apart, number them anew in an order that is not the participants'";

/// Bits of evidence at which chance is ruled out, with two dozen ways of reading tried on each column.
pub(crate) const CERTAIN: f64 = 25.0;
/// Bits at which a person looks.
const LIKELY: f64 = 14.0;
/// Of a single digest or number in words: its own chance is all there is.
const ONE: f64 = 10.0;

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let Some(reference) = context.participants.reference() else {
        return;
    };
    for table in &document.tables {
        columns(table, reference.ids(), findings);
        if let Some((of, hits)) = pieces::find(table, reference.ids()) {
            let places: Vec<String> = of.iter().map(|c| (c + 1).to_string()).collect();
            let place = format!("columns {} together", places.join(", "));
            say(&hits, "cut over columns", place, findings);
        }
    }
    in_text(document, reference, findings);
}

fn say(hits: &Hits, how: &str, place: String, findings: &mut Findings) {
    let level = match hits.bits() {
        bits if bits >= CERTAIN => Level::Red,
        bits if bits >= LIKELY => Level::Amber,
        _ => return,
    };
    let what = format!(
        "participants' ids {how}: {} of {} different values",
        hits.hits, hits.trials
    );
    findings.add(level, RULE, place, what, FIX.into());
}

fn columns(table: &Table, ids: &Ids, findings: &mut Findings) {
    if ids.numbers().is_empty() {
        return;
    }
    for (at, column) in table.columns.iter().enumerate() {
        let heading = table.has_header.then_some(column.name.as_str());
        let cells = (0..table.rows.len()).map(|row| table.text(row, at));
        let cells = sample(heading.into_iter().chain(cells));
        let best = readings::READINGS
            .iter()
            .map(|(how, read)| (*how, read_as(&cells, *read, ids)))
            .max_by(|a, b| a.1.bits().total_cmp(&b.1.bits()));
        let place = table.column_place(at);
        if let Some((how, hits)) = best.filter(|(_, hits)| hits.bits() >= LIKELY) {
            say(&hits, how, place, findings);
            continue;
        }
        if let Some((change, multiplied, hits)) = shifts::find(&whole(&cells), ids) {
            let how = if multiplied { "multiplied and " } else { "" };
            say(&hits, &format!("{how}{}", change.words()), place, findings);
        }
    }
}

/// Cells that are ids when read in one way. A cell of which several readings are tried counts once for each.
fn read_as(cells: &[&str], read: fn(&str, &mut dyn FnMut(u64)), ids: &Ids) -> Hits {
    let mut hits = Hits::default();
    for cell in cells {
        let (mut any, mut chance, mut tried) = (false, 0.0, false);
        read(cell, &mut |number| {
            tried = true;
            any |= ids.is(number);
            chance += ids.density(number);
        });
        if tried {
            hits.add(any, f64::min(chance, 1.0));
        }
    }
    hits
}

/// The numbers of a column as whole ones: `1234.567` in thousandths.
fn whole(cells: &[&str]) -> Vec<i64> {
    let fine = cells
        .iter()
        .map(|c| crate::reference::decimals(c))
        .max()
        .unwrap_or(0);
    let unit = 10.0_f64.powi(i32::from(fine.min(9)));
    let numbers: Vec<i64> = cells
        .iter()
        .filter_map(|c| c.replace(',', "").parse::<f64>().ok())
        .map(|n| (n * unit).round())
        .filter(|n| n.abs() < 9.0e15)
        .map(|n| n as i64)
        .collect();
    // A column of words with some numbers is none.
    if numbers.len() * 10 >= cells.len() * 8 {
        numbers
    } else {
        Vec::new()
    }
}

fn in_text(document: &Document, reference: &Reference, findings: &mut Findings) {
    let cells = document.tables.iter().flat_map(|table| {
        table
            .rows
            .iter()
            .flat_map(|row| row.cells.iter())
            .chain(table.columns.iter().map(|column| column.name.as_str()))
    });
    let prose = || document.prose.iter().map(|line| line.text.as_str());
    let hits = digests::count(cells.chain(prose()), reference);
    if hits.bits() >= ONE {
        let what = format!(
            "digests of participants' ids: {}",
            count_of(hits.hits, "value")
        );
        let level = if hits.bits() >= 2.0 * ONE {
            Level::Red
        } else {
            Level::Amber
        };
        findings.add(level, RULE, "whole file".into(), what, FIX.into());
    }
    let ids = reference.ids();
    let texts = document
        .tables
        .iter()
        .flat_map(|table| table.rows.iter().flat_map(|row| row.cells.iter()))
        .chain(prose());
    let dressed = texts.filter(|text| text_ids::within(text, ids)).count();
    if dressed > 0 {
        let what = format!(
            "participants' ids in disguise: {}",
            count_of(dressed, "place")
        );
        findings.red(RULE, "whole file", what, FIX);
    }
    let mut spoken = Hits::default();
    for line in prose() {
        number_words::read(line, &mut |number| {
            spoken.add(ids.is(number), ids.density(number))
        });
    }
    if spoken.hits > 0 {
        let what = format!(
            "participants' ids in words: {}",
            count_of(spoken.hits, "number")
        );
        let level = if spoken.bits() >= 5.0 {
            Level::Red
        } else {
            Level::Amber
        };
        findings.add(level, RULE, "lines outside tables".into(), what, FIX.into());
    }
}
