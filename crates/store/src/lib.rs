//! Where an instance keeps its events: a database of rows and a folder of signed Merkle tiles.
//!
//! A checkpoint over the new events is signed first and becomes durable in `state.sqlite` with them;
//! then the tiles in `ledger/` are extended and that checkpoint is published; only then does
//! [`Store::append`] return. A stop at any moment leaves a state from which [`Store::open`] goes on by
//! itself, without signing anything: rows which no signed checkpoint covers are refused. Events are opaque bytes here: what they mean is the
//! business of `governance`.
//!
//! This crate must never commit or publish a checkpoint that contradicts one it committed before,
//! never change or remove an event, and never put a private value into an error text. A checkpoint
//! whose commit was rolled back was signed, but never left the process or SQLite's undone pages.

mod copy;
mod database;
mod disk;
mod error;
mod limits;
mod lock;
mod publish;
mod schema;
mod store;
mod verify;

#[cfg(test)]
mod crash_tests;

pub use disk::DirReader;
pub use error::StoreError;
pub use store::{Entry, Private, Snapshot, Store};
pub use verify::{VerifyReport, digest_is_in, verify};

/// Paths inside an instance's folder that this crate owns.
pub mod layout {
    /// The lock of the one process that may write.
    pub const LOCK: &str = "lock";
    /// Events, private values, participants and the snapshot.
    pub const DATABASE: &str = "state.sqlite";
    /// The public log: exactly what is served.
    pub const LEDGER: &str = "ledger";
    /// The folder of private keys.
    pub const KEYS: &str = "keys";
    /// The seed of the log's signing key, as 64 hex digits. Mode 0600.
    pub const LEDGER_KEY: &str = "keys/ledger.key";
    /// A file of the log while it is being written. Never part of the log.
    pub const UNFINISHED: &str = "ledger.tmp";
}
