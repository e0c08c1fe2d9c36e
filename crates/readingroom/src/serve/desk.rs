//! The desk behind every protocol: tokens, the catalogue of what is granted, and questions, each on the instance as it is at
//! that moment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use governance::Id;
use vault::query::QueryError;
use vault::query::desk::{Asked as Answer, Denied, Desk, SchemaRef, ShownTable, Visitor};

use crate::clock;
use crate::commands::token::holder;
use crate::failure::Failure;
use crate::live::Live;
use crate::print;
use crate::question::{self, Asked, Caller};

/// The desk of one instance.
pub struct Room {
    live: Arc<Live>,
}

impl Room {
    /// Opens an instance.
    pub fn new(dir: &Path) -> Result<Self, Failure> {
        Ok(Self {
            live: Arc::new(Live::new(dir)?),
        })
    }
}

/// Tells a running question that nobody waits any more.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A caller at the other end of a connection.
struct Remote(Arc<AtomicBool>);

impl Caller for Remote {
    fn progress(&mut self, _: &Id, _: f64, _: Duration) {}

    fn gone(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A visitor's names as ids.
struct Who {
    researcher: Id,
    project: Id,
    token: Id,
}

impl Who {
    fn of(visitor: &Visitor) -> Result<Self, Denied> {
        let id = |text: &str| Id::new(text).map_err(|_| Denied::Unknown);
        Ok(Self {
            researcher: id(&visitor.researcher)?,
            project: id(&visitor.project)?,
            token: id(&visitor.token)?,
        })
    }
}

/// A no for the visitor; faults are told to the operator alone.
fn denied(failure: Failure) -> Denied {
    match failure {
        Failure::Refused(refusal) => Denied::Refusal(*refusal),
        other => logged(&other.text()),
    }
}

/// Tells the operator.
fn logged(text: &str) -> Denied {
    print::error(text);
    Denied::Fault
}

#[async_trait]
impl Desk for Room {
    async fn enter(&self, bearer: &str) -> Result<Visitor, Denied> {
        let state = self.live.state().map_err(denied)?;
        let at = clock::now().map_err(denied)?;
        let (id, token) = holder(&state, bearer, at).ok_or(Denied::Unknown)?;
        Ok(Visitor {
            researcher: token.researcher.to_string(),
            project: token.project.to_string(),
            token: id.to_string(),
        })
    }

    async fn catalogue(&self, visitor: &Visitor) -> Result<Vec<ShownTable>, Denied> {
        let (live, who) = (Arc::clone(&self.live), Who::of(visitor)?);
        let done = tokio::task::spawn_blocking(move || {
            let instance = live.open()?;
            question::catalogue(&instance, &who.project, &who.researcher)
        })
        .await;
        done.map_err(|_| logged("the catalogue's thread stopped"))?
            .map_err(denied)
    }

    async fn describe(&self, visitor: &Visitor, sql: &str) -> Result<SchemaRef, Denied> {
        let (live, who, sql) = (Arc::clone(&self.live), Who::of(visitor)?, sql.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let mut instance = live.open().map_err(denied)?;
            question::describe(&mut instance, &who.project, &who.researcher, &sql)
                .map_err(denied)?
                .map_err(|e| match e {
                    QueryError::Refusal(refusal) => Denied::Refusal(refusal),
                    QueryError::Fault(text) => logged(&text),
                    QueryError::Again(_) => logged("a question that was not asked is asked again"),
                })
        })
        .await;
        done.map_err(|_| logged("a describing thread stopped"))?
    }

    async fn ask(&self, visitor: &Visitor, sql: &str) -> Result<Answer, Denied> {
        let gone = Arc::new(AtomicBool::new(false));
        // dropped with this future, which is how a caller goes away
        let _guard = Guard(Arc::clone(&gone));
        let (live, who, sql) = (Arc::clone(&self.live), Who::of(visitor)?, sql.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let mut instance = live.open()?;
            let asked = Asked {
                project: &who.project,
                researcher: &who.researcher,
                token: Some(&who.token),
                mode: None,
                release: None,
                sql: &sql,
            };
            question::put(&mut instance, asked, &mut Remote(gone))
        })
        .await;
        let answered = done
            .map_err(|_| logged("a question's thread stopped"))?
            .map_err(denied)?;
        let batch = answered.answer.batch().clone();
        Ok(Answer {
            id: answered.id.to_string(),
            entry: answered.entry,
            mode: answered.mode,
            release: answered.release.to_string(),
            withheld_rows: answered.answer.withheld_rows,
            withheld_cells: answered.answer.withheld_cells,
            schema: batch.schema(),
            batches: vec![batch],
        })
    }
}
