//! Watches a running question: it ends within a second when its caller is gone, its project is suspended, its token ends,
//! or a fact on which its access rests changes.

use std::time::{Duration, Instant};

use governance::{Id, Mode, Refusal, State, Time, ledger};
use policy::Bundle;
use store::Store;
use vault::query::QueryError;
use vault::query::worker::Seen;

use super::{Asked, Prepared};
use crate::clock;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::limits::{LOOK_EVERY, REASSESS_EVERY};

/// Whoever waits for an answer.
pub trait Caller {
    /// How far the question is, from 0 to 1, and since when it runs.
    fn progress(&mut self, id: &Id, share: f64, elapsed: Duration);
    /// Whether nobody waits any more.
    fn gone(&self) -> bool;
}

/// A caller who waits to the end and does not want to know how far it is.
pub struct Nobody;

impl Caller for Nobody {
    fn progress(&mut self, _: &Id, _: f64, _: Duration) {}

    fn gone(&self) -> bool {
        false
    }
}

/// Looks at the log while a question runs.
pub struct Watch {
    store: Store,
    state: State,
    bundle: Bundle,
    question: Id,
    project: Id,
    researcher: Id,
    token: Option<Id>,
    mode: Mode,
    release: Id,
    classes: Vec<(Id, Vec<String>)>,
    looked: Option<Instant>,
    assessed: Option<Instant>,
}

impl Watch {
    /// A watch over a question that was prepared now.
    pub(super) fn new(
        instance: &Instance,
        asked: Asked<'_>,
        prepared: &Prepared,
        question: &Id,
    ) -> Result<Self, Failure> {
        let store =
            Store::open_read(&instance.dir).map_err(|e| Failure::fault("opening the log", e))?;
        let mut classes: Vec<(Id, Vec<String>)> = Vec::new();
        let scope = &prepared.scope;
        // classes that are not open in this mode, or whose keys are gone, are not part of the question
        let sealed = instance.state.data.releases.get(&scope.release);
        let there = |class: &Id| sealed.is_some_and(|r| !r.erased.contains(class));
        let open = |a: &&policy::Access| a.mode >= scope.mode && there(&a.class);
        for class in scope.answers.values().filter(open).map(|a| &a.class) {
            let of_class = scope.manifest.tables.iter().flat_map(|(table, entry)| {
                entry
                    .columns
                    .iter()
                    .filter(|c| c.class == class.as_str())
                    .map(move |c| format!("{table}.{}", c.name))
            });
            classes.push((class.clone(), of_class.collect()));
        }
        Ok(Self {
            store,
            state: instance.state.clone(),
            bundle: scope.bundle.clone(),
            question: question.clone(),
            project: asked.project.clone(),
            researcher: asked.researcher.clone(),
            token: asked.token.cloned(),
            mode: scope.mode,
            release: scope.release.clone(),
            classes,
            looked: None,
            assessed: None,
        })
    }

    /// What ends the question now, if anything does.
    pub fn look(&mut self, seen: &Seen, caller: &mut dyn super::Caller) -> Option<QueryError> {
        caller.progress(&self.question, seen.progress, seen.elapsed);
        if caller.gone() {
            return Some(cancelled().into());
        }
        let due = |last: Option<Instant>, every| last.is_none_or(|t| t.elapsed() >= every);
        if !due(self.looked, LOOK_EVERY) {
            return None;
        }
        self.looked = Some(Instant::now());
        match self.changed() {
            Ok(false) if !due(self.assessed, REASSESS_EVERY) => None,
            Ok(_) => {
                self.assessed = Some(Instant::now());
                match self.holds(seen) {
                    Ok(()) => None,
                    Err(refusal) => Some(refusal.into()),
                }
            }
            // without the log nothing may go on
            Err(failure) => Some(QueryError::Fault(failure.text())),
        }
    }

    /// Folds in what was written meanwhile.
    fn changed(&mut self) -> Result<bool, Failure> {
        let fault = |e: store::StoreError| Failure::fault("watching the log", e);
        if self.store.count_now().map_err(fault)? == self.state.size {
            return Ok(false);
        }
        let (store, state) = (&self.store, &mut self.state);
        let mut unreadable = false;
        store
            .events(state.size, |_, bytes| {
                match ledger::read(bytes) {
                    Ok(envelope) => state.evolve(&envelope),
                    Err(_) => unreadable = true,
                }
                Ok::<(), store::StoreError>(())
            })
            .map_err(fault)?;
        if unreadable {
            return Err(Failure::Fault(
                "an entry of the log is not readable".to_owned(),
            ));
        }
        Ok(true)
    }

    /// Whether the question may go on.
    fn holds(&self, seen: &Seen) -> Result<(), Refusal> {
        let at = clock::now().map_err(|_| ended("the clock cannot be read"))?;
        self.member(at)?;
        for (class, columns) in &self.classes {
            // once it is known what the question reads, other classes are nothing to it
            let read = seen.used.as_ref().is_none_or(|used| {
                used.iter().any(|(table, named)| {
                    columns.iter().any(|column| {
                        column.split_once('.').is_some_and(|(t, c)| {
                            t == table && (named.is_empty() || named.contains(c))
                        })
                    })
                })
            });
            if !read {
                continue;
            }
            let access = policy::assess(&self.state, &self.bundle, &self.project, class, at)
                .map_err(|_| ended("policy gives no answer"))?;
            let sealed = self.state.data.releases.get(&self.release);
            if sealed.is_none_or(|r| r.erased.contains(class)) {
                return Err(ended(&format!("the keys of class {class} were destroyed")));
            }
            if access.mode < self.mode {
                return Err(ended(&format!(
                    "class {class} is no longer open in mode {}",
                    self.mode
                )));
            }
        }
        Ok(())
    }

    fn member(&self, at: Time) -> Result<(), Refusal> {
        governance::outputs::working_member(&self.state, &self.project, &self.researcher, at)?;
        let Some(token) = &self.token else {
            return Ok(());
        };
        if self
            .state
            .people
            .tokens
            .get(token)
            .is_some_and(|t| t.is_live(at))
        {
            return Ok(());
        }
        Err(ended("the token with which it was asked has ended"))
    }
}

fn cancelled() -> Refusal {
    Refusal::new(
        "cancelled",
        "nobody-waits",
        "the question was cancelled by whoever asked it",
        "ask again",
    )
}

fn ended(what: &str) -> Refusal {
    Refusal::new(
        "access-ended",
        "access-ends-at-once",
        format!("the question was ended while it was running: {what}"),
        "see `readingroom policy explain` for what the project may use now",
    )
}
