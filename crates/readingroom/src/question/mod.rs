//! The way of one question: who asks, what policy says, which columns exist, the answer in a process of its own, its
//! event, and only then the answer's bytes.
//!
//! The instance's lock is held while the question is prepared and while its answer is judged and recorded, not while it
//! runs: others ask, record and suspend meanwhile. So what it was prepared on is looked at again before anything
//! of it is recorded, and whoever may no longer ask gets nothing.

mod grant;
mod judge;
mod released;
mod rerun;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;

use governance::outputs::RecordQuery;
use governance::{Command, Digest, Id, Mode, Refusal};
use policy::{Access, Bundle};
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use vault::query::desk::{SchemaRef, ShownTable};
use vault::query::worker::{self, Launch};
use vault::query::{Answer, GrantedTable, QueryError, QueryLimits, Question};
use vault::release::Manifest;
use vault::sealed::Keyring;

use crate::access;
use crate::clock;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::limits::ATTEMPTS;
use crate::masks::Masks;

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
    let mut watch = judge
        .watch()
        .map_err(|e| QueryError::Fault(e.text()))?;
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

/// Everything that bounds what a question can be about, as it was when it was prepared.
struct Prepared {
    mode: Mode,
    release: Id,
    folder: PathBuf,
    manifest: Manifest,
    tables: Vec<GrantedTable>,
    /// Digest of who is masked in which table.
    masked: Digest,
    answers: BTreeMap<Id, Access>,
    bundle: Bundle,
    keyring: Keyring,
    spill: PathBuf,
    key: ProjectKey,
    limits: QueryLimits,
}

impl Prepared {
    fn of(
        instance: &mut Instance,
        asked: Asked<'_>,
        stand_ins: &RoaringBitmap,
    ) -> Result<Self, Failure> {
        let bundle = instance.bundle()?;
        let answers = access::of_project(instance, &bundle, asked.project)?;
        access::record(instance, asked.researcher, &answers)?;
        let at = clock::now()?;
        let found = governance::outputs::working_member(
            &instance.state,
            asked.project,
            asked.researcher,
            at,
        )?
        .clone();
        let (release, sealed) = match asked.release {
            Some(name) => instance.state.data.releases.get_key_value(name),
            None => instance.state.data.current_release(),
        }
        .filter(|(_, sealed)| !sealed.retired)
        .ok_or_else(grant::no_release)?;
        let (release, sealed_at, erased) =
            (release.clone(), sealed.sealed_at, sealed.erased.clone());
        let folder = instance.releases().join(release.as_str());
        let manifest = grant::load_manifest(&folder, &sealed.manifest_sha256)?;
        let mode = asked.mode.unwrap_or_else(|| access::common_mode(&answers));
        let masks = Masks::of(instance)?;
        // a class whose keys were destroyed is a class that is not there
        let mut there = answers.clone();
        there.retain(|class, _| !erased.contains(class));
        let tables = grant::granted_tables(&manifest, &found.wants, &there, mode, |classes| {
            masks.masked(classes, sealed_at) | stand_ins
        });
        if tables.is_empty() {
            return Err(grant::nothing_granted(asked.project, mode, &answers).into());
        }
        let limits = QueryLimits {
            rows: instance.config.query.rows,
            memory: instance.config.query.memory_mib << 20,
            seconds: instance.config.query.seconds,
            ..QueryLimits::default()
        };
        let keyring = grant::keyring(instance, &folder, &manifest, &tables)?;
        let spill = instance.dir.join(files::SPILL);
        files::make_dir(&spill)?;
        Ok(Self {
            keyring,
            spill,
            mode,
            release,
            folder,
            manifest,
            masked: masked_digest(&tables),
            tables,
            answers,
            bundle,
            key: ProjectKey::derive(instance.master(), asked.project.as_str()),
            limits,
        })
    }

    /// The question, for whoever runs it.
    fn question<'a>(&'a self, sql: &'a str) -> Question<'a> {
        Question {
            sql,
            mode: self.mode,
            tables: self.tables.clone(),
            manifest: &self.manifest,
            release_dir: &self.folder,
            keyring: Some(self.keyring.clone()),
            spill: Some(&self.spill),
            key: self.key.clone(),
            limits: self.limits,
        }
    }

    /// Whether a question prepared now would be about the same: the same release, columns and people.
    fn still_holds(&self, instance: &mut Instance, asked: Asked<'_>) -> Result<bool, Failure> {
        let now = Self::of(instance, asked, &RoaringBitmap::new())?;
        Ok(now.release == self.release && now.mode == self.mode && now.covers(self))
    }

    /// Whether all that another may use may be used here, and nobody is masked here who is not masked there.
    fn covers(&self, other: &Self) -> bool {
        other.tables.iter().all(|theirs| {
            self.tables.iter().any(|ours| {
                ours.name == theirs.name
                    && theirs.columns.iter().all(|c| ours.columns.contains(c))
                    && ours.masked.is_subset(&theirs.masked)
            })
        })
    }

    /// What the project must keep to in this mode.
    fn obligations(&self) -> impl Iterator<Item = &str> {
        self.answers
            .values()
            .flat_map(|a| a.obligations.iter().map(String::as_str))
    }
}

/// Digest of who is masked in which table.
fn masked_digest(tables: &[GrantedTable]) -> Digest {
    let mut bytes = Vec::new();
    for table in tables {
        bytes.extend_from_slice(table.name.as_bytes());
        bytes.push(0);
        for run in table.masked.iter() {
            bytes.extend_from_slice(&run.to_be_bytes());
        }
        bytes.extend_from_slice(&u32::MAX.to_be_bytes());
    }
    Digest::of(&bytes)
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
    let csv = answer.to_csv().into_bytes();
    let cells = contributors.as_ref().map(|kept| kept.cells);
    let contributors_sha256 = match (prepared.mode, contributors) {
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
        mode: prepared.mode,
        release: prepared.release.clone(),
        classes: grant::classes_used(&prepared.manifest, &answer),
        columns: grant::columns_used(&answer),
        sql: asked.sql.to_owned(),
        plan_sha256: Digest::try_from(answer.plan_sha256.clone())
            .map_err(|e| Failure::fault("the plan's digest", e))?,
        answer_sha256: Digest::of(&csv),
        rows: answer.rows,
        withheld_rows: answer.withheld_rows,
        withheld_cells: answer.withheld_cells,
        cells,
        policy_sha256: prepared.bundle.sha256().clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        masked_sha256: prepared.masked.clone(),
        contributors_sha256,
    };
    let given = instance.give_program(asked.researcher, &Command::from(record))?;
    Ok(Answered {
        id: id.clone(),
        answer,
        csv,
        entry: given.first,
        mode: prepared.mode,
        release: prepared.release.clone(),
    })
}

/// The granted tables of a project, for whoever may work in it.
pub fn catalogue(
    instance: &mut Instance,
    project: &Id,
    researcher: &Id,
) -> Result<Vec<ShownTable>, Failure> {
    let prepared = Prepared::of(
        instance,
        looking(project, researcher, ""),
        &RoaringBitmap::new(),
    )?;
    let mut shown = Vec::new();
    for granted in &prepared.tables {
        if let Some(entry) = prepared.manifest.tables.get(&granted.name) {
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
    let prepared = Prepared::of(
        instance,
        looking(project, researcher, sql),
        &RoaringBitmap::new(),
    )?;
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
    let hex: String = random.iter().take(8).map(|b| format!("{b:02x}")).collect();
    Id::new(format!("q-{hex}")).map_err(|e| Failure::fault("an id for the question", e))
}
