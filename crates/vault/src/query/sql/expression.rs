//! Checks one expression and builds it anew. An operator, function or form that is not named here is refused.
//!
//! What the engine would answer with an error that depends on a value is replaced by something that gives null:
//! CAST becomes TRY_CAST, division and remainder are our own, dates are moved by our own function.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, Function,
    Ident, Query, TrimWhereField, UnaryOperator, Value,
};
use governance::Refusal;

use super::build;
use super::calls::{self, Call};
use super::constants::{
    cast_type, constant_int, constant_text, date_word, double, is_date, literal, moved, text_of,
};
use super::functions;
use crate::limits;
use crate::query::no;

/// What differs between places where an expression stands.
pub(crate) trait Context {
    /// A chance to answer for a whole expression before its parts are looked at.
    fn whole(&self, expr: &Expr, depth: usize) -> Result<Option<Expr>, Refusal>;
    /// A column, perhaps with the name of its table.
    fn column(&self, table: Option<&str>, name: &str) -> Result<Expr, Refusal>;
    /// `expr [NOT] IN (SELECT …)`.
    fn in_query(
        &self,
        expr: &Expr,
        query: &Query,
        negated: bool,
        depth: usize,
    ) -> Result<Expr, Refusal>;
    /// `[NOT] EXISTS (SELECT …)`, or with `None` a subquery as a value.
    fn subquery(&self, query: &Query, exists: Option<bool>, depth: usize) -> Result<Expr, Refusal>;
    /// A reviewed aggregate, without OVER.
    fn aggregate(&self, call: &Call<'_>, depth: usize) -> Result<Expr, Refusal>;
    /// A call with OVER.
    fn window(&self, function: &Function, name: &str, depth: usize) -> Result<Expr, Refusal>;
}

/// A name as the planner will see it: unquoted ones in lower case.
///
/// # Errors
/// Not plain ASCII, too long, empty, or beginning with two underscores (the room's own names).
pub(crate) fn name(ident: &Ident) -> Result<String, Refusal> {
    let value = match ident.quote_style {
        None => ident.value.to_ascii_lowercase(),
        Some('"') => ident.value.clone(),
        Some(_) => return Err(no::name(&ident.value)),
    };
    let plain = value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if !plain || value.is_empty() || value.len() > limits::NAME || value.starts_with("__") {
        return Err(no::name(&ident.value));
    }
    Ok(value)
}

/// Checks `expr` and builds it anew.
pub(crate) fn rewrite(context: &dyn Context, expr: &Expr, depth: usize) -> Result<Expr, Refusal> {
    if depth > limits::EXPRESSION_DEPTH {
        let limit = limits::EXPRESSION_DEPTH;
        return Err(no::too_long(
            "levels in one expression or more",
            depth,
            limit,
        ));
    }
    if let Some(done) = context.whole(expr, depth)? {
        return Ok(done);
    }
    let go = |e: &Expr| rewrite(context, e, depth + 1);
    let boxed = |e: &Expr| go(e).map(Box::new);
    Ok(match expr {
        Expr::Identifier(ident) => context.column(None, &name(ident)?)?,
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [table, column] => context.column(Some(&name(table)?), &name(column)?)?,
            _ => return Err(no::name(&expr.to_string())),
        },
        Expr::Value(v) => literal(&v.value)?,
        Expr::TypedString(typed) => match (&typed.data_type, &typed.value.value) {
            (DataType::Date, Value::SingleQuotedString(text)) => {
                if !is_date(text) {
                    return Err(no::constant());
                }
                build::try_cast(build::text(text), DataType::Date)
            }
            _ => return Err(no::expression("a typed constant other than DATE '…'")),
        },
        Expr::Nested(inner) => Expr::Nested(boxed(inner)?),
        Expr::IsNull(e) => Expr::IsNull(boxed(e)?),
        Expr::IsNotNull(e) => Expr::IsNotNull(boxed(e)?),
        Expr::IsTrue(e) => Expr::IsTrue(boxed(e)?),
        Expr::IsNotTrue(e) => Expr::IsNotTrue(boxed(e)?),
        Expr::IsFalse(e) => Expr::IsFalse(boxed(e)?),
        Expr::IsNotFalse(e) => Expr::IsNotFalse(boxed(e)?),
        Expr::IsUnknown(e) => Expr::IsUnknown(boxed(e)?),
        Expr::IsNotUnknown(e) => Expr::IsNotUnknown(boxed(e)?),
        Expr::IsDistinctFrom(a, b) => Expr::IsDistinctFrom(boxed(a)?, boxed(b)?),
        Expr::IsNotDistinctFrom(a, b) => Expr::IsNotDistinctFrom(boxed(a)?, boxed(b)?),
        Expr::InList {
            expr,
            list,
            negated,
        } => {
            if list.len() > limits::IN_LIST {
                return Err(no::too_long(
                    "members in one IN list",
                    list.len(),
                    limits::IN_LIST,
                ));
            }
            Expr::InList {
                expr: boxed(expr)?,
                list: list.iter().map(go).collect::<Result<_, _>>()?,
                negated: *negated,
            }
        }
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } => context.in_query(expr, subquery, *negated, depth + 1)?,
        Expr::Exists { subquery, negated } => {
            context.subquery(subquery, Some(*negated), depth + 1)?
        }
        Expr::Subquery(query) => context.subquery(query, None, depth + 1)?,
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } => Expr::Between {
            expr: boxed(expr)?,
            negated: *negated,
            low: boxed(low)?,
            high: boxed(high)?,
        },
        Expr::Like {
            negated,
            any: false,
            expr,
            pattern,
            escape_char: None,
        } => Expr::Like {
            negated: *negated,
            any: false,
            expr: boxed(expr)?,
            pattern: Box::new(constant_text(pattern, "LIKE", limits::PATTERN_BYTES)?),
            escape_char: None,
        },
        Expr::ILike {
            negated,
            any: false,
            expr,
            pattern,
            escape_char: None,
        } => Expr::ILike {
            negated: *negated,
            any: false,
            expr: boxed(expr)?,
            pattern: Box::new(constant_text(pattern, "ILIKE", limits::PATTERN_BYTES)?),
            escape_char: None,
        },
        Expr::UnaryOp { op, expr } => match op {
            UnaryOperator::Not => Expr::UnaryOp {
                op: *op,
                expr: boxed(expr)?,
            },
            UnaryOperator::Minus => {
                build::binary(build::number(0), BinaryOperator::Minus, go(expr)?)
            }
            UnaryOperator::Plus => go(expr)?,
            other => return Err(no::expression(&format!("the operator {other}"))),
        },
        Expr::BinaryOp { left, op, right } => binary(left, op, right, &go)?,
        Expr::Cast {
            kind,
            expr,
            data_type,
            array: false,
            format: None,
        } => match kind {
            CastKind::Cast | CastKind::TryCast | CastKind::SafeCast | CastKind::DoubleColon => {
                build::try_cast(go(expr)?, cast_type(data_type)?)
            }
        },
        Expr::Case {
            operand,
            conditions,
            else_result,
            ..
        } => Expr::Case {
            case_token:
                datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
            end_token:
                datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
            operand: operand.as_deref().map(boxed).transpose()?,
            conditions: conditions
                .iter()
                .map(|CaseWhen { condition, result }| {
                    Ok(CaseWhen {
                        condition: go(condition)?,
                        result: go(result)?,
                    })
                })
                .collect::<Result<_, Refusal>>()?,
            else_result: else_result.as_deref().map(boxed).transpose()?,
        },
        Expr::Extract { field, expr, .. } => {
            let part = field.to_string().to_ascii_lowercase();
            build::call(
                "__date_part",
                vec![date_word(&part, functions::DATE_PARTS)?, go(expr)?],
            )
        }
        Expr::Ceil {
            expr,
            field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
        } => build::call("__ceil", vec![build::try_cast(go(expr)?, double())]),
        Expr::Floor {
            expr,
            field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
        } => build::call("__floor", vec![build::try_cast(go(expr)?, double())]),
        Expr::Position { expr, r#in } => build::call("strpos", vec![go(r#in)?, go(expr)?]),
        Expr::Substring {
            expr,
            substring_from,
            substring_for,
            ..
        } => {
            let mut args = vec![go(expr)?];
            let from = substring_from.as_deref();
            args.push(from.map_or_else(
                || Ok(build::number(1)),
                |e| constant_int(e, "substring", 1, 4_096),
            )?);
            if let Some(length) = substring_for.as_deref() {
                args.push(constant_int(length, "substring", 0, 4_096)?);
            }
            build::call("substr", args)
        }
        Expr::Trim {
            trim_where,
            trim_what: None,
            expr,
            trim_characters: None,
        } => {
            let engine = match trim_where {
                None | Some(TrimWhereField::Both) => "btrim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            build::call(engine, vec![go(expr)?])
        }
        Expr::Function(f) => function(context, f, depth, &go)?,
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
            return Err(no::expression("* inside an expression"));
        }
        Expr::Interval(_) => return Err(no::expression("an interval that is not added to a date")),
        Expr::Tuple(_) => return Err(no::expression("a list in brackets")),
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => {
            return Err(no::clause(
                "GROUPING SETS, CUBE or ROLLUP",
                "group by plain columns, one question each",
            ));
        }
        _ => return Err(no::expression("this form of expression")),
    })
}

/// Operators, each by name.
fn binary(
    left: &Expr,
    op: &BinaryOperator,
    right: &Expr,
    go: &dyn Fn(&Expr) -> Result<Expr, Refusal>,
) -> Result<Expr, Refusal> {
    use BinaryOperator as Op;
    match (op, left, right) {
        (Op::Plus, date, Expr::Interval(by)) | (Op::Plus, Expr::Interval(by), date) => {
            return moved(go(date)?, by, 1);
        }
        (Op::Minus, date, Expr::Interval(by)) => return moved(go(date)?, by, -1),
        _ => {}
    }
    Ok(match op {
        Op::Eq
        | Op::NotEq
        | Op::Lt
        | Op::LtEq
        | Op::Gt
        | Op::GtEq
        | Op::And
        | Op::Or
        | Op::Plus
        | Op::Minus
        | Op::Multiply => Expr::BinaryOp {
            left: Box::new(go(left)?),
            op: op.clone(),
            right: Box::new(go(right)?),
        },
        Op::Divide => build::call("__div", vec![go(left)?, go(right)?]),
        Op::Modulo => build::call("__mod", vec![go(left)?, go(right)?]),
        Op::StringConcat => build::call("__concat", vec![go(left)?, go(right)?]),
        Op::PGRegexMatch | Op::PGRegexIMatch | Op::PGRegexNotMatch | Op::PGRegexNotIMatch => {
            matches(op, go(left)?, right)?
        }
        other => return Err(no::expression(&format!("the operator {other}"))),
    })
}

/// `~`, `~*` and their opposites, by a constant pattern.
fn matches(op: &BinaryOperator, text: Expr, pattern: &Expr) -> Result<Expr, Refusal> {
    use BinaryOperator as Op;
    let pattern = constant_text(pattern, &op.to_string(), limits::PATTERN_BYTES)?;
    let pattern = match (op, text_of(&pattern)) {
        (Op::PGRegexIMatch | Op::PGRegexNotIMatch, Some(pattern)) => {
            build::text(&format!("(?i){pattern}"))
        }
        _ => pattern,
    };
    let call = build::call("regexp_like", vec![text, pattern]);
    Ok(match op {
        Op::PGRegexNotMatch | Op::PGRegexNotIMatch => Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(call),
        },
        _ => call,
    })
}

/// A call of a function.
fn function(
    context: &dyn Context,
    f: &Function,
    depth: usize,
    go: &dyn Fn(&Expr) -> Result<Expr, Refusal>,
) -> Result<Expr, Refusal> {
    let called = calls::function_name(f)?;
    if f.over.is_some() {
        return context.window(f, &called, depth);
    }
    if let Some(aggregate) = functions::aggregate(&called) {
        return context.aggregate(&calls::aggregate_call(f, &called, aggregate)?, depth);
    }
    if functions::KNOWN_AGGREGATES.contains(&called.as_str()) {
        return Err(no::known_aggregate(&called));
    }
    let reviewed = functions::find(&called).ok_or_else(|| no::function(&called))?;
    if f.filter.is_some() {
        return Err(no::arguments(&called, "no FILTER"));
    }
    let args = calls::plain_args(f, &called)?;
    calls::scalar(reviewed, &args, go)
}
