//! Disclosure control on groups: what may not be shown is taken out here, before HAVING, ORDER BY, LIMIT or any
//! arithmetic sees it. The rules themselves are `privacy::sdc`, which sees people and not values.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, LargeBinaryArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch, nullif};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use privacy::sdc::{self, Cell, RowVerdict};
use roaring::RoaringBitmap;

use super::aggregate::{GROUP_PEOPLE, Split, cell, key, people};
use super::engine::people::read;
use super::engine::session::Rows;

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

/// Applies the rules to what the first part of a question gave.
///
/// # Errors
/// Only if the first part is not of the form that [`Split`] describes.
pub(crate) fn control(split: &Split, groups: &Rows) -> Result<Controlled> {
    let schema = shown_schema(split, &groups.schema)?;
    let mut shown = Vec::with_capacity(groups.batches.len());
    let mut withheld = Vec::new();
    let mut withheld_cells = 0;
    for batch in &groups.batches {
        let rows = sets(batch, GROUP_PEOPLE)?;
        let cells: Vec<Vec<RoaringBitmap>> = (0..split.cells.len())
            .map(|i| sets(batch, &people(i)))
            .collect::<Result<_>>()?;
        let verdicts: Vec<RowVerdict> = rows
            .iter()
            .enumerate()
            .map(|(row, group)| {
                let cells: Vec<Cell<'_>> = cells
                    .iter()
                    .zip(&split.families)
                    .filter_map(|(c, family)| {
                        Some(Cell {
                            people: c.get(row)?,
                            family: *family,
                        })
                    })
                    .collect();
                sdc::judge(group, &cells)
            })
            .collect();
        let keep: BooleanArray = verdicts
            .iter()
            .map(|v| Some(matches!(v, RowVerdict::Shown(_))))
            .collect();
        let mut columns: Vec<ArrayRef> = (0..split.keys)
            .map(|i| column(batch, &key(i)))
            .collect::<Result<_>>()?;
        for (i, calculated) in split.cells.iter().enumerate() {
            let number = if *calculated {
                column(batch, &cell(i))?
            } else {
                counts(cells.get(i))
            };
            let hide: BooleanArray = verdicts
                .iter()
                .map(|v| match v {
                    RowVerdict::Shown(cells) => Some(cells.get(i) != Some(&true)),
                    RowVerdict::Withheld => Some(true),
                })
                .collect();
            columns.push(nullif(&number, &hide)?);
        }
        for verdict in &verdicts {
            if let RowVerdict::Shown(cells) = verdict {
                withheld_cells += u64::try_from(cells.iter().filter(|shown| !**shown).count())
                    .unwrap_or(u64::MAX);
            }
        }
        withheld.extend(
            rows.into_iter()
                .zip(&verdicts)
                .filter(|(_, v)| **v == RowVerdict::Withheld)
                .map(|(people, _)| people),
        );
        let options =
            arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let all = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?;
        shown.push(filter_record_batch(&all, &keep)?);
    }
    Ok(Controlled {
        cells: concat_batches(&schema, &shown)?,
        withheld_rows: if split.keys == 0 {
            // one row, always: whether it is shown says only whether it may be
            (!withheld.is_empty()).then_some(1)
        } else {
            sdc::withheld_rows(&withheld)
        },
        withheld_cells,
    })
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

/// The sizes of sets, as numbers of people.
fn counts(sets: Option<&Vec<RoaringBitmap>>) -> ArrayRef {
    let sizes = sets
        .into_iter()
        .flatten()
        .map(|set| i64::try_from(set.len()).ok());
    Arc::new(sizes.collect::<Int64Array>())
}

fn missing() -> DataFusionError {
    DataFusionError::Internal("a column of the groups is missing".to_owned())
}
