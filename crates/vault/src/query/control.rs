//! Disclosure control on groups: what may not be shown is taken out here, before HAVING, ORDER BY, LIMIT or any
//! arithmetic sees it. The rules themselves are `privacy::sdc`, which sees people and not values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeBinaryArray, RecordBatch,
};
use arrow::compute::{cast, concat_batches, filter_record_batch, nullif};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use privacy::sdc::{self, RowVerdict, Shown};
use roaring::RoaringBitmap;

use super::aggregate::{GROUP_PEOPLE, GROUP_ROWS, Split, cell, key, people, weights};
use super::engine;
use super::engine::people::read;
use super::engine::session::Rows;

/// The family of counts (see [`sdc::Number::family`]).
const COUNTS: usize = 0;

/// Groups after disclosure control.
#[derive(Debug)]
pub(crate) struct Controlled {
    /// Keys and numbers of the groups that may be shown; numbers that may not are null.
    pub(crate) cells: RecordBatch,
    /// How many groups were left out, if that may be told (see [`sdc::withheld_rows`]).
    pub(crate) withheld_rows: Option<u64>,
    /// How many numbers of shown groups were made null.
    pub(crate) withheld_cells: u64,
}

/// The people behind each number of what the first part of a question gave, for whoever judges.
///
/// # Errors
/// Only if the first part is not of the form that [`Split`] describes.
pub(crate) fn table(split: &Split, groups: &Rows) -> Result<sdc::Table> {
    let mut rows = Vec::new();
    for batch in &groups.batches {
        let labels: Vec<ArrayRef> = (0..split.keys)
            .map(|i| Ok(cast(&column(batch, &key(i))?, &DataType::Utf8)?))
            .collect::<Result<_>>()?;
        let numbers: Vec<Vec<RoaringBitmap>> = (0..split.cells.len())
            .map(|i| sets(batch, &people(i)))
            .collect::<Result<_>>()?;
        let spreads: Vec<Vec<sdc::Weights>> = (0..split.cells.len())
            .map(|i| spreads(split, batch, i))
            .collect::<Result<_>>()?;
        let sizes = column(batch, GROUP_ROWS)?;
        let sizes = sizes.as_primitive_opt::<Int64Type>().ok_or_else(missing)?;
        let counts: Vec<Option<ArrayRef>> = split
            .cells
            .iter()
            .zip(&split.families)
            .enumerate()
            .map(|(i, (calculated, family))| {
                let counted = *calculated && *family == COUNTS;
                counted
                    .then(|| Ok(cast(&column(batch, &cell(i))?, &DataType::Int64)?))
                    .transpose()
            })
            .collect::<Result<_>>()?;
        for (row, group) in sets(batch, GROUP_PEOPLE)?.into_iter().enumerate() {
            let number = |(i, sets): (usize, &Vec<RoaringBitmap>)| {
                Ok(sdc::Number {
                    people: sets.get(row).cloned().ok_or_else(missing)?,
                    family: split.families.get(i).copied().ok_or_else(missing)?,
                    kind: split.kinds.get(i).copied().ok_or_else(missing)?,
                    filtered: split.filtered.get(i).copied().ok_or_else(missing)?,
                    weights: spreads.get(i).ok_or_else(missing)?.get(row).copied(),
                })
            };
            rows.push(sdc::Row {
                size: u64::try_from(sizes.value(row)).map_err(|_| missing())?,
                people: group,
                numbers: numbers
                    .iter()
                    .enumerate()
                    .map(number)
                    .collect::<Result<_>>()?,
                counts: counts
                    .iter()
                    .map(|c| {
                        let c = c.as_ref()?.as_primitive_opt::<Int64Type>()?;
                        c.is_valid(row).then(|| c.value(row))
                    })
                    .collect(),
                labels: labels
                    .iter()
                    .map(|l| {
                        let texts = l.as_string_opt::<i32>()?;
                        texts.is_valid(row).then(|| texts.value(row).to_owned())
                    })
                    .collect(),
            });
        }
    }
    Ok(sdc::Table {
        grouped: split.keys > 0,
        rows,
    })
}

/// How a number is spread over people, of each group; empty for a number of people.
fn spreads(split: &Split, batch: &RecordBatch, i: usize) -> Result<Vec<sdc::Weights>> {
    if matches!(split.kinds.get(i), Some(sdc::NumberKind::People)) {
        return Ok(Vec::new());
    }
    let column = column(batch, &weights(i))?;
    let bytes = column
        .as_any()
        .downcast_ref::<LargeBinaryArray>()
        .ok_or_else(missing)?;
    bytes
        .iter()
        .map(|spread| Ok(engine::weights::read(spread.ok_or_else(missing)?)?.weights()))
        .collect()
}

/// Leaves of what the first part gave what the verdicts let through.
///
/// # Errors
/// Only if the verdicts are not those of [`table`]'s table.
pub(crate) fn controlled(
    split: &Split,
    groups: &Rows,
    verdicts: &sdc::Verdicts,
) -> Result<Controlled> {
    let schema = shown_schema(split, &groups.schema)?;
    let mut shown = Vec::with_capacity(groups.batches.len());
    let mut rest = verdicts.rows.as_slice();
    for batch in &groups.batches {
        let (of_batch, after) = rest
            .split_at_checked(batch.num_rows())
            .ok_or_else(missing)?;
        rest = after;
        let keep: BooleanArray = of_batch
            .iter()
            .map(|v| Some(matches!(v, RowVerdict::Shown(_))))
            .collect();
        let mut columns: Vec<ArrayRef> = (0..split.keys)
            .map(|i| column(batch, &key(i)))
            .collect::<Result<_>>()?;
        for i in 0..split.cells.len() {
            columns.push(number(split, batch, i, of_batch)?);
        }
        let options =
            arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let all = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?;
        shown.push(filter_record_batch(&all, &keep)?);
    }
    if !rest.is_empty() {
        return Err(missing());
    }
    Ok(Controlled {
        cells: concat_batches(&schema, &shown)?,
        withheld_rows: verdicts.withheld_rows,
        withheld_cells: verdicts.withheld_cells,
    })
}

/// A column of numbers as far as they may be shown: counts in the form that the verdict gives them, others as they are.
fn number(split: &Split, batch: &RecordBatch, i: usize, rows: &[RowVerdict]) -> Result<ArrayRef> {
    let verdict = |row: &RowVerdict| match row {
        RowVerdict::Shown(cells) => cells.get(i).copied().unwrap_or(Shown::Withheld),
        RowVerdict::Withheld => Shown::Withheld,
    };
    if matches!(
        split.kinds.get(i),
        Some(sdc::NumberKind::Magnitude | sdc::NumberKind::Sum)
    ) {
        let numbers = column(batch, &cell(i))?;
        let scaled = |row: &RowVerdict| matches!(verdict(row), Shown::Scaled { .. });
        if rows.iter().any(scaled) {
            let exact = cast(&numbers, &DataType::Float64)?;
            let exact = exact
                .as_primitive_opt::<Float64Type>()
                .ok_or_else(missing)?;
            let shown: Float64Array = rows
                .iter()
                .zip(exact.iter())
                .map(|(row, value)| verdict(row).of(value?))
                .collect();
            return Ok(cast(&shown, numbers.data_type())?);
        }
        let hide: BooleanArray = rows
            .iter()
            .map(|row| Some(verdict(row) != Shown::AsIs))
            .collect();
        return Ok(nullif(&numbers, &hide)?);
    }
    // a count is only ever shown in the form that it was given
    let counts: Int64Array = rows
        .iter()
        .map(|row| match verdict(row) {
            Shown::Count(count) => Some(count),
            Shown::AsIs | Shown::Withheld | Shown::Scaled { .. } => None,
        })
        .collect();
    let counted =
        field(&batch.schema(), &cell(i)).map_or(DataType::Int64, |f| f.data_type().clone());
    Ok(cast(&counts, &counted)?)
}

/// Keys and numbers, all of which can be null.
fn shown_schema(split: &Split, groups: &SchemaRef) -> Result<SchemaRef> {
    let keys = (0..split.keys).map(|i| field(groups, &key(i)));
    let numbers = split.cells.iter().enumerate().map(|(i, calculated)| {
        if *calculated {
            field(groups, &cell(i))
        } else {
            Ok(Field::new(cell(i), DataType::Int64, true))
        }
    });
    Ok(Arc::new(Schema::new(
        keys.chain(numbers).collect::<Result<Vec<_>>>()?,
    )))
}

fn field(schema: &SchemaRef, name: &str) -> Result<Field> {
    let (_, field) = schema.column_with_name(name).ok_or_else(missing)?;
    Ok(Field::new(name, field.data_type().clone(), true))
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef> {
    batch.column_by_name(name).cloned().ok_or_else(missing)
}

/// The sets of people in a column.
fn sets(batch: &RecordBatch, name: &str) -> Result<Vec<RoaringBitmap>> {
    let column = column(batch, name)?;
    let bytes = column
        .as_any()
        .downcast_ref::<LargeBinaryArray>()
        .ok_or_else(missing)?;
    // a set that is missing is nobody
    bytes
        .iter()
        .map(|set| set.map_or_else(|| Ok(RoaringBitmap::new()), read))
        .collect()
}

fn missing() -> DataFusionError {
    DataFusionError::Internal("a column of the groups is missing".to_owned())
}
