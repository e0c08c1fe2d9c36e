//! Writes one bucket's files: its part of each family, and of the copy sorted by codes.
//!
//! No bloom filters: they answer whether a value occurs without being asked under any rule.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use privacy::deid;
use privacy::kanonymity::Classes;

use super::{FileEntry, Place, Sealed, Sealer, persons};
use crate::ingest::Fault;
use crate::ingest::layout::Part;
use crate::limits;

impl Sealer<'_> {
    /// Writes these rows into every file that they belong into, and counts them.
    pub(super) fn write_all(
        &self,
        number: u32,
        batches: &[RecordBatch],
        places: &[Place],
        sealed: &mut Sealed,
    ) -> Result<(), Fault> {
        sealed.rows = places.len() as u64;
        self.count_groups(batches, places, &mut sealed.classes)?;
        for (part, family) in self.layout.families.iter().zip(&mut sealed.families) {
            let stats = &mut sealed.stats;
            let file = self.write(number, part, batches, places, &mut |rows| {
                let persons = persons(rows)?;
                for (column, array) in part.columns.iter().zip(rows.columns().iter().skip(1)) {
                    if let Some(stats) = stats.get_mut(*column) {
                        stats.add(persons, array);
                    }
                }
                Ok(())
            })?;
            family.files.push(file);
        }
        if let (Some(part), Some(clustered)) = (&self.layout.clustered, &mut sealed.clustered) {
            let places = self.by_code(part, batches, places)?;
            let file = self.write(number, part, batches, &places, &mut |_| Ok(()))?;
            clustered.files.push(file);
        }
        Ok(())
    }

    /// The places in the order of the codes; rows of one code keep their order.
    fn by_code(
        &self,
        part: &Part,
        batches: &[RecordBatch],
        places: &[Place],
    ) -> Result<Vec<Place>, Fault> {
        let mut codes = Vec::with_capacity(batches.len());
        for batch in batches {
            let columns = part.by.iter().map(|column| {
                let array = batch.columns().get(self.hidden() + column);
                array.and_then(|array| array.as_primitive_opt::<Int32Type>())
            });
            let columns: Option<Vec<_>> = columns.collect();
            codes.push(columns.ok_or(Fault::Internal("a code that is no number"))?);
        }
        let code = |place: &Place| {
            let mut key = [-1; limits::MAX_CLUSTER_COLUMNS];
            let columns = codes.get(place.batch as usize);
            for (key, column) in key.iter_mut().zip(columns.into_iter().flatten()) {
                let row = place.row as usize;
                if column.is_valid(row) {
                    *key = column.value(row);
                }
            }
            key
        };
        let mut keyed: Vec<_> = places.iter().map(|place| (code(place), *place)).collect();
        keyed.sort_by_key(|(code, _)| *code);
        Ok(keyed.into_iter().map(|(_, place)| place).collect())
    }

    fn write(
        &self,
        number: u32,
        part: &Part,
        batches: &[RecordBatch],
        places: &[Place],
        seen: &mut dyn FnMut(&RecordBatch) -> Result<(), Fault>,
    ) -> Result<FileEntry, Fault> {
        let path = format!(
            "{}/{}/part-{number:03}.parquet",
            self.plan.name, part.folder
        );
        let columns = part.columns.iter().map(|column| self.hidden() + column);
        let columns: Vec<usize> = std::iter::once(0).chain(columns).collect();
        let batches: Vec<RecordBatch> = batches
            .iter()
            .map(|batch| batch.project(&columns))
            .collect::<Result<_, _>>()?;
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let schema = Arc::new(self.schema.project(&columns)?);
        let sink = self.staging.open(&path, &part.class)?;
        let mut writer = ArrowWriter::try_new(sink, schema, Some(self.properties(part)?))?;
        let (mut first_person, mut last_person) = (u32::MAX, 0);
        for chunk in places.chunks(limits::WRITE_ROWS) {
            let rows = gather(&batches, chunk)?;
            for person in persons(&rows)? {
                first_person = first_person.min(*person);
                last_person = last_person.max(*person);
            }
            seen(&rows)?;
            writer.write(&rows)?;
        }
        let (bytes, sha256) = writer.into_inner()?.finish()?;
        Ok(FileEntry {
            path,
            rows: places.len() as u64,
            bytes,
            sha256,
            first_person,
            last_person,
        })
    }

    fn count_groups(
        &self,
        batches: &[RecordBatch],
        places: &[Place],
        classes: &mut Classes,
    ) -> Result<(), Fault> {
        if self.plan.quasi.is_empty() {
            return Ok(());
        }
        let mut values = vec![0u64; self.plan.quasi.len()];
        for place in places {
            let rows = batches
                .get(place.batch as usize)
                .ok_or(Fault::Internal("a row without a batch"))?;
            for (value, (column, step)) in values.iter_mut().zip(&self.plan.quasi) {
                let array = rows.column(self.hidden() + column);
                *value = group_value(array, place.row as usize, *step);
            }
            classes
                .add(&values)
                .map_err(|_| Fault::Internal("quasi-identifiers differ"))?;
        }
        Ok(())
    }

    fn properties(&self, part: &Part) -> Result<WriterProperties, Fault> {
        let rows = if !part.by.is_empty() {
            limits::CLUSTERED_ROW_GROUP_ROWS
        } else if self.plan.columns.len() >= limits::WIDE_COLUMNS {
            limits::WIDE_ROW_GROUP_ROWS
        } else {
            limits::EVENT_ROW_GROUP_ROWS
        };
        let place = |column: &usize| Some(1 + part.columns.iter().position(|c| c == column)?);
        let codes = part.by.iter().map_while(place);
        let sort = self.plan.sort.iter().map_while(place);
        let order = codes.chain([0]).chain(sort).map(|column| SortingColumn {
            column_idx: column as i32,
            descending: false,
            nulls_first: true,
        });
        Ok(WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(rows))
            .set_data_page_row_count_limit(limits::PAGE_ROWS)
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
