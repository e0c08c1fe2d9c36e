//! Flight SQL from the outside: a real service on a port, real clients, a real release.

mod calls;
mod service;
mod strangers;
pub mod town_desk;

use crate::query::town;
