//! How the custodian runs the airlock: what leaves by itself, how much a project may ask for, which volumes call a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decide::{Draft, reasons_given};
use crate::ids::Id;
use crate::people::Role;
use crate::refusal::Refusal;
use crate::state::State;

use super::SettingsEvent;

/// Sets how the airlock works. Two custodians, for it says what leaves without a person's look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAirlock {
    /// Whether a request of green files, planned and without any alarm, is released at once, without a person's look.
    pub green_leaves_by_itself: bool,
    /// What a project may ask for in a calendar month.
    #[serde(default)]
    pub quota: Quota,
    /// Volumes over which a request is amber.
    #[serde(default)]
    pub patterns: Patterns,
    /// Statement of reasons.
    pub reasons: String,
    /// The second custodian, who agrees.
    pub agreed_by: Id,
}

/// What a project may ask to leave in a calendar month (UTC). The defaults: five requests on each working day, of ten
/// files each, and as many bytes as tables and figures of that number have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests.
    pub requests: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            requests: 100,
            files: 1_000,
            bytes: 1 << 30,
        }
    }
}

/// Volumes of a project's requests within 30 days over which the next request is amber. The defaults: a thesis has a
/// hundred tables of fifty rows and ten columns; a table of statistics is asked for again after a correction or two,
/// not page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patterns {
    /// Rows of tables.
    pub rows: u64,
    /// Cells of tables.
    pub cells: u64,
    /// Bytes.
    pub bytes: u64,
    /// Requests with tables of the same columns.
    pub same_shape_requests: u64,
    /// And this many rows in them together.
    pub same_shape_rows: u64,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            rows: 5_000,
            cells: 50_000,
            bytes: 100 << 20,
            same_shape_requests: 4,
            same_shape_rows: 100,
        }
    }
}

/// How the airlock works now. Before anything was set nothing leaves by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Airlock {
    /// Whether green leaves by itself.
    pub green_leaves_by_itself: bool,
    /// Quota of a project.
    pub quota: Quota,
    /// Volumes that call a person.
    pub patterns: Patterns,
    /// Log entry, if it was set.
    pub entry: Option<u64>,
}

pub(crate) fn set(state: &State, actor: &Id, c: &SetAirlock) -> Result<Vec<Draft>, Refusal> {
    reasons_given(&c.reasons)?;
    if !state.people.second(actor, &c.agreed_by, &[Role::Custodian]) {
        return Err(Refusal::new(
            "second-person-missing",
            "airlock-is-set-by-two",
            "how the airlock works is set by two custodians, and no second one agreed",
            "name another person with the role custodian in `agreed_by`",
        ));
    }
    Ok(vec![Draft::public(SettingsEvent::AirlockSet(c.clone()))])
}
