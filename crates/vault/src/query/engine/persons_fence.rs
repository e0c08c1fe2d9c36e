//! The fence behind [`super::persons`]: walks a plan that works on internal indices and lets through only those uses of an index
//! that cannot tell more than "the same person or not".
//!
//! It knows people by the type of the index and shares no code with the pass, so that a mistake there is found here.
//! Must never: trust that a plan was made by the pass.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::{Alias, InList};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};

use super::persons_functions::{PERSONS, PSEUDONYM};

const INDEX: DataType = DataType::UInt32;

/// Whether a plan that was not changed has anything of the index's type, so that people could not be told by it.
pub(crate) fn mentions_index(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        let inputs = schema_of(node)?;
        found |= has_index(node.schema());
        node.apply_expressions(|expr| {
            expr.apply(|e| {
                found |= is_index(e, &inputs);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// Checks a plan: no index is shown, and each is used only where it says no more than who is the same.
///
/// # Errors
/// Any other use.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    if has_index(plan.schema()) {
        return seen("in the answer");
    }
    plan.apply_with_subqueries(|node| {
        node_is_fine(node)?;
        Ok(TreeNodeRecursion::Continue)
    })
    .map(drop)
}

fn seen<T>(place: &str) -> Result<T> {
    Err(DataFusionError::Internal(format!(
        "an internal index would be seen {place}"
    )))
}

fn has_index(schema: &DFSchema) -> bool {
    schema.fields().iter().any(|f| f.data_type() == &INDEX)
}

/// What the expressions of a node speak about.
fn schema_of(node: &LogicalPlan) -> Result<DFSchema> {
    if let LogicalPlan::TableScan(scan) = node {
        // its filters may name columns that it does not give
        return DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema());
    }
    Ok(merge_schema(&node.inputs()))
}

/// In doubt an index: what has no type is not let through.
fn is_index(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|t| t == INDEX)
}

fn is_column(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr, Expr::Column(_)) && is_index(expr, schema)
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::UInt32(_), _))
}

fn node_is_fine(node: &LogicalPlan) -> Result<()> {
    let schema = schema_of(node)?;
    match node {
        // columns may be passed on
        LogicalPlan::Projection(p) => p.expr.iter().try_for_each(|e| key(e, &schema)),
        LogicalPlan::Aggregate(a) => {
            a.group_expr.iter().try_for_each(|e| key(e, &schema))?;
            a.aggr_expr.iter().try_for_each(|e| value(e, &schema))
        }
        LogicalPlan::Join(join) => {
            for (l, r) in &join.on {
                match (
                    is_index(l, join.left.schema()),
                    is_index(r, join.right.schema()),
                ) {
                    (true, true) => {
                        key(l, join.left.schema())?;
                        key(r, join.right.schema())?;
                    }
                    (false, false) => {
                        value(l, join.left.schema())?;
                        value(r, join.right.schema())?;
                    }
                    _ => return seen("beside another value in a join"),
                }
            }
            join.filter.iter().try_for_each(|e| value(e, &schema))
        }
        LogicalPlan::Union(union) => {
            let width = union.schema.fields().len();
            let kinds = |schema: &DFSchema| -> Vec<bool> {
                let fields = schema.fields().iter();
                fields.map(|f| f.data_type() == &INDEX).collect()
            };
            let out = kinds(&union.schema);
            let alike = |input: &std::sync::Arc<LogicalPlan>| {
                input.schema().fields().len() == width && kinds(input.schema()) == out
            };
            if union.inputs.iter().all(alike) {
                Ok(())
            } else {
                seen("beside another value in a union")
            }
        }
        LogicalPlan::TableScan(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Distinct(_) => {
            let mut out = Ok(());
            node.apply_expressions(|e| {
                if out.is_ok() {
                    out = value(e, &schema);
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
            out
        }
        _ => seen("in a node that is not known"),
    }
}

/// A place where a person may stand as such.
fn key(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::Alias(Alias { expr, .. }) if is_column(expr, schema) => Ok(()),
        e if is_column(e, schema) => Ok(()),
        e => value(e, schema),
    }
}

/// A place where a value stands: no index, and none inside it but in the ways that are listed.
fn value(expr: &Expr, schema: &DFSchema) -> Result<()> {
    if is_index(expr, schema) {
        return seen("in an expression");
    }
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(
                op,
                Operator::Eq
                    | Operator::NotEq
                    | Operator::IsDistinctFrom
                    | Operator::IsNotDistinctFrom
            ) && is_index(left, schema)
                && is_index(right, schema) =>
        {
            let fine = |e: &Expr| is_column(e, schema) || is_constant(e);
            if fine(left) && fine(right) {
                Ok(())
            } else {
                seen("in a comparison")
            }
        }
        Expr::InList(InList { expr, list, .. }) if is_column(expr, schema) => {
            if list.iter().all(is_constant) {
                Ok(())
            } else {
                seen("in a list")
            }
        }
        Expr::IsNull(e) | Expr::IsNotNull(e) if is_column(e, schema) => Ok(()),
        Expr::ScalarFunction(f) if f.name() == PSEUDONYM => match f.args.as_slice() {
            [one] if is_column(one, schema) => Ok(()),
            _ => seen("by a function"),
        },
        Expr::AggregateFunction(f) => {
            let counts =
                (f.func.name() == "count" && !f.params.distinct) || f.func.name() == PERSONS;
            let order = f.params.order_by.iter().map(|o| &o.expr);
            order
                .chain(f.params.filter.as_deref())
                .try_for_each(|e| value(e, schema))?;
            match f.params.args.as_slice() {
                [one] if counts && is_column(one, schema) => Ok(()),
                args => args.iter().try_for_each(|e| value(e, schema)),
            }
        }
        Expr::WindowFunction(w) => {
            let order = w.params.order_by.iter().map(|o| &o.expr);
            order
                .chain(w.params.filter.as_deref())
                .chain(&w.params.args)
                .try_for_each(|e| value(e, schema))?;
            w.params
                .partition_by
                .iter()
                .try_for_each(|e| key(e, schema))
        }
        Expr::ScalarSubquery(s) if has_index(s.subquery.schema()) => seen("by a subquery"),
        Expr::ScalarSubquery(_) => Ok(()), // walked as a plan
        Expr::Exists(_) | Expr::InSubquery(_) | Expr::OuterReferenceColumn(..) => {
            seen("by a subquery")
        }
        other => {
            let mut out = Ok(());
            other.apply_children(|e| {
                if out.is_ok() {
                    out = value(e, schema);
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
            out
        }
    }
}
