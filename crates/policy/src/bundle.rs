//! A bundle: the policy files as a whole, checked before any of it is used.
//!
//! A bundle that Cedar's validator has anything to say about is refused, a warning included: at use a gate
//! whose evaluation fails would otherwise be passed over in silence (Cedar skips it). Nothing here reads a
//! file; the texts come in.

mod gate;

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use governance::{Digest, Mode, Refusal, State};
use miette::Diagnostic;

pub use gate::{Gate, Grant};
use gate::{gate, grant};

use crate::limits::{BUNDLE_FILES, FILE_BYTES, POLICIES};

/// The name of the schema's file.
const SCHEMA: &str = "schema.cedarschema";
/// Names that answers use themselves.
const RESERVED: [&str; 2] = [crate::assess::POLICY_ERROR, crate::assess::NOT_PERMITTED];

/// Why some files are not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {what}", line.map_or_else(String::new, |l| format!(":{l}")))]
pub struct BundleError {
    /// Name of the file.
    pub file: String,
    /// Line in it, from 1, where known.
    pub line: Option<usize>,
    /// What was expected and found.
    pub what: String,
}

impl BundleError {
    pub(crate) fn new(file: &str, line: Option<usize>, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }
}

/// A checked set of policies.
#[derive(Debug, Clone)]
pub struct Bundle {
    pub(crate) schema: Schema,
    pub(crate) policies: PolicySet,
    gates: Vec<Gate>,
    grants: BTreeMap<Mode, Grant>,
    files: BTreeMap<String, Digest>,
    sha256: Digest,
}

/// A policy on its way into a bundle, with the place it comes from.
struct Placed<'a> {
    file: &'a str,
    line: Option<usize>,
    policy: Policy,
}

impl Bundle {
    /// Reads and checks a bundle from its files' texts by file name.
    ///
    /// # Errors
    /// [`BundleError`] naming the first mistake: an unknown or missing file, a limit exceeded, a mistake of
    /// syntax, a policy without one of its annotations, a name used twice, anything the validator says.
    pub fn load(files: &BTreeMap<String, String>) -> Result<Self, BundleError> {
        within_limits(files)?;
        let text = files.get(SCHEMA).ok_or_else(|| {
            BundleError::new(
                SCHEMA,
                None,
                "expected the schema in this file, found no such file",
            )
        })?;
        let schema = read_schema(text)?;
        let mut placed = Vec::new();
        for (file, text) in files.iter().filter(|(name, _)| *name != SCHEMA) {
            placed.extend(read_policies(file, text)?);
        }
        if placed.len() > POLICIES {
            let what = format!(
                "expected at most {POLICIES} policies, found {}",
                placed.len()
            );
            return Err(BundleError::new(SCHEMA, None, what));
        }
        let (mut gates, mut grants) = (Vec::new(), BTreeMap::new());
        for one in &placed {
            match one.policy.effect() {
                Effect::Forbid => gates.push(gate(one.file, one.line, &one.policy)?),
                Effect::Permit => {
                    let (mode, found) = grant(one.file, one.line, &one.policy)?;
                    if grants.insert(mode, found).is_some() {
                        let what = format!("expected one permit for mode `{mode}`, found a second");
                        return Err(BundleError::new(one.file, one.line, what));
                    }
                }
            }
        }
        let policies = gather(&placed)?;
        validate(&schema, &policies, &placed)?;
        let files: BTreeMap<String, Digest> = files
            .iter()
            .map(|(name, text)| (name.clone(), Digest::of(text.as_bytes())))
            .collect();
        let canonical = governance::ledger::canonical_of(&files)
            .map_err(|e| BundleError::new(SCHEMA, None, e.to_string()))?;
        let sha256 = Digest::of(&canonical);
        Ok(Self {
            schema,
            policies,
            gates,
            grants,
            files,
            sha256,
        })
    }

    /// The files of the default bundle, by name: what `init` copies into an instance.
    pub const fn default_files() -> &'static [(&'static str, &'static str)] {
        &[
            ("data.cedar", include_str!("../../../policies/data.cedar")),
            (
                "genomic.cedar",
                include_str!("../../../policies/genomic.cedar"),
            ),
            ("modes.cedar", include_str!("../../../policies/modes.cedar")),
            (
                "people.cedar",
                include_str!("../../../policies/people.cedar"),
            ),
            (
                "primary-care.cedar",
                include_str!("../../../policies/primary-care.cedar"),
            ),
            (
                "projects.cedar",
                include_str!("../../../policies/projects.cedar"),
            ),
            (SCHEMA, include_str!("../../../policies/schema.cedarschema")),
        ]
    }

    /// The default bundle.
    ///
    /// # Errors
    /// As [`Bundle::load`]; a test holds that there are none.
    pub fn default_bundle() -> Result<Self, BundleError> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Self::load(&Self::default_files().iter().map(owned).collect())
    }

    /// Digest of the whole bundle: over the canonical JSON of [`Bundle::files`].
    pub const fn sha256(&self) -> &Digest {
        &self.sha256
    }

    /// Digest of each file, by name.
    pub const fn files(&self) -> &BTreeMap<String, Digest> {
        &self.files
    }

    /// Every gate, file by file, in the order of the file.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// What opens each mode; a mode that no permit names stays shut.
    pub const fn grants(&self) -> &BTreeMap<Mode, Grant> {
        &self.grants
    }

    /// Refuses when this is not the bundle that the log says is in force.
    ///
    /// # Errors
    /// A [`Refusal`] when no policies were adopted, or others.
    pub fn check_in_force(&self, state: &State) -> Result<(), Refusal> {
        let adopted = state.settings.policies.as_ref().map(|p| &p.bundle_sha256);
        if adopted == Some(&self.sha256) {
            return Ok(());
        }
        Err(Refusal::new(
            "policies-not-in-force",
            "only-adopted-policies-decide",
            match adopted {
                None => "no policies were ever adopted".to_owned(),
                Some(other) => format!(
                    "the policy files have digest {}, the policies in force have digest {other}",
                    self.sha256
                ),
            },
            "restore the files, or adopt the new ones with `readingroom policy adopt`",
        ))
    }
}

fn within_limits(files: &BTreeMap<String, String>) -> Result<(), BundleError> {
    if files.len() > BUNDLE_FILES {
        let what = format!(
            "expected at most {BUNDLE_FILES} files, found {}",
            files.len()
        );
        return Err(BundleError::new(SCHEMA, None, what));
    }
    for (name, text) in files {
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        if name != SCHEMA && !(name.ends_with(".cedar") && name.bytes().all(plain)) {
            let what = format!("expected `{SCHEMA}` or a name ending in `.cedar`, found this file");
            return Err(BundleError::new(name, None, what));
        }
        if text.len() > FILE_BYTES {
            let what = format!("expected at most {FILE_BYTES} bytes, found {}", text.len());
            return Err(BundleError::new(name, None, what));
        }
    }
    Ok(())
}

fn read_schema(text: &str) -> Result<Schema, BundleError> {
    let (schema, mut warnings) = Schema::from_cedarschema_str(text)
        .map_err(|e| BundleError::new(SCHEMA, line_of(text, &e), e.to_string()))?;
    match warnings.next() {
        Some(warning) => Err(BundleError::new(
            SCHEMA,
            line_of(text, &warning),
            warning.to_string(),
        )),
        None => Ok(schema),
    }
}

/// The policies of one file, each under the id of its annotation, with the line of that annotation.
fn read_policies<'a>(file: &'a str, text: &str) -> Result<Vec<Placed<'a>>, BundleError> {
    let set: PolicySet = text.parse().map_err(|e: cedar_policy::ParseErrors| {
        BundleError::new(file, line_of(text, &e), e.to_string())
    })?;
    if set.templates().next().is_some() {
        return Err(BundleError::new(
            file,
            None,
            "expected policies without slots, found a template",
        ));
    }
    let mut earlier: BTreeMap<String, usize> = BTreeMap::new();
    let placed = set.policies().map(|policy| {
        let id = gate::annotation(file, None, policy, "id").map_err(|mut error| {
            error.line = line_without_id(text, policy);
            error
        })?;
        let nth = earlier.entry(id.to_owned()).or_default();
        let line = line_where(text, *nth, &format!("@id(\"{id}\")"));
        *nth += 1;
        if governance::Id::new(id).is_err() || RESERVED.contains(&id) {
            let what =
                format!("expected an id of lower-case letters, digits and `-`, found `{id}`");
            return Err(BundleError::new(file, line, what));
        }
        Ok(Placed {
            file,
            line,
            policy: policy.new_id(PolicyId::new(id)),
        })
    });
    placed.collect()
}

fn gather(placed: &[Placed<'_>]) -> Result<PolicySet, BundleError> {
    let mut policies = PolicySet::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for one in placed {
        let id: &str = one.policy.id().as_ref();
        if !seen.insert(id) {
            let what = format!("expected every id once, found `{id}` a second time");
            return Err(BundleError::new(one.file, one.line, what));
        }
        let added = policies.add(one.policy.clone());
        added.map_err(|e| BundleError::new(one.file, one.line, e.to_string()))?;
    }
    Ok(policies)
}

fn validate(
    schema: &Schema,
    policies: &PolicySet,
    placed: &[Placed<'_>],
) -> Result<(), BundleError> {
    let result = Validator::new(schema.clone()).validate(policies, ValidationMode::Strict);
    let errors = result
        .validation_errors()
        .map(|e| (e.policy_id(), e.to_string()));
    let warnings = result
        .validation_warnings()
        .map(|w| (w.policy_id(), w.to_string()));
    match errors.chain(warnings).next() {
        None => Ok(()),
        Some((id, what)) => {
            let place = placed.iter().find(|one| one.policy.id() == id);
            let (file, line) = place.map_or((SCHEMA, None), |one| (one.file, one.line));
            Err(BundleError::new(file, line, what))
        }
    }
}

/// The line, from 1, of the first place that Cedar marks.
fn line_of(text: &str, error: &dyn Diagnostic) -> Option<usize> {
    let offset = error.labels()?.next()?.offset();
    Some(text.get(..offset.min(text.len()))?.matches('\n').count() + 1)
}

/// The line, from 1, that holds a text after `nth` others that hold it too.
fn line_where(text: &str, nth: usize, held: &str) -> Option<usize> {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(held));
    lines.nth(nth).map(|(n, _)| n + 1)
}

/// The line of any other annotation of a policy that has no id.
fn line_without_id(text: &str, policy: &Policy) -> Option<usize> {
    let (name, value) = policy.annotations().find(|(name, _)| *name != "id")?;
    line_where(text, 0, &format!("@{name}(\"{value}\")"))
}
