//! The schema of an answer, without an answer: planned as the question would be, with every part cut to no rows.
//!
//! Must never: read a row, or differ from what [`super::ask`] does with names, functions and types.

use std::sync::mpsc;

use arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::Query;
use governance::Mode;

use super::engine::session;
use super::work::{Tables, Work, joined, to_its_end};
use super::{QueryError, Question, answer, control, no, sql};

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
    joined(std::thread::scope(|scope| {
        scope
            .spawn(move || to_its_end(seconds, work.schema()))
            .join()
    }))
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
        let (query, _, tables) = self.rows_wanted()?;
        self.no_rows_of(tables, query).await.map(|rows| rows.schema)
    }

    async fn aggregate_schema(self) -> Result<SchemaRef, QueryError> {
        let (split, _, tables) = self.groups_wanted()?;
        let groups = self.no_rows_of(tables, split.groups.clone()).await?;
        // no rows, so there is nothing to judge
        let nothing = privacy::sdc::Verdicts {
            rows: Vec::new(),
            withheld_rows: None,
            withheld_cells: 0,
        };
        let controlled =
            control::controlled(&split, &groups, &nothing).map_err(|e| self.failed(&e))?;
        let tables = self.shown_cells(controlled.cells)?;
        self.no_rows_of(tables, split.shown.clone())
            .await
            .map(|rows| rows.schema)
    }

    /// Plans a query that wants no rows, and runs what the planner left of it: nothing.
    async fn no_rows_of(&self, tables: Tables, query: Query) -> Result<session::Rows, QueryError> {
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
