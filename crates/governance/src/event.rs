//! Events and the envelope in which they stand in the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::DataEvent;
use crate::ids::Id;
use crate::outputs::OutputEvent;
use crate::people::PeopleEvent;
use crate::projects::ProjectEvent;
use crate::settings::SettingsEvent;
use crate::time::Time;

/// The version of the encoding. An entry of another version stops a replay; it is never guessed at.
pub const VERSION: u8 = 1;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Safe Settings.
    Settings(SettingsEvent),
    /// Safe People.
    People(PeopleEvent),
    /// Safe Data.
    Data(DataEvent),
    /// Safe Projects.
    Project(ProjectEvent),
    /// Safe Outputs.
    Output(OutputEvent),
}

macro_rules! into_event {
    ($($kind:ident: $type:ty),*) => {
        $(impl From<$type> for Event {
            fn from(event: $type) -> Self {
                Self::$kind(event)
            }
        })*
    };
}
into_event!(Settings: SettingsEvent, People: PeopleEvent, Data: DataEvent, Project: ProjectEvent, Output: OutputEvent);

/// One log entry: who did what, when, with the digests of its private values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// [`VERSION`].
    pub v: u8,
    /// When, by the clock of the machine that wrote it.
    pub at: Time,
    /// Who.
    pub by: Id,
    /// What: `type` and `data`.
    #[serde(flatten)]
    pub event: Event,
    /// Private values by name, as RFC 9901 digests (base64url of SHA-256 over the disclosure).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub private: BTreeMap<String, String>,
}
