//! A question at work: planned, checked, run, and in aggregate mode judged before anything is shown of it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::SchemaError;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::sql::sqlparser::ast::Query;
use governance::Mode;
use privacy::pseudonym::ProjectKey;
use privacy::sdc;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::aggregate::Split;
use super::answer::{self, About};
use super::engine::catalogue::{self, Table};
use super::engine::progress::Meter;
use super::engine::rules::{self, Used};
use super::engine::session::{self, Stopped};
use super::{
    Answer, EID, GrantedTable, JudgeStop, Named, QueryError, QueryLimits, Question, aggregate,
    control, no, sql,
};
use crate::ingest::recipe::hex;
use crate::limits;
use crate::release::Manifest;
use crate::sealed::Keyring;

/// What a question at work says to whoever waits for it.
#[derive(Debug)]
pub(super) enum Said {
    /// The checked plan reads these columns.
    Planned(Used),
    /// May this be shown? With what belongs to it.
    Table(
        Box<sdc::Table>,
        Named,
        oneshot::Sender<Result<sdc::Verdicts, JudgeStop>>,
    ),
}

/// The tables that exist for one part of a question.
pub(super) type Tables = BTreeMap<String, Arc<dyn TableProvider>>;

/// Runs work of at most so many seconds on a runtime of its own, to its end. To be called on a thread of its own, because a
/// runtime cannot be entered from within another.
pub(super) fn to_its_end<T: Send + 'static>(
    seconds: u64,
    work: impl Future<Output = Result<T, QueryError>> + Send + 'static,
) -> Result<T, QueryError> {
    let runtime = session::runtime().map_err(|e| fault("no runtime", &e.kind()))?;
    let done = runtime.block_on(session::within(seconds, work));
    runtime.shutdown_background();
    match done {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(QueryError::Fault(
            "the engine stopped in an unforeseen way".to_owned(),
        )),
        Err(()) => Err(no::out_of_time(seconds).into()),
    }
}

/// What a thread brought back; one that ended otherwise is a fault.
pub(super) fn joined<T>(done: std::thread::Result<Result<T, QueryError>>) -> Result<T, QueryError> {
    done.unwrap_or_else(|_| {
        Err(QueryError::Fault(
            "the thread of a question stopped".to_owned(),
        ))
    })
}

/// A question that owns what it needs.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) sql: String,
    pub(super) mode: Mode,
    pub(super) tables: Vec<GrantedTable>,
    pub(super) manifest: Manifest,
    pub(super) release_dir: PathBuf,
    pub(super) keyring: Option<Keyring>,
    pub(super) spill: Option<PathBuf>,
    pub(super) key: ProjectKey,
    pub(super) limits: QueryLimits,
    pub(super) say: mpsc::Sender<Said>,
    /// How far it is.
    pub(super) meter: Arc<Meter>,
}

impl Work {
    /// Keeps of the release just the granted tables.
    pub(super) fn of(q: Question<'_>, say: mpsc::Sender<Said>) -> Result<Self, QueryError> {
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
            keyring: q.keyring,
            spill: q.spill.map(Path::to_owned),
            key: q.key,
            limits: q.limits,
            say,
            meter: Arc::default(),
        })
    }

    /// How long it may take.
    pub(super) fn seconds(&self) -> u64 {
        self.limits.seconds
    }

    /// Memory, disk and files for this question.
    pub(super) fn environment(&self) -> Result<Arc<RuntimeEnv>, QueryError> {
        let (keyring, spill) = (self.keyring.clone(), self.spill.as_deref());
        session::environment(&self.release_dir, keyring, spill, self.limits.memory)
            .map_err(|e| self.failed(&e))
    }

    /// Says which columns are read.
    fn planned(&self, used: &Used) {
        // whoever waits may be gone; then nobody needs to know
        let _ = self.say.send(Said::Planned(used.clone()));
    }

    /// What may be shown of a table.
    async fn judged(&self, table: sdc::Table, named: Named) -> Result<sdc::Verdicts, QueryError> {
        let (reply, verdicts) = oneshot::channel();
        let gone = || QueryError::Fault("nobody waits for the answer".to_owned());
        let said = Said::Table(Box::new(table), named, reply);
        self.say.send(said).map_err(|_| gone())?;
        match verdicts.await.map_err(|_| gone())? {
            Ok(verdicts) => Ok(verdicts),
            Err(JudgeStop::Refusal(refusal)) => Err(refusal.into()),
            Err(JudgeStop::Again(people)) => Err(QueryError::Again(people)),
            Err(JudgeStop::Fault(text)) => Err(QueryError::Fault(text)),
        }
    }

    pub(super) async fn answer(self) -> Result<Answer, QueryError> {
        match self.mode {
            Mode::Aggregate => self.aggregate().await,
            _ => self.enclave().await,
        }
    }

    /// The question as enclave mode runs it, whether it orders its rows, and the tables that exist for it.
    pub(super) fn rows_wanted(&self) -> Result<(Query, bool, Tables), QueryError> {
        let query = sql::text::read(&self.sql)?;
        let ordered = query.order_by.is_some();
        let names: Vec<String> = self.tables.iter().map(|t| t.name.clone()).collect();
        let (query, mentions) = sql::enclave::rewrite(&query, &names)?;
        sql::bounds::check(&query)?;
        let mut tables = Tables::new();
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
        Ok((query, ordered, tables))
    }

    /// The question as aggregate mode cuts it in two, whether it orders its rows, and the tables that exist for its first
    /// part.
    pub(super) fn groups_wanted(&self) -> Result<(Split, bool, Tables), QueryError> {
        let query = sql::text::read(&self.sql)?;
        let split = aggregate::split(&query, &self.tables)?;
        sql::bounds::check(&split.groups)?;
        sql::bounds::check(&split.shown)?;
        let mut tables = Tables::new();
        for granted in &self.tables {
            if let Some(columns) = split.mentions.get(&granted.name)
                && let Some(table) =
                    Table::new(granted, &self.manifest, |c| columns.contains(c), None)
            {
                tables.insert(granted.name.clone(), Arc::new(table));
            }
        }
        Ok((split, query.order_by.is_some(), tables))
    }

    /// The one table that exists for the second part.
    pub(super) fn shown_cells(&self, cells: RecordBatch) -> Result<Tables, QueryError> {
        let cells =
            MemTable::try_new(cells.schema(), vec![vec![cells]]).map_err(|e| self.failed(&e))?;
        Ok(Tables::from([(
            aggregate::CELLS.to_owned(),
            Arc::new(cells) as Arc<dyn TableProvider>,
        )]))
    }

    /// Rows, under pseudonyms.
    async fn enclave(self) -> Result<Answer, QueryError> {
        let (query, ordered, tables) = self.rows_wanted()?;
        let env = self.environment()?;
        let mut state = session::session(&env, tables);
        state.config_mut().set_extension(Arc::clone(&self.meter));
        let plan = session::plan(&state, query)
            .await
            .map_err(|e| self.refused(&e))?;
        self.planned(&plan.used);
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
        let (split, ordered, tables) = self.groups_wanted()?;
        let env = self.environment()?;
        let mut state = session::session(&env, tables);
        state.config_mut().set_extension(Arc::clone(&self.meter));
        let first = session::plan(&state, split.groups.clone())
            .await
            .map_err(|e| self.refused(&e))?;
        self.planned(&first.used);
        let memory = u64::try_from(self.limits.memory).unwrap_or(u64::MAX);
        let groups = session::run(&state, &first, limits::GROUPS, memory)
            .await
            .map_err(|e| self.stopped(e))?;
        let table = control::table(&split, &groups).map_err(|e| self.failed(&e))?;
        let named = Named {
            families: split.family_names.clone(),
            meaning: split.meaning.clone(),
        };
        let verdicts = self.judged(table, named).await?;
        let controlled =
            control::controlled(&split, &groups, &verdicts).map_err(|e| self.failed(&e))?;
        drop(groups);

        let state = session::session(&env, self.shown_cells(controlled.cells)?);
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
    pub(super) fn refused(&self, error: &DataFusionError) -> QueryError {
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
                SchemaError::FieldNotFound { field, .. } if !field.name.starts_with("__") => {
                    let columns = self.tables.iter().flat_map(|t| &t.columns);
                    no::unknown_column(&field.name, &near(&field.name, columns)).into()
                }
                SchemaError::AmbiguousReference { field } => no::ambiguous(&field.name).into(),
                _ => no::does_not_fit().into(),
            },
            DataFusionError::Plan(text) if text.contains(rules::BAD_CONSTANT) => {
                no::constant().into()
            }
            DataFusionError::Plan(text) if text.contains(rules::DATE_ARITHMETIC) => {
                no::date_arithmetic().into()
            }
            DataFusionError::Plan(_)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::ArrowError(..) => no::does_not_fit().into(),
            _ => self.failed(error),
        }
    }

    /// Why a plan did not run to its end.
    pub(super) fn stopped(&self, stopped: Stopped) -> QueryError {
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
    pub(super) fn failed(&self, error: &DataFusionError) -> QueryError {
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
        layout: manifest.layout,
        release: manifest.release.clone(),
        participants: manifest.participants,
        recipe_sha256: manifest.recipe_sha256.clone(),
        tables: BTreeMap::new(),
    }
}

/// Makes the answer of the rows.
pub(super) fn finish(rows: &session::Rows, about: About) -> Result<Answer, QueryError> {
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
    hex(&hash.finalize())
}

/// Up to five granted names that look like one that does not exist: one or two letters apart.
pub(super) fn near<'a>(name: &str, granted: impl Iterator<Item = &'a String>) -> Vec<String> {
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
