//! The files of one request judged together: rows of people cut into small files, and a slow drip of many.

use super::{people_rows, same_people};
use crate::Context;
use crate::limits;
use crate::reference::Reference;
use crate::roles::Role;
use crate::table::{Row, Table};
use crate::verdict::{Findings, Rule, count_of};
use std::collections::BTreeMap;

const RULE: Rule = Rule {
    name: "request-as-one",
    source: "SATRE and OpenSAFELY: outputs of one request are judged together",
};

/// Files that are put side by side at most.
const LENGTHWISE: usize = 50;

/// One file as the others of its request see it.
pub(crate) struct Member<'a> {
    /// Its place in the request.
    pub(crate) index: usize,
    pub(crate) tables: Vec<&'a Table>,
}

/// What to tell each file: pairs of its place in the request and the findings of all together.
pub(crate) fn judge(members: &[Member<'_>], context: &Context<'_>) -> Vec<(Vec<usize>, Findings)> {
    let mut told = Vec::new();
    let mut by_heading: BTreeMap<Vec<&str>, Vec<(usize, &Table)>> = BTreeMap::new();
    for member in members {
        for table in &member.tables {
            by_heading
                .entry(heading(table))
                .or_default()
                .push((member.index, table));
        }
    }
    for group in by_heading.values() {
        let mut files: Vec<usize> = group.iter().map(|(index, _)| *index).collect();
        files.dedup();
        if files.len() < 2 {
            continue;
        }
        let mut findings = Findings::default();
        let place = format!(
            "{} with the same columns, taken together",
            count_of(files.len(), "file")
        );
        let joined = joined(group);
        // Tables of results laid end to end are not people, however many rows they come to.
        if !group.iter().all(|(_, table)| is_results(table)) {
            people_rows::judge_table(&joined, &place, context, &mut findings);
        }
        if let Some(reference) = context.participants.reference() {
            same_people::judge_table(&joined, &place, reference, &mut findings);
        }
        told.push((files, findings));
    }
    if let Some(reference) = context.participants.reference() {
        told.extend(beside(members, reference));
    }
    told.extend(in_all(members, context));
    told
}

/// Whether a table's rows are mostly named for statistics, or it is a square of correlations.
fn is_results(table: &Table) -> bool {
    let named = table.row_roles.iter().filter(|role| role.is_aggregate());
    let numbers: Vec<_> = table.columns.iter().filter(|c| c.is_numeric()).collect();
    let statistics = numbers.iter().all(|c| c.role == Role::Statistic);
    let square = numbers.len() >= 2 && numbers.len() == table.rows.len() && statistics;
    square || named.count() * 2 >= table.rows.len().max(1)
}

/// Tables of equally many rows and different columns: rows of people cut lengthwise.
fn beside(members: &[Member<'_>], reference: &Reference) -> Vec<(Vec<usize>, Findings)> {
    let mut by_length: BTreeMap<usize, Vec<(usize, &Table)>> = BTreeMap::new();
    for member in members {
        for table in member.tables.iter().filter(|t| t.rows.len() >= 2) {
            let of_length = by_length.entry(table.rows.len()).or_default();
            of_length.push((member.index, table));
        }
    }
    let mut told = Vec::new();
    for group in by_length.values() {
        let mut files: Vec<usize> = group.iter().map(|(index, _)| *index).collect();
        files.dedup();
        // More than a row of people has columns are other tables of the same length.
        if !(2..=LENGTHWISE).contains(&files.len()) {
            continue;
        }
        let tables: Vec<&Table> = group.iter().map(|(_, table)| *table).collect();
        let mut findings = Findings::default();
        same_people::judge_beside(&tables, reference, &mut findings);
        told.push((files, findings));
    }
    told
}

/// Limits that hold for the request as a whole.
fn in_all(members: &[Member<'_>], context: &Context<'_>) -> Option<(Vec<usize>, Findings)> {
    if members.len() < 2 {
        return None;
    }
    let rows = |member: &Member<'_>| member.tables.iter().map(|t| t.rows.len()).sum::<usize>();
    let large = |n: usize, most: u64| u64::try_from(n).is_ok_and(|n| n > most);
    let total: usize = members.iter().map(rows).sum();
    let mut findings = Findings::default();
    if large(total, context.rules.maximum_rows) {
        let what = format!(
            "{total} rows in {}; at most {} leave unseen",
            count_of(members.len(), "file"),
            context.rules.maximum_rows
        );
        findings.amber(
            RULE,
            "whole request",
            what,
            "give a summary of the rows, or the ones that the paper needs",
        );
    }
    let small = members
        .iter()
        .filter(|m| (1..10).contains(&rows(m)) && !m.tables.iter().any(|t| t.has_counts()))
        .count();
    if large(small, context.rules.many_files) {
        let what = format!(
            "{} of fewer than ten rows that count nothing",
            count_of(small, "file")
        );
        findings.amber(RULE, "whole request", what, "put them into one table");
    }
    Some((members.iter().map(|m| m.index).collect(), findings))
}

/// What makes tables alike: their names, or without a heading their width.
fn heading(table: &Table) -> Vec<&str> {
    if table.has_header {
        table.columns.iter().map(|c| c.name.as_str()).collect()
    } else {
        vec!["\0"; table.columns.len()]
    }
}

/// The tables one under the other, up to the limits of one table.
fn joined(group: &[(usize, &Table)]) -> Table {
    let mut rows: Vec<Row> = Vec::new();
    let mut bytes = 0;
    if let Some((_, first)) = group.first().filter(|(_, t)| t.has_header) {
        rows.push(Row {
            line: 0,
            cells: first.columns.iter().map(|c| c.name.as_str()).collect(),
        });
    }
    let mut cells = 0_usize;
    for (_, table) in group {
        cells = cells.saturating_add(table.cells());
        if cells > limits::CELLS {
            break;
        }
        bytes += table.bytes;
        rows.extend(table.rows.iter().cloned());
    }
    Table::new(rows, bytes)
}
