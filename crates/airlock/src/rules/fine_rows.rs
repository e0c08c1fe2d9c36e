//! Rows of people under the names of results: values to three decimals, every row different, and no number of people that
//! differs from row to row. Groups are of different sizes; a mean without its number, or over always the same, is as likely
//! somebody's value. Part of `people_rows`, which says what to do about it.
//!
//! Must not take results that have no numbers of people by nature: coefficients of a model (recognised by arithmetic, not by
//! name alone), matrices of correlations, and the steps of a training log.

use crate::roles::{self, Role};
use crate::table::{Column, Table};
use std::collections::{BTreeMap, HashMap};

/// Rows from which the form is no coincidence.
const ROWS: usize = 10;
/// Decimals that a summary of people seldom has and a measurement or its copy has.
const DECIMALS: usize = 3;

const ESTIMATE: &[&str] = &[
    "estimate",
    "estimates",
    "est",
    "coef",
    "coefs",
    "coeff",
    "coefficient",
    "coefficients",
    "beta",
    "betas",
    "hr",
    "or",
    "rr",
    "effect",
    "exp",
];
const ERROR: &[&str] = &["se", "stderr", "err", "error"];
const TEST: &[&str] = &["z", "t", "statistic", "stat", "tstat", "zstat"];
const SQUARE: &[&str] = &["chisq", "chi2"];
const LOWER: &[&str] = &["lower", "low", "lcl", "lci", "025"];
const UPPER: &[&str] = &["upper", "high", "ucl", "uci", "975"];
const STEP: &[&str] = &["epoch", "step", "iteration", "iter"];

/// Whether a table has this form.
pub(crate) fn is_like_people(table: &Table) -> bool {
    let fine = (0..table.rows.len()).filter(|row| is_fine(table, *row));
    fine.take(ROWS).count() == ROWS
        && table.distinct_rows() == table.rows.len()
        && !has_sizes(table)
        && !is_equal_parts(table)
        && !is_model(table)
        && !is_symmetric(table)
        && !is_steps(table)
        && !is_curve(table)
        && !(super::genomics::is_of_variants(table) && has_variant_names(table))
}

/// Points of a curve of true and false positives, as many as a drawing needs.
fn is_curve(table: &Table) -> bool {
    let named = |name: &str| {
        table.columns.iter().any(|c| {
            let share = |n: f64| (0.0..=1.0).contains(&n);
            roles::words(&c.name).iter().any(|w| w == name)
                && c.values
                    .iter()
                    .all(|v| v.number().is_none_or(|n| share(n.value)))
        })
    };
    table.rows.len() <= 101 && named("fpr") && named("tpr")
}

/// Names of variants (`rs123`, `1:1234:A:G`) or chromosomes in nine rows of ten, which rows of people do not have.
fn has_variant_names(table: &Table) -> bool {
    let is_variant = |text: &str| {
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        text.strip_prefix("rs").is_some_and(digits)
            || text.split(':').count() >= 2 && text.split(':').nth(1).is_some_and(digits)
    };
    (0..table.columns.len().min(6)).any(|column| {
        let n = (0..table.rows.len())
            .filter(|row| is_variant(table.text(*row, column).trim()))
            .count();
        n * 10 >= table.rows.len() * 9
    })
}

/// Tenths and other equal parts of people: their sizes are equal by construction.
fn is_equal_parts(table: &Table) -> bool {
    let Some(first) = table.columns.first() else {
        return false;
    };
    let parts = roles::words(&first.name).iter().any(|w| {
        [
            "decile",
            "quintile",
            "quartile",
            "tertile",
            "ventile",
            "percentile",
            "bin",
            "quantile",
        ]
        .contains(&w.as_str())
    });
    let steps = |row: usize| first.values.get(row).and_then(|v| v.count());
    let numbered = (1..table.rows.len()).all(|row| match (steps(row - 1), steps(row)) {
        (Some(a), Some(b)) => a + 1 == b,
        _ => false,
    });
    let sized = table.columns.iter().any(|c| {
        c.role == Role::Count && c.values.iter().all(|v| v.count().is_some_and(|n| n >= 10))
    });
    parts && numbered && sized && table.rows.len() <= 100
}

fn is_fine(table: &Table, row: usize) -> bool {
    let cells = table.columns.iter().enumerate();
    cells
        .filter(|(_, column)| column.values.get(row).is_some_and(|v| v.number().is_some()))
        .any(|(i, _)| decimals(table.text(row, i)) >= DECIMALS)
}

fn decimals(cell: &str) -> usize {
    let (_, behind) = cell.split_once('.').unwrap_or_default();
    behind.bytes().take_while(u8::is_ascii_digit).count()
}

/// Whether numbers of people differ between the rows, or stand in a row of a transposed table of results.
fn has_sizes(table: &Table) -> bool {
    let results = table
        .row_roles
        .iter()
        .filter(|role| role.is_aggregate())
        .count();
    let differ = |column: &Column| {
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        let counts = column.values.iter().filter_map(|v| v.count());
        counts.for_each(|n| *times.entry(n).or_default() += 1);
        let commonest = times.values().max().copied().unwrap_or(0);
        // Nearly all: nine in ten.
        commonest * 10 < column.filled * 9
    };
    let counts = |c: &&Column| c.role == Role::Count && c.numbers > 0;
    table.columns.iter().filter(counts).any(differ)
        || (results * 2 >= table.rows.len() && table.row_roles.contains(&Role::Count))
}

/// Whether in nine rows of ten the test statistic follows from estimate and error, or the estimate is within its interval.
fn is_model(table: &Table) -> bool {
    let named = |list: &[&str]| {
        table.columns.iter().find(|c| {
            let words = roles::words(&c.name);
            let p = words.iter().any(|w| w == "p" || w == "pr");
            c.is_numeric() && !p && words.iter().any(|w| list.contains(&w.as_str()))
        })
    };
    let holds = |[a, b, c]: [Option<&Column>; 3], law: fn(f64, f64, f64) -> bool| {
        let (Some(a), Some(b), Some(c)) = (a, b, c) else {
            return false;
        };
        let value = |column: &Column, row: usize| Some(column.values.get(row)?.number()?.value);
        let keeps = |row: &usize| {
            let values = (value(a, *row), value(b, *row), value(c, *row));
            matches!(values, (Some(a), Some(b), Some(c)) if law(a, b, c))
        };
        (0..table.rows.len()).filter(keeps).count() * 10 >= table.rows.len() * 9
    };
    let estimate = named(ESTIMATE);
    let (error, test) = (named(ERROR), named(TEST));
    holds([estimate, error, test], |b, se, z| near(b / se, z))
        // plink2's logistic regression gives the odds ratio and the error of its logarithm.
        || holds([estimate, error, test], |or, se, z| near(or.ln() / se, z))
        // regenie.
        || holds([estimate, error, named(SQUARE)], |b, se, x| near((b / se).powi(2), x))
        || holds([named(LOWER), estimate, named(UPPER)], |low, b, high| low <= b && b <= high)
}

/// Printed errors have few digits: equal to a seventh, and to a tenth for small numbers.
fn near(calculated: f64, printed: f64) -> bool {
    (calculated - printed).abs() <= 0.15_f64.mul_add(printed.abs(), 0.1)
}

/// A matrix with the same names at its rows and columns and the same values on both sides of its diagonal.
fn is_symmetric(table: &Table) -> bool {
    let rows = table.rows.len();
    if table.columns.len() != rows + 1 {
        return false;
    }
    let columns: HashMap<&str, usize> = table
        .columns
        .iter()
        .enumerate()
        .skip(1)
        .map(|(i, c)| (c.name.trim(), i))
        .collect();
    let order: Vec<Option<&usize>> = (0..rows)
        .map(|row| columns.get(table.text(row, 0).trim()))
        .collect();
    (0..rows).all(|a| {
        (0..a).all(|b| match (order.get(a), order.get(b)) {
            (Some(Some(at_a)), Some(Some(at_b))) => table.text(a, **at_b) == table.text(b, **at_a),
            _ => false,
        })
    })
}

/// The steps of a calculation, numbered without a gap of another size.
fn is_steps(table: &Table) -> bool {
    table.columns.iter().enumerate().any(|(i, c)| {
        let named = roles::words(&c.name)
            .iter()
            .any(|w| STEP.contains(&w.as_str()));
        // `1/30` is a step, too.
        let step = |row: usize| table.text(row, i).split('/').next()?.trim().parse().ok();
        let steps: Vec<u64> = (0..table.rows.len()).filter_map(step).collect();
        let mut gaps = steps
            .iter()
            .zip(steps.iter().skip(1))
            .map(|(a, b)| b.checked_sub(*a));
        let first = gaps.next().flatten();
        named
            && steps.len() == table.rows.len()
            && first.is_some_and(|gap| gap > 0)
            && gaps.all(|gap| gap == first)
    })
}
