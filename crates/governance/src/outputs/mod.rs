//! Safe Outputs: questions that were answered or refused, and files that asked to leave.
//!
//! Nothing leaves without a release event that holds its digest, and nobody checks their own output.

mod decide;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Id};
use crate::mode::Mode;

pub(crate) use decide::decide;
pub use decide::{CHECKERS, working_member};
pub use state::{DIFFERENCE_RULE, Output, OutputReviewRecord, OutputStanding, Outputs, Query};

/// Records a question that was answered. Issued by `readingroom query` before the answer is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordQuery {
    /// Id of the question, by which it can be asked again.
    pub question: Id,
    /// Project.
    pub project: Id,
    /// Who asked.
    pub researcher: Id,
    /// Mode of the answer.
    pub mode: Mode,
    /// Release it ran on.
    pub release: Id,
    /// Classes of data it touched.
    pub classes: BTreeSet<Id>,
    /// Columns it touched, as `table.column`.
    pub columns: BTreeSet<String>,
    /// The text of the question. Private: the log holds a salted digest.
    pub sql: String,
    /// Digest of the verified plan.
    pub plan_sha256: Digest,
    /// Digest of the answer as CSV.
    pub answer_sha256: Digest,
    /// Rows of the answer.
    pub rows: u64,
    /// Groups that were left out because too few people stand behind them, where that may be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld_rows: Option<u64>,
    /// Cells that were withheld because too few people stand behind them.
    pub withheld_cells: u64,
    /// Aggregate mode: numbers that were shown, which count against the project's budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<u64>,
    /// Policy version.
    pub policy_sha256: Digest,
    /// Version of the program that answered.
    pub program: String,
    /// Digest of who was not counted. Private.
    pub masked_sha256: Digest,
    /// Aggregate mode: digest of the sets of people behind what was shown, which later questions are compared
    /// with. Private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributors_sha256: Option<Digest>,
}

/// Says that a person has looked at the questions of a project that were refused because they differ from earlier ones by
/// few people. Its allowance of such refusals starts anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewQuestions {
    /// Project.
    pub project: Id,
    /// Statement of reasons.
    pub reasons: String,
}

/// Records a question that was refused. Issued by `readingroom query`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRefusal {
    /// Project, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Id>,
    /// Which command was refused.
    pub command: String,
    /// Code of the refusal.
    pub code: String,
    /// Rule of the refusal.
    pub rule: String,
    /// Policy version, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<Digest>,
}

/// What the airlock said of a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing found.
    Green,
    /// A person must look.
    Amber,
    /// Must not leave.
    Red,
}

/// A file that asks to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputFile {
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Size in bytes.
    pub bytes: u64,
    /// Verdict of the airlock.
    pub verdict: Verdict,
    /// Names of the rules that found something.
    pub rules: BTreeSet<String>,
}

/// Asks for files to leave. Issued by `readingroom airlock submit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitOutput {
    /// Short name.
    pub id: Id,
    /// Project.
    pub project: Id,
    /// What they are for.
    pub purpose: String,
    /// Files by name.
    pub files: BTreeMap<String, OutputFile>,
}

/// What an output checker concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// May leave.
    Accept,
    /// Must not leave.
    Reject,
}

/// Checks an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewOutput {
    /// Which.
    pub output: Id,
    /// Conclusion.
    pub outcome: CheckOutcome,
    /// Statement of reasons.
    pub reasons: String,
}

/// Releases an output that two people accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseOutput {
    /// Which.
    pub output: Id,
}

/// Takes a request back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawOutput {
    /// Which.
    pub output: Id,
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
    OutputSubmitted(SubmitOutput),
    #[serde(rename = "output.reviewed")]
    OutputReviewed(ReviewOutput),
    #[serde(rename = "output.released")]
    OutputReleased {
        output: Id,
        project: Id,
        files: BTreeMap<String, Digest>,
    },
    #[serde(rename = "output.withdrawn")]
    OutputWithdrawn(WithdrawOutput),
}
