//! What conditions on lists of text come to: numbers that are looked up row by row.
//!
//! SQL's third truth value needs no care for rows: a row is kept if the whole is true, and with every NOT moved inwards
//! (de Morgan's laws hold in Kleene's logic) the whole is true just if enough parts are true, or are false. So a part
//! under an odd number of NOTs stands for the values for which it is false, and AND and OR are plain.
//!
//! Must never: fail on a value, or pass on which values a list has.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, Int32Array, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use roaring::RoaringBitmap;

use super::broken;
use super::dimension::{Dimension, Dimensions};
use super::filter::{is_of_lists, list_of, sides};
use crate::release::TableEntry;

/// What conditions on lists come to: for each list the numbers that are wanted.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// A value of this column is among these.
    One {
        /// The column.
        column: String,
        /// The values.
        values: Values,
    },
    /// All of these.
    All(Vec<Wanted>),
    /// Any of these.
    Any(Vec<Wanted>),
}

/// Some values of a list.
#[derive(Debug)]
pub(crate) struct Values {
    numbers: BooleanBuffer,
    /// The same for questions about ranges.
    set: RoaringBitmap,
    /// Whether no value is among them.
    null: bool,
    /// Rows that have one of them.
    rows: u64,
}

impl Wanted {
    /// What the conditions among `filters` that are about lists come to; `None` if there are none.
    pub(crate) fn of(
        filters: &[Expr],
        table: &TableEntry,
        lists: &Dimensions,
        state: &dyn Session,
    ) -> Result<Option<Self>> {
        let maker = Maker {
            table,
            lists,
            state,
        };
        let taken = filters.iter().filter(|expr| is_of_lists(expr, table));
        let mut all = taken
            .map(|expr| maker.make(expr, true))
            .collect::<Result<Vec<_>>>()?;
        Ok(match all.len() {
            0 | 1 => all.pop(),
            _ => Some(Self::All(all)),
        })
    }

    /// An upper bound of the rows that are wanted, looking at these columns alone.
    pub(crate) fn rows(&self, columns: &[String], total: u64) -> u64 {
        match self {
            Self::One { column, values } if columns.contains(column) => values.rows,
            Self::One { .. } => total,
            Self::All(parts) => {
                let rows = parts.iter().map(|part| part.rows(columns, total));
                rows.min().unwrap_or(total)
            }
            Self::Any(parts) => {
                let rows = parts.iter().map(|part| part.rows(columns, total));
                rows.fold(0, u64::saturating_add).min(total)
            }
        }
    }

    /// The columns that it looks at.
    pub(crate) fn columns(&self, out: &mut BTreeSet<String>) {
        match self {
            Self::One { column, .. } => {
                out.insert(column.clone());
            }
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.columns(out);
                }
            }
        }
    }

    /// The rows of a batch that are wanted.
    pub(crate) fn keep(&self, batch: &RecordBatch) -> Result<BooleanBuffer> {
        let both = |parts: &[Self], join: fn(BooleanBuffer, BooleanBuffer) -> BooleanBuffer| {
            let mut out: Option<BooleanBuffer> = None;
            for part in parts {
                let rows = part.keep(batch)?;
                out = Some(match out {
                    Some(before) => join(before, rows),
                    None => rows,
                });
            }
            out.ok_or_else(|| broken("a condition without parts"))
        };
        match self {
            Self::One { column, values } => {
                let numbers = batch.column_by_name(column);
                let numbers = numbers.and_then(|array| array.as_primitive_opt::<Int32Type>());
                let numbers =
                    numbers.ok_or_else(|| broken("a dimension is not stored as numbers"))?;
                Ok(values.keep(numbers))
            }
            Self::All(parts) => both(parts, |a, b| &a & &b),
            Self::Any(parts) => both(parts, |a, b| &a | &b),
        }
    }
}

impl Values {
    fn keep(&self, numbers: &Int32Array) -> BooleanBuffer {
        let (values, length) = (numbers.values(), self.numbers.len());
        let wanted = |row: usize| {
            let number = values.get(row).map_or(usize::MAX, |n| *n as usize);
            number < length && self.numbers.value(number)
        };
        let wanted = BooleanBuffer::collect_bool(numbers.len(), wanted);
        match numbers.nulls() {
            None => wanted,
            Some(nulls) if self.null => &wanted | &!nulls.inner(),
            Some(nulls) => &wanted & nulls.inner(),
        }
    }

    /// Whether any of them is in a range.
    pub(crate) fn any_in(&self, low: u32, high: u32) -> bool {
        low <= high && self.set.range_cardinality(low..=high) > 0
    }

    /// Whether no value is among them.
    pub(crate) const fn holds_null(&self) -> bool {
        self.null
    }
}

struct Maker<'a> {
    table: &'a TableEntry,
    lists: &'a Dimensions,
    state: &'a dyn Session,
}

impl Maker<'_> {
    /// The rows for which an expression is `truth`.
    fn make(&self, expr: &Expr, truth: bool) -> Result<Wanted> {
        if let Some(column) = list_of(expr, self.table) {
            return Ok(Wanted::One {
                column: column.to_owned(),
                values: self.work_out(column, expr, truth)?,
            });
        }
        match (sides(expr), expr) {
            (Some((and, left, right)), _) => {
                let parts = vec![self.make(left, truth)?, self.make(right, truth)?];
                Ok(if and == truth {
                    Wanted::All(parts)
                } else {
                    Wanted::Any(parts)
                })
            }
            (None, Expr::Not(inner)) => self.make(inner, !truth),
            _ => Err(broken("a condition that is not about lists")),
        }
    }

    fn work_out(&self, column: &str, expr: &Expr, truth: bool) -> Result<Values> {
        let list: &Dimension = self
            .lists
            .get(column)
            .ok_or_else(|| broken("a dimension was not read"))?;
        let schema = Schema::new(vec![Field::new(column, DataType::Utf8View, true)]);
        let physical = self
            .state
            .create_physical_expr(unqualified(expr)?, &DFSchema::try_from(schema.clone())?)?;
        let options = RecordBatchOptions::new().with_row_count(Some(list.values.len()));
        let values = Arc::new(list.values.clone());
        let batch = RecordBatch::try_new_with_options(Arc::new(schema), vec![values], &options)?;
        let result = physical.evaluate(&batch)?.into_array(list.values.len())?;
        let result: BooleanArray = match result.data_type() {
            DataType::Null => BooleanArray::new_null(result.len()),
            _ => result
                .as_boolean_opt()
                .ok_or_else(|| broken("a condition that is neither true nor false"))?
                .clone(),
        };
        let is = |row: usize| result.is_valid(row) && result.value(row) == truth;
        let numbers = BooleanBuffer::collect_bool(list.len(), is);
        let set: RoaringBitmap = (0_u32..)
            .zip(numbers.iter())
            .filter_map(|(number, wanted)| wanted.then_some(number))
            .collect();
        let null = is(list.len());
        let counts = list.rows.values();
        let count = |number: u32| counts.get(number as usize).copied().unwrap_or(0);
        let mut rows: u64 = set.iter().map(count).sum();
        if null {
            rows += self.table.rows.saturating_sub(counts.iter().sum());
        }
        Ok(Values {
            numbers,
            set,
            null,
            rows,
        })
    }
}

/// The same expression with its columns named without their table.
fn unqualified(expr: &Expr) -> Result<Expr> {
    expr.clone()
        .transform(|part| {
            Ok(match part {
                Expr::Column(column) if column.relation.is_some() => {
                    Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))
                }
                part => Transformed::no(part),
            })
        })
        .data()
}
