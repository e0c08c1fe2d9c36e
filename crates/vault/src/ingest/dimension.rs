//! Text columns whose values repeat: while a table is typed each different value gets a number, and before it is
//! sealed the numbers are put in the order of the values. Numbers hold for the whole table, whichever file a row is in.
//!
//! Must never: keep a value of a row that was refused; hold more than a bounded list of values.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::Fault;
use super::plan::TablePlan;
use super::recipe::{ColumnKind, Unique};
use super::sink::Folder;
use crate::limits;
use crate::release::{DimensionEntry, FileEntry};

/// The different values of a column while it is typed, in the order in which they came.
#[derive(Debug, Default)]
pub struct List {
    numbers: HashMap<Arc<[u8]>, i32>,
    values: Vec<Arc<[u8]>>,
    rows: Vec<u64>,
    bytes: usize,
    full: bool,
}

impl List {
    /// The number of a value; `None` once there are too many values.
    pub fn number(&mut self, value: &[u8]) -> Option<i32> {
        if let Some(number) = self.numbers.get(value) {
            let rows = self.rows.get_mut(*number as usize)?;
            *rows += 1;
            return Some(*number);
        }
        let room = self.values.len() < limits::DIMENSION_VALUES
            && self.bytes + value.len() <= limits::DIMENSION_BYTES;
        if self.full || !room {
            self.full = true;
            return None;
        }
        let number = self.values.len() as i32;
        let value: Arc<[u8]> = value.into();
        self.bytes += value.len();
        self.numbers.insert(value.clone(), number);
        self.values.push(value);
        self.rows.push(1);
        Some(number)
    }

    /// Takes one use of a number back: its row was refused.
    pub fn take_back(&mut self, number: i32) {
        if let Some(rows) = self.rows.get_mut(number as usize) {
            *rows = rows.saturating_sub(1);
        }
    }

    /// The value of a number.
    #[must_use]
    pub fn value(&self, number: i32) -> &[u8] {
        self.values
            .get(number as usize)
            .map_or(&[], |value| value.as_ref())
    }
}

/// How a column is sealed.
#[derive(Debug)]
pub enum Stored {
    /// As it was typed.
    Plain,
    /// As text; the rows of batches that have numbers are looked up here.
    Text(List),
    /// As numbers into a list.
    Dimension(Dimension),
}

/// A column's different values in order.
#[derive(Debug, Default)]
pub struct Dimension {
    values: Vec<(Arc<[u8]>, u64)>,
    /// Place in `values` of each number that was given while typing.
    places: Vec<i32>,
}

impl Dimension {
    fn of(list: &List) -> Self {
        let mut order: Vec<usize> = (0..list.values.len()).collect();
        order.retain(|number| list.rows.get(*number).is_some_and(|rows| *rows > 0));
        order.sort_unstable_by(|a, b| list.values.get(*a).cmp(&list.values.get(*b)));
        let mut places = vec![0; list.values.len()];
        let mut values = Vec::with_capacity(order.len());
        for (place, number) in (0i32..).zip(order) {
            if let (Some(slot), Some(value), Some(rows)) = (
                places.get_mut(number),
                list.values.get(number),
                list.rows.get(number),
            ) {
                *slot = place;
                values.push((value.clone(), *rows));
            }
        }
        Self { values, places }
    }

    fn batch(&self, column: &str) -> Result<RecordBatch, Fault> {
        let text = |value: &Arc<[u8]>| {
            String::from_utf8(value.to_vec()).map_err(|_| Fault::Internal("text that is not text"))
        };
        let values = self.values.iter().map(|(value, _)| text(value));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let rows = self.values.iter().map(|(_, rows)| *rows);
        let ids = Int32Array::from_iter_values(0..self.values.len() as i32);
        Ok(RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(StringArray::from(vec![column; values.len()])),
                Arc::new(ids),
                Arc::new(StringArray::from(values)),
                Arc::new(UInt64Array::from_iter_values(rows)),
            ],
        )?)
    }
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("column", DataType::Utf8, false),
        Field::new("id", DataType::Int32, false),
        Field::new("value", DataType::Utf8, false),
        Field::new("rows", DataType::UInt64, false),
    ]))
}

/// Decides how each column of a table is sealed, now that all its rows are known.
#[must_use]
pub fn settle(plan: &TablePlan, lists: Vec<Option<List>>) -> Vec<Stored> {
    // Where rows may still be left out, a list could keep the value of a row that is not in the release.
    let certain = plan.unique != Some(Unique::Quarantine);
    let lists = lists.into_iter().enumerate();
    let settled = lists.map(|(place, list)| match list {
        None => Stored::Plain,
        Some(list) if list.full || !certain => Stored::Text(list),
        Some(list) => {
            let dimension = Dimension::of(&list);
            let rows: u64 = list.rows.iter().sum();
            let values = dimension.values.len() as u64;
            let repeats = values > 0 && values * limits::DIMENSION_REPEATS <= rows;
            if repeats || plan.cluster.contains(&place) {
                Stored::Dimension(dimension)
            } else {
                Stored::Text(list)
            }
        }
    });
    settled.collect()
}

impl Stored {
    /// The Arrow type in the files.
    #[must_use]
    pub fn data_type(&self, typed: &DataType) -> DataType {
        match self {
            Self::Plain => typed.clone(),
            Self::Text(_) => DataType::Utf8,
            Self::Dimension(_) => DataType::Int32,
        }
    }

    /// A typed column as it is sealed.
    ///
    /// # Errors
    /// [`Fault::Internal`] if it was not typed as it should.
    pub fn apply(&self, array: &ArrayRef) -> Result<ArrayRef, Fault> {
        let numbers = array.as_primitive_opt::<Int32Type>();
        match (self, numbers) {
            (Self::Plain, _) | (Self::Text(_), None) => Ok(array.clone()),
            (Self::Text(list), Some(numbers)) => {
                let text = |number| {
                    std::str::from_utf8(list.value(number))
                        .map_err(|_| Fault::Internal("text that is not text"))
                };
                let texts = numbers.iter().map(|number| number.map(text).transpose());
                let texts = texts.collect::<Result<StringArray, _>>()?;
                Ok(Arc::new(texts))
            }
            (Self::Dimension(dimension), Some(numbers)) => {
                let place = |number: i32| dimension.places.get(number as usize).copied();
                let places: Int32Array = numbers
                    .iter()
                    .map(|number| number.and_then(place))
                    .collect();
                Ok(Arc::new(places))
            }
            (Self::Dimension(_), None) => Err(Fault::Internal("a dimension without numbers")),
        }
    }
}

/// Writes the lists of a table, a file for each class, and says where they are.
///
/// # Errors
/// [`Fault`] when a file cannot be written.
pub fn write_lists(
    plan: &TablePlan,
    stored: &[Stored],
    staging: Folder<'_>,
) -> Result<Lists, Fault> {
    let mut by_class: BTreeMap<&str, Vec<(&str, &Dimension)>> = BTreeMap::new();
    for (column, stored) in plan.columns.iter().zip(stored) {
        if let Stored::Dimension(dimension) = stored {
            let class = by_class.entry(&column.class).or_default();
            class.push((&column.name, dimension));
        }
    }
    let mut lists = Lists::default();
    for (class, columns) in by_class {
        let mut row_group = 0;
        let filled = |(_, dimension): &&(&str, &Dimension)| !dimension.values.is_empty();
        for (name, dimension) in &columns {
            let entry = DimensionEntry {
                values: dimension.values.len() as u32,
                row_group,
            };
            row_group += u32::from(!dimension.values.is_empty());
            lists.entries.insert((*name).to_owned(), entry);
        }
        if row_group == 0 {
            continue;
        }
        let path = format!("{}/{class}.dimensions.parquet", plan.name);
        let sink = staging.open(&path, class)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(limits::DIMENSION_VALUES))
            .set_bloom_filter_enabled(false)
            .set_created_by("reading-room".to_owned())
            .build();
        let mut writer = ArrowWriter::try_new(sink, schema(), Some(properties))?;
        let mut rows = 0;
        for (name, dimension) in columns.iter().filter(filled) {
            let batch = dimension.batch(name)?;
            rows += batch.num_rows() as u64;
            writer.write(&batch)?;
            writer.flush()?;
        }
        let (bytes, sha256) = writer.into_inner()?.finish()?;
        let file = FileEntry {
            path,
            rows,
            bytes,
            sha256,
            first_person: 0,
            last_person: 0,
        };
        lists.files.insert(class.to_owned(), file);
    }
    Ok(lists)
}

/// Where the lists of a table are.
#[derive(Debug, Default)]
pub struct Lists {
    /// By column.
    pub entries: BTreeMap<String, DimensionEntry>,
    /// By class.
    pub files: BTreeMap<String, FileEntry>,
}

/// Whether a column of this kind may become a list.
#[must_use]
pub const fn may_repeat(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Text)
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
    fn numbers_become_places_in_the_order_of_the_values() {
        let mut list = List::default();
        let given: Vec<i32> = ["b", "a", "refused", "b", "é"]
            .iter()
            .map(|v| list.number(v.as_bytes()).unwrap())
            .collect();
        assert_eq!(given, [0, 1, 2, 0, 3]);
        list.take_back(2);
        let dimension = Dimension::of(&list);
        let values: Vec<_> = dimension
            .values
            .iter()
            .map(|(v, n)| (std::str::from_utf8(v).unwrap(), *n))
            .collect();
        // By bytes; what only a refused row had is not there.
        assert_eq!(values, [("a", 1), ("b", 2), ("é", 1)]);
        let typed: ArrayRef = Arc::new(Int32Array::from(vec![Some(0), None, Some(3), Some(1)]));
        let sealed = Stored::Dimension(dimension).apply(&typed).unwrap();
        assert_eq!(
            sealed.as_primitive::<Int32Type>(),
            &Int32Array::from(vec![Some(1), None, Some(2), Some(0)])
        );
        let sealed = Stored::Text(list).apply(&typed).unwrap();
        assert_eq!(
            sealed.as_string::<i32>(),
            &StringArray::from(vec![Some("b"), None, Some("é"), Some("a")])
        );
    }
}
