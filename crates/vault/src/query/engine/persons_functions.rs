//! The two functions that [`super::persons`] writes into a plan: `__pseudonym(index)`, the project's name of a person, and
//! `__persons(index)`, how many distinct people there are.
//!
//! Must never: be registered under a name that a question can call (names with two underscores cannot be written).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewBuilder, UInt32Array};
use arrow::datatypes::{DataType, Field, FieldRef, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator,
    ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use privacy::pseudonym::{ProjectKey, TEXT_LENGTH};

use super::alone::{Alone, One};
use super::people;

/// Name of the function that gives the pseudonym of an index.
pub(crate) const PSEUDONYM: &str = "__pseudonym";
/// Name of the function that counts distinct people.
pub(crate) const PERSONS: &str = "__persons";

/// `__pseudonym`, with the key of the question's project.
pub(crate) fn pseudonym(key: Arc<ProjectKey>) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(Pseudonym {
        key,
        signature: Signature::exact(vec![DataType::UInt32], Volatility::Immutable),
    }))
}

#[derive(Debug)]
struct Pseudonym {
    key: Arc<ProjectKey>,
    signature: Signature,
}

// one question has one key
impl PartialEq for Pseudonym {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.key, &other.key)
    }
}

impl Eq for Pseudonym {}

impl Hash for Pseudonym {
    fn hash<H: Hasher>(&self, state: &mut H) {
        PSEUDONYM.hash(state);
    }
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &'static str {
        PSEUDONYM
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|f| f.is_nullable());
        Ok(Arc::new(Field::new(
            PSEUDONYM,
            DataType::Utf8View,
            nullable,
        )))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let people = arrays
            .first()
            .and_then(|a| a.as_primitive_opt::<UInt32Type>())
            .ok_or_else(not_people)?;
        named(people, &self.key).map(ColumnarValue::Array)
    }
}

fn not_people() -> DataFusionError {
    DataFusionError::Internal("people are told by their index".to_owned())
}

/// The pseudonym of each row; of a run of rows of one person, made once.
fn named(people: &UInt32Array, key: &ProjectKey) -> Result<ArrayRef> {
    let mut texts: Vec<u8> = Vec::new();
    let mut starts = Vec::with_capacity(people.len());
    let mut last = None;
    let mut start = 0_usize;
    for person in people {
        if let Some(index) = person
            && last != person
        {
            start = texts.len();
            texts.extend_from_slice(key.pseudonym(index).as_bytes());
            last = person;
        }
        starts.push(person.map(|_| start));
    }
    let mut out = StringViewBuilder::with_capacity(people.len());
    let block = out.append_block(texts.into());
    let length = u32::try_from(TEXT_LENGTH).unwrap_or(0);
    for start in starts {
        match start.map(u32::try_from) {
            Some(start) => {
                let start = start.map_err(|_| not_people())?;
                out.try_append_view(block, start, length)?;
            }
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// `__persons`.
pub(crate) fn persons() -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::UInt32], Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Persons { signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Persons {
    signature: Signature,
}

impl AggregateUDFImpl for Persons {
    fn name(&self) -> &'static str {
        PERSONS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "people"),
            DataType::LargeBinary,
            true,
        ))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One(Size::default())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Size::default()))
    }
}

/// Sets of people, of which only the sizes come out.
#[derive(Debug, Default)]
struct Size(people::Groups);

impl GroupsAccumulator for Size {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.0.update_batch(values, groups, filter, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from_iter_values(
            self.0.sizes(emit_to),
        )))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.0.state(emit_to)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.0.merge_batch(values, groups, total)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.0.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

impl Alone for Size {
    fn value(&mut self) -> Result<ScalarValue> {
        let size = self.0.sizes(EmitTo::All).first().copied();
        Ok(ScalarValue::Int64(Some(size.unwrap_or(0))))
    }

    fn partial(&mut self) -> Result<ScalarValue> {
        let state = self.state(EmitTo::All)?;
        match state.first().filter(|a| !a.is_empty()) {
            Some(set) => ScalarValue::try_from_array(set, 0),
            None => Ok(ScalarValue::LargeBinary(None)),
        }
    }
}
