//! FROM, WITH and subqueries of a question in aggregate mode: everything is joined by person and passes the person on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, Join, JoinConstraint, JoinOperator, Query, Select,
    SelectItem, SetExpr, TableFactor, TableWithJoins, With,
};
use governance::Refusal;

use super::PERSON;
use super::rows::{Clause, Rows};
use super::scope::{Columns, Origin, Rel, Scope};
use crate::limits;
use crate::query::sql::expression;
use crate::query::sql::select::{self, JoinKind, JoinOn, Relation};
use crate::query::sql::{build, enclave};
use crate::query::{EID, GrantedTable, no};

/// Granted columns that a question names, by table.
pub(crate) type Mentions = BTreeMap<String, BTreeSet<String>>;

/// A WITH part.
#[derive(Debug, Clone)]
struct Part {
    columns: Columns,
    eid: bool,
}

/// The tables and WITH parts of one question.
#[derive(Debug)]
pub(super) struct World<'a> {
    granted: &'a [GrantedTable],
    parts: BTreeMap<String, Part>,
    mentions: RefCell<Mentions>,
}

/// A FROM and WHERE, built anew.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) from: Vec<TableWithJoins>,
    pub(super) selection: Option<Expr>,
    pub(super) scope: Scope,
}

impl<'a> World<'a> {
    pub(super) fn new(granted: &'a [GrantedTable]) -> Self {
        Self {
            granted,
            parts: BTreeMap::new(),
            mentions: RefCell::default(),
        }
    }

    pub(super) fn into_mentions(self) -> Mentions {
        self.mentions.into_inner()
    }

    /// Notes that a column of a granted table is used.
    pub(super) fn mention(&self, table: &str, column: &str) {
        let mut mentions = self.mentions.borrow_mut();
        mentions
            .entry(table.to_owned())
            .or_default()
            .insert(column.to_owned());
    }

    pub(super) fn table_names(&self) -> Vec<String> {
        self.granted.iter().map(|t| t.name.clone()).collect()
    }

    /// Takes in the WITH parts of a question, in order.
    pub(super) fn with(&mut self, with: &With) -> Result<With, Refusal> {
        let mut out = Vec::new();
        for part in &with.cte_tables {
            let name = select::plain_alias(&part.alias)?;
            if part.from.is_some() {
                return Err(no::clause("WITH … FROM", "leave it out"));
            }
            if self.parts.contains_key(&name) || self.granted.iter().any(|t| t.name == name) {
                return Err(no::name_taken(&name));
            }
            let (query, part) = self.inner(&part.query, 1)?;
            out.push(enclave::cte(&name, query));
            self.parts.insert(name, part);
        }
        Ok(enclave::with_of(out))
    }

    /// FROM and WHERE of a SELECT.
    pub(super) fn body(&self, s: &select::SelectParts<'_>, depth: usize) -> Result<Body, Refusal> {
        let [table] = s.from else {
            return Err(if s.from.is_empty() {
                no::rows_not_shown("the question names no table")
            } else {
                no::join(
                    "tables are listed with commas, so that a row could belong to several people",
                )
            });
        };
        let mut scope = Scope::default();
        let relation = self.relation(&table.relation, &mut scope, false, depth)?;
        let mut joins = Vec::new();
        for join in &table.joins {
            joins.push(self.join(join, &mut scope, depth)?);
        }
        let place = Rows::within(self, &scope, Clause::Where, false);
        let selection = s
            .selection
            .map(|e| expression::rewrite(&place, e, 0))
            .transpose()?;
        Ok(Body {
            from: vec![TableWithJoins { relation, joins }],
            selection,
            scope,
        })
    }

    fn relation(
        &self,
        factor: &TableFactor,
        scope: &mut Scope,
        optional: bool,
        depth: usize,
    ) -> Result<TableFactor, Refusal> {
        let (out, alias, table, part) = match select::relation(factor)? {
            Relation::Named { name, alias } => {
                let built = build::table(&name, &alias);
                if let Some(part) = self.parts.get(&name) {
                    (built, alias, None, part.clone())
                } else if let Some(granted) = self.granted.iter().find(|t| t.name == name) {
                    let columns = granted
                        .columns
                        .iter()
                        .map(|c| (c.clone(), Origin::Value))
                        .collect();
                    self.mentions.borrow_mut().entry(name.clone()).or_default();
                    (built, alias, Some(name), Part { columns, eid: true })
                } else {
                    return Err(no::unknown_table(&name, &self.table_names()));
                }
            }
            Relation::Derived { query, alias } => {
                let (query, part) = self.inner(query, depth + 1)?;
                (build::derived(query, &alias), alias, None, part)
            }
        };
        if scope.rels.iter().any(|r| r.alias == alias) {
            return Err(no::name_taken(&alias));
        }
        scope.rels.push(Rel {
            alias,
            table,
            columns: part.columns,
            eid: part.eid,
            optional,
        });
        Ok(out)
    }

    fn join(&self, join: &Join, scope: &mut Scope, depth: usize) -> Result<Join, Refusal> {
        let (kind, on) = select::join(join)?;
        let optional = match kind {
            JoinKind::Inner => false,
            JoinKind::Left => true,
            JoinKind::Right | JoinKind::Full => {
                return Err(no::join(
                    "with RIGHT or FULL JOIN a row may have no person in the first table",
                ));
            }
            JoinKind::Cross => return Err(no::join("CROSS JOIN puts different people in one row")),
        };
        let relation = self.relation(&join.relation, scope, optional, depth)?;
        let person = |rel: &Rel| build::column_of(&rel.alias, PERSON);
        let (Some(first), Some(new)) = (scope.rels.first(), scope.rels.last()) else {
            return Err(no::does_not_fit());
        };
        let on = match on {
            JoinOn::Using(columns) if columns == [EID] => {
                if !new.eid || !first.eid {
                    return Err(no::unknown_column(EID, &[]));
                }
                build::binary(person(first), BinaryOperator::Eq, person(new))
            }
            JoinOn::On(e) => {
                let place = Rows::within(self, scope, Clause::On, false);
                if !place.joins_by_person(e, &new.alias)? {
                    return Err(no::join("the tables are not joined by person"));
                }
                expression::rewrite(&place, e, 0)?
            }
            JoinOn::Using(_) | JoinOn::Nothing => {
                return Err(no::join("the tables are not joined by person"));
            }
        };
        let constraint = JoinConstraint::On(on);
        Ok(Join {
            relation,
            global: false,
            join_operator: if optional {
                JoinOperator::Left(constraint)
            } else {
                JoinOperator::Inner(constraint)
            },
        })
    }

    /// A subquery in FROM or WITH: it passes the internal index on.
    fn inner(&self, query: &Query, depth: usize) -> Result<(Query, Part), Refusal> {
        let s = self.subselect(query, depth)?;
        let body = self.body(&s, depth)?;
        let grouped = !s.group_by.is_empty();
        let place = Rows::within(self, &body.scope, Clause::Other, grouped);
        let person = body.scope.person()?;
        let mut part = Part {
            columns: Columns::new(),
            eid: false,
        };
        let mut projection = vec![build::item(person.clone(), PERSON)];
        for item in s.projection {
            for (name, expr, origin) in place.inner_items(item)? {
                let Some(expr) = expr else {
                    part.eid = true;
                    continue;
                };
                if part.columns.insert(name.clone(), origin).is_some() {
                    return Err(no::name_taken(&name));
                }
                projection.push(build::item(expr, &name));
            }
        }
        let mut out = build::select(projection, body.from, body.selection);
        if grouped {
            out.group_by = GroupByExpr::Expressions(place.inner_keys(&s, person)?, Vec::new());
            out.having = s
                .having
                .map(|e| expression::rewrite(&place, e, 0))
                .transpose()?;
        } else if s.having.is_some() {
            return Err(no::clause(
                "HAVING without GROUP BY",
                "group the subquery by eid",
            ));
        }
        out.distinct = s.distinct.then_some(Distinct::Distinct);
        Ok((build::query(SetExpr::Select(Box::new(out))), part))
    }

    /// The SELECT of a subquery, with nothing around it.
    fn subselect<'q>(
        &self,
        query: &'q Query,
        depth: usize,
    ) -> Result<select::SelectParts<'q>, Refusal> {
        if depth > limits::SQL_DEPTH {
            return Err(no::too_long(
                "levels of subqueries or more",
                depth,
                limits::SQL_DEPTH,
            ));
        }
        let q = select::query(query)?;
        if q.with.is_some() {
            return Err(no::subquery(
                "WITH inside a subquery",
                "put it at the beginning of the question",
            ));
        }
        if !q.order_by.is_empty() || q.limit.is_some() || q.offset.is_some() {
            return Err(no::subquery(
                "ORDER BY or LIMIT inside a subquery",
                "leave it out: it picks single people or rows",
            ));
        }
        match q.body {
            SetExpr::Select(s) => select::select(s),
            _ => Err(no::subquery(
                "UNION, INTERSECT, EXCEPT or VALUES",
                "write the conditions with OR and AND, or several eid IN (SELECT …)",
            )),
        }
    }

    /// `SELECT eid FROM …` on the right of IN.
    pub(super) fn membership(&self, query: &Query, depth: usize) -> Result<Query, Refusal> {
        let wrong = || {
            no::subquery(
                "IN (SELECT …) of anything but eid",
                "write eid IN (SELECT eid FROM …)",
            )
        };
        let [SelectItem::UnnamedExpr(Expr::Identifier(_) | Expr::CompoundIdentifier(_))] =
            self.subselect(query, depth)?.projection
        else {
            return Err(wrong());
        };
        let (mut inner, part) = self.inner(query, depth)?;
        if !part.eid || !part.columns.is_empty() {
            return Err(wrong());
        }
        if let SetExpr::Select(s) = inner.body.as_mut() {
            let s: &mut Select = s;
            s.projection.truncate(1);
        }
        Ok(inner)
    }
}
