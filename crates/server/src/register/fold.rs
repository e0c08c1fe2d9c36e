//! The fold that turns log entries into the register, one entry at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use governance::outputs::OutputEvent;
use governance::people::Role;
use governance::projects::{ProjectEvent, ReviewTrack};
use governance::settings::SettingsEvent;
use governance::{Envelope, Event, Id, State, Time};

use super::lines::{Times, direction, record, release};
use super::{
    Counts, DirectionLine, FORMAT, Line, LogHead, ProjectRecord, Question, Register, RegisterError,
    ReleaseLine, Step, What, WithdrawalLine,
};
use crate::limits::LINES_PER_PROJECT;
use crate::words;

/// What the state does not keep of a project.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) authorised: Vec<Step>,
    pub(super) changes: Vec<Step>,
    pub(super) questions: BTreeMap<governance::Mode, u64>,
    pub(super) newest: VecDeque<Question>,
    pub(super) refusals: BTreeMap<String, u64>,
    pub(super) asked_entry: u64,
}

/// Reads log entries in order; [`RegisterFold::finish`] gives the register.
#[derive(Debug, Default)]
pub struct RegisterFold {
    next: u64,
    lines: Vec<Line>,
    staff: BTreeMap<Id, BTreeSet<Role>>,
    founder: Option<Id>,
    outputs: BTreeMap<Id, Id>,
    projects: BTreeMap<Id, Collected>,
}

impl RegisterFold {
    /// Before the first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next entry.
    ///
    /// # Errors
    /// [`RegisterError::Gap`] when it is not the next one.
    pub fn push(&mut self, entry: u64, envelope: &Envelope) -> Result<(), RegisterError> {
        if entry != self.next {
            return Err(RegisterError::Gap {
                expected: self.next,
                found: entry,
            });
        }
        self.next += 1;
        self.note_people(&envelope.event);
        let project = self.project_of(&envelope.event);
        self.lines.push(Line {
            entry,
            at: envelope.at,
            by: envelope.by.clone(),
            role: self.role(&envelope.by),
            words: words::event(&envelope.event),
            project,
        });
        self.collect(entry, envelope);
        Ok(())
    }

    fn note_people(&mut self, event: &Event) {
        match event {
            Event::Settings(SettingsEvent::InstanceFounded(e)) => {
                self.founder = Some(e.founder.clone());
            }
            Event::People(governance::people::PeopleEvent::StaffAppointed(e)) => {
                self.staff.insert(e.person.clone(), e.roles.clone());
            }
            Event::Output(OutputEvent::OutputSubmitted(e)) => {
                self.outputs.insert(e.id.clone(), e.project.clone());
            }
            _ => {}
        }
    }

    /// What somebody is at this point of the log. Whoever acts and is no staff is a researcher: the
    /// rules of governance let nobody else act.
    fn role(&self, by: &Id) -> String {
        match self.staff.get(by) {
            Some(roles) if !roles.is_empty() => words::roles(roles),
            Some(_) => "former staff".to_owned(),
            None if self.founder.as_ref() == Some(by) => "founder".to_owned(),
            None => "researcher".to_owned(),
        }
    }

    fn project_of(&self, event: &Event) -> Option<Id> {
        match event {
            Event::Project(e) => Some(project_named(e).clone()),
            Event::Output(e) => match e {
                OutputEvent::QueryAnswered { project, .. }
                | OutputEvent::OutputReleased { project, .. } => Some(project.clone()),
                // A refusal may name a project that does not exist.
                OutputEvent::CommandRefused(e) => {
                    e.project.clone().filter(|p| self.projects.contains_key(p))
                }
                OutputEvent::QuestionsReviewed(e) => Some(e.project.clone()),
                OutputEvent::OutputSubmitted(e) => Some(e.project.clone()),
                OutputEvent::OutputReviewed { output, .. }
                | OutputEvent::OutputOpened { output, .. }
                | OutputEvent::OutputReturned { output, .. }
                | OutputEvent::OutputDownloaded { output, .. }
                | OutputEvent::OutputRecalled { output, .. } => self.outputs.get(output).cloned(),
                OutputEvent::OutputWithdrawn(e) => self.outputs.get(&e.output).cloned(),
                OutputEvent::OutputDeleted(e) => self.outputs.get(&e.output).cloned(),
            },
            Event::Settings(_) | Event::People(_) | Event::Data(_) => None,
        }
    }

    fn collect(&mut self, entry: u64, envelope: &Envelope) {
        let (at, by) = (envelope.at, &envelope.by);
        match &envelope.event {
            Event::Project(event) => {
                let collected = self
                    .projects
                    .entry(project_named(event).clone())
                    .or_default();
                collected.step(entry, at, by, event);
            }
            Event::Output(OutputEvent::CommandRefused(e)) => {
                if let Some(c) = e.project.as_ref().and_then(|p| self.projects.get_mut(p)) {
                    *c.refusals.entry(e.code.clone()).or_default() += 1;
                }
            }
            Event::Output(e @ OutputEvent::QueryAnswered { project, .. }) => {
                if let (Some(c), Some(question)) =
                    (self.projects.get_mut(project), question(entry, at, e))
                {
                    *c.questions.entry(question.mode).or_default() += 1;
                    c.newest.push_back(question);
                    if c.newest.len() > LINES_PER_PROJECT {
                        c.newest.pop_front();
                    }
                }
            }
            _ => {}
        }
    }

    /// Puts the register together.
    ///
    /// # Errors
    /// [`RegisterError::OtherState`] when the state holds another number of entries.
    pub fn finish(self, state: &State) -> Result<Register, RegisterError> {
        if state.size != self.next {
            return Err(RegisterError::OtherState {
                entries: self.next,
                state: state.size,
            });
        }
        let as_of = self.lines.last().map(|l| l.at);
        let Self {
            lines,
            mut projects,
            ..
        } = self;
        let times = Times(&lines);
        let projects: BTreeMap<Id, ProjectRecord> = state
            .projects
            .all
            .iter()
            .map(|(id, p)| {
                let collected = projects.remove(id).unwrap_or_default();
                Ok((id.clone(), record(state, &times, as_of, p, collected)?))
            })
            .collect::<Result<_, RegisterError>>()?;
        let mut releases: Vec<ReleaseLine> = state
            .data
            .releases
            .iter()
            .map(|(name, r)| release(name, r))
            .collect();
        releases.sort_by_key(|r| r.entry);
        let mut directions: Vec<DirectionLine> = state
            .data
            .directions
            .iter()
            .map(|(id, d)| direction(id, d, as_of))
            .collect();
        directions.sort_by_key(|d| d.entry);
        let withdrawals = state.data.withdrawals.iter();
        Ok(Register {
            format: FORMAT,
            custodian: state.settings.custodian.clone().unwrap_or_default(),
            log: LogHead {
                origin: state.settings.origin.clone().unwrap_or_default(),
                size: state.size,
                state_sha256: state.digest()?,
                as_of,
            },
            policies: state.settings.policies.clone(),
            directions,
            releases,
            withdrawals: withdrawals
                .map(|w| WithdrawalLine {
                    level: w.level,
                    at: w.at,
                    entry: w.entry,
                })
                .collect(),
            counts: Counts::of(&projects, state.outputs.refusals),
            projects,
            lines,
        })
    }
}

impl Collected {
    fn step(&mut self, entry: u64, at: Time, by: &Id, event: &ProjectEvent) {
        let what = match event {
            ProjectEvent::ApplicationSubmitted(_) => What::Application,
            ProjectEvent::ApplicationReviewed(e) => match e.track {
                ReviewTrack::Scientific => What::ScientificReview { outcome: e.outcome },
                ReviewTrack::Ethical => What::EthicalReview { outcome: e.outcome },
            },
            ProjectEvent::ApplicationDecided(e) => What::Decision {
                approved: e.approved,
                reasons: e.reasons.clone(),
            },
            ProjectEvent::AgreementSigned {
                institution,
                version,
                window,
                ..
            } => What::Agreement {
                institution: institution.clone(),
                version: version.clone(),
                window: *window,
            },
            ProjectEvent::FeeRecorded(_) => What::Fee,
            ProjectEvent::ProjectStarted { .. } => What::Start,
            ProjectEvent::ProjectAmended(e) => What::Amendment {
                asks: e
                    .wants
                    .iter()
                    .map(|(class, w)| (class.clone(), w.mode))
                    .collect(),
                agreed_by: e.agreed_by.clone(),
            },
            ProjectEvent::ProjectSuspended(_) => What::Suspension,
            ProjectEvent::ProjectResumed(e) => What::Resumption {
                agreed_by: e.agreed_by.clone(),
            },
            ProjectEvent::ProjectExpired(_) => What::Expiry,
            ProjectEvent::ProjectClosed(_) => What::Closing,
            ProjectEvent::AccessRecorded(_) => return,
        };
        if matches!(what, What::Application | What::Amendment { .. }) {
            self.asked_entry = entry;
        }
        let list = if is_change(&what) {
            &mut self.changes
        } else {
            &mut self.authorised
        };
        list.push(Step {
            entry,
            at,
            by: by.clone(),
            what,
        });
    }
}

const fn is_change(what: &What) -> bool {
    matches!(
        what,
        What::Amendment { .. }
            | What::Suspension
            | What::Resumption { .. }
            | What::Expiry
            | What::Closing
    )
}

fn project_named(event: &ProjectEvent) -> &Id {
    match event {
        ProjectEvent::ApplicationSubmitted(e) => &e.id,
        ProjectEvent::ApplicationReviewed(e) => &e.application,
        ProjectEvent::ApplicationDecided(e) => &e.application,
        ProjectEvent::AgreementSigned { application, .. } => application,
        ProjectEvent::FeeRecorded(e) => &e.application,
        ProjectEvent::ProjectStarted { project } => project,
        ProjectEvent::ProjectAmended(e) => &e.project,
        ProjectEvent::ProjectSuspended(e) => &e.project,
        ProjectEvent::ProjectResumed(e) => &e.project,
        ProjectEvent::ProjectExpired(e) => &e.project,
        ProjectEvent::ProjectClosed(e) => &e.project,
        ProjectEvent::AccessRecorded(e) => &e.project,
    }
}

fn question(entry: u64, at: Time, event: &OutputEvent) -> Option<Question> {
    let OutputEvent::QueryAnswered {
        researcher,
        mode,
        release,
        classes,
        columns,
        answer_sha256,
        rows,
        withheld_rows,
        withheld_cells,
        policy_sha256,
        ..
    } = event
    else {
        return None;
    };
    Some(Question {
        entry,
        at,
        researcher: researcher.clone(),
        mode: *mode,
        release: release.clone(),
        classes: classes.clone(),
        columns: columns.len() as u64,
        rows: *rows,
        withheld_rows: *withheld_rows,
        withheld_cells: *withheld_cells,
        answer_sha256: answer_sha256.clone(),
        policy_sha256: policy_sha256.clone(),
    })
}
