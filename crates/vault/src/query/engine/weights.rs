//! `__weights(index, x)`: how the total of |x| is spread over people, for the rules on dominance.
//!
//! Only the gate writes it, beside each number that is calculated of a column. The summary itself is
//! [`super::spread`]: mergeable, bounded, and never below the truth for the largest people.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, LargeBinaryArray, LargeBinaryBuilder};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::alone::{Alone, One};
use super::people::picked_rows;
use super::spread::Spread;
use crate::query::aggregate::WEIGHTS;

/// The function.
pub(crate) fn weights() -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Weights { signature }))
}

/// The summary in these bytes.
pub(crate) fn read(mut bytes: &[u8]) -> Result<Spread> {
    Spread::read(&mut bytes).ok_or_else(unreadable)
}

fn unreadable() -> DataFusionError {
    DataFusionError::Internal("a spread over people is not readable".to_owned())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Weights {
    signature: Signature,
}

impl AggregateUDFImpl for Weights {
    fn name(&self) -> &'static str {
        WEIGHTS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::UInt32, t] if t.is_integer() || t.is_floating() || t.is_null() => {
                Ok(vec![DataType::UInt32, DataType::Float64])
            }
            _ => Err(DataFusionError::Plan(
                "expected a person and a number".to_owned(),
            )),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::LargeBinary)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "weights"),
            DataType::LargeBinary,
            true,
        ))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One(Groups::default())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::default()))
    }
}

/// The summaries of many groups.
#[derive(Debug, Default)]
struct Groups {
    summaries: Vec<Spread>,
}

fn write(summaries: &[Spread]) -> LargeBinaryArray {
    let mut out = LargeBinaryBuilder::with_capacity(summaries.len(), summaries.len() * 64);
    let mut bytes = Vec::new();
    for summary in summaries {
        bytes.clear();
        summary.write(&mut bytes);
        out.append_value(&bytes);
    }
    out.finish()
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.summaries.resize_with(total, Spread::default);
        let wrong = || DataFusionError::Internal("a spread takes people and numbers".to_owned());
        let [people, numbers] = values else {
            return Err(wrong());
        };
        let rows = picked_rows(numbers.as_ref(), filter);
        let people = people.as_primitive_opt::<UInt32Type>().ok_or_else(wrong)?;
        let numbers = numbers
            .as_primitive_opt::<Float64Type>()
            .ok_or_else(wrong)?;
        if people.null_count() > 0 {
            return Err(wrong()); // a row without a person would be missing from the spread
        }
        let mut add = |row: usize| {
            if let (Some(person), Some(number), Some(group)) = (
                people.values().get(row),
                numbers.values().get(row),
                groups.get(row),
            ) && let Some(summary) = self.summaries.get_mut(*group)
            {
                summary.add(*person, number.abs());
            }
        };
        match rows {
            None => (0..people.len()).for_each(&mut add),
            Some(rows) => rows.set_indices().for_each(&mut add),
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let summaries = emit_to.take_needed(&mut self.summaries);
        Ok(Arc::new(write(&summaries)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.summaries.resize_with(total, Spread::default);
        let states = values
            .first()
            .and_then(|a| a.as_any().downcast_ref::<LargeBinaryArray>())
            .ok_or_else(unreadable)?;
        for (bytes, group) in states.iter().zip(groups) {
            if let (Some(bytes), Some(summary)) = (bytes, self.summaries.get_mut(*group)) {
                summary.merge(&read(bytes)?);
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut rows = Self::default();
        let total = values.first().map_or(0, |a| a.len());
        rows.update_batch(values, &(0..total).collect::<Vec<_>>(), filter, total)?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        // at the most: most groups keep fewer people
        self.summaries.capacity() * (size_of::<Spread>() + Spread::HEAP)
    }
}

impl Alone for Groups {
    fn value(&mut self) -> Result<ScalarValue> {
        self.summaries.resize_with(1, Spread::default);
        ScalarValue::try_from_array(&write(&self.summaries), 0)
    }

    fn partial(&mut self) -> Result<ScalarValue> {
        self.value()
    }
}
