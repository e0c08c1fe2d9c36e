//! Which conditions of a question the scan takes over, and what they come to.
//!
//! - A condition on lists of text: AND, OR and NOT over parts that each use one such column. Each part is worked out once
//!   on the list (and on the null), whatever it is; a row then only looks its number up. Taken over whole.
//! - `eid = …` and `eid IN (…)`: a set of people. Taken over whole.
//! - A number or date compared with a constant: used to leave pages unread; the engine still applies it to each row.
//!
//! Must never: take over a part that is not the same for the same value, or that may fail: every reviewed function may not
//! (see [`crate::query::sql::functions`]); a list has values of people who are masked.

use std::collections::BTreeSet;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{
    Between, BinaryExpr, Expr, Operator, TableProviderFilterPushDown, Volatility,
};
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;

use crate::query::EID;
use crate::release::TableEntry;

/// How far the scan takes a condition over.
pub(crate) fn taken_over(expr: &Expr, table: &TableEntry) -> TableProviderFilterPushDown {
    if is_of_people(expr) || is_of_lists(expr, table) {
        TableProviderFilterPushDown::Exact
    } else if bounds(expr).is_some() {
        TableProviderFilterPushDown::Inexact
    } else {
        TableProviderFilterPushDown::Unsupported
    }
}

/// The columns that an expression names.
fn columns(expr: &Expr) -> BTreeSet<&str> {
    let columns = expr.column_refs();
    columns.into_iter().map(|c| c.name.as_str()).collect()
}

/// The one list that a part is about, if it is one that can be worked out on it.
pub(super) fn list_of<'a>(expr: &'a Expr, table: &TableEntry) -> Option<&'a str> {
    let mut names = columns(expr).into_iter();
    let (name, None) = (names.next()?, names.next()) else {
        return None;
    };
    (table.dimensions.contains_key(name) && is_plain(expr)).then_some(name)
}

/// Whether an expression is the same for the same value, and is made of parts that are known.
fn is_plain(expr: &Expr) -> bool {
    let mut plain = true;
    let walked = expr.apply(|part| {
        plain = match part {
            Expr::Column(_)
            | Expr::Literal(..)
            | Expr::Alias(_)
            | Expr::BinaryExpr(_)
            | Expr::Like(_)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNotFalse(_)
            | Expr::IsNotUnknown(_)
            | Expr::Negative(_)
            | Expr::Between(_)
            | Expr::Case(_)
            | Expr::Cast(_)
            | Expr::TryCast(_)
            | Expr::InList(_) => true,
            Expr::ScalarFunction(f) => f.func.signature().volatility == Volatility::Immutable,
            _ => false,
        };
        Ok(if plain {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    walked.is_ok() && plain
}

/// The two sides of an AND or OR.
pub(super) fn sides(expr: &Expr) -> Option<(bool, &Expr, &Expr)> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => Some((true, left, right)),
            Operator::Or => Some((false, left, right)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn is_of_lists(expr: &Expr, table: &TableEntry) -> bool {
    if list_of(expr, table).is_some() {
        return true;
    }
    match (sides(expr), expr) {
        (Some((_, left, right)), _) => is_of_lists(left, table) && is_of_lists(right, table),
        (None, Expr::Not(inner)) => is_of_lists(inner, table),
        _ => false,
    }
}

/// The lists that conditions are about.
pub(crate) fn lists(filters: &[Expr], table: &TableEntry) -> BTreeSet<String> {
    let taken = filters.iter().filter(|expr| is_of_lists(expr, table));
    taken.flat_map(columns).map(str::to_owned).collect()
}

/// The literal of an expression.
fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

/// The constants that `eid` is compared with, if an expression is just that.
fn people_named(expr: &Expr) -> Option<Vec<&ScalarValue>> {
    let is_eid = |e: &Expr| matches!(e, Expr::Column(c) if c.name == EID);
    match expr {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            let other = match (is_eid(left), is_eid(right)) {
                (true, false) => right,
                (false, true) => left,
                _ => return None,
            };
            Some(vec![literal(other)?])
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => {
            let mut named = people_named(left)?;
            named.extend(people_named(right)?);
            Some(named)
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) if is_eid(expr) => list.iter().map(literal).collect(),
        _ => None,
    }
}

/// Whether a constant can name a person, as a pseudonym or, inside a plan, as an index.
fn names_person(value: &ScalarValue) -> bool {
    value.is_null()
        || matches!(
            value,
            ScalarValue::UInt32(_)
                | ScalarValue::Utf8(_)
                | ScalarValue::Utf8View(_)
                | ScalarValue::LargeUtf8(_)
        )
}

fn is_of_people(expr: &Expr) -> bool {
    people_named(expr).is_some_and(|named| named.into_iter().all(names_person))
}

/// The people that conditions leave; `None` for everybody.
pub(crate) fn people(filters: &[Expr], key: Option<&ProjectKey>) -> Option<RoaringBitmap> {
    let mut out: Option<RoaringBitmap> = None;
    for expr in filters.iter().filter(|expr| is_of_people(expr)) {
        let index = |value: &ScalarValue| match value {
            ScalarValue::UInt32(index) => *index,
            ScalarValue::Utf8(text)
            | ScalarValue::Utf8View(text)
            | ScalarValue::LargeUtf8(text) => key?.index(text.as_deref()?),
            _ => None,
        };
        let named = people_named(expr).unwrap_or_default();
        let named: RoaringBitmap = named.into_iter().filter_map(index).collect();
        out = Some(match out {
            Some(before) => before & named,
            None => named,
        });
    }
    out
}

/// A column of numbers or dates, and the range outside which a condition does not hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bounds {
    /// The column.
    pub(crate) column: String,
    /// The range, both ends included.
    pub(crate) range: Range,
}

/// A range of values, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Range {
    /// Of whole numbers and days.
    Whole(i64, i64),
    /// Of numbers; the upper end is finite, because what is no number sorts above all and is in no statistics.
    Float(f64, f64),
}

impl Range {
    fn of(value: &ScalarValue, op: Operator) -> Option<Self> {
        let whole = match value {
            ScalarValue::Int32(Some(n)) | ScalarValue::Date32(Some(n)) => Some(i64::from(*n)),
            ScalarValue::Int64(Some(n)) => Some(*n),
            _ => None,
        };
        if let Some(n) = whole {
            return Some(match op {
                Operator::Eq => Self::Whole(n, n),
                Operator::Lt | Operator::LtEq => Self::Whole(i64::MIN, n),
                Operator::Gt | Operator::GtEq => Self::Whole(n, i64::MAX),
                _ => return None,
            });
        }
        let ScalarValue::Float64(Some(n)) = value else {
            return None;
        };
        match op {
            _ if !n.is_finite() => None,
            Operator::Eq => Some(Self::Float(*n, *n)),
            Operator::Lt | Operator::LtEq => Some(Self::Float(f64::NEG_INFINITY, *n)),
            _ => None,
        }
    }

    /// The smallest range that holds both.
    const fn around(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Whole(a, b), Self::Whole(c, d)) => {
                Self::Whole(if a < c { a } else { c }, if b > d { b } else { d })
            }
            (Self::Float(a, b), Self::Float(c, d)) => Self::Float(a.min(c), b.max(d)),
            _ => return None,
        })
    }
}

/// The bounds that a condition sets to a column of numbers or dates, if it is a plain comparison.
pub(crate) fn bounds(expr: &Expr) -> Option<Bounds> {
    let column = |expr: &Expr| match expr {
        Expr::Column(column) if column.name != EID => Some(column.name.clone()),
        _ => None,
    };
    let (column, range) = match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (column(left), column(right)) {
            (Some(column), None) => (column, Range::of(literal(right)?, *op)?),
            (None, Some(column)) => (column, Range::of(literal(left)?, op.swap()?)?),
            _ => return None,
        },
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) => {
            let low = Range::of(literal(low)?, Operator::Eq)?;
            let high = Range::of(literal(high)?, Operator::Eq)?;
            (column(expr)?, low.around(high)?)
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => {
            let mut values = list.iter().map(|e| Range::of(literal(e)?, Operator::Eq));
            let first = values.next()??;
            let range = values.try_fold(first, |range, value| range.around(value?));
            (column(expr)?, range?)
        }
        _ => return None,
    };
    Some(Bounds { column, range })
}
