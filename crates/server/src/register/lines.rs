//! From the state and what the fold collected to the lines of the register.

use std::collections::{BTreeMap, BTreeSet};

use governance::data::Direction;
use governance::outputs::{Output, OutputStanding};
use governance::people::Institution;
use governance::projects::Project;
use governance::{Id, State, Time};

use super::fold::Collected;
use super::{
    AccessLine, CheckLine, ClassLine, DirectionLine, FileLine, InForce, InstitutionLine, Line,
    OutputLine, ProjectRecord, Questions, RegisterError, ReleaseLine,
};
use crate::limits::LINES_PER_PROJECT;

/// When entries were written.
pub(super) struct Times<'a>(pub(super) &'a [Line]);

impl Times<'_> {
    fn of(&self, entry: u64) -> Option<Time> {
        self.0.get(usize::try_from(entry).ok()?).map(|l| l.at)
    }
}

pub(super) fn record(
    state: &State,
    times: &Times<'_>,
    as_of: Option<Time>,
    project: &Project,
    collected: Collected,
) -> Result<ProjectRecord, RegisterError> {
    let application = &project.application;
    let (lead, partners) = institutions(state, project)?;
    let kept = project.entries.len().saturating_sub(LINES_PER_PROJECT);
    Ok(ProjectRecord {
        id: application.id.clone(),
        title: application.title.clone(),
        lay_summary: application.lay_summary.clone(),
        lead,
        partners,
        places: application.places.clone(),
        standing: project.standing,
        live: as_of.is_some_and(|at| project.is_live(at)),
        started: project.started_at,
        ends: project.agreed_window().and_then(|w| w.until),
        classes: classes(project, times, collected.asked_entry),
        authorised: collected.authorised,
        changes: collected.changes,
        questions: Questions {
            count: collected.questions,
            newest: collected.newest.into(),
        },
        refusals: collected.refusals,
        outputs: outputs(state, &application.id, times),
        entry: project.entry,
        history: project.entries.iter().skip(kept).copied().collect(),
        history_count: project.entries.len() as u64,
    })
}

/// The lead's institution, and the others.
fn institutions(
    state: &State,
    project: &Project,
) -> Result<(InstitutionLine, Vec<InstitutionLine>), RegisterError> {
    let unknown = RegisterError::UnknownInstitution {
        entry: project.entry,
    };
    let mut lines: BTreeMap<&Id, InstitutionLine> = BTreeMap::new();
    for person in project.researchers() {
        let researcher = state
            .people
            .researchers
            .get(person)
            .ok_or_else(|| unknown.clone())?;
        let home = &researcher.institution;
        let known = state
            .people
            .institutions
            .get(home)
            .ok_or_else(|| unknown.clone())?;
        let line = lines
            .entry(home)
            .or_insert_with(|| institution(home, known));
        line.researchers.insert(person.clone());
    }
    let lead = lines
        .remove(&project.application.institution)
        .ok_or(unknown)?;
    Ok((lead, lines.into_values().collect()))
}

fn institution(id: &Id, known: &Institution) -> InstitutionLine {
    InstitutionLine {
        id: id.clone(),
        name: known.name.clone(),
        territory: known.territory.clone(),
        researchers: BTreeSet::new(),
        entry: known.entry,
    }
}

/// Classes wanted now, each with policy's last answer. An answer about a class that is no longer wanted
/// opens nothing and is left to the ledger.
fn classes(project: &Project, times: &Times<'_>, asked_entry: u64) -> BTreeMap<Id, ClassLine> {
    let line = |(class, want): (&Id, &governance::projects::Want)| {
        let access = project.access.get(class).and_then(|record| {
            Some(AccessLine {
                mode: record.answer.mode,
                refer: record.answer.refer,
                failed_gates: record.answer.gates.clone(),
                policy_sha256: record.answer.policy_sha256.clone(),
                valid_until: record.answer.valid_until,
                at: times.of(record.entry)?,
                entry: record.entry,
            })
        });
        let fields = want.fields.clone();
        (
            class.clone(),
            ClassLine {
                asked: want.mode,
                fields,
                asked_entry,
                access,
            },
        )
    };
    project.wants.iter().map(line).collect()
}

fn outputs(state: &State, project: &Id, times: &Times<'_>) -> Vec<OutputLine> {
    let own = state
        .outputs
        .requests
        .iter()
        .filter(|(_, o)| o.project == *project);
    let mut lines: Vec<OutputLine> = own.map(|(id, o)| output(id, o, times)).collect();
    lines.sort_by_key(|o| o.entry);
    lines
}

fn output(id: &Id, output: &Output, times: &Times<'_>) -> OutputLine {
    let left = matches!(
        output.standing,
        OutputStanding::Released | OutputStanding::Recalled
    );
    let mut checks: Vec<CheckLine> = output
        .reviews
        .iter()
        .map(|(who, r)| CheckLine {
            checker: who.clone(),
            outcome: r.outcome,
            entry: r.entry,
        })
        .collect();
    checks.sort_by_key(|c| c.entry);
    OutputLine {
        id: id.clone(),
        standing: output.standing,
        files: output
            .files
            .iter()
            .filter(|_| left)
            .map(|(name, f)| {
                (
                    name.clone(),
                    FileLine {
                        sha256: f.sha256.clone(),
                        bytes: f.bytes,
                    },
                )
            })
            .collect(),
        checks,
        entry: output.entry,
        released_at: output.released_entry.and_then(|e| times.of(e)),
        released_entry: output.released_entry,
        automatic: output.automatic,
        recalled_entry: output.recalled_entry,
    }
}

pub(super) fn release(name: &Id, release: &governance::data::Release) -> ReleaseLine {
    ReleaseLine {
        name: name.clone(),
        participants: release.participants,
        rows: release.tables.clone(),
        manifest_sha256: release.manifest_sha256.clone(),
        sealed_at: release.sealed_at,
        retired: release.retired,
        entry: release.entry,
    }
}

pub(super) fn direction(id: &Id, direction: &Direction, as_of: Option<Time>) -> DirectionLine {
    let window = direction.window;
    let standing = match as_of {
        Some(at) if window.holds(at) => InForce::InForce,
        Some(at) if window.until.is_some_and(|end| end <= at) => InForce::Ended,
        _ => InForce::NotBegun,
    };
    DirectionLine {
        id: id.clone(),
        class: direction.class.clone(),
        instrument: direction.instrument.clone(),
        window,
        standing,
        entry: direction.entry,
    }
}
