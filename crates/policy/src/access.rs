//! The answer: graded access, with everything that a person or a program needs to check it.

use std::fmt::Write as _;

use governance::projects::RecordAccess;
use governance::{Digest, Id, Mode, Time};
use serde::Serialize;

use crate::facts::day;

/// What follows when a gate fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFail {
    /// The mode stays shut.
    Deny,
    /// The mode stays shut until a person has decided.
    Refer,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The mode is open, and no person needs to decide about more.
    Granted,
    /// A person must decide about a higher mode; what the mode says is open meanwhile.
    Refer,
    /// Nothing is open, and there is nothing for a person to decide.
    Denied,
}

impl Outcome {
    /// The word used in commands, events and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refer => "refer",
            Self::Denied => "denied",
        }
    }
}

/// A gate that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedGate {
    /// Its id.
    pub id: String,
    /// The requirement in plain English.
    pub clause: String,
    /// Where the requirement comes from.
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// The modes that it keeps shut, of those that were asked for.
    pub blocks: Vec<Mode>,
    /// What follows.
    pub on_fail: OnFail,
    /// What stands in the way, in plain English.
    pub because: String,
    /// Log entries of the facts that stand in the way.
    pub entries: Vec<u64>,
}

/// Policy's answer for a project and a class of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Project.
    pub project: Id,
    /// Class of data.
    pub class: Id,
    /// The highest mode asked for; absent when the class is not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Mode>,
    /// The highest mode that passes every gate, and all modes below it do.
    pub mode: Mode,
    /// The answer in one word.
    pub outcome: Outcome,
    /// The highest mode that a person may open, when only gates that refer keep it shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refer: Option<Mode>,
    /// Every gate that failed for any mode up to the one asked for.
    pub failed: Vec<FailedGate>,
    /// What the project must keep to in this mode.
    pub obligations: Vec<String>,
    /// The next instant at which a fact that was used changes; the answer stands until then, unless
    /// something new is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
    /// Policy version: digest of the bundle.
    pub policy_sha256: Digest,
    /// Digest of the facts.
    pub facts_sha256: Digest,
}

impl Access {
    /// The answer as it is kept in the log.
    pub fn record(&self) -> RecordAccess {
        RecordAccess {
            project: self.project.clone(),
            class: self.class.clone(),
            mode: self.mode,
            refer: self.refer.is_some(),
            gates: self.failed.iter().map(|gate| gate.id.clone()).collect(),
            policy_sha256: self.policy_sha256.clone(),
            facts_sha256: self.facts_sha256.clone(),
            valid_until: self.valid_until,
        }
    }

    /// The answer in plain words, one line each, for people.
    pub fn plain(&self) -> String {
        let mut text = format!(
            "project {}, class {}: {}\n",
            self.project,
            self.class,
            self.verdict()
        );
        // Writing to a String cannot fail.
        let _ = match self.valid_until {
            Some(end) => writeln!(
                text,
                "  stands until {}, when a fact it uses changes",
                day(end)
            ),
            None => writeln!(text, "  stands until something new is recorded"),
        };
        for gate in &self.failed {
            let modes: Vec<&str> = gate.blocks.iter().map(|m| m.word()).collect();
            let refers = if gate.on_fail == OnFail::Refer {
                ", a person decides"
            } else {
                ""
            };
            let entries: Vec<String> = gate.entries.iter().map(u64::to_string).collect();
            let from = match entries.len() {
                0 => String::new(),
                _ => format!(" (ledger {})", entries.join(", ")),
            };
            let _ = writeln!(
                text,
                "  failed: {} (blocks {}{refers})",
                gate.id,
                modes.join(", ")
            );
            let _ = writeln!(text, "    required: {}", gate.clause);
            let _ = writeln!(text, "    found: {}{from}", gate.because);
            let _ = writeln!(text, "    source: {}", gate.source);
        }
        for obligation in &self.obligations {
            let _ = writeln!(text, "  obligation: {obligation}");
        }
        let _ = writeln!(
            text,
            "  policy {}, facts {}",
            self.policy_sha256, self.facts_sha256
        );
        text
    }

    /// `enclave, granted`, or `deny, referred to a person for enclave`.
    fn verdict(&self) -> String {
        match (self.outcome, self.refer, self.asked) {
            (Outcome::Denied, _, _) => "deny".to_owned(),
            (_, Some(higher), _) => {
                format!("{}, referred to a person for {higher}", self.mode)
            }
            (_, None, Some(asked)) if self.mode < asked => {
                format!("{}, granted ({asked} was asked for)", self.mode)
            }
            _ => format!("{}, granted", self.mode),
        }
    }
}
