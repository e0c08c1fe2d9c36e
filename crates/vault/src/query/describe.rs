//! The schema of an answer, without an answer: planned as the question would be, with every part cut to no rows.
//!
//! Must never: read a row, or differ from what [`super::ask`] does with names, functions and types.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::sql::sqlparser::ast::Query;
use governance::Mode;

use super::engine::catalogue::Table;
use super::engine::session;
use super::work::{Work, fault};
use super::{QueryError, Question, aggregate, answer, control, no, sql};
use crate::limits;

/// Seconds for a plan: the widest questions that the limits let through take a few.
const SECONDS: u64 = 20;

/// Columns and types that the answer to a question would have. Blocks until done, as [`super::ask`] does.
///
/// # Errors
/// As [`super::ask`], without those that come from rows.
pub fn describe(question: Question<'_>) -> Result<SchemaRef, QueryError> {
    if !matches!(question.mode, Mode::Aggregate | Mode::Enclave) {
        return Err(no::mode_closed(question.mode).into());
    }
    let work = Work::of(question, mpsc::channel().0)?;
    let seconds = work.seconds().min(SECONDS);
    let done = std::thread::scope(|scope| {
        scope
            .spawn(move || {
                let runtime = session::runtime().map_err(|e| fault("no runtime", &e.kind()))?;
                let done = runtime.block_on(session::within(seconds, work.schema()));
                runtime.shutdown_background();
                match done {
                    Ok(Ok(schema)) => schema,
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

/// The same query, of which no row is wanted: the planner replaces it by nothing, with its columns.
fn no_rows(mut query: Query) -> Query {
    query.limit_clause = sql::select::limit_clause(Some(0), None);
    query
}

impl Work {
    async fn schema(self) -> Result<SchemaRef, QueryError> {
        let schema = match self.mode {
            Mode::Aggregate => self.aggregate_schema().await?,
            _ => self.enclave_schema().await?,
        };
        if answer::showable(&schema) {
            Ok(schema)
        } else {
            Err(no::does_not_fit().into())
        }
    }

    async fn enclave_schema(self) -> Result<SchemaRef, QueryError> {
        let query = sql::text::read(&self.sql)?;
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
        self.no_rows_of(tables, query).await.map(|rows| rows.schema)
    }

    async fn aggregate_schema(self) -> Result<SchemaRef, QueryError> {
        let query = sql::text::read(&self.sql)?;
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
        let groups = self.no_rows_of(tables, split.groups.clone()).await?;
        // no rows, so there is nothing to judge
        let nothing = privacy::sdc::Verdicts {
            rows: Vec::new(),
            withheld_rows: None,
            withheld_cells: 0,
        };
        let controlled =
            control::controlled(&split, &groups, &nothing).map_err(|e| self.failed(&e))?;
        let cells = MemTable::try_new(controlled.cells.schema(), vec![vec![controlled.cells]])
            .map_err(|e| self.failed(&e))?;
        let cells: Arc<dyn TableProvider> = Arc::new(cells);
        let tables = BTreeMap::from([(aggregate::CELLS.to_owned(), cells)]);
        self.no_rows_of(tables, split.shown.clone())
            .await
            .map(|rows| rows.schema)
    }

    /// Plans a query that wants no rows, and runs what the planner left of it: nothing.
    async fn no_rows_of(
        &self,
        tables: BTreeMap<String, Arc<dyn TableProvider>>,
        query: Query,
    ) -> Result<session::Rows, QueryError> {
        let env = self.environment()?;
        let state = session::session(&env, tables);
        let plan = session::plan(&state, no_rows(query))
            .await
            .map_err(|e| self.refused(&e))?;
        session::run(&state, &plan, 0, 0)
            .await
            .map_err(|e| self.stopped(e))
    }
}
