//! Enclave mode: rows may be seen, so any SELECT goes through, made only of reviewed parts.
//!
//! Names are checked, not resolved: the catalogue of the session holds nothing but what is granted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    Cte, Expr, Function, GroupByExpr, Join, JoinConstraint, JoinOperator, ObjectName, OrderBy,
    OrderByExpr, OrderByKind, OrderByOptions, Query, SelectItem, SetExpr, SetOperator,
    SetQuantifier, TableFactor, TableWithJoins, WildcardAdditionalOptions, WindowSpec, WindowType,
    With,
};
use governance::Refusal;

use super::calls::{self, Call};
use super::constants::constant_int;
use super::expression::{self, Context};
use super::select::{self, Item, JoinKind, JoinOn, Relation};
use super::{build, functions};
use crate::limits;
use crate::query::no;

/// What the question names, found while it was built anew.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// Every column name that occurs, whatever its table.
    pub(crate) columns: BTreeSet<String>,
    /// Every granted table that occurs.
    pub(crate) tables: BTreeSet<String>,
    /// Whether `*` occurs.
    pub(crate) star: bool,
}

/// Checks a query and builds it anew. `granted` are the tables that exist.
pub(crate) fn rewrite(query: &Query, granted: &[String]) -> Result<(Query, Mentions), Refusal> {
    let room = Enclave {
        granted,
        mentions: RefCell::new(Mentions::default()),
    };
    let out = room.query(query, &BTreeMap::new(), 0)?;
    Ok((out, room.mentions.into_inner()))
}

/// The names of WITH parts that can be used at some place.
type Parts = BTreeMap<String, ()>;

struct Enclave<'a> {
    granted: &'a [String],
    mentions: RefCell<Mentions>,
}

/// An expression's surroundings: the room, and the WITH parts that its subqueries can use.
struct Place<'a> {
    room: &'a Enclave<'a>,
    parts: &'a Parts,
}

impl Enclave<'_> {
    fn query(&self, query: &Query, outer: &Parts, depth: usize) -> Result<Query, Refusal> {
        if depth > limits::SQL_DEPTH {
            return Err(no::too_long(
                "levels of subqueries or more",
                depth,
                limits::SQL_DEPTH,
            ));
        }
        let q = select::query(query)?;
        let mut parts = outer.clone();
        let with = q
            .with
            .map(|with| self.with(with, &mut parts, depth))
            .transpose()?;
        let place = Place {
            room: self,
            parts: &parts,
        };
        let mut out = build::query(self.body(q.body, &parts, depth)?);
        out.with = with;
        out.order_by = place.order_by(q.order_by)?;
        out.limit_clause = select::limit_clause(q.limit, q.offset);
        Ok(out)
    }

    fn with(&self, with: &With, parts: &mut Parts, depth: usize) -> Result<With, Refusal> {
        let mut tables = Vec::new();
        for Cte {
            alias,
            query,
            from,
            materialized: _,
            closing_paren_token: _,
        } in &with.cte_tables
        {
            let name = select::plain_alias(alias)?;
            if from.is_some() {
                return Err(no::clause("WITH … FROM", "leave it out"));
            }
            if self.granted.contains(&name) || parts.contains_key(&name) {
                return Err(no::name_taken(&name));
            }
            let query = self.query(query, parts, depth + 1)?;
            tables.push(cte(&name, query));
            parts.insert(name, ());
        }
        Ok(with_of(tables))
    }

    fn body(&self, body: &SetExpr, parts: &Parts, depth: usize) -> Result<SetExpr, Refusal> {
        if depth > limits::SQL_DEPTH {
            return Err(no::too_long(
                "levels of subqueries or more",
                depth,
                limits::SQL_DEPTH,
            ));
        }
        match body {
            SetExpr::Select(s) => self.select(s, parts, depth),
            SetExpr::Query(q) => Ok(SetExpr::Query(Box::new(self.query(q, parts, depth + 1)?))),
            SetExpr::SetOperation {
                op,
                set_quantifier,
                left,
                right,
            } => {
                let known = matches!(
                    op,
                    SetOperator::Union | SetOperator::Except | SetOperator::Intersect
                ) && matches!(
                    set_quantifier,
                    SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None
                );
                if !known {
                    return Err(no::clause(
                        "this set operation",
                        "use UNION, INTERSECT or EXCEPT",
                    ));
                }
                Ok(SetExpr::SetOperation {
                    op: *op,
                    set_quantifier: *set_quantifier,
                    left: Box::new(self.body(left, parts, depth + 1)?),
                    right: Box::new(self.body(right, parts, depth + 1)?),
                })
            }
            SetExpr::Values(_) | SetExpr::Table(_) => Err(no::only_select("VALUES or TABLE")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(no::only_select("a statement that writes"))
            }
        }
    }

    fn select(
        &self,
        s: &datafusion::sql::sqlparser::ast::Select,
        parts: &Parts,
        depth: usize,
    ) -> Result<SetExpr, Refusal> {
        let s = select::select(s)?;
        let place = Place { room: self, parts };
        let go = |e: &Expr| expression::rewrite(&place, e, 0);
        let mut names = Vec::new();
        let mut projection = Vec::new();
        for found in s.projection {
            projection.push(match select::item(found)? {
                Item::Star(table) => {
                    self.mentions.borrow_mut().star = true;
                    star(table.as_deref())
                }
                Item::Expr(e, alias) => {
                    let name = select::distinct_name(&names, select::shown_name(e, alias)?);
                    names.push(name.clone());
                    build::item(go(e)?, &name)
                }
            });
        }
        let from = s
            .from
            .iter()
            .map(|t| self.from(t, &place, depth))
            .collect::<Result<_, _>>()?;
        let mut out = build::select(projection, from, s.selection.map(&go).transpose()?);
        out.group_by = GroupByExpr::Expressions(
            s.group_by.iter().map(&go).collect::<Result<_, _>>()?,
            Vec::new(),
        );
        out.having = s.having.map(&go).transpose()?;
        out.distinct = s
            .distinct
            .then_some(datafusion::sql::sqlparser::ast::Distinct::Distinct);
        Ok(SetExpr::Select(Box::new(out)))
    }

    fn from(
        &self,
        table: &TableWithJoins,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<TableWithJoins, Refusal> {
        let joins = table
            .joins
            .iter()
            .map(|j| {
                let (kind, on) = select::join(j)?;
                let constraint = match on {
                    JoinOn::On(e) => JoinConstraint::On(expression::rewrite(place, e, 0)?),
                    JoinOn::Using(columns) => {
                        self.mentions
                            .borrow_mut()
                            .columns
                            .extend(columns.iter().cloned());
                        JoinConstraint::Using(
                            columns
                                .iter()
                                .map(|c| ObjectName::from(build::ident(c)))
                                .collect(),
                        )
                    }
                    JoinOn::Nothing => JoinConstraint::None,
                };
                Ok(Join {
                    relation: self.relation(&j.relation, place.parts, depth)?,
                    global: false,
                    join_operator: match kind {
                        JoinKind::Inner => JoinOperator::Inner(constraint),
                        JoinKind::Left => JoinOperator::Left(constraint),
                        JoinKind::Right => JoinOperator::Right(constraint),
                        JoinKind::Full => JoinOperator::FullOuter(constraint),
                        JoinKind::Cross => JoinOperator::CrossJoin(constraint),
                    },
                })
            })
            .collect::<Result<_, Refusal>>()?;
        Ok(TableWithJoins {
            relation: self.relation(&table.relation, place.parts, depth)?,
            joins,
        })
    }

    fn relation(
        &self,
        factor: &TableFactor,
        parts: &Parts,
        depth: usize,
    ) -> Result<TableFactor, Refusal> {
        match select::relation(factor)? {
            Relation::Named { name, alias } => {
                if self.granted.contains(&name) {
                    self.mentions.borrow_mut().tables.insert(name.clone());
                } else if !parts.contains_key(&name) {
                    return Err(no::unknown_table(&name, self.granted));
                }
                Ok(build::table(&name, &alias))
            }
            Relation::Derived { query, alias } => {
                Ok(build::derived(self.query(query, parts, depth + 1)?, &alias))
            }
        }
    }
}

impl Place<'_> {
    fn order_by(&self, items: &[OrderByExpr]) -> Result<Option<OrderBy>, Refusal> {
        Ok(order_by(
            items
                .iter()
                .map(|item| ordered(expression::rewrite(self, &item.expr, 0), item))
                .collect::<Result<_, _>>()?,
        ))
    }
}

impl Context for Place<'_> {
    fn whole(&self, _: &Expr, _: usize) -> Result<Option<Expr>, Refusal> {
        Ok(None)
    }

    fn column(&self, table: Option<&str>, name: &str) -> Result<Expr, Refusal> {
        self.room
            .mentions
            .borrow_mut()
            .columns
            .insert(name.to_owned());
        Ok(table.map_or_else(
            || build::column(name),
            |table| build::column_of(table, name),
        ))
    }

    fn in_query(
        &self,
        expr: &Expr,
        query: &Query,
        negated: bool,
        depth: usize,
    ) -> Result<Expr, Refusal> {
        Ok(Expr::InSubquery {
            expr: Box::new(expression::rewrite(self, expr, depth)?),
            subquery: Box::new(self.room.query(query, self.parts, 1)?),
            negated,
        })
    }

    fn subquery(&self, query: &Query, exists: Option<bool>, _: usize) -> Result<Expr, Refusal> {
        let query = Box::new(self.room.query(query, self.parts, 1)?);
        Ok(match exists {
            Some(negated) => Expr::Exists {
                subquery: query,
                negated,
            },
            None => Expr::Subquery(query),
        })
    }

    fn aggregate(&self, call: &Call<'_>, depth: usize) -> Result<Expr, Refusal> {
        Ok(Expr::Function(self.aggregate_function(call, depth)?))
    }

    fn window(&self, f: &Function, called: &str, depth: usize) -> Result<Expr, Refusal> {
        let Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by,
            order_by,
            window_frame: None,
        })) = &f.over
        else {
            return Err(no::arguments(
                called,
                "OVER (PARTITION BY … ORDER BY …), without a frame (rows that are alike would be told apart by where they are stored) or a named window",
            ));
        };
        let mut out = if let Some(aggregate) = functions::aggregate(called) {
            self.aggregate_function(&calls::aggregate_call(f, called, aggregate)?, depth)?
        } else if functions::WINDOWS.contains(&called) && f.filter.is_none() {
            if order_by.is_empty() || !calls::plain_args(f, called)?.is_empty() {
                return Err(no::arguments(
                    called,
                    "nothing in its brackets, and OVER (… ORDER BY …)",
                ));
            }
            build::call_with(called, Vec::new(), false, None)
        } else if functions::ROW_ORDER_WINDOWS.contains(&called) && f.filter.is_none() {
            if order_by.is_empty() {
                return Err(no::row_order(called));
            }
            build::call_with(called, self.row_order_args(f, called, depth)?, false, None)
        } else {
            return Err(no::function(called));
        };
        out.over = Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by: partition_by
                .iter()
                .map(|e| expression::rewrite(self, e, depth + 1))
                .collect::<Result<_, _>>()?,
            order_by: order_by
                .iter()
                .map(|item| ordered(expression::rewrite(self, &item.expr, depth + 1), item))
                .collect::<Result<_, _>>()?,
            window_frame: None,
        }));
        Ok(Expr::Function(out))
    }
}

impl Place<'_> {
    /// Nothing for `row_number`, a constant for `ntile`, an expression and perhaps a constant for `lag` and `lead`.
    fn row_order_args(
        &self,
        f: &Function,
        called: &str,
        depth: usize,
    ) -> Result<Vec<Expr>, Refusal> {
        let rows = |e: &Expr| constant_int(e, called, 1, 10_000);
        match (called, calls::plain_args(f, called)?.as_slice()) {
            ("row_number", []) => Ok(Vec::new()),
            ("ntile", [n]) => Ok(vec![rows(n)?]),
            ("lag" | "lead", [e]) => Ok(vec![expression::rewrite(self, e, depth + 1)?]),
            ("lag" | "lead", [e, n]) => {
                Ok(vec![expression::rewrite(self, e, depth + 1)?, rows(n)?])
            }
            _ => Err(no::arguments(
                called,
                "no arguments for row_number, a number for ntile, a column and perhaps a number of rows for lag and lead",
            )),
        }
    }

    fn aggregate_function(&self, call: &Call<'_>, depth: usize) -> Result<Function, Refusal> {
        let go = |e: &Expr| expression::rewrite(self, e, depth + 1);
        let arg = call.arg.map_or_else(|| Ok(build::number(1)), go)?;
        let filter = call.filter.map(go).transpose()?;
        let args = std::iter::once(arg).chain(call.share.clone()).collect();
        Ok(build::call_with(
            call.aggregate.1,
            args,
            call.distinct,
            filter,
        ))
    }
}

/// `*` or `table.*`.
fn star(table: Option<&str>) -> SelectItem {
    use datafusion::sql::sqlparser::ast::SelectItemQualifiedWildcardKind as Kind;
    let options = WildcardAdditionalOptions::default();
    match table {
        None => SelectItem::Wildcard(options),
        Some(table) => SelectItem::QualifiedWildcard(
            Kind::ObjectName(ObjectName::from(build::ident(table))),
            options,
        ),
    }
}

/// An item of ORDER BY, built anew.
pub(crate) fn ordered(
    expr: Result<Expr, Refusal>,
    item: &OrderByExpr,
) -> Result<OrderByExpr, Refusal> {
    if item.with_fill.is_some() {
        return Err(no::clause("WITH FILL", "leave it out"));
    }
    let OrderByOptions { asc, nulls_first } = item.options;
    Ok(OrderByExpr {
        expr: expr?,
        options: OrderByOptions { asc, nulls_first },
        with_fill: None,
    })
}

/// ORDER BY, if there is anything to order by.
pub(crate) fn order_by(items: Vec<OrderByExpr>) -> Option<OrderBy> {
    (!items.is_empty()).then_some(OrderBy {
        kind: OrderByKind::Expressions(items),
        interpolate: None,
    })
}

/// A part of WITH.
pub(crate) fn cte(name: &str, query: Query) -> Cte {
    Cte {
        alias: build::table_alias(name),
        query: Box::new(query),
        from: None,
        materialized: None,
        closing_paren_token: AttachedToken::empty(),
    }
}

/// WITH.
pub(crate) fn with_of(cte_tables: Vec<Cte>) -> With {
    With {
        with_token: AttachedToken::empty(),
        recursive: false,
        cte_tables,
    }
}
