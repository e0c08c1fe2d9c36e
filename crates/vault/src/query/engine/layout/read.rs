//! The rows of one file of each family that a question needs, side by side.
//!
//! Families of a table have the same rows in the same order. That is not believed: the participants of every batch of
//! every family are compared. Must never put values of two participants into one row.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::error::Result;
use futures::stream::{BoxStream, StreamExt, TryStreamExt, try_unfold};
use object_store::ObjectStore;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter, RowSelection};
use parquet::arrow::async_reader::{ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder};
use parquet::file::metadata::ParquetMetaData;
use roaring::RoaringBitmap;

use super::broken;
use super::cache::{self, Opened, Reader};
use super::filter::Bounds;
use super::prune::{self, Ask, Ranges};
use super::wanted::Wanted;
use crate::release::{FileEntry, PERSON};

/// What is read of a table, and which of its rows.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The families, or the copy sorted by codes alone.
    pub(crate) sources: Vec<Source>,
    /// Only these people; `None` for everybody.
    pub(crate) people: Option<RoaringBitmap>,
    /// Only rows with these values of lists.
    pub(crate) wanted: Option<Wanted>,
    /// Rows outside these may be left out.
    pub(crate) bounds: Vec<Bounds>,
    /// Whether the rows are those of the copy sorted by codes: then `wanted` is applied while they are read.
    pub(crate) by_code: bool,
}

/// A family of columns, or the copy sorted by codes.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its files.
    pub(crate) files: Vec<FileEntry>,
    /// The columns that are needed of it, besides the participant.
    pub(crate) columns: Vec<String>,
}

/// Rows of the files of one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which file of each source.
    pub(crate) file: usize,
    /// Which rows of it.
    pub(crate) rows: Range<u64>,
}

/// Batches of the participant and the columns of each source.
pub(crate) type Batches = BoxStream<'static, Result<RecordBatch>>;

/// The rows of a piece that can be wanted.
pub(crate) async fn read(
    reading: Arc<Reading>,
    store: Arc<dyn ObjectStore>,
    piece: Piece,
    batch_rows: usize,
) -> Result<Batches> {
    let mut opened = Vec::with_capacity(reading.sources.len());
    for source in &reading.sources {
        let file = source.files.get(piece.file);
        let file = file.ok_or_else(|| broken("families have different numbers of files"))?;
        let open = cache::open(&store, file).await?;
        let rows = open.metadata.metadata().file_metadata().num_rows();
        if u64::try_from(rows).ok() != Some(file.rows) {
            return Err(broken("a file has another number of rows"));
        }
        opened.push(open);
    }
    let rows = candidates(&reading, &opened, piece.rows);
    if rows.is_empty() {
        return Ok(futures::stream::empty().boxed());
    }
    let mut streams = Vec::with_capacity(opened.len());
    for (source, open) in reading.sources.iter().zip(opened) {
        let wanted = reading.by_code.then(|| Arc::clone(&reading));
        streams.push(stream(source, open, &rows, wanted, batch_rows)?);
    }
    match (streams.pop(), streams.is_empty()) {
        (Some(one), true) => Ok(one.map_err(Into::into).boxed()),
        (Some(last), false) => {
            streams.push(last);
            Ok(side_by_side(streams))
        }
        (None, _) => Err(broken("nothing to read")),
    }
}

fn candidates(reading: &Reading, opened: &[Opened], rows: Range<u64>) -> Ranges {
    let mut out = vec![rows];
    for (open, first) in opened
        .iter()
        .zip(std::iter::once(true).chain(std::iter::repeat(false)))
    {
        let file: &ParquetMetaData = open.metadata.metadata();
        let mut ask = |ask| out = prune::both(&out, &prune::rows(file, ask));
        if let (true, Some(people)) = (first, &reading.people) {
            ask(Ask::People(people));
        }
        if let (true, Some(wanted)) = (reading.by_code, &reading.wanted) {
            ask(Ask::Lists(wanted));
        }
        for bounds in &reading.bounds {
            ask(Ask::Bounds(bounds));
        }
    }
    out
}

fn stream(
    source: &Source,
    open: Opened,
    rows: &Ranges,
    wanted: Option<Arc<Reading>>,
    batch_rows: usize,
) -> Result<ParquetRecordBatchStream<Reader>> {
    let (groups, selection) = select(open.metadata.metadata(), rows);
    let schema = open.metadata.parquet_schema();
    let names = source.columns.iter().map(String::as_str);
    let columns = ProjectionMask::columns(schema, names.chain([PERSON]));
    let filter = wanted.map(|reading| {
        let mut columns = std::collections::BTreeSet::new();
        if let Some(wanted) = &reading.wanted {
            wanted.columns(&mut columns);
        }
        let columns = ProjectionMask::columns(schema, columns.iter().map(String::as_str));
        let predicate = ArrowPredicateFn::new(columns, move |batch| {
            let keep = reading.wanted.as_ref().map(|wanted| wanted.keep(&batch));
            let keep = keep.ok_or_else(|| broken("nothing is wanted")).flatten();
            let keep = keep.map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
            Ok(BooleanArray::new(keep, None))
        });
        RowFilter::new(vec![Box::new(predicate)])
    });
    let mut builder =
        ParquetRecordBatchStreamBuilder::new_with_metadata(open.reader, open.metadata)
            .with_projection(columns)
            .with_batch_size(batch_rows)
            .with_row_groups(groups);
    if let Some(selection) = selection {
        builder = builder.with_row_selection(selection);
    }
    if let Some(filter) = filter {
        builder = builder.with_row_filter(filter);
    }
    Ok(builder.build()?)
}

/// The row groups that hold these rows, and which of their rows those are; `None` for all.
fn select(file: &ParquetMetaData, rows: &Ranges) -> (Vec<usize>, Option<RowSelection>) {
    let (mut groups, mut chosen) = (Vec::new(), Vec::new());
    let (mut start, mut before, mut total) = (0_u64, 0_u64, 0_u64);
    for (number, group) in file.row_groups().iter().enumerate() {
        let length = u64::try_from(group.num_rows()).unwrap_or(0);
        let end = start + length;
        let inside = rows.iter().filter(|r| r.start < end && r.end > start);
        let inside: Ranges = inside
            .map(|r| r.start.max(start) - start + before..r.end.min(end) - start + before)
            .collect();
        if !inside.is_empty() {
            groups.push(number);
            total += inside.iter().map(|r| r.end - r.start).sum::<u64>();
            chosen.extend(inside);
            before += length;
        }
        start = end;
    }
    if total == before {
        return (groups, None);
    }
    let place = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
    let chosen = chosen.into_iter().map(|r| place(r.start)..place(r.end));
    let selection = RowSelection::from_consecutive_ranges(chosen, place(before));
    (groups, Some(selection))
}

/// The participant of each row.
pub(crate) fn people(batch: &RecordBatch) -> Result<&UInt32Array> {
    batch
        .column_by_name(PERSON)
        .and_then(|column| column.as_any().downcast_ref::<UInt32Array>())
        .filter(|people| people.null_count() == 0)
        .ok_or_else(|| broken("the file has no index of people"))
}

struct Zip {
    streams: Vec<ParquetRecordBatchStream<Reader>>,
    /// What was read of each stream and not yet passed on.
    waiting: Vec<RecordBatch>,
    schema: Option<SchemaRef>,
}

fn side_by_side(streams: Vec<ParquetRecordBatchStream<Reader>>) -> Batches {
    let zip = Zip {
        waiting: Vec::new(),
        streams,
        schema: None,
    };
    let batches = try_unfold(zip, |mut zip| async move {
        let batch = zip.next().await?;
        Ok(batch.map(|batch| (batch, zip)))
    });
    batches.boxed()
}

impl Zip {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut batches = Vec::with_capacity(self.streams.len());
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        let mut ended = 0;
        for stream in &mut self.streams {
            match waiting.next().filter(|batch| batch.num_rows() > 0) {
                Some(batch) => batches.push(batch),
                None => match stream.next().await.transpose()? {
                    Some(batch) => batches.push(batch),
                    None => ended += 1,
                },
            }
        }
        if ended == self.streams.len() {
            return Ok(None);
        }
        if ended > 0 {
            return Err(broken("families have different numbers of rows"));
        }
        let rows = batches.iter().map(RecordBatch::num_rows).min().unwrap_or(0);
        let now: Vec<_> = batches.iter().map(|batch| batch.slice(0, rows)).collect();
        let rest = batches.iter();
        self.waiting = rest
            .map(|batch| batch.slice(rows, batch.num_rows() - rows))
            .collect();
        self.join(&now, rows).map(Some)
    }

    fn join(&mut self, batches: &[RecordBatch], rows: usize) -> Result<RecordBatch> {
        let first = batches.first().ok_or_else(|| broken("nothing to read"))?;
        let persons = people(first)?;
        let (mut fields, mut columns): (Vec<_>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (number, batch) in batches.iter().enumerate() {
            if number > 0 && people(batch)?.values() != persons.values() {
                return Err(broken("families have different participants in a row"));
            }
            for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
                if number == 0 || field.name() != PERSON {
                    fields.push(Arc::clone(field));
                    columns.push(Arc::clone(column));
                }
            }
        }
        let schema = self
            .schema
            .get_or_insert_with(|| Arc::new(Schema::new(fields)));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::clone(schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }
}
