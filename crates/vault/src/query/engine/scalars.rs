//! Scalar functions that stand in the engine's places where its own would fail on a value or grow without bound.
//! They give null instead (the gate says which operators and functions become which).

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, StringViewArray,
    StringViewBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::dates::{self, Part};
use crate::limits;

/// The functions of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// `/`: whole numbers give whole numbers; by nought gives null.
    Div,
    /// `%`: the remainder; by nought gives null.
    Mod,
    /// `||`: null if one side is null, or if the result is too long.
    Concat,
    /// A part of a date.
    DatePart,
    /// A date cut to a unit.
    DateTrunc,
    /// A date moved by constant months and days.
    DateAdd,
    /// Whole days from the first date to the second.
    DaysBetween,
    /// Whole years from the first date to the second.
    YearsBetween,
    /// Boundaries of a unit between two dates.
    DateDiff,
    /// A date from year, month and day; null if there is none.
    MakeDate,
    /// A function of doubles: null where it has no value.
    Math,
    /// A double rounded to a constant number of decimal places.
    Round,
}

/// The functions of doubles.
const MATH: [&str; 9] = [
    "__abs", "__ceil", "__floor", "__sign", "__sqrt", "__exp", "__ln", "__log10", "__log2",
];

#[derive(Debug, PartialEq, Eq, Hash)]
struct Ours {
    name: &'static str,
    kind: Kind,
    signature: Signature,
}

/// All of them.
pub(crate) fn all() -> Vec<Arc<ScalarUDF>> {
    [
        ("__div", Kind::Div),
        ("__mod", Kind::Mod),
        ("__concat", Kind::Concat),
        ("__date_part", Kind::DatePart),
        ("__date_trunc", Kind::DateTrunc),
        ("__date_add", Kind::DateAdd),
        ("__days_between", Kind::DaysBetween),
        ("__years_between", Kind::YearsBetween),
        ("__date_diff", Kind::DateDiff),
        ("__make_date", Kind::MakeDate),
        ("__power", Kind::Math),
        ("__round", Kind::Round),
    ]
    .into_iter()
    .chain(MATH.map(|name| (name, Kind::Math)))
    .map(|(name, kind)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Ours {
            name,
            kind,
            signature,
        }))
    })
    .collect()
}

fn wrong() -> DataFusionError {
    DataFusionError::Plan("arguments do not fit".to_owned())
}

/// Dates, texts that may spell one, and nothing.
fn date_like(t: &DataType) -> bool {
    matches!(
        t,
        DataType::Date32
            | DataType::Utf8
            | DataType::Utf8View
            | DataType::LargeUtf8
            | DataType::Null
    )
}

impl ScalarUDFImpl for Ours {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let number = |t: &DataType| t.is_integer() || t.is_floating() || t.is_null();
        let whole = |t: &DataType| t.is_integer() || t.is_null();
        match (self.kind, types) {
            (Kind::Div | Kind::Mod, [a, b]) if number(a) && number(b) => {
                let float = a.is_floating() || b.is_floating();
                Ok(vec![
                    if float {
                        DataType::Float64
                    } else {
                        DataType::Int64
                    };
                    2
                ])
            }
            (Kind::Concat, some) if !some.is_empty() => Ok(vec![DataType::Utf8View; some.len()]),
            (Kind::DatePart | Kind::DateTrunc, [_, date]) if date_like(date) => {
                Ok(vec![DataType::Utf8View, DataType::Date32])
            }
            (Kind::DateAdd, [date, _, _]) if date_like(date) => {
                Ok(vec![DataType::Date32, DataType::Int64, DataType::Int64])
            }
            (Kind::DaysBetween | Kind::YearsBetween, [a, b]) if date_like(a) && date_like(b) => {
                Ok(vec![DataType::Date32; 2])
            }
            (Kind::DateDiff, [_, a, b]) if date_like(a) && date_like(b) => {
                Ok(vec![DataType::Utf8View, DataType::Date32, DataType::Date32])
            }
            (Kind::MakeDate, [y, m, d]) if [y, m, d].into_iter().all(whole) => {
                Ok(vec![DataType::Int64; 3])
            }
            (Kind::Math, some) if some.iter().all(number) => {
                Ok(vec![DataType::Float64; some.len()])
            }
            (Kind::Round, [x]) if number(x) => Ok(vec![DataType::Float64]),
            (Kind::Round, [x, _]) if number(x) => Ok(vec![DataType::Float64, DataType::Int64]),
            _ => Err(wrong()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Div | Kind::Mod => types.first().cloned().ok_or_else(wrong)?,
            Kind::Concat => DataType::Utf8View,
            Kind::DatePart | Kind::DaysBetween | Kind::YearsBetween | Kind::DateDiff => {
                DataType::Int64
            }
            Kind::Math | Kind::Round => DataType::Float64,
            Kind::DateTrunc | Kind::DateAdd | Kind::MakeDate => DataType::Date32,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let out: ArrayRef = match (self.kind, arrays.as_slice()) {
            (Kind::Div | Kind::Mod, [a, b]) => quotient(self.kind == Kind::Mod, a, b)?,
            (Kind::Concat, parts) => concat(parts)?,
            (Kind::DatePart, [_, date]) => {
                let date = day(date)?;
                match part(&args.args)? {
                    Part::Year => Arc::new(date.unary::<_, Int64Type>(dates::year)),
                    part => Arc::new(date.unary::<_, Int64Type>(|d| part.at(d))),
                }
            }
            (Kind::DateTrunc, [_, date]) => {
                let unit = part(&args.args)?;
                Arc::new(day(date)?.unary_opt::<_, Date32Type>(|d| unit.start(d)))
            }
            (Kind::DateDiff, [_, from, to]) => {
                let unit = part(&args.args)?;
                let spans = day(from)?
                    .iter()
                    .zip(day(to)?)
                    .map(|(a, b)| unit.boundaries(a?, b?));
                Arc::new(spans.collect::<Int64Array>())
            }
            (Kind::YearsBetween, [from, to]) => {
                let years = day(from)?
                    .iter()
                    .zip(day(to)?)
                    .map(|(a, b)| Some(dates::whole_years(a?, b?)));
                Arc::new(years.collect::<Int64Array>())
            }
            (Kind::MakeDate, [y, m, d]) => {
                let days = ints(y)?.iter().zip(ints(m)?.iter().zip(ints(d)?));
                let days = days.map(|(y, (m, d))| dates::from_parts(y?, m?, d?));
                Arc::new(days.collect::<Date32Array>())
            }
            (Kind::DateAdd, [date, months, days]) => {
                let (date, months, days) = (day(date)?, ints(months)?, ints(days)?);
                let moved = date
                    .iter()
                    .zip(months.iter().zip(days))
                    .map(|(d, (m, n))| dates::moved(d?, m?, n?));
                Arc::new(moved.collect::<Date32Array>())
            }
            (Kind::DaysBetween, [from, to]) => {
                let days = day(from)?
                    .iter()
                    .zip(day(to)?)
                    .map(|(a, b)| Some(i64::from(b?) - i64::from(a?)));
                Arc::new(days.collect::<Int64Array>())
            }
            (Kind::Math, [x]) => {
                let values = doubles(x)?.iter().map(|x| real(math(self.name, x?)));
                Arc::new(values.collect::<Float64Array>())
            }
            (Kind::Math, [x, y]) => {
                let values = doubles(x)?
                    .iter()
                    .zip(doubles(y)?)
                    .map(|(x, y)| real(x?.powf(y?)));
                Arc::new(values.collect::<Float64Array>())
            }
            (Kind::Round, [x]) => {
                let values = doubles(x)?.iter().map(|x| Some(x?.round()));
                Arc::new(values.collect::<Float64Array>())
            }
            (Kind::Round, [x, places]) => {
                let values = doubles(x)?.iter().zip(ints(places)?).map(|(x, places)| {
                    let scale = 10_f64.powi(i32::try_from(places?).ok()?);
                    real((x? * scale).round() / scale)
                });
                Arc::new(values.collect::<Float64Array>())
            }
            _ => return Err(wrong()),
        };
        Ok(ColumnarValue::Array(out))
    }
}

/// The part of a date that the first argument names: a constant, as the gate sees to.
fn part(args: &[ColumnarValue]) -> Result<Part> {
    let word = match args.first() {
        Some(ColumnarValue::Scalar(word)) => word.try_as_str().flatten(),
        _ => None,
    };
    word.and_then(Part::of).ok_or_else(wrong)
}

fn day(array: &ArrayRef) -> Result<&Date32Array> {
    array.as_primitive_opt::<Date32Type>().ok_or_else(wrong)
}

fn doubles(array: &ArrayRef) -> Result<&Float64Array> {
    array.as_primitive_opt::<Float64Type>().ok_or_else(wrong)
}

/// A function of one double by its name.
fn math(name: &str, x: f64) -> f64 {
    match name {
        "__abs" => x.abs(),
        "__ceil" => x.ceil(),
        "__floor" => x.floor(),
        "__sign" if x == 0.0 => 0.0,
        "__sign" => x.signum(),
        "__sqrt" => x.sqrt(),
        "__exp" => x.exp(),
        "__ln" => x.ln(),
        "__log10" => x.log10(),
        "__log2" => x.log2(),
        _ => f64::NAN,
    }
}

/// A value that is one: neither infinite nor undefined.
fn real(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn ints(array: &ArrayRef) -> Result<&Int64Array> {
    array.as_primitive_opt::<Int64Type>().ok_or_else(wrong)
}

fn texts(array: &ArrayRef) -> Result<StringViewArray> {
    let views = cast(array, &DataType::Utf8View)?;
    views.as_string_view_opt().cloned().ok_or_else(wrong)
}

fn at(texts: &StringViewArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

fn quotient(remainder: bool, a: &ArrayRef, b: &ArrayRef) -> Result<ArrayRef> {
    if let (Some(a), Some(b)) = (
        a.as_primitive_opt::<Int64Type>(),
        b.as_primitive_opt::<Int64Type>(),
    ) {
        // by nought, and the one quotient that does not fit 64 bits, are null
        let values = a.iter().zip(b).map(|(a, b)| {
            if remainder {
                a?.checked_rem(b?)
            } else {
                a?.checked_div(b?)
            }
        });
        return Ok(Arc::new(values.collect::<Int64Array>()));
    }
    let (a, b) = (doubles(a)?, doubles(b)?);
    let values = a.iter().zip(b).map(|(a, b)| {
        let (a, b) = (a?, b?);
        (b != 0.0).then(|| if remainder { a % b } else { a / b })
    });
    Ok(Arc::new(values.collect::<Float64Array>()))
}

fn concat(parts: &[ArrayRef]) -> Result<ArrayRef> {
    let parts = parts.iter().map(texts).collect::<Result<Vec<_>>>()?;
    let rows = parts.first().map_or(0, Array::len);
    let mut out = StringViewBuilder::with_capacity(rows);
    let mut text = String::new();
    for row in 0..rows {
        text.clear();
        let whole = parts.iter().all(|part| match at(part, row) {
            Some(more) if text.len() + more.len() <= limits::TEXT_BYTES => {
                text.push_str(more);
                true
            }
            _ => false,
        });
        out.append_option(whole.then_some(text.as_str()));
    }
    Ok(Arc::new(out.finish()))
}
