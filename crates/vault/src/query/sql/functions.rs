//! The reviewed functions. What is not listed here does not exist in a question.
//!
//! A function is on the list if it cannot fail on a value (an error is one bit about someone: whether the value
//! that causes it exists), cannot grow its input without bound, gives the same result each time, and tells nothing
//! about files, rows or the session. Where an engine's function fails one of these, ours is called in its place;
//! where an argument would make it fail, the argument must be a constant.

/// What the arguments of a function must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// This many expressions of any type, at least and at most.
    Any(usize, usize),
    /// The same, each made a double first.
    Double(usize, usize),
    /// A double, and perhaps a constant number of decimal places.
    Round,
    /// An expression, then constants.
    Then(&'static [Constant]),
    /// A constant first (part of a date), then a date.
    DatePart,
    /// A date, of which the function's own name says the part: `year(x)`.
    NamedPart,
    /// A constant unit, then two dates.
    DateDiff,
}

/// A constant argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constant {
    /// A whole number in this range.
    Int(i64, i64),
    /// The same, and it may be left out.
    OptionalInt(i64, i64),
    /// A text of at most this many bytes.
    Text(usize),
}

/// One reviewed function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar {
    /// The name in a question.
    pub(crate) name: &'static str,
    /// The name in the engine: its own, or ours (with two underscores).
    pub(crate) engine: &'static str,
    /// Its arguments.
    pub(crate) shape: Shape,
}

const fn scalar(name: &'static str, engine: &'static str, shape: Shape) -> Scalar {
    Scalar {
        name,
        engine,
        shape,
    }
}

use Constant::{Int, OptionalInt, Text};
use Shape::{Any, DateDiff, DatePart, Double, NamedPart, Round, Then};

/// Longest text position or length that may be asked for.
const PLACE: i64 = 4_096;

/// The reviewed scalar functions.
pub(crate) const SCALARS: &[Scalar] = &[
    // Choosing: they only pass values on.
    scalar("coalesce", "coalesce", Any(1, 64)),
    scalar("nullif", "nullif", Any(2, 2)),
    scalar("greatest", "greatest", Any(1, 64)),
    scalar("least", "least", Any(1, 64)),
    // Arithmetic on doubles: ours, because the engine's square root of a negative number is an error.
    scalar("abs", "__abs", Double(1, 1)),
    scalar("ceil", "__ceil", Double(1, 1)),
    scalar("ceiling", "__ceil", Double(1, 1)),
    scalar("floor", "__floor", Double(1, 1)),
    scalar("round", "__round", Round),
    scalar("sign", "__sign", Double(1, 1)),
    scalar("sqrt", "__sqrt", Double(1, 1)),
    scalar("exp", "__exp", Double(1, 1)),
    scalar("ln", "__ln", Double(1, 1)),
    scalar("log10", "__log10", Double(1, 1)),
    scalar("log2", "__log2", Double(1, 1)),
    scalar("power", "__power", Double(2, 2)),
    scalar("pow", "__power", Double(2, 2)),
    // Text: none makes a text longer than its input, except concat, which is ours and bounded.
    scalar("lower", "lower", Any(1, 1)),
    scalar("upper", "upper", Any(1, 1)),
    scalar("trim", "btrim", Any(1, 1)),
    scalar("btrim", "btrim", Any(1, 1)),
    scalar("ltrim", "ltrim", Any(1, 1)),
    scalar("rtrim", "rtrim", Any(1, 1)),
    scalar("length", "character_length", Any(1, 1)),
    scalar("char_length", "character_length", Any(1, 1)),
    scalar("character_length", "character_length", Any(1, 1)),
    scalar("concat", "__concat", Any(1, 16)),
    scalar("strpos", "strpos", Any(2, 2)),
    scalar("starts_with", "starts_with", Any(2, 2)),
    scalar("ends_with", "ends_with", Any(2, 2)),
    scalar("contains", "contains", Any(2, 2)),
    // A negative length is an error for the value that causes it, hence the constants.
    scalar(
        "substr",
        "substr",
        Then(&[Int(1, PLACE), OptionalInt(0, PLACE)]),
    ),
    scalar(
        "substring",
        "substr",
        Then(&[Int(1, PLACE), OptionalInt(0, PLACE)]),
    ),
    scalar("left", "left", Then(&[Int(0, PLACE)])),
    scalar("right", "right", Then(&[Int(0, PLACE)])),
    scalar("split_part", "split_part", Then(&[Text(64), Int(1, PLACE)])),
    // A bad pattern is an error that quotes it; as a constant it is the question's own.
    scalar(
        "regexp_like",
        "regexp_like",
        Then(&[Text(crate::limits::PATTERN_BYTES)]),
    ),
    // Dates: ours, because the engine's go through a calendar that stops at a year and then fails.
    scalar("date_part", "__date_part", DatePart),
    scalar("date_trunc", "__date_trunc", DatePart),
    scalar("year", "__date_part", NamedPart),
    scalar("month", "__date_part", NamedPart),
    scalar("day", "__date_part", NamedPart),
    scalar("days_between", "__days_between", Any(2, 2)),
    scalar("years_between", "__years_between", Any(2, 2)),
    scalar("date_diff", "__date_diff", DateDiff),
    scalar("datediff", "__date_diff", DateDiff),
    scalar("make_date", "__make_date", Any(3, 3)),
];

/// Scalar functions that only the gate itself writes.
pub(crate) const INTERNAL: &[&str] = &["__div", "__mod", "__date_add"];

/// Parts of a date that may be asked for.
pub(crate) const DATE_PARTS: &[&str] = &[
    "year", "quarter", "month", "week", "day", "dow", "isodow", "doy",
];

/// Units to which a date may be cut.
pub(crate) const DATE_UNITS: &[&str] = &["year", "quarter", "month", "week", "day"];

/// The family of an aggregate, which decides where it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Counts rows, values or people.
    Count,
    /// Moments: every contributor moves the result, none determines it once there are ten.
    Moment,
    /// One person's value, or close to it: rows may be seen before it may be used.
    Value,
}

/// One reviewed aggregate: name in a question, name in the engine, family.
pub(crate) type Aggregate = (&'static str, &'static str, Family);

/// The aggregate that takes a constant besides its column, and the other way of writing it.
pub(crate) const PERCENTILE: &str = "percentile_cont";

/// The reviewed aggregates. Those that depend on the order of rows (`first_value`, `array_agg`, `approx_…`) are not
/// among them: an answer would depend on how the work was divided.
pub(crate) const AGGREGATES: &[Aggregate] = &[
    ("count", "count", Family::Count),
    ("sum", "sum", Family::Moment),
    ("avg", "avg", Family::Moment),
    ("mean", "avg", Family::Moment),
    ("stddev", "stddev", Family::Moment),
    ("stddev_samp", "stddev", Family::Moment),
    ("stddev_pop", "stddev_pop", Family::Moment),
    ("var", "var", Family::Moment),
    ("variance", "var", Family::Moment),
    ("var_samp", "var", Family::Moment),
    ("var_pop", "var_pop", Family::Moment),
    ("min", "min", Family::Value),
    ("max", "max", Family::Value),
    ("median", "median", Family::Value),
    (PERCENTILE, "percentile_cont", Family::Value),
    ("quantile_cont", "percentile_cont", Family::Value),
    ("bool_and", "bool_and", Family::Value),
    ("bool_or", "bool_or", Family::Value),
];

/// The reviewed window functions (enclave mode only), all with ORDER BY: rows that are alike get the same result, so it
/// does not depend on the order in which rows are stored, which is that of the internal index.
pub(crate) const WINDOWS: &[&str] = &["rank", "dense_rank", "percent_rank"];

/// Window functions that tell rows apart that ORDER BY leaves alike. By the order in which rows are stored two projects could
/// match their people; so these are ordered by every other column as well, people by their pseudonym
/// ([`crate::query::engine::rules::total_order`]).
pub(crate) const ROW_ORDER_WINDOWS: &[&str] = &["row_number", "ntile", "lag", "lead"];

/// Aggregates that people try first; named so that the refusal can say why. Never registered.
pub(crate) const KNOWN_AGGREGATES: &[&str] = &[
    "array_agg",
    "string_agg",
    "listagg",
    "first_value",
    "last_value",
    "nth_value",
    "any_value",
    "mode",
    "percentile_disc",
    "approx_median",
    "approx_distinct",
    "approx_percentile_cont",
    "quantile",
    "corr",
    "covar_samp",
    "covar_pop",
    "regr_slope",
    "grouping",
];

/// The reviewed scalar function of this name.
pub(crate) fn find(name: &str) -> Option<&'static Scalar> {
    SCALARS.iter().find(|f| f.name == name)
}

/// The reviewed aggregate of this name.
pub(crate) fn aggregate(name: &str) -> Option<Aggregate> {
    AGGREGATES
        .iter()
        .find(|(known, _, _)| *known == name)
        .copied()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_stands_for_one_thing() {
        let mut seen = BTreeSet::new();
        let names = SCALARS
            .iter()
            .map(|f| f.name)
            .chain(AGGREGATES.iter().map(|a| a.0))
            .chain(WINDOWS.iter().copied())
            .chain(ROW_ORDER_WINDOWS.iter().copied())
            .chain(KNOWN_AGGREGATES.iter().copied());
        for name in names {
            assert!(seen.insert(name), "{name} is listed twice");
        }
    }

    /// The functions of DataFusion 55.2 that leak, by the notes on the engine and by reading their code.
    #[test]
    fn functions_known_to_leak_are_absent() {
        for name in [
            "input_file_name",
            "file_row_index",
            "generate_series",
            "range",
            "repeat",
            "lpad",
            "rpad",
            "random",
            "uuid",
            "now",
            "current_date",
            "version",
            "arrow_typeof",
            "arrow_cast",
            "arrow_metadata",
            "digest",
            "md5",
            "sha256",
            "encode",
            "replace",
            "translate",
            "regexp_replace",
            "to_timestamp",
            "to_date",
            "factorial",
            "gcd",
            "chr",
            "array_agg",
            "approx_distinct",
            "first_value",
            "nth_value",
        ] {
            assert!(find(name).is_none(), "{name}");
            assert!(SCALARS.iter().all(|f| f.engine != name), "{name}");
            assert!(aggregate(name).is_none(), "{name}");
        }
    }
}
