//! All rules in their order.

use roaring::RoaringBitmap;

use super::{
    Number, NumberKind, RecordKeys, Row, RowVerdict, Rules, Shown, Table, Treatment, Verdicts,
    Weights, full, round, secondary,
};
use crate::limits::PEOPLE_PER_CELL;

/// Judges a table: which of its rows and numbers are shown, and which counts are shown instead of the true ones.
///
/// In this order: rows of too few people, rows that hold everybody of their margin, numbers of too few people, numbers that count
/// everybody of their row under a condition, totals that one or two people dominate or that count few people, more numbers of a column than there are tens
/// of people, numbers that follow from others
/// of the table, and at last the treatment of the counts that are left. The result does not depend on the order of
/// the rows or of the numbers.
#[must_use]
pub fn judge(table: &Table, rules: &Rules, keys: &RecordKeys) -> Verdicts {
    let threshold = rules.threshold.max(PEOPLE_PER_CELL);
    let mut rows: Vec<bool> = table
        .rows
        .iter()
        .map(|row| row_counts(row, threshold, rules, keys))
        .collect();
    if rules.class_disclosure {
        for full in full::rows(table) {
            if let Some(shown) = rows.get_mut(full) {
                *shown = false;
            }
        }
    }
    let mut cells: Vec<Vec<bool>> = table
        .rows
        .iter()
        .zip(&rows)
        .map(|(row, shown)| {
            row.numbers
                .iter()
                .enumerate()
                .map(|(at, number)| *shown && number_alone(row, at, number, threshold, rules))
                .collect()
        })
        .collect();
    for (row, cells) in table.rows.iter().zip(&mut cells) {
        few_numbers(row, cells, threshold);
    }
    secondary::withhold(table, &rows, &mut cells, threshold);
    finish(table, &rows, &cells, rules, keys, threshold)
}

/// Whether a row's own people are enough, before and after perturbation: a row whose perturbed size is below the threshold is
/// left out as ONS does.
fn row_counts(row: &Row, threshold: u64, rules: &Rules, keys: &RecordKeys) -> bool {
    row.people.len() >= threshold
        && (rules.treatment != Treatment::CellKey
            || perturbed(&row.people, keys) >= i64::try_from(threshold).unwrap_or(i64::MAX))
}

fn perturbed(people: &RoaringBitmap, keys: &RecordKeys) -> i64 {
    keys.perturb(i64::try_from(people.len()).unwrap_or(i64::MAX), people)
}

/// The rules that need nothing but the number and its row.
fn number_alone(row: &Row, at: usize, number: &Number, threshold: u64, rules: &Rules) -> bool {
    if number.people.len() < threshold {
        return false;
    }
    if rules.class_disclosure && number.filtered && number.people == row.people {
        return false;
    }
    let people = number.people.len();
    match (&number.weights, number.kind) {
        (Some(weights), NumberKind::Rows) => rules.dominance.passes(weights),
        (None, NumberKind::Rows) => row.counts.get(at).copied().flatten().is_some_and(|rows| {
            let rows = u64::try_from(rows).unwrap_or(0);
            rules.dominance.passes(&Weights::of_rows(rows, people))
        }),
        (Some(weights), NumberKind::Magnitude | NumberKind::Sum) => {
            rules.dominance.passes(weights)
                && !(rules.class_disclosure && weights.counts_few(people, threshold))
        }
        (_, NumberKind::People) | (None, _) => true,
    }
}

/// Of few people only few numbers of one column are shown, the first ones of the question: one for every ten. The number, mean and
/// spread of ten small whole numbers leave one way to have them (attack 13).
fn few_numbers(row: &Row, cells: &mut [bool], threshold: u64) {
    let mut shown: Vec<&Number> = Vec::new();
    for (number, cell) in row.numbers.iter().zip(cells) {
        if !*cell || !matches!(number.kind, NumberKind::Magnitude | NumberKind::Sum) {
            continue;
        }
        let alike = shown
            .iter()
            .filter(|other| other.family == number.family && other.people == number.people)
            .count();
        if u64::try_from(alike).unwrap_or(u64::MAX) >= number.people.len() / threshold {
            *cell = false;
        } else {
            shown.push(number);
        }
    }
}

/// Puts the verdicts together and treats the counts.
fn finish(
    table: &Table,
    rows: &[bool],
    cells: &[Vec<bool>],
    rules: &Rules,
    keys: &RecordKeys,
    threshold: u64,
) -> Verdicts {
    let mut withheld_cells = 0;
    let verdicts: Vec<RowVerdict> = table
        .rows
        .iter()
        .zip(rows)
        .zip(cells)
        .map(|((row, shown), cells)| {
            if !shown {
                return RowVerdict::Withheld;
            }
            let shown: Vec<Shown> = row
                .numbers
                .iter()
                .enumerate()
                .zip(cells)
                .map(|((at, number), shown)| {
                    if *shown {
                        treat(row, at, number, rules, keys, threshold)
                    } else {
                        Shown::Withheld
                    }
                })
                .collect();
            withheld_cells += shown.iter().filter(|s| **s == Shown::Withheld).count();
            RowVerdict::Shown(shown)
        })
        .collect();
    Verdicts {
        withheld_rows: withheld_rows(table, &verdicts, threshold),
        rows: verdicts,
        withheld_cells: u64::try_from(withheld_cells).unwrap_or(u64::MAX),
    }
}

/// What is shown of a number that may be shown.
fn treat(
    row: &Row,
    at: usize,
    number: &Number,
    rules: &Rules,
    keys: &RecordKeys,
    threshold: u64,
) -> Shown {
    let truth = match number.kind {
        NumberKind::Magnitude => return Shown::AsIs,
        NumberKind::Sum | NumberKind::People => i64::try_from(number.people.len()).ok(),
        NumberKind::Rows => row.counts.get(at).copied().flatten(),
    };
    // a count without its true value cannot be treated, so it cannot be shown
    let Some(truth) = truth else {
        return Shown::Withheld;
    };
    let threshold = i64::try_from(threshold).unwrap_or(i64::MAX);
    let shown = match rules.treatment {
        Treatment::Round { base } => round::nearest(truth, base),
        Treatment::CellKey => keys.perturb(truth, &number.people),
    };
    let of_people = number.kind != NumberKind::Rows;
    if shown < threshold && (of_people || rules.treatment == Treatment::CellKey) {
        Shown::Withheld
    } else if number.kind == NumberKind::Sum {
        Shown::Scaled {
            shown,
            people: truth,
        }
    } else {
        Shown::Count(shown)
    }
}

/// How many rows were withheld, if that may be told.
///
/// With a fine enough grouping each person is a group of their own, and then the number of withheld rows is a count of
/// people like any other. So it is told only if the rows left out hold ten people or more together; otherwise
/// the answer is `None`, which also stands for "none at all". Without `GROUP BY` there is one row, always: whether it
/// is shown says only whether it may be.
fn withheld_rows(table: &Table, verdicts: &[RowVerdict], threshold: u64) -> Option<u64> {
    let mut rows = 0;
    let mut people = RoaringBitmap::new();
    for (row, verdict) in table.rows.iter().zip(verdicts) {
        if *verdict == RowVerdict::Withheld {
            rows += 1;
            people |= &row.people;
        }
    }
    if table.grouped {
        (people.len() >= threshold).then_some(rows)
    } else {
        (rows > 0).then_some(rows)
    }
}
