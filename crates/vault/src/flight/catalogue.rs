//! The catalogue calls: what a driver shows in its tree of tables. Granted tables and columns only.
//!
//! There is one catalogue and one schema, both without a name (in Flight SQL, the empty text): a question names its tables
//! bare, so a driver that writes names out in full writes them so.
//!
//! Must never: build anything but what came from [`crate::query::desk::Desk::catalogue`].

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables,
};

use super::wire;
use crate::query::desk::ShownTable;

/// The name of the one catalogue and of the one schema.
const NAMELESS: &str = "";
/// The type of every table.
const TABLE: &str = "TABLE";

type Built = Result<RecordBatch, FlightError>;

pub(super) fn catalogs(command: CommandGetCatalogs) -> Built {
    let mut builder = command.into_builder();
    builder.append(NAMELESS);
    builder.build()
}

pub(super) fn schemas(command: CommandGetDbSchemas) -> Built {
    let mut builder = command.into_builder();
    builder.append(NAMELESS, NAMELESS);
    builder.build()
}

pub(super) fn table_types(command: CommandGetTableTypes) -> Built {
    let mut builder = command.into_builder();
    builder.append(TABLE);
    builder.build()
}

pub(super) fn tables(command: CommandGetTables, tables: &[ShownTable]) -> Built {
    let mut builder = command.into_builder();
    for table in tables {
        builder.append(NAMELESS, NAMELESS, &table.name, TABLE, &schema(table))?;
    }
    builder.build()
}

/// A table's schema, with each column's title and class of data. The first key is Flight SQL's own for remarks.
fn schema(table: &ShownTable) -> Schema {
    let fields: Vec<Field> = table
        .columns
        .iter()
        .map(|c| {
            let field = Field::new(&c.name, c.data_type.clone(), true);
            let facts = [
                ("ARROW:FLIGHT:SQL:REMARKS", &c.title),
                ("ARROW:FLIGHT:SQL:TABLE_NAME", &table.name),
                ("readingroom-class", &c.class),
            ];
            let facts: HashMap<String, String> = facts
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect();
            (field, facts)
        })
        .map(|(field, facts)| (wire::schema(&Schema::new(vec![field])), facts))
        .flat_map(|(shown, facts)| {
            let fields: Vec<Field> = shown
                .fields()
                .iter()
                .map(|f| f.as_ref().clone().with_metadata(facts.clone()))
                .collect();
            fields
        })
        .collect();
    Schema::new(fields)
}

/// Keys of tables: none are told. Participants link all tables; `eid` may repeat in each but the wide one.
pub(super) fn no_keys(schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|f| new_empty_array(f.data_type()))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(0));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// Flight SQL's schema of primary keys (FlightSql.proto, CommandGetPrimaryKeys).
pub(super) fn primary_keys_schema() -> SchemaRef {
    fields(&[
        ("catalog_name", DataType::Utf8, true),
        ("db_schema_name", DataType::Utf8, true),
        ("table_name", DataType::Utf8, false),
        ("column_name", DataType::Utf8, false),
        ("key_name", DataType::Utf8, true),
        ("key_sequence", DataType::Int32, false),
    ])
}

/// Flight SQL's schema of foreign keys, seen from either side (FlightSql.proto, CommandGetExportedKeys).
pub(super) fn foreign_keys_schema() -> SchemaRef {
    fields(&[
        ("pk_catalog_name", DataType::Utf8, true),
        ("pk_db_schema_name", DataType::Utf8, true),
        ("pk_table_name", DataType::Utf8, false),
        ("pk_column_name", DataType::Utf8, false),
        ("fk_catalog_name", DataType::Utf8, true),
        ("fk_db_schema_name", DataType::Utf8, true),
        ("fk_table_name", DataType::Utf8, false),
        ("fk_column_name", DataType::Utf8, false),
        ("key_sequence", DataType::Int32, false),
        ("fk_key_name", DataType::Utf8, true),
        ("pk_key_name", DataType::Utf8, true),
        ("update_rule", DataType::UInt8, false),
        ("delete_rule", DataType::UInt8, false),
    ])
}

fn fields(of: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields: Vec<Field> = of
        .iter()
        .map(|(name, t, null)| Field::new(*name, t.clone(), *null))
        .collect();
    Arc::new(Schema::new(fields))
}
