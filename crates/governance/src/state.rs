//! The state of everything: a pure fold over the log.

use serde::Serialize;

use crate::data::Data;
use crate::event::{Envelope, Event};
use crate::ids::Digest;
use crate::ledger;
use crate::outputs::Outputs;
use crate::people::People;
use crate::projects::Projects;
use crate::settings::Settings;

/// Everything that the log says, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Number of log entries folded in.
    pub size: u64,
    /// Safe Settings.
    pub settings: Settings,
    /// Safe People.
    pub people: People,
    /// Safe Data.
    pub data: Data,
    /// Safe Projects.
    pub projects: Projects,
    /// Safe Outputs.
    pub outputs: Outputs,
}

impl State {
    /// Folds the next log entry in. Never fails: what may happen was decided before the entry was written.
    pub fn evolve(&mut self, envelope: &Envelope) {
        let entry = self.size;
        match &envelope.event {
            Event::Settings(e) => self.settings.evolve(entry, e),
            Event::People(e) => self.people.evolve(entry, e),
            Event::Data(e) => self.data.evolve(entry, envelope.at, e),
            Event::Project(e) => self.projects.evolve(entry, envelope.at, &envelope.by, e),
            Event::Output(e) => {
                self.outputs.evolve(entry, envelope, e, &mut self.projects);
            }
        }
        self.size += 1;
    }

    /// Canonical JSON of the whole state, for comparing two replays.
    ///
    /// # Errors
    /// [`ledger::BadLeaf`] only if the state held a number that JSON cannot hold exactly.
    pub fn canonical(&self) -> Result<Vec<u8>, ledger::BadLeaf> {
        ledger::canonical_of(self)
    }

    /// Digest of [`State::canonical`].
    ///
    /// # Errors
    /// As [`State::canonical`].
    pub fn digest(&self) -> Result<Digest, ledger::BadLeaf> {
        Ok(Digest::of(&self.canonical()?))
    }
}
