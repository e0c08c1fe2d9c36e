//! The desk at which every protocol asks: Flight SQL, HTTP and the command line all stand in front of one trait, so that
//! none of them can pass round governance.
//!
//! A protocol holds nothing but a [`Desk`]. It cannot open a release, read a manifest or run a plan; whatever it shows came
//! out of here, with the right to see it checked at the time of asking.
//!
//! Must never: keep a bearer token beyond the call it came with, or tell a visitor why they are unknown.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
pub use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use governance::{Mode, Refusal};

use super::engine::catalogue::data_type;
use super::queue::{FairQueue, QueueLimits};
use super::{EID, GrantedTable};
use crate::release::TableEntry;

/// Who stands at the desk: one researcher, for one project, by one token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visitor {
    /// Who asks.
    pub researcher: String,
    /// For which project.
    pub project: String,
    /// The token's public id: enough to name or revoke it, of no use to enter with.
    pub token: String,
}

/// A column of a granted table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownColumn {
    /// Its SQL name.
    pub name: String,
    /// Its type, as an answer would have it.
    pub data_type: DataType,
    /// What it is, in plain words.
    pub title: String,
    /// Its class of data.
    pub class: String,
}

impl ShownColumn {
    /// The word for its type: `boolean`, `integer`, `number`, `text` or `date`, as in an answer's JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.data_type {
            DataType::Boolean => "boolean",
            DataType::Date32 => "date",
            t if t.is_integer() => "integer",
            t if t.is_floating() => "number",
            _ => "text",
        }
    }
}

/// A granted table: the columns that this visitor's project may use, and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTable {
    /// Its SQL name.
    pub name: String,
    /// Its columns, `eid` first.
    pub columns: Vec<ShownColumn>,
}

impl ShownTable {
    /// A granted table of a release, as its entry describes it.
    #[must_use]
    pub fn of(granted: &GrantedTable, entry: &TableEntry) -> Self {
        let eid = ShownColumn {
            name: EID.to_owned(),
            data_type: DataType::Utf8View,
            title: "Participant: the project's own pseudonym".to_owned(),
            class: String::new(),
        };
        let known: HashSet<&str> = granted.columns.iter().map(String::as_str).collect();
        let columns = entry
            .columns
            .iter()
            .filter(|c| known.contains(c.name.as_str()))
            .filter_map(|c| {
                Some(ShownColumn {
                    name: c.name.clone(),
                    data_type: data_type(&c.kind)?,
                    title: c.title.clone(),
                    class: c.class.clone(),
                })
            });
        Self {
            name: granted.name.clone(),
            columns: std::iter::once(eid).chain(columns).collect(),
        }
    }
}

/// An answer, after its event is in the ledger.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The question's id, by which it can be run again.
    pub id: String,
    /// Number of its entry in the ledger.
    pub entry: u64,
    /// The mode it was answered in.
    pub mode: Mode,
    /// The release that was asked.
    pub release: String,
    /// Groups that were left out, where that may be told.
    pub withheld_rows: Option<u64>,
    /// Numbers of shown groups that were withheld.
    pub withheld_cells: u64,
    /// Schema of every batch.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No token, or none that opens anything. Which of the two, and why, is not told.
    #[error("no valid token")]
    Unknown,
    /// Expected, with a rule and a way on; may be shown.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// A bug or an outage; logged where it happened, shown without text.
    #[error("fault")]
    Fault,
}

/// What every protocol stands in front of.
///
/// Rights are looked up in every call, never remembered between calls: a token that is revoked, a project that is
/// suspended or a grant that ends takes effect at the next one, and a running question is stopped by `ask` itself.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Who a bearer token belongs to. Compares in constant time.
    ///
    /// # Errors
    /// [`Denied::Unknown`] for every token that does not open a project now.
    async fn enter(&self, bearer: &str) -> Result<Visitor, Denied>;

    /// The granted tables.
    ///
    /// # Errors
    /// As [`Desk::ask`].
    async fn catalogue(&self, visitor: &Visitor) -> Result<Vec<ShownTable>, Denied>;

    /// The schema that an answer would have. Nothing is run and no row is read.
    ///
    /// # Errors
    /// As [`Desk::ask`].
    async fn describe(&self, visitor: &Visitor, sql: &str) -> Result<SchemaRef, Denied>;

    /// Answers a question. Dropping the future cancels the question at once.
    ///
    /// # Errors
    /// [`Denied::Refusal`] for everything that the visitor can do something about, [`Denied::Fault`] for the rest.
    async fn ask(&self, visitor: &Visitor, sql: &str) -> Result<Asked, Denied>;
}

#[async_trait]
impl<D: Desk + ?Sized> Desk for Arc<D> {
    async fn enter(&self, bearer: &str) -> Result<Visitor, Denied> {
        self.as_ref().enter(bearer).await
    }
    async fn catalogue(&self, visitor: &Visitor) -> Result<Vec<ShownTable>, Denied> {
        self.as_ref().catalogue(visitor).await
    }
    async fn describe(&self, visitor: &Visitor, sql: &str) -> Result<SchemaRef, Denied> {
        self.as_ref().describe(visitor, sql).await
    }
    async fn ask(&self, visitor: &Visitor, sql: &str) -> Result<Asked, Denied> {
        self.as_ref().ask(visitor, sql).await
    }
}

/// A desk with a queue in front: questions of all protocols wait in one, fairly between projects.
///
/// Entering and the catalogue do not wait, as they run nothing. Describing waits in a queue of its own, so that a driver
/// can prepare its next question while a long one runs.
#[derive(Debug)]
pub struct Queued<D> {
    desk: D,
    asking: FairQueue,
    describing: FairQueue,
}

impl<D: Desk> Queued<D> {
    /// Puts queues with these limits in front of `desk`.
    pub fn new(desk: D, limits: QueueLimits) -> Self {
        Self {
            desk,
            asking: FairQueue::new(limits),
            describing: FairQueue::new(limits),
        }
    }

    /// Questions that run and that wait, for figures.
    pub fn figures(&self) -> (usize, usize) {
        self.asking.figures()
    }
}

#[async_trait]
impl<D: Desk> Desk for Queued<D> {
    async fn enter(&self, bearer: &str) -> Result<Visitor, Denied> {
        self.desk.enter(bearer).await
    }
    async fn catalogue(&self, visitor: &Visitor) -> Result<Vec<ShownTable>, Denied> {
        self.desk.catalogue(visitor).await
    }
    async fn describe(&self, visitor: &Visitor, sql: &str) -> Result<SchemaRef, Denied> {
        let _turn = self.describing.turn(&visitor.project).await?;
        self.desk.describe(visitor, sql).await
    }
    async fn ask(&self, visitor: &Visitor, sql: &str) -> Result<Asked, Denied> {
        let _turn = self.asking.turn(&visitor.project).await?;
        self.desk.ask(visitor, sql).await
    }
}
