//! Enclave mode: people are told apart by their internal index while a plan runs, and by pseudonym where they are shown.
//!
//! The planner sees `eid` as the text it is to the question. This pass takes the finished plan and changes only how a person is
//! *represented*: the scan gives the index (four bytes) instead of the pseudonym (26), and the text is made as late as can be.
//! Index and pseudonym stand one to one, so wherever only "the same person or not" matters the answer is the same:
//! equality and its kin between two people, `IS NULL`, `count`, `count(DISTINCT)`, keys of joins, groups, DISTINCT, unions and
//! PARTITION BY, and passing the column on. A constant that people are compared with is turned into an index, one that
//! is nobody's pseudonym into an index that is nobody's. **Every other use gets the text**, by [`super::persons_functions`], and so does the answer.
//!
//! Sure by construction: what this file does not know (a node, an expression) it does not pass, and the plan runs in
//! its text form, slower and right; what it has made is checked once more by [`super::persons_fence`], which shares no code with
//! it. People are recognised by their type: nothing else in a question is an unsigned 32-bit number, which is checked first.
//!
//! Must never: order by an index, compare one by size, calculate with one or show one. Its order is that of all projects.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::utils::{merge_schema, split_conjunction};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Filter, Join, LogicalPlan, Projection, ScalarUDF, Sort, SortExpr,
    TableScan, Union, Window,
};
use privacy::pseudonym::ProjectKey;

use super::catalogue::Table;
use super::persons_expressions::{is_person, picks_people};
use super::persons_fence;
use super::persons_functions;

/// The type of the internal index, and of nothing else in a plan.
pub(crate) const INDEX: DataType = DataType::UInt32;

/// The same plan with people by their index inside; `None` if it has a part that this file does not know, or no people.
pub(crate) fn by_index(plan: &LogicalPlan) -> Option<LogicalPlan> {
    let key = key_of(plan)?;
    if persons_fence::mentions_index(plan).ok()? {
        return None;
    }
    let late = Late {
        pseudonym: persons_functions::pseudonym(key.clone()),
        key,
    };
    let out = late.closed(plan.clone()).ok()?;
    let same = out.schema().columns() == plan.schema().columns();
    (same && persons_fence::check(&out).is_ok()).then_some(out)
}

/// The key that the plan's tables share.
fn key_of(plan: &LogicalPlan) -> Option<Arc<ProjectKey>> {
    let mut key = None;
    let seen = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            key = table(scan)?.map(|(_, key)| key);
            if key.is_some() {
                return Ok(datafusion::common::tree_node::TreeNodeRecursion::Stop);
            }
        }
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    });
    seen.ok().and(key)
}

/// The table of a scan, by index.
fn table(scan: &TableScan) -> Result<Option<(Table, Arc<ProjectKey>)>> {
    let provider = source_as_provider(&scan.source)?;
    Ok(provider.downcast_ref::<Table>().and_then(Table::by_index))
}

/// The plan keeps its text form.
pub(super) fn unknown<T>() -> Result<T> {
    Err(DataFusionError::NotImplemented(
        "not known to the pass".to_owned(),
    ))
}

/// The pass.
pub(super) struct Late {
    pub(super) key: Arc<ProjectKey>,
    pseudonym: Arc<ScalarUDF>,
}

impl Late {
    /// A plan of which no index comes out.
    pub(super) fn closed(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let plan = self.node(plan)?;
        let people = people_of(plan.schema());
        self.named(plan, &people)
    }

    /// A plan of which these columns come out as texts.
    fn named(&self, plan: LogicalPlan, people: &[Column]) -> Result<LogicalPlan> {
        if people.is_empty() {
            return Ok(plan);
        }
        let exprs = plan
            .schema()
            .columns()
            .into_iter()
            .map(|column| {
                if people.contains(&column) {
                    let (relation, name) = (column.relation.clone(), column.name.clone());
                    self.text(Expr::Column(column))
                        .alias_qualified(relation, name)
                } else {
                    Expr::Column(column)
                }
            })
            .collect();
        Projection::try_new(exprs, Arc::new(plan)).map(LogicalPlan::Projection)
    }

    /// The pseudonym of an index.
    pub(super) fn text(&self, person: Expr) -> Expr {
        self.pseudonym.call(vec![person])
    }

    /// A node, its inputs first. Its columns keep their names and places; people come out by index.
    fn node(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let plan = plan
            .map_children(|input| self.node(input).map(Transformed::yes))
            .data()?;
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Projection(p) => self.projection(p),
            LogicalPlan::Filter(filter) => self.filter(filter),
            LogicalPlan::Window(window) => {
                let schema = window.input.schema();
                let exprs = self.all(window.window_expr, schema, Self::value)?;
                Window::try_new(exprs, window.input).map(LogicalPlan::Window)
            }
            LogicalPlan::Aggregate(a) => {
                let groups = self.all(a.group_expr, a.input.schema(), Self::bare)?;
                let numbers = self.all(a.aggr_expr, a.input.schema(), Self::value)?;
                Aggregate::try_new(a.input, groups, numbers).map(LogicalPlan::Aggregate)
            }
            LogicalPlan::Sort(sort) => self.sort(sort),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Limit(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::EmptyRelation(_)
            | LogicalPlan::Distinct(Distinct::All(_)) => plan.recompute_schema(),
            _ => unknown(),
        }
    }

    /// Expressions that make columns, under their names.
    fn all(
        &self,
        exprs: Vec<Expr>,
        schema: &DFSchema,
        each: fn(&Self, Expr, &DFSchema) -> Result<Expr>,
    ) -> Result<Vec<Expr>> {
        let keep = NamePreserver::new_for_projection();
        exprs
            .into_iter()
            .map(|e| {
                let name = keep.save(&e);
                Ok(name.restore(each(self, e, schema)?))
            })
            .collect()
    }

    fn scan(&self, scan: TableScan) -> Result<LogicalPlan> {
        let Some((table, _)) = table(&scan)? else {
            return unknown();
        };
        let source = provider_as_source(Arc::new(table));
        let schema =
            DFSchema::try_from_qualified_schema(scan.table_name.clone(), &source.schema())?;
        let filters = scan
            .filters
            .into_iter()
            .map(|f| self.value(f, &schema))
            .collect::<Result<_>>()?;
        TableScanBuilder::new(scan.table_name, source)
            .with_projection(scan.projection)
            .with_filters(filters)
            .with_fetch(scan.fetch)
            .with_statistics_requests(scan.statistics_requests)
            .build()
            .map(LogicalPlan::TableScan)
    }

    fn projection(&self, p: Projection) -> Result<LogicalPlan> {
        let exprs = self.all(p.expr, p.input.schema(), Self::bare)?;
        Projection::try_new(exprs, p.input).map(LogicalPlan::Projection)
    }

    /// A condition. What it says of people alone is told to the scan as well, which reads only their rows (and the filter
    /// stays, so the scan need not be exact).
    fn filter(&self, filter: Filter) -> Result<LogicalPlan> {
        let predicate = self.value(filter.predicate, filter.input.schema())?;
        let mut input = filter.input;
        if let LogicalPlan::TableScan(scan) = input.as_ref() {
            let mut scan = scan.clone();
            for part in split_conjunction(&predicate) {
                if picks_people(part, input.schema()) && !scan.filters.contains(part) {
                    scan.filters.push(part.clone());
                }
            }
            input = Arc::new(LogicalPlan::TableScan(scan));
        }
        Filter::try_new(predicate, input).map(LogicalPlan::Filter)
    }

    /// People that are sorted by are named below, once: the order is that of the text.
    fn sort(&self, sort: Sort) -> Result<LogicalPlan> {
        let people = people_of(sort.input.schema());
        let sorted: Vec<Column> = people
            .into_iter()
            .filter(|person| {
                let used = |e: &SortExpr| e.expr.column_refs().contains(person);
                sort.expr.iter().any(used)
            })
            .collect();
        let input = Arc::new(self.named(Arc::unwrap_or_clone(sort.input), &sorted)?);
        let expr = sort
            .expr
            .into_iter()
            .map(|e| self.order(e, input.schema()))
            .collect::<Result<_>>()?;
        Ok(LogicalPlan::Sort(Sort {
            expr,
            input,
            fetch: sort.fetch,
        }))
    }

    pub(super) fn order(&self, e: SortExpr, schema: &DFSchema) -> Result<SortExpr> {
        Ok(SortExpr {
            expr: self.value(e.expr, schema)?,
            ..e
        })
    }

    fn join(&self, join: Join) -> Result<LogicalPlan> {
        let (left, right) = (join.left.schema(), join.right.schema());
        let on = join
            .on
            .into_iter()
            .map(|(l, r)| self.compared((l.unalias(), left), (r.unalias(), right)))
            .collect::<Result<_>>()?;
        let both = merge_schema(&[join.left.as_ref(), join.right.as_ref()]);
        let filter = join.filter.map(|f| self.value(f, &both)).transpose()?;
        LogicalPlan::Join(Join { on, filter, ..join }).recompute_schema()
    }

    /// A column is by index only if it is in each input.
    fn union(&self, union: Union) -> Result<LogicalPlan> {
        let Some(first) = union.inputs.first() else {
            return unknown();
        };
        let by_index: Vec<bool> = (0..first.schema().fields().len())
            .map(|i| {
                union.inputs.iter().all(|input| {
                    let field = input.schema().fields().get(i);
                    field.is_some_and(|f| f.data_type() == &INDEX)
                })
            })
            .collect();
        let inputs = union
            .inputs
            .into_iter()
            .map(|input| {
                let mixed: Vec<Column> = input
                    .schema()
                    .columns()
                    .into_iter()
                    .zip(&by_index)
                    .filter(|(_, by_index)| !**by_index)
                    .map(|(column, _)| column)
                    .filter(|column| is_person(&Expr::Column(column.clone()), input.schema()))
                    .collect();
                self.named(Arc::unwrap_or_clone(input), &mixed)
                    .map(Arc::new)
            })
            .collect::<Result<Vec<_>>>()?;
        let fields = union
            .schema
            .iter()
            .zip(&by_index)
            .enumerate()
            .map(|(i, ((qualifier, field), by_index))| {
                let kind = if *by_index { &INDEX } else { field.data_type() };
                let nullable = inputs.iter().any(|input| {
                    let field = input.schema().fields().get(i);
                    field.is_none_or(|f| f.is_nullable())
                });
                let field = Field::new(field.name(), kind.clone(), nullable)
                    .with_metadata(field.metadata().clone());
                (qualifier.cloned(), Arc::new(field))
            })
            .collect();
        let schema = DFSchema::new_with_metadata(fields, union.schema.metadata().clone())?;
        Ok(LogicalPlan::Union(Union {
            inputs,
            schema: Arc::new(schema),
        }))
    }
}

/// The columns of people, by index.
fn people_of(schema: &DFSchema) -> Vec<Column> {
    schema
        .columns()
        .into_iter()
        .filter(|column| is_person(&Expr::Column(column.clone()), schema))
        .collect()
}
