//! The grades of access.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How data may be used, from nothing to an extract: `deny < aggregate < enclave < transfer`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// No use at all.
    Deny,
    /// Only disclosure-controlled answers; no row is ever shown.
    Aggregate,
    /// Rows may be worked on inside; only checked outputs leave.
    Enclave,
    /// An extract leaves under an exemption.
    Transfer,
}

impl Mode {
    /// The modes that let something through, lowest first.
    pub const OPEN: [Self; 3] = [Self::Aggregate, Self::Enclave, Self::Transfer];

    /// The word used in commands, policies, events and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Aggregate => "aggregate",
            Self::Enclave => "enclave",
            Self::Transfer => "transfer",
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
