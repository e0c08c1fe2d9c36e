//! The engine without governance, for measuring what governance costs. For measurement only: it is called with the
//! files of a bench by the person who owns them, and by nothing that a question passes through.
//!
//! Must never: be called on behalf of a project. Nobody is masked here, participants go by their internal index, no
//! plan is checked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, ScalarUDF};
use datafusion::optimizer::Analyzer;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use futures::StreamExt;
use governance::Mode;
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;

use super::answer::About;
use super::engine::catalogue::Table;
use super::engine::rules::{Used, total_order};
use super::engine::{persons, scalars, session};
use super::{Answer, GrantedTable, QueryError, Question, sql};
use crate::limits;
use crate::release::{Manifest, PERSON};
use crate::sealed::Keyring;

/// The name of the table of withdrawn people in questions to an engine without governance.
pub const WITHDRAWN: &str = "withdrawn";

/// Where the time of one question went.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// From text to physical plan.
    pub planning: Duration,
    /// From the first batch asked for to the last one had.
    pub running: Duration,
    /// By operator, in the plan's order: its name and depth, rows out, time of its own summed over threads.
    pub operators: Vec<Operator>,
}

/// One operator of a plan that ran.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Its name.
    pub name: String,
    /// Steps from the root.
    pub depth: usize,
    /// Rows that it passed on.
    pub rows: u64,
    /// Its own time, summed over threads.
    pub compute: Duration,
    /// Whatever else it measured, as `name=value`.
    pub other: String,
}

/// Our engine without governance: the same tables, copies, functions and rules of planning as a question has, but
/// nobody masked and no check of text or plan. `withdrawn` is a table beside the release's own.
///
/// # Errors
/// [`QueryError`], whose fault quotes the engine: what is read here is the bench's own.
pub fn bare(
    sql: &str,
    files: &Files<'_>,
    withdrawn: &RoaringBitmap,
) -> Result<(Answer, Profile), QueryError> {
    let started = Instant::now();
    let query = sql::text::read(sql)?;
    let ordered = query.order_by.is_some();
    let mut names: Vec<String> = files.manifest.tables.keys().cloned().collect();
    names.push(WITHDRAWN.to_owned());
    // the gate is used as a translator of names only: what it refuses does not occur in a bench
    let (query, mentions) = sql::enclave::rewrite(&query, &names)?;
    // beside another table of people the engine has no index inside; then it is given the index from the start
    let beside = mentions.tables.contains(WITHDRAWN);
    let mut tables: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
    for name in &mentions.tables {
        let Some(entry) = files.manifest.tables.get(name) else {
            continue;
        };
        let granted = GrantedTable {
            name: name.clone(),
            columns: entry.columns.iter().map(|c| c.name.clone()).collect(),
            masked: Arc::new(RoaringBitmap::new()),
        };
        let wanted = |c: &str| mentions.star || mentions.columns.contains(c);
        let table = Table::new(&granted, files.manifest, wanted, Some(files.key));
        let table = if beside {
            table.and_then(|t| Some(t.by_index()?.0))
        } else {
            table
        };
        if let Some(table) = table {
            tables.insert(name.clone(), Arc::new(table));
        }
    }
    tables.insert(WITHDRAWN.to_owned(), people(super::EID, withdrawn)?);
    let env = files.environment()?;
    let state = session::session(&env, tables);
    let state = SessionStateBuilder::new_from_existing(state)
        .with_analyzer_rules(Analyzer::new().rules)
        .build();
    blocking(async {
        let physical = async {
            let statement = Statement::Statement(Box::new(ast::Statement::Query(Box::new(query))));
            let plan = state.statement_to_plan(statement).await?;
            planned(&state, plan).await
        }
        .await
        .map_err(|e| said(&e))?;
        run(&state, &physical, started.elapsed(), ordered).await
    })
}

/// A release as the bench opens it.
#[derive(Debug)]
pub struct Files<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// Its folder.
    pub release_dir: &'a Path,
    /// Makes the pseudonyms.
    pub key: &'a ProjectKey,
    /// The keys under which its files are sealed; none for a release in the clear.
    pub keyring: Option<Keyring>,
    /// Bytes that the engine may reserve.
    pub memory: usize,
}

impl Files<'_> {
    fn environment(&self) -> Result<Arc<RuntimeEnv>, QueryError> {
        session::environment(self.release_dir, self.keyring.clone(), None, self.memory)
            .map_err(|e| said(&e))
    }
}

/// A plan made physical as a question's is: on internal indices where that can be.
async fn planned(
    state: &SessionState,
    plan: LogicalPlan,
) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
    let plan = state.optimize(&plan)?;
    let planner = state.query_planner();
    if let Some(by_index) = persons::by_index(&plan)
        && let Ok(physical) = planner.create_physical_plan(&by_index, state).await
    {
        return Ok(physical);
    }
    planner.create_physical_plan(&plan, state).await
}

/// The engine as its makers deliver it, over the same files: their tables, functions and rules.
pub struct Stock {
    context: SessionContext,
    runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Stock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stock")
    }
}

impl Stock {
    /// Tables by name, each with the paths of its files.
    ///
    /// # Errors
    /// [`QueryError::Fault`] when files cannot be read.
    pub fn new(
        tables: &BTreeMap<String, Vec<String>>,
        withdrawn: &RoaringBitmap,
    ) -> Result<Self, QueryError> {
        let config = SessionConfig::new().with_target_partitions(limits::THREADS);
        let context = SessionContext::new_with_config(config);
        for ours in scalars::all() {
            // dates and their differences have no common spelling; the rest of our functions is not asked for
            let named: ScalarUDF = ours.as_ref().clone().with_aliases(alias(ours.name()));
            context.register_udf(named);
        }
        let runtime = session::runtime().map_err(|e| QueryError::Fault(e.to_string()))?;
        for (name, paths) in tables {
            let table = runtime
                .block_on(listing(&context.state(), paths))
                .map_err(|e| said(&e))?;
            context.register_table(name, table).map_err(|e| said(&e))?;
        }
        context
            .register_table(WITHDRAWN, people(PERSON, withdrawn)?)
            .map_err(|e| said(&e))?;
        Ok(Self { context, runtime })
    }

    /// Answers a question of which participants go by their internal index.
    ///
    /// # Errors
    /// As [`bare`].
    pub fn ask(&self, sql: &str) -> Result<(Answer, Profile), QueryError> {
        let started = Instant::now();
        let text = sql.replace("year(", "date_part('year', ");
        let state = self.context.state();
        self.runtime.block_on(async {
            let physical = async {
                let plan = state.create_logical_plan(&text).await?;
                state.create_physical_plan(&plan).await
            }
            .await
            .map_err(|e| said(&e))?;
            run(&state, &physical, started.elapsed(), true).await
        })
    }
}

fn alias(name: &str) -> Vec<&'static str> {
    match name {
        "__days_between" => vec!["days_between"],
        _ => Vec::new(),
    }
}

async fn listing(
    state: &SessionState,
    paths: &[String],
) -> datafusion::error::Result<Arc<dyn TableProvider>> {
    let urls = paths
        .iter()
        .map(ListingTableUrl::parse)
        .collect::<datafusion::error::Result<Vec<_>>>()?;
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(ListingOptions::new(Arc::new(ParquetFormat::default())))
        .infer_schema(state)
        .await?;
    Ok(Arc::new(ListingTable::try_new(config)?))
}

/// A governed question in enclave mode as [`super::ask`] plans it, with what its operators measured. Its answer is
/// thrown away.
///
/// # Errors
/// As [`super::ask`].
pub fn profile(question: &Question<'_>) -> Result<Profile, QueryError> {
    let started = Instant::now();
    let query = sql::text::read(question.sql)?;
    let names: Vec<String> = question.tables.iter().map(|t| t.name.clone()).collect();
    let (query, mentions) = sql::enclave::rewrite(&query, &names)?;
    sql::bounds::check(&query)?;
    let mut tables: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
    for granted in &question.tables {
        let wanted = |c: &str| mentions.star || mentions.columns.contains(c);
        if mentions.tables.contains(&granted.name)
            && let Some(table) = Table::new(granted, question.manifest, wanted, Some(&question.key))
        {
            tables.insert(granted.name.clone(), Arc::new(table));
        }
    }
    let files = Files {
        manifest: question.manifest,
        release_dir: question.release_dir,
        key: &question.key,
        keyring: question.keyring.clone(),
        memory: question.limits.memory,
    };
    let env = files.environment()?;
    let state = session::session(&env, tables);
    blocking(async {
        let physical = async {
            let statement = Statement::Statement(Box::new(ast::Statement::Query(Box::new(query))));
            let plan = state.statement_to_plan(statement).await?;
            planned(&state, total_order(plan)?).await
        }
        .await
        .map_err(|e| said(&e))?;
        let planning = started.elapsed();
        let (_, running) = drain(&state, &physical).await?;
        Ok(Profile {
            planning,
            running,
            operators: operators(&physical),
        })
    })
}

/// A question in which the participant goes by the internal index. A bench's questions have no text in which the word
/// stands.
#[must_use]
pub fn by_index(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut word = String::new();
    for c in sql.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out.push_str(if word == super::EID { PERSON } else { &word });
        word.clear();
        out.push(c);
    }
    out
}

/// A table of people by their index.
fn people(column: &str, set: &RoaringBitmap) -> Result<Arc<dyn TableProvider>, QueryError> {
    let schema = Arc::new(Schema::new(vec![Field::new(
        column,
        DataType::UInt32,
        false,
    )]));
    let index: UInt32Array = set.iter().collect::<Vec<u32>>().into();
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(index)])
        .map_err(|e| QueryError::Fault(e.to_string()))?;
    let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(|e| said(&e))?;
    Ok(Arc::new(table))
}

/// Waits on a runtime of its own, as a question does.
fn blocking<T>(work: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
    let runtime = session::runtime().map_err(|e| QueryError::Fault(e.to_string()))?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

async fn run(
    state: &SessionState,
    physical: &Arc<dyn ExecutionPlan>,
    planning: Duration,
    ordered: bool,
) -> Result<(Answer, Profile), QueryError> {
    let (rows, running) = drain(state, physical).await?;
    let about = About {
        mode: Mode::Enclave,
        ordered,
        withheld_rows: None,
        withheld_cells: 0,
        used: Used::new(),
        plan_sha256: String::new(),
    };
    let answer = Answer::new(&rows.schema, &rows.batches, about)
        .map_err(|e| QueryError::Fault(e.to_string()))?;
    let profile = Profile {
        planning,
        running,
        operators: operators(physical),
    };
    Ok((answer, profile))
}

async fn drain(
    state: &SessionState,
    physical: &Arc<dyn ExecutionPlan>,
) -> Result<(session::Rows, Duration), QueryError> {
    let started = Instant::now();
    let mut stream =
        execute_stream(Arc::clone(physical), state.task_ctx()).map_err(|e| said(&e))?;
    let schema = stream.schema();
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch.map_err(|e| said(&e))?);
    }
    Ok((session::Rows { schema, batches }, started.elapsed()))
}

/// The engine's own words: they may quote values, which are the bench's own.
fn said(error: &datafusion::error::DataFusionError) -> QueryError {
    QueryError::Fault(error.to_string())
}

/// Whether a measurement helps to tell where time goes: times of a tenth of a millisecond and more, and sizes. An operator's
/// `fetch_time` is what it waited for those beneath it, summed over threads; that of the lowest one is the scan's.
fn tells(value: &MetricValue) -> bool {
    let name = value.name();
    let time = name.ends_with("_time") && !name.starts_with("expr_");
    let size = name.contains("build_input") || name.contains("mem_used") || name.contains("spill");
    (time && value.as_usize() >= 100_000) || (size && value.as_usize() > 0)
}

/// What each operator measured, from the root down.
fn operators(plan: &Arc<dyn ExecutionPlan>) -> Vec<Operator> {
    let mut out = Vec::new();
    let mut open = vec![(Arc::clone(plan), 0)];
    while let Some((plan, depth)) = open.pop() {
        let metrics = plan.metrics().map(|m| m.aggregate_by_name());
        let mut other = String::new();
        let (mut rows, mut compute) = (0, 0);
        for metric in metrics.iter().flat_map(|m| m.iter()) {
            match metric.value() {
                MetricValue::OutputRows(count) => rows += count.value(),
                MetricValue::ElapsedCompute(time) => compute += time.value(),
                value if tells(value) => {
                    // writing into memory does not fail
                    let _written = write!(other, " {}={value}", value.name());
                }
                _ => {}
            }
        }
        out.push(Operator {
            name: plan.name().to_owned(),
            depth,
            rows: u64::try_from(rows).unwrap_or(u64::MAX),
            compute: Duration::from_nanos(u64::try_from(compute).unwrap_or(u64::MAX)),
            other,
        });
        open.extend(
            plan.children()
                .into_iter()
                .rev()
                .map(|child| (Arc::clone(child), depth + 1)),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::by_index;

    #[test]
    fn only_the_whole_word_is_the_participant() {
        assert_eq!(
            by_index("SELECT g.eid, eids, \"eid\" FROM t").trim_end(),
            "SELECT g.__person, eids, \"__person\" FROM t"
        );
    }
}
