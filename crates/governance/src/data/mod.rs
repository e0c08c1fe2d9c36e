//! Safe Data: classes of data, the directions and approvals that open them, releases, consent and withdrawal.
//!
//! Which participant consented or withdrew is private: the log holds a salted digest of the list, and the
//! entry has the same size however long the list is.

mod decide;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Id, Territory};
use crate::mode::Mode;
use crate::time::{Time, Window};

pub(crate) use decide::{decide, known_class};
pub use state::{Approval, ConsentBatch, Data, Direction, Release, WithdrawalBatch};

/// The classes of data that policy speaks of, each with what it holds.
pub const CLASSES: [(&str, &str); 8] = [
    (
        "baseline",
        "questionnaires, measurements and blood tests at the assessment centre",
    ),
    ("hospital", "hospital episodes, diagnoses and operations"),
    ("primary-care", "GP registrations, events and prescriptions"),
    ("death", "death register: dates and causes"),
    ("genomic", "genotypes and what is derived from them"),
    ("imaging", "scans and what is derived from them"),
    ("samples", "physical samples"),
    ("sensitive", "fields that need a reason of their own"),
];

/// Whether a class of data exists.
pub fn is_class(class: &Id) -> bool {
    CLASSES.iter().any(|(name, _)| *name == class.as_str())
}

/// The consent a class of data needs beyond taking part, if any.
pub fn scope_of(class: &Id) -> Option<ConsentScope> {
    match class.as_str() {
        "hospital" | "primary-care" | "death" => Some(ConsentScope::HealthRecords),
        "genomic" => Some(ConsentScope::Genomics),
        "imaging" => Some(ConsentScope::Imaging),
        _ => None,
    }
}

/// How far a participant withdraws.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WithdrawalLevel {
    /// No further contact; data stays in use.
    NoFurtherContact,
    /// No further access to records; what was obtained before stays in use.
    NoFurtherAccess,
    /// No further use of anything.
    NoFurtherUse,
}

/// What a participant's consent covers beyond taking part.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentScope {
    /// Linkage to health records (GP, hospital, death).
    HealthRecords,
    /// Genomic analysis.
    Genomics,
    /// Imaging.
    Imaging,
    /// Being contacted again.
    Recontact,
    /// Use by companies.
    Commercial,
}

/// Issues the custodian's direction: the legal instrument without which a class may not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueDirection {
    /// Short name.
    pub id: Id,
    /// Class of data it opens.
    pub class: Id,
    /// Title of the instrument.
    pub instrument: String,
    /// When it is in force.
    pub window: Window,
}

/// Ends a direction early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndDirection {
    /// Which.
    pub direction: Id,
    /// First instant without it.
    pub until: Time,
}

/// Approves a territory for a class of data, up to a mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveTerritory {
    /// Class of data.
    pub class: Id,
    /// Territory. Approval of a country does not cover parts of it that rules name on their own.
    pub territory: Territory,
    /// Highest mode.
    pub mode: Mode,
    /// When.
    pub window: Window,
    /// Where this was decided.
    pub source: String,
}

/// One participant's consent. Private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The participant's id in raw data.
    pub eid: String,
    /// What it covers.
    pub scopes: BTreeSet<ConsentScope>,
}

/// Records participants' consent. The newest record of a participant counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    /// Who consented to what. Private.
    pub consents: Vec<Consent>,
}

/// Records withdrawals. From then on no answer counts these participants, as far as the level says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordWithdrawal {
    /// How far.
    pub level: WithdrawalLevel,
    /// The participants' ids in raw data. Private.
    pub participants: Vec<String>,
}

/// Seals a release. Issued by `readingroom ingest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealRelease {
    /// Name.
    pub release: Id,
    /// Digest of its manifest, which holds the digest of every file.
    pub manifest_sha256: Digest,
    /// Number of participants in it.
    pub participants: u32,
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Digest of the list of participants with their internal indices. Private: the log holds a salted digest, so
    /// that nobody can be given another's index, and with it another's consent, without being found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_sha256: Option<Digest>,
}

/// Takes a release out of use. Nothing is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireRelease {
    /// Which.
    pub release: Id,
    /// Why.
    pub reasons: String,
}

/// Destroys keys of a release, and with them every file that they open. Issued by `readingroom keys erase`, which destroys
/// them once this is in the log. Cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseKeys {
    /// Release.
    pub release: Id,
    /// Class of data; without it all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Id>,
    /// Statement of reasons.
    pub reasons: String,
    /// The second person who agrees, a custodian or data manager.
    pub agreed_by: Id,
}

/// What happened to data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs)] // each variant carries its command's documented fields
pub enum DataEvent {
    #[serde(rename = "direction.issued")]
    DirectionIssued(IssueDirection),
    #[serde(rename = "direction.ended")]
    DirectionEnded(EndDirection),
    #[serde(rename = "territory.approved")]
    TerritoryApproved(ApproveTerritory),
    #[serde(rename = "consent.recorded")]
    ConsentRecorded {},
    #[serde(rename = "withdrawal.recorded")]
    WithdrawalRecorded { level: WithdrawalLevel },
    #[serde(rename = "release.sealed")]
    ReleaseSealed(SealRelease),
    #[serde(rename = "release.retired")]
    ReleaseRetired(RetireRelease),
    #[serde(rename = "keys.erased")]
    KeysErased(EraseKeys),
}
