//! `percentile_cont(x, share)`: the value below which a share of the values lies, between two of them interpolated (SQL:2016,
//! 4.16.4; type 7 of Hyndman and Fan 1996, "Sample quantiles in statistical packages").
//!
//! It stands in the place of the engine's, which interpolates to six decimals of the distance. All values of a group are kept
//! until its end; the result does not depend on their order.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, LargeBinaryArray, LargeBinaryBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;

use super::alone::{Alone, One};
use super::moments_columns::each;
use super::people::picked_rows;
use crate::query::sql::functions::PERCENTILE;

/// The function.
pub(crate) fn percentile() -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Percentile { signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Percentile {
    signature: Signature,
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &'static str {
        PERCENTILE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [t, share]
                if (t.is_integer() || t.is_floating() || t.is_null()) && share.is_floating() =>
            {
                Ok(vec![DataType::Float64; 2])
            }
            _ => Err(DataFusionError::Plan("expected numbers".to_owned())),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "values"),
            DataType::LargeBinary,
            true,
        ))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One(Groups::of(&args)?)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::of(&args)?))
    }
}

/// The values of many groups.
#[derive(Debug)]
struct Groups {
    share: f64,
    values: Vec<Vec<f64>>,
    kept: usize,
}

impl Groups {
    fn of(args: &AccumulatorArgs<'_>) -> Result<Self> {
        let share = args.exprs.get(1).and_then(|e| e.downcast_ref::<Literal>());
        let share = match share.map(Literal::value) {
            Some(ScalarValue::Float64(Some(share))) if (0.0..=1.0).contains(share) => *share,
            _ => return Err(wrong()),
        };
        Ok(Self {
            share,
            values: Vec::new(),
            kept: 0,
        })
    }
}

fn wrong() -> DataFusionError {
    DataFusionError::Internal("a percentile takes numbers and a constant share".to_owned())
}

/// The value at a share of the way from the least to the most.
fn at(values: &mut [f64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let place = last as f64 * share;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from nought to the last place"
    )]
    let below = (place.floor() as usize).min(last);
    let (_, low, rest) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let part = place - place.floor();
    if part == 0.0 {
        return Some(low);
    }
    let high = rest.iter().copied().min_by(f64::total_cmp)?;
    Some(low + (high - low) * part)
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.values.resize_with(total, Vec::new);
        let array = values.first().ok_or_else(wrong)?;
        let numbers = array.as_primitive_opt::<Float64Type>().ok_or_else(wrong)?;
        let rows = picked_rows(array.as_ref(), filter);
        let all = &mut self.values;
        each(numbers.values(), groups, rows.as_ref(), |group, value| {
            if let Some(values) = all.get_mut(group) {
                values.push(value);
            }
        });
        self.kept += numbers.len();
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut groups = emit_to.take_needed(&mut self.values);
        let share = self.share;
        let out = groups.iter_mut().map(|values| at(values, share));
        Ok(Arc::new(out.collect::<Float64Array>()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = emit_to.take_needed(&mut self.values);
        let bytes: usize = groups.iter().map(|values| values.len() * 8).sum();
        let mut out = LargeBinaryBuilder::with_capacity(groups.len(), bytes);
        let mut state = Vec::new();
        for values in &groups {
            state.clear();
            state.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            out.append_value(&state);
        }
        Ok(vec![Arc::new(out.finish())])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.values.resize_with(total, Vec::new);
        let states = states
            .first()
            .and_then(|a| a.as_any().downcast_ref::<LargeBinaryArray>())
            .ok_or_else(wrong)?;
        for (bytes, group) in states.iter().zip(groups) {
            if let (Some(bytes), Some(values)) = (bytes, self.values.get_mut(*group)) {
                let (numbers, _) = bytes.as_chunks::<8>();
                values.extend(numbers.iter().map(|n| f64::from_le_bytes(*n)));
                self.kept += numbers.len();
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut rows = Self {
            share: self.share,
            values: Vec::new(),
            kept: 0,
        };
        let total = values.first().map_or(0, |a| a.len());
        rows.update_batch(values, &(0..total).collect::<Vec<_>>(), filter, total)?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        // lists grow by doubling
        self.values.capacity() * size_of::<Vec<f64>>() + self.kept * 2 * size_of::<f64>()
    }
}

impl Alone for Groups {
    fn value(&mut self) -> Result<ScalarValue> {
        let share = self.share;
        let values = self.values.first_mut();
        Ok(ScalarValue::Float64(values.and_then(|v| at(v, share))))
    }

    fn partial(&mut self) -> Result<ScalarValue> {
        self.values.resize_with(1, Vec::new);
        let state = self.state(EmitTo::All)?;
        ScalarValue::try_from_array(state.first().ok_or_else(wrong)?, 0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::float_cmp
    )]
    use super::*;

    /// R's `quantile(c(1, 2, 4, 8, 16), …)`, by hand: place (5 − 1)·share from nought.
    #[test]
    fn by_hand() {
        let values = || vec![16.0, 1.0, 8.0, 2.0, 4.0];
        assert_eq!(at(&mut values(), 0.0), Some(1.0));
        assert_eq!(at(&mut values(), 1.0), Some(16.0));
        assert_eq!(at(&mut values(), 0.5), Some(4.0));
        assert_eq!(at(&mut values(), 0.625), Some(6.0));
        assert_eq!(at(&mut [], 0.5), None);
        assert_eq!(at(&mut [3.0], 0.9), Some(3.0));
    }
}
