//! What a rebuilt question costs before a row is read: how large it is once its parts are written out, and whether its
//! regular expressions compile.
//!
//! Must never: depend on data, or do work that grows with the written-out question instead of with its text. All sums
//! saturate.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, JoinConstraint,
    JoinOperator, ObjectNamePart, OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor,
    Visit, Visitor,
};
use governance::Refusal;
use regex::RegexBuilder;

use super::constants::{int_of, text_of};
use crate::limits;
use crate::query::no;

/// Checks a question that was built anew, before it is planned.
///
/// # Errors
/// Too large once written out, or a pattern that cannot be used: both whatever the data are.
pub(crate) fn check(query: &Query) -> Result<(), Refusal> {
    let size = of_query(query, &Parts::new(), &[]);
    if size.relations > limits::EXPANDED_RELATIONS {
        return Err(no::expands(
            "tables in its FROM clauses",
            limits::EXPANDED_RELATIONS,
        ));
    }
    if size.nodes > limits::EXPANDED_NODES {
        return Err(no::expands(
            "names, constants and operators",
            limits::EXPANDED_NODES,
        ));
    }
    let mut patterns = Patterns::default();
    match query.visit(&mut patterns) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(*refusal),
    }
}

/// The patterns that were seen to compile.
#[derive(Default)]
struct Patterns {
    seen: HashSet<String>,
}

impl Visitor for Patterns {
    type Break = Box<Refusal>;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        match self.look(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(refusal) => ControlFlow::Break(Box::new(refusal)),
        }
    }
}

impl Patterns {
    /// The gate writes every kind of match as `regexp_like(text, 'pattern')`.
    fn look(&mut self, expr: &Expr) -> Result<(), Refusal> {
        let Expr::Function(f) = expr else {
            return Ok(());
        };
        let [ObjectNamePart::Identifier(name)] = f.name.0.as_slice() else {
            return Ok(());
        };
        if name.value != "regexp_like" {
            return Ok(());
        }
        let FunctionArguments::List(list) = &f.args else {
            return Err(no::does_not_fit());
        };
        let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern))] = list.args.as_slice() else {
            return Err(no::does_not_fit());
        };
        let pattern = text_of(pattern).ok_or_else(no::does_not_fit)?;
        if !self.seen.insert(pattern.to_owned()) {
            return Ok(());
        }
        if self.seen.len() > limits::PATTERNS {
            return Err(no::too_long(
                "different patterns or more",
                self.seen.len(),
                limits::PATTERNS,
            ));
        }
        // as the engine does (`Regex::new`), with less room
        RegexBuilder::new(pattern)
            .size_limit(limits::PATTERN_COMPILED_BYTES)
            .dfa_size_limit(limits::PATTERN_COMPILED_BYTES)
            .build()
            .map(drop)
            .map_err(|_| no::pattern(pattern))
    }
}

/// What the gate itself writes out: an item for each use of its name.
#[derive(Debug, Default)]
pub(crate) struct Written {
    nodes: u64,
}

impl Written {
    /// One more copy of an expression.
    ///
    /// # Errors
    /// All copies together are too large.
    pub(crate) fn copy(&mut self, expr: &Expr) -> Result<(), Refusal> {
        match expr.visit(self) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(no::expands(
                "names, constants and operators",
                limits::EXPANDED_NODES,
            )),
        }
    }
}

impl Visitor for Written {
    type Break = ();

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        self.nodes += 1;
        if self.nodes > limits::EXPANDED_NODES {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// A relation, written out.
#[derive(Debug, Clone, Default)]
struct Size {
    /// Tables, each as often as it is used.
    relations: u64,
    /// Nodes of all expressions.
    nodes: u64,
    /// Nodes of each calculated column, in order.
    columns: Vec<(String, u64)>,
    /// The same by name, the largest of one name.
    names: BTreeMap<String, u64>,
    /// Nodes of every other column; 0 if there is none.
    other: u64,
}

impl Size {
    fn table() -> Self {
        Self {
            relations: 1,
            other: 1,
            ..Self::default()
        }
    }

    /// Nodes of a column, if it may be one of this relation's.
    fn column(&self, name: &str) -> Option<u64> {
        let listed = self.names.get(name).copied();
        listed.or((self.other > 0).then_some(self.other))
    }

    fn push(&mut self, name: &str, nodes: u64) {
        self.columns.push((name.to_owned(), nodes));
        self.named(name, nodes);
    }

    fn named(&mut self, name: &str, nodes: u64) {
        let known = self.names.entry(name.to_owned()).or_default();
        *known = nodes.max(*known);
    }

    /// Forgets which column is which: each may be the largest.
    fn blur(&mut self, largest: u64) {
        self.other = largest.max(1);
        self.columns.clear();
        self.names.clear();
    }

    fn largest(&self) -> u64 {
        let listed = self.names.values().copied().max();
        listed.unwrap_or(0).max(self.other)
    }

    fn add(&mut self, relations: u64, nodes: u64) {
        self.relations = self.relations.saturating_add(relations);
        self.nodes = self.nodes.saturating_add(nodes);
    }
}

/// WITH parts by name, each measured once.
type Parts = BTreeMap<String, Rc<Size>>;

/// A relation under the name it goes by.
type Source = (String, Rc<Size>);

fn of_query(query: &Query, outer_parts: &Parts, outer: &[Source]) -> Size {
    let mut parts = outer_parts.clone();
    let mut defined = (0, 0);
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let size = of_query(&cte.query, &parts, outer);
        defined = (size.relations.max(defined.0), size.nodes.max(defined.1));
        parts.insert(cte.alias.name.value.clone(), Rc::new(size));
    }
    let (mut size, mut sources) = of_body(&query.body, &parts, outer);
    if let Some(OrderByKind::Expressions(items)) = query.order_by.as_ref().map(|o| &o.kind) {
        sources.push((String::new(), Rc::new(size.clone())));
        for item in items {
            let (relations, nodes) = of_expr(&item.expr, &parts, &sources);
            size.add(relations, nodes);
        }
    }
    // a part that is not used is planned all the same
    size.relations = size.relations.max(defined.0);
    size.nodes = size.nodes.max(defined.1);
    size
}

/// A body, and the relations that its ORDER BY can name.
fn of_body(body: &SetExpr, parts: &Parts, outer: &[Source]) -> (Size, Vec<Source>) {
    match body {
        SetExpr::Select(select) => of_select(select, parts, outer),
        SetExpr::Query(query) => (of_query(query, parts, outer), Vec::new()),
        SetExpr::SetOperation { left, right, .. } => {
            let (left, _) = of_body(left, parts, outer);
            let (right, _) = of_body(right, parts, outer);
            (both(left, &right), Vec::new())
        }
        // the gate builds none of the others
        _ => (Size::default(), Vec::new()),
    }
}

/// A set operation: a column of it is either side's.
fn both(mut left: Size, right: &Size) -> Size {
    left.add(right.relations, right.nodes);
    let by_place = left.other == 0 && right.other == 0 && left.columns.len() == right.columns.len();
    if by_place {
        for ((name, nodes), (_, more)) in std::mem::take(&mut left.columns)
            .into_iter()
            .zip(&right.columns)
        {
            left.push(&name, nodes.max(*more));
        }
    } else {
        left.blur(left.largest().max(right.largest()));
    }
    left
}

fn of_select(select: &Select, parts: &Parts, outer: &[Source]) -> (Size, Vec<Source>) {
    let mut out = Size::default();
    let mut sources: Vec<Source> = Vec::new();
    let mut exprs: Vec<&Expr> = Vec::new();
    for table in &select.from {
        sources.extend(of_factor(&table.relation, parts, outer));
        for join in &table.joins {
            sources.extend(of_factor(&join.relation, parts, outer));
            if let JoinOperator::Inner(on)
            | JoinOperator::Left(on)
            | JoinOperator::Right(on)
            | JoinOperator::FullOuter(on)
            | JoinOperator::CrossJoin(on) = &join.join_operator
                && let JoinConstraint::On(on) = on
            {
                exprs.push(on);
            }
        }
    }
    for (_, source) in &sources {
        out.add(source.relations, source.nodes);
    }
    if out.relations > limits::EXPANDED_RELATIONS {
        // refused as it is: what has names from so many relations is not looked at
        return (out, Vec::new());
    }
    let own = sources.len();
    sources.extend(outer.iter().cloned());
    for item in &select.projection {
        match item {
            SelectItem::ExprWithAlias { expr, alias } => {
                let (relations, nodes) = of_expr(expr, parts, &sources);
                out.add(relations, nodes);
                out.push(&alias.value, nodes);
            }
            SelectItem::UnnamedExpr(expr) => {
                let (relations, nodes) = of_expr(expr, parts, &sources);
                out.add(relations, nodes);
                out.other = out.other.max(nodes);
            }
            // `*` and the others: everything there is
            _ => {
                for (_, source) in sources.iter().take(own) {
                    if out.columns.len() + source.columns.len() > limits::ANSWER_COLUMNS {
                        // `*` of `*` must not grow here
                        out.blur(out.largest().max(source.largest()));
                        continue;
                    }
                    for (name, nodes) in &source.columns {
                        out.push(name, *nodes);
                    }
                    out.other = out.other.max(source.other);
                }
            }
        }
    }
    exprs.extend(&select.selection);
    for expr in exprs {
        let (relations, nodes) = of_expr(expr, parts, &sources);
        out.add(relations, nodes);
    }
    // these can name items, and keys their numbers
    let mut exprs: Vec<&Expr> = select.having.iter().collect();
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        for key in keys {
            let item = int_of(key)
                .and_then(|n| usize::try_from(n).ok()?.checked_sub(1))
                .and_then(|n| out.columns.get(n));
            match item.map(|(_, nodes)| *nodes) {
                Some(nodes) => out.add(0, nodes),
                None => exprs.push(key),
            }
        }
    }
    let items = Size {
        columns: out.columns.clone(),
        names: out.names.clone(),
        other: out.other,
        ..Size::default()
    };
    sources.push((String::new(), Rc::new(items)));
    for expr in exprs {
        let (relations, nodes) = of_expr(expr, parts, &sources);
        out.add(relations, nodes);
    }
    (out, sources)
}

fn of_factor(factor: &TableFactor, parts: &Parts, outer: &[Source]) -> Option<Source> {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            let name = match name.0.as_slice() {
                [ObjectNamePart::Identifier(ident)] => ident.value.clone(),
                _ => String::new(),
            };
            let size = parts
                .get(&name)
                .map_or_else(|| Rc::new(Size::table()), Rc::clone);
            let alias = alias.as_ref().map_or(name, |a| a.name.value.clone());
            Some((alias, size))
        }
        TableFactor::Derived {
            subquery, alias, ..
        } => {
            let alias = alias.as_ref().map(|a| a.name.value.clone());
            let size = of_query(subquery, parts, outer);
            Some((alias.unwrap_or_default(), Rc::new(size)))
        }
        // the gate builds none of the others
        _ => None,
    }
}

/// Relations and nodes of an expression.
fn of_expr(expr: &Expr, parts: &Parts, sources: &[Source]) -> (u64, u64) {
    let mut measure = Measure {
        parts,
        sources,
        depth: 0,
        size: Size::default(),
    };
    match expr.visit(&mut measure) {
        ControlFlow::Continue(()) | ControlFlow::Break(()) => {
            (measure.size.relations, measure.size.nodes)
        }
    }
}

/// Adds up an expression; a subquery in it is measured as a whole.
struct Measure<'a> {
    parts: &'a Parts,
    sources: &'a [Source],
    /// How many subqueries are open around the place.
    depth: usize,
    size: Size,
}

impl Visitor for Measure<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if self.depth == 0 {
            let inner = of_query(query, self.parts, self.sources);
            // counted as nodes too, so that a calculated column that holds a subquery is not free to use again
            let nodes = inner.nodes.saturating_add(inner.relations);
            self.size.add(inner.relations, nodes);
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth = self.depth.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            let nodes = match expr {
                Expr::Identifier(name) => self.column(None, &name.value),
                Expr::CompoundIdentifier(names) => match names.as_slice() {
                    [table, name] => self.column(Some(&table.value), &name.value),
                    _ => 1,
                },
                Expr::Nested(_) => 0,
                _ => 1,
            };
            self.size.add(0, nodes);
        }
        ControlFlow::Continue(())
    }
}

impl Measure<'_> {
    fn column(&self, table: Option<&str>, name: &str) -> u64 {
        self.sources
            .iter()
            .filter(|(alias, _)| table.is_none_or(|t| t == alias))
            .filter_map(|(_, size)| size.column(name))
            .max()
            .unwrap_or(1)
            .max(1)
    }
}
