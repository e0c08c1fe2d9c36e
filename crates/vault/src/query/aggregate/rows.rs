//! What is under an aggregate: rows of which each belongs to one person.
//!
//! Every relation carries the internal index. Tables are joined on it and on nothing less; subqueries pass it on and
//! group by it. So whatever a row holds, it holds about the person whose index is in it, and counting distinct indices
//! counts everybody behind a number.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Function, Query, SelectItem};
use governance::Refusal;

use super::PERSON;
use super::scope::{Origin, Rel, Scope};
use super::tables::World;
use crate::limits;
use crate::query::sql::bounds::Written;
use crate::query::sql::build;
use crate::query::sql::calls::{self, Call};
use crate::query::sql::constants;
use crate::query::sql::expression::{self, Context};
use crate::query::sql::functions::Family;
use crate::query::sql::select::{self, Item};
use crate::query::{EID, no};

/// The clause in which an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    On,
    Where,
    Other,
}

/// An expression over rows of one person.
pub(super) struct Rows<'a> {
    world: &'a World<'a>,
    scope: &'a Scope,
    clause: Clause,
    /// Whether aggregates of one person may be used: in a subquery that groups by eid.
    per_person: bool,
}

impl<'a> Rows<'a> {
    /// An expression in some clause.
    pub(super) fn within(
        world: &'a World<'a>,
        scope: &'a Scope,
        clause: Clause,
        per_person: bool,
    ) -> Self {
        Self {
            world,
            scope,
            clause,
            per_person,
        }
    }

    /// An expression of a top-level SELECT over the rows of `scope`.
    pub(super) fn of(world: &'a World<'a>, scope: &'a Scope) -> Self {
        Self {
            world,
            scope,
            clause: Clause::Other,
            per_person: false,
        }
    }

    /// The relation whose eid an expression names.
    pub(super) fn person_of(&self, expr: &Expr) -> Result<Option<Expr>, Refusal> {
        Ok(self
            .scope
            .eid_of(expr)?
            .map(|rel| build::column_of(&rel.alias, PERSON)))
    }

    /// Whether an expression is a bare column whose values may be summed.
    pub(super) fn may_be_summed(&self, expr: &Expr) -> Result<bool, Refusal> {
        let (table, column) = match expr {
            Expr::Identifier(column) => (None, column),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] => (Some(expression::name(table)?), column),
                _ => return Ok(false),
            },
            Expr::Nested(inner) => return self.may_be_summed(inner),
            _ => return Ok(false),
        };
        let column = expression::name(column)?;
        if column == EID {
            return Err(no::eid("an aggregate"));
        }
        Ok(self.scope.find(table.as_deref(), &column)?.1 == Origin::Value)
    }

    /// The column of the data that a bare column is; `None` for one of a subquery, which may be any under another name.
    pub(super) fn measured(&self, expr: &Expr) -> Result<Option<(String, String)>, Refusal> {
        let (table, column) = match expr {
            Expr::Identifier(column) => (None, column),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] => (Some(expression::name(table)?), column),
                _ => return Ok(None),
            },
            Expr::Nested(inner) => return self.measured(inner),
            _ => return Ok(None),
        };
        let column = expression::name(column)?;
        let (rel, _) = self.scope.find(table.as_deref(), &column)?;
        Ok(rel.table.clone().map(|table| (table, column)))
    }

    /// Whether a condition makes the new relation's person that of an earlier one.
    pub(super) fn joins_by_person(&self, on: &Expr, new: &str) -> Result<bool, Refusal> {
        let mut open = vec![on];
        while let Some(e) = open.pop() {
            match e {
                Expr::Nested(inner) => open.push(inner),
                Expr::BinaryOp {
                    left,
                    op: BinaryOperator::And,
                    right,
                } => open.extend([left.as_ref(), right.as_ref()]),
                Expr::BinaryOp {
                    left,
                    op: BinaryOperator::Eq,
                    right,
                } => {
                    if let (Some(a), Some(b)) =
                        (self.scope.eid_of(left)?, self.scope.eid_of(right)?)
                        && (a.alias == new) != (b.alias == new)
                    {
                        return Ok(true);
                    }
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// An item of a subquery: name, expression (`None` for eid, which is passed on anyway) and origin.
    pub(super) fn inner_items(
        &self,
        item: &SelectItem,
    ) -> Result<Vec<(String, Option<Expr>, Origin)>, Refusal> {
        match select::item(item)? {
            Item::Star(table) => self.star(table.as_deref()),
            Item::Expr(e, alias) => {
                if let Some(rel) = self.scope.eid_of(e)? {
                    let renamed = alias
                        .map(expression::name)
                        .transpose()?
                        .is_some_and(|a| a != EID);
                    if renamed {
                        return Err(no::subquery(
                            "another name for eid",
                            "let eid keep its name",
                        ));
                    }
                    if rel.optional {
                        return Err(no::subquery(
                            "the eid of a table that was joined by LEFT JOIN",
                            "take eid from the first table",
                        ));
                    }
                    return Ok(vec![(EID.to_owned(), None, Origin::Value)]);
                }
                let name = select::shown_name(e, alias)?;
                if name == EID {
                    return Err(no::name_taken(EID));
                }
                Ok(vec![(
                    name,
                    Some(expression::rewrite(self, e, 0)?),
                    self.origin(e)?,
                )])
            }
        }
    }

    fn star(&self, table: Option<&str>) -> Result<Vec<(String, Option<Expr>, Origin)>, Refusal> {
        let mut out = Vec::new();
        let rels: Vec<&Rel> = self
            .scope
            .rels
            .iter()
            .filter(|r| table.is_none_or(|t| r.alias == t))
            .collect();
        let Some(first) = rels.first() else {
            return Err(no::unknown_table(
                table.unwrap_or("*"),
                &self.world.table_names(),
            ));
        };
        if first.eid && !first.optional {
            out.push((EID.to_owned(), None, Origin::Value));
        }
        for rel in rels {
            for (name, origin) in &rel.columns {
                out.push((
                    name.clone(),
                    Some(self.column(Some(&rel.alias), name)?),
                    *origin,
                ));
            }
        }
        if out.len() > limits::ANSWER_COLUMNS {
            return Err(no::too_many_columns(out.len(), limits::ANSWER_COLUMNS));
        }
        Ok(out)
    }

    /// The origin of an item of a subquery. In doubt: made.
    fn origin(&self, expr: &Expr) -> Result<Origin, Refusal> {
        let value = match expr {
            Expr::Nested(inner) => return self.origin(inner),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.may_be_summed(expr)?,
            Expr::Function(f) => {
                let called = calls::function_name(f)?;
                match crate::query::sql::functions::aggregate(&called) {
                    None => false,
                    Some(aggregate) => {
                        let call = calls::aggregate_call(f, &called, aggregate)?;
                        match (aggregate.2, call.arg) {
                            // never nought: a person without rows has no group
                            (Family::Count, None) => call.filter.is_none(),
                            // nought for whoever has no value, which a sum would not see
                            (Family::Count, Some(_)) => false,
                            (Family::Moment | Family::Value, Some(arg)) => {
                                self.may_be_summed(arg)?
                            }
                            (Family::Moment | Family::Value, None) => false,
                        }
                    }
                }
            }
            _ => false,
        };
        Ok(if value { Origin::Value } else { Origin::Made })
    }

    /// GROUP BY of a subquery: by person, and by other things if asked.
    pub(super) fn inner_keys(
        &self,
        s: &select::SelectParts<'_>,
        person: Expr,
    ) -> Result<Vec<Expr>, Refusal> {
        let mut keys = vec![person];
        let mut by_person = false;
        let mut written = Written::default();
        for key in s.group_by {
            let key = group_key(key, s.projection)?;
            written.copy(key)?;
            match self.scope.eid_of(key)? {
                Some(rel) if rel.optional => {
                    return Err(no::subquery(
                        "GROUP BY the eid of a table that was joined by LEFT JOIN",
                        "group by the eid of the first table",
                    ));
                }
                Some(_) => by_person = true,
                None => {
                    let plain = Rows {
                        per_person: false,
                        ..*self
                    };
                    keys.push(expression::rewrite(&plain, key, 0)?);
                }
            }
        }
        if by_person {
            Ok(keys)
        } else {
            Err(no::subquery(
                "a subquery that groups without eid",
                "add eid to its GROUP BY",
            ))
        }
    }
}

/// What a key of GROUP BY stands for: an item by its number or its name, or itself.
pub(super) fn group_key<'q>(
    key: &'q Expr,
    projection: &'q [SelectItem],
) -> Result<&'q Expr, Refusal> {
    if let Some(n) = constants::int_of(key) {
        let item = usize::try_from(n)
            .ok()
            .and_then(|n| n.checked_sub(1))
            .and_then(|n| projection.get(n));
        return match item.map(select::item).transpose()? {
            Some(Item::Expr(e, _)) => Ok(e),
            _ => Err(no::arguments(
                "GROUP BY",
                "columns, or numbers of selected columns",
            )),
        };
    }
    if let Expr::Identifier(ident) = key {
        let wanted = expression::name(ident)?;
        for item in projection {
            if let Item::Expr(e, Some(alias)) = select::item(item)?
                && expression::name(alias)? == wanted
            {
                return Ok(e);
            }
        }
    }
    Ok(key)
}

impl Context for Rows<'_> {
    fn whole(&self, expr: &Expr, _: usize) -> Result<Option<Expr>, Refusal> {
        Ok(match expr {
            Expr::IsNull(e) => self.person_of(e)?.map(|p| Expr::IsNull(Box::new(p))),
            Expr::IsNotNull(e) => self.person_of(e)?.map(|p| Expr::IsNotNull(Box::new(p))),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            } if self.clause == Clause::On => {
                match (self.person_of(left)?, self.person_of(right)?) {
                    (Some(a), Some(b)) => Some(build::binary(a, BinaryOperator::Eq, b)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    fn column(&self, table: Option<&str>, name: &str) -> Result<Expr, Refusal> {
        if name == EID {
            return Err(no::eid("a place of its own"));
        }
        let (rel, _) = self.scope.find(table, name)?;
        if let Some(table) = &rel.table {
            self.world.mention(table, name);
        }
        Ok(build::column_of(&rel.alias, name))
    }

    fn in_query(
        &self,
        expr: &Expr,
        query: &Query,
        negated: bool,
        depth: usize,
    ) -> Result<Expr, Refusal> {
        let fix = "write eid IN (SELECT eid FROM …) in WHERE";
        if self.clause != Clause::Where {
            return Err(no::subquery("IN (SELECT …) outside WHERE", fix));
        }
        let person = self
            .person_of(expr)?
            .ok_or_else(|| no::subquery("IN (SELECT …) of anything but eid", fix))?;
        Ok(Expr::InSubquery {
            expr: Box::new(person),
            subquery: Box::new(self.world.membership(query, depth.min(limits::SQL_DEPTH))?),
            negated,
        })
    }

    fn subquery(&self, _: &Query, exists: Option<bool>, _: usize) -> Result<Expr, Refusal> {
        Err(if exists.is_some() {
            no::subquery("EXISTS (SELECT …)", "write eid IN (SELECT eid FROM …)")
        } else {
            no::subquery(
                "a subquery as a value",
                "join a subquery that groups by eid, or ask for the value in a question of its own",
            )
        })
    }

    fn aggregate(&self, call: &Call<'_>, depth: usize) -> Result<Expr, Refusal> {
        if !self.per_person {
            return Err(no::subquery(
                "an aggregate inside WHERE, GROUP BY, another aggregate, or a subquery that does not group by eid",
                "group the subquery by eid, or put the condition in HAVING",
            ));
        }
        let plain = Rows {
            per_person: false,
            ..*self
        };
        let go = |e: &Expr| expression::rewrite(&plain, e, depth + 1);
        let arg = match call.arg {
            None => build::number(1),
            Some(e) => go(e)?,
        };
        let filter = call.filter.map(go).transpose()?;
        Ok(Expr::Function(build::call_with(
            call.aggregate.1,
            std::iter::once(arg).chain(call.share.clone()).collect(),
            call.distinct,
            filter,
        )))
    }

    fn window(&self, _: &Function, called: &str, _: usize) -> Result<Expr, Refusal> {
        Err(window_refused(called))
    }
}

/// Windows show one row beside another.
pub(super) fn window_refused(called: &str) -> Refusal {
    no::aggregate(
        &format!("{called} OVER (…)"),
        "a window shows one row beside another",
        "use min or max in a subquery that groups by eid",
    )
}
