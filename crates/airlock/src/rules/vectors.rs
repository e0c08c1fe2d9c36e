//! No vector with one number for each person leaves: predictions, residuals, components, embeddings. It is known by its length (that
//! of the data), or, bare of anything that says what each number is of, by the distribution of a field of the data.
//!
//! The length needs no index but that of participants; the rest works only with one.

use crate::Context;
use crate::matching::candidates::fit;
use crate::matching::grid::Series;
use crate::readers::{Document, Fact};
use crate::reference::{Kind, Reference, decimals};
use crate::table::{Column, Table};
use crate::verdict::{Findings, Level, Rule, count_of};

const RULE: Rule = Rule {
    name: "vector-of-people",
    source: "UK Biobank: no individual-level data; SACRO-ML: predictions and embeddings are row-level data",
};
const FIX: &str = "give a summary: a histogram with counts, or the fit of the model";

/// From this length it is no coincidence that a vector is as long as the data.
const LONG: u64 = 50;
/// Decimals that measurements and predictions have.
const FINE: u8 = 2;
/// Values that a field is filled with are a number like any other; below this it may be met by chance.
const FILLED: u64 = 500;

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let people = context.participants.count();
    for fact in &document.facts {
        if let Fact::Array { shape, .. } = fact
            && people >= LONG
            && shape.contains(&people)
        {
            let what = "an array with one entry for each participant";
            findings.red(RULE, "whole file", what, FIX);
        }
    }
    printed(document, context, findings);
    let reference = context.participants.reference();
    for (i, table) in document.tables.iter().enumerate() {
        let place = if document.tables.len() > 1 {
            format!("table {}", i + 1)
        } else {
            "whole table".to_owned()
        };
        let concern = reference
            .and_then(|reference| by_length(table, reference))
            .or_else(|| bare(table, context));
        if let Some((level, what)) = concern {
            findings.add(level, RULE, place, what, FIX.into());
        }
    }
}

/// Numbers printed outside tables, `[0.123 0.456 …]` or one on each line, as many as people would be.
fn printed(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    if !document.prose_is_text {
        return;
    }
    let mut run: Vec<&str> = Vec::new();
    let mut runs: Vec<Vec<&str>> = Vec::new();
    for line in &document.prose {
        let bare = |c: char| c.is_whitespace() || "[](){},;".contains(c);
        let words: Vec<&str> = line.text.split(bare).filter(|w| !w.is_empty()).collect();
        if words.iter().all(|word| word.parse::<f64>().is_ok()) {
            run.extend(words);
        } else {
            runs.push(std::mem::take(&mut run));
        }
    }
    runs.push(run);
    for run in runs {
        let long = run.len() as u64;
        if long >= LONG && is_length(long, context) {
            let what =
                format!("{long} numbers printed, one for each participant or record of the data");
            findings.red(RULE, "lines outside tables", what, FIX);
            continue;
        }
        let fine = run.iter().filter(|word| decimals(word) >= FINE).count();
        let series = Series::of("", run.iter().copied(), 0);
        let Some(series) = series.filter(|s| s.distinct * 2 >= run.len()) else {
            continue;
        };
        if long < LONG || fine * 2 < run.len() {
            continue;
        }
        let what = format!("{} printed", count_of(run.len(), "number"));
        let reference = context.participants.reference();
        if reference.is_some_and(|reference| like_a_field(&series, reference)) {
            let what = what + ", distributed as a field of the data";
            findings.red(RULE, "lines outside tables", what, FIX);
        } else {
            let what = what + ": perhaps one for each person";
            findings.amber(RULE, "lines outside tables", what, FIX);
        }
    }
}

/// Whether a length is that of the participants or of a table of the data.
fn is_length(long: u64, context: &Context<'_>) -> bool {
    let reference = context.participants.reference();
    let records = reference
        .into_iter()
        .flat_map(Reference::heads)
        .map(|t| u64::from(t.records));
    records
        .chain([context.participants.count()])
        .any(|n| near(n, long))
}

type Concern = Option<(Level, String)>;

/// A heading may count as one more, and a first row may be taken for one.
const fn near(records: u64, entries: u64) -> bool {
    records.abs_diff(entries) <= 1
}

/// As many rows, or columns, as a table or a field of the data has.
fn by_length(table: &Table, reference: &Reference) -> Concern {
    let rows = table.rows.len() as u64;
    let wide = table.columns.len() as u64;
    for head in reference.heads() {
        let records = u64::from(head.records);
        if records >= LONG && (near(records, rows) || near(records, wide)) {
            let what = format!("{records} entries, as many as a table of the data has records");
            return Some((Level::Red, what));
        }
    }
    let filled = |field: &crate::reference::FieldHead| u64::from(field.filled) == rows;
    let any = || reference.heads().iter().flat_map(|t| &t.fields).any(filled);
    (rows >= FILLED && any()).then(|| {
        let what = format!("{rows} entries, as many as a field of the data has values");
        (Level::Amber, what)
    })
}

/// Numbers only, and nothing that says what each row is of: no names, no counts, no steps.
fn bare(table: &Table, context: &Context<'_>) -> Concern {
    let rows = table.rows.len();
    let filled: Vec<(usize, &Column)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.filled > 0)
        .collect();
    let many = u64::try_from(rows).is_ok_and(|n| n >= context.rules.person_rows);
    let numbers = filled.iter().all(|(_, column)| column.is_numeric());
    let told = table.has_counts() || !table.row_roles.is_empty();
    if !many || !numbers || told || filled.is_empty() || filled.len() > 3 {
        return None;
    }
    // Curves have an axis: one of their columns rises or falls.
    if filled.len() > 1 && filled.iter().any(|(_, column)| rises(column)) {
        return None;
    }
    let varied = filled
        .iter()
        .filter(|(_, column)| {
            column.distinct * 2 >= column.filled && column.numbers > column.wholes
        })
        .count();
    if varied == 0 {
        return None;
    }
    let reference = context.participants.reference();
    let like = reference.is_some_and(|reference| {
        filled.iter().any(|(at, column)| {
            let cells = (0..rows).map(|row| table.text(row, *at));
            Series::of(&column.name, cells, reference.key())
                .is_some_and(|series| like_a_field(&series, reference))
        })
    });
    let what = format!(
        "{} with nothing that says what each is of",
        count_of(rows, "number")
    );
    Some(if like {
        (Level::Red, what + ", distributed as a field of the data")
    } else {
        (Level::Amber, what + ": perhaps one for each person")
    })
}

fn rises(column: &Column) -> bool {
    let all: Vec<f64> = column
        .values
        .iter()
        .filter_map(|v| Some(v.number()?.value))
        .collect();
    all.is_sorted() || all.iter().rev().is_sorted()
}

/// Whether a column is distributed as a field with as many decimals: Kolmogorov's distance below what two samples of one
/// distribution keep nine times in ten.
fn like_a_field(series: &Series, reference: &Reference) -> bool {
    let sorted = series.sorted();
    let near = 1.22 / (sorted.len() as f64).sqrt();
    let fine = (-(series.slack * 2.0).log10()).round();
    series.kind == Kind::Number
        && sorted.len() >= LONG as usize
        && reference
            .heads()
            .iter()
            .flat_map(|table| &table.fields)
            .filter(|field| field.kind == Kind::Number && field.decimals > 0)
            .filter(|field| f64::from(field.decimals) <= fine + 0.5 || field.decimals > 6)
            .any(|field| fit(&sorted, field).is_some_and(|far| far < near))
}
