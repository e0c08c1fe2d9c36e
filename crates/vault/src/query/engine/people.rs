//! `__people(index)`: the set of distinct people behind a number, as a bitmap. With a second argument, `__people(index, x)`, of
//! the people of whom a row has an `x`.
//!
//! Only the gate writes it. It replaces `count(DISTINCT …)`: a bitmap over the dense index takes a sixteenth of the
//! memory of a hash set, its size is the count, and the sets themselves are what later rules compare.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, LargeBinaryArray, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use roaring::RoaringBitmap;

use crate::query::aggregate::PEOPLE;

/// The function.
pub(crate) fn people() -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(People { signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct People {
    signature: Signature,
}

impl AggregateUDFImpl for People {
    fn name(&self) -> &'static str {
        PEOPLE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::UInt32] | [DataType::UInt32, _] => Ok(types.to_vec()),
            _ => Err(DataFusionError::Plan("expected a person".to_owned())),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::LargeBinary)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "people"),
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

/// The set of one group, and who was added last (rows of a person stand together).
#[derive(Debug, Clone, Default)]
struct Set {
    people: RoaringBitmap,
    last: Option<u32>,
}

impl Set {
    /// Adds a person; `true` if they are new. Rows come in the order of people, mostly, so that the place of a new one is the
    /// end; where they do not, the place is looked for.
    fn add(&mut self, person: u32) -> bool {
        if self.last == Some(person) {
            return false;
        }
        self.last = Some(person);
        self.people.try_push(person).is_ok() || self.people.insert(person)
    }
}

/// The sets of many groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    sets: Vec<Set>,
    added: usize,
}

/// The rows that a condition picks: those for which it is true, not those for which it is unknown.
fn picked(filter: &BooleanArray) -> BooleanBuffer {
    match filter.nulls() {
        Some(nulls) => filter.values() & nulls.inner(),
        None => filter.values().clone(),
    }
}

impl Groups {
    /// How many people are in the sets that are given out.
    pub(crate) fn sizes(&mut self, emit_to: EmitTo) -> Vec<i64> {
        let sets = emit_to.take_needed(&mut self.sets);
        let size = |s: &Set| i64::try_from(s.people.len()).unwrap_or(i64::MAX);
        sets.iter().map(size).collect()
    }
}

/// Bytes of a set as it is passed on; [`read`] is its inverse.
fn write(set: &RoaringBitmap) -> Vec<u8> {
    let mut out = Vec::with_capacity(set.serialized_size());
    // writing into memory does not fail; a truncated set would not be readable
    if set.serialize_into(&mut out).is_err() {
        out.clear();
    }
    out
}

/// The set in these bytes.
pub(crate) fn read(bytes: &[u8]) -> Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|_| DataFusionError::Internal("a set of people is not readable".to_owned()))
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sets.resize(total, Set::default());
        let people: &UInt32Array = values
            .first()
            .and_then(|a| a.as_primitive_opt::<UInt32Type>())
            .ok_or_else(|| {
                DataFusionError::Internal("people are told by their index".to_owned())
            })?;
        let with_value = values.get(1).and_then(|x| x.logical_nulls());
        let nulls = NullBuffer::union(people.logical_nulls().as_ref(), with_value.as_ref());
        let mut add = |row: usize| {
            if let (Some(person), Some(group)) = (people.values().get(row), groups.get(row))
                && let Some(set) = self.sets.get_mut(*group)
            {
                self.added += usize::from(set.add(*person));
            }
        };
        match (nulls, filter) {
            (None, None) => (0..people.len()).for_each(&mut add),
            (Some(nulls), None) => nulls.valid_indices().for_each(&mut add),
            (nulls, Some(filter)) => {
                let present = |row: &usize| nulls.as_ref().is_none_or(|n| n.is_valid(*row));
                picked(filter)
                    .set_indices()
                    .filter(present)
                    .for_each(&mut add);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sets = emit_to.take_needed(&mut self.sets);
        Ok(Arc::new(LargeBinaryArray::from_iter_values(
            sets.iter().map(|s| write(&s.people)),
        )))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.sets.resize(total, Set::default());
        let states = values
            .first()
            .and_then(|a| a.as_any().downcast_ref::<LargeBinaryArray>())
            .ok_or_else(|| {
                DataFusionError::Internal("a set of people is not readable".to_owned())
            })?;
        for (bytes, group) in states.iter().zip(groups) {
            if let (Some(bytes), Some(set)) = (bytes, self.sets.get_mut(*group)) {
                let before = set.people.len();
                set.people |= read(bytes)?;
                self.added += usize::try_from(set.people.len() - before).unwrap_or(0);
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
        // two bytes a person, and a container of some tens of bytes a group
        self.sets.capacity() * (size_of::<Set>() + 64) + self.added * 2
    }
}

/// The set of a question without groups.
#[derive(Debug)]
struct One(Groups);

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |a| a.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let bytes = self
            .0
            .sets
            .first()
            .map_or_else(|| write(&RoaringBitmap::new()), |s| write(&s.people));
        Ok(ScalarValue::LargeBinary(Some(bytes)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |a| a.len());
        self.0.merge_batch(states, &vec![0; rows], 1)
    }
}
