//! Reads a granted table: masked people are dropped and internal indices become pseudonyms here, below every
//! expression of the question, so that no predicate, error or count can see what was dropped.
//!
//! Must never: pass on a row of a masked person, statistics of a file, or the internal index to an enclave question, unless
//! its plan has passed [`super::persons`].

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBufferBuilder, RecordBatch, StringViewBuilder,
    UInt32Array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
};
use futures::StreamExt;
use privacy::pseudonym::{ProjectKey, TEXT_LENGTH};
use roaring::RoaringBitmap;

use crate::query::EID;
use crate::release::{PERSON, TableEntry};

/// Where the files of a release are found by the engine; mapped to the release's folder in the session.
pub(crate) const STORE: &str = "release://sealed";

/// What stands for a person.
#[derive(Debug, Clone)]
pub(crate) enum Show {
    /// The internal index: aggregate mode, in which it is only counted, and plans of enclave mode that make the pseudonym
    /// later (see [`super::persons`]).
    Index,
    /// The project's pseudonym: enclave mode.
    Pseudonym(Arc<ProjectKey>),
}

/// The plain scan under [`Governed`]: the index first, then the columns of `schema` that are in the files.
pub(crate) fn files(
    entry: &TableEntry,
    schema: &SchemaRef,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let person = Field::new(PERSON, DataType::UInt32, false);
    let rest = schema
        .fields()
        .iter()
        .filter(|f| f.name() != PERSON && f.name() != EID);
    let fields: Vec<Field> = std::iter::once(person)
        .chain(rest.map(|f| f.as_ref().clone()))
        .collect();
    let source =
        ParquetSource::new(Arc::new(Schema::new(fields)) as SchemaRef).with_pushdown_filters(false);
    let mut builder = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE)?, Arc::new(source));
    for group in groups(entry, partitions) {
        builder = builder.with_file_group(FileGroup::new(group));
    }
    Ok(DataSourceExec::from_data_source(builder.build()))
}

/// Files in participant order, as many groups as there are threads, each of about the same size.
fn groups(entry: &TableEntry, partitions: usize) -> Vec<Vec<PartitionedFile>> {
    let total: u64 = entry.files.iter().map(|f| f.bytes).sum();
    let share = total
        .div_ceil(u64::try_from(partitions.max(1)).unwrap_or(1))
        .max(1);
    let mut out: Vec<Vec<PartitionedFile>> = Vec::new();
    let mut filled = share;
    for file in &entry.files {
        if filled >= share {
            out.push(Vec::new());
            filled = 0;
        }
        if let Some(group) = out.last_mut() {
            group.push(PartitionedFile::new(file.path.clone(), file.bytes));
        }
        filled += file.bytes;
    }
    if out.is_empty() {
        out.push(Vec::new()); // a table without rows still has one, empty, stream
    }
    out
}

/// Drops masked people and shows the rest as [`Show`] says.
#[derive(Debug)]
pub(crate) struct Governed {
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    masked: Arc<RoaringBitmap>,
    show: Show,
    properties: Arc<PlanProperties>,
}

impl Governed {
    pub(crate) fn new(
        input: Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
        masked: Arc<RoaringBitmap>,
        show: Show,
    ) -> Self {
        let from = input.properties();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            from.partitioning.clone(),
            from.emission_type,
            from.boundedness,
        );
        Self {
            input,
            schema,
            masked,
            show,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for Governed {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // neither paths nor the number of masked people
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
        vec![&self.input]
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
        let [input] = children.as_slice() else {
            return Err(DataFusionError::Internal(
                "a governed scan has one input".to_owned(),
            ));
        };
        Ok(Arc::new(Self::new(
            Arc::clone(input),
            Arc::clone(&self.schema),
            Arc::clone(&self.masked),
            self.show.clone(),
        )))
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn repartitioned(
        &self,
        target: usize,
        config: &ConfigOptions,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        Ok(self.input.repartitioned(target, config)?.map(|input| {
            Arc::new(Self::new(
                input,
                Arc::clone(&self.schema),
                Arc::clone(&self.masked),
                self.show.clone(),
            )) as Arc<dyn ExecutionPlan>
        }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let (schema, masked, show) = (
            Arc::clone(&self.schema),
            Arc::clone(&self.masked),
            self.show.clone(),
        );
        let out = input.map(move |batch| govern(&batch?, &schema, &masked, &show));
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            out,
        )))
    }
}

/// One batch, without masked people and in the shape that the question sees.
fn govern(
    batch: &RecordBatch,
    schema: &SchemaRef,
    masked: &RoaringBitmap,
    show: &Show,
) -> Result<RecordBatch> {
    let filtered = match keep(people(batch)?, masked) {
        None => batch.clone(),
        Some(keep) => filter_record_batch(batch, &keep)?,
    };
    let people = people(&filtered)?;
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            if field.name() == EID {
                match show {
                    Show::Pseudonym(key) => pseudonyms(people, key),
                    Show::Index if field.data_type() == &DataType::UInt32 => {
                        Ok(Arc::new(people.clone()) as ArrayRef)
                    }
                    Show::Index => Err(DataFusionError::Internal(
                        "pseudonyms without a key".to_owned(),
                    )),
                }
            } else {
                filtered
                    .column_by_name(field.name())
                    .cloned()
                    .ok_or_else(|| {
                        DataFusionError::Internal("a column is missing from the scan".to_owned())
                    })
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(filtered.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// The internal index of each row.
fn people(batch: &RecordBatch) -> Result<&UInt32Array> {
    batch
        .column_by_name(PERSON)
        .and_then(|column| column.as_any().downcast_ref::<UInt32Array>())
        .filter(|people| people.null_count() == 0)
        .ok_or_else(|| DataFusionError::Internal("the file has no index of people".to_owned()))
}

/// The rows to keep; `None` for all. Rows of a person stand together, so each run is looked up once.
fn keep(people: &UInt32Array, masked: &RoaringBitmap) -> Option<BooleanArray> {
    if masked.is_empty() {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(people.len());
    let mut dropped = false;
    for run in people.values().chunk_by(|a, b| a == b) {
        let shown = run.first().is_some_and(|person| !masked.contains(*person));
        dropped |= !shown;
        bits.append_n(run.len(), shown);
    }
    dropped.then(|| BooleanArray::new(bits.finish(), None))
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
        assert!(keep(&people, &RoaringBitmap::new()).is_none());
        assert!(keep(&people, &[3, 4].into_iter().collect()).is_none());
        let kept = keep(&people, &[0, 2].into_iter().collect()).unwrap();
        assert_eq!(
            kept,
            BooleanArray::from(vec![false, false, true, false, false, false, true])
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
