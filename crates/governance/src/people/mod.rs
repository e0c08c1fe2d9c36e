//! Safe People: institutions, who owns them, lists that name them, researchers, and the custodian's staff.
//!
//! Names and addresses of people are private values: the log holds their salted digests only.

mod decide;
mod state;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Id, Territory};
use crate::time::{Time, Window};

pub(crate) use decide::{decide, known_institution, known_researcher};
pub use state::{Institution, Listing, Ownership, People, Researcher, Staff, Token};

/// What a member of the custodian's staff, or of its committees, may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Registers, decides, issues directions, signs: acts for the organisation that holds the data.
    Custodian,
    /// Seals releases and records consent and withdrawal.
    DataManager,
    /// Reviews applications for scientific value.
    ScientificReviewer,
    /// Reviews applications for ethics.
    EthicsReviewer,
    /// Checks outputs before they leave.
    OutputChecker,
    /// Suspends and resumes.
    SecurityOfficer,
}

/// What kind of organisation an institution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstitutionKind {
    /// University or other place of higher education.
    University,
    /// Hospital or health service.
    Hospital,
    /// Public research institute.
    Institute,
    /// Charity.
    Charity,
    /// Company.
    Company,
    /// Government body.
    Government,
}

/// Gives a person of the custodian's staff or committees their roles, in place of those they had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppointStaff {
    /// Who.
    pub person: Id,
    /// All roles they have from now on; none ends the appointment.
    pub roles: BTreeSet<Role>,
    /// The institution they also belong to, if any: they never review its applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Id>,
    /// The second custodian who agrees. Needed, once there are two, to give or take the roles custodian and
    /// output-checker, on which the rules about two people rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_by: Option<Id>,
}

/// Registers an institution: an applicant, a collaborator, or a parent of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterInstitution {
    /// Short name for commands.
    pub id: Id,
    /// Full name, shown in the register.
    pub name: String,
    /// Where it is registered.
    pub territory: Territory,
    /// What it is.
    pub kind: InstitutionKind,
    /// Its ROR or LEI, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// Records that one institution owns a share of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordOwnership {
    /// The owner.
    pub owner: Id,
    /// The owned institution.
    pub owned: Id,
    /// Share in percent, 1 to 100; left out when it is known that a share exists but not how large it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// When it holds.
    pub window: Window,
    /// Where this is known from.
    pub source: String,
}

/// Records that a public list names an institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordListing {
    /// Short name of the list, for example `us-entity-list`.
    pub list: Id,
    /// Its own number or name for the entry.
    pub entry: String,
    /// The institution named.
    pub institution: Id,
    /// When the listing has effect.
    pub window: Window,
    /// Where this is known from.
    pub source: String,
}

/// Registers a researcher at an institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterResearcher {
    /// Short name for commands and in the log, which must not be the person's name.
    pub id: Id,
    /// Where they work.
    pub institution: Id,
    /// When they belong to it.
    pub affiliation: Window,
    /// Full name. Private: the log holds a salted digest.
    pub name: String,
    /// E-mail address. Private: the log holds a salted digest.
    pub email: String,
}

/// Records a researcher's training and identity check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccreditResearcher {
    /// Who.
    pub researcher: Id,
    /// Which training.
    pub training: String,
    /// When it is valid.
    pub window: Window,
}

/// Ends a researcher's affiliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAffiliation {
    /// Who.
    pub researcher: Id,
    /// First instant without it.
    pub until: Time,
}

/// Erases the private values of a researcher; the log still verifies and replays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseResearcher {
    /// Who.
    pub researcher: Id,
}

/// Gives a researcher a token with which a program asks questions for one project on their account. Issued by
/// `readingroom token issue`, which shows the token once; the log holds its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueToken {
    /// Short name of the token, which is not secret.
    pub id: Id,
    /// SHA-256 of the token's text, which holds 256 random bits and cannot be guessed from it.
    pub sha256: Digest,
    /// Who asks with it.
    pub researcher: Id,
    /// For which project.
    pub project: Id,
    /// First instant at which it is no longer taken.
    pub until: Time,
}

/// Ends a token at once. Given by its researcher, a custodian or a security officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndToken {
    /// Which.
    pub id: Id,
}

/// What happened to people and institutions. Fields as in the command of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs)] // each variant carries its command's documented fields
pub enum PeopleEvent {
    #[serde(rename = "staff.appointed")]
    StaffAppointed(AppointStaff),
    #[serde(rename = "institution.registered")]
    InstitutionRegistered(RegisterInstitution),
    #[serde(rename = "ownership.recorded")]
    OwnershipRecorded(RecordOwnership),
    #[serde(rename = "listing.recorded")]
    ListingRecorded(RecordListing),
    #[serde(rename = "researcher.registered")]
    ResearcherRegistered {
        id: Id,
        institution: Id,
        affiliation: Window,
    },
    #[serde(rename = "researcher.accredited")]
    ResearcherAccredited(AccreditResearcher),
    #[serde(rename = "affiliation.ended")]
    AffiliationEnded(EndAffiliation),
    #[serde(rename = "researcher.erased")]
    ResearcherErased(EraseResearcher),
    #[serde(rename = "token.issued")]
    TokenIssued(IssueToken),
    #[serde(rename = "token.ended")]
    TokenEnded(EndToken),
}
