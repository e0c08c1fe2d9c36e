//! Governed questions: only what is granted exists, masked people are absent, and in aggregate mode no number of fewer than
//! ten people is shown.
//!
//! Four fences stand one behind another, each closed unless something is known to be harmless:
//! 1. the gate ([`sql`], [`aggregate`]) reads the text and builds a new syntax tree from reviewed parts only;
//! 2. the session ([`engine::session`]) has a catalogue of granted and mentioned columns and the reviewed functions;
//! 3. the scan ([`engine::scan`]) drops masked people and turns indices into pseudonyms below every expression;
//! 4. the plan is checked again ([`engine::rules`]) before a row is read, and in aggregate mode its groups pass through
//!    disclosure control ([`control`]) before anything else may look at them.
//!
//! Must never: name what is not granted, show an engine's error, write to disk, or let an answer depend on a masked
//! person.

use std::path::Path;
use std::sync::{Arc, mpsc};

use governance::{Mode, Refusal};
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;

use crate::limits;
use crate::release::Manifest;
use crate::sealed::Keyring;

mod aggregate;
mod answer;
pub mod bench;
mod control;
mod describe;
pub mod desk;
mod engine;
mod forms;
mod judge;
mod no;
pub mod params;
pub mod queue;
mod sql;
mod work;
pub mod worker;

pub use answer::{Answer, Column};
pub use describe::describe;
pub use judge::{Judge, JudgeStop, Named, Threshold};

use engine::rules::Used;
use work::{Said, Work, joined, to_its_end};

/// The participant column as a question sees it: the project's pseudonym, text of 26 characters.
pub const EID: &str = "eid";

/// A table that a project may use in one question.
#[derive(Debug, Clone)]
pub struct GrantedTable {
    /// Name of the table in the release.
    pub name: String,
    /// Columns that are granted; `eid` always is, and need not be listed.
    pub columns: Vec<String>,
    /// Internal indices of people who are absent from this table: withdrawn, or without consent for its class.
    pub masked: Arc<RoaringBitmap>,
}

/// What one question may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows of the answer.
    pub rows: u64,
    /// Bytes of the answer's values.
    pub bytes: u64,
    /// Bytes that the engine may reserve for joins, groups and sorting.
    pub memory: usize,
    /// Seconds from start to end.
    pub seconds: u64,
}

impl Default for QueryLimits {
    /// An answer that a person can work with, on a machine of 24 GB that serves several questions at once.
    fn default() -> Self {
        Self {
            rows: 100_000,
            bytes: 64 << 20,
            memory: 2 << 30,
            seconds: 120,
        }
    }
}

/// A question: its text, and everything that bounds what it can be about.
#[derive(Debug)]
pub struct Question<'a> {
    /// One SELECT, in PostgreSQL's dialect.
    pub sql: &'a str,
    /// [`Mode::Aggregate`] or [`Mode::Enclave`].
    pub mode: Mode,
    /// Everything that exists for this question.
    pub tables: Vec<GrantedTable>,
    /// The release that is asked.
    pub manifest: &'a Manifest,
    /// The folder in which the release's files are.
    pub release_dir: &'a Path,
    /// The keys under which its files are sealed; none for a release in the clear.
    pub keyring: Option<Keyring>,
    /// Where rows may be put, sealed, that do not fit in memory; none for nowhere.
    pub spill: Option<&'a Path>,
    /// Makes the project's pseudonyms.
    pub key: ProjectKey,
    /// What it may use.
    pub limits: QueryLimits,
}

/// The two kinds of no.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Expected, with a rule and a way on; may be shown.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The question must be asked again with these people masked too (see [`JudgeStop::Again`]).
    #[error("the question is asked again with more people masked")]
    Again(RoaringBitmap),
    /// A bug or an outage; to be logged, not shown. Never holds a value of the data.
    #[error("the question could not be answered: {0}")]
    Fault(String),
}

/// Answers a question under the rules for one table alone ([`Threshold`]). Blocks until done.
///
/// # Errors
/// As [`ask_judged`].
pub fn ask(question: Question<'_>) -> Result<Answer, QueryError> {
    ask_judged(question, &mut Threshold::default())
}

/// Answers a question, or says why not; in aggregate mode `judge` says what may be shown. Blocks until done; may be
/// called from any thread.
///
/// # Errors
/// [`QueryError::Refusal`] for everything that the question can do something about, [`QueryError::Again`] if the judge says
/// so, [`QueryError::Fault`] for the rest.
pub fn ask_judged(question: Question<'_>, judge: &mut dyn Judge) -> Result<Answer, QueryError> {
    if !matches!(question.mode, Mode::Aggregate | Mode::Enclave) {
        return Err(no::mode_closed(question.mode).into());
    }
    let (say, said) = mpsc::channel();
    let work = Work::of(question, say)?;
    let (seconds, meter) = (work.seconds(), Arc::clone(&work.meter));
    let done = std::thread::scope(|scope| {
        let answering = scope.spawn(move || to_its_end(seconds, work.answer()));
        loop {
            match said.recv_timeout(limits::PROGRESS) {
                Ok(Said::Planned(used)) => judge.planned(&used),
                Ok(Said::Table(table, named, reply)) => {
                    // whoever asked may have run out of time
                    let _ = reply.send(judge.judge(*table, named));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => judge.progress(meter.share()),
                // the work is done and its sender gone
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        answering.join()
    });
    joined(done)
}

/// Granted columns that a question read, by table.
pub type ColumnsRead = Used;
