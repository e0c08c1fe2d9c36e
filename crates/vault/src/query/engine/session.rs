//! A session for one question: its catalogue, the reviewed functions, its limits; and running a plan in it.
//!
//! Must never: register a function, table or catalogue beyond those of the question, or write a row to disk that is
//! not sealed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::{Query, Statement};
use futures::StreamExt;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use super::catalogue::{House, ROOM, Room, Street};
use super::rules::{self, NoErrors, Used};
use super::scan::STORE;
use super::{moments, people, percentile, persons, scalars, weights};
use crate::limits;
use crate::query::sql::functions;
use crate::sealed::{Keyring, SealedStore, spill_disk};

/// A plan that has passed every fence.
#[derive(Debug)]
pub(crate) struct Checked {
    plan: LogicalPlan,
    /// The same plan on internal indices, if it can be had so.
    by_index: Option<LogicalPlan>,
    /// Its text, whose digest goes into the ledger.
    pub(crate) text: String,
    /// What it reads.
    pub(crate) used: Used,
}

#[cfg(test)]
impl Checked {
    pub(crate) fn plan_for_tests(&self) -> &LogicalPlan {
        &self.plan
    }

    pub(crate) fn with_plan_for_tests(&self, plan: LogicalPlan) -> Self {
        Self {
            plan,
            by_index: None,
            text: self.text.clone(),
            used: self.used.clone(),
        }
    }
}

/// A plan's result.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

/// Why a plan did not finish.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// More rows than allowed.
    Rows(u64),
    /// More bytes than allowed.
    Bytes(u64),
    /// The engine.
    Engine(DataFusionError),
}

impl From<DataFusionError> for Stopped {
    fn from(e: DataFusionError) -> Self {
        Self::Engine(e)
    }
}

/// The environment that both parts of a question share: memory limit, the release's folder through its keys, and a place for
/// sealed rows that do not fit in memory, if there is one.
pub(crate) fn environment(
    release_dir: &Path,
    keyring: Option<Keyring>,
    spill: Option<&Path>,
    memory: usize,
) -> Result<Arc<RuntimeEnv>> {
    let disk = match spill {
        Some(dir) => spill_disk(dir, limits::SPILL_DISK_BYTES),
        None => DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
    };
    let env = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
        .with_disk_manager_builder(disk)
        .build_arc()?;
    let url = ObjectStoreUrl::parse(STORE)?;
    let files: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(release_dir)?);
    env.register_object_store(
        url.as_ref(),
        match keyring {
            Some(keyring) => Arc::new(SealedStore::new(files, keyring)),
            None => files,
        },
    );
    Ok(env)
}

/// A session in which just these tables exist.
pub(crate) fn session(
    env: &Arc<RuntimeEnv>,
    tables: BTreeMap<String, Arc<dyn TableProvider>>,
) -> SessionState {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(ROOM, ROOM)
        .with_information_schema(false)
        .with_target_partitions(limits::THREADS)
        .with_parquet_bloom_filter_pruning(false)
        .with_collect_statistics(false);
    let options = config.options_mut();
    options.execution.parquet.pushdown_filters = false;
    // it finds the column that is ordered by under a projection by its name, and so takes `x` for it in `SELECT -x AS x … GROUP
    // BY x ORDER BY x LIMIT 3`: wrong rows, and with people the first by internal index (seen in 55.2)
    options.optimizer.enable_topk_aggregation = false;
    options.sql_parser.parse_float_as_decimal = false;
    let wanted = |name: &str| functions::SCALARS.iter().any(|f| f.engine == name);
    let mut ours = moments::all();
    ours.push(percentile::percentile());
    let replaced: Vec<String> = ours.iter().map(|f| f.name().to_owned()).collect();
    SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::clone(env))
        .with_catalog_list(Arc::new(Street(Arc::new(House(Arc::new(Room::new(
            tables,
        )))))))
        .with_scalar_functions(
            SessionStateDefaults::default_scalar_functions()
                .into_iter()
                .filter(|f| wanted(f.name()))
                .chain(scalars::all())
                .collect(),
        )
        .with_aggregate_functions(
            SessionStateDefaults::default_aggregate_functions()
                .into_iter()
                .filter(|f| functions::AGGREGATES.iter().any(|a| a.1 == f.name()))
                .filter(|f| !replaced.iter().any(|r| r == f.name()))
                .chain(ours)
                .chain([people::people(), weights::weights()])
                .collect(),
        )
        .with_window_functions(
            SessionStateDefaults::default_window_functions()
                .into_iter()
                .filter(|f| {
                    functions::WINDOWS.contains(&f.name())
                        || functions::ROW_ORDER_WINDOWS.contains(&f.name())
                })
                .collect(),
        )
        .with_analyzer_rule(Arc::new(NoErrors))
        .with_optimizer_rules(rules::optimizer())
        .with_physical_optimizer_rules(rules::physical_optimizer())
        .build()
}

/// Plans a query that has passed the gate, and checks the plan. In enclave mode it is then made to run on internal indices
/// where that cannot be told from outside (see [`super::persons`]).
pub(crate) async fn plan(state: &SessionState, query: Query) -> Result<Checked> {
    let mut checked = plan_in_texts(state, query).await?;
    checked.by_index = persons::by_index(&checked.plan);
    Ok(checked)
}

/// The same without the last step. Its text is that of the ledger: no index ever stands in it.
pub(crate) async fn plan_in_texts(state: &SessionState, query: Query) -> Result<Checked> {
    let statement = EngineStatement::Statement(Box::new(Statement::Query(Box::new(query))));
    let plan = state.statement_to_plan(statement).await?;
    let plan = state.optimize(&rules::total_order(plan)?)?;
    let used = rules::verify(&plan)?;
    let text = plan.display_indent_schema().to_string();
    Ok(Checked {
        plan,
        by_index: None,
        text,
        used,
    })
}

/// Runs a checked plan to its end, or to a limit.
pub(crate) async fn run(
    state: &SessionState,
    checked: &Checked,
    max_rows: u64,
    max_bytes: u64,
) -> std::result::Result<Rows, Stopped> {
    let physical = physical(state, checked).await?;
    let mut stream = execute_stream(physical, state.task_ctx())?;
    let schema = stream.schema();
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0_u64, 0_u64);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        bytes += payload(&batch);
        if rows > max_rows {
            return Err(Stopped::Rows(max_rows));
        }
        if bytes > max_bytes {
            return Err(Stopped::Bytes(max_bytes));
        }
        if batch.num_rows() > 0 {
            batches.push(batch);
        }
    }
    Ok(Rows { schema, batches })
}

/// The plan as it will run: on internal indices if the physical planner takes that form.
async fn physical(state: &SessionState, checked: &Checked) -> Result<Arc<dyn ExecutionPlan>> {
    let planner = state.query_planner();
    if let Some(plan) = &checked.by_index
        && let Ok(physical) = planner.create_physical_plan(plan, state).await
    {
        return Ok(physical);
    }
    planner.create_physical_plan(&checked.plan, state).await
}

/// Bytes of the values of a batch, whatever larger buffers they are views of.
fn payload(batch: &RecordBatch) -> u64 {
    let rows = batch.num_rows();
    let bytes: usize = batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            arrow::datatypes::DataType::Utf8View => {
                let texts = arrow::array::AsArray::as_string_view(column.as_ref());
                texts
                    .lengths()
                    .map(|l| usize::try_from(l).unwrap_or(0))
                    .sum::<usize>()
            }
            t => t.primitive_width().map_or_else(
                || column.to_data().get_slice_memory_size().unwrap_or(rows),
                |width| width * rows,
            ),
        })
        .sum();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// A runtime of its own for one question, with room on its stacks for deep trees.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(limits::THREADS)
        .thread_stack_size(limits::STACK)
        .enable_time()
        .build()
}

/// Waits for a question, but not longer than `seconds`.
pub(crate) async fn within<T: Send + 'static>(
    seconds: u64,
    work: impl Future<Output = T> + Send + 'static,
) -> std::result::Result<std::result::Result<T, tokio::task::JoinError>, ()> {
    // on a task of its own: planning does not give way to a timer
    let task = tokio::spawn(work);
    let stop = task.abort_handle();
    let out = tokio::time::timeout(Duration::from_secs(seconds), task)
        .await
        .map_err(|_| ());
    stop.abort();
    out
}
