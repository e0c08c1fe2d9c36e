//! A question at work: planned, checked, run, and in aggregate mode judged before anything is shown of it.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use datafusion::catalog::TableProvider;
use datafusion::common::SchemaError;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use governance::Mode;
use privacy::pseudonym::ProjectKey;
use privacy::sdc;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::answer::{self, About};
use super::engine::catalogue::{self, Table};
use super::rules::Used;
use super::engine::session::{self, Stopped};
use super::{
    Answer, EID, GrantedTable, JudgeStop, QueryError, QueryLimits, Question, aggregate, control, no, sql,
};
use crate::limits;
use crate::release::Manifest;


/// What a question at work says to whoever waits for it.
#[derive(Debug)]
pub(super) enum Said {
    /// The checked plan reads these columns.
    Planned(Used),
    /// May this be shown?
    Table(
        Box<sdc::Table>,
        oneshot::Sender<Result<sdc::Verdicts, JudgeStop>>,
    ),
}

