//! A desk over the town: real questions on a real release, with three tokens.
//!
//! `aggregate-token` and `enclave-token` open project p1 and p2 in that mode, `other-token` p2 as another person.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use governance::Mode;
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use vault::query::desk::{Asked, Denied, Desk, ShownColumn, ShownTable, Visitor};
use vault::query::{GrantedTable, QueryError, QueryLimits, Question, ask, describe};

use super::town::{MASTER, Release, town};

/// The desk.
pub struct TownDesk {
    release: Arc<Release>,
    entries: AtomicU64,
    /// Questions that began, and that were dropped before they ended.
    pub begun: AtomicU64,
    pub dropped: Arc<AtomicU64>,
}

/// Counts a question that was dropped before its end.
struct Watch(Option<Arc<AtomicU64>>);

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(dropped) = &self.0 {
            dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn mode(visitor: &Visitor) -> Mode {
    match visitor.project.as_str() {
        "p1" => Mode::Aggregate,
        _ => Mode::Enclave,
    }
}

/// What is granted: all tables but `hesin`, all columns but `p99`.
fn granted(release: &Release) -> Vec<GrantedTable> {
    let tables = release.manifest.tables.iter();
    tables
        .filter(|(name, _)| *name != "hesin")
        .map(|(name, entry)| GrantedTable {
            name: name.clone(),
            columns: entry
                .columns
                .iter()
                .map(|c| c.name.clone())
                .filter(|c| c != "p99")
                .collect(),
            masked: Arc::new(RoaringBitmap::new()),
        })
        .collect()
}

fn question<'a>(release: &'a Release, visitor: &Visitor, sql: &'a str) -> Question<'a> {
    Question {
        sql,
        mode: mode(visitor),
        tables: granted(release),
        manifest: &release.manifest,
        release_dir: release.dir.path(),
        keyring: None,
        spill: None,
        key: ProjectKey::derive(&MASTER, &visitor.project),
        limits: QueryLimits {
            seconds: 6,
            ..QueryLimits::default()
        },
    }
}

fn denied(error: QueryError) -> Denied {
    match error {
        QueryError::Refusal(refusal) => Denied::Refusal(refusal),
        QueryError::Fault(_) | QueryError::Again(_) => Denied::Fault,
    }
}

impl TownDesk {
    pub fn new() -> Self {
        Self {
            release: Arc::new(town()),
            entries: AtomicU64::new(100),
            begun: AtomicU64::new(0),
            dropped: Arc::default(),
        }
    }
}

#[async_trait]
impl Desk for TownDesk {
    async fn enter(&self, bearer: &str) -> Result<Visitor, Denied> {
        let (researcher, project) = match bearer {
            "aggregate-token" => ("ada", "p1"),
            "enclave-token" => ("ada", "p2"),
            "other-token" => ("ben", "p2"),
            _ => return Err(Denied::Unknown),
        };
        Ok(Visitor {
            researcher: researcher.to_owned(),
            project: project.to_owned(),
            token: format!("id-of-{bearer}"),
        })
    }

    async fn catalogue(&self, visitor: &Visitor) -> Result<Vec<ShownTable>, Denied> {
        let mut shown = Vec::new();
        for table in granted(&self.release) {
            let sql = format!("SELECT * FROM {} LIMIT 1", table.name);
            let enclave = Visitor {
                project: "p2".to_owned(),
                ..visitor.clone()
            };
            let schema = self.describe(&enclave, &sql).await?;
            let columns = schema
                .fields()
                .iter()
                .map(|f| ShownColumn {
                    name: f.name().clone(),
                    data_type: f.data_type().clone(),
                    title: format!("title of {}", f.name()),
                    class: "baseline".to_owned(),
                })
                .collect();
            shown.push(ShownTable {
                name: table.name,
                columns,
            });
        }
        Ok(shown)
    }

    async fn describe(&self, visitor: &Visitor, sql: &str) -> Result<SchemaRef, Denied> {
        let (release, visitor, sql) = (self.release.clone(), visitor.clone(), sql.to_owned());
        tokio::task::spawn_blocking(move || describe(question(&release, &visitor, &sql)))
            .await
            .map_err(|_| Denied::Fault)?
            .map_err(denied)
    }

    async fn ask(&self, visitor: &Visitor, sql: &str) -> Result<Asked, Denied> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let mut watch = Watch(Some(self.dropped.clone()));
        let (release, owner, text) = (self.release.clone(), visitor.clone(), sql.to_owned());
        let done =
            tokio::task::spawn_blocking(move || ask(question(&release, &owner, &text))).await;
        watch.0 = None;
        let answer = done.map_err(|_| Denied::Fault)?.map_err(denied)?;
        let entry = self.entries.fetch_add(1, Ordering::SeqCst);
        Ok(Asked {
            id: format!("q-{entry}"),
            entry,
            mode: mode(visitor),
            release: "town".to_owned(),
            withheld_rows: answer.withheld_rows,
            withheld_cells: answer.withheld_cells,
            schema: answer.batch().schema(),
            batches: vec![answer.batch().clone()],
        })
    }
}
