//! The expected kind of no: a refusal. The other kind, a fault, is an outage or a bug: it is logged
//! and never shown. No function returns one type for both.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A refusal: expected, explained, and with a way on. It never holds a participant's identifier or value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason} (rule {rule}): {fix}")]
pub struct Refusal {
    /// Stable code for programs, in kebab case, for example `project-unknown`.
    pub code: Cow<'static, str>,
    /// What was found and what was expected, in plain words, lower case, no full stop.
    pub reason: String,
    /// The rule that says no, by the name under which the documents list it.
    pub rule: Cow<'static, str>,
    /// What to do about it, in plain words.
    pub fix: String,
}

impl Refusal {
    /// Builds a refusal from its four parts.
    pub fn new(
        code: &'static str,
        rule: &'static str,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code: Cow::Borrowed(code),
            reason: reason.into(),
            rule: Cow::Borrowed(rule),
            fix: fix.into(),
        }
    }
}
