//! No count of people below the minimum leaves, in a table or in a sentence.

use crate::Context;
use crate::prose;
use crate::readers::Document;
use crate::roles::Role;
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "small-count",
    source: "UK LLC guidebook 2026, ONS SRS guidance v1.1 and ACRO: at least 10 people a cell",
};

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let least = context.rules.minimum_count;
    for table in &document.tables {
        in_table(table, least, findings);
        uncertain_numbers(table, least, findings);
    }
    if !document.prose_is_text {
        return;
    }
    let small = |text: &str| {
        prose::counts(text)
            .iter()
            .any(|c| (1..least).contains(&c.0))
    };
    let mut at: Vec<u64> = document
        .prose
        .iter()
        .filter(|line| small(&line.text))
        .map(|line| line.number)
        .collect();
    for table in &document.tables {
        for (i, _) in table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, c)| c.is_text())
        {
            at.extend(
                (0..table.rows.len())
                    .filter(|row| small(table.text(*row, i)))
                    .map(|row| table.line(row)),
            );
        }
    }
    unnamed_counts(document, least, findings);
    at.sort_unstable();
    at.dedup();
    if !at.is_empty() {
        let what = format!(
            "{} that give a count of people from 1 to {}",
            count_of(at.len(), "phrase"),
            least - 1
        );
        findings.red(
            RULE,
            lines(&at),
            what,
            format!("write \"fewer than {least}\", and withhold what the number follows from"),
        );
    }
}

/// Small cells of a table, one finding for each column.
fn in_table(table: &Table, least: u64, findings: &mut Findings) {
    let margins = table
        .columns
        .iter()
        .any(|c| c.role == Role::Count && crate::roles::says_total(&c.name))
        || (0..table.rows.len()).any(|row| crate::roles::says_total(table.text(row, 0)));
    for (i, _) in table.columns.iter().enumerate() {
        let small: Vec<u64> = (0..table.rows.len())
            .filter(|row| {
                table
                    .count_at(*row, i)
                    .is_some_and(|n| (1..least).contains(&n))
            })
            .map(|row| table.line(row))
            .collect();
        if small.is_empty() {
            continue;
        }
        let n = small.len();
        let cells = if n == 1 {
            "the cell".to_owned()
        } else {
            format!("the {n} cells")
        };
        let besides = if margins {
            " and one further cell in each row and column whose total is shown"
        } else {
            ""
        };
        let fix = format!(
            "withhold {cells} below {least} in {}{besides}, or merge rows until each count is at least {least}",
            table.column_place(i)
        );
        let place = format!("{}, {}", table.column_place(i), lines(&small));
        findings.red(
            RULE,
            place,
            format!("{} from 1 to {}", count_of(n, "count"), least - 1),
            fix,
        );
    }
}

/// `Male: 4` in a text: perhaps a count.
fn unnamed_counts(document: &Document, least: u64, findings: &mut Findings) {
    let below = |n: u64| (1..least).contains(&n);
    let small = |text: &str| {
        prose::lone_count(text).is_some_and(below)
            || prose::dictionary_counts(text).into_iter().any(below)
    };
    let lone = document.prose.iter().filter(|line| small(&line.text));
    let at: Vec<u64> = lone.map(|line| line.number).collect();
    if !at.is_empty() {
        let what = format!(
            "{} from 1 to {} beside a name: perhaps counts of people",
            count_of(at.len(), "number"),
            least - 1
        );
        findings.amber(
            RULE,
            lines(&at),
            what,
            "say what the numbers count, or withhold them",
        );
    }
}

/// Whole numbers below the minimum in a column whose meaning nobody knows: perhaps counts.
fn uncertain_numbers(table: &Table, least: u64, findings: &mut Findings) {
    for (i, column) in table.columns.iter().enumerate() {
        let unknown = column.role == Role::Unknown
            && column.wholes > 0
            && column.wholes * 2 >= column.numbers;
        let small = |row: &usize| {
            column
                .values
                .get(*row)
                .and_then(|v| v.count())
                .is_some_and(|n| (1..least).contains(&n))
        };
        let at: Vec<u64> = (0..table.rows.len())
            .filter(small)
            .map(|row| table.line(row))
            .collect();
        if unknown && !at.is_empty() {
            let what = format!(
                "{} from 1 to {} under a name that no list knows: perhaps counts of people",
                count_of(at.len(), "whole number"),
                least - 1
            );
            let fix = "name the column for what it holds (for example `mean_…`, `n`), or withhold the small numbers";
            findings.amber(
                RULE,
                format!("{}, {}", table.column_place(i), lines(&at)),
                what,
                fix,
            );
        }
    }
}
