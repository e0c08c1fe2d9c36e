//! Ids cut over columns: the pieces one after the other, or two numbers whose sum or difference is the id.

use super::Hits;
use crate::reference::Ids;
use crate::table::Table;

/// Columns among which pieces are looked for.
const COLUMNS: usize = 40;
/// Rows that a combination must pass before all are looked at.
const FIRST: usize = 12;
/// Columns that one id may be cut over: one for each digit.
const RUN: usize = 12;

/// One way to put cells together.
type Join<'a> = dyn Fn(&[&str]) -> Option<u64> + 'a;

/// The columns that hold ids together, and how sure that is.
pub(crate) fn find(table: &Table, ids: &Ids) -> Option<(Vec<usize>, Hits)> {
    if table.rows.len() < 3 || ids.numbers().is_empty() {
        return None;
    }
    let whole: Vec<usize> = (0..table.columns.len())
        .filter(|c| {
            table
                .columns
                .get(*c)
                .is_some_and(|c| c.filled * 10 >= table.rows.len() * 9)
        })
        .filter(|c| (0..FIRST).all(|row| is_piece(table.text(row, *c))))
        .take(COLUMNS)
        .collect();
    let longest = ids.numbers().last().map_or(0, |n| n.to_string().len());
    let mut best: Option<(Vec<usize>, Hits)> = None;
    let mut consider = |columns: &[usize], join: &Join<'_>| {
        if let Some(hits) = tried(table, columns, join, ids)
            && best
                .as_ref()
                .is_none_or(|(_, known)| hits.bits() > known.bits())
        {
            best = Some((columns.to_vec(), hits));
        }
    };
    let wide = |c: usize| -> usize {
        (0..table.rows.len())
            .map(|row| table.text(row, c).trim().len())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = whole.iter().map(|c| wide(*c)).collect();
    for (i, a) in whole.iter().enumerate() {
        for (j, b) in whole.iter().enumerate() {
            if i == j {
                continue;
            }
            let width = widths.get(j).copied().unwrap_or(0);
            if widths.get(i).copied().unwrap_or(0) + width <= longest + 1 {
                consider(&[*a, *b], &|cells| concatenated(cells, width));
            }
            consider(&[*a, *b], &|cells| with(cells, i64::checked_sub));
            if i < j {
                consider(&[*a, *b], &|cells| with(cells, i64::checked_add));
                consider(&[*a, *b], &|cells| with(cells, |a, b| Some(a ^ b)));
            }
        }
        // Three and more neighbours, in either direction.
        for many in 3..=RUN.min(whole.len() - i) {
            let run = whole.get(i..i + many).unwrap_or_default();
            let length: usize = widths.iter().skip(i).take(many).sum();
            if length > longest + 2 {
                break;
            }
            consider(run, &|cells| cells.concat().parse().ok());
            let turned: Vec<usize> = run.iter().rev().copied().collect();
            consider(&turned, &|cells| cells.concat().parse().ok());
        }
    }
    best
}

fn is_piece(cell: &str) -> bool {
    let bare = cell.trim().trim_start_matches('-');
    bare.len() <= 18 && bare.bytes().all(|b| b.is_ascii_digit())
}

/// `1234` and `7` as 1234007, when the second column has up to three digits.
fn concatenated(cells: &[&str], width: usize) -> Option<u64> {
    let [a, b] = cells else { return None };
    format!("{a}{b:0>width$}").parse().ok()
}

fn with(cells: &[&str], join: fn(i64, i64) -> Option<i64>) -> Option<u64> {
    let [a, b] = cells else { return None };
    u64::try_from(join(a.parse().ok()?, b.parse().ok()?)?).ok()
}

fn tried(table: &Table, columns: &[usize], join: &Join<'_>, ids: &Ids) -> Option<Hits> {
    let number = |row: usize| {
        let cells: Vec<&str> = columns.iter().map(|c| table.text(row, *c).trim()).collect();
        join(&cells)
    };
    let first = FIRST.min(table.rows.len());
    let early = (0..first).filter_map(number).filter(|n| ids.is(*n)).count();
    if early * 4 < first * 3 {
        return None;
    }
    let mut hits = Hits::default();
    for row in 0..table.rows.len().min(super::SAMPLE) {
        if let Some(number) = number(row) {
            hits.add(ids.is(number), ids.density(number));
        }
    }
    // A single column is judged as such.
    let alone = columns.iter().any(|c| {
        (0..first)
            .filter(|row| ids.has_number(table.text(*row, *c).trim()))
            .count()
            * 2
            > first
    });
    (!alone).then_some(hits)
}
