//! Tables of the reference in Parquet: read column by column, a row group at a time, without the weight of Arrow.

use super::build::{Builder, TableBuilder, Unfit};
use super::column::Column;
use parquet_60::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet_60::column::reader::ColumnReader;
use parquet_60::data_type::ByteArray;
use parquet_60::errors::ParquetError;
use parquet_60::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};
use parquet_60::schema::types::ColumnDescriptor;

const SECONDS: i64 = 86_400;

/// What a stored whole number means.
#[derive(Clone, Copy)]
enum Meaning {
    Number,
    /// A decimal number with so many digits behind the point.
    Decimal(i32),
    Days,
    /// A time, with so many units in a day.
    Time(i64),
}

fn meaning(column: &ColumnDescriptor) -> Meaning {
    match column.logical_type_ref() {
        Some(LogicalType::Date) => return Meaning::Days,
        Some(LogicalType::Timestamp(time)) => {
            return Meaning::Time(match time.unit {
                TimeUnit::MILLIS => SECONDS * 1_000,
                TimeUnit::MICROS => SECONDS * 1_000_000,
                TimeUnit::NANOS => SECONDS * 1_000_000_000,
            });
        }
        _ => {}
    }
    match column.converted_type() {
        ConvertedType::DATE => Meaning::Days,
        ConvertedType::TIMESTAMP_MILLIS => Meaning::Time(SECONDS * 1_000),
        ConvertedType::TIMESTAMP_MICROS => Meaning::Time(SECONDS * 1_000_000),
        ConvertedType::DECIMAL => Meaning::Decimal(column.type_scale()),
        _ => Meaning::Number,
    }
}

fn wrong(e: ParquetError) -> Unfit {
    Unfit::Unreadable(format!("not a Parquet file: {e}"))
}

/// One cell as it comes out of a column.
enum Cell {
    Missing,
    Number(f64),
    Day(i32),
    Text(String),
}

impl Builder {
    /// Reads a Parquet file. Columns within columns (lists, structures) are left out.
    ///
    /// # Errors
    /// It has no column of ids, or is not Parquet.
    pub fn parquet<R: ChunkReader + 'static>(
        &mut self,
        name: &str,
        from: R,
        id: &str,
    ) -> Result<(), Unfit> {
        let file = SerializedFileReader::new(from).map_err(wrong)?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let flat: Vec<usize> = (0..schema.num_columns())
            .filter(|at| {
                let column = schema.column(*at);
                column.max_rep_level() == 0 && column.path().parts().len() == 1
            })
            .collect();
        let names: Vec<String> = flat
            .iter()
            .map(|at| schema.column(*at).name().to_owned())
            .collect();
        let mut table = self.table(name, names.iter().map(String::as_str), id)?;
        for group in 0..file.num_row_groups() {
            let group = file.get_row_group(group).map_err(wrong)?;
            one_group(&mut table, group.as_ref(), &flat)?;
        }
        table.finish();
        Ok(())
    }
}

fn one_group(
    table: &mut TableBuilder<'_>,
    group: &dyn RowGroupReader,
    flat: &[usize],
) -> Result<(), Unfit> {
    let mut ids: Vec<String> = Vec::new();
    let id = flat.get(table.id_column()).copied().unwrap_or(0);
    cells(group, id, &mut |cell| {
        ids.push(match cell {
            Cell::Number(n) => n.to_string(),
            Cell::Text(text) => text,
            Cell::Missing | Cell::Day(_) => String::new(),
        });
    })?;
    let kept = table.ids(ids.iter().map(String::as_str));
    for (at, stored) in flat.iter().enumerate() {
        if at == table.id_column() {
            continue;
        }
        let Some(column) = table.column(at) else {
            continue;
        };
        let mut keep = kept.iter();
        cells(group, *stored, &mut |cell| {
            if keep.next() == Some(&true) {
                push(column, cell);
            }
        })?;
        // A column that ends early must not move those below it.
        keep.filter(|keep| **keep)
            .for_each(|_| column.push_missing());
    }
    Ok(())
}

fn push(column: &mut Column, cell: Cell) {
    match cell {
        Cell::Missing => column.push_missing(),
        Cell::Number(n) => column.push_number(n),
        Cell::Day(day) => column.push_day(day),
        Cell::Text(text) => column.push(&text),
    }
}

/// Calls `see` with each cell of a column of a row group.
fn cells(group: &dyn RowGroupReader, at: usize, see: &mut dyn FnMut(Cell)) -> Result<(), Unfit> {
    let reader = group.get_column_reader(at).map_err(wrong)?;
    let column = group.metadata().column(at).column_descr_ptr();
    let (rows, meaning) = (group.metadata().num_rows(), meaning(&column));
    let rows = usize::try_from(rows).unwrap_or(0);
    let whole = |n: i64| match meaning {
        Meaning::Number => Cell::Number(n as f64),
        Meaning::Decimal(scale) => Cell::Number(n as f64 / 10.0_f64.powi(scale)),
        Meaning::Days => i32::try_from(n).map_or(Cell::Missing, Cell::Day),
        Meaning::Time(units) => i32::try_from(n.div_euclid(units)).map_or(Cell::Missing, Cell::Day),
    };
    let words = |bytes: &ByteArray| Cell::Text(String::from_utf8_lossy(bytes.data()).into_owned());
    macro_rules! all {
        ($reader:expr, $cell:expr) => {{
            let mut reader = $reader;
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            let most = column.max_def_level();
            let mut left = rows;
            while left > 0 {
                values.clear();
                levels.clear();
                let (records, ..) = reader
                    .read_records(left.min(65_536), Some(&mut levels), None, &mut values)
                    .map_err(wrong)?;
                if records == 0 {
                    break;
                }
                left -= records;
                let mut values = values.iter();
                for row in 0..records {
                    let there = most == 0 || levels.get(row) == Some(&most);
                    let cell = there.then(|| values.next()).flatten();
                    see(cell.map_or(Cell::Missing, $cell));
                }
            }
        }};
    }
    match reader {
        ColumnReader::BoolColumnReader(r) => {
            all!(r, |b: &bool| Cell::Text(
                if *b { "true" } else { "false" }.to_owned()
            ));
        }
        ColumnReader::Int32ColumnReader(r) => all!(r, |n: &i32| whole(i64::from(*n))),
        ColumnReader::Int64ColumnReader(r) => all!(r, |n: &i64| whole(*n)),
        ColumnReader::FloatColumnReader(r) => {
            // As it is printed: 27.3 in single precision is 27.299999 in double.
            all!(r, |n: &f32| Cell::Number(
                n.to_string().parse().unwrap_or(f64::NAN)
            ));
        }
        ColumnReader::DoubleColumnReader(r) => all!(r, |n: &f64| Cell::Number(*n)),
        ColumnReader::ByteArrayColumnReader(r) => all!(r, words),
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {}
    }
    Ok(())
}
