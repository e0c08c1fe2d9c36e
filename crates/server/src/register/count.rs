//! The figures of the register: what somebody from outside would count first.

use std::collections::BTreeMap;

use governance::{Id, Mode, Territory};
use serde::Serialize;

use super::ProjectRecord;
use crate::words::standing_key;

/// Figures over all projects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Applications and projects.
    pub projects: u64,
    /// By standing (`applied`, `approved`, `rejected`, `active`, `suspended`, `expired`, `closed`).
    pub by_standing: BTreeMap<String, u64>,
    /// By territory of the lead institution.
    pub by_territory: BTreeMap<Territory, TerritoryCount>,
    /// Projects by class of data and highest mode asked for.
    pub asked: BTreeMap<Id, BTreeMap<Mode, u64>>,
    /// Live projects by class of data and mode open, as last recorded.
    pub open: BTreeMap<Id, BTreeMap<Mode, u64>>,
    /// Answered questions by mode.
    pub questions: BTreeMap<Mode, u64>,
    /// Refused commands, of projects or not.
    pub refusals: u64,
    /// Requests whose files left.
    pub outputs_released: u64,
    /// Files that left.
    pub files_released: u64,
}

/// Projects led from one territory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TerritoryCount {
    /// Applications and projects.
    pub all: u64,
    /// Those that may work at the time of the register.
    pub live: u64,
}

impl Counts {
    /// Counts projects; `refusals` also holds those of no project.
    pub(super) fn of(projects: &BTreeMap<Id, ProjectRecord>, refusals: u64) -> Self {
        let mut counts = Self {
            refusals,
            ..Self::default()
        };
        for project in projects.values() {
            counts.add(project);
        }
        counts
    }

    fn add(&mut self, project: &ProjectRecord) {
        self.projects += 1;
        *self
            .by_standing
            .entry(standing_key(project.standing).to_owned())
            .or_default() += 1;
        let territory = self
            .by_territory
            .entry(project.lead.territory.clone())
            .or_default();
        territory.all += 1;
        territory.live += u64::from(project.live);
        for (class, line) in &project.classes {
            *self
                .asked
                .entry(class.clone())
                .or_default()
                .entry(line.asked)
                .or_default() += 1;
            if let (true, Some(access)) = (project.live, &line.access) {
                *self
                    .open
                    .entry(class.clone())
                    .or_default()
                    .entry(access.mode)
                    .or_default() += 1;
            }
        }
        for (mode, count) in &project.questions.count {
            *self.questions.entry(*mode).or_default() += count;
        }
        for output in project
            .outputs
            .iter()
            .filter(|o| o.released_entry.is_some())
        {
            self.outputs_released += 1;
            self.files_released += output.files.len() as u64;
        }
    }
}
