//! Lists of repeated text. A column that has one is stored as numbers; everybody above the scan sees text.
//!
//! Text is never copied row by row: a row gets a view of its value in the list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, StringViewArray, StringViewBuilder, UInt64Array,
};
use arrow::compute::{TakeOptions, take};
use arrow::datatypes::{DataType, Int32Type, UInt64Type};
use datafusion::error::Result;
use futures::StreamExt;
use object_store::ObjectStore;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::{broken, cache};
use crate::limits;
use crate::release::{DimensionEntry, FileEntry, TableEntry};

/// The list of one column.
#[derive(Debug)]
pub(crate) struct Dimension {
    /// Its values in order, and a null at the end.
    pub(crate) values: StringViewArray,
    /// Rows with each value.
    pub(crate) rows: UInt64Array,
}

/// Lists by column.
pub(crate) type Dimensions = BTreeMap<String, Arc<Dimension>>;

impl Dimension {
    /// How many values there are, without the null.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The text of rows of numbers.
    pub(crate) fn text(&self, numbers: &ArrayRef) -> Result<ArrayRef> {
        let numbers: &Int32Array = numbers
            .as_primitive_opt::<Int32Type>()
            .ok_or_else(|| broken("a dimension is not stored as numbers"))?;
        // With a null for a number out of range a damaged file would go unnoticed.
        let options = TakeOptions { check_bounds: true };
        Ok(take(&self.values, numbers, Some(options))?)
    }
}

/// Reads the lists of these columns.
pub(crate) async fn load(
    store: &Arc<dyn ObjectStore>,
    table: &TableEntry,
    columns: &BTreeSet<String>,
) -> Result<Dimensions> {
    let mut out = Dimensions::new();
    for name in columns {
        let Some(entry) = table.dimensions.get(name) else {
            continue;
        };
        let dimension = if entry.values == 0 {
            Arc::new(build(&[], &[])?)
        } else {
            let column = table.columns.iter().find(|column| column.name == *name);
            let file = column.and_then(|column| table.dimension_files.get(&column.class));
            let file = file.ok_or_else(|| broken("a dimension without a file"))?;
            one(store, file, *entry).await?
        };
        out.insert(name.clone(), dimension);
    }
    Ok(out)
}

async fn one(
    store: &Arc<dyn ObjectStore>,
    file: &FileEntry,
    entry: DimensionEntry,
) -> Result<Arc<Dimension>> {
    let name = || format!("list {} {}", entry.row_group, file.sha256);
    if let Some(kept) = cache::kept(file, name) {
        return Ok(kept);
    }
    let opened = cache::open(store, file).await?;
    let columns = ProjectionMask::columns(opened.metadata.parquet_schema(), ["value", "rows"]);
    let mut stream =
        ParquetRecordBatchStreamBuilder::new_with_metadata(opened.reader, opened.metadata)
            .with_row_groups(vec![entry.row_group as usize])
            .with_projection(columns)
            .with_batch_size(limits::DIMENSION_VALUES)
            .build()?;
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        values.extend(batch.column_by_name("value").cloned());
        rows.extend(batch.column_by_name("rows").cloned());
    }
    let dimension = build(&values, &rows)?;
    if dimension.len() != entry.values as usize {
        return Err(broken("a dimension is not of its length"));
    }
    let bytes = dimension.values.get_array_memory_size() + dimension.rows.get_array_memory_size();
    Ok(cache::keep(file, name, bytes, dimension))
}

fn build(values: &[ArrayRef], rows: &[ArrayRef]) -> Result<Dimension> {
    let mut out = StringViewBuilder::new().with_fixed_block_size(1 << 20);
    for array in values {
        if array.data_type() != &DataType::Utf8View || array.null_count() > 0 {
            return Err(broken("a dimension has values that are no text"));
        }
        for value in array.as_string_view().iter().flatten() {
            out.append_value(value);
        }
    }
    out.append_null();
    let counts = rows
        .iter()
        .filter_map(|array| array.as_primitive_opt::<UInt64Type>())
        .flat_map(|array| array.values().iter().copied());
    let out = Dimension {
        values: out.finish(),
        rows: UInt64Array::from_iter_values(counts),
    };
    if out.values.len() == out.rows.len() + 1 {
        Ok(out)
    } else {
        Err(broken("a dimension without its rows"))
    }
}
