//! Safe Settings: the instance itself and the policies in force.

mod airlock;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decide::{Draft, text_within};
use crate::ids::{Digest, Id};
use crate::limits::TITLE_CHARS;
use crate::people::Role;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) use airlock::set;
pub use airlock::{Airlock, Patterns, Quota, SetAirlock};

/// Founds an instance. Issued by `readingroom init`, as the first entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundInstance {
    /// Name of the custodian, shown in the register.
    pub custodian: String,
    /// Origin of the log, as in its checkpoints.
    pub origin: String,
    /// The member of staff who holds all of the custodian's powers at the start.
    pub founder: Id,
}

/// Puts a set of policies in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptPolicies {
    /// Digest of the whole set.
    pub bundle_sha256: Digest,
    /// Digest of each file.
    pub files: BTreeMap<String, Digest>,
    /// The second person, who agrees to it; the first set needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_by: Option<Id>,
}

/// What happened to settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs)] // each variant carries its command's documented fields
pub enum SettingsEvent {
    #[serde(rename = "instance.founded")]
    InstanceFounded(FoundInstance),
    #[serde(rename = "policies.adopted")]
    PoliciesAdopted(AdoptPolicies),
    #[serde(rename = "airlock.set")]
    AirlockSet(SetAirlock),
}

/// The instance and its policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Name of the custodian; `None` before founding.
    pub custodian: Option<String>,
    /// Origin of the log.
    pub origin: Option<String>,
    /// Policies in force.
    pub policies: Option<Policies>,
    /// How the airlock works.
    pub airlock: Airlock,
}

/// A set of policies in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policies {
    /// Digest of the whole set: the policy version that every decision names.
    pub bundle_sha256: Digest,
    /// Digest of each file.
    pub files: BTreeMap<String, Digest>,
    /// Log entry.
    pub entry: u64,
}

impl Settings {
    pub(crate) fn evolve(&mut self, entry: u64, event: &SettingsEvent) {
        match event {
            SettingsEvent::InstanceFounded(e) => {
                self.custodian = Some(e.custodian.clone());
                self.origin = Some(e.origin.clone());
            }
            SettingsEvent::PoliciesAdopted(e) => {
                self.policies = Some(Policies {
                    bundle_sha256: e.bundle_sha256.clone(),
                    files: e.files.clone(),
                    entry,
                });
            }
            SettingsEvent::AirlockSet(e) => {
                self.airlock = Airlock {
                    green_leaves_by_itself: e.green_leaves_by_itself,
                    quota: e.quota,
                    patterns: e.patterns,
                    entry: Some(entry),
                };
            }
        }
    }
}

pub(crate) fn found(state: &State, command: &FoundInstance) -> Result<Vec<Draft>, Refusal> {
    if state.settings.custodian.is_some() {
        return Err(Refusal::new(
            "instance-founded",
            "founded-once",
            "this instance was founded already",
            "use another folder for another instance",
        ));
    }
    text_within("custodian", &command.custodian, TITLE_CHARS)?;
    let roles = crate::people::AppointStaff {
        person: command.founder.clone(),
        roles: [Role::Custodian, Role::DataManager, Role::SecurityOfficer].into(),
        institution: None,
        agreed_by: None,
    };
    Ok(vec![
        Draft::public(SettingsEvent::InstanceFounded(command.clone())),
        Draft::public(crate::people::PeopleEvent::StaffAppointed(roles)),
    ])
}

pub(crate) fn adopt(
    state: &State,
    actor: &Id,
    command: &AdoptPolicies,
) -> Result<Vec<Draft>, Refusal> {
    let first = state.settings.policies.is_none();
    let second = command
        .agreed_by
        .as_ref()
        .is_some_and(|p| state.people.second(actor, p, &[Role::Custodian]));
    if !first && !second {
        return Err(Refusal::new(
            "second-person-missing",
            "policy-needs-two",
            match &command.agreed_by {
                None => {
                    "a change of policy needs two custodians, and no second one agreed".to_owned()
                }
                Some(p) if p == actor => "the second custodian must be another person".to_owned(),
                Some(p) => format!("`{p}` does not have the role custodian"),
            },
            "name another person with the role custodian (`agreed_by`, --agreed-by)",
        ));
    }
    Ok(vec![Draft::public(SettingsEvent::PoliciesAdopted(
        command.clone(),
    ))])
}
