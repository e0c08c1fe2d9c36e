//! An answer, and its two canonical forms: the same question over the same data gives the same bytes.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{
    SortColumn, SortOptions, cast, concat_batches, lexsort_to_indices, take_record_batch,
};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use governance::Mode;
use serde::{Deserialize, Serialize};

use super::engine::dates;
use super::engine::rules::{Used, can_be_shown};

/// One column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `boolean`, `integer`, `number`, `text` or `date`.
    pub kind: &'static str,
}

/// The answer to a question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The mode it was asked in.
    pub mode: Mode,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Number of its rows.
    pub rows: u64,
    /// Aggregate mode: how many groups of fewer than ten people were left out, where that may be told. `None` is
    /// always the case in enclave mode and otherwise means: none, or groups that hold fewer than ten people together.
    pub withheld_rows: Option<u64>,
    /// Aggregate mode: how many numbers of shown groups were withheld (null) because fewer than ten people are behind them.
    pub withheld_cells: u64,
    /// Granted columns that were read, by table. The participant column is not listed.
    pub used: Used,
    /// SHA-256 (hex) of the checked plan's text, for the ledger.
    pub plan_sha256: String,
    batch: RecordBatch,
}

/// What [`Answer::new`] needs besides the rows.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) mode: Mode,
    pub(crate) ordered: bool,
    pub(crate) withheld_rows: Option<u64>,
    pub(crate) withheld_cells: u64,
    pub(crate) used: Used,
    pub(crate) plan_sha256: String,
}

/// What is passed from a worker to its parent beside the rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    withheld_rows: Option<u64>,
    withheld_cells: u64,
    used: Used,
    plan_sha256: String,
}

impl Answer {
    /// The answer for a pipe: its head, and its rows as an Arrow stream.
    pub(crate) fn to_wire(&self) -> Result<(Head, Vec<u8>), ArrowError> {
        let head = Head {
            withheld_rows: self.withheld_rows,
            withheld_cells: self.withheld_cells,
            used: self.used.clone(),
            plan_sha256: self.plan_sha256.clone(),
        };
        Ok((head, self.to_arrow()?))
    }

    /// The answer out of a pipe. Its rows stand in their final order already.
    pub(crate) fn from_wire(mode: Mode, head: Head, rows: &[u8]) -> Result<Self, ArrowError> {
        let reader = StreamReader::try_new(rows, None)?;
        let schema = reader.schema();
        if !showable(&schema) {
            return Err(ArrowError::SchemaError(
                "a type that is not shown".to_owned(),
            ));
        }
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        let about = About {
            mode,
            ordered: true,
            withheld_rows: head.withheld_rows,
            withheld_cells: head.withheld_cells,
            used: head.used,
            plan_sha256: head.plan_sha256,
        };
        Self::new(&schema, &batches, about)
    }

    /// The answer as an Arrow IPC stream (`application/vnd.apache.arrow.stream`).
    ///
    /// # Errors
    /// Only if memory cannot be written to.
    pub fn to_arrow(&self) -> Result<Vec<u8>, ArrowError> {
        let mut out = StreamWriter::try_new(Vec::new(), self.batch.schema_ref())?;
        out.write(&self.batch)?;
        out.into_inner()
    }

    /// Puts an answer together. Rows without an order of their own are put into one that depends on nothing
    /// but what is shown: an order that followed the internal index would link the rows of two projects.
    pub(crate) fn new(
        schema: &SchemaRef,
        batches: &[RecordBatch],
        about: About,
    ) -> Result<Self, ArrowError> {
        let mut batch = concat_batches(schema, batches)?;
        if !about.ordered && batch.num_rows() > 1 && batch.num_columns() > 0 {
            let options = Some(SortOptions {
                descending: false,
                nulls_first: true,
            });
            let columns: Vec<SortColumn> = batch
                .columns()
                .iter()
                .map(|c| SortColumn {
                    values: c.clone(),
                    options,
                })
                .collect();
            batch = take_record_batch(&batch, &lexsort_to_indices(&columns, None)?)?;
        }
        let columns = schema
            .fields()
            .iter()
            .map(|f| Column {
                name: f.name().clone(),
                kind: kind(f.data_type()),
            })
            .collect();
        Ok(Self {
            mode: about.mode,
            columns,
            rows: u64::try_from(batch.num_rows()).unwrap_or(u64::MAX),
            withheld_rows: about.withheld_rows,
            withheld_cells: about.withheld_cells,
            used: about.used,
            plan_sha256: about.plan_sha256,
            batch,
        })
    }

    /// The answer as Arrow, for clients that speak it.
    #[must_use]
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The values, row by row, as text; `None` is null.
    #[must_use]
    pub fn table(&self) -> Vec<Vec<Option<String>>> {
        let columns: Vec<Shown> = self.batch.columns().iter().map(Shown::of).collect();
        (0..self.batch.num_rows())
            .map(|row| columns.iter().map(|c| c.text(row)).collect())
            .collect()
    }

    /// CSV (RFC 4180, but lines end in `\n`): a header, then the rows. Null is empty; an empty text is `""`, and so is a
    /// null that stands alone in its row, because many readers skip an empty line.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = String::new();
        let line = |out: &mut String, fields: &mut dyn Iterator<Item = Option<String>>| {
            for (i, field) in fields.enumerate() {
                if i > 0 {
                    out.push(',');
                }
                if let Some(text) = field {
                    quote(out, &text);
                }
            }
            out.push('\n');
        };
        line(
            &mut out,
            &mut self.columns.iter().map(|c| Some(c.name.clone())),
        );
        for row in self.table() {
            let alone = row.len() == 1;
            line(
                &mut out,
                &mut row.into_iter().map(|f| {
                    if alone {
                        f.or_else(|| Some(String::new()))
                    } else {
                        f
                    }
                }),
            );
        }
        out
    }

    /// JSON: `{"mode", "columns": [{"name", "kind"}], "rows": [[…]], "withheld_rows", "withheld_cells"}`, in this order
    /// and without spaces. Dates are text; numbers that JSON does not have are null.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Form<'a> {
            mode: Mode,
            columns: &'a [Column],
            rows: Vec<Vec<serde_json::Value>>,
            withheld_rows: Option<u64>,
            withheld_cells: u64,
        }
        let columns: Vec<Shown> = self.batch.columns().iter().map(Shown::of).collect();
        let rows = (0..self.batch.num_rows())
            .map(|row| columns.iter().map(|c| c.json(row)).collect())
            .collect();
        let form = Form {
            mode: self.mode,
            columns: &self.columns,
            rows,
            withheld_rows: self.withheld_rows,
            withheld_cells: self.withheld_cells,
        };
        // text keys and plain values: nothing here can fail
        serde_json::to_string(&form).unwrap_or_default()
    }
}

/// The word for a type.
pub(crate) fn kind(t: &DataType) -> &'static str {
    match t {
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        t if t.is_integer() => "integer",
        t if t.is_floating() => "number",
        _ => "text",
    }
}

/// Whether every column of a result has a type that an answer can have.
pub(crate) fn showable(schema: &SchemaRef) -> bool {
    schema.fields().iter().all(|f| can_be_shown(f.data_type()))
}

/// A column in one of five forms.
enum Shown {
    Boolean(ArrayRef),
    Integer(ArrayRef),
    Number(ArrayRef),
    Text(ArrayRef),
    Date(ArrayRef),
    Nothing,
}

impl Shown {
    fn of(column: &ArrayRef) -> Self {
        let to = |t: &DataType| cast(column, t).ok();
        match kind(column.data_type()) {
            "boolean" => Some(Self::Boolean(column.clone())),
            "date" => Some(Self::Date(column.clone())),
            "integer" => to(&DataType::Int64).map(Self::Integer),
            "number" => to(&DataType::Float64).map(Self::Number),
            _ if column.data_type() == &DataType::Null => None,
            _ => to(&DataType::Utf8View).map(Self::Text),
        }
        .unwrap_or(Self::Nothing)
    }

    fn json(&self, row: usize) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Nothing => Value::Null,
            Self::Boolean(a)
            | Self::Integer(a)
            | Self::Number(a)
            | Self::Text(a)
            | Self::Date(a)
                if a.is_null(row) =>
            {
                Value::Null
            }
            Self::Boolean(a) => Value::Bool(a.as_boolean().value(row)),
            Self::Integer(a) => Value::from(a.as_primitive::<Int64Type>().value(row)),
            Self::Number(a) => Value::from(a.as_primitive::<Float64Type>().value(row)),
            Self::Text(a) => Value::from(a.as_string_view().value(row)),
            Self::Date(a) => Value::from(dates::iso(a.as_primitive::<Date32Type>().value(row))),
        }
    }

    fn text(&self, row: usize) -> Option<String> {
        match (self, self.json(row)) {
            (Self::Number(a), _) if a.is_valid(row) => {
                let value = a.as_primitive::<Float64Type>().value(row);
                let mut out = String::new();
                // the shortest form that reads back as the same double
                write!(out, "{value:?}").ok().map(|()| out)
            }
            (_, serde_json::Value::Null) => None,
            (_, serde_json::Value::String(text)) => Some(text),
            (_, other) => Some(other.to_string()),
        }
    }
}

/// A CSV field, in quotes if it needs them.
fn quote(out: &mut String, text: &str) {
    if text.is_empty() || text.contains(['"', ',', '\n', '\r']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}
