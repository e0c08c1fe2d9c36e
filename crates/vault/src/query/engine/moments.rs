//! sum, avg, var and stddev, whose results do not depend on the order of rows (see [`super::exact`] and [`super::fixed`]).
//!
//! They carry the engine's names and stand in its functions' places.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeBinaryArray,
    LargeBinaryBuilder,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int32Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::alone::{Alone, One};
use super::exact::Exact;
use super::fixed::{Scale, Squares, Sum};
use super::moments_columns::{DOUBLE, How, SHORT, WHOLE, each};
use super::people::picked_rows;

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
            [DataType::Int32] => Ok(vec![DataType::Int32]),
            [t] if t.is_integer() => Ok(vec![DataType::Int64]),
            [t] if t.is_floating() || t.is_null() => Ok(vec![DataType::Float64]),
            _ => Err(DataFusionError::Plan("expected one number".to_owned())),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match (self.kind, types) {
            (Kind::Sum, [DataType::Int32 | DataType::Int64]) => DataType::Int64,
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
#[derive(Debug, Clone, Copy, Default)]
struct State {
    count: u64,
    sum: Sum,
}

/// What of one group is outside the window of [`super::fixed`], or did not fit: rarely anything.
#[derive(Debug, Clone, Default)]
struct Rest {
    sum: Exact,
    squares: Exact,
}

/// The states of many groups.
#[derive(Debug)]
struct Groups {
    kind: Kind,
    /// Whether the result is a whole number.
    whole: bool,
    scale: Scale,
    states: Vec<State>,
    /// As long as `states` if squares are wanted, else empty.
    squares: Vec<Squares>,
    rest: BTreeMap<usize, Rest>,
}

impl Groups {
    fn new(kind: Kind, args: &AccumulatorArgs<'_>) -> Self {
        let fine = args
            .expr_fields
            .first()
            .is_some_and(|f| f.data_type() == &DataType::Float64);
        Self {
            kind,
            whole: args.return_field.data_type() == &DataType::Int64,
            scale: if fine { Scale::Fine } else { Scale::One },
            states: Vec::new(),
            squares: Vec::new(),
            rest: BTreeMap::new(),
        }
    }

    fn squared(&self) -> bool {
        matches!(self.kind, Kind::Variance { .. })
    }

    fn resize(&mut self, total: usize) {
        self.states.resize(total, State::default());
        if self.squared() {
            self.squares.resize(total, Squares::default());
        }
    }

    /// Adds a column, of which `add` and `add_square` say what a value does to a sum and what is done if it does not fit.
    fn add_column<T: Copy>(
        &mut self,
        values: &[T],
        groups: &[usize],
        rows: Option<&BooleanBuffer>,
        how: &How<T>,
    ) {
        let rest = &mut self.rest;
        let states = &mut self.states;
        each(values, groups, rows, |group, value| {
            if let Some(state) = states.get_mut(group) {
                state.count += 1;
                if !(how.add)(&mut state.sum, value) {
                    (how.rest)(&mut rest.entry(group).or_default().sum, value);
                }
            }
        });
        let squares = &mut self.squares;
        if squares.is_empty() {
            return;
        }
        each(values, groups, rows, |group, value| {
            if let Some(sum) = squares.get_mut(group)
                && !(how.add_square)(sum, value)
            {
                (how.rest_square)(&mut rest.entry(group).or_default().squares, value);
            }
        });
    }

    /// Sum and sum of squares of a group, exactly.
    fn exactly(&self, group: usize, state: &State) -> Rest {
        let mut out = self.rest.get(&group).cloned().unwrap_or_default();
        state.sum.pour(self.scale, &mut out.sum);
        if let Some(squares) = self.squares.get(group) {
            squares.pour(self.scale, &mut out.squares);
        }
        out
    }

    fn float(&self, group: usize, state: &State) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let n = state.count as f64;
        match self.kind {
            _ if state.count == 0 => None,
            Kind::Sum => Some(self.exactly(group, state).sum.value()),
            Kind::Mean => Some(self.exactly(group, state).sum.value() / n),
            Kind::Variance { sample, root } => {
                let below = if sample { n - 1.0 } else { n };
                if below <= 0.0 {
                    return None;
                }
                let exactly = self.exactly(group, state);
                let spread = Exact::spread(n, &exactly.sum, &exactly.squares);
                let variance = spread / (n * below);
                Some(if root { variance.sqrt() } else { variance })
            }
        }
    }

    fn array(&self) -> ArrayRef {
        let states = self.states.iter().enumerate();
        if self.whole {
            // a sum that does not fit 64 bits is missing; a rest is far beyond
            let fits = |(group, s): (usize, &State)| {
                let whole = s.count > 0 && !self.rest.contains_key(&group);
                whole.then(|| i64::try_from(s.sum.0).ok()).flatten()
            };
            Arc::new(states.map(fits).collect::<Int64Array>())
        } else {
            Arc::new(
                states
                    .map(|(group, s)| self.float(group, s))
                    .collect::<Float64Array>(),
            )
        }
    }

    /// The first groups, or all, taken out.
    fn taken(&mut self, emit_to: EmitTo) -> Self {
        let states = emit_to.take_needed(&mut self.states);
        let squares = if self.squares.is_empty() {
            Vec::new()
        } else {
            emit_to.take_needed(&mut self.squares)
        };
        let after = self.rest.split_off(&states.len());
        let rest = std::mem::replace(
            &mut self.rest,
            after
                .into_iter()
                .map(|(group, rest)| (group - states.len(), rest))
                .collect(),
        );
        Self {
            kind: self.kind,
            whole: self.whole,
            scale: self.scale,
            states,
            squares,
            rest,
        }
    }

    /// The states as bytes: count, sum, squares, and the rest if there is one.
    fn write(&self) -> LargeBinaryArray {
        let mut out = LargeBinaryBuilder::with_capacity(self.states.len(), self.states.len() * 56);
        let mut bytes = Vec::with_capacity(64);
        for (group, state) in self.states.iter().enumerate() {
            bytes.clear();
            bytes.push(u8::from(self.scale == Scale::Fine));
            bytes.extend_from_slice(&state.count.to_le_bytes());
            bytes.extend_from_slice(&state.sum.0.to_le_bytes());
            let squares = self.squares.get(group).copied().unwrap_or_default();
            bytes.extend_from_slice(&squares.low.to_le_bytes());
            bytes.extend_from_slice(&squares.high.to_le_bytes());
            if let Some(rest) = self.rest.get(&group) {
                rest.sum.write(&mut bytes);
                rest.squares.write(&mut bytes);
            }
            out.append_value(&bytes);
        }
        out.finish()
    }

    fn merge(&mut self, group: usize, bytes: &[u8]) -> Option<()> {
        let (fine, bytes) = bytes.split_first()?;
        let (count, bytes) = bytes.split_first_chunk::<8>()?;
        let (sum, bytes) = bytes.split_first_chunk::<16>()?;
        let (low, bytes) = bytes.split_first_chunk::<16>()?;
        let (high, mut bytes) = bytes.split_first_chunk::<16>()?;
        if (*fine != 0) != (self.scale == Scale::Fine) {
            return None;
        }
        let state = self.states.get_mut(group)?;
        state.count += u64::from_le_bytes(*count);
        let sum = Sum(i128::from_le_bytes(*sum));
        match state.sum.0.checked_add(sum.0) {
            Some(both) => state.sum.0 = both,
            None => sum.pour(self.scale, &mut self.rest.entry(group).or_default().sum),
        }
        if let Some(squares) = self.squares.get_mut(group) {
            let more = Squares {
                low: u128::from_le_bytes(*low),
                high: u128::from_le_bytes(*high),
            };
            if !squares.add(more.low, more.high) {
                more.pour(self.scale, &mut self.rest.entry(group).or_default().squares);
            }
        }
        if !bytes.is_empty() {
            let rest = self.rest.entry(group).or_default();
            rest.sum.merge(&Exact::read(&mut bytes)?);
            rest.squares.merge(&Exact::read(&mut bytes)?);
        }
        Some(())
    }
}

fn wrong() -> DataFusionError {
    DataFusionError::Internal("a moment takes one number".to_owned())
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.resize(total);
        let array = values.first().ok_or_else(wrong)?;
        let rows = picked_rows(array.as_ref(), filter);
        let rows = rows.as_ref();
        match (array.data_type(), self.scale) {
            (DataType::Int32, Scale::One) => {
                let values = array.as_primitive::<Int32Type>().values();
                self.add_column(values, groups, rows, &SHORT);
            }
            (DataType::Int64, Scale::One) => {
                let values = array.as_primitive::<Int64Type>().values();
                self.add_column(values, groups, rows, &WHOLE);
            }
            (DataType::Float64, Scale::Fine) => {
                let values = array.as_primitive::<Float64Type>().values();
                self.add_column(values, groups, rows, &DOUBLE);
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(self.taken(emit_to).array())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(self.taken(emit_to).write())])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.resize(total);
        let wrong = || DataFusionError::Internal("a moment's state is not readable".to_owned());
        let states = values
            .first()
            .and_then(|a| a.as_any().downcast_ref::<LargeBinaryArray>())
            .ok_or_else(wrong)?;
        for (bytes, group) in states.iter().zip(groups) {
            if let Some(bytes) = bytes {
                self.merge(*group, bytes).ok_or_else(wrong)?;
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
            scale: self.scale,
            states: Vec::new(),
            squares: Vec::new(),
            rest: BTreeMap::new(),
        };
        let total = values.first().map_or(0, |a| a.len());
        rows.update_batch(values, &(0..total).collect::<Vec<_>>(), filter, total)?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        let rest: usize = self
            .rest
            .values()
            .map(|r| 128 + r.sum.heap() + r.squares.heap())
            .sum();
        self.states.capacity() * size_of::<State>()
            + self.squares.capacity() * size_of::<Squares>()
            + rest
    }
}

impl Alone for Groups {
    fn value(&mut self) -> Result<ScalarValue> {
        self.resize(1);
        ScalarValue::try_from_array(&self.array(), 0)
    }

    fn partial(&mut self) -> Result<ScalarValue> {
        self.resize(1);
        ScalarValue::try_from_array(&self.write(), 0)
    }
}
