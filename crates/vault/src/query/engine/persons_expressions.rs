//! The expressions of [`super::persons`]: which uses of a person can keep the index, and which get the text.
//!
//! Must never: let through an expression that it does not know by name.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{
    AggregateFunction, Alias, InList, WindowFunction, WindowFunctionParams,
};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, Subquery};

use super::persons::{INDEX, Late, unknown};
use super::persons_functions;

/// An index that is nobody's: there are at most [`crate::limits::MAX_PARTICIPANTS`] people.
const NOBODY: u32 = u32::MAX;

impl Late {
    /// An expression where the representation does not matter: a person stays an index.
    pub(super) fn bare(&self, expr: Expr, schema: &DFSchema) -> Result<Expr> {
        let inner = match &expr {
            Expr::Alias(Alias { expr, .. }) => expr.as_ref(),
            other => other,
        };
        if is_person(inner, schema) {
            Ok(expr)
        } else {
            self.value(expr, schema)
        }
    }

    /// An expression whose value is what it was in the text form.
    pub(super) fn value(&self, expr: Expr, schema: &DFSchema) -> Result<Expr> {
        match expr {
            Expr::Column(_) if is_person(&expr, schema) => Ok(self.text(expr)),
            Expr::Column(_) | Expr::Literal(..) => Ok(expr),
            Expr::IsNull(e) => Ok(Expr::IsNull(Box::new(self.bare(*e, schema)?))),
            Expr::IsNotNull(e) => Ok(Expr::IsNotNull(Box::new(self.bare(*e, schema)?))),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_sameness(op) => {
                let (left, right) = self.compared((*left, schema), (*right, schema))?;
                Ok(Expr::BinaryExpr(BinaryExpr::new(
                    Box::new(left),
                    op,
                    Box::new(right),
                )))
            }
            Expr::InList(list) => self.in_list(list, schema),
            Expr::AggregateFunction(f) => self.aggregate(f, schema),
            Expr::WindowFunction(w) => self.window(*w, schema),
            Expr::ScalarSubquery(s) if s.outer_ref_columns.is_empty() => {
                let plan = self.closed(Arc::unwrap_or_clone(s.subquery))?;
                Ok(Expr::ScalarSubquery(Subquery {
                    subquery: Arc::new(plan),
                    ..s
                }))
            }
            Expr::Alias(_)
            | Expr::BinaryExpr(_)
            | Expr::Like(_)
            | Expr::Not(_)
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
            | Expr::ScalarFunction(_) => expr
                .map_children(|e| self.value(e, schema).map(Transformed::yes))
                .data(),
            _ => unknown(),
        }
    }

    /// Two sides of an equality: two people, a person and a constant, or two values.
    pub(super) fn compared(
        &self,
        (left, left_schema): (Expr, &DFSchema),
        (right, right_schema): (Expr, &DFSchema),
    ) -> Result<(Expr, Expr)> {
        match (
            is_person(&left, left_schema),
            is_person(&right, right_schema),
        ) {
            (true, true) => return Ok((left, right)),
            (true, false) => {
                if let Some(index) = self.constant(&right) {
                    return Ok((left, index));
                }
            }
            (false, true) => {
                if let Some(index) = self.constant(&left) {
                    return Ok((index, right));
                }
            }
            (false, false) => {}
        }
        Ok((
            self.value(left, left_schema)?,
            self.value(right, right_schema)?,
        ))
    }

    /// The index behind a constant text; a text that is nobody's pseudonym equals nobody.
    fn constant(&self, expr: &Expr) -> Option<Expr> {
        let Expr::Literal(value, _) = expr else {
            return None;
        };
        let text = match value {
            ScalarValue::Utf8(text)
            | ScalarValue::Utf8View(text)
            | ScalarValue::LargeUtf8(text) => text,
            _ => return None,
        };
        let index = text
            .as_ref()
            .map(|text| self.key.index(text).unwrap_or(NOBODY));
        Some(Expr::Literal(ScalarValue::UInt32(index), None))
    }

    fn in_list(&self, list: InList, schema: &DFSchema) -> Result<Expr> {
        if is_person(&list.expr, schema) {
            let known: Option<Vec<Expr>> = list.list.iter().map(|e| self.constant(e)).collect();
            if let Some(people) = known {
                return Ok(Expr::InList(InList {
                    list: people,
                    ..list
                }));
            }
        }
        Expr::InList(list)
            .map_children(|e| self.value(e, schema).map(Transformed::yes))
            .data()
    }

    /// count(person) counts indices; count(DISTINCT person) is the size of a set of them.
    fn aggregate(&self, mut f: AggregateFunction, schema: &DFSchema) -> Result<Expr> {
        let values = |some: Vec<Expr>| {
            some.into_iter()
                .map(|e| self.value(e, schema))
                .collect::<Result<Vec<_>>>()
        };
        let of_people = f.func.name() == "count"
            && f.params.order_by.is_empty()
            && matches!(f.params.args.as_slice(), [one] if is_person(one, schema));
        if of_people && f.params.distinct {
            f.func = persons_functions::persons();
            f.params.distinct = false;
        } else if !of_people {
            f.params.args = values(f.params.args)?;
        }
        f.params.order_by = f
            .params
            .order_by
            .into_iter()
            .map(|e| self.order(e, schema))
            .collect::<Result<_>>()?;
        f.params.filter = f
            .params
            .filter
            .map(|e| self.value(*e, schema).map(Box::new))
            .transpose()?;
        Ok(Expr::AggregateFunction(f))
    }

    fn window(&self, w: WindowFunction, schema: &DFSchema) -> Result<Expr> {
        let WindowFunctionParams {
            args,
            partition_by,
            order_by,
            window_frame,
            filter,
            null_treatment,
            distinct,
        } = w.params;
        let params = WindowFunctionParams {
            args: args
                .into_iter()
                .map(|e| self.value(e, schema))
                .collect::<Result<_>>()?,
            partition_by: partition_by
                .into_iter()
                .map(|e| self.bare(e, schema))
                .collect::<Result<_>>()?,
            order_by: order_by
                .into_iter()
                .map(|e| self.order(e, schema))
                .collect::<Result<_>>()?,
            window_frame,
            filter: filter
                .map(|e| self.value(*e, schema).map(Box::new))
                .transpose()?,
            null_treatment,
            distinct,
        };
        Ok(Expr::WindowFunction(Box::new(WindowFunction {
            fun: w.fun,
            params,
        })))
    }
}

/// Comparisons that ask whether two people are one.
fn is_sameness(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
    )
}

/// Whether an expression is a column of people, by index.
pub(super) fn is_person(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr, Expr::Column(_)) && expr.get_type(schema).is_ok_and(|t| t == INDEX)
}

/// Whether a condition compares people with constants and says nothing else.
pub(super) fn picks_people(expr: &Expr, schema: &DFSchema) -> bool {
    let constant = |e: &Expr| matches!(e, Expr::Literal(ScalarValue::UInt32(_), _));
    match expr {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            (is_person(left, schema) && constant(right))
                || (constant(left) && is_person(right, schema))
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => picks_people(left, schema) && picks_people(right, schema),
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => is_person(expr, schema) && list.iter().all(constant),
        _ => false,
    }
}
