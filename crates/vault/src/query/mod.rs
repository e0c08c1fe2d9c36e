//! Governed questions: only what is granted exists, masked people are absent, and in aggregate mode no number of fewer than
//! ten people is shown.
//!
//! Four fences stand one behind another, each closed unless something is known to be harmless:
//! 1. the gate ([`sql`], [`aggregate`]) reads the text and builds a new syntax tree from reviewed parts only;
//! 2. the session ([`engine::session`]) has a catalogue of granted and mentioned columns and the reviewed functions;
//! 3. the scan ([`engine::scan`]) drops masked people and turns indices into pseudonyms below every expression;
//! 4. the plan is checked again ([`engine::rules`]) before a row is read, and in aggregate mode its groups pass through
//!    disclosure control ([`control`]) before anything else may look at them.
//!
//! Must never: name what is not granted, show an engine's error, write to disk, or let an answer depend on a masked
//! person.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::SchemaError;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use governance::{Mode, Refusal};
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};

use crate::limits;
use crate::release::Manifest;

mod aggregate;
mod answer;
pub mod bench;
mod control;
mod engine;
mod no;
mod sql;

pub use answer::{Answer, Column};

use answer::About;
use engine::catalogue::{self, Table};
use engine::rules::Used;
use engine::session::{self, Stopped};

/// The participant column as a question sees it: the project's pseudonym, text of 26 characters.
pub const EID: &str = "eid";

/// A table that a project may use in one question.
#[derive(Debug, Clone)]
pub struct GrantedTable {
    /// Name of the table in the release.
    pub name: String,
    /// Columns that are granted; `eid` always is, and need not be listed.
    pub columns: Vec<String>,
    /// Internal indices of people who are absent from this table: withdrawn, or without consent for its class.
    pub masked: Arc<RoaringBitmap>,
}

/// What one question may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows of the answer.
    pub rows: u64,
    /// Bytes of the answer's values.
    pub bytes: u64,
    /// Bytes that the engine may reserve for joins, groups and sorting.
    pub memory: usize,
    /// Seconds from start to end.
    pub seconds: u64,
}

impl Default for QueryLimits {
    /// An answer that a person can work with, on a machine of 24 GB that serves several questions at once.
    fn default() -> Self {
        Self {
            rows: 100_000,
            bytes: 64 << 20,
            memory: 2 << 30,
            seconds: 120,
        }
    }
}

/// A question: its text, and everything that bounds what it can be about.
#[derive(Debug)]
pub struct Question<'a> {
    /// One SELECT, in PostgreSQL's dialect.
    pub sql: &'a str,
    /// [`Mode::Aggregate`] or [`Mode::Enclave`].
    pub mode: Mode,
    /// Everything that exists for this question.
    pub tables: Vec<GrantedTable>,
    /// The release that is asked.
    pub manifest: &'a Manifest,
    /// The folder in which the release's files are.
    pub release_dir: &'a Path,
    /// Makes the project's pseudonyms.
    pub key: ProjectKey,
    /// What it may use.
    pub limits: QueryLimits,
}

/// The two kinds of no.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Expected, with a rule and a way on; may be shown.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// A bug or an outage; to be logged, not shown. Never holds a value of the data.
    #[error("the question could not be answered: {0}")]
    Fault(String),
}

/// Answers a question, or says why not. Blocks until done; may be called from any thread.
///
/// # Errors
/// [`QueryError::Refusal`] for everything that the question can do something about, [`QueryError::Fault`] for the rest.
pub fn ask(question: Question<'_>) -> Result<Answer, QueryError> {
    if !matches!(question.mode, Mode::Aggregate | Mode::Enclave) {
        return Err(no::mode_closed(question.mode).into());
    }
    let work = Work::of(question)?;
    let seconds = work.limits.seconds;
    // a thread of its own, because a runtime cannot be entered from within another
    let done = std::thread::scope(|scope| {
        scope
            .spawn(move || {
                let runtime = session::runtime().map_err(|e| fault("no runtime", &e.kind()))?;
                let done = runtime.block_on(session::within(seconds, work.answer()));
                runtime.shutdown_background();
                match done {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(_)) => Err(QueryError::Fault(
                        "the engine stopped in an unforeseen way".to_owned(),
                    )),
                    Err(()) => Err(no::out_of_time(seconds).into()),
                }
            })
            .join()
    });
    done.unwrap_or_else(|_| {
        Err(QueryError::Fault(
            "the thread of a question stopped".to_owned(),
        ))
    })
}

/// A question that owns what it needs.
#[derive(Debug)]
struct Work {
    sql: String,
    mode: Mode,
    tables: Vec<GrantedTable>,
    manifest: Manifest,
    release_dir: PathBuf,
    key: ProjectKey,
    limits: QueryLimits,
}

impl Work {
    /// Keeps of the release just the granted tables.
    fn of(q: Question<'_>) -> Result<Self, QueryError> {
        let mut tables: Vec<GrantedTable> = q
            .tables
            .into_iter()
            .filter(|t| q.manifest.tables.contains_key(&t.name))
            .collect();
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        let mut manifest = Manifest {
            tables: BTreeMap::new(),
            ..shell(q.manifest)
        };
        for granted in &mut tables {
            if let Some(entry) = q.manifest.tables.get(&granted.name) {
                catalogue::files_are_there(q.release_dir, entry).map_err(QueryError::Fault)?;
                let known: HashSet<&str> = entry.columns.iter().map(|c| c.name.as_str()).collect();
                granted
                    .columns
                    .retain(|name| name != EID && known.contains(name.as_str()));
                manifest.tables.insert(granted.name.clone(), entry.clone());
            }
        }
        if tables
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.name == b.name))
        {
            return Err(QueryError::Fault("a table is granted twice".to_owned()));
        }
        Ok(Self {
            sql: q.sql.to_owned(),
            mode: q.mode,
            tables,
            manifest,
            release_dir: q.release_dir.to_owned(),
            key: q.key,
            limits: q.limits,
        })
    }

    async fn answer(self) -> Result<Answer, QueryError> {
        match self.mode {
            Mode::Aggregate => self.aggregate().await,
            _ => self.enclave().await,
        }
    }

    /// Rows, under pseudonyms.
    async fn enclave(self) -> Result<Answer, QueryError> {
        let query = sql::text::read(&self.sql)?;
        let ordered = query.order_by.is_some();
        let names: Vec<String> = self.tables.iter().map(|t| t.name.clone()).collect();
        let (query, mentions) = sql::enclave::rewrite(&query, &names)?;
        sql::bounds::check(&query)?;
        let mut tables: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
        for granted in self
            .tables
            .iter()
            .filter(|t| mentions.tables.contains(&t.name))
        {
            let wanted = |c: &str| mentions.star || mentions.columns.contains(c);
            let count = granted.columns.iter().filter(|c| wanted(c)).count();
            if count > limits::ANSWER_COLUMNS {
                return Err(no::too_many_columns(count, limits::ANSWER_COLUMNS).into());
            }
            if let Some(table) = Table::new(granted, &self.manifest, wanted, Some(&self.key)) {
                tables.insert(granted.name.clone(), Arc::new(table));
            }
        }
        let env = session::environment(&self.release_dir, self.limits.memory)
            .map_err(|e| self.failed(&e))?;
        let state = session::session(&env, tables);
        let plan = session::plan(&state, query)
            .await
            .map_err(|e| self.refused(&e))?;
        let rows = session::run(&state, &plan, self.limits.rows, self.limits.bytes)
            .await
            .map_err(|e| self.stopped(e))?;
        let about = About {
            mode: self.mode,
            ordered,
            withheld_rows: None,
            withheld_cells: 0,
            used: plan.used.clone(),
            plan_sha256: digest(&[&plan.text]),
        };
        finish(&rows, about)
    }

    /// Groups, of which those that may be shown are.
    async fn aggregate(self) -> Result<Answer, QueryError> {
        let query = sql::text::read(&self.sql)?;
        let ordered = query.order_by.is_some();
        let split = aggregate::split(&query, &self.tables)?;
        sql::bounds::check(&split.groups)?;
        sql::bounds::check(&split.shown)?;
        let mut tables: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
        for granted in &self.tables {
            if let Some(columns) = split.mentions.get(&granted.name)
                && let Some(table) =
                    Table::new(granted, &self.manifest, |c| columns.contains(c), None)
            {
                tables.insert(granted.name.clone(), Arc::new(table));
            }
        }
        let env = session::environment(&self.release_dir, self.limits.memory)
            .map_err(|e| self.failed(&e))?;
        let state = session::session(&env, tables);
        let first = session::plan(&state, split.groups.clone())
            .await
            .map_err(|e| self.refused(&e))?;
        let memory = u64::try_from(self.limits.memory).unwrap_or(u64::MAX);
        let groups = session::run(&state, &first, limits::GROUPS, memory)
            .await
            .map_err(|e| self.stopped(e))?;
        let controlled = control::control(&split, &groups).map_err(|e| self.failed(&e))?;
        drop(groups);

        let cells = MemTable::try_new(controlled.cells.schema(), vec![vec![controlled.cells]])
            .map_err(|e| self.failed(&e))?;
        let cells: Arc<dyn TableProvider> = Arc::new(cells);
        let state = session::session(&env, BTreeMap::from([(aggregate::CELLS.to_owned(), cells)]));
        let second = session::plan(&state, split.shown.clone())
            .await
            .map_err(|e| self.refused(&e))?;
        let rows = session::run(&state, &second, self.limits.rows, self.limits.bytes)
            .await
            .map_err(|e| self.stopped(e))?;
        let about = About {
            mode: self.mode,
            ordered,
            withheld_rows: controlled.withheld_rows,
            withheld_cells: controlled.withheld_cells,
            used: first.used.clone(),
            plan_sha256: digest(&[&first.text, &second.text]),
        };
        finish(&rows, about)
    }

    /// An error of planning, which the question caused, in our words.
    fn refused(&self, error: &DataFusionError) -> QueryError {
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
                SchemaError::FieldNotFound { field, .. } if !field.name.starts_with("__") => {
                    let columns = self.tables.iter().flat_map(|t| &t.columns);
                    no::unknown_column(&field.name, &near(&field.name, columns)).into()
                }
                SchemaError::AmbiguousReference { field } => no::ambiguous(&field.name).into(),
                _ => no::does_not_fit().into(),
            },
            DataFusionError::Plan(text) if text.contains(engine::rules::BAD_CONSTANT) => {
                no::constant().into()
            }
            DataFusionError::Plan(text) if text.contains(engine::rules::DATE_ARITHMETIC) => {
                no::date_arithmetic().into()
            }
            DataFusionError::Plan(_)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::ArrowError(..) => no::does_not_fit().into(),
            _ => self.failed(error),
        }
    }

    /// Why a plan did not run to its end.
    fn stopped(&self, stopped: Stopped) -> QueryError {
        match stopped {
            Stopped::Rows(limit) => no::too_large("rows", limit).into(),
            Stopped::Bytes(limit) => no::too_large("bytes", limit).into(),
            Stopped::Engine(error) => match error.find_root() {
                // what the physical planner does not know
                DataFusionError::NotImplemented(_) | DataFusionError::Plan(_) => {
                    no::does_not_fit().into()
                }
                _ => self.failed(&error),
            },
        }
    }

    /// An error of running: the limits, or a fault. Its text may quote values and is dropped.
    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    fn failed(&self, error: &DataFusionError) -> QueryError {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => no::out_of_memory().into(),
            root => QueryError::Fault(format!(
                "the engine reports an error of kind {}",
                word(root)
            )),
        }
    }
}

/// A manifest without its tables.
fn shell(manifest: &Manifest) -> Manifest {
    Manifest {
        release: manifest.release.clone(),
        participants: manifest.participants,
        recipe_sha256: manifest.recipe_sha256.clone(),
        tables: BTreeMap::new(),
    }
}

/// Makes the answer of the rows.
fn finish(rows: &session::Rows, about: About) -> Result<Answer, QueryError> {
    if !answer::showable(&rows.schema) {
        return Err(no::does_not_fit().into());
    }
    Answer::new(&rows.schema, &rows.batches, about)
        .map_err(|e| fault("the answer cannot be put together", &kind_of(&e)))
}

fn kind_of(_: &arrow::error::ArrowError) -> &'static str {
    "arrow"
}

fn fault(what: &str, kind: &impl std::fmt::Debug) -> QueryError {
    QueryError::Fault(format!("{what}: {kind:?}"))
}

/// The kind of an engine's error, without its text.
fn word(error: &DataFusionError) -> &'static str {
    match error {
        DataFusionError::ArrowError(..) => "arrow",
        DataFusionError::ParquetError(_) => "parquet",
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => "files",
        DataFusionError::Internal(_) => "internal",
        DataFusionError::Execution(_) | DataFusionError::ExecutionJoin(_) => "execution",
        _ => "other",
    }
}

/// SHA-256 of texts, each preceded by its length.
fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Up to five granted names that look like one that does not exist: one or two letters apart.
fn near<'a>(name: &str, granted: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut close: Vec<(usize, &String)> = granted
        .filter_map(|g| Some((distance(name, g)?, g)))
        .collect();
    close.sort();
    close.dedup();
    close.into_iter().take(5).map(|(_, g)| g.clone()).collect()
}

/// Levenshtein's distance, up to two.
fn distance(a: &str, b: &str) -> Option<usize> {
    if a.len().abs_diff(b.len()) > 2 || a.len() > limits::NAME {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut last = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.bytes().zip(row.iter().skip(1)) {
            left = (last + usize::from(x != y)).min(left + 1).min(above + 1);
            last = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().filter(|d| *d <= 2)
}

/// Granted columns that a question read, by table.
pub type ColumnsRead = Used;
