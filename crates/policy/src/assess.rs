//! Policies over facts: which modes pass, which gates fail, until when.
//!
//! The ladder of modes is climbed from below and left at the first mode that does not pass. Whatever goes
//! wrong on the way (a gate that cannot be evaluated, facts that do not fit the schema) keeps a mode shut.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, Request, RestrictedExpression,
};
use governance::{Id, Mode, Refusal, State, Time};

use crate::access::{Access, FailedGate, OnFail, Outcome};
use crate::bundle::{Bundle, Gate};
use crate::facts::{ATTRIBUTES, Because, Facts, Place, rank};
use crate::limits::BECAUSE_LINES;

/// The gate that fails when a gate could not be evaluated.
pub(crate) const POLICY_ERROR: &str = "policy-error";
/// The gate that fails when no permit opens a mode.
pub(crate) const NOT_PERMITTED: &str = "mode-not-permitted";

/// Says how a project may use a class of data at an instant, and why not more.
///
/// # Errors
/// A [`Refusal`] when there is no such project or class of data. Everything else is an answer.
pub fn assess(
    state: &State,
    bundle: &Bundle,
    project: &Id,
    class: &Id,
    at: Time,
) -> Result<Access, Refusal> {
    judge(bundle, &Facts::of(state, project, class, at)?)
}

/// Applies policies to facts that were derived before.
///
/// # Errors
/// A [`Refusal`] when the facts have no digest, so that the answer could not be checked later.
pub fn judge(bundle: &Bundle, facts: &Facts) -> Result<Access, Refusal> {
    let facts_sha256 = facts.digest().map_err(|e| {
        Refusal::new(
            "facts-without-digest",
            "answers-can-be-checked",
            format!("the facts cannot be written as canonical JSON: {e}"),
            "look for a number beyond 2^53 in what was recorded",
        )
    })?;
    let asked = facts.asked.as_ref().map(|a| a.value);
    // Without a wish for the class the lowest mode is tried, so that the answer names that gate and others.
    let top = asked.unwrap_or(Mode::Aggregate);
    let question = Question::about(bundle, facts);
    let tried: Vec<(Mode, Failures)> = Mode::OPEN
        .into_iter()
        .filter(|mode| *mode <= top)
        .map(|mode| match &question {
            Ok(question) => (mode, question.ask(mode)),
            Err(what) => (mode, broken(what.clone())),
        })
        .collect();
    let climb = |passes: &dyn Fn(&Failures) -> bool| {
        let reached = tried.iter().take_while(|(_, failures)| passes(failures));
        reached.last().map_or(Mode::Deny, |(mode, _)| *mode)
    };
    let mode = climb(&|f| f.is_empty());
    let refers = |id: &String| {
        bundle
            .gates()
            .iter()
            .any(|gate| gate.id == *id && gate.on_fail == OnFail::Refer)
    };
    let refer = Some(climb(&|f| f.keys().all(refers))).filter(|higher| *higher > mode);
    let outcome = match (refer, mode) {
        (Some(_), _) => Outcome::Refer,
        (None, Mode::Deny) => Outcome::Denied,
        (None, _) => Outcome::Granted,
    };
    Ok(Access {
        project: facts.project.clone(),
        class: facts.class.clone(),
        asked,
        mode,
        outcome,
        refer,
        failed: explain(bundle, facts, &tried),
        obligations: bundle
            .grants()
            .get(&mode)
            .map(|g| g.obligations.clone())
            .unwrap_or_default(),
        valid_until: facts.valid_until,
        policy_sha256: bundle.sha256().clone(),
        facts_sha256,
    })
}

/// Ids of the gates that failed for one mode, each with a note where the id alone does not explain it.
type Failures = BTreeMap<String, String>;

fn broken(what: String) -> Failures {
    [(POLICY_ERROR.to_owned(), what)].into()
}

/// The facts as Cedar takes them, for every mode.
struct Question<'a> {
    bundle: &'a Bundle,
    project: EntityUid,
    class: EntityUid,
    entities: Entities,
    context: Vec<(String, RestrictedExpression)>,
}

impl<'a> Question<'a> {
    fn about(bundle: &'a Bundle, facts: &Facts) -> Result<Self, String> {
        let project = uid("Project", facts.project.as_str())?;
        let class = uid("Class", facts.class.as_str())?;
        let values = |place: Place| {
            let these = ATTRIBUTES.iter().filter(move |a| a.place == place);
            these.filter_map(|a| (a.value)(facts).map(|value| (a.name.to_owned(), value)))
        };
        let attributes: HashMap<String, RestrictedExpression> = values(Place::Project).collect();
        let entity = Entity::new(project.clone(), attributes, HashSet::new()).map_err(words)?;
        let entities = Entities::from_entities([entity], Some(&bundle.schema)).map_err(words)?;
        let context = values(Place::Context).collect();
        Ok(Self {
            bundle,
            project,
            class,
            entities,
            context,
        })
    }

    fn request(&self, mode: Mode) -> Result<Request, String> {
        let number = (
            "mode".to_owned(),
            RestrictedExpression::new_long(rank(mode)),
        );
        let pairs = self.context.iter().cloned().chain([number]);
        let context = Context::from_pairs(pairs).map_err(words)?;
        let (project, class) = (self.project.clone(), self.class.clone());
        let schema = Some(&self.bundle.schema);
        Request::new(project, uid("Action", mode.word())?, class, context, schema).map_err(words)
    }

    /// Asks Cedar about one mode.
    fn ask(&self, mode: Mode) -> Failures {
        let request = match self.request(mode) {
            Ok(request) => request,
            Err(what) => return broken(what),
        };
        let policies = &self.bundle.policies;
        let response = Authorizer::new().is_authorized(&request, policies, &self.entities);
        let failing: BTreeSet<&str> = response
            .diagnostics()
            .errors()
            .map(|e| match e {
                AuthorizationError::PolicyEvaluationError(e) => e.policy_id().as_ref(),
            })
            .collect();
        let mut failures = Failures::new();
        if !failing.is_empty() {
            let ids: Vec<&str> = failing.into_iter().collect();
            let what = format!(
                "could not be evaluated, and counts as failed: {}",
                ids.join(", ")
            );
            failures = broken(what);
        }
        if response.decision() == Decision::Deny {
            let reasons = response.diagnostics().reason();
            failures.extend(reasons.map(|id| (id.to_string(), String::new())));
            if failures.is_empty() {
                failures.insert(
                    NOT_PERMITTED.to_owned(),
                    format!("no policy permits mode {mode}"),
                );
            }
        }
        failures
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind: EntityTypeName = kind.parse().map_err(words::<cedar_policy::ParseErrors>)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn words<E: std::fmt::Display>(error: E) -> String {
    format!("the facts do not fit the schema of the policies: {error}")
}

/// Every gate that failed in any mode, in the order of the bundle, with what stands in the way.
fn explain(bundle: &Bundle, facts: &Facts, tried: &[(Mode, Failures)]) -> Vec<FailedGate> {
    let blocks = |id: &str| -> Vec<Mode> {
        tried
            .iter()
            .filter(|(_, f)| f.contains_key(id))
            .map(|(mode, _)| *mode)
            .collect()
    };
    let mut failed: Vec<FailedGate> = bundle
        .gates()
        .iter()
        .filter_map(|gate| {
            let blocks = blocks(&gate.id);
            (!blocks.is_empty()).then(|| failed_gate(gate, facts, blocks))
        })
        .collect();
    let own = [
        (
            POLICY_ERROR,
            "every gate can be evaluated",
            "a rule that cannot be applied opens nothing",
        ),
        (
            NOT_PERMITTED,
            "the policies permit the mode",
            "what is not permitted is refused",
        ),
    ];
    for (id, clause, source) in own {
        let note = tried.iter().find_map(|(_, f)| f.get(id));
        if let Some(because) = note {
            failed.push(FailedGate {
                id: id.to_owned(),
                clause: clause.to_owned(),
                source: source.to_owned(),
                owner: "custodian".to_owned(),
                blocks: blocks(id),
                on_fail: OnFail::Deny,
                because: because.clone(),
                entries: Vec::new(),
            });
        }
    }
    failed
}

fn failed_gate(gate: &Gate, facts: &Facts, blocks: Vec<Mode>) -> FailedGate {
    let mut because = Because::default();
    for attribute in ATTRIBUTES
        .iter()
        .filter(|a| gate.attributes.contains(a.name))
    {
        (attribute.because)(facts, &mut because);
    }
    FailedGate {
        id: gate.id.clone(),
        clause: gate.clause.clone(),
        source: gate.source.clone(),
        owner: gate.owner.clone(),
        on_fail: gate.on_fail,
        because: sentence(&because.lines, facts, &blocks),
        entries: because.entries.into_iter().collect(),
        blocks,
    }
}

/// The lines as one sentence. A gate may name no fact at all: then the class and the mode stand in the way.
fn sentence(lines: &[String], facts: &Facts, blocks: &[Mode]) -> String {
    if lines.is_empty() {
        let modes: Vec<&str> = blocks.iter().map(|m| m.word()).collect();
        return format!(
            "class `{}` was asked for in mode {}",
            facts.class,
            modes.join(" and ")
        );
    }
    let shown: Vec<&str> = lines
        .iter()
        .take(BECAUSE_LINES)
        .map(String::as_str)
        .collect();
    let more = lines.len().saturating_sub(BECAUSE_LINES);
    let rest = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!("{}{rest}", shown.join("; "))
}
