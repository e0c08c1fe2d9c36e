//! Keeps the sets of people behind every aggregate answer, and compares a new one with all of them, of every project.
//!
//! The sets stand in `data/released/QUESTION.sets`, sealed under a key that is derived from the master key; the ledger
//! holds their salted digest. A file that is missing or another one stops every aggregate question: what cannot be
//! compared is not shown.

use governance::{Digest, Id, Mode, Refusal};
use privacy::released::budget::{Budget, Exhausted, Spent};
use privacy::released::{Chooser, Earlier, Options, Outcome, Recode, ReleasedTable, Rule};
use privacy::sdc::{RecordKeys, Table, Treatment, Verdicts};
use roaring::RoaringBitmap;
use vault::query::Named;

use super::Asked;
use super::judge::Stop;
use crate::clock;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::keys::{self, Use};
use crate::masks::{Masks, private};

/// The sets of people behind one answer, to be kept with it.
pub struct Kept {
    question: Id,
    bytes: Vec<u8>,
    /// Numbers that are shown.
    pub cells: u64,
}

impl Kept {
    /// Writes the sets, durably, and gives their digest for the ledger.
    pub fn write(&self, instance: &Instance) -> Result<Digest, Failure> {
        let dir = instance.dir.join(files::RELEASED);
        files::make_dir(&dir)?;
        let name = file_name(&self.question);
        let sealed = keys::seal(instance.master(), Use::Released, &name, &self.bytes)?;
        files::write_durably(&dir.join(name), &sealed)?;
        Ok(Digest::of(&self.bytes))
    }
}

fn file_name(question: &Id) -> String {
    format!("{question}.sets")
}

/// Refuses if the project has used up what it may ask for, or what it may be refused.
pub fn allowed(instance: &Instance, project: &Id, cells: u64) -> Result<(), Failure> {
    let outputs = &instance.state.outputs;
    let answered = outputs
        .queries
        .values()
        .filter(|q| q.project == *project && q.mode == Mode::Aggregate)
        .map(|q| Spent {
            at: q.at.unix(),
            cells: q.cells,
            refused: false,
        });
    let refused = outputs.differences.get(project).into_iter().flatten();
    let refused = refused.map(|at| Spent {
        at: at.unix(),
        cells: 0,
        refused: true,
    });
    let spent: Vec<Spent> = answered.chain(refused).collect();
    let now = clock::now()?.unix();
    Budget::default()
        .check(&spent, now, None, cells)
        .map_err(|why| exhausted(project, why).into())
}

fn exhausted(project: &Id, why: Exhausted) -> Refusal {
    let budget = Budget::default();
    let days = budget.window / 86_400;
    match why {
        Exhausted::Tables => Refusal::new(
            "budget-tables",
            "budget",
            format!(
                "project `{project}` was answered {} aggregate questions within {days} days, which is all it may ask",
                budget.tables
            ),
            "ask later, or ask the custodian for a larger budget",
        ),
        Exhausted::Cells => Refusal::new(
            "budget-cells",
            "budget",
            format!(
                "project `{project}` would be shown more than {} numbers within {days} days, which is all it may see",
                budget.cells
            ),
            "group more coarsely, or ask later",
        ),
        Exhausted::Refusals => Refusal::new(
            "budget-refusals",
            "budget",
            format!(
                "more than {} questions of project `{project}` were refused because they differ from earlier ones by few people",
                budget.refusals
            ),
            "an output checker looks at them first (`readingroom do questions.review`)",
        ),
    }
}

/// Keys of noise: the same for every project, so that the same people always carry the same noise.
pub fn record_keys(instance: &Instance) -> RecordKeys {
    RecordKeys::derive(&keys::derive(instance.master(), Use::RecordKeys))
}

/// A table that asks to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Proposed<'a> {
    /// Its sets of people.
    pub table: &'a Table,
    /// What belongs to it.
    pub named: &'a Named,
    /// How its counts were treated.
    pub treatment: Treatment,
    /// Who is left out of it beside those who withdrew.
    pub stand_ins: &'a RoaringBitmap,
    /// Its question.
    pub question: &'a Id,
}

/// Compares a judged table with everything that was shown before. Counts that must agree with earlier ones are put into the
/// verdicts.
pub fn compare(
    instance: &Instance,
    asked: Asked<'_>,
    proposed: Proposed<'_>,
    verdicts: &mut Verdicts,
) -> Result<Kept, Stop> {
    let Proposed {
        table,
        named,
        treatment,
        stand_ins,
        question,
    } = proposed;

    let withdrawn = Masks::of(instance)?.withdrawn().clone();
    let mut new = ReleasedTable::new(
        table,
        verdicts,
        &named.families,
        withdrawn,
        stand_ins.clone(),
    )
    .meaning(table, &named.meaning);
    allowed(instance, asked.project, new.numbers())?;
    let chooser = Chooser::derive(&keys::derive(instance.master(), Use::StandIns));
    let options = Options {
        table: Some(table),
        treatment,
        ..Options::new(&chooser)
    };
    let earlier = earlier(instance, asked.project)?;
    match privacy::released::compare(&new, earlier, &options) {
        Outcome::Fine { settled } => {
            new.settle(verdicts, &settled);
            Ok(Kept {
                question: question.clone(),
                cells: new.numbers(),
                bytes: new.to_bytes(),
            })
        }
        Outcome::StandIns(people) => Err(Stop::Again(people)),
        Outcome::Refuse { rule, recode } => Err(refusal(rule, recode).into()),
    }
}

/// The sets of people behind every aggregate answer so far.
fn earlier(instance: &Instance, project: &Id) -> Result<Vec<Earlier>, Failure> {
    let mut tables = Vec::new();
    let aggregate = |q: &&governance::outputs::Query| q.mode == Mode::Aggregate;
    for (entry, query) in &instance.state.outputs.queries {
        if !aggregate(&query) {
            continue;
        }
        let name = file_name(&query.question);
        let path = instance.dir.join(files::RELEASED).join(&name);
        let sealed = std::fs::read(&path).map_err(|_| unreadable(*entry))?;
        let bytes = keys::open(instance.master(), Use::Released, &name, &sealed)
            .map_err(|_| unreadable(*entry))?;
        let known = private(instance, *entry, "contributors_sha256")?;
        if known.as_str() != Some(Digest::of(&bytes).as_str()) {
            return Err(unreadable(*entry));
        }
        let table = ReleasedTable::from_bytes(&bytes).map_err(|_| unreadable(*entry))?;
        tables.push(Earlier {
            table,
            own: query.project == *project,
        });
    }
    Ok(tables)
}

fn unreadable(entry: u64) -> Failure {
    Refusal::new(
        "released-unreadable",
        "missing-facts-never-open",
        format!("the sets of people behind the answer of ledger entry {entry} are missing or are not those that were kept"),
        "restore `data/released` from backup; no aggregate question is answered until then",
    )
    .into()
}

/// The refusal of a difference. It tells neither how many people differ nor who asked before.
fn refusal(rule: Rule, recode: Option<Recode>) -> Refusal {
    let fix = match recode {
        Some(Recode::DropKey { key, .. }) => {
            format!("leave out the {} group key, and it can be shown", nth(key))
        }
        Some(Recode::MergeValues { key, values, .. }) => {
            let values: Vec<String> = values
                .into_iter()
                .map(|v| v.map_or_else(|| "NULL".to_owned(), |v| format!("'{v}'")))
                .collect();
            format!(
                "put the values {} of the {} group key together, and it can be shown",
                values.join(" and "),
                nth(key)
            )
        }
        None => "group more coarsely, or leave out the condition that singles them out".to_owned(),
    };
    let (code, reason) = match rule {
        Rule::Difference => (
            "difference",
            "together with what was shown before it would tell something about fewer than ten people",
        ),
        Rule::TooManyAboutThem => (
            "difference-many",
            "so much was shown about the same people that more would tell about single ones",
        ),
        Rule::PopulationAskedTooOften => (
            "difference-often",
            "the project was shown as many tables about these people as it may be",
        ),
        Rule::TooEntangled => (
            "difference-entangled",
            "it overlaps with what was shown before in more ways than can be examined",
        ),
        Rule::WaitsForMoreChange => (
            "difference-waits",
            "fewer than ten people have changed since a similar answer; it waits until more have",
        ),
    };
    Refusal::new(code, governance::outputs::DIFFERENCE_RULE, reason, fix)
}

fn nth(key: usize) -> &'static str {
    match key {
        0 => "first",
        1 => "second",
        2 => "third",
        3 => "fourth",
        _ => "last",
    }
}
