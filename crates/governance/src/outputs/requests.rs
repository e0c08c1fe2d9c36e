//! Commands about files that ask to leave: asked for, looked at by people, left, called back.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Id};

/// What the airlock said of a file or, the worst of its files and of what the request adds, of a request.
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
    /// Rows of its tables, where it was read as tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Cells of its tables, where it was read as tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<u64>,
    /// Digest of its column names in order: files of one shape in several requests are seen as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape_sha256: Option<Digest>,
}

/// What judged the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Version of the program.
    pub program: String,
    /// Name of the custodian's set of rules.
    pub rules: String,
    /// Where that set comes from: the guidance it follows.
    pub source: String,
    /// Digest of the verdicts in full, with the rules in full, as the instance keeps them.
    pub verdicts_sha256: Digest,
}

/// Asks for files to leave, or, under the name of a request that was returned, for its next version to leave. Issued by
/// `readingroom airlock submit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitOutput {
    /// Short name.
    pub id: Id,
    /// Project.
    pub project: Id,
    /// What they are for.
    pub purpose: String,
    /// How they were made, and what a checker must know to judge them. Private: the log holds a salted digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Which output of the project's output plan this is, in the plan's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
    /// Files by name.
    pub files: BTreeMap<String, OutputFile>,
    /// What judged them. Without it nothing leaves by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
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

/// Checks an output. Conclusion and reasons stay sealed until two checkers have given theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewOutput {
    /// Which.
    pub output: Id,
    /// Conclusion. Private until the reviews are opened: the log holds a salted digest.
    pub outcome: CheckOutcome,
    /// Statement of reasons. Private: the log holds a salted digest.
    pub reasons: String,
}

/// Opens the sealed conclusions of a request that two checkers reviewed. Issued by the program as soon as the second is
/// there; what is opened must be what was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenReviews {
    /// Which.
    pub output: Id,
    /// The disclosure (RFC 9901) of each sealed conclusion, by checker.
    pub disclosures: BTreeMap<Id, String>,
}

/// Gives a request back to its author with comments; the author may submit a next version under the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnOutput {
    /// Which.
    pub output: Id,
    /// What is missing, and what to change. Private: the log holds a salted digest.
    pub comments: String,
}

/// Releases an output that two people accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseOutput {
    /// Which.
    pub output: Id,
}

/// Records that somebody is about to be handed the files of a release. Issued by the program before it writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DownloadOutput {
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

/// Calls a release back: nobody is handed it any more, and everybody who was is asked to delete it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallOutput {
    /// Which.
    pub output: Id,
    /// Statement of reasons, for those who had it. Private: the log holds a salted digest.
    pub reasons: String,
}

/// Confirms that one deleted a release that was called back, and every copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmDeletion {
    /// Which.
    pub output: Id,
}
