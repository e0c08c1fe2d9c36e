//! Our aggregates in a question without groups: one group of as many as there may be.

use std::fmt::Debug;

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, GroupsAccumulator};

/// An aggregate over groups, of which there may be only one.
pub(crate) trait Alone: GroupsAccumulator + Debug + Sync {
    /// The value of that group, or of nothing.
    fn value(&mut self) -> Result<ScalarValue>;

    /// Its state, to be merged with others.
    fn partial(&mut self) -> Result<ScalarValue>;
}

/// Such an aggregate as the engine wants it without groups.
#[derive(Debug)]
pub(crate) struct One<G>(pub(crate) G);

impl<G: Alone> Accumulator for One<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |a| a.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.value()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.0.partial()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |a| a.len());
        self.0.merge_batch(states, &vec![0; rows], 1)
    }
}
