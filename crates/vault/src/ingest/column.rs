//! One column while it is typed: cells in, an Arrow array out.
//!
//! All work of a cell happens here and allocates nothing: parse, check against the coding, transform by the recipe's
//! rule, append. A row that is refused in its middle is taken back with [`Column::truncate`].

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBufferBuilder, Date32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use privacy::deid;

use super::cell;
use super::dimension::{self, List};
use super::problem::Reason;
use super::recipe::ColumnKind;
use crate::catalogue::Coding;
use crate::limits;

/// Which codes a column accepts.
#[derive(Debug, Clone)]
pub enum Codes {
    /// Any value.
    Any,
    /// These whole numbers, ascending.
    Integers(Vec<i64>),
    /// Any number that is not negative, and these (special codes of a measured field), ascending.
    Specials(Vec<f64>),
    /// The codes of a coding, letter for letter.
    Texts(Arc<Coding>),
}

/// A recipe's rule, ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub enum Transform {
    /// Nothing changes.
    None,
    /// Numbers down to a multiple.
    Step(u32),
    /// Numbers rounded.
    Decimals(u8),
    /// Text cut to this many characters.
    Chars(u32),
    /// First day of the month.
    Month,
    /// First day of the year.
    Year,
    /// Moved back by the person's shift of 1 to this many days.
    Shift(u32),
    /// Label of the band.
    Band(deid::Band, Vec<String>),
}

/// What a column does with its cells.
#[derive(Debug, Clone)]
pub struct Typing {
    /// What is read.
    pub kind: ColumnKind,
    /// Which values are accepted.
    pub codes: Codes,
    /// Whether a row with an unknown code is refused; otherwise the code is kept and counted.
    pub strict: bool,
    /// What happens to them.
    pub transform: Transform,
    /// Days that mean "no value".
    pub special_days: Vec<i32>,
}

/// Cells of one column, typed. Text is kept as numbers into a list of its values as long as the list has room.
#[derive(Debug)]
pub struct Column {
    values: Values,
    valid: BooleanBufferBuilder,
    list: Option<List>,
}

#[derive(Debug)]
enum Values {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float64(Vec<f64>),
    Date(Vec<i32>),
    Numbered(Vec<i32>),
    Text { ends: Vec<i32>, data: Vec<u8> },
}

/// What became of a cell that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// A value.
    Value,
    /// No value.
    Missing,
    /// A date that means something other than a day; stored as missing.
    SpecialDate,
    /// A code that the coding does not have, kept.
    UnknownCode,
}

impl Typing {
    /// What comes out.
    #[must_use]
    pub const fn stored(&self) -> ColumnKind {
        match self.transform {
            Transform::Band(..) => ColumnKind::Text,
            _ => self.kind,
        }
    }

    #[inline]
    fn checked(&self, known: bool) -> Result<Pushed, Reason> {
        match (known, self.strict) {
            (true, _) => Ok(Pushed::Value),
            (false, false) => Ok(Pushed::UnknownCode),
            (false, true) => Err(Reason::UnknownCode),
        }
    }

    /// What a cell should have been, for messages.
    #[must_use]
    pub const fn expected(&self, reason: Reason) -> &'static str {
        match (reason, self.kind) {
            (Reason::UnknownCode, _) => "a code of the column's coding",
            (Reason::TooLong, _) => "a text of at most 4096 bytes",
            (_, ColumnKind::Int32) => "a whole number of 32 bits",
            (_, ColumnKind::Int64) => "a whole number",
            (_, ColumnKind::Float64) => "a number",
            (_, ColumnKind::Date) => "a date (YYYY-MM-DD or DD/MM/YYYY, 1880 to 2099)",
            (_, ColumnKind::Text) => "text",
        }
    }
}

/// The Arrow type of a kind.
#[must_use]
pub const fn arrow_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Int32 => DataType::Int32,
        ColumnKind::Int64 => DataType::Int64,
        ColumnKind::Float64 => DataType::Float64,
        ColumnKind::Date => DataType::Date32,
        ColumnKind::Text => DataType::Utf8,
    }
}

impl Column {
    /// An empty column with room for `rows`.
    #[must_use]
    pub fn new(kind: ColumnKind, rows: usize) -> Self {
        let values = match kind {
            ColumnKind::Int32 => Values::Int32(Vec::with_capacity(rows)),
            ColumnKind::Int64 => Values::Int64(Vec::with_capacity(rows)),
            ColumnKind::Float64 => Values::Float64(Vec::with_capacity(rows)),
            ColumnKind::Date => Values::Date(Vec::with_capacity(rows)),
            ColumnKind::Text => Values::Numbered(Vec::with_capacity(rows)),
        };
        Self {
            values,
            valid: BooleanBufferBuilder::new(rows),
            list: dimension::may_repeat(kind).then(List::default),
        }
    }

    /// The different values of a text column, of which it may since have had too many.
    #[must_use]
    pub fn into_list(self) -> Option<List> {
        self.list
    }

    /// Bytes of text held.
    #[must_use]
    pub const fn text_bytes(&self) -> usize {
        match &self.values {
            Values::Text { data, .. } => data.len(),
            _ => 0,
        }
    }

    /// The last value, if it is a whole number or a day.
    #[must_use]
    pub fn last_integer(&self) -> Option<i64> {
        if self.valid.is_empty() || !self.valid.get_bit(self.valid.len() - 1) {
            return None;
        }
        match &self.values {
            Values::Int32(values) | Values::Date(values) => values.last().copied().map(i64::from),
            Values::Int64(values) => values.last().copied(),
            Values::Float64(_) | Values::Numbered(_) | Values::Text { .. } => None,
        }
    }

    /// Types one cell (trimmed, valid UTF-8) and appends it. `missing` says that it means "no value"; `shift` gives
    /// the person's shift for a largest number of days.
    ///
    /// # Errors
    /// The reason why the row is to be refused.
    #[inline]
    pub fn push(
        &mut self,
        typing: &Typing,
        cell: &[u8],
        missing: bool,
        shift: impl FnOnce(u32) -> i32,
    ) -> Result<Pushed, Reason> {
        if missing {
            self.push_missing();
            return Ok(Pushed::Missing);
        }
        match typing.kind {
            ColumnKind::Int32 | ColumnKind::Int64 => {
                let value = cell::parse_integer(cell).ok_or(Reason::BadNumber)?;
                let pushed = typing.checked(typing.codes.holds_integer(value))?;
                self.push_integer(typing, value)?;
                return Ok(pushed);
            }
            ColumnKind::Float64 => {
                let value = cell::parse_float(cell).ok_or(Reason::BadNumber)?;
                let pushed = typing.checked(typing.codes.holds_float(value))?;
                self.push_float(typing, value);
                return Ok(pushed);
            }
            ColumnKind::Date => {
                let day = cell::parse_date(cell).ok_or(Reason::BadDate)?;
                if typing.special_days.contains(&day) {
                    self.push_missing();
                    return Ok(Pushed::SpecialDate);
                }
                let day = match &typing.transform {
                    Transform::Month => deid::truncate_month(day),
                    Transform::Year => deid::truncate_year(day),
                    Transform::Shift(max) => deid::shift_date(day, shift(*max)),
                    _ => day,
                };
                if let Values::Date(values) = &mut self.values {
                    values.push(day);
                    self.valid.append(true);
                }
            }
            ColumnKind::Text => {
                if cell.len() > limits::MAX_TEXT_BYTES {
                    return Err(Reason::TooLong);
                }
                let pushed = typing.checked(typing.codes.holds_text(cell))?;
                match typing.transform {
                    Transform::Chars(chars) if cell.len() > chars as usize => {
                        let text = std::str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?;
                        self.push_text(deid::truncate_text(text, chars).as_bytes());
                    }
                    _ => self.push_text(cell),
                }
                return Ok(pushed);
            }
        }
        Ok(Pushed::Value)
    }

    fn push_missing(&mut self) {
        match &mut self.values {
            Values::Int32(values) | Values::Date(values) | Values::Numbered(values) => {
                values.push(0);
            }
            Values::Int64(values) => values.push(0),
            Values::Float64(values) => values.push(0.0),
            Values::Text { ends, data } => ends.push(data.len() as i32),
        }
        self.valid.append(false);
    }

    fn push_integer(&mut self, typing: &Typing, value: i64) -> Result<(), Reason> {
        let value = match &typing.transform {
            Transform::Step(step) => deid::step_integer(value, *step),
            Transform::Band(band, labels) => {
                self.push_band(band, labels, value as f64);
                return Ok(());
            }
            _ => value,
        };
        match &mut self.values {
            Values::Int32(values) => {
                values.push(i32::try_from(value).map_err(|_| Reason::BadNumber)?);
            }
            Values::Int64(values) => values.push(value),
            _ => return Err(Reason::BadNumber),
        }
        self.valid.append(true);
        Ok(())
    }

    fn push_float(&mut self, typing: &Typing, value: f64) {
        let value = match &typing.transform {
            Transform::Step(step) => deid::step_float(value, *step),
            Transform::Decimals(decimals) => deid::round_decimals(value, *decimals),
            Transform::Band(band, labels) => return self.push_band(band, labels, value),
            _ => value,
        };
        if let Values::Float64(values) = &mut self.values {
            values.push(value);
            self.valid.append(true);
        }
    }

    fn push_band(&mut self, band: &deid::Band, labels: &[String], value: f64) {
        let label = labels.get(band.place(value)).map_or("", String::as_str);
        self.push_text(label.as_bytes());
    }

    fn push_text(&mut self, text: &[u8]) {
        if let (Values::Numbered(numbers), Some(list)) = (&mut self.values, &mut self.list) {
            if let Some(number) = list.number(text) {
                numbers.push(number);
                self.valid.append(true);
                return;
            }
            self.values = spell_out(numbers, &self.valid, list);
        }
        if let Values::Text { ends, data } = &mut self.values {
            data.extend_from_slice(text);
            ends.push(data.len() as i32);
            self.valid.append(true);
        }
    }

    /// Takes back what was appended beyond `rows`.
    pub fn truncate(&mut self, rows: usize) {
        match &mut self.values {
            Values::Int32(values) | Values::Date(values) => values.truncate(rows),
            Values::Numbered(numbers) => {
                let refused = numbers.iter().enumerate().skip(rows);
                for (row, number) in refused {
                    if let (true, Some(list)) = (self.valid.get_bit(row), &mut self.list) {
                        list.take_back(*number);
                    }
                }
                numbers.truncate(rows);
            }
            Values::Int64(values) => values.truncate(rows),
            Values::Float64(values) => values.truncate(rows),
            Values::Text { ends, data } => {
                ends.truncate(rows + 1);
                data.truncate(ends.last().map_or(0, |end| *end as usize));
            }
        }
        if self.valid.len() > rows {
            self.valid.truncate(rows);
        }
    }

    /// The array, and an empty column again with the same room.
    ///
    /// # Errors
    /// If text is not valid UTF-8, which the row check before makes impossible.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let rows = self.valid.len();
        let valid = NullBuffer::new(self.valid.finish());
        let nulls = (valid.null_count() > 0).then_some(valid);
        let array: ArrayRef = match &mut self.values {
            Values::Int32(values) | Values::Numbered(values) => {
                Arc::new(Int32Array::try_new(refill(values, rows), nulls)?)
            }
            Values::Date(values) => Arc::new(Date32Array::try_new(refill(values, rows), nulls)?),
            Values::Int64(values) => Arc::new(Int64Array::try_new(refill(values, rows), nulls)?),
            Values::Float64(values) => {
                Arc::new(Float64Array::try_new(refill(values, rows), nulls)?)
            }
            Values::Text { ends, data } => {
                let ends = OffsetBuffer::new(refill_from(ends, rows, 0));
                let room = data.len();
                let data = std::mem::replace(data, Vec::with_capacity(room));
                Arc::new(StringArray::try_new(ends, data.into(), nulls)?)
            }
        };
        Ok(array)
    }
}

/// Numbered text as text, once there are too many different values.
fn spell_out(numbers: &[i32], valid: &BooleanBufferBuilder, list: &List) -> Values {
    let mut ends = Vec::with_capacity(numbers.len() + 1);
    let mut data = Vec::new();
    ends.push(0);
    for (row, number) in numbers.iter().enumerate() {
        if valid.get_bit(row) {
            data.extend_from_slice(list.value(*number));
        }
        ends.push(data.len() as i32);
    }
    Values::Text { ends, data }
}

fn refill<T: arrow::datatypes::ArrowNativeType>(
    values: &mut Vec<T>,
    rows: usize,
) -> ScalarBuffer<T> {
    std::mem::replace(values, Vec::with_capacity(rows)).into()
}

fn refill_from(ends: &mut Vec<i32>, rows: usize, first: i32) -> ScalarBuffer<i32> {
    let mut fresh = Vec::with_capacity(rows + 1);
    fresh.push(first);
    std::mem::replace(ends, fresh).into()
}

impl Codes {
    #[inline]
    fn holds_integer(&self, value: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Integers(codes) => codes.binary_search(&value).is_ok(),
            Self::Specials(_) => self.holds_float(value as f64),
            Self::Texts(coding) => coding.holds(&value.to_string()),
        }
    }

    #[inline]
    fn holds_float(&self, value: f64) -> bool {
        match self {
            Self::Specials(codes) => value >= 0.0 || holds(codes, value),
            _ => true,
        }
    }

    #[inline]
    fn holds_text(&self, cell: &[u8]) -> bool {
        match self {
            Self::Texts(coding) => std::str::from_utf8(cell).is_ok_and(|text| coding.holds(text)),
            _ => true,
        }
    }
}

fn holds(codes: &[f64], value: f64) -> bool {
    codes
        .binary_search_by(|code| code.total_cmp(&value))
        .is_ok()
}
