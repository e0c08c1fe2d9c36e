//! A hidden count must not follow from the totals beside it.
//!
//! Rows and columns with a shown total give equations over the hidden cells. One unknown in an equation is solved at once; several are
//! when their sum leaves only one choice (each hidden count is from 1 to the minimum less one). This finds what a reader finds
//! with a pencil; exact intervals over all equations together are a matter for an integer programme.

use crate::Context;
use crate::limits;
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "hidden-cell",
    source: "UK LLC guidebook 2026: masked cells must not be derivable by row or column; ONS SRS guidance v1.1",
};
const FIX: &str = "withhold one further cell in the same row and the same column, or the total";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        let left_out = left_out(table, context.rules.minimum_count);
        if !left_out.is_empty() {
            let what = format!(
                "{} larger than the parts by a small count: a group was left out",
                count_of(left_out.len(), "total")
            );
            findings.amber(
                RULE,
                lines(&left_out),
                what,
                "take the total of the groups that are shown",
            );
        }
        if table.columns.iter().all(|c| c.hidden == 0) {
            continue;
        }
        let (small, other) = solve(table, context.rules.minimum_count);
        if !small.is_empty() {
            let what = format!(
                "{} below the minimum that follow from the totals shown",
                count_of(small.len(), "hidden count")
            );
            findings.red(RULE, lines(&small), what, FIX);
        }
        if !other.is_empty() {
            let what = format!(
                "{} that follow from the totals shown",
                count_of(other.len(), "hidden count")
            );
            findings.amber(RULE, lines(&other), what, FIX);
        }
    }
}

/// Lines of totals that exceed the sum of their parts by a small count: a group was left out, and its size is told.
fn left_out(table: &Table, least: u64) -> Vec<u64> {
    let (columns, grid) = grid(table);
    let (down, across) = equations(table, &columns, grid.len());
    let known = |place: &(usize, usize)| {
        if let Cell::Known(n) = at(&grid, *place) {
            Some(n)
        } else {
            None
        }
    };
    let rest = |equation: &Equation| {
        let sum = equation
            .parts
            .iter()
            .map(known)
            .try_fold(0_u64, |sum, n| sum.checked_add(n?))?;
        known(&equation.total)?
            .checked_sub(sum)
            .filter(|rest| (1..least).contains(rest))
    };
    // Numbers that were all rounded to 5 need not add up.
    let rounded = grid
        .iter()
        .flatten()
        .all(|cell| !matches!(cell, Cell::Known(n) if n % 5 != 0));
    let all = down
        .iter()
        .chain(&across)
        .filter(|equation| !rounded && !equation.parts.is_empty());
    let mut at: Vec<u64> = all
        .filter(|e| rest(e).is_some())
        .map(|e| table.line(e.total.0))
        .collect();
    at.dedup();
    at
}

/// One cell of the grid of counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Known(u64),
    Hidden,
    Solved(u64),
    /// Not a count: the equation that it stands in says nothing.
    Other,
}

/// An equation: the parts sum to the total. Cells by row and column of the grid.
struct Equation {
    total: (usize, usize),
    parts: Vec<(usize, usize)>,
}

/// Lines of the hidden cells that can be solved: those below the minimum, and the others.
fn solve(table: &Table, least: u64) -> (Vec<u64>, Vec<u64>) {
    let (columns, mut grid) = grid(table);
    let equations: Vec<Equation> = {
        let (down, across) = equations(table, &columns, grid.len());
        let believed = |all: &Vec<Equation>| !contradicted(all, &grid);
        [down, across]
            .into_iter()
            .filter(believed)
            .flatten()
            .collect()
    };
    for _round in 0..limits::SOLVE_ROUNDS {
        let mut progress = false;
        for equation in &equations {
            progress |= solve_one(equation, &mut grid, least);
        }
        if !progress {
            break;
        }
    }
    let (mut small, mut other) = (Vec::new(), Vec::new());
    for (row, cells) in grid.iter().enumerate() {
        for cell in cells {
            match cell {
                Cell::Solved(n) if *n < least => small.push(table.line(row)),
                Cell::Solved(_) => other.push(table.line(row)),
                _ => {}
            }
        }
    }
    (small, other)
}

/// The columns in which counts may stand, and their cells, row by row.
fn grid(table: &Table) -> (Vec<usize>, Vec<Vec<Cell>>) {
    let transposed = table.row_roles.contains(&Role::Count);
    let columns: Vec<usize> = (0..table.columns.len())
        .filter(|i| {
            table.columns.get(*i).is_some_and(|c| c.role == Role::Count) || (transposed && *i > 0)
        })
        .collect();
    let grid = (0..table.rows.len())
        .map(|row| {
            let cell = |column: &usize| match table.count_at(row, *column) {
                Some(n) => Cell::Known(n),
                None if table.hidden_at(row, *column) => Cell::Hidden,
                None => Cell::Other,
            };
            columns.iter().map(cell).collect()
        })
        .collect();
    (columns, grid)
}

fn at(grid: &[Vec<Cell>], (row, column): (usize, usize)) -> Cell {
    grid.get(row)
        .and_then(|cells| cells.get(column))
        .copied()
        .unwrap_or(Cell::Other)
}

/// The equations that the names of totals tell of: down the columns, and across the rows.
fn equations(table: &Table, columns: &[usize], rows: usize) -> (Vec<Equation>, Vec<Equation>) {
    let total_rows: Vec<usize> = (0..rows)
        .filter(|row| {
            table
                .columns
                .iter()
                .enumerate()
                .any(|(i, c)| c.is_text() && i < 3 && roles::says_total(table.text(*row, i)))
        })
        .collect();
    let total_columns: Vec<usize> = (0..columns.len())
        .filter(|i| {
            columns
                .get(*i)
                .and_then(|c| table.columns.get(*c))
                .is_some_and(|c| roles::says_total(&c.name))
        })
        .collect();
    let mut down = Vec::new();
    if let [total] = total_rows.as_slice() {
        for column in 0..columns.len() {
            let parts = (0..rows)
                .filter(|row| row != total)
                .map(|row| (row, column))
                .collect();
            down.push(Equation {
                total: (*total, column),
                parts,
            });
        }
    }
    let mut across = Vec::new();
    if let [total] = total_columns.as_slice()
        && columns.len() >= 3
    {
        for row in 0..rows {
            let parts = (0..columns.len())
                .filter(|column| column != total)
                .map(|column| (row, column))
                .collect();
            across.push(Equation {
                total: (row, *total),
                parts,
            });
        }
    }
    (down, across)
}

/// Whether most of the equations without hidden cells do not hold: then the names were not those of totals.
fn contradicted(equations: &[Equation], grid: &[Vec<Cell>]) -> bool {
    let (mut holds, mut fails) = (0_usize, 0_usize);
    for equation in equations {
        let known = |place: &(usize, usize)| {
            if let Cell::Known(n) = at(grid, *place) {
                Some(n)
            } else {
                None
            }
        };
        let sum: Option<u64> = equation
            .parts
            .iter()
            .map(known)
            .try_fold(0_u64, |sum, n| sum.checked_add(n?));
        match (sum, known(&equation.total)) {
            (Some(sum), Some(total)) if sum == total => holds += 1,
            (Some(_), Some(_)) => fails += 1,
            _ => {}
        }
    }
    fails > holds
}

/// Solves what one equation gives; whether anything was.
fn solve_one(equation: &Equation, grid: &mut [Vec<Cell>], least: u64) -> bool {
    let mut hidden = Vec::new();
    let mut sum = 0_u64;
    for part in &equation.parts {
        match at(grid, *part) {
            Cell::Known(n) | Cell::Solved(n) => sum = sum.saturating_add(n),
            Cell::Hidden => hidden.push(*part),
            Cell::Other => return false,
        }
    }
    let total = match at(grid, equation.total) {
        Cell::Known(n) | Cell::Solved(n) => n,
        Cell::Hidden if hidden.is_empty() => return set(grid, equation.total, sum),
        _ => return false,
    };
    let Some(left) = total.checked_sub(sum) else {
        return false;
    };
    let n = u64::try_from(hidden.len()).unwrap_or(u64::MAX);
    let each = match n {
        0 => return false,
        1 => left,
        // All of them 1, or all of them the largest that is hidden.
        _ if left == n => 1,
        _ if left == n.saturating_mul(least.saturating_sub(1)) => least.saturating_sub(1),
        _ => return false,
    };
    let mut any = false;
    for place in hidden {
        any |= set(grid, place, each);
    }
    any
}

fn set(grid: &mut [Vec<Cell>], (row, column): (usize, usize), value: u64) -> bool {
    let Some(cell) = grid.get_mut(row).and_then(|cells| cells.get_mut(column)) else {
        return false;
    };
    *cell = Cell::Solved(value);
    true
}
