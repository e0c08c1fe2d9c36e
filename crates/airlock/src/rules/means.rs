//! A mean, median or standard deviation of few people tells of each of them; a mean of yes and no is a count.

use crate::Context;
use crate::base::{Base, Bases, float, rounding};
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "statistic-of-few",
    source: "UK LLC guidebook 2026: means, medians, modes and SDs only on at least 10 people",
};

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        for (i, column) in table.columns.iter().enumerate() {
            let of_column = column.role == Role::Statistic && roles::says_mean(&column.name);
            let few = of_few(table, i, of_column, context.rules.minimum_mean);
            if !few.is_empty() {
                let what = format!(
                    "{} of fewer than {} people, or of a number of people that is hidden",
                    count_of(few.len(), "mean, median or spread"),
                    context.rules.minimum_mean
                );
                let place = format!("{}, {}", table.column_place(i), lines(&few));
                findings.red(
                    RULE,
                    place,
                    what,
                    "withhold the statistic in these rows, or merge their groups with others",
                );
            }
            if of_column {
                yes_and_no(table, i, context.rules.minimum_count, findings);
            }
        }
    }
}

/// Lines of the statistics of a column behind which too few people stand.
fn of_few(table: &Table, column: usize, of_column: bool, least: u64) -> Vec<u64> {
    if !of_column && !table.row_roles.contains(&Role::Statistic) {
        return Vec::new();
    }
    let is_mean = |row: usize| {
        of_column
            || (column > 0
                && table.row_roles.get(row) == Some(&Role::Statistic)
                && roles::says_mean(table.text(row, 0)))
    };
    let bases = Bases::of(table, column);
    let few = |row: usize| match bases.at(row) {
        Base::Known(n) => (1..least).contains(&n),
        Base::Hidden => true,
        Base::Unknown => false,
    };
    (0..table.rows.len())
        .filter(|row| is_mean(*row) && bases.number(*row).is_some() && few(*row))
        .map(|row| table.line(row))
        .collect()
}

/// A column of means between nothing and one that, times the people, are whole: shares of those who say yes.
fn yes_and_no(table: &Table, column: usize, least: u64, findings: &mut Findings) {
    let bases = Bases::of(table, column);
    let mut small = Vec::new();
    for row in 0..table.rows.len() {
        let (Some(mean), Base::Known(n)) = (bases.number(row), bases.at(row)) else {
            continue;
        };
        let yes = mean * float(n);
        let slack = rounding(table.text(row, column)) * float(n);
        if !(0.0..=1.0).contains(&mean) {
            return;
        }
        // Wider than a quarter, and any number is near a whole one.
        if slack > 0.25 {
            continue;
        }
        if (yes - yes.round()).abs() > slack + 1e-6 {
            return;
        }
        let few = |n: f64| n > 0.5 && n < float(least) - 0.5;
        if few(yes) || few(float(n) - yes) {
            small.push(table.line(row));
        }
    }
    if !small.is_empty() {
        let what = format!(
            "{} of yes and no from which, with the people beside, a count from 1 to {} follows",
            count_of(small.len(), "mean"),
            least - 1
        );
        let place = format!("{}, {}", table.column_place(column), lines(&small));
        findings.red(
            RULE,
            place,
            what,
            "withhold the mean in these rows, or merge groups",
        );
    }
}
