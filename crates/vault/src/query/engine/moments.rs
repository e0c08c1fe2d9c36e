//! sum, avg, var and stddev, whose results do not depend on the order of rows (see [`super::exact`]).
//!
//! They carry the engine's names and stand in its functions' places.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeBinaryArray,
};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::exact::Exact;

/// Which moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Sum,
    Mean,
    Variance { sample: bool, root: bool },
}

/// One of the functions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Moment {
    name: &'static str,
    kind: Kind,
    signature: Signature,
}

/// The functions of this file.
pub(crate) fn all() -> Vec<Arc<AggregateUDF>> {
    [
        ("sum", Kind::Sum),
        ("avg", Kind::Mean),
        (
            "var",
            Kind::Variance {
                sample: true,
                root: false,
            },
        ),
        (
            "var_pop",
            Kind::Variance {
                sample: false,
                root: false,
            },
        ),
        (
            "stddev",
            Kind::Variance {
                sample: true,
                root: true,
            },
        ),
        (
            "stddev_pop",
            Kind::Variance {
                sample: false,
                root: true,
            },
        ),
    ]
    .into_iter()
    .map(|(name, kind)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(Moment {
            name,
            kind,
            signature,
        }))
    })
    .collect()
}

impl AggregateUDFImpl for Moment {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [t] if t.is_integer() && self.kind == Kind::Sum => Ok(vec![DataType::Int64]),
            [t] if t.is_integer() || t.is_floating() || t.is_null() => Ok(vec![DataType::Float64]),
            _ => Err(DataFusionError::Plan("expected one number".to_owned())),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match (self.kind, types) {
            (Kind::Sum, [DataType::Int64]) => DataType::Int64,
            _ => DataType::Float64,
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "moment"),
            DataType::LargeBinary,
            true,
        ))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One(Groups::new(self.kind, &args))))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::new(self.kind, &args)))
    }
}

/// What is known of one group.
#[derive(Debug, Clone, Default)]
struct State {
    count: u64,
    whole: i128,
    sum: Exact,
    squares: Exact,
}

impl State {
    fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(44);
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.whole.to_le_bytes());
        self.sum.write(&mut out);
        self.squares.write(&mut out);
        out
    }

    fn merge(&mut self, mut bytes: &[u8]) -> Option<()> {
        let (count, rest) = bytes.split_first_chunk::<8>()?;
        let (whole, rest) = rest.split_first_chunk::<16>()?;
        bytes = rest;
        self.count += u64::from_le_bytes(*count);
        self.whole = self.whole.wrapping_add(i128::from_le_bytes(*whole));
        self.sum.merge(&Exact::read(&mut bytes)?);
        self.squares.merge(&Exact::read(&mut bytes)?);
        Some(())
    }

    fn float(&self, kind: Kind) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let n = self.count as f64;
        match kind {
            _ if self.count == 0 => None,
            Kind::Sum => Some(self.sum.value()),
            Kind::Mean => Some(self.sum.value() / n),
            Kind::Variance { sample, root } => {
                let below = if sample { n - 1.0 } else { n };
                if below <= 0.0 {
                    return None;
                }
                let variance = Exact::spread(n, &self.sum, &self.squares) / (n * below);
                Some(if root { variance.sqrt() } else { variance })
            }
        }
    }
}

/// The states of many groups.
#[derive(Debug)]
struct Groups {
    kind: Kind,
    whole: bool,
    states: Vec<State>,
}

impl Groups {
    fn new(kind: Kind, args: &AccumulatorArgs<'_>) -> Self {
        let whole = args.return_field.data_type() == &DataType::Int64;
        Self {
            kind,
            whole,
            states: Vec::new(),
        }
    }

    fn add(&mut self, group: usize, column: &Column<'_>, row: usize) {
        let Some(state) = self.states.get_mut(group) else {
            return;
        };
        state.count += 1;
        match column {
            Column::Whole(values) => state.whole += i128::from(values.value(row)),
            Column::Float(values) => {
                let value = values.value(row);
                state.sum.add(value);
                if matches!(self.kind, Kind::Variance { .. }) {
                    state.squares.add_square(value);
                }
            }
        }
    }

    fn array(&self, states: &[State]) -> ArrayRef {
        if self.whole {
            let values = states
                .iter()
                .map(|s| (s.count > 0).then(|| i64::try_from(s.whole).ok()).flatten());
            Arc::new(values.collect::<Int64Array>())
        } else {
            Arc::new(
                states
                    .iter()
                    .map(|s| s.float(self.kind))
                    .collect::<Float64Array>(),
            )
        }
    }
}

/// The argument, by its type.
enum Column<'a> {
    Whole(&'a Int64Array),
    Float(&'a Float64Array),
}

impl<'a> Column<'a> {
    fn of(values: &'a [ArrayRef]) -> Result<(Self, &'a dyn Array)> {
        let wrong = || DataFusionError::Internal("a moment takes one number".to_owned());
        let array = values.first().ok_or_else(wrong)?;
        let column = match array.data_type() {
            DataType::Int64 => Column::Whole(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Column::Float(array.as_primitive::<Float64Type>()),
            _ => return Err(wrong()),
        };
        Ok((column, array.as_ref()))
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.states.resize(total, State::default());
        let (column, array) = Column::of(values)?;
        for (row, group) in groups.iter().enumerate() {
            let wanted = filter.is_none_or(|f| f.is_valid(row) && f.value(row));
            if wanted && array.is_valid(row) {
                self.add(*group, &column, row);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let states = emit_to.take_needed(&mut self.states);
        Ok(self.array(&states))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = emit_to.take_needed(&mut self.states);
        Ok(vec![Arc::new(LargeBinaryArray::from_iter_values(
            states.iter().map(State::write),
        ))])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.states.resize(total, State::default());
        let wrong = || DataFusionError::Internal("a moment's state is not readable".to_owned());
        let states = values
            .first()
            .and_then(|a| a.as_any().downcast_ref::<LargeBinaryArray>())
            .ok_or_else(wrong)?;
        for (bytes, group) in states.iter().zip(groups) {
            if let (Some(bytes), Some(state)) = (bytes, self.states.get_mut(*group)) {
                state.merge(bytes).ok_or_else(wrong)?;
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
            kind: self.kind,
            whole: self.whole,
            states: Vec::new(),
        };
        let total = values.first().map_or(0, |a| a.len());
        rows.update_batch(values, &(0..total).collect::<Vec<_>>(), filter, total)?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        let heap = self
            .states
            .first()
            .map_or(0, |s| s.sum.heap() + s.squares.heap());
        self.states.capacity() * size_of::<State>() + self.states.len() * heap
    }
}

/// The state of a question without groups.
#[derive(Debug)]
struct One(Groups);

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |a| a.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.states.resize(1, State::default());
        ScalarValue::try_from_array(&self.0.array(&self.0.states), 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.states.resize(1, State::default());
        Ok(self
            .0
            .states
            .iter()
            .map(|s| ScalarValue::LargeBinary(Some(s.write())))
            .collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |a| a.len());
        self.0.merge_batch(states, &vec![0; rows], 1)
    }
}
