//! What is done to a plan before it runs: it is made unable to fail on a value, its order is made total, and it is
//! checked once more against what the gate let through.
//!
//! The gate works on the text; this is the second fence, and works on what the planner made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, plan_err};
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::{Cast, TryCast};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, Limit, LogicalPlan, Operator, Sort, SortExpr, Union, Window,
};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::single_distinct_to_groupby::SingleDistinctToGroupBy;
use datafusion::optimizer::{AnalyzerRule, Optimizer, OptimizerConfig, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;

use super::catalogue::Table;
use crate::query::EID;
use crate::query::aggregate::{CELLS, PEOPLE, WEIGHTS};
use crate::query::sql::functions;
use crate::release::PERSON;

/// In an error: a constant does not fit its type.
pub(crate) const BAD_CONSTANT: &str = "readingroom:constant";
/// In an error: dates are added or subtracted.
pub(crate) const DATE_ARITHMETIC: &str = "readingroom:dates";

/// Makes the casts that the planner adds give null where a value does not fit, and refuses arithmetic on dates (which
/// ends where the engine's calendar ends; moving a date by an interval is our own function).
#[derive(Debug)]
pub(crate) struct NoErrors;

impl AnalyzerRule for NoErrors {
    fn name(&self) -> &'static str {
        "no_errors"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            let keep = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = keep.save(&expr);
                let out = expr.transform_up(|e| gentle(e, &schema))?;
                Ok(Transformed::new(
                    name.restore(out.data),
                    out.transformed,
                    TreeNodeRecursion::Continue,
                ))
            })?
            .map_data(|plan| match plan {
                LogicalPlan::Union(union) => nullable_as_inputs(union),
                other => other.recompute_schema(),
            })
        })
        .data()
    }
}

/// A union whose columns can be null if they can in one of its inputs: a cast of one may have become one that gives null.
fn nullable_as_inputs(union: Union) -> Result<LogicalPlan> {
    let fields = union
        .schema
        .iter()
        .enumerate()
        .map(|(i, (qualifier, field))| {
            let nullable = union.inputs.iter().any(|input| {
                let field = input.schema().fields().get(i);
                field.is_none_or(|f| f.is_nullable())
            });
            let field = field.as_ref().clone().with_nullable(nullable);
            (qualifier.cloned(), Arc::new(field))
        })
        .collect();
    let schema = DFSchema::new_with_metadata(fields, union.schema.metadata().clone())?;
    Ok(LogicalPlan::Union(Union {
        schema: Arc::new(schema),
        ..union
    }))
}

/// One expression that cannot fail on a value.
fn gentle(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::Cast(Cast { expr, field }) => {
            if let Expr::Literal(value, _) = expr.as_ref() {
                // a constant that does not fit is the question's own mistake, and the same for all data
                return match value.cast_to(field.data_type()) {
                    Ok(value) => Ok(Transformed::yes(Expr::Literal(value, None))),
                    Err(_) => plan_err!("{BAD_CONSTANT}"),
                };
            }
            Ok(Transformed::yes(Expr::TryCast(TryCast { expr, field })))
        }
        Expr::BinaryExpr(BinaryExpr {
            ref left,
            op,
            ref right,
        }) if matches!(
            op,
            Operator::Plus
                | Operator::Minus
                | Operator::Multiply
                | Operator::Divide
                | Operator::Modulo
        ) =>
        {
            let temporal = |e: &Expr| e.get_type(schema).is_ok_and(|t| t.is_temporal());
            if temporal(left)
                || temporal(right)
                || matches!(op, Operator::Divide | Operator::Modulo)
            {
                return plan_err!("{DATE_ARITHMETIC}");
            }
            Ok(Transformed::no(expr))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// The engine's optimizer, but for one rule: a count of distinct people is left whole, because it becomes the size of a bitmap
/// (see [`super::persons`]) and not a second grouping.
pub(crate) fn optimizer() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    Optimizer::new()
        .rules
        .into_iter()
        .map(|rule| {
            if rule.name() == SingleDistinctToGroupBy::new().name() {
                Arc::new(WholePeople(SingleDistinctToGroupBy::new())) as _
            } else {
                rule
            }
        })
        .collect()
}

/// The engine's physical optimizer, but for one rule: it moves a filter below a join by the names of its columns, and so takes one
/// side's `eid` for the other's (rows were missing in 55.2: `coalesce(x.eid, y.eid) LIKE '1%'` over a RIGHT JOIN). Filters have been moved
/// by the logical optimizer before, and our scan takes none from this rule, so nothing is lost.
pub(crate) fn physical_optimizer() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    PhysicalOptimizer::new()
        .rules
        .into_iter()
        .filter(|rule| !rule.name().starts_with("FilterPushdown"))
        .collect()
}

#[derive(Debug)]
struct WholePeople(SingleDistinctToGroupBy);

impl OptimizerRule for WholePeople {
    fn name(&self) -> &'static str {
        "single_distinct_but_people"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let of_people = |e: &Expr| {
            matches!(e, Expr::AggregateFunction(f) if f.params.distinct
                && matches!(f.params.args.as_slice(), [Expr::Column(c)] if c.name == EID))
        };
        match &plan {
            LogicalPlan::Aggregate(a) if a.aggr_expr.iter().any(of_people) => {
                Ok(Transformed::no(plan))
            }
            _ => self.0.rewrite(plan, config),
        }
    }
}

/// Orders by all columns after those that were asked for, wherever rows are ordered or cut off, so that the same rows come
/// first each time, in an order that does not follow the internal index.
pub(crate) fn total_order(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Sort(Sort { expr, input, fetch }) => {
            let expr = completed(expr, input.schema());
            Ok(Transformed::yes(LogicalPlan::Sort(Sort {
                expr,
                input,
                fetch,
            })))
        }
        LogicalPlan::Limit(Limit { skip, fetch, input }) if !is_sorted(&input) => {
            let expr = completed(Vec::new(), input.schema());
            let input = if expr.is_empty() {
                input
            } else {
                Arc::new(LogicalPlan::Sort(Sort {
                    expr,
                    input,
                    fetch: None,
                }))
            };
            Ok(Transformed::yes(LogicalPlan::Limit(Limit {
                skip,
                fetch,
                input,
            })))
        }
        LogicalPlan::Window(window) => Ok(Transformed::yes(one_by_one(window)?)),
        other => Ok(Transformed::no(other)),
    })
    .data()
}

/// The same window, of which what tells rows apart is calculated one after another, each ordered by all columns before it: rows
/// that are then still alike are alike in everything, so it does not show which is which.
fn one_by_one(window: Window) -> Result<LogicalPlan> {
    let apart = |e: &Expr| {
        matches!(e.clone().unalias(), Expr::WindowFunction(w)
            if functions::ROW_ORDER_WINDOWS.contains(&w.fun.name()))
    };
    if !window.window_expr.iter().any(apart) {
        return Ok(LogicalPlan::Window(window));
    }
    let keep = NamePreserver::new_for_projection();
    let mut input = window.input;
    for expr in window.window_expr {
        let schema = Arc::clone(input.schema());
        let name = keep.save(&expr);
        let expr = expr
            .transform_down(|e| match e {
                Expr::WindowFunction(mut w)
                    if functions::ROW_ORDER_WINDOWS.contains(&w.fun.name()) =>
                {
                    let order = completed(std::mem::take(&mut w.params.order_by), &schema);
                    let same = |o: &SortExpr| w.params.partition_by.contains(&o.expr);
                    w.params.order_by = order.into_iter().filter(|o| !same(o)).collect();
                    Ok(Transformed::yes(Expr::WindowFunction(w)))
                }
                other => Ok(Transformed::no(other)),
            })
            .data()?;
        let expr = name.restore(expr);
        input = Arc::new(LogicalPlan::Window(Window::try_new(vec![expr], input)?));
    }
    Ok(Arc::unwrap_or_clone(input))
}

/// Whether rows come out of a plan in the order of a Sort.
fn is_sorted(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(p) => is_sorted(&p.input),
        LogicalPlan::SubqueryAlias(a) => is_sorted(&a.input),
        _ => false,
    }
}

/// The order that was asked for, and then every other column.
fn completed(mut order: Vec<SortExpr>, schema: &DFSchema) -> Vec<SortExpr> {
    for column in schema.columns() {
        let column = Expr::Column(column);
        if !order.iter().any(|o| o.expr == column) {
            order.push(column.sort(true, false));
        }
    }
    order
}

/// What a checked plan reads: granted columns by table.
pub(crate) type Used = BTreeMap<String, BTreeSet<String>>;

/// Checks an optimised plan: its leaves are granted tables, its nodes and functions those that the gate lets through.
///
/// # Errors
/// Anything else: the gate has a hole, and the question does not run.
pub(crate) fn verify(plan: &LogicalPlan) -> Result<Used> {
    let mut used = Used::new();
    plan.apply_with_subqueries(|plan| {
        match plan {
            LogicalPlan::TableScan(scan) => {
                let provider = source_as_provider(&scan.source)?;
                let name = scan.table_name.table();
                if provider.downcast_ref::<Table>().is_some() {
                    // a column of which only a condition speaks may not come out of the scan, but it is read
                    let columns = scan.projected_schema.fields().iter().map(|f| f.name());
                    let asked = scan.filters.iter().flat_map(Expr::column_refs);
                    let columns = columns.chain(asked.map(|c| &c.name));
                    used.entry(name.to_owned())
                        .or_default()
                        .extend(columns.filter(|c| *c != PERSON && *c != EID).cloned());
                } else if name != CELLS {
                    return outside("a table");
                }
            }
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Union(_)
            | LogicalPlan::EmptyRelation(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Distinct(_) => {}
            _ => return outside("a node"),
        }
        plan.apply_expressions(|expr| expr.apply(known))
    })?;
    Ok(used)
}

fn outside<T>(what: &str) -> Result<T> {
    Err(DataFusionError::Internal(format!(
        "the plan has {what} that the gate does not let through"
    )))
}

/// Whether an expression is of a form, and calls a function, that the gate lets through.
fn known(expr: &Expr) -> Result<TreeNodeRecursion> {
    let scalar = |name: &str| {
        functions::SCALARS.iter().any(|f| f.engine == name) || functions::INTERNAL.contains(&name)
    };
    let aggregate = |name: &str| {
        name == PEOPLE || name == WEIGHTS || functions::AGGREGATES.iter().any(|a| a.1 == name)
    };
    let fine = match expr {
        Expr::ScalarFunction(f) => scalar(f.name()),
        Expr::AggregateFunction(f) => aggregate(f.func.name()),
        Expr::WindowFunction(w) => {
            let name = w.fun.name();
            functions::WINDOWS.contains(&name)
                || functions::ROW_ORDER_WINDOWS.contains(&name)
                || aggregate(name)
        }
        Expr::Placeholder(_)
        | Expr::Unnest(_)
        | Expr::ScalarVariable(..)
        | Expr::GroupingSet(_)
        | Expr::SetComparison(_)
        | Expr::HigherOrderFunction(_)
        | Expr::Lambda(_)
        | Expr::LambdaVariable(_)
        | Expr::SimilarTo(_) => false,
        _ => true,
    };
    if fine {
        Ok(TreeNodeRecursion::Continue)
    } else {
        outside("an expression")
    }
}

/// Whether a type can be shown. Everything in a release can; anything else is the engine's own.
pub(crate) fn can_be_shown(t: &DataType) -> bool {
    matches!(
        t,
        DataType::Null
            | DataType::Boolean
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64
            | DataType::Float32
            | DataType::Float64
            | DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Date32
    )
}
