//! Typed rows on their way from source order to participant order.
//!
//! Rows are split into buckets of [`limits::BUCKET_PARTICIPANTS`] consecutive participants. They stay in memory while
//! they fit the limit; beyond it they go to one temporary Arrow file a bucket. Within a bucket the order of the source is
//! kept. The files are sealed under keys that live in memory only, and have no name (see [`crate::sealed::SealedTemp`]): a
//! process that is killed leaves nothing of them that could be found or read.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use super::Fault;
use crate::limits;
use crate::sealed::{Scratch, SealedTemp};

/// Rows of one table by bucket.
#[derive(Debug)]
pub struct Spill {
    dir: PathBuf,
    files: SealedTemp,
    schema: SchemaRef,
    buckets: BTreeMap<u32, Bucket>,
    held_bytes: usize,
    allowed_bytes: usize,
}

/// Rows of some consecutive participants.
#[derive(Debug, Default)]
pub struct Bucket {
    batches: Vec<RecordBatch>,
    file: Option<Scratch>,
    dir: PathBuf,
    /// Rows in it.
    pub rows: u64,
}

impl Spill {
    /// An empty spill whose temporary files would take room in `dir`.
    #[must_use]
    pub fn new(dir: &Path, schema: SchemaRef) -> Self {
        Self {
            dir: dir.to_owned(),
            // the disk of whoever takes in a release has to hold the release as well
            files: SealedTemp::new(dir, u64::MAX),
            schema,
            buckets: BTreeMap::new(),
            held_bytes: 0,
            allowed_bytes: limits::SPILL_MEMORY_BYTES,
        }
    }

    /// The same with another limit of memory, for tests.
    #[must_use]
    pub const fn allow(mut self, bytes: usize) -> Self {
        self.allowed_bytes = bytes;
        self
    }

    /// The schema of the rows.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Takes the next rows; `persons` are the participants of the rows.
    ///
    /// # Errors
    /// [`Fault`] when a temporary file cannot be written.
    pub fn push(&mut self, batch: &RecordBatch, persons: &[u32]) -> Result<(), Fault> {
        let bucket_of = |person: &u32| person / limits::BUCKET_PARTICIPANTS;
        let Some(first) = persons.first().map(bucket_of) else {
            return Ok(());
        };
        self.held_bytes += batch.get_array_memory_size();
        if persons.iter().all(|person| bucket_of(person) == first) {
            self.bucket(first, batch.clone());
        } else {
            // A stable counting sort by bucket: one pass to find the buckets, one to order the rows.
            let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for (row, person) in (0u32..).zip(persons) {
                rows.entry(bucket_of(person)).or_default().push(row);
            }
            let order: Vec<u32> = rows.values().flatten().copied().collect();
            let sorted = take_record_batch(batch, &UInt32Array::from(order))?;
            let mut start = 0;
            for (bucket, rows) in rows {
                self.bucket(bucket, sorted.slice(start, rows.len()));
                start += rows.len();
            }
        }
        if self.held_bytes > self.allowed_bytes {
            self.flush()?;
        }
        Ok(())
    }

    fn bucket(&mut self, bucket: u32, rows: RecordBatch) {
        let entry = self.buckets.entry(bucket).or_default();
        entry.rows += rows.num_rows() as u64;
        entry.batches.push(rows);
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let fault = |error| Fault::io("write temporary rows in", &self.dir, error);
        for bucket in self.buckets.values_mut() {
            if bucket.batches.is_empty() {
                continue;
            }
            let file = match bucket.file.take() {
                Some(file) => file,
                None => self.files.scratch().map_err(fault)?,
            };
            // One stream for each run of batches of one schema: a column may turn from numbers to text.
            for run in bucket.batches.chunk_by(|a, b| a.schema() == b.schema()) {
                let Some(first) = run.first() else { continue };
                let mut writer = StreamWriter::try_new(file.writer(), &first.schema())?;
                for batch in run {
                    writer.write(batch)?;
                }
                writer.finish()?;
                writer.get_mut().flush().map_err(fault)?;
            }
            bucket.batches.clear();
            bucket.dir.clone_from(&self.dir);
            bucket.file = Some(file);
        }
        self.held_bytes = 0;
        Ok(())
    }

    /// The buckets in participant order.
    #[must_use]
    pub fn into_buckets(self) -> Vec<(u32, Bucket)> {
        self.buckets.into_iter().collect()
    }
}

impl Bucket {
    /// All its rows in source order; the room of the temporary file is given back.
    ///
    /// # Errors
    /// [`Fault`] when the temporary file cannot be read.
    pub fn load(self) -> Result<Vec<RecordBatch>, Fault> {
        let mut batches = Vec::new();
        if let Some(file) = self.file {
            let fault = |error| Fault::io("read temporary rows in", &self.dir, error);
            let mut file = file.reader();
            // One stream after another: see where they are written.
            while !file.fill_buf().map_err(fault)?.is_empty() {
                for batch in StreamReader::try_new(&mut file, None)? {
                    batches.push(batch?);
                }
            }
        }
        batches.extend(self.batches);
        Ok(batches)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use std::sync::Arc;

    use arrow::array::{AsArray, StringArray};
    use arrow::datatypes::{DataType, Field, Schema, UInt32Type};

    use super::*;

    fn rows(allowed: usize) -> Vec<(u32, Vec<(u32, String)>)> {
        let dir = tempfile::tempdir().unwrap();
        let schema = Arc::new(Schema::new(vec![
            Field::new("p", DataType::UInt32, false),
            Field::new("t", DataType::Utf8, true),
        ]));
        let mut spill = Spill::new(dir.path(), schema.clone()).allow(allowed);
        for round in 0..5u32 {
            let persons: Vec<u32> = (0..40).map(|i| (i * 7919 + round) % 60_000).collect();
            let texts: Vec<String> = persons.iter().map(|p| format!("{round}:{p}")).collect();
            let batch = RecordBatch::try_new(
                schema.clone(),
                vec![
                    Arc::new(UInt32Array::from(persons.clone())),
                    Arc::new(StringArray::from(texts)),
                ],
            )
            .unwrap();
            spill.push(&batch, &persons).unwrap();
        }
        let out = spill.into_buckets().into_iter().map(|(number, bucket)| {
            let mut all = Vec::new();
            for batch in bucket.load().unwrap() {
                let persons = batch
                    .column(0)
                    .as_primitive::<UInt32Type>()
                    .values()
                    .to_vec();
                let texts = batch.column(1).as_string::<i32>();
                all.extend(
                    persons
                        .into_iter()
                        .zip(texts.iter().map(|t| t.unwrap().to_owned())),
                );
            }
            (number, all)
        });
        let out = out.collect();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        out
    }

    #[test]
    fn memory_and_disk_give_the_same_rows_in_source_order() {
        let held = rows(usize::MAX);
        assert_eq!(held, rows(0));
        assert_eq!(held.iter().map(|(_, rows)| rows.len()).sum::<usize>(), 200);
        assert_eq!(held.len(), 4);
        for (bucket, rows) in held {
            assert!(
                rows.iter()
                    .all(|(p, _)| p / limits::BUCKET_PARTICIPANTS == bucket)
            );
            let rounds: Vec<_> = rows.iter().map(|(_, t)| t.as_bytes()[0]).collect();
            assert!(rounds.is_sorted());
        }
    }
}
