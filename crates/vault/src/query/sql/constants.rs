//! Constants of a question: literals, the numbers and texts that must be constant, and the types that a cast may name.

use datafusion::sql::sqlparser::ast::{
    DataType, ExactNumberInfo, Expr, Interval, UnaryOperator, Value,
};
use governance::Refusal;

use super::build;
use crate::limits;
use crate::query::no;

/// A literal of a kind that has one reading.
pub(super) fn literal(value: &Value) -> Result<Expr, Refusal> {
    match value {
        Value::Number(digits, false) if digits.len() <= limits::NAME => {
            let fits = if digits.bytes().all(|b| b.is_ascii_digit()) {
                digits.parse::<i64>().is_ok()
            } else {
                digits.parse::<f64>().is_ok_and(f64::is_finite)
            };
            if fits {
                Ok(build::value(value.clone()))
            } else {
                Err(no::constant())
            }
        }
        Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => {
            Ok(build::value(value.clone()))
        }
        Value::Placeholder(_) => Err(no::expression("a placeholder")),
        _ => Err(no::expression("this form of constant")),
    }
}

/// `date ± INTERVAL 'n unit'`, by our own function: the engine's fails where its calendar ends.
pub(super) fn moved(date: Expr, by: &Interval, sign: i32) -> Result<Expr, Refusal> {
    let bad = || {
        no::arguments(
            "INTERVAL",
            "one constant number of years, months, weeks or days, at most 200 years",
        )
    };
    let (Expr::Value(v), None, None, None) = (
        by.value.as_ref(),
        by.leading_precision,
        &by.last_field,
        by.fractional_seconds_precision,
    ) else {
        return Err(bad());
    };
    let words = match &v.value {
        Value::SingleQuotedString(text) => text.trim().to_ascii_lowercase(),
        Value::Number(digits, false) => digits.clone(),
        _ => return Err(bad()),
    };
    let mut words = words.split_ascii_whitespace();
    let amount: i32 = words.next().and_then(|n| n.parse().ok()).ok_or_else(bad)?;
    let unit = match (words.next(), &by.leading_field) {
        (Some(unit), None) => unit.to_owned(),
        (None, Some(field)) => field.to_string().to_ascii_lowercase(),
        _ => return Err(bad()),
    };
    if words.next().is_some() {
        return Err(bad());
    }
    let (months, days) = match unit.trim_end_matches('s') {
        "year" => (amount.checked_mul(12), Some(0)),
        "month" => (Some(amount), Some(0)),
        "week" => (Some(0), amount.checked_mul(7)),
        "day" => (Some(0), Some(amount)),
        _ => return Err(bad()),
    };
    let (months, days) = (months.ok_or_else(bad)?, days.ok_or_else(bad)?);
    if months.unsigned_abs() > limits::INTERVAL_MONTHS.unsigned_abs()
        || days.unsigned_abs() > limits::INTERVAL_DAYS.unsigned_abs()
    {
        return Err(bad());
    }
    let constant = |n: i32| build::number(i64::from(n * sign));
    Ok(build::call(
        "__date_add",
        vec![date, constant(months), constant(days)],
    ))
}

/// A constant whole number in a range.
pub(super) fn constant_int(expr: &Expr, place: &str, lo: i64, hi: i64) -> Result<Expr, Refusal> {
    int_of(expr)
        .filter(|n| (lo..=hi).contains(n))
        .map(build::number)
        .ok_or_else(|| {
            no::arguments(
                place,
                &format!("a constant whole number from {lo} to {hi} there"),
            )
        })
}

/// The whole number that an expression spells.
pub(crate) fn int_of(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::Number(digits, false) => digits.parse().ok(),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => int_of(expr)?.checked_neg(),
        Expr::Nested(inner) => int_of(inner),
        _ => None,
    }
}

/// The number that an expression spells.
pub(super) fn double_of(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::Number(digits, false) => digits.parse().ok(),
            _ => None,
        },
        Expr::Nested(inner) => double_of(inner),
        _ => None,
    }
}

/// The text that an expression spells.
pub(super) fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A constant text of bounded length.
pub(super) fn constant_text(expr: &Expr, place: &str, bytes: usize) -> Result<Expr, Refusal> {
    text_of(expr)
        .filter(|text| text.len() <= bytes)
        .map(build::text)
        .ok_or_else(|| {
            no::arguments(
                place,
                &format!("a constant text of at most {bytes} bytes as its pattern"),
            )
        })
}

/// A part of a date by its word.
pub(super) fn date_word(word: &str, known: &[&str]) -> Result<Expr, Refusal> {
    let word = word.to_ascii_lowercase();
    known
        .iter()
        .find(|w| **w == word)
        .map(|w| build::text(w))
        .ok_or_else(|| no::arguments("a part of a date", &known.join(", ")))
}

/// `DOUBLE`.
pub(super) fn double() -> DataType {
    DataType::Double(ExactNumberInfo::None)
}

/// The types that a cast may name, each as the one the data room has.
pub(super) fn cast_type(data_type: &DataType) -> Result<DataType, Refusal> {
    Ok(match data_type {
        DataType::Int(None)
        | DataType::Integer(None)
        | DataType::BigInt(None)
        | DataType::Int8(None) => DataType::BigInt(None),
        DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Float(_)
        | DataType::Real
        | DataType::Float8 => double(),
        DataType::Text | DataType::Varchar(None) | DataType::String(None) => {
            DataType::Varchar(None)
        }
        DataType::Date => DataType::Date,
        DataType::Boolean | DataType::Bool => DataType::Boolean,
        _ => {
            return Err(no::arguments(
                "CAST",
                "one of the types BIGINT, DOUBLE PRECISION, TEXT, DATE, BOOLEAN",
            ));
        }
    })
}

/// Whether a text is a date as `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}
