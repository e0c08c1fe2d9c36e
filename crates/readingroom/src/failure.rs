//! Ways a command can end other than well, and the exit status of each.

use std::process::ExitCode;

use governance::Refusal;
use serde_json::json;

/// Exit status of a refusal.
pub const REFUSED: u8 = 1;
/// Exit status of misuse: the command line itself is wrong.
pub const MISUSE: u8 = 2;
/// Exit status of a fault: a bug or an outage.
pub const FAULT: u8 = 3;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// An expected no.
    Refused(Box<Refusal>),
    /// The command line cannot be understood.
    Misuse(String),
    /// A bug or an outage. The text is for the operator of this machine.
    Fault(String),
}

impl Failure {
    /// A fault with what was being done.
    pub fn fault(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::Fault(format!("{doing}: {error}"))
    }

    /// Exit status: 1 refused, 2 misuse, 3 fault.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => REFUSED,
            Self::Misuse(_) => MISUSE,
            Self::Fault(_) => FAULT,
        })
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Refused(r) => json!({ "refused": r }),
            Self::Misuse(text) => json!({ "misuse": text }),
            Self::Fault(text) => json!({ "fault": text }),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        match self {
            Self::Refused(r) => {
                format!(
                    "refused: {}\n  rule: {} ({})\n  to do: {}",
                    r.reason, r.rule, r.code, r.fix
                )
            }
            Self::Misuse(text) => format!("misuse: {text}"),
            Self::Fault(text) => format!("fault: {text}"),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}
