//! `__people(index)`: the set of distinct people behind a number, as a bitmap. With a second argument, `__people(index, x)`, of
//! the people of whom a row has an `x`.
//!
//! Only the gate writes it. It replaces `count(DISTINCT …)`: a bitmap over the dense index takes a sixteenth of the
//! memory of a hash set, its size is the count, and the sets themselves are what later rules compare.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, LargeBinaryArray, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use roaring::RoaringBitmap;

use super::alone::{Alone, One};
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

/// People who are kept in a list before they go into the bitmap. A bitmap looks for the place of each; a list in order is
/// appended at once.
const PENDING: usize = 256;

/// The set of one group. Rows come in the order of people, mostly: those who do are listed first.
#[derive(Debug, Clone, Default)]
struct Set {
    people: RoaringBitmap,
    /// In increasing order, perhaps also in `people`.
    pending: Vec<u32>,
    /// The greatest that was listed.
    top: Option<u32>,
}

impl Set {
    /// Adds a person; `false` if they are known to be there.
    #[inline]
    fn add(&mut self, person: u32) -> bool {
        match self.top {
            Some(top) if person == top => false,
            Some(top) if person < top => self.people.insert(person),
            _ => {
                self.top = Some(person);
                self.pending.push(person);
                if self.pending.len() >= PENDING {
                    self.flush();
                }
                true
            }
        }
    }

    /// Puts the listed into the bitmap.
    fn flush(&mut self) {
        let pending = self.pending.iter().copied();
        let after = self.pending.first() > self.people.max().as_ref();
        let done = after && self.people.append(pending).is_ok();
        if !done {
            self.people.extend(self.pending.iter().copied());
        }
        self.pending.clear();
    }

    /// The whole set.
    fn done(mut self) -> RoaringBitmap {
        self.flush();
        self.people
    }
}

/// The sets of many groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    sets: Vec<Set>,
    /// People added, some more than once.
    added: usize,
}

/// The rows that a condition picks: those for which it is true, not those for which it is unknown.
fn picked(filter: &BooleanArray) -> BooleanBuffer {
    match filter.nulls() {
        Some(nulls) => filter.values() & nulls.inner(),
        None => filter.values().clone(),
    }
}

/// The rows of which a column has a value and that a condition picks; `None` for all.
pub(crate) fn picked_rows(
    column: &dyn Array,
    filter: Option<&BooleanArray>,
) -> Option<BooleanBuffer> {
    let nulls = column.logical_nulls().filter(|n| n.null_count() > 0);
    match (nulls, filter.map(picked)) {
        (None, None) => None,
        (Some(nulls), None) => Some(nulls.into_inner()),
        (None, Some(filter)) => Some(filter),
        (Some(nulls), Some(filter)) => Some(nulls.inner() & &filter),
    }
}

impl Groups {
    /// How many people are in the sets that are given out.
    pub(crate) fn sizes(&mut self, emit_to: EmitTo) -> Vec<i64> {
        let sets = emit_to.take_needed(&mut self.sets);
        let size = |s: Set| i64::try_from(s.done().len()).unwrap_or(i64::MAX);
        sets.into_iter().map(size).collect()
    }
}

/// Bytes of a set as it is passed on; [`read`] is its inverse.
pub(crate) fn write(set: &RoaringBitmap) -> Vec<u8> {
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
        let rows = picked_rows(people, filter);
        let rows = match values.get(1).map(|x| picked_rows(x.as_ref(), None)) {
            Some(Some(with_value)) => {
                Some(rows.map_or_else(|| with_value.clone(), |r| &r & &with_value))
            }
            _ => rows,
        };
        let mut add = |row: usize| {
            if let (Some(person), Some(group)) = (people.values().get(row), groups.get(row))
                && let Some(set) = self.sets.get_mut(*group)
            {
                self.added += usize::from(set.add(*person));
            }
        };
        match rows {
            None => (0..people.len()).for_each(&mut add),
            Some(rows) => rows.set_indices().for_each(&mut add),
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sets = emit_to.take_needed(&mut self.sets);
        Ok(Arc::new(LargeBinaryArray::from_iter_values(
            sets.into_iter().map(|s| write(&s.done())),
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
                let more = read(bytes)?;
                self.added += usize::try_from(more.len()).unwrap_or(0);
                set.people |= more;
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
        // two bytes a person, a container of some tens of bytes a group, and the lists
        let listed = self.added.min(self.sets.len() * PENDING);
        self.sets.capacity() * (size_of::<Set>() + 64) + self.added * 2 + listed * size_of::<u32>()
    }
}

impl Alone for Groups {
    fn value(&mut self) -> Result<ScalarValue> {
        let bytes = self.sets.first().map_or_else(
            || write(&RoaringBitmap::new()),
            |s| write(&s.clone().done()),
        );
        Ok(ScalarValue::LargeBinary(Some(bytes)))
    }

    fn partial(&mut self) -> Result<ScalarValue> {
        self.value()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same set in whatever order people come.
        #[test]
        fn any_order(people in prop::collection::vec(0_u32..2_000, 0..2_000), sorted: bool) {
            let mut people = people;
            if sorted {
                people.sort_unstable();
            }
            let mut set = Set::default();
            for person in &people {
                set.add(*person);
            }
            prop_assert_eq!(set.done(), people.into_iter().collect::<RoaringBitmap>());
        }
    }
}
