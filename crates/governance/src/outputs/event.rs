//! What happens to questions and outputs, as it stands in the log.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    CheckOutcome, ConfirmDeletion, Engine, Flag, OutputFile, RecordRefusal, ReviewQuestions,
    Verdict, WithdrawOutput,
};
use crate::ids::{Digest, Id};
use crate::mode::Mode;

/// A version of a request, as it was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the command's documented fields, and what was derived from them
pub struct Submitted {
    pub id: Id,
    pub project: Id,
    /// From 1; a request that was returned has more than one.
    pub version: u32,
    pub purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
    pub files: BTreeMap<String, OutputFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// Worst of its files, and amber if anything is flagged.
    pub colour: Verdict,
    /// What makes the request as a whole worth a person's look.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<Flag>,
}

/// What happened to outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs)] // each variant carries its command's documented fields
pub enum OutputEvent {
    #[serde(rename = "query.answered")]
    QueryAnswered {
        question: Id,
        project: Id,
        researcher: Id,
        mode: Mode,
        release: Id,
        classes: BTreeSet<Id>,
        columns: BTreeSet<String>,
        plan_sha256: Digest,
        /// Only of an aggregate answer; of rows it is private, for whoever could guess them could confirm the guess.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_sha256: Option<Digest>,
        /// As [`Self::QueryAnswered::answer_sha256`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rows: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        withheld_rows: Option<u64>,
        withheld_cells: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cells: Option<u64>,
        policy_sha256: Digest,
        program: String,
    },
    #[serde(rename = "questions.reviewed")]
    QuestionsReviewed(ReviewQuestions),
    #[serde(rename = "command.refused")]
    CommandRefused(RecordRefusal),
    #[serde(rename = "output.submitted")]
    OutputSubmitted(Box<Submitted>),
    /// Conclusion and reasons are private values of this event.
    #[serde(rename = "output.reviewed")]
    OutputReviewed { output: Id, version: u32 },
    #[serde(rename = "output.opened")]
    OutputOpened {
        output: Id,
        version: u32,
        outcomes: BTreeMap<Id, CheckOutcome>,
    },
    /// The comments are a private value of this event.
    #[serde(rename = "output.returned")]
    OutputReturned { output: Id, version: u32 },
    #[serde(rename = "output.released")]
    OutputReleased {
        output: Id,
        project: Id,
        version: u32,
        files: BTreeMap<String, Digest>,
        /// Whether no person looked at it: it was green, and the custodian lets green leave by itself.
        automatic: bool,
    },
    #[serde(rename = "output.downloaded")]
    OutputDownloaded { output: Id, version: u32 },
    #[serde(rename = "output.withdrawn")]
    OutputWithdrawn(WithdrawOutput),
    /// The reasons are a private value of this event.
    #[serde(rename = "output.recalled")]
    OutputRecalled { output: Id, had_it: BTreeSet<Id> },
    #[serde(rename = "output.deleted")]
    OutputDeleted(ConfirmDeletion),
}
