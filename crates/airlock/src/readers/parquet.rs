//! Parquet: rows as a table; key-value metadata, dictionaries and statistics searched; bytes that belong to nothing amber.

use super::columnar::{Grid, metadata, unused};
use super::frame::{Cover, guarded, length};
use super::{Budget, Document, Fact, unknown};
use crate::verdict::Findings;
use parquet_60::basic::{LogicalType, TimeUnit, Type};
use parquet_60::column::page::Page;
use parquet_60::errors::Result;
use parquet_60::file::metadata::ParquetMetaData;
use parquet_60::file::reader::{FileReader as _, SerializedFileReader};
use parquet_60::file::statistics::Statistics;
use parquet_60::record::Field;
use std::ops::Range;

type Bytes = bytes::Bytes;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1") || bytes.starts_with(b"PARE")
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    if bytes.starts_with(b"PARE") || bytes.ends_with(b"PARE") {
        let mut document = unknown::read(bytes, "encrypted Parquet file", findings);
        document.facts.push(Fact::Encrypted);
        return document;
    }
    let mut found = None;
    let read = guarded(|| inside(bytes, &mut found, budget, findings));
    match (read, found) {
        (Some(Ok(())), Some(document)) => document,
        _ => unknown::read(bytes, "Parquet file that is damaged", findings),
    }
}

fn inside(
    bytes: &[u8],
    found: &mut Option<Document>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<()> {
    let mut document = Document {
        kind: "Parquet".into(),
        ..Document::default()
    };
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(bytes))?;
    let about = reader.metadata();
    let schema = about.file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields();
    let nanoseconds: Vec<bool> = fields
        .iter()
        .map(|field| {
            let logical = field.get_basic_info().logical_type_ref();
            matches!(logical, Some(LogicalType::Timestamp(t)) if t.unit == TimeUnit::NANOS)
        })
        .collect();
    let mut grid = Grid::new(fields.iter().map(|field| field.name().to_owned()));
    for row in reader.get_row_iter(None)? {
        let row = row?;
        let cells = row.get_column_iter().zip(&nanoseconds);
        if !grid.push(cells.map(|((_, field), nanos)| text(field, *nanos))) {
            break;
        }
    }
    dictionaries(&reader, &grid, &mut document)?;
    let pairs: Vec<(String, String)> = about
        .file_metadata()
        .key_value_metadata()
        .into_iter()
        .flatten()
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
        .collect();
    metadata(&pairs, fields.len(), &mut document, budget, findings);
    statistics(about, &mut document);
    let outside = gaps(bytes, about, &mut document, findings);
    if !grid.close(length(bytes).saturating_sub(outside), &mut document) {
        unknown::say("more rows or longer cells than are read", findings);
    }
    *found = Some(document);
    Ok(())
}

/// A cell in words.
fn text(field: &Field, nanoseconds: bool) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Float16(number) => number.to_f64().to_string(),
        Field::Long(number) if nanoseconds => {
            Field::TimestampMicros(number.div_euclid(1_000)).to_string()
        }
        Field::Bytes(bytes) => in_words(bytes.data()),
        other => other.to_string(),
    }
}

/// Bytes as text if they are, and in hexadecimal if not.
pub(crate) fn in_words(bytes: &[u8]) -> String {
    let hexadecimal = || bytes.iter().map(|b| format!("{b:02x}")).collect();
    std::str::from_utf8(bytes).map_or_else(|_| hexadecimal(), str::to_owned)
}

/// What the dictionaries hold besides what the rows show.
fn dictionaries(
    reader: &SerializedFileReader<Bytes>,
    grid: &Grid,
    document: &mut Document,
) -> Result<()> {
    let schema = reader.metadata().file_metadata().schema_descr();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        for index in 0..group.num_columns() {
            let mut pages = group.get_column_page_reader(index)?;
            let Some(Page::DictionaryPage { buf, .. }) = pages.get_next_page()? else {
                continue;
            };
            let column = schema.column(index);
            let values = plain(&buf, column.physical_type());
            // Values of times and nested values are written in other words than the cells, and only searched.
            let shown = grid.column(schema.get_column_root_idx(index));
            unused(values.iter().map(String::as_str), &shown, document);
        }
    }
    Ok(())
}

/// Values in the plain encoding.
fn plain(bytes: &[u8], physical: Type) -> Vec<String> {
    let mut cursor = super::frame::Cursor::new(bytes);
    let mut values = Vec::new();
    loop {
        let value = match physical {
            Type::INT32 => cursor.array().map(|b| i32::from_le_bytes(b).to_string()),
            Type::INT64 => cursor.array().map(|b| i64::from_le_bytes(b).to_string()),
            Type::BYTE_ARRAY => cursor
                .len_32()
                .and_then(|size| cursor.take(size))
                .map(in_words),
            _ => None,
        };
        match value {
            Some(value) => values.push(value),
            None => return values,
        }
    }
}

/// Smallest and largest values: they are among the rows, unless somebody wrote others.
fn statistics(about: &ParquetMetaData, document: &mut Document) {
    for group in about.row_groups() {
        for column in group.columns() {
            let both = match column.statistics() {
                Some(Statistics::Int32(s)) => [
                    s.min_opt().map(i32::to_string),
                    s.max_opt().map(i32::to_string),
                ],
                Some(Statistics::Int64(s)) => [
                    s.min_opt().map(i64::to_string),
                    s.max_opt().map(i64::to_string),
                ],
                Some(Statistics::ByteArray(s)) => {
                    [s.min_opt(), s.max_opt()].map(|value| value.map(|v| in_words(v.data())))
                }
                _ => continue,
            };
            both.iter()
                .flatten()
                .for_each(|value| document.search_text(value));
        }
    }
}

/// Bytes that belong to no page, index or footer: how many.
fn gaps(
    bytes: &[u8],
    about: &ParquetMetaData,
    document: &mut Document,
    findings: &mut Findings,
) -> u64 {
    let range = |start: Option<i64>, size: Option<i64>| -> Range<usize> {
        let index = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let start = index(start);
        start..start.saturating_add(index(size))
    };
    let mut cover = Cover::default();
    cover.add(0..4);
    for group in about.row_groups() {
        for column in group.columns() {
            let (start, size) = column.byte_range();
            cover.add(range(i64::try_from(start).ok(), i64::try_from(size).ok()));
            let four = |n: Option<i32>| n.map(i64::from);
            cover.add(range(
                column.column_index_offset(),
                four(column.column_index_length()),
            ));
            cover.add(range(
                column.offset_index_offset(),
                four(column.offset_index_length()),
            ));
            cover.add(range(
                column.bloom_filter_offset(),
                four(column.bloom_filter_length()),
            ));
        }
    }
    let footer = bytes
        .len()
        .checked_sub(8)
        .and_then(|at| bytes.get(at..at + 4))
        .and_then(|size| size.try_into().ok())
        .and_then(|size| usize::try_from(u32::from_le_bytes(size)).ok())
        .unwrap_or(0);
    cover.add(bytes.len().saturating_sub(footer.saturating_add(8))..bytes.len());
    let (_, gaps) = cover.close(bytes.len());
    let mut outside = 0;
    for gap in gaps {
        let between = bytes.get(gap).unwrap_or_default();
        outside += length(between);
        document.leftover(
            between,
            "bytes of a Parquet file that belong to nothing",
            findings,
        );
    }
    outside
}
