//! The rules of access: commands, events, refusals, by the Five Safes.
//!
//! Pure: no clock, randomness, files, network or async; time, ids and random bytes come in as arguments.
//! [`decide`] says whether a [`Command`] may happen and what follows; [`State::evolve`] folds what
//! happened into the [`State`]. Nothing here may look at a participant's data.

pub mod command;
pub mod data;
pub mod decide;
pub mod event;
pub mod ids;
pub mod ledger;
pub mod limits;
pub mod mode;
pub mod outputs;
pub mod people;
pub mod projects;
pub mod refusal;
pub mod settings;
pub mod state;
pub mod time;

pub use command::{COMMANDS, Command, CommandInfo, Who};
pub use decide::{Actor, Draft, decide};
pub use event::{Envelope, Event};
pub use ids::{Digest, Id, Territory};
pub use mode::Mode;
pub use refusal::Refusal;
pub use state::State;
pub use time::{Time, Window};
