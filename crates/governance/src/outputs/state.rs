//! What is known of questions and outputs; each record names the log entry it comes from.

use std::collections::BTreeMap;

use serde::Serialize;

use super::request::Happened;
use super::{Output, OutputEvent};
use crate::event::Envelope;
use crate::ids::{Digest, Id};
use crate::limits::DIFFERENCES_KEPT;
use crate::mode::Mode;
use crate::projects::Projects;
use crate::time::Time;

/// The rule of refusals that count against a project's allowance: a question differs from what was shown before by few
/// people. Each such refusal tells the researcher something, so there are not many.
pub const DIFFERENCE_RULE: &str = "no-difference-below-ten";

/// Questions and outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outputs {
    /// Answered questions by log entry, which is also their number.
    pub queries: BTreeMap<u64, Query>,
    /// Number of refused commands.
    pub refusals: u64,
    /// By project, when questions were refused because they differ from earlier ones by few people, since a person last
    /// looked at them. No more are kept than any allowance has.
    pub differences: BTreeMap<Id, Vec<Time>>,
    /// Requests by name.
    pub requests: BTreeMap<Id, Output>,
}

/// An answered question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Query {
    /// Id of the question.
    pub question: Id,
    /// Who asked.
    pub researcher: Id,
    /// Project.
    pub project: Id,
    /// Mode.
    pub mode: Mode,
    /// Release.
    pub release: Id,
    /// Digest of the answer as CSV; of aggregate answers only.
    pub answer_sha256: Option<Digest>,
    /// Digest of the plan.
    pub plan_sha256: Digest,
    /// Policy version.
    pub policy_sha256: Digest,
    /// Version of the program that answered.
    pub program: String,
    /// Numbers that were shown in aggregate mode.
    pub cells: u64,
    /// When.
    pub at: Time,
}

impl Outputs {
    /// An answered question and its log entry, by its id.
    pub fn question(&self, id: &Id) -> Option<(u64, &Query)> {
        self.queries
            .iter()
            .rev()
            .find(|(_, q)| q.question == *id)
            .map(|(entry, q)| (*entry, q))
    }

    /// The log entry of the answered aggregate question whose CSV has this digest, if there is one.
    pub fn aggregate_answer(&self, project: &Id, sha256: &str) -> Option<u64> {
        self.queries
            .iter()
            .find(|(_, q)| {
                q.mode == Mode::Aggregate
                    && q.project == *project
                    && q.answer_sha256
                        .as_ref()
                        .is_some_and(|d| d.as_str() == sha256)
            })
            .map(|(entry, _)| *entry)
    }

    pub(crate) fn evolve(
        &mut self,
        entry: u64,
        envelope: &Envelope,
        event: &OutputEvent,
        projects: &mut Projects,
    ) {
        let happened = Happened {
            entry,
            at: envelope.at,
            by: &envelope.by,
            private: &envelope.private,
        };
        self.fold(&happened, event, projects);
    }

    fn fold(&mut self, h: &Happened<'_>, event: &OutputEvent, projects: &mut Projects) {
        let (entry, at) = (h.entry, h.at);
        match event {
            OutputEvent::QueryAnswered {
                question,
                researcher,
                project,
                mode,
                release,
                answer_sha256,
                plan_sha256,
                policy_sha256,
                program,
                cells,
                ..
            } => {
                let query = Query {
                    question: question.clone(),
                    researcher: researcher.clone(),
                    project: project.clone(),
                    mode: *mode,
                    release: release.clone(),
                    answer_sha256: answer_sha256.clone(),
                    plan_sha256: plan_sha256.clone(),
                    policy_sha256: policy_sha256.clone(),
                    program: program.clone(),
                    cells: cells.unwrap_or(0),
                    at,
                };
                self.queries.insert(entry, query);
                projects.touch(project, entry);
            }
            OutputEvent::CommandRefused(e) => {
                self.refusals += 1;
                if let Some(project) = &e.project {
                    if e.rule == DIFFERENCE_RULE {
                        let times = self.differences.entry(project.clone()).or_default();
                        if times.len() < DIFFERENCES_KEPT {
                            times.push(at);
                        }
                    }
                    projects.touch(project, entry);
                }
            }
            OutputEvent::QuestionsReviewed(e) => {
                self.differences.remove(&e.project);
                projects.touch(&e.project, entry);
            }
            _ => self.evolve_request(h, event, projects),
        }
    }
}
