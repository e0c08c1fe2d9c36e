//! The way of one question: who asks, what policy says, which columns exist, the answer in a process of its own, its
//! event, and only then the answer's bytes.
//!
//! The instance's lock is held while the question is prepared and while its answer is judged and recorded, not while it
//! runs: others ask, record and suspend meanwhile. So what it was prepared on is looked at again before anything
//! of it is recorded, and whoever may no longer ask gets nothing.

mod grant;
mod judge;
mod marks;
mod prepared;
mod released;
mod rerun;
mod watch;

use governance::outputs::RecordQuery;
use governance::{Command, Digest, Id, Mode, Refusal};
use roaring::RoaringBitmap;
use vault::query::desk::{SchemaRef, ShownTable};
use vault::query::worker::{self, Launch};
use vault::query::{Answer, QueryError};

use crate::clock;
use crate::failure::Failure;
use crate::files::hex;
use crate::instance::Instance;
use crate::limits::ATTEMPTS;
use prepared::{Prepared, Scope};

pub use rerun::{Rerun, rerun};
pub use watch::{Caller, Nobody};

/// An answer and its ledger number.
pub struct Answered {
    /// Id of the question, by which it can be asked again.
    pub id: Id,
    /// The answer.
    pub answer: Answer,
    /// Its bytes as CSV: those whose digest stands in the ledger.
    pub csv: Vec<u8>,
    /// Ledger number of the question.
    pub entry: u64,
    /// Mode in which it was answered.
    pub mode: Mode,
    /// Release it ran on.
    pub release: Id,
}

/// A question as it is put.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// For which project.
    pub project: &'a Id,
    /// By whom.
    pub researcher: &'a Id,
    /// The token it came with, if it came with one: the question ends when the token does.
    pub token: Option<&'a Id>,
    /// In which mode; without it the highest that every granted class allows.
    pub mode: Option<Mode>,
    /// On which release; without it the one in use.
    pub release: Option<&'a Id>,
    /// The text.
    pub sql: &'a str,
}

/// Asks a question for a project. The answer is returned only after its event is durable. `caller` is told how far the
/// question is, and says whether anybody still waits for it.
pub fn put(
    instance: &mut Instance,
    asked: Asked<'_>,
    caller: &mut dyn Caller,
) -> Result<Answered, Failure> {
    let done = answer(instance, asked, caller);
    // whatever happened, from here on the log is written to
    instance.resume()?;
    match done {
        Err(Failure::Refused(refusal)) => {
            Err(instance.refused(asked.researcher, "query", Some(asked.project), *refusal))
        }
        Err(Failure::Fault(text)) => {
            let fault = Refusal::new(
                "fault",
                "faults-are-recorded",
                "the question ended in a fault",
                "tell the operator",
            );
            match instance.refused(asked.researcher, "query", Some(asked.project), fault) {
                Failure::Refused(_) => Err(Failure::Fault(text)),
                other => Err(other),
            }
        }
        other => other,
    }
}

fn answer(
    instance: &mut Instance,
    asked: Asked<'_>,
    caller: &mut dyn Caller,
) -> Result<Answered, Failure> {
    let id = new_id()?;
    let mut stand_ins = RoaringBitmap::new();
    for _ in 0..ATTEMPTS {
        let prepared = Prepared::of(instance, asked, &stand_ins)?;
        let mut judge = judge::Ledgered::new(instance, asked, &prepared, &stand_ins, &id);
        let ran = run(&prepared, asked, &mut judge, caller);
        let contributors = judge.finish();
        match ran {
            Ok(answer) => {
                instance.resume()?;
                if prepared.still_holds(instance, asked)? {
                    return record(instance, asked, &prepared, &id, answer, contributors);
                }
            }
            Err(QueryError::Again(people)) => {
                instance.resume()?;
                stand_ins |= people;
            }
            Err(QueryError::Refusal(refusal)) => return Err(refusal.into()),
            Err(QueryError::Fault(text)) => {
                return Err(Failure::fault("answering the question", text));
            }
        }
    }
    Err(Refusal::new(
        "data-changed",
        "no-stale-answers",
        "consents, withdrawals or releases changed while the question was running, each time it was tried",
        "ask again later",
    )
    .into())
}

/// Runs a prepared question in a worker. The instance is not locked until the judge, or whoever records, locks it.
fn run(
    prepared: &Prepared,
    asked: Asked<'_>,
    judge: &mut judge::Ledgered<'_>,
    caller: &mut dyn Caller,
) -> Result<Answer, QueryError> {
    let launch = launch().map_err(|e| QueryError::Fault(e.to_string()))?;
    let mut watch = judge.watch().map_err(|e| QueryError::Fault(e.text()))?;
    worker::ask(&launch, prepared.question(asked.sql), judge, &mut |seen| {
        watch.look(seen, caller)
    })
}

/// This program, as a worker.
fn launch() -> std::io::Result<Launch> {
    Ok(Launch {
        program: std::env::current_exe()?,
        arguments: vec!["worker".to_owned()],
    })
}

/// Records the answer; what it shows is durable in the log before anybody sees it.
fn record(
    instance: &mut Instance,
    asked: Asked<'_>,
    prepared: &Prepared,
    id: &Id,
    answer: Answer,
    contributors: Option<released::Kept>,
) -> Result<Answered, Failure> {
    let csv = match prepared.scope.mode {
        Mode::Transfer => marks::marked(instance.master(), asked, &answer.to_csv())?,
        _ => answer.to_csv(),
    }
    .into_bytes();
    let cells = contributors.as_ref().map(|kept| kept.cells);
    let contributors_sha256 = match (prepared.scope.mode, contributors) {
        (Mode::Aggregate, Some(kept)) => Some(kept.write(instance)?),
        (Mode::Aggregate, None) => {
            return Err(Failure::Fault(
                "an aggregate answer was not judged".to_owned(),
            ));
        }
        _ => None,
    };
    let record = RecordQuery {
        question: id.clone(),
        project: asked.project.clone(),
        researcher: asked.researcher.clone(),
        mode: prepared.scope.mode,
        release: prepared.scope.release.clone(),
        classes: grant::classes_used(&prepared.scope.manifest, &answer),
        columns: grant::columns_used(&answer),
        sql: asked.sql.to_owned(),
        plan_sha256: Digest::try_from(answer.plan_sha256.clone())
            .map_err(|e| Failure::fault("the plan's digest", e))?,
        answer_sha256: Digest::of(&csv),
        rows: answer.rows,
        withheld_rows: answer.withheld_rows,
        withheld_cells: answer.withheld_cells,
        cells,
        policy_sha256: prepared.scope.bundle.sha256().clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        masked_sha256: prepared.scope.masked_sha256(),
        contributors_sha256,
    };
    let given = instance.give_program(asked.researcher, &Command::from(record))?;
    Ok(Answered {
        id: id.clone(),
        answer,
        csv,
        entry: given.first,
        mode: prepared.scope.mode,
        release: prepared.scope.release.clone(),
    })
}

/// The granted tables of a project, for whoever may work in it. Nothing is recorded, and no key is opened.
pub fn catalogue(
    instance: &Instance,
    project: &Id,
    researcher: &Id,
) -> Result<Vec<ShownTable>, Failure> {
    let scope = Scope::looked_at(instance, looking(project, researcher, ""))?;
    let mut shown = Vec::new();
    for granted in &scope.tables {
        if let Some(entry) = scope.manifest.tables.get(&granted.name) {
            shown.push(ShownTable::of(granted, entry));
        }
    }
    Ok(shown)
}

/// The schema that an answer would have. Nothing is run and nothing is recorded.
pub fn describe(
    instance: &mut Instance,
    project: &Id,
    researcher: &Id,
    sql: &str,
) -> Result<Result<SchemaRef, QueryError>, Failure> {
    let asked = looking(project, researcher, sql);
    let scope = Scope::looked_at(instance, asked)?;
    let prepared = Prepared::within(instance, asked, scope)?;
    instance.pause()?;
    Ok(vault::query::describe(prepared.question(sql)))
}

/// Somebody who looks and does not ask.
fn looking<'a>(project: &'a Id, researcher: &'a Id, sql: &'a str) -> Asked<'a> {
    Asked {
        project,
        researcher,
        token: None,
        mode: None,
        release: None,
        sql,
    }
}

/// A new id: `q-` and 16 random hex digits, which no two questions share.
fn new_id() -> Result<Id, Failure> {
    let random = clock::random()?;
    let digits = hex(random.get(..8).unwrap_or_default());
    Id::new(format!("q-{digits}")).map_err(|e| Failure::fault("an id for the question", e))
}
