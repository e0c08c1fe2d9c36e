//! Takes SELECT apart. Every field of the parser's structures is named here, so that a clause that a later version
//! of the parser learns to read stops the build until somebody has decided about it.

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, LimitClause,
    ObjectName, ObjectNamePart, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectFlavor,
    SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins, WildcardAdditionalOptions, With,
};
use governance::Refusal;

use super::build;
use super::constants::int_of;
use super::expression::name;
use crate::query::no;

/// A query of which only known clauses are left.
#[derive(Debug)]
pub(crate) struct QueryParts<'a> {
    /// WITH, not recursive.
    pub(crate) with: Option<&'a With>,
    /// What is between WITH and ORDER BY.
    pub(crate) body: &'a SetExpr,
    /// ORDER BY, item by item.
    pub(crate) order_by: &'a [OrderByExpr],
    /// LIMIT.
    pub(crate) limit: Option<i64>,
    /// OFFSET.
    pub(crate) offset: Option<i64>,
}

/// A SELECT of which only known clauses are left.
#[derive(Debug)]
pub(crate) struct SelectParts<'a> {
    /// DISTINCT.
    pub(crate) distinct: bool,
    /// What is selected.
    pub(crate) projection: &'a [SelectItem],
    /// FROM.
    pub(crate) from: &'a [TableWithJoins],
    /// WHERE.
    pub(crate) selection: Option<&'a Expr>,
    /// GROUP BY, without modifiers.
    pub(crate) group_by: &'a [Expr],
    /// HAVING.
    pub(crate) having: Option<&'a Expr>,
}

/// Takes a query apart.
pub(crate) fn query(query: &Query) -> Result<QueryParts<'_>, Refusal> {
    let Query {
        with,
        body,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    if fetch.is_some() {
        return Err(no::clause("FETCH", "write LIMIT"));
    }
    if !locks.is_empty() || for_clause.is_some() {
        return Err(no::clause(
            "FOR …",
            "leave it out: nothing can be locked or exported here",
        ));
    }
    if settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty() {
        return Err(no::clause("SETTINGS, FORMAT or |>", "leave it out"));
    }
    if with.as_ref().is_some_and(|w| w.recursive) {
        return Err(no::clause("WITH RECURSIVE", "write the steps one by one"));
    }
    let (limit, offset) = limits(limit_clause.as_ref())?;
    Ok(QueryParts {
        with: with.as_ref(),
        body,
        order_by: order(order_by.as_ref())?,
        limit,
        offset,
    })
}

/// ORDER BY as a list.
fn order(order_by: Option<&OrderBy>) -> Result<&[OrderByExpr], Refusal> {
    match order_by {
        None => Ok(&[]),
        Some(OrderBy {
            kind: OrderByKind::Expressions(items),
            interpolate: None,
        }) => {
            if items.iter().any(|item| item.with_fill.is_some()) {
                return Err(no::clause("WITH FILL", "leave it out"));
            }
            Ok(items)
        }
        Some(_) => Err(no::clause("ORDER BY ALL", "name the columns to order by")),
    }
}

/// LIMIT and OFFSET, constants both.
fn limits(clause: Option<&LimitClause>) -> Result<(Option<i64>, Option<i64>), Refusal> {
    let constant = |e: &Expr| {
        int_of(e)
            .filter(|n| *n >= 0)
            .ok_or_else(|| no::arguments("LIMIT or OFFSET", "a constant whole number, 0 or more"))
    };
    match clause {
        None => Ok((None, None)),
        Some(LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        }) if limit_by.is_empty() => Ok((
            limit.as_ref().map(&constant).transpose()?,
            offset.as_ref().map(|o| constant(&o.value)).transpose()?,
        )),
        Some(_) => Err(no::clause(
            "LIMIT a, b or LIMIT BY",
            "write LIMIT n OFFSET m",
        )),
    }
}

/// Builds the LIMIT clause anew.
pub(crate) fn limit_clause(limit: Option<i64>, offset: Option<i64>) -> Option<LimitClause> {
    if limit.is_none() && offset.is_none() {
        return None;
    }
    Some(LimitClause::LimitOffset {
        limit: limit.map(build::number),
        offset: offset.map(|n| datafusion::sql::sqlparser::ast::Offset {
            value: build::number(n),
            rows: datafusion::sql::sqlparser::ast::OffsetRows::None,
        }),
        limit_by: Vec::new(),
    })
}

/// Takes a SELECT apart.
pub(crate) fn select(select: &Select) -> Result<SelectParts<'_>, Refusal> {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    if into.is_some() {
        return Err(no::only_select("SELECT INTO, which writes"));
    }
    if !named_window.is_empty() || qualify.is_some() {
        return Err(no::clause(
            "WINDOW or QUALIFY",
            "write the window in OVER (…) and filter in an outer SELECT",
        ));
    }
    let odd = !optimizer_hints.is_empty()
        || select_modifiers.is_some()
        || top.is_some()
        || exclude.is_some()
        || !lateral_views.is_empty()
        || prewhere.is_some()
        || !connect_by.is_empty()
        || !cluster_by.is_empty()
        || !distribute_by.is_empty()
        || !sort_by.is_empty()
        || value_table_mode.is_some()
        || *flavor != SelectFlavor::Standard;
    if odd {
        return Err(no::clause(
            "a clause or hint beyond SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY and LIMIT",
            "leave it out",
        ));
    }
    let distinct = match distinct {
        None | Some(Distinct::All) => false,
        Some(Distinct::Distinct) => true,
        Some(Distinct::On(_)) => {
            return Err(no::clause("DISTINCT ON", "use GROUP BY with min or max"));
        }
    };
    let group_by = match group_by {
        GroupByExpr::Expressions(keys, modifiers) if modifiers.is_empty() => keys,
        _ => {
            return Err(no::clause(
                "GROUP BY ALL or WITH ROLLUP",
                "name the columns to group by",
            ));
        }
    };
    if projection.is_empty() {
        return Err(no::clause("SELECT without columns", "name what to select"));
    }
    Ok(SelectParts {
        distinct,
        projection,
        from,
        selection: selection.as_ref(),
        group_by,
        having: having.as_ref(),
    })
}

/// What may stand in FROM.
#[derive(Debug)]
pub(crate) enum Relation<'a> {
    /// A table or WITH part by name, and the name it goes by.
    Named { name: String, alias: String },
    /// A subquery and the name it goes by.
    Derived { query: &'a Query, alias: String },
}

/// Takes one relation of FROM apart.
pub(crate) fn relation(factor: &TableFactor) -> Result<Relation<'_>, Refusal> {
    let only = |what: &str| no::clause(what, "use a table by its name, or (SELECT …) AS name");
    match factor {
        TableFactor::Table {
            name: table,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
            let name = table_name(table)?;
            let alias = alias
                .as_ref()
                .map(plain_alias)
                .transpose()?
                .unwrap_or_else(|| name.clone());
            Ok(Relation::Named { name, alias })
        }
        TableFactor::Table { args: Some(_), .. }
        | TableFactor::Function { .. }
        | TableFactor::TableFunction { .. } => Err(only("a function in FROM")),
        TableFactor::Table { .. } => Err(only("a sample, version, partition or hint of a table")),
        TableFactor::Derived {
            lateral: false,
            subquery,
            alias,
            sample: None,
        } => {
            let alias = alias
                .as_ref()
                .ok_or_else(|| only("a subquery in FROM without a name"))?;
            Ok(Relation::Derived {
                query: subquery,
                alias: plain_alias(alias)?,
            })
        }
        TableFactor::Derived { .. } => Err(only("LATERAL or a sample of a subquery")),
        TableFactor::NestedJoin { .. } => Err(only("a join in brackets")),
        _ => Err(only("this form of relation in FROM")),
    }
}

/// The one part of a table's name.
fn table_name(table: &ObjectName) -> Result<String, Refusal> {
    match table.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => name(ident),
        // a schema, a catalogue, or a file path in quotes: none of them exists
        _ => Err(no::unknown_table(&table.to_string(), &[])),
    }
}

/// The name that AS gives.
pub(crate) fn plain_alias(alias: &TableAlias) -> Result<String, Refusal> {
    if !alias.columns.is_empty() || alias.at.is_some() {
        return Err(no::clause(
            "a list of columns after AS name",
            "name the columns inside the subquery",
        ));
    }
    name(&alias.name)
}

/// The kinds of join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    /// JOIN.
    Inner,
    /// LEFT JOIN.
    Left,
    /// RIGHT JOIN.
    Right,
    /// FULL JOIN.
    Full,
    /// CROSS JOIN.
    Cross,
}

/// The condition of a join.
#[derive(Debug)]
pub(crate) enum JoinOn<'a> {
    /// ON.
    On(&'a Expr),
    /// USING.
    Using(Vec<String>),
    /// Neither.
    Nothing,
}

/// Takes a join apart.
pub(crate) fn join(join: &Join) -> Result<(JoinKind, JoinOn<'_>), Refusal> {
    let Join {
        relation: _,
        global,
        join_operator,
    } = join;
    if *global {
        return Err(no::join("GLOBAL joins are not available"));
    }
    let (kind, constraint) = match join_operator {
        JoinOperator::Join(c) | JoinOperator::Inner(c) => (JoinKind::Inner, c),
        JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (JoinKind::Left, c),
        JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (JoinKind::Right, c),
        JoinOperator::FullOuter(c) => (JoinKind::Full, c),
        JoinOperator::CrossJoin(c) => (JoinKind::Cross, c),
        _ => return Err(no::join("only JOIN and LEFT JOIN are available")),
    };
    let on = match constraint {
        JoinConstraint::On(e) => JoinOn::On(e),
        JoinConstraint::Using(columns) => {
            JoinOn::Using(columns.iter().map(table_name).collect::<Result<_, _>>()?)
        }
        JoinConstraint::None => JoinOn::Nothing,
        JoinConstraint::Natural => {
            return Err(no::join(
                "NATURAL JOIN joins on whatever columns have one name",
            ));
        }
    };
    Ok((kind, on))
}

/// An item of the projection.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    /// An expression, with the name that AS gives it.
    Expr(&'a Expr, Option<&'a Ident>),
    /// `*`, or `table.*`.
    Star(Option<String>),
}

/// Takes an item apart.
pub(crate) fn item(item: &SelectItem) -> Result<Item<'_>, Refusal> {
    use datafusion::sql::sqlparser::ast::SelectItemQualifiedWildcardKind as Kind;
    let plain = |o: &WildcardAdditionalOptions| {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = o;
        let none = opt_ilike.is_none()
            && opt_exclude.is_none()
            && opt_except.is_none()
            && opt_replace.is_none()
            && opt_rename.is_none()
            && opt_alias.is_none();
        if none {
            Ok(())
        } else {
            Err(no::clause(
                "* with EXCLUDE, REPLACE or RENAME",
                "name the columns",
            ))
        }
    };
    match item {
        SelectItem::UnnamedExpr(e) => Ok(Item::Expr(e, None)),
        SelectItem::ExprWithAlias { expr, alias } => Ok(Item::Expr(expr, Some(alias))),
        SelectItem::ExprWithAliases { .. } => Err(no::clause(
            "several names for one column",
            "give it one name",
        )),
        SelectItem::Wildcard(o) => plain(o).map(|()| Item::Star(None)),
        SelectItem::QualifiedWildcard(Kind::ObjectName(table), o) => {
            plain(o)?;
            Ok(Item::Star(Some(table_name(table)?)))
        }
        SelectItem::QualifiedWildcard(Kind::Expr(_), _) => {
            Err(no::expression("* of an expression"))
        }
    }
}

/// The name under which an item is shown: what AS says, a column's own name, or the text of the expression.
pub(crate) fn shown_name(expr: &Expr, alias: Option<&Ident>) -> Result<String, Refusal> {
    if let Some(alias) = alias {
        return name(alias);
    }
    match expr {
        Expr::Identifier(ident) => name(ident),
        Expr::CompoundIdentifier(parts) => match parts.last() {
            Some(ident) => name(ident),
            None => Err(no::does_not_fit()),
        },
        other => {
            let text: String = other
                .to_string()
                .chars()
                .filter(|c| c.is_ascii_graphic() || *c == ' ')
                .collect();
            let short: String = text.trim().chars().take(crate::limits::NAME - 4).collect();
            Ok(if short.is_empty() || short.starts_with("__") {
                "expression".to_owned()
            } else {
                short
            })
        }
    }
}

/// Makes a name different from those before it by a number: two columns `count(*)` are `count(*)` and `count(*) 2`.
pub(crate) fn distinct_name(taken: &[String], wanted: String) -> String {
    if !taken.contains(&wanted) {
        return wanted;
    }
    (2..=taken.len() + 2)
        .map(|n| format!("{wanted} {n}"))
        .find(|candidate| !taken.contains(candidate))
        .unwrap_or(wanted)
}
