//! No row of the data leaves in disguise: rows whose values, taken together, are those of single people, though columns are renamed,
//! rows and columns shuffled or turned, values rounded or jittered, or dates moved by a constant.
//!
//! Works only with an index of the data. What is compared, and with what chance it is weighed, is in `matching`. Must never be
//! sure of a table of groups: there two columns besides the groups must point to the same person.

use crate::Context;
use crate::matching::grid::Grid;
use crate::matching::{Found, search};
use crate::readers::Document;
use crate::reference::Reference;
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of};

const RULE: Rule = Rule {
    name: "same-people",
    source: "UK Biobank: no individual-level data; ICO anonymisation guidance 2025: singling out",
};
const FIX: &str = "count or summarise the rows by groups of people, and give the groups";

/// Bits of evidence at which chance is ruled out: one in a billion.
const CERTAIN: f64 = 30.0;
/// Bits of evidence at which a person looks: one in four thousand.
const LIKELY: f64 = 12.0;
/// Tables of one document that are searched: a notebook has dozens.
const TABLES: usize = 64;

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let Some(reference) = context.participants.reference() else {
        return;
    };
    for (i, table) in document.tables.iter().take(TABLES).enumerate() {
        let place = if document.tables.len() > 1 {
            format!("table {}", i + 1)
        } else {
            "whole table".to_owned()
        };
        judge_table(table, &place, reference, findings);
    }
}

/// The tables of a request one beside the other: columns that were put into files of their own, row for row.
pub(crate) fn judge_beside(tables: &[&Table], reference: &Reference, findings: &mut Findings) {
    let grid = Grid::beside(tables, reference.key());
    let place = format!("{} side by side", count_of(tables.len(), "table"));
    say(&search(&grid, reference), "", &place, findings);
}

/// Another way to see a table, if it can be seen so.
type View = fn(&Table, u64) -> Option<Grid>;

/// Judges one table in each of the ways in which it could be read; also used for the tables of a request put together.
pub(crate) fn judge_table(
    table: &Table,
    place: &str,
    reference: &Reference,
    findings: &mut Findings,
) {
    let key = reference.key();
    let upright = Some(Grid::of(table, key));
    let views: [(View, &str); 2] = [
        (Grid::turned, "read by columns"),
        (Grid::widened, "its long form made wide"),
    ];
    let mut best = upright.map_or_else(Found::default, |grid| search(&grid, reference));
    let mut how = "";
    for (view, said) in views {
        if best.bits >= CERTAIN || best.few {
            break;
        }
        if let Some(grid) = view(table, key) {
            let found = search(&grid, reference);
            if found.bits > best.bits || found.few {
                (best, how) = (found, said);
            }
        }
    }
    say(&best, how, place, findings);
}

fn say(found: &Found, how: &str, place: &str, findings: &mut Findings) {
    let proof = &found.proof;
    let few = found.few;
    // Where the copies fit nearly as often, people are hardly singled out.
    let singled = proof.share() >= 2.5 * proof.chance() && proof.share() >= 0.05;
    let enough = proof.fit >= 2 && proof.spare > 0.0 && singled;
    if !few && (found.bits < LIKELY || !enough) {
        return;
    }
    let mut what = format!(
        "{} of {} compared fit one to five people of the data in {} columns; of copies with values moved a little {} of {} do",
        count_of(proof.fit, "row"),
        proof.rows,
        proof.columns,
        proof.copies_fit,
        proof.copies
    );
    if found.noise > 0.0 {
        what += "; the values were changed a little";
    }
    if found.shifted {
        what += "; a column was moved by a constant";
    }
    if !how.is_empty() {
        what = format!("{how}: {what}");
    }
    if few || found.bits >= CERTAIN {
        findings.red(RULE, place, what, FIX);
    } else {
        findings.amber(RULE, place, what + "; perhaps by chance", FIX);
    }
}
