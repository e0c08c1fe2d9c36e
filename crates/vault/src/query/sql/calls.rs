//! Calls of functions: their parts, and the arguments that each reviewed function takes.

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, ObjectNamePart, Value,
};
use governance::Refusal;

use super::build;
use super::constants::{constant_int, constant_text, date_word, double, double_of, text_of};
use super::expression::name;
use super::functions::{self, Constant, Shape};
use crate::query::no;

/// The parts of an aggregate call that were found to be of a known form.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The name in the question.
    pub(crate) name: &'a str,
    /// The name in the engine and the family.
    pub(crate) aggregate: functions::Aggregate,
    /// `None` for `count(*)`.
    pub(crate) arg: Option<&'a Expr>,
    /// DISTINCT.
    pub(crate) distinct: bool,
    /// The condition of FILTER (WHERE …).
    pub(crate) filter: Option<&'a Expr>,
    /// The share that a percentile is of.
    pub(crate) share: Option<Expr>,
}

/// The name of a function: one part, without odd clauses around it.
pub(crate) fn function_name(f: &Function) -> Result<String, Refusal> {
    let [ObjectNamePart::Identifier(ident)] = f.name.0.as_slice() else {
        return Err(no::function(&f.name.to_string()));
    };
    let called = name(ident)?;
    if functions::KNOWN_AGGREGATES.contains(&called.as_str()) {
        return Err(no::known_aggregate(&called));
    }
    let odd = f.uses_odbc_syntax
        || !matches!(f.parameters, FunctionArguments::None)
        || f.null_treatment.is_some()
        || !(f.within_group.is_empty() || called == functions::PERCENTILE);
    if odd {
        return Err(no::arguments(
            &called,
            "plain arguments, without WITHIN GROUP or IGNORE NULLS",
        ));
    }
    Ok(called)
}

/// The arguments of a call, if they are plain expressions.
pub(crate) fn plain_args<'a>(f: &'a Function, called: &str) -> Result<Vec<&'a Expr>, Refusal> {
    let FunctionArguments::List(list) = &f.args else {
        return Err(no::arguments(called, "arguments in brackets"));
    };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(no::arguments(called, "plain arguments"));
    }
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Ok(e),
            _ => Err(no::arguments(called, "plain arguments")),
        })
        .collect()
}

/// Takes an aggregate call apart.
pub(crate) fn aggregate_call<'a>(
    f: &'a Function,
    called: &'a str,
    aggregate: functions::Aggregate,
) -> Result<Call<'a>, Refusal> {
    let one = || no::arguments(called, "one argument");
    let FunctionArguments::List(list) = &f.args else {
        return Err(one());
    };
    if aggregate.1 == functions::PERCENTILE {
        return percentile(f, list, called, aggregate);
    }
    let distinct = match list.duplicate_treatment {
        None | Some(DuplicateTreatment::All) => false,
        Some(DuplicateTreatment::Distinct) => true,
    };
    let is_count = aggregate.2 == functions::Family::Count;
    if !list.clauses.is_empty() || (distinct && !is_count) {
        return Err(no::arguments(
            called,
            "one argument, without DISTINCT, ORDER BY or LIMIT inside",
        ));
    }
    let arg = match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(e))] => Some(e),
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if is_count && !distinct => None,
        _ => return Err(one()),
    };
    Ok(Call {
        name: called,
        aggregate,
        arg,
        distinct,
        filter: f.filter.as_deref(),
        share: None,
    })
}

/// `percentile_cont(0.9) WITHIN GROUP (ORDER BY x)`, or `percentile_cont(x, 0.9)`.
fn percentile<'a>(
    f: &'a Function,
    list: &'a FunctionArgumentList,
    called: &'a str,
    aggregate: functions::Aggregate,
) -> Result<Call<'a>, Refusal> {
    let wrong = || {
        no::arguments(
            called,
            "a constant share from 0 to 1: percentile_cont(0.9) WITHIN GROUP (ORDER BY x), or percentile_cont(x, 0.9)",
        )
    };
    let args: Option<Vec<&Expr>> = list
        .args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
            _ => None,
        })
        .collect();
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(wrong());
    }
    let (arg, share, descending) = match (args.as_deref(), f.within_group.as_slice()) {
        (Some([share]), [order])
            if order.with_fill.is_none() && order.options.nulls_first.is_none() =>
        {
            (&order.expr, *share, order.options.asc == Some(false))
        }
        (Some([arg, share]), []) => (*arg, *share, false),
        _ => return Err(wrong()),
    };
    let share = double_of(share)
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(wrong)?;
    let share = if descending { 1.0 - share } else { share };
    Ok(Call {
        name: called,
        aggregate,
        arg: Some(arg),
        distinct: false,
        filter: f.filter.as_deref(),
        // with a point, so that it is read as a double
        share: Some(build::value(Value::Number(format!("{share:?}"), false))),
    })
}

/// A reviewed scalar function with checked arguments.
pub(super) fn scalar(
    f: &functions::Scalar,
    args: &[&Expr],
    go: &dyn Fn(&Expr) -> Result<Expr, Refusal>,
) -> Result<Expr, Refusal> {
    let count = |min: usize, max: usize| {
        if (min..=max).contains(&args.len()) {
            Ok(())
        } else {
            Err(no::arguments(f.name, &format!("{min} to {max} arguments")))
        }
    };
    let all = || args.iter().map(|e| go(e)).collect::<Result<Vec<_>, _>>();
    let doubles = |exprs: Vec<Expr>| {
        exprs
            .into_iter()
            .map(|e| build::try_cast(e, double()))
            .collect()
    };
    let args = match f.shape {
        Shape::Any(min, max) => {
            count(min, max)?;
            all()?
        }
        Shape::Double(min, max) => {
            count(min, max)?;
            doubles(all()?)
        }
        Shape::Round => match args {
            [x] => doubles(vec![go(x)?]),
            [x, places] => vec![
                build::try_cast(go(x)?, double()),
                constant_int(places, f.name, -10, 10)?,
            ],
            _ => {
                return Err(no::arguments(
                    f.name,
                    "a number and perhaps a constant number of decimal places",
                ));
            }
        },
        Shape::Then(constants) => then(f, constants, args, go)?,
        Shape::DatePart => match args {
            [part, date] => {
                let known = if f.engine == "__date_trunc" {
                    functions::DATE_UNITS
                } else {
                    functions::DATE_PARTS
                };
                vec![
                    date_word(text_of(part).unwrap_or_default(), known)?,
                    go(date)?,
                ]
            }
            _ => {
                return Err(no::arguments(
                    f.name,
                    "a constant part, such as 'year', and a date",
                ));
            }
        },
        Shape::DateDiff => match args {
            [unit, from, to] => vec![
                date_word(text_of(unit).unwrap_or_default(), functions::DATE_UNITS)?,
                go(from)?,
                go(to)?,
            ],
            _ => {
                return Err(no::arguments(
                    f.name,
                    "a constant unit, such as 'day', and two dates",
                ));
            }
        },
        Shape::NamedPart => match args {
            [date] => vec![build::text(f.name), go(date)?],
            _ => return Err(no::arguments(f.name, "a date")),
        },
    };
    Ok(build::call(f.engine, args))
}

/// An expression and then constants.
pub(super) fn then(
    f: &functions::Scalar,
    constants: &[Constant],
    args: &[&Expr],
    go: &dyn Fn(&Expr) -> Result<Expr, Refusal>,
) -> Result<Vec<Expr>, Refusal> {
    let wrong = || no::arguments(f.name, "one expression, then constants");
    let (first, rest) = args.split_first().ok_or_else(wrong)?;
    let mut out = vec![go(first)?];
    let mut rest = rest.iter();
    for constant in constants {
        match (rest.next(), constant) {
            (Some(e), Constant::Int(lo, hi) | Constant::OptionalInt(lo, hi)) => {
                out.push(constant_int(e, f.name, *lo, *hi)?);
            }
            (Some(e), Constant::Text(bytes)) => out.push(constant_text(e, f.name, *bytes)?),
            (None, Constant::OptionalInt(..)) => {}
            (None, _) => return Err(wrong()),
        }
    }
    if rest.next().is_some() {
        Err(wrong())
    } else {
        Ok(out)
    }
}
