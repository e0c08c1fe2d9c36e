//! No rows of people leave, with ids or without: a table whose rows look like one for each person, or one for each dated event
//! of a person, is red; where that is unclear, a person looks.
//!
//! Why dates: in a leaked file one dated procedure with month and year of birth singled a volunteer out (The Guardian, 14 March
//! 2026); code and date alone are unique for 99 % of hospital records.

use crate::Context;
use crate::prose::has_digit;
use crate::readers::text::without_clock;
use crate::readers::{Document, Fact, variants};
use crate::roles::{self, Role};
use crate::table::{Column, Table};
use crate::value::{date_key, is_date};
use crate::verdict::{Findings, Level, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "rows-of-people",
    source: "UK Biobank and OpenSAFELY release rules: no row-level data",
};
const FIX: &str = "count or summarise the rows by groups of people, and give the groups";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for (i, table) in document.tables.iter().enumerate() {
        let place = if document.tables.len() > 1 {
            format!("table {}", i + 1)
        } else {
            "whole table".to_owned()
        };
        // Every column was known for one of results about variants: a row is a variant's.
        if !is_of_variants(document) {
            judge_table(table, &place, context, findings);
        }
    }
    if document.prose_is_text {
        dated_sentences(document, findings);
    }
}

fn is_of_variants(document: &Document) -> bool {
    let summary =
        |fact: &Fact| matches!(fact, Fact::Genotypes { format, .. } if format == variants::SUMMARY);
    document.facts.iter().any(summary)
}

/// One date in a report is when it was made; several are events.
fn dated_sentences(document: &Document, findings: &mut Findings) {
    let dated = |line: &str| {
        without_clock(line.trim())
            .split_whitespace()
            .filter(|word| is_dated(word))
            .count()
    };
    let at: Vec<(u64, usize)> = document
        .prose
        .iter()
        .map(|line| (line.number, dated(&line.text)))
        .filter(|(_, n)| *n > 0)
        .collect();
    if at.len() >= 3 || at.iter().any(|(_, n)| *n >= 3) {
        let numbers: Vec<u64> = at.iter().map(|(line, _)| *line).collect();
        let what = format!(
            "{} with dates to the day: perhaps events of people",
            count_of(at.len(), "line")
        );
        findings.amber(
            RULE,
            lines(&numbers),
            what,
            "give years, or leave the dates out",
        );
    }
}

fn is_dated(word: &str) -> bool {
    has_digit(word) && is_date(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
}

/// From this many rows the number of all participants is no coincidence.
const EVERYBODY: u64 = 50;
/// Longer tables of words or means than this are seldom published.
const LONG: usize = 50;
/// More columns than a table of results has.
const WIDE: usize = 100;

/// What a table's columns are, counted.
struct Shape {
    rows: usize,
    counts: bool,
    aggregates: usize,
    attributes: usize,
    measures: usize,
    dates: usize,
    /// The only dates are all different and in order: a series, not events.
    series: bool,
    per_person: usize,
    ids: usize,
}

impl Shape {
    fn of(table: &Table) -> Self {
        let is = |f: &dyn Fn(&Column) -> bool| {
            table
                .columns
                .iter()
                .filter(|c| c.filled > 0 && f(c))
                .count()
        };
        let dated: Vec<&Column> = table.columns.iter().filter(|c| c.is_dates()).collect();
        let attributes = is(&|c| matches!(c.role, Role::Attribute | Role::BirthDate));
        let measures = is(&|c| c.role == Role::Unknown && c.numbers > 0);
        // A transposed table of results: most rows are counts, means and the like.
        let results = table
            .row_roles
            .iter()
            .filter(|role| role.is_aggregate())
            .count();
        let results = if results * 2 >= table.rows.len() {
            results
        } else {
            0
        };
        Self {
            rows: table.rows.len(),
            counts: table.has_counts(),
            aggregates: is(&|c| c.role.is_aggregate()) + usize::from(results > 0),
            attributes: if results > 0 { 0 } else { attributes },
            measures: if results > 0 { 0 } else { measures },
            dates: dated.len(),
            series: is_series(table),
            per_person: is(&|c| c.role == Role::PerPerson && c.is_numeric()),
            ids: is(&|c| looks_like_ids(c, table.rows.len())),
        }
    }
}

/// Whether the dates of the first dated column rise (or fall) from row to row.
fn is_series(table: &Table) -> bool {
    let Some(column) = table.columns.iter().position(Column::is_dates) else {
        return false;
    };
    let days: Vec<_> = (0..table.rows.len())
        .filter_map(|row| date_key(table.text(row, column)))
        .collect();
    let pairs = || days.iter().zip(days.iter().skip(1));
    pairs().all(|(a, b)| a < b) || pairs().all(|(a, b)| a > b)
}

/// Values that tell each row apart as ids do: all different, long numbers or codes with digits, and no code of a dictionary.
fn looks_like_ids(column: &Column, rows: usize) -> bool {
    let open =
        matches!(column.role, Role::Unknown | Role::Label) && !roles::says_dictionary(&column.name);
    let coded = column.is_whole()
        || (column.is_text() && !column.role.is_aggregate() && column.role == Role::Unknown);
    let all_different =
        column.filled >= 10 && column.distinct == column.filled && column.filled == rows;
    open && all_different && coded && (5..=64).contains(&column.mean_len)
}

/// Judges one table; also used for the tables of a request put together.
pub(crate) fn judge_table(
    table: &Table,
    place: &str,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let shape = Shape::of(table);
    let rows = u64::try_from(shape.rows).unwrap_or(u64::MAX);
    let many = rows >= context.rules.person_rows;
    let some = rows >= context.rules.minimum_count;
    let concern = if rows >= EVERYBODY && rows == context.participants.count() {
        Some((Level::Red, "exactly one for each participant"))
    } else {
        let disguised = || {
            let what = "fine values in rows that all differ, without numbers of people that differ";
            super::fine_rows::is_like_people(table).then_some((Level::Amber, what))
        };
        by_key(&shape, some, many)
            .or_else(|| by_content(table, &shape, some, many))
            .or_else(disguised)
    };
    if let Some((level, what)) = concern {
        let what = format!("{}: {what}", count_of(shape.rows, "row"));
        findings.add(level, RULE, place.to_owned(), what, FIX.into());
    }
    if table.columns.len() >= WIDE && table.columns.len() > 2 * table.rows.len() {
        let columns = table.columns.len();
        let what = format!("{columns} columns: perhaps one for each person (a transposed table)");
        findings.amber(RULE, place, what, FIX);
    }
}

/// A level and what was seen.
type Concern = Option<(Level, &'static str)>;

fn red_if(red: bool) -> Level {
    if red { Level::Red } else { Level::Amber }
}

/// What tells rows apart: ids, dates of events, a number calculated for each person.
fn by_key(shape: &Shape, some: bool, many: bool) -> Concern {
    if shape.ids > 0 && !shape.counts {
        let what = "a column of different long codes tells each apart, and nothing is counted";
        return Some((red_if(some), what));
    }
    if shape.dates > 0 && !shape.counts {
        let events = !shape.series || shape.dates > 1 || shape.attributes > 0;
        let what = "dates to the day, and nothing is counted: perhaps events of people";
        return Some((red_if(events && some), what));
    }
    let what = "a number that is calculated for each person (prediction, residual, component)";
    (shape.per_person > 0 && some).then_some((red_if(many && !shape.counts), what))
}

/// What the columns hold: attributes and measurements of people rather than counts and averages of groups.
fn by_content(table: &Table, shape: &Shape, some: bool, many: bool) -> Concern {
    let open = shape.attributes + shape.measures;
    let dictionary = table
        .columns
        .iter()
        .any(|c| roles::says_dictionary(&c.name));
    let bare = "attributes or measurements, and nothing is counted or averaged";
    if shape.aggregates == 0 && open > 0 {
        let people = (shape.attributes > 0 || shape.measures >= 3) && !dictionary;
        let few = some || (shape.attributes >= 2 && shape.rows >= 2);
        return (many || few).then_some((red_if(many && people), bare));
    }
    if shape.aggregates == 0 {
        let words = table.columns.iter().all(Column::is_text);
        let what = "words only, and nothing is counted: perhaps a list of people";
        return (shape.rows >= LONG && words && !dictionary).then_some((Level::Amber, what));
    }
    let most = open > shape.aggregates && open >= 3;
    if many && most && table.distinct_rows() * 10 >= shape.rows * 9 {
        let what = "most columns are attributes or measurements, and nearly all rows differ";
        return Some((red_if(!shape.counts), what));
    }
    let means = table
        .columns
        .iter()
        .any(|c| roles::says_mean(&c.name) && c.is_numeric());
    let what = "means without the number of people behind each";
    (means && !shape.counts && shape.rows >= LONG).then_some((Level::Amber, what))
}
