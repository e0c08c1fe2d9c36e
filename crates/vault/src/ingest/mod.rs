//! From raw folder to sealed release.
//!
//! [`ingest`] reads a folder of delimited files, checks every row against the catalogue, applies the recipe and writes
//! a release below the staging folder; [`Ingested::publish`] moves it to its place in one step. Dropping the result
//! removes it. A refused, failed or killed ingest leaves nothing but its report. Must never put a participant's id or
//! value into an error, a report or a log.
//!
//! The way of a row: [`source`] names the files → [`plan`] gives each column its rule → [`reader`] splits →
//! [`typer`] types, checks and transforms → [`spill`] orders by participants → [`dimension`] and [`layout`] decide how
//! columns are stored and in which file → [`seal`] sorts, checks keys, writes through [`sink`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use governance::Refusal;

use crate::release::Manifest;
use crate::sealed::{Kms, SealError};

pub mod cell;
pub mod column;
mod consent;
pub mod dimension;
mod disk;
pub mod layout;
pub mod people;
pub mod plan;
pub mod problem;
pub mod reader;
pub mod recipe;
mod refuse;
pub mod report;
pub mod seal;
pub mod sink;
mod source;
pub mod spill;
pub mod stats;
pub mod typer;
mod work;

pub use consent::{Consent, Withdrawals};
pub use disk::clean_staging;
pub use people::normalise_id;
pub use problem::{Problem, Reason};
pub use recipe::{DEFAULT_RECIPE, Recipe, RecipeError};
pub use report::{Outcome, Report};
pub use work::ingest;

/// What to ingest, from where, into what.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Folder of raw files.
    pub source: &'a Path,
    /// Name of the release to make: `[a-z0-9][a-z0-9._-]{0,63}`.
    pub release: &'a str,
    /// Folder of the sealed releases; a name that is taken is refused.
    pub releases: &'a Path,
    /// Folder for work in progress, on the same file system as `releases`.
    pub staging: &'a Path,
    /// Folder for `<release>.json` and `<release>.txt`.
    pub reports: &'a Path,
    /// Folder of the instance's catalogue; without one in it, the raw folder's own is used.
    pub catalogue: Option<&'a Path>,
    /// Text of the recipe, for example [`DEFAULT_RECIPE`].
    pub recipe: &'a str,
    /// Share of a table's rows, 0 to 1, that may be refused without refusing the release.
    pub quarantine_limit: f64,
    /// Participants that the instance has, by id as stored; indices from 0 without gaps.
    pub participants: &'a HashMap<String, u32>,
    /// Key for the rule shift; needed only if the recipe has it.
    pub shift_key: Option<&'a [u8; 32]>,
    /// Wraps the keys under which the release is sealed. Without it the release is written in the clear, which only
    /// measurements and tests do.
    pub kms: Option<&'a dyn Kms>,
    /// Called often, from several threads.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
}

/// How far an ingest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What it is doing.
    pub stage: Stage,
    /// With which table.
    pub table: &'a str,
    /// Rows read so far, of all tables.
    pub rows: u64,
    /// Bytes read from disk so far, of all tables.
    pub bytes: u64,
    /// Bytes of all tables' files.
    pub bytes_total: u64,
}

/// What an ingest is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading and checking rows.
    Reading,
    /// Sorting and writing files.
    Sealing,
}

/// A release that waits to be published. Dropping it removes it.
#[derive(Debug)]
pub struct Ingested {
    /// What is in it.
    pub manifest: Manifest,
    /// SHA-256 of `manifest.json`, hex: what the ledger records.
    pub manifest_sha256: String,
    /// The report, which is on disk already.
    pub report: Report,
    /// Participants that the instance did not know, in the order of their indices.
    pub new_participants: Vec<(String, u32)>,
    /// Consent records of the folder, for the caller to log.
    pub consents: Vec<Consent>,
    /// Withdrawal lists of the folder, for the caller to log.
    pub withdrawals: Vec<Withdrawals>,
    staging: disk::Staging,
}

impl Ingested {
    /// Moves the release to its place below `releases`; the folder it is in then.
    ///
    /// # Errors
    /// [`Fault`] when it cannot be moved; it is removed then.
    pub fn publish(self, releases: &Path) -> Result<PathBuf, Fault> {
        std::fs::create_dir_all(releases).map_err(|error| Fault::io("create", releases, error))?;
        let to = releases.join(&self.manifest.release);
        self.staging.publish(&to)?;
        Ok(to)
    }
}

/// Why there is no release.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The input, the recipe or the name is not acceptable.
    #[error("{refusal}")]
    Refused {
        /// The first reason.
        refusal: Refusal,
        /// All reasons, and what was found.
        report: Box<Report>,
    },
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// An outage or a bug; for the log, not for users.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The operating system refused a file operation.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Arrow data that does not fit together.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A Parquet file that cannot be written.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A manifest or report that cannot be written as JSON.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// The participant index cannot be used.
    #[error("participants: {0}")]
    People(#[from] people::PeopleError),
    /// Keys cannot be made, or a file cannot be sealed.
    #[error("sealing: {0}")]
    Seal(#[from] SealError),
    /// A thread died.
    #[error("a thread of ingest died")]
    Thread,
    /// Something that cannot be.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl Fault {
    pub(crate) fn io(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            what,
            path: path.to_owned(),
            source,
        }
    }
}
