//! What is known of applications and projects; each record names the log entry it comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{ProjectEvent, RecordAccess, ReviewOutcome, ReviewTrack, SubmitApplication, Want};
use crate::ids::Id;
use crate::time::{Time, Window};

/// Applications and projects by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Projects {
    /// One record from application to closing.
    pub all: BTreeMap<Id, Project>,
}

/// Where a project stands, as far as events say; time may have ended it since (see [`Project::is_live`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Applied for.
    Applied,
    /// Approved; agreement or fee is missing.
    Approved,
    /// Rejected.
    Rejected,
    /// Running.
    Active,
    /// Suspended.
    Suspended,
    /// Time over.
    Expired,
    /// Closed for good.
    Closed,
}

/// An application and the project it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Project {
    /// As submitted.
    pub application: SubmitApplication,
    /// What it wants now: as submitted or as amended.
    pub wants: BTreeMap<Id, Want>,
    /// Where it stands.
    pub standing: Standing,
    /// Newest review of each track.
    pub reviews: BTreeMap<ReviewTrack, Review>,
    /// Decision.
    pub decision: Option<Decision>,
    /// Agreement of each institution.
    pub agreements: BTreeMap<Id, Agreement>,
    /// Log entry of the fee.
    pub fee_entry: Option<u64>,
    /// When it started.
    pub started_at: Option<Time>,
    /// Who suspended it, while it is suspended.
    pub suspended_by: Option<Id>,
    /// What policy answered last, by class.
    pub access: BTreeMap<Id, AccessRecord>,
    /// Log entries of everything that happened to it, in order.
    pub entries: Vec<u64>,
    /// Log entry of the application.
    pub entry: u64,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Who.
    pub reviewer: Id,
    /// Conclusion.
    pub outcome: ReviewOutcome,
    /// Log entry.
    pub entry: u64,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether it was approved.
    pub approved: bool,
    /// Statement of reasons.
    pub reasons: String,
    /// Log entry.
    pub entry: u64,
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Version.
    pub version: String,
    /// When.
    pub window: Window,
    /// Log entry.
    pub entry: u64,
}

/// What policy answered last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessRecord {
    /// The answer.
    pub answer: RecordAccess,
    /// Log entry.
    pub entry: u64,
}

impl Project {
    /// Lead and collaborators.
    pub fn researchers(&self) -> BTreeSet<&Id> {
        self.application
            .collaborators
            .iter()
            .chain([&self.application.lead])
            .collect()
    }

    /// The stretch of time that all its agreements share; `None` without any agreement.
    pub fn agreed_window(&self) -> Option<Window> {
        let from = self.agreements.values().map(|a| a.window.from).max()?;
        let until = self
            .agreements
            .values()
            .filter_map(|a| a.window.until)
            .min();
        Some(Window { from, until })
    }

    /// Whether it may work at all at an instant: active, and within every agreement.
    pub fn is_live(&self, at: Time) -> bool {
        self.standing == Standing::Active && self.agreed_window().is_some_and(|w| w.holds(at))
    }
}

impl Projects {
    fn update(&mut self, id: &Id, entry: u64, change: impl FnOnce(&mut Project)) {
        if let Some(project) = self.all.get_mut(id) {
            project.entries.push(entry);
            change(project);
        }
    }

    /// Notes in a project's history an entry that belongs to another room (a query, an output).
    pub(crate) fn touch(&mut self, id: &Id, entry: u64) {
        self.update(id, entry, |_| {});
    }

    pub(crate) fn evolve(&mut self, entry: u64, at: Time, by: &Id, event: &ProjectEvent) {
        match event {
            ProjectEvent::ApplicationSubmitted(e) => {
                self.all.insert(e.id.clone(), Project::applied(e, entry));
            }
            ProjectEvent::ApplicationReviewed(e) => self.update(&e.application, entry, |p| {
                let review = Review {
                    reviewer: by.clone(),
                    outcome: e.outcome,
                    entry,
                };
                p.reviews.insert(e.track, review);
            }),
            ProjectEvent::ApplicationDecided(e) => self.update(&e.application, entry, |p| {
                p.standing = if e.approved {
                    Standing::Approved
                } else {
                    Standing::Rejected
                };
                p.decision = Some(Decision {
                    approved: e.approved,
                    reasons: e.reasons.clone(),
                    entry,
                });
            }),
            ProjectEvent::AgreementSigned {
                application,
                institution,
                version,
                window,
            } => {
                self.update(application, entry, |p| {
                    let agreement = Agreement {
                        version: version.clone(),
                        window: *window,
                        entry,
                    };
                    p.agreements.insert(institution.clone(), agreement);
                });
            }
            ProjectEvent::FeeRecorded(e) => {
                self.update(&e.application, entry, |p| p.fee_entry = Some(entry));
            }
            ProjectEvent::ProjectStarted { project } => self.update(project, entry, |p| {
                p.standing = Standing::Active;
                p.started_at = Some(at);
            }),
            ProjectEvent::ProjectAmended(e) => {
                self.update(&e.project, entry, |p| p.wants.clone_from(&e.wants));
            }
            ProjectEvent::ProjectSuspended(e) => self.update(&e.project, entry, |p| {
                p.standing = Standing::Suspended;
                p.suspended_by = Some(by.clone());
            }),
            ProjectEvent::ProjectResumed(e) => self.update(&e.project, entry, |p| {
                p.standing = Standing::Active;
                p.suspended_by = None;
            }),
            ProjectEvent::ProjectExpired(e) => {
                self.update(&e.project, entry, |p| p.standing = Standing::Expired);
            }
            ProjectEvent::ProjectClosed(e) => {
                self.update(&e.project, entry, |p| p.standing = Standing::Closed);
            }
            ProjectEvent::AccessRecorded(e) => self.update(&e.project, entry, |p| {
                p.access.insert(
                    e.class.clone(),
                    AccessRecord {
                        answer: e.clone(),
                        entry,
                    },
                );
            }),
        }
    }
}

impl Project {
    fn applied(application: &SubmitApplication, entry: u64) -> Self {
        Self {
            application: application.clone(),
            wants: application.wants.clone(),
            standing: Standing::Applied,
            reviews: BTreeMap::new(),
            decision: None,
            agreements: BTreeMap::new(),
            fee_entry: None,
            started_at: None,
            suspended_by: None,
            access: BTreeMap::new(),
            entries: vec![entry],
            entry,
        }
    }
}
