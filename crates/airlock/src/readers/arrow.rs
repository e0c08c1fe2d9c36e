//! Arrow IPC files and streams, and Feather version 2, which is the same. Feather version 1 is amber.

use super::columnar::{Grid, metadata, unused};
use super::frame::{guarded, length};
use super::{Budget, Document, arrow_frame, unknown};
use crate::verdict::Findings;
use arrow_array_60::cast::AsArray as _;
use arrow_array_60::{Array, RecordBatch};
use arrow_cast_60::display::{ArrayFormatter, FormatOptions};
use arrow_ipc_60::reader::{FileReader, StreamReader};
use std::io::Cursor;

const FILE: &[u8] = b"ARROW1\0\0";
/// A stream begins with the mark of a message, its length, and a flat buffer (Arrow columnar format, encapsulated messages).
const MESSAGE: [u8; 4] = [0xff; 4];

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(FILE) || is_stream(bytes)
}

fn is_stream(bytes: &[u8]) -> bool {
    bytes.starts_with(&MESSAGE) && arrow_frame::stream(bytes).is_some_and(|(_, end)| end > 0)
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let kind = if bytes.starts_with(FILE) {
        "Arrow file"
    } else {
        "Arrow stream"
    };
    let mut document = Document {
        kind: kind.into(),
        ..Document::default()
    };
    let all = guarded(|| inside(bytes, &mut document, budget, findings)).flatten();
    if all.is_none() {
        return unknown::read(bytes, "Arrow file that is damaged or too large", findings);
    }
    document
}

fn inside(
    bytes: &[u8],
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Option<()> {
    let size = if bytes.starts_with(FILE) {
        let (size, gaps) = arrow_frame::file(bytes)?;
        for gap in gaps {
            let between = bytes.get(gap).unwrap_or_default();
            document.leftover(
                between,
                "bytes of an Arrow file that belong to nothing",
                findings,
            );
        }
        size
    } else {
        let (size, end) = arrow_frame::stream(bytes)?;
        let rest = bytes.get(end..).unwrap_or_default();
        document.leftover(rest, "bytes after the end of an Arrow stream", findings);
        size
    };
    if size > budget.bytes() {
        return None;
    }
    budget.spend(size);
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut pairs: Vec<(String, String)> = Vec::new();
    let schema = if bytes.starts_with(FILE) {
        let reader = FileReader::try_new(Cursor::new(bytes), None).ok()?;
        pairs.extend(owned(reader.custom_metadata().iter()));
        let schema = reader.schema();
        for batch in reader {
            batches.push(batch.ok()?);
        }
        schema
    } else {
        let reader = StreamReader::try_new(Cursor::new(bytes), None).ok()?;
        let schema = reader.schema();
        for batch in reader {
            batches.push(batch.ok()?);
        }
        schema
    };
    pairs.extend(owned(schema.metadata().iter()));
    for field in schema.fields() {
        pairs.extend(owned(field.metadata().iter()));
    }
    pairs.sort_unstable();
    let columns = schema.fields().len();
    let mut grid = Grid::new(schema.fields().iter().map(|field| field.name().clone()));
    for batch in &batches {
        rows(batch, &mut grid)?;
    }
    for batch in &batches {
        for (index, column) in batch.columns().iter().enumerate() {
            if let Some(dictionary) = column.as_any_dictionary_opt() {
                let values = texts(dictionary.values())?;
                let shown = grid.column(index);
                unused(values.iter().map(String::as_str), &shown, document);
            }
        }
    }
    metadata(&pairs, columns, document, budget, findings);
    grid.close(length(bytes), document).then_some(())
}

fn owned<'a>(
    pairs: impl Iterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = (String, String)> {
    pairs.map(|(key, value)| (key.clone(), value.clone()))
}

fn rows(batch: &RecordBatch, grid: &mut Grid) -> Option<()> {
    let options = FormatOptions::default();
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).ok())
        .collect::<Option<_>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().map(|column| column.value(row).to_string());
        grid.push(cells).then_some(())?;
    }
    Some(())
}

fn texts(array: &dyn Array) -> Option<Vec<String>> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options).ok()?;
    Some(
        (0..array.len())
            .map(|row| formatter.value(row).to_string())
            .collect(),
    )
}
