//! From buckets of typed rows to sorted Parquet files with their digests.
//!
//! One bucket becomes one file of each family: sorted by participant, then by the recipe's sort columns, then by source
//! order; and one of the copy sorted by codes. Two threads work on two buckets; what comes out does not depend on which
//! was first.

mod write;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Field, Int32Type, Int64Type, Schema, SchemaRef, UInt32Type, UInt64Type,
};
use privacy::kanonymity::Classes;

use super::column::arrow_type;
use super::dimension::{self, List, Lists, Stored};
use super::layout::Layout;
use super::plan::TablePlan;
use super::problem::{Problem, Problems, Reason};
use super::recipe::Unique;
use super::sink::Folder;
use super::spill::{Bucket, Spill};
use super::stats::ColumnStats;
use super::{Fault, typer};
use crate::limits;
use crate::release::{Clustered, Family, FileEntry};

/// A sealed table.
#[derive(Debug)]
pub struct Sealed {
    /// Its families with their files in participant order.
    pub families: Vec<Family>,
    /// The copy sorted by codes.
    pub clustered: Option<Clustered>,
    /// Its dimensions.
    pub lists: Lists,
    /// Rows in each family.
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
    lists: Vec<Option<List>>,
    staging: Folder<'_>,
    tick: &(dyn Fn() + Sync),
) -> Result<Sealed, Fault> {
    let stored = dimension::settle(plan, lists);
    let layout = Layout::of(plan, &stored);
    let dir = staging.dir.join(&plan.name);
    let folders = layout.families.iter().chain(&layout.clustered);
    let folders: Vec<_> = folders.map(|part| dir.join(&part.folder)).collect();
    for folder in &folders {
        std::fs::create_dir_all(folder).map_err(|error| Fault::io("create", folder, error))?;
    }
    let spill_schema = spill.schema();
    let queue: VecDeque<(u32, Bucket)> = spill.into_buckets().into();
    let threads = limits::SEAL_THREADS.min(queue.len()).max(1);
    let queue = Mutex::new(queue);
    let sealer = Sealer {
        plan,
        schema: typed_schema(&spill_schema, plan, &stored),
        stored: &stored,
        layout: &layout,
        staging,
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
    sealed.lists = dimension::write_lists(plan, &stored, staging)?;
    for folder in folders.iter().chain([&dir]) {
        super::disk::sync_dir(folder)?;
    }
    Ok(sealed)
}

/// The schema of the rows as they are sealed, with the hidden columns still there.
fn typed_schema(schema: &Schema, plan: &TablePlan, stored: &[Stored]) -> SchemaRef {
    let hidden = schema.fields().len().saturating_sub(stored.len());
    let fields = schema.fields().iter().enumerate().map(|(place, field)| {
        let column = place.checked_sub(hidden);
        let stored = column.and_then(|place| Some((stored.get(place)?, plan.columns.get(place)?)));
        match stored {
            Some((stored, column)) => {
                let kind = stored.data_type(&arrow_type(column.typing.stored()));
                Arc::new(Field::clone(field).with_data_type(kind))
            }
            None => field.clone(),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl Sealed {
    fn merge(&mut self, other: Self) -> Result<(), Fault> {
        for (mine, theirs) in self.families.iter_mut().zip(other.families) {
            mine.files.extend(theirs.files);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.clustered, other.clustered) {
            mine.files.extend(theirs.files);
        }
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
    schema: SchemaRef,
    stored: &'a [Stored],
    layout: &'a Layout,
    staging: Folder<'a>,
}

impl Sealer<'_> {
    fn empty(&self) -> Sealed {
        let names = |places: &[usize]| {
            let columns = places.iter().filter_map(|p| self.plan.columns.get(*p));
            columns.map(|column| column.name.clone()).collect()
        };
        let family = |part: &super::layout::Part| Family {
            class: part.class.clone(),
            columns: names(&part.columns),
            files: Vec::new(),
        };
        let clustered = |part: &super::layout::Part| Clustered {
            by: names(&part.by),
            class: part.class.clone(),
            files: Vec::new(),
        };
        let columns = self.plan.columns.iter();
        Sealed {
            families: self.layout.families.iter().map(family).collect(),
            clustered: self.layout.clustered.as_ref().map(clustered),
            lists: Lists::default(),
            rows: 0,
            problems: Problems::default(),
            repeated: 0,
            conflicts: 0,
            stats: columns
                .map(|column| ColumnStats::new(&arrow_type(column.typing.stored())))
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
        let batches: Vec<RecordBatch> = batches
            .iter()
            .map(|batch| self.as_sealed(batch))
            .collect::<Result<_, _>>()?;
        let mut sealed = self.empty();
        let mut places = self.places(&batches)?;
        if !places.is_sorted() {
            places.sort_unstable();
        }
        if let Some(unique) = self.plan.unique {
            self.drop_repeats(unique, &batches, &mut places, &mut sealed)?;
        }
        if !places.is_empty() {
            self.write_all(number, &batches, &places, &mut sealed)?;
        }
        Ok(sealed)
    }

    /// A typed batch with its text as it is sealed.
    fn as_sealed(&self, batch: &RecordBatch) -> Result<RecordBatch, Fault> {
        let hidden = batch.columns().iter().take(self.hidden()).cloned().map(Ok);
        let columns = batch.columns().iter().skip(self.hidden());
        let columns = columns
            .zip(self.stored)
            .map(|(array, stored)| stored.apply(array));
        let columns = hidden.chain(columns).collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
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
