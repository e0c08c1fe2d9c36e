//! Answers as they go over the wire: a schema that every driver reads, and batches of bounded messages.
//!
//! Texts go as plain `Utf8` (views and dictionaries are the engine's affair, and drivers older than 2024 do not read
//! them), every column may be null, and what is known of the answer stands in the schema's metadata.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::{IpcMessage, SchemaAsIpc};
use bytes::Bytes;

use crate::query::desk::Asked;

/// The schema that a client sees.
pub fn schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|f| Field::new(f.name(), data_type(f.data_type()), true))
        .collect();
    Arc::new(Schema::new(fields))
}

/// The type that a client sees.
fn data_type(t: &DataType) -> DataType {
    match t {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::Dictionary(_, values) => data_type(values),
        other => other.clone(),
    }
}

/// The batches of an answer under the schema that a client sees.
///
/// # Errors
/// A batch whose columns are not those of the answer's schema: a bug.
pub fn batches(asked: &Asked) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
    let shown = schema(&asked.schema);
    let told = Schema::new_with_metadata(shown.fields().clone(), metadata(asked));
    let told = Arc::new(told);
    let batches = asked
        .batches
        .iter()
        .map(|batch| {
            let columns = batch
                .columns()
                .iter()
                .zip(told.fields())
                .map(|(column, field)| cast(column, field.data_type()))
                .collect::<Result<_, _>>()?;
            RecordBatch::try_new(Arc::clone(&told), columns)
        })
        .collect::<Result<_, _>>()?;
    Ok((told, batches))
}

fn metadata(asked: &Asked) -> HashMap<String, String> {
    asked
        .facts()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A schema as a message of its own, as Flight SQL's results carry it.
///
/// # Errors
/// A schema that cannot be encoded: a bug.
pub(super) fn encoded(schema: &Schema) -> Result<Bytes, ArrowError> {
    let options = IpcWriteOptions::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options).try_into()?;
    Ok(bytes)
}
