//! What every policy says about itself: its annotations, and the facts that it names.

use std::collections::BTreeSet;

use cedar_policy::{ActionConstraint, Policy};
use governance::Mode;
use serde::Serialize;
use serde_json::Value;

use super::BundleError;
use crate::access::OnFail;
use crate::limits::EXPRESSION_DEPTH;

/// A requirement with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Its id.
    pub id: String,
    /// The requirement in plain English.
    pub clause: String,
    /// Where the requirement comes from.
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// What follows when it fails.
    pub on_fail: OnFail,
    /// File it stands in.
    pub file: String,
    /// Attributes of the schema that it names.
    pub attributes: BTreeSet<String>,
}

/// What opens a mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// What may be done, in plain English.
    pub clause: String,
    /// Where it comes from.
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// What the project must keep to.
    pub obligations: Vec<String>,
    /// File it stands in.
    pub file: String,
}

/// The value of an annotation that must be there.
pub(super) fn annotation<'a>(
    file: &str,
    line: Option<usize>,
    policy: &'a Policy,
    name: &str,
) -> Result<&'a str, BundleError> {
    match policy.annotation(name).map(str::trim) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => {
            let id = policy
                .annotation("id")
                .map_or_else(String::new, |id| format!(" on `{id}`"));
            let what = format!("expected the annotation `@{name}(\"…\")`{id}, found none");
            Err(BundleError::new(file, line, what))
        }
    }
}

/// Reads a `forbid` as a gate.
pub(super) fn gate(file: &str, line: Option<usize>, policy: &Policy) -> Result<Gate, BundleError> {
    let note = |name| annotation(file, line, policy, name).map(str::to_owned);
    let on_fail = match note("on_fail")?.as_str() {
        "deny" => OnFail::Deny,
        "refer" => OnFail::Refer,
        other => {
            let what = format!("expected `deny` or `refer` in `@on_fail`, found `{other}`");
            return Err(BundleError::new(file, line, what));
        }
    };
    let json = policy
        .to_json()
        .map_err(|e| BundleError::new(file, line, e.to_string()))?;
    let mut attributes = BTreeSet::new();
    if !names_of_attributes(&json, EXPRESSION_DEPTH, &mut attributes) {
        let what =
            format!("expected an expression of at most {EXPRESSION_DEPTH} levels, found more");
        return Err(BundleError::new(file, line, what));
    }
    Ok(Gate {
        id: note("id")?,
        clause: note("clause")?,
        source: note("source")?,
        owner: note("owner")?,
        on_fail,
        file: file.to_owned(),
        attributes,
    })
}

/// Reads a `permit` as what opens one mode.
pub(super) fn grant(
    file: &str,
    line: Option<usize>,
    policy: &Policy,
) -> Result<(Mode, Grant), BundleError> {
    let note = |name| annotation(file, line, policy, name).map(str::to_owned);
    let named = match policy.action_constraint() {
        ActionConstraint::Eq(action) => Some(action.id().unescaped().to_owned()),
        _ => None,
    };
    let mode = Mode::OPEN
        .into_iter()
        .find(|m| named.as_deref() == Some(m.word()));
    let mode = mode.ok_or_else(|| {
        let what =
            "expected a permit for exactly one action, `action == Action::\"…\"`, found another";
        BundleError::new(file, line, what)
    })?;
    let obligations = note("obligations")?;
    let obligations = obligations
        .split(';')
        .map(str::trim)
        .filter(|o| !o.is_empty());
    let grant = Grant {
        id: note("id")?,
        clause: note("clause")?,
        source: note("source")?,
        owner: note("owner")?,
        obligations: obligations.map(str::to_owned).collect(),
        file: file.to_owned(),
    };
    Ok((mode, grant))
}

/// Collects the attributes that an expression names: `{".": {"attr": …}}` and `{"has": {"attr": …}}` in
/// Cedar's JSON policy format. False when it is nested too deeply.
fn names_of_attributes(json: &Value, levels: usize, names: &mut BTreeSet<String>) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return false;
    };
    match json {
        Value::Array(items) => items
            .iter()
            .all(|item| names_of_attributes(item, levels, names)),
        Value::Object(fields) => fields.iter().all(|(key, item)| {
            if (key == "." || key == "has")
                && let Some(name) = item.get("attr").and_then(Value::as_str)
            {
                names.insert(name.to_owned());
            }
            names_of_attributes(item, levels, names)
        }),
        _ => true,
    }
}
