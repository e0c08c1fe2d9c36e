//! Reads a granted table: masked people are dropped and internal indices become pseudonyms here, below every
//! expression of the question, so that no predicate, error or count can see what was dropped. The conditions that the scan
//! takes over ([`super::layout`]) are of values alone and cannot fail.
//!
//! Must never: pass on a row of a masked person, the internal index to an enclave question, or statistics of a file.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, RecordBatch, StringViewBuilder, UInt32Array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{BatchCoalescer, filter_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
};
use futures::TryFutureExt;
use futures::stream::{StreamExt, TryStreamExt, try_unfold};
use privacy::pseudonym::{ProjectKey, TEXT_LENGTH};
use roaring::RoaringBitmap;

use super::layout::dimension::Dimensions;
use super::layout::read::{self, Batches, Piece, Reading, people};
use super::progress::{self, Meter};
use crate::query::EID;

/// Where the files of a release are found by the engine; mapped to the release's folder in the session.
pub(crate) const STORE: &str = "release://sealed";

/// What stands for a person.
#[derive(Debug, Clone)]
pub(crate) enum Show {
    /// The internal index: aggregate mode, in which it is only counted.
    Index,
    /// The project's pseudonym: enclave mode.
    Pseudonym(Arc<ProjectKey>),
}

/// A plan that reads a table, drops masked people and shows the rest as [`Show`] says.
#[derive(Debug)]
pub(crate) struct Governed {
    rules: Arc<Rules>,
    pieces: Vec<Vec<Piece>>,
    properties: Arc<PlanProperties>,
}

/// What is done to the rows of a table.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What is read.
    pub(crate) reading: Arc<Reading>,
    /// The lists of text of the columns that are stored as numbers.
    pub(crate) lists: Dimensions,
    /// What is passed on.
    pub(crate) schema: SchemaRef,
    /// Who is absent.
    pub(crate) masked: Arc<RoaringBitmap>,
    /// What stands for a person.
    pub(crate) show: Show,
}

impl Governed {
    pub(crate) fn new(rules: Rules, pieces: Vec<Vec<Piece>>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&rules.schema)),
            Partitioning::UnknownPartitioning(pieces.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            rules: Arc::new(rules),
            pieces,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for Governed {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // neither paths, nor the number of masked people, nor what was left unread
        write!(f, "Governed")
    }
}

impl ExecutionPlan for Governed {
    fn name(&self) -> &'static str {
        "Governed"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            return Ok(self);
        }
        Err(DataFusionError::Internal(
            "a governed scan has no input".to_owned(),
        ))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let store = context
            .runtime_env()
            .object_store(ObjectStoreUrl::parse(STORE)?)?;
        let batch_rows = context.session_config().batch_size();
        let pieces = self.pieces.get(partition).cloned().unwrap_or_default();
        let meter = context.session_config().get_extension::<Meter>();
        if let Some(meter) = &meter {
            meter.expect(pieces.iter().map(|p| p.rows.end - p.rows.start).sum());
        }
        let reading = Arc::clone(&self.rules.reading);
        let rows = futures::stream::iter(pieces)
            .map(Ok)
            .and_then(move |piece| {
                let (count, meter) = (piece.rows.end - piece.rows.start, meter.clone());
                let batches =
                    read::read(Arc::clone(&reading), Arc::clone(&store), piece, batch_rows);
                batches.map_ok(move |batches| progress::counted(batches, count, meter))
            })
            .try_flatten()
            .boxed();
        let sieve = Sieve {
            rules: Arc::clone(&self.rules),
            rows: Some(rows),
            small: None,
            ready: VecDeque::new(),
            batch_rows,
        };
        let out = try_unfold(sieve, |mut sieve| async move {
            let batch = sieve.next().await?;
            Ok(batch.map(|batch| (batch, sieve)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.rules.schema),
            out,
        )))
    }
}

/// Lets through the rows that may pass. Where few do, they are gathered to batches of a good size.
struct Sieve {
    rules: Arc<Rules>,
    rows: Option<Batches>,
    small: Option<BatchCoalescer>,
    ready: VecDeque<RecordBatch>,
    batch_rows: usize,
}

impl Sieve {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return self.rules.show(&batch).map(Some);
            }
            let Some(rows) = &mut self.rows else {
                return Ok(None);
            };
            match rows.next().await.transpose()? {
                Some(batch) => self.take(batch)?,
                None => {
                    self.rows = None;
                    self.flush()?;
                }
            }
        }
    }

    fn take(&mut self, batch: RecordBatch) -> Result<()> {
        let all = batch.num_rows();
        let keep = self.rules.keep(&batch)?;
        let kept = keep.as_ref().map_or(all, BooleanBuffer::count_set_bits);
        let keep = keep.map(|keep| BooleanArray::new(keep, None));
        if kept == 0 {
            return Ok(());
        }
        if kept < self.batch_rows / 2 {
            let small = self
                .small
                .get_or_insert_with(|| BatchCoalescer::new(batch.schema(), self.batch_rows));
            match keep {
                Some(keep) => small.push_batch_with_filter(batch, &keep)?,
                None => small.push_batch(batch)?,
            }
            while let Some(batch) = small.next_completed_batch() {
                self.ready.push_back(batch);
            }
            return Ok(());
        }
        self.flush()?;
        self.ready.push_back(match keep {
            Some(keep) if kept < all => filter_record_batch(&batch, &keep)?,
            _ => batch,
        });
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if let Some(mut small) = self.small.take() {
            small.finish_buffered_batch()?;
            while let Some(batch) = small.next_completed_batch() {
                self.ready.push_back(batch);
            }
        }
        Ok(())
    }
}

impl Rules {
    /// The rows of a batch that may pass; `None` for all.
    fn keep(&self, batch: &RecordBatch) -> Result<Option<BooleanBuffer>> {
        let mut keep = keep(people(batch)?, &self.masked, self.reading.people.as_ref());
        if let (Some(wanted), false) = (&self.reading.wanted, self.reading.by_code) {
            let wanted = wanted.keep(batch)?;
            keep = Some(match keep {
                Some(keep) => &keep & &wanted,
                None => wanted,
            });
        }
        Ok(keep)
    }

    /// A batch of rows that may pass, in the shape that the question sees.
    fn show(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let people = people(batch)?;
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| match batch.column_by_name(field.name()) {
                _ if field.name() == EID => self.person(people, field.data_type()),
                Some(column) => match self.lists.get(field.name()) {
                    Some(list) => list.text(column),
                    None => Ok(Arc::clone(column)),
                },
                None => Err(DataFusionError::Internal(
                    "a column is missing from the scan".to_owned(),
                )),
            })
            .collect::<Result<Vec<_>>>()?;
        let options =
            arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }

    /// What stands for each person.
    fn person(&self, people: &UInt32Array, kind: &DataType) -> Result<ArrayRef> {
        match &self.show {
            Show::Pseudonym(key) => pseudonyms(people, key),
            Show::Index if kind == &DataType::UInt32 => Ok(Arc::new(people.clone())),
            Show::Index => Err(DataFusionError::Internal(
                "pseudonyms without a key".to_owned(),
            )),
        }
    }
}

/// The rows of people who are there and wanted; `None` for all. Rows of a person stand together, so each run is looked up
/// once.
fn keep(
    people: &UInt32Array,
    masked: &RoaringBitmap,
    wanted: Option<&RoaringBitmap>,
) -> Option<BooleanBuffer> {
    if masked.is_empty() && wanted.is_none() {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(people.len());
    let mut dropped = false;
    for run in people.values().chunk_by(|a, b| a == b) {
        let shown = run.first().is_some_and(|person| {
            !masked.contains(*person) && wanted.is_none_or(|wanted| wanted.contains(*person))
        });
        dropped |= !shown;
        bits.append_n(run.len(), shown);
    }
    dropped.then(|| bits.finish())
}

/// The pseudonym of each row, made once for each run of rows.
fn pseudonyms(people: &UInt32Array, key: &ProjectKey) -> Result<ArrayRef> {
    let runs = || people.values().chunk_by(|a, b| a == b);
    let mut texts = Vec::with_capacity(people.len() * TEXT_LENGTH);
    for person in runs().filter_map(<[u32]>::first) {
        texts.extend_from_slice(key.pseudonym(*person).as_bytes());
    }
    let mut out = StringViewBuilder::with_capacity(people.len());
    let block = out.append_block(texts.into());
    let length = u32::try_from(TEXT_LENGTH).unwrap_or(0);
    for (run, start) in runs().zip((0_u32..).step_by(TEXT_LENGTH)) {
        for _ in run {
            out.try_append_view(block, start, length)?;
        }
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn runs_are_masked_and_named_once() {
        let people = UInt32Array::from(vec![0, 0, 1, 2, 2, 2, 5]);
        assert!(keep(&people, &RoaringBitmap::new(), None).is_none());
        assert!(keep(&people, &[3, 4].into_iter().collect(), None).is_none());
        let kept = keep(&people, &[0, 2].into_iter().collect(), None).unwrap();
        assert_eq!(
            kept,
            BooleanBuffer::from(vec![false, false, true, false, false, false, true])
        );
        let wanted = [0, 2, 5, 9].into_iter().collect();
        let kept = keep(&people, &[2].into_iter().collect(), Some(&wanted)).unwrap();
        assert_eq!(
            kept,
            BooleanBuffer::from(vec![true, true, false, false, false, false, true])
        );
        let key = ProjectKey::derive(&[1; 32], "p");
        let names = pseudonyms(&people, &key).unwrap();
        let names = names
            .as_any()
            .downcast_ref::<arrow::array::StringViewArray>()
            .unwrap();
        for (row, person) in [0, 0, 1, 2, 2, 2, 5].into_iter().enumerate() {
            assert_eq!(key.index(names.value(row)), Some(person));
        }
    }
}
