//! Tables that tell more together than alone: a cell that one hides and another shows, or that follows from the totals of both; and
//! the same table over a few people more or less.
//!
//! Other tables are those of the request and of earlier releases, of all projects. Two tables are about the same people when
//! the cells they share are equal; where they share none that both show, a small number that follows is still for a person to look at.

use super::hidden_cells::Followed;
use crate::Context;
use crate::figures::{Figures, Shown, Total};
use crate::limits;
use crate::verdict::{Findings, Rule, count_of, lines};
use std::collections::{BTreeSet, HashMap};

const RULE: Rule = Rule {
    name: "linked-tables",
    source: "ABS DataLab: no difference below 10 by combining tables; Genomics England: judged with what was exported before",
};

/// A table that was released, or that is in the request.
pub(crate) struct Known<'a> {
    pub(crate) figures: &'a Figures,
    /// The file of the request; none for an earlier release.
    pub(crate) file: Option<usize>,
}

/// Each table's shown counts by their cells.
type Counts<'a> = HashMap<&'a str, u64>;

/// What to tell each file of the request.
pub(crate) fn judge(all: &[Known<'_>], context: &Context<'_>) -> Vec<(Vec<usize>, Findings)> {
    let mut by_key: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for (t, known) in all.iter().enumerate() {
        for cell in &known.figures.cells {
            by_key.entry(cell.key.as_str()).or_default().insert(t);
        }
    }
    let counts: Vec<Counts<'_>> = all.iter().map(|known| counts(known.figures)).collect();
    let mut told = Vec::new();
    for (t, known) in all.iter().enumerate() {
        let Some(file) = known.file else { continue };
        let keys = known.figures.cells.iter();
        let partners: BTreeSet<usize> = keys
            .filter_map(|cell| by_key.get(cell.key.as_str()))
            .flatten()
            .copied()
            .filter(|other| *other != t)
            .collect();
        let least = context.rules.minimum_count;
        let others: Vec<(&Known<'_>, Shared)> = partners
            .iter()
            .filter_map(|other| Some((all.get(*other)?, counts.get(*other)?)))
            .map(|(other, counts)| (other, Shared::of(known.figures, counts, least)))
            .collect();
        let mut findings = Findings::default();
        differences(known, &others, context, &mut findings);
        if known.figures.hides() {
            together(known, &others, context, &mut findings);
        }
        told.push((vec![file], findings));
    }
    told
}

fn counts(figures: &Figures) -> Counts<'_> {
    let mut counts = HashMap::new();
    for cell in &figures.cells {
        if let Shown::Count(n) = cell.shown {
            counts.entry(cell.key.as_str()).or_insert(n);
        }
    }
    counts
}

/// What two tables have in common, of cells that both show.
#[derive(Default)]
struct Shared {
    equal: usize,
    /// Lines of the first table's cells that differ by a small count.
    near: Vec<u64>,
    far: usize,
}

impl Shared {
    fn of(a: &Figures, counts: &Counts<'_>, least: u64) -> Self {
        let mut out = Self::default();
        for cell in &a.cells {
            let (Shown::Count(n), Some(other)) = (cell.shown, counts.get(cell.key.as_str())) else {
                continue;
            };
            match n.abs_diff(*other) {
                0 => out.equal += 1,
                d if d < least => out.near.push(cell.line),
                _ => out.far += 1,
            }
        }
        out
    }
}

/// The same table about a few people more or less: their number, and whose cells they were in, is the difference.
fn differences(
    known: &Known<'_>,
    others: &[(&Known<'_>, Shared)],
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let telling = |(other, shared): &&(&Known<'_>, Shared)| {
        let rounded = known.figures.rounded > 1 && other.figures.rounded > 1;
        let all = shared.equal + shared.near.len();
        // Where nothing is equal, or anything is far, it is another population.
        !rounded && shared.far == 0 && shared.equal > 0 && !shared.near.is_empty() && all >= 3
    };
    let mut at: Vec<u64> = Vec::new();
    let mut earlier = false;
    for (other, shared) in others.iter().filter(telling) {
        at.extend(&shared.near);
        earlier |= other.file.is_none();
    }
    at.sort_unstable();
    at.dedup();
    if !at.is_empty() {
        let of = if earlier {
            "an earlier release"
        } else {
            "another file of the request"
        };
        let what = format!(
            "{} that differ by fewer than {} people from the same cells of {of}: the difference is about those people",
            count_of(at.len(), "count"),
            context.rules.minimum_count
        );
        findings.amber(
            RULE,
            lines(&at),
            what,
            "give one of the two tables, or round both to the same base",
        );
    }
}

/// Hidden cells that follow from several tables and not from their own alone.
fn together(
    known: &Known<'_>,
    others: &[(&Known<'_>, Shared)],
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let same_people = |shared: &Shared| shared.far == 0 && shared.near.is_empty();
    let linked: Vec<&(&Known<'_>, Shared)> = others
        .iter()
        .filter(|(_, shared)| same_people(shared))
        .take(limits::LINKED_TABLES)
        .collect();
    if linked.is_empty() {
        return;
    }
    let alone = Followed::of(known.figures, context);
    let sure: Vec<&Figures> = linked
        .iter()
        .filter(|(_, shared)| shared.equal >= 2)
        .map(|(other, _)| other.figures)
        .collect();
    let new = |figures: &[&Figures], unsaid: bool| {
        if figures.is_empty() {
            return BTreeSet::new();
        }
        let joint = joined(known.figures, figures, unsaid);
        let followed = Followed::of(&joint, context);
        let own = known.figures.cells.len();
        let cells = followed.small.difference(&alone.small);
        cells
            .copied()
            .filter(|at| *at < own)
            .collect::<BTreeSet<usize>>()
    };
    let certain = new(&sure, false);
    // One by one: tables about others contradict each other.
    let one = |other: &Known<'_>| {
        let said = new(&[other.figures], false);
        said.into_iter().chain(new(&[other.figures], true))
    };
    let every = linked.iter().flat_map(|(other, _)| one(other));
    let perhaps: BTreeSet<usize> = every.filter(|at| !certain.contains(at)).collect();
    let fix = "withhold one further cell in one of the tables, or give one of them";
    for (cells, is_sure) in [(certain, true), (perhaps, false)] {
        let mut at: Vec<u64> = cells
            .iter()
            .filter_map(|at| known.figures.cells.get(*at).map(|c| c.line))
            .collect();
        at.dedup();
        if at.is_empty() {
            continue;
        }
        let n = count_of(cells.len(), "hidden count");
        if is_sure {
            let what = format!(
                "{n} below the minimum that follow from other tables about the same people"
            );
            findings.red(RULE, lines(&at), what, fix);
        } else {
            let what = format!(
                "{n} below the minimum that follow from other tables, if those are about the same people"
            );
            findings.amber(RULE, lines(&at), what, fix);
        }
    }
}

/// One table of the cells of several: the first one's cells first, and each cell once. What any of them shows is known. Totals that
/// none of them shows are the same only if asked: one table may leave out groups that another has.
fn joined(first: &Figures, others: &[&Figures], unsaid: bool) -> Figures {
    let mut out = Figures {
        rounded: others
            .iter()
            .map(|f| f.rounded)
            .chain([first.rounded])
            .max()
            .unwrap_or(1),
        ..Figures::default()
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    for (t, figures) in std::iter::once(&first).chain(others).enumerate() {
        let mut at_of: Vec<usize> = Vec::with_capacity(figures.cells.len());
        for cell in &figures.cells {
            let mut at = *places.entry(cell.key.clone()).or_insert(out.cells.len());
            let known = out.cells.get(at).map(|c| c.shown);
            if t > 0 && !unsaid && cell.shown == Shown::Unsaid && known == Some(Shown::Unsaid) {
                at = out.cells.len();
            }
            match out.cells.get_mut(at) {
                Some(known) => known.shown = more(known.shown, cell.shown),
                None => out.cells.push(cell.clone()),
            }
            at_of.push(at);
        }
        let place = |at: &usize| at_of.get(*at).copied().unwrap_or(0);
        out.totals.extend(figures.totals.iter().map(|total| Total {
            whole: place(&total.whole),
            parts: total.parts.iter().map(place).collect(),
            believed: total.believed,
        }));
    }
    out
}

/// What is known of a cell that two tables have.
fn more(a: Shown, b: Shown) -> Shown {
    match (a, b) {
        (Shown::Count(n), _) | (_, Shown::Count(n)) => Shown::Count(n),
        (Shown::Hidden { low, high }, Shown::Hidden { low: l, high: h }) => Shown::Hidden {
            low: low.max(l),
            high: high.into_iter().chain(h).min(),
        },
        (hidden @ Shown::Hidden { .. }, _) | (_, hidden @ Shown::Hidden { .. }) => hidden,
        (Shown::Unsaid, Shown::Unsaid) => Shown::Unsaid,
    }
}
