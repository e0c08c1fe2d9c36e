//! From buckets of typed rows to sorted Parquet files with their digests.
//!
//! One bucket becomes one file: sorted by participant, then by the recipe's sort columns, then by source order. Two
//! threads work on two buckets; what comes out does not depend on which was first. No bloom filters: they answer
//! whether a value occurs without being asked under any rule.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int32Type, Int64Type, Schema, UInt32Type, UInt64Type,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use privacy::deid;
use privacy::kanonymity::Classes;
use sha2::{Digest, Sha256};

use super::plan::TablePlan;
use super::problem::{Problem, Problems, Reason};
use super::recipe::{Unique, hex};
use super::spill::{Bucket, Spill};
use super::stats::ColumnStats;
use super::{Fault, typer};
use crate::limits;
use crate::release::FileEntry;

/// A sealed table.
#[derive(Debug)]
pub struct Sealed {
    /// Its files in participant order.
    pub files: Vec<FileEntry>,
    /// Rows in them.
    pub rows: u64,
    /// Rows left out because their key was there already.
    pub problems: Problems,
    /// Rows left out because an earlier row is the same in every column.
    pub repeated: u64,
    /// Rows that share their key with an earlier, different row and stay.
    pub conflicts: u64,
    /// Statistics of each column.
    pub stats: Vec<ColumnStats>,
    /// Groups of the quasi-identifiers.
    pub classes: Classes,
}

/// Where a row stands: sort key, batch, row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    person: u32,
    keys: [i64; limits::MAX_SORT_COLUMNS],
    batch: u32,
    row: u32,
}

/// Seals one table below `staging`, in the folder of its name.
///
/// # Errors
/// [`Fault`] when the machine fails.
pub fn seal_table(
    plan: &TablePlan,
    spill: Spill,
    staging: &Path,
    tick: &(dyn Fn() + Sync),
) -> Result<Sealed, Fault> {
    let schema = spill.schema();
    let dir = staging.join(&plan.name);
    std::fs::create_dir_all(&dir).map_err(|error| Fault::io("create", &dir, error))?;
    let queue: VecDeque<(u32, Bucket)> = spill.into_buckets().into();
    let threads = limits::SEAL_THREADS.min(queue.len()).max(1);
    let queue = Mutex::new(queue);
    let sealer = Sealer {
        plan,
        schema: &schema,
        dir: &dir,
    };
    let work = || -> Result<Vec<(u32, Sealed)>, Fault> {
        let mut parts = Vec::new();
        loop {
            let next = queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let Some((number, bucket)) = next else {
                return Ok(parts);
            };
            parts.push((number, sealer.bucket(number, bucket)?));
            tick();
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut parts = Vec::new();
        for handle in handles {
            parts.extend(handle.join().map_err(|_| Fault::Thread)??);
        }
        Ok::<_, Fault>(parts)
    })?;
    parts.sort_by_key(|(number, _)| *number);
    let mut sealed = sealer.empty();
    for (_, part) in parts {
        sealed.merge(part)?;
    }
    super::disk::sync_dir(&dir)?;
    Ok(sealed)
}

impl Sealed {
    fn merge(&mut self, other: Self) -> Result<(), Fault> {
        self.files.extend(other.files);
        self.rows += other.rows;
        self.problems.merge(other.problems);
        self.repeated += other.repeated;
        self.conflicts += other.conflicts;
        for (mine, theirs) in self.stats.iter_mut().zip(other.stats) {
            mine.merge(theirs);
        }
        self.classes
            .merge(other.classes)
            .map_err(|_| Fault::Internal("quasi-identifiers differ"))
    }
}

struct Sealer<'a> {
    plan: &'a TablePlan,
    schema: &'a Arc<Schema>,
    dir: &'a Path,
}

impl Sealer<'_> {
    fn empty(&self) -> Sealed {
        let columns = self.schema.fields().iter().skip(self.hidden());
        Sealed {
            files: Vec::new(),
            rows: 0,
            problems: Problems::default(),
            repeated: 0,
            conflicts: 0,
            stats: columns
                .map(|field| ColumnStats::new(field.data_type()))
                .collect(),
            classes: Classes::new(self.plan.quasi.len()),
        }
    }

    /// Columns before the table's own: the person, and the place if there is one.
    const fn hidden(&self) -> usize {
        1 + self.plan.unique.is_some() as usize
    }

    fn bucket(&self, number: u32, bucket: Bucket) -> Result<Sealed, Fault> {
        let batches = bucket.load()?;
        let mut sealed = self.empty();
        let mut places = self.places(&batches)?;
        if !places.is_sorted() {
            places.sort_unstable();
        }
        if let Some(unique) = self.plan.unique {
            self.drop_repeats(unique, &batches, &mut places, &mut sealed)?;
        }
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return Ok(sealed);
        };
        let (first_person, last_person) = (first.person, last.person);
        let file = format!("part-{number:03}.parquet");
        let (bytes, sha256) = self.write(&file, &batches, &places, &mut sealed)?;
        sealed.rows = places.len() as u64;
        sealed.files.push(FileEntry {
            path: format!("{}/{file}", self.plan.name),
            rows: sealed.rows,
            bytes,
            sha256,
            first_person,
            last_person,
        });
        Ok(sealed)
    }

    fn places(&self, batches: &[RecordBatch]) -> Result<Vec<Place>, Fault> {
        let mut places = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (batch, rows) in (0u32..).zip(batches) {
            let persons = persons(rows)?;
            let start = places.len();
            places.extend((0u32..).zip(persons).map(|(row, person)| Place {
                person: *person,
                keys: [0; limits::MAX_SORT_COLUMNS],
                batch,
                row,
            }));
            for (key, column) in self.plan.sort.iter().enumerate() {
                let array = rows.column(self.hidden() + column);
                for (row, place) in places.iter_mut().skip(start).enumerate() {
                    if let Some(key) = place.keys.get_mut(key) {
                        *key = sort_key(array, row);
                    }
                }
            }
        }
        Ok(places)
    }

    /// Takes out rows whose person and sort columns are those of an earlier row.
    fn drop_repeats(
        &self,
        unique: Unique,
        batches: &[RecordBatch],
        places: &mut Vec<Place>,
        sealed: &mut Sealed,
    ) -> Result<(), Fault> {
        let complete = |place: &Place| {
            let keys = place.keys.iter().take(self.plan.sort.len());
            keys.copied().all(|key| key != i64::MIN)
        };
        let mut kept: Vec<Place> = Vec::with_capacity(places.len());
        for place in places.iter() {
            let same_key =
                |other: &&Place| other.person == place.person && other.keys == place.keys;
            let mut before = kept.iter().rev().take_while(same_key).peekable();
            if before.peek().is_none() || !complete(place) {
                kept.push(*place);
                continue;
            }
            // Few rows share a key, so comparing with each of them costs little.
            if before
                .take(limits::LISTED_PROBLEMS)
                .any(|other| self.same_row(batches, *other, *place))
            {
                sealed.repeated += 1;
            } else if unique == Unique::Warn {
                sealed.conflicts += 1;
                kept.push(*place);
            } else {
                let problem = self.duplicate(batches, *place)?;
                sealed.problems.add(Reason::DuplicateKey, || problem);
            }
        }
        *places = kept;
        Ok(())
    }

    fn same_row(&self, batches: &[RecordBatch], a: Place, b: Place) -> bool {
        let (Some(rows_a), Some(rows_b)) =
            (batches.get(a.batch as usize), batches.get(b.batch as usize))
        else {
            return false;
        };
        let pairs = rows_a
            .columns()
            .iter()
            .zip(rows_b.columns())
            .skip(self.hidden());
        pairs.into_iter().all(|(x, y)| {
            x.slice(a.row as usize, 1).to_data() == y.slice(b.row as usize, 1).to_data()
        })
    }

    fn duplicate(&self, batches: &[RecordBatch], place: Place) -> Result<Problem, Fault> {
        let rows = batches
            .get(place.batch as usize)
            .ok_or(Fault::Internal("a row without a batch"))?;
        let source = rows.column(1).as_primitive_opt::<UInt64Type>();
        let source = source.ok_or(Fault::Internal("rows without a place"))?;
        let (file, line) = typer::place_of(source.value(place.row as usize));
        let names: Vec<&str> = self
            .plan
            .sort
            .iter()
            .filter_map(|column| self.plan.columns.get(*column))
            .map(|column| column.name.as_str())
            .collect();
        Ok(Problem {
            file: self
                .plan
                .files
                .get(file)
                .map_or_else(String::new, |file| file.name.clone()),
            line,
            column: None,
            name: None,
            reason: Reason::DuplicateKey,
            expected: format!(
                "a participant and {} that no other row has",
                names.join(", ")
            ),
            found: "those of another row with other values".to_owned(),
        })
    }

    fn write(
        &self,
        name: &str,
        batches: &[RecordBatch],
        places: &[Place],
        sealed: &mut Sealed,
    ) -> Result<(u64, String), Fault> {
        let path = self.dir.join(name);
        let fault = |error| Fault::io("write", &path, error);
        let file = File::create_new(&path).map_err(fault)?;
        let sink = Hashed {
            file: BufWriter::with_capacity(limits::READ_BUFFER_BYTES, file),
            hash: Sha256::new(),
            bytes: 0,
        };
        let schema = self.sealed_schema();
        let mut writer = ArrowWriter::try_new(sink, schema, Some(self.properties()?))?;
        let visible: Vec<usize> = std::iter::once(0)
            .chain(self.hidden()..self.schema.fields().len())
            .collect();
        let batches: Vec<RecordBatch> = batches
            .iter()
            .map(|batch| batch.project(&visible))
            .collect::<Result<_, _>>()?;
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        for part in places.chunks(limits::WRITE_ROWS) {
            let rows = gather(&batches, part)?;
            let persons = persons(&rows)?;
            for (stats, column) in sealed.stats.iter_mut().zip(rows.columns().iter().skip(1)) {
                stats.add(persons, column);
            }
            self.count_groups(&rows, &mut sealed.classes)?;
            writer.write(&rows)?;
        }
        let sink = writer.into_inner()?;
        let file = sink
            .file
            .into_inner()
            .map_err(|error| fault(error.into_error()))?;
        file.sync_all().map_err(fault)?;
        Ok((sink.bytes, hex(&sink.hash.finalize())))
    }

    fn count_groups(&self, rows: &RecordBatch, classes: &mut Classes) -> Result<(), Fault> {
        if self.plan.quasi.is_empty() {
            return Ok(());
        }
        let mut values = vec![0u64; self.plan.quasi.len()];
        for row in 0..rows.num_rows() {
            for (value, (column, step)) in values.iter_mut().zip(&self.plan.quasi) {
                *value = group_value(rows.column(column + 1), row, *step);
            }
            classes
                .add(&values)
                .map_err(|_| Fault::Internal("quasi-identifiers differ"))?;
        }
        Ok(())
    }

    fn sealed_schema(&self) -> Arc<Schema> {
        let fields = self.schema.fields().iter().enumerate();
        let visible = fields.filter(|(place, _)| *place == 0 || *place >= self.hidden());
        Arc::new(Schema::new(
            visible.map(|(_, field)| field.clone()).collect::<Vec<_>>(),
        ))
    }

    fn properties(&self) -> Result<WriterProperties, Fault> {
        let rows = if self.plan.columns.len() >= limits::WIDE_COLUMNS {
            limits::WIDE_ROW_GROUP_ROWS
        } else {
            limits::EVENT_ROW_GROUP_ROWS
        };
        let order = std::iter::once(0).chain(self.plan.sort.iter().map(|column| column + 1));
        let order = order.map(|column| SortingColumn {
            column_idx: column as i32,
            descending: false,
            nulls_first: true,
        });
        Ok(WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(rows))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_bloom_filter_enabled(false)
            .set_sorting_columns(Some(order.collect()))
            .set_created_by("reading-room".to_owned())
            .build())
    }
}

/// The rows at these places. Rows that stand together already are not copied.
fn gather(batches: &[&RecordBatch], places: &[Place]) -> Result<RecordBatch, Fault> {
    if let (Some(first), Some(last)) = (places.first(), places.last()) {
        let together = first.batch == last.batch
            && places
                .iter()
                .zip(first.row..)
                .all(|(place, row)| place.batch == first.batch && place.row == row);
        if together {
            let batch = batches
                .get(first.batch as usize)
                .ok_or(Fault::Internal("a row without a batch"))?;
            return Ok(batch.slice(first.row as usize, places.len()));
        }
    }
    let order: Vec<(usize, usize)> = places
        .iter()
        .map(|place| (place.batch as usize, place.row as usize))
        .collect();
    Ok(interleave_record_batch(batches, &order)?)
}

fn persons(rows: &RecordBatch) -> Result<&[u32], Fault> {
    let first = rows.columns().first();
    let persons = first.and_then(|column| column.as_primitive_opt::<UInt32Type>());
    Ok(persons
        .ok_or(Fault::Internal("rows without a person"))?
        .values())
}

/// A value as a number that sorts like it; nothing sorts first.
fn sort_key(array: &ArrayRef, row: usize) -> i64 {
    if array.is_null(row) {
        return i64::MIN;
    }
    match array.data_type() {
        DataType::Int32 => i64::from(array.as_primitive::<Int32Type>().value(row)),
        DataType::Date32 => i64::from(array.as_primitive::<Date32Type>().value(row)),
        DataType::Int64 => array
            .as_primitive::<Int64Type>()
            .value(row)
            .max(i64::MIN + 1),
        _ => 0,
    }
}

/// A quasi-identifier's value as a number: equal values, equal numbers; no value is a value of its own.
fn group_value(array: &ArrayRef, row: usize, step: Option<u32>) -> u64 {
    const NOTHING: u64 = u64::MAX;
    if array.is_null(row) {
        return NOTHING;
    }
    let whole = |value: i64| step.map_or(value, |step| deid::step_integer(value, step)) as u64;
    match array.data_type() {
        DataType::Int32 => whole(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Date32 => whole(array.as_primitive::<Date32Type>().value(row).into()),
        DataType::Int64 => whole(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            step.map_or(value, |step| deid::step_float(value, step))
                .to_bits()
        }
        // FNV-1a, 64 bits: two of the few thousand words that a quasi-identifier has meet by chance once in 10^12.
        DataType::Utf8 => array
            .as_string::<i32>()
            .value(row)
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            }),
        _ => NOTHING,
    }
}

struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write_all(buffer)?;
        self.hash.update(buffer);
        self.bytes += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
