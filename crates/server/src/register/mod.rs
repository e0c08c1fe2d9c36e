//! The public register as data: a pure function of the log.
//!
//! Every fact carries the number of the ledger entry it comes from. The same log gives the same bytes
//! ([`Register::canonical`]), so a verifier re-derives `register.json` and compares. It must never hold a
//! private value; it cannot, because envelopes hold only their digests. Texts that were not written for the
//! register (goals, methods, statements of reasons other than the decision's) stay in the ledger.

mod count;
mod fold;
mod lines;

use std::collections::{BTreeMap, BTreeSet};

use governance::data::WithdrawalLevel;
use governance::ledger::{BadLeaf, canonical_of};
use governance::outputs::CheckOutcome;
use governance::projects::{ReviewOutcome, Standing};
use governance::settings::Policies;
use governance::{Digest, Envelope, Id, Mode, State, Territory, Time, Window};
use serde::Serialize;

pub use count::{Counts, TerritoryCount};
pub use fold::RegisterFold;

/// Name and version of the JSON form.
pub const FORMAT: &str = "reading-room-register/1";

/// Why a register cannot be made. A fault: the caller's entries and state do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The entries are not the whole log in order.
    #[error("expected ledger entry {expected}, found entry {found}: give the whole log in order")]
    Gap {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The state was folded from another log.
    #[error("expected a state of {entries} entries, found one of {state}")]
    OtherState {
        /// Entries given.
        entries: u64,
        /// Entries folded into the state.
        state: u64,
    },
    /// A project names somebody or some institution that was never registered.
    #[error(
        "the application of ledger entry {entry} names an institution or researcher that is not registered"
    )]
    UnknownInstitution {
        /// Ledger entry of the application.
        entry: u64,
    },
    /// A number that canonical JSON cannot hold.
    #[error(transparent)]
    Json(#[from] BadLeaf),
}

/// The public register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Register {
    /// [`FORMAT`].
    pub format: &'static str,
    /// Name of the custodian; empty before founding.
    pub custodian: String,
    /// The log it was made from.
    pub log: LogHead,
    /// Policies in force.
    pub policies: Option<Policies>,
    /// Directions, in the order they were issued.
    pub directions: Vec<DirectionLine>,
    /// Releases of the data, in the order they were sealed.
    pub releases: Vec<ReleaseLine>,
    /// Recorded withdrawals: when and how far, never who.
    pub withdrawals: Vec<WithdrawalLine>,
    /// Figures.
    pub counts: Counts,
    /// Projects by name.
    pub projects: BTreeMap<Id, ProjectRecord>,
    /// One line for each ledger entry, for the ledger pages. Not part of the JSON: the ledger is
    /// published beside it.
    #[serde(skip)]
    pub lines: Vec<Line>,
}

/// The log from which a register was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogHead {
    /// Origin, as in its checkpoints.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Digest of the state that all entries together give ([`State::digest`]).
    pub state_sha256: Digest,
    /// Time of the newest entry: the register speaks of that instant.
    pub as_of: Option<Time>,
}

/// Where a direction stands at [`LogHead::as_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InForce {
    /// Its time has not come.
    NotBegun,
    /// In force.
    InForce,
    /// Its time is over.
    Ended,
}

/// A direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DirectionLine {
    /// Short name.
    pub id: Id,
    /// Class of data.
    pub class: Id,
    /// Title of the instrument.
    pub instrument: String,
    /// When.
    pub window: Window,
    /// Where it stands.
    pub standing: InForce,
    /// Ledger entry.
    pub entry: u64,
}

/// A release of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseLine {
    /// Name.
    pub name: Id,
    /// Participants.
    pub participants: u32,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Digest of its manifest.
    pub manifest_sha256: Digest,
    /// When it was sealed.
    pub sealed_at: Time,
    /// Whether it was taken out of use.
    pub retired: bool,
    /// Ledger entry.
    pub entry: u64,
}

/// A recorded withdrawal of one or more participants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithdrawalLine {
    /// How far.
    pub level: WithdrawalLevel,
    /// When.
    pub at: Time,
    /// Ledger entry.
    pub entry: u64,
}

/// An institution of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstitutionLine {
    /// Short name.
    pub id: Id,
    /// Full name.
    pub name: String,
    /// Where it is registered.
    pub territory: Territory,
    /// Its researchers in this project, by short name only.
    pub researchers: BTreeSet<Id>,
    /// Ledger entry of its registration.
    pub entry: u64,
}

/// An application and the project it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProjectRecord {
    /// Short name.
    pub id: Id,
    /// Title.
    pub title: String,
    /// What it is for, for everybody to read.
    pub lay_summary: String,
    /// The lead researcher's institution.
    pub lead: InstitutionLine,
    /// Institutions of collaborators, without the lead's.
    pub partners: Vec<InstitutionLine>,
    /// Territories in which people work on it.
    pub places: BTreeSet<Territory>,
    /// Where it stands.
    pub standing: Standing,
    /// Whether it may work at all at [`LogHead::as_of`]: active, and every agreement in force.
    pub live: bool,
    /// When it started.
    pub started: Option<Time>,
    /// When its first agreement ends.
    pub ends: Option<Time>,
    /// Classes of data: what was asked, what is open.
    pub classes: BTreeMap<Id, ClassLine>,
    /// How it was authorised, step by step.
    pub authorised: Vec<Step>,
    /// What changed since: amendments, suspensions, its end.
    pub changes: Vec<Step>,
    /// Answered questions.
    pub questions: Questions,
    /// Refused commands by the refusal's code.
    pub refusals: BTreeMap<String, u64>,
    /// Requests for files to leave.
    pub outputs: Vec<OutputLine>,
    /// Ledger entry of the application.
    pub entry: u64,
    /// Ledger entries of all that happened to it, newest 500, oldest first.
    pub history: Vec<u64>,
    /// Number of ledger entries of all that happened to it.
    pub history_count: u64,
}

/// A class of data in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassLine {
    /// Highest mode asked for.
    pub asked: Mode,
    /// Columns and tables named in the request; `*` is the whole class.
    pub fields: BTreeSet<String>,
    /// Ledger entry of the application or amendment that asks.
    pub asked_entry: u64,
    /// What policy answered last; `None` before it was asked.
    pub access: Option<AccessLine>,
}

/// What policy answered last about a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessLine {
    /// Highest mode open.
    pub mode: Mode,
    /// Whether a person must decide about more.
    pub refer: bool,
    /// Requirements that were not met.
    pub failed_gates: BTreeSet<String>,
    /// Policy version.
    pub policy_sha256: Digest,
    /// Until when the answer holds unless something changes.
    pub valid_until: Option<Time>,
    /// When.
    pub at: Time,
    /// Ledger entry.
    pub entry: u64,
}

/// Something that was done about a project, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Ledger entry.
    pub entry: u64,
    /// When.
    pub at: Time,
    /// Short name of who did it.
    pub by: Id,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
#[allow(missing_docs)] // the fields of governance's events of the same names
pub enum What {
    Application,
    ScientificReview {
        outcome: ReviewOutcome,
    },
    EthicalReview {
        outcome: ReviewOutcome,
    },
    Decision {
        approved: bool,
        reasons: String,
    },
    Agreement {
        institution: Id,
        version: String,
        window: Window,
    },
    Fee,
    Start,
    Amendment {
        asks: BTreeMap<Id, Mode>,
        agreed_by: Id,
    },
    Suspension,
    Resumption {
        agreed_by: Id,
    },
    Expiry,
    Closing,
}

/// Answered questions of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Questions {
    /// How many, by mode.
    pub count: BTreeMap<Mode, u64>,
    /// The newest, at most 500, oldest first.
    pub newest: Vec<Question>,
}

impl Questions {
    /// All answered questions.
    pub fn total(&self) -> u64 {
        self.count.values().sum()
    }
}

/// An answered question. Its text is private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Ledger entry.
    pub entry: u64,
    /// When.
    pub at: Time,
    /// Short name of who asked.
    pub researcher: Id,
    /// Mode of the answer.
    pub mode: Mode,
    /// Release it ran on.
    pub release: Id,
    /// Classes of data it touched.
    pub classes: BTreeSet<Id>,
    /// Number of columns it touched.
    pub columns: u64,
    /// Rows of the answer; only of an aggregate answer.
    pub rows: Option<u64>,
    /// Groups left out because too few people stand behind them, where that may be told.
    pub withheld_rows: Option<u64>,
    /// Cells withheld because too few people stand behind them.
    pub withheld_cells: u64,
    /// Digest of the answer as CSV; only of an aggregate answer.
    pub answer_sha256: Option<Digest>,
    /// Policy version.
    pub policy_sha256: Digest,
}

/// A request for files to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputLine {
    /// Short name.
    pub id: Id,
    /// Where it stands.
    pub standing: governance::outputs::OutputStanding,
    /// Files that left, by name. Files that did not leave are not listed.
    pub files: BTreeMap<String, FileLine>,
    /// Checks, in order.
    pub checks: Vec<CheckLine>,
    /// Ledger entry of the request.
    pub entry: u64,
    /// When it left.
    pub released_at: Option<Time>,
    /// Ledger entry of the release.
    pub released_entry: Option<u64>,
    /// Whether it left without a person's look: it was green, and the custodian lets green leave by itself.
    pub automatic: bool,
    /// Ledger entry of the recall, if it was called back.
    pub recalled_entry: Option<u64>,
}

/// A file that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLine {
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Size in bytes.
    pub bytes: u64,
}

/// A check of an output by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// Short name of the checker.
    pub checker: Id,
    /// Conclusion; none while it is sealed.
    pub outcome: Option<CheckOutcome>,
    /// Ledger entry.
    pub entry: u64,
}

/// One ledger entry in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Number.
    pub entry: u64,
    /// When.
    pub at: Time,
    /// Short name of who.
    pub by: Id,
    /// What they are, in words: roles at that time, or researcher.
    pub role: String,
    /// What happened, in words.
    pub words: String,
    /// The project it belongs to.
    pub project: Option<Id>,
}

impl Register {
    /// Makes the register from the whole log and the state it gives. Both come from the caller, who has
    /// replayed the log anyway.
    ///
    /// # Errors
    /// [`RegisterError`] when entries are missing or out of order, or the state is another log's.
    pub fn from_log(entries: &[(u64, Envelope)], state: &State) -> Result<Self, RegisterError> {
        let mut fold = RegisterFold::new();
        for (entry, envelope) in entries {
            fold.push(*entry, envelope)?;
        }
        fold.finish(state)
    }

    /// The bytes of `register.json`: RFC 8785.
    ///
    /// # Errors
    /// [`RegisterError::Json`] for a number beyond 2^53.
    pub fn canonical(&self) -> Result<Vec<u8>, RegisterError> {
        Ok(canonical_of(self)?)
    }
}

impl ProjectRecord {
    /// The bytes of `projects/ID.json`: RFC 8785.
    ///
    /// # Errors
    /// [`RegisterError::Json`] for a number beyond 2^53.
    pub fn canonical(&self) -> Result<Vec<u8>, RegisterError> {
        Ok(canonical_of(self)?)
    }
}
