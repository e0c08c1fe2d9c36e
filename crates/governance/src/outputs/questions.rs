//! Commands about questions: those that were answered, those that were refused.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Id};
use crate::mode::Mode;

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
