//! A request for files to leave: its versions, its reviews, who was handed it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{CheckOutcome, Engine, Flag, OutputEvent, OutputFile, Outputs, Submitted, Verdict};
use crate::ids::Id;
use crate::projects::Projects;
use crate::time::Time;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputStanding {
    /// Waits for checkers, or for its release.
    Submitted,
    /// Given back to its author, who may submit a next version.
    Returned,
    /// Two checkers said no.
    Rejected,
    /// Left.
    Released,
    /// Taken back by its author before it left.
    Withdrawn,
    /// Called back after it left.
    Recalled,
}

/// A request for files to leave: its newest version, and what became of the earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Project.
    pub project: Id,
    /// Who asked.
    pub author: Id,
    /// From 1.
    pub version: u32,
    /// What for.
    pub purpose: String,
    /// Which output of the project's plan it is said to be.
    pub planned: Option<String>,
    /// Files by name.
    pub files: BTreeMap<String, OutputFile>,
    /// What judged them.
    pub engine: Option<Engine>,
    /// Worst of its files, and amber if anything is flagged.
    pub colour: Verdict,
    /// What makes the request as a whole worth a person's look.
    pub flags: BTreeSet<Flag>,
    /// Where it stands.
    pub standing: OutputStanding,
    /// Reviews of this version by checker.
    pub reviews: BTreeMap<Id, OutputReviewRecord>,
    /// When this version was submitted.
    pub submitted_at: Time,
    /// When it was released, returned, rejected or withdrawn.
    pub closed_at: Option<Time>,
    /// Log entry of this version.
    pub entry: u64,
    /// Log entry of its return.
    pub returned_entry: Option<u64>,
    /// Log entry of the release.
    pub released_entry: Option<u64>,
    /// Whether it left without a person's look.
    pub automatic: bool,
    /// Log entry of the recall.
    pub recalled_entry: Option<u64>,
    /// Who was handed the released files.
    pub handed: BTreeMap<Id, Handed>,
    /// Who confirmed that they deleted them, with the log entry.
    pub deleted: BTreeMap<Id, u64>,
    /// Earlier versions, oldest first.
    pub history: Vec<PastVersion>,
}

/// A version of a request that was returned, and followed by a next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastVersion {
    /// From 1.
    pub version: u32,
    /// Files by name.
    pub files: BTreeMap<String, OutputFile>,
    /// Its colour.
    pub colour: Verdict,
    /// What made it worth a person's look.
    pub flags: BTreeSet<Flag>,
    /// Reviews that were given until it was returned.
    pub reviews: BTreeMap<Id, OutputReviewRecord>,
    /// When it was submitted.
    pub submitted_at: Time,
    /// When it was returned.
    pub closed_at: Option<Time>,
    /// Its log entry.
    pub entry: u64,
    /// Log entry of its return.
    pub returned_entry: Option<u64>,
}

/// A checker's review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputReviewRecord {
    /// Conclusion; `None` while it is sealed.
    pub outcome: Option<CheckOutcome>,
    /// Salted digest under which the conclusion was sealed.
    pub sealed: String,
    /// Log entry.
    pub entry: u64,
}

/// When somebody was handed a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Handed {
    /// Log entry of the first time.
    pub first_entry: u64,
    /// The first time.
    pub first_at: Time,
    /// The last time.
    pub last_at: Time,
    /// How often.
    pub times: u64,
}

impl Output {
    /// The checkers whose sealed conclusions are due to be opened: all that are sealed, once two are there.
    pub fn sealed_and_due(&self) -> Vec<&Id> {
        if self.standing != OutputStanding::Submitted || self.reviews.len() < super::CHECKERS {
            return Vec::new();
        }
        self.reviews
            .iter()
            .filter(|(_, r)| r.outcome.is_none())
            .map(|(who, _)| who)
            .collect()
    }

    /// The reviews that say one thing, of all that are opened.
    pub(crate) fn opened(&self, outcome: CheckOutcome) -> impl Iterator<Item = &Id> {
        self.reviews
            .iter()
            .filter(move |(_, r)| r.outcome == Some(outcome))
            .map(|(who, _)| who)
    }

    fn of(e: &Submitted, by: &Id, at: Time, entry: u64) -> Self {
        Self {
            project: e.project.clone(),
            author: by.clone(),
            version: e.version,
            purpose: e.purpose.clone(),
            planned: e.planned.clone(),
            files: e.files.clone(),
            engine: e.engine.clone(),
            colour: e.colour,
            flags: e.flags.clone(),
            standing: OutputStanding::Submitted,
            reviews: BTreeMap::new(),
            submitted_at: at,
            closed_at: None,
            entry,
            returned_entry: None,
            released_entry: None,
            automatic: false,
            recalled_entry: None,
            handed: BTreeMap::new(),
            deleted: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    fn past(self) -> (Vec<PastVersion>, PastVersion) {
        let version = PastVersion {
            version: self.version,
            files: self.files,
            colour: self.colour,
            flags: self.flags,
            reviews: self.reviews,
            submitted_at: self.submitted_at,
            closed_at: self.closed_at,
            entry: self.entry,
            returned_entry: self.returned_entry,
        };
        (self.history, version)
    }

    fn close(&mut self, standing: OutputStanding, at: Time) {
        self.standing = standing;
        self.closed_at = Some(at);
    }

    fn open(&mut self, outcomes: &BTreeMap<Id, CheckOutcome>, at: Time) {
        for (checker, outcome) in outcomes {
            if let Some(review) = self.reviews.get_mut(checker) {
                review.outcome = Some(*outcome);
            }
        }
        if self.opened(CheckOutcome::Reject).count() >= super::CHECKERS {
            self.close(OutputStanding::Rejected, at);
        }
    }

    fn hand(&mut self, to: &Id, entry: u64, at: Time) {
        let handed = self.handed.entry(to.clone()).or_insert(Handed {
            first_entry: entry,
            first_at: at,
            last_at: at,
            times: 0,
        });
        handed.last_at = at;
        handed.times += 1;
    }
}

/// One event with its circumstances.
pub(super) struct Happened<'a> {
    pub entry: u64,
    pub at: Time,
    pub by: &'a Id,
    pub private: &'a BTreeMap<String, String>,
}

impl Outputs {
    /// Folds in what happened to a request. What is said of another version than the newest says nothing: a review of
    /// what was must never let something else leave.
    pub(super) fn evolve_request(
        &mut self,
        h: &Happened<'_>,
        event: &OutputEvent,
        projects: &mut Projects,
    ) {
        match event {
            OutputEvent::OutputSubmitted(e) => {
                let mut next = Output::of(e, h.by, h.at, h.entry);
                if let Some(before) = self.requests.remove(&e.id) {
                    let (history, last) = before.past();
                    next.history = history;
                    next.history.push(last);
                }
                self.requests.insert(e.id.clone(), next);
                projects.touch(&e.project, h.entry);
            }
            OutputEvent::OutputReviewed { output, version } => {
                let sealed = h.private.get("outcome").cloned().unwrap_or_default();
                let review = OutputReviewRecord {
                    outcome: None,
                    sealed,
                    entry: h.entry,
                };
                self.update(output, Some(*version), h, projects, |o| {
                    o.reviews.insert(h.by.clone(), review);
                });
            }
            OutputEvent::OutputOpened {
                output,
                version,
                outcomes,
            } => self.update(output, Some(*version), h, projects, |o| {
                o.open(outcomes, h.at);
            }),
            OutputEvent::OutputReturned { output, version } => {
                self.update(output, Some(*version), h, projects, |o| {
                    o.close(OutputStanding::Returned, h.at);
                    o.returned_entry = Some(h.entry);
                });
            }
            OutputEvent::OutputReleased {
                output,
                version,
                automatic,
                ..
            } => self.update(output, Some(*version), h, projects, |o| {
                o.close(OutputStanding::Released, h.at);
                o.released_entry = Some(h.entry);
                o.automatic = *automatic;
            }),
            OutputEvent::OutputDownloaded { output, version } => {
                self.update(output, Some(*version), h, projects, |o| {
                    o.hand(h.by, h.entry, h.at);
                });
            }
            OutputEvent::OutputWithdrawn(e) => self.update(&e.output, None, h, projects, |o| {
                o.close(OutputStanding::Withdrawn, h.at);
            }),
            OutputEvent::OutputRecalled { output, .. } => {
                self.update(output, None, h, projects, |o| {
                    o.standing = OutputStanding::Recalled;
                    o.recalled_entry = Some(h.entry);
                });
            }
            OutputEvent::OutputDeleted(e) => self.update(&e.output, None, h, projects, |o| {
                o.deleted.insert(h.by.clone(), h.entry);
            }),
            OutputEvent::QueryAnswered { .. }
            | OutputEvent::QuestionsReviewed(_)
            | OutputEvent::CommandRefused(_) => {}
        }
    }

    fn update(
        &mut self,
        id: &Id,
        version: Option<u32>,
        h: &Happened<'_>,
        projects: &mut Projects,
        change: impl FnOnce(&mut Output),
    ) {
        if let Some(output) = self.requests.get_mut(id)
            && version.is_none_or(|v| v == output.version)
        {
            change(output);
            projects.touch(&output.project, h.entry);
        }
    }
}
