//! Safe Projects: from application to project and its end.
//!
//! An application becomes a project by itself when it is approved, agreed by every institution in it, and
//! paid. Whether a project may then use a class of data, and in which mode, is `policy`'s answer, asked anew
//! each time; nothing here grants data.

mod decide;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Id, Territory};
use crate::mode::Mode;
use crate::time::{Time, Window};

pub(crate) use decide::{decide, find, institutions};
pub use state::{AccessRecord, Agreement, Decision, Project, Projects, Review, Standing};

/// What a project wants of one class of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Want {
    /// The highest mode asked for.
    pub mode: Mode,
    /// Columns as `table.column`, whole tables as `table.*`, or `*` for the whole class.
    pub fields: BTreeSet<String>,
}

/// Applies for access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitApplication {
    /// Short name; the project keeps it.
    pub id: Id,
    /// Title, shown in the register.
    pub title: String,
    /// Institution of the lead.
    pub institution: Id,
    /// Lead researcher.
    pub lead: Id,
    /// Other researchers, of this or other institutions.
    #[serde(default)]
    pub collaborators: BTreeSet<Id>,
    /// What is to be found out.
    pub goals: String,
    /// How.
    pub methods: String,
    /// The same for everybody to read; shown in the register.
    pub lay_summary: String,
    /// Which data, by class.
    pub wants: BTreeMap<Id, Want>,
    /// Territories in which people will work on it.
    pub places: BTreeSet<Territory>,
    /// What is meant to leave: tables, figures, models.
    pub output_plan: String,
}

/// Two reviews, kept apart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewTrack {
    /// Scientific value and method.
    Scientific,
    /// Ethics and public interest.
    Ethical,
}

/// What a reviewer concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewOutcome {
    /// In favour.
    Approve,
    /// Against.
    Reject,
    /// Questions first.
    Return,
}

/// Reviews an application on one track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewApplication {
    /// Which.
    pub application: Id,
    /// On which track.
    pub track: ReviewTrack,
    /// Conclusion.
    pub outcome: ReviewOutcome,
    /// Statement of reasons.
    pub reasons: String,
}

/// Decides an application after both reviews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideApplication {
    /// Which.
    pub application: Id,
    /// Whether it is approved.
    pub approved: bool,
    /// Statement of reasons; shown in the register.
    pub reasons: String,
}

/// Records that an institution of the application signed the agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignAgreement {
    /// Which.
    pub application: Id,
    /// The institution that signed.
    pub institution: Id,
    /// Version of the agreement.
    pub version: String,
    /// When it is in force; the project ends with the first agreement that ends.
    pub window: Window,
    /// Who signed. Private: the log holds a salted digest.
    pub signatory: String,
}

/// Records that the fee was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordFee {
    /// Which.
    pub application: Id,
    /// Amount in pence, without VAT.
    pub amount_pence: u32,
    /// Reference of the payment.
    pub reference: String,
}

/// Changes what a project may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendProject {
    /// Which.
    pub project: Id,
    /// All it wants from now on, by class.
    pub wants: BTreeMap<Id, Want>,
    /// Statement of reasons.
    pub reasons: String,
    /// The scientific or ethics reviewer who agreed.
    pub agreed_by: Id,
}

/// Suspends a project: it may use nothing until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendProject {
    /// Which.
    pub project: Id,
    /// Statement of reasons.
    pub reasons: String,
}

/// Ends a suspension. Needs a second person, who did not suspend alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeProject {
    /// Which.
    pub project: Id,
    /// Statement of reasons.
    pub reasons: String,
    /// The second person.
    pub agreed_by: Id,
}

/// Records that a project's time is over. Access ended at that instant by itself; nothing is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpireProject {
    /// Which.
    pub project: Id,
}

/// Closes a project for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseProject {
    /// Which.
    pub project: Id,
    /// Statement of reasons.
    pub reasons: String,
}

/// What policy answered for one class of data, as it is kept in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordAccess {
    /// Project.
    pub project: Id,
    /// Class of data.
    pub class: Id,
    /// Highest mode open now.
    pub mode: Mode,
    /// Whether a person must decide about more.
    pub refer: bool,
    /// Names of the failed gates.
    pub gates: BTreeSet<String>,
    /// Policy version: digest of the policies in force.
    pub policy_sha256: Digest,
    /// Digest of the facts that were used.
    pub facts_sha256: Digest,
    /// The next instant at which a fact or rule it used changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
}

/// What happened to projects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs)] // each variant carries its command's documented fields
pub enum ProjectEvent {
    #[serde(rename = "application.submitted")]
    ApplicationSubmitted(Box<SubmitApplication>),
    #[serde(rename = "application.reviewed")]
    ApplicationReviewed(ReviewApplication),
    #[serde(rename = "application.decided")]
    ApplicationDecided(DecideApplication),
    #[serde(rename = "agreement.signed")]
    AgreementSigned {
        application: Id,
        institution: Id,
        version: String,
        window: Window,
    },
    #[serde(rename = "fee.recorded")]
    FeeRecorded(RecordFee),
    #[serde(rename = "project.started")]
    ProjectStarted { project: Id },
    #[serde(rename = "project.amended")]
    ProjectAmended(AmendProject),
    #[serde(rename = "project.suspended")]
    ProjectSuspended(SuspendProject),
    #[serde(rename = "project.resumed")]
    ProjectResumed(ResumeProject),
    #[serde(rename = "project.expired")]
    ProjectExpired(ExpireProject),
    #[serde(rename = "project.closed")]
    ProjectClosed(CloseProject),
    #[serde(rename = "access.recorded")]
    AccessRecorded(RecordAccess),
}
