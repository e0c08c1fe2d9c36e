//! The outermost SELECT of a question in aggregate mode.

use std::cell::RefCell;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, GroupByExpr, Ident, Query, SetExpr, TableWithJoins,
};
use governance::Refusal;
use privacy::sdc::NumberKind;

use super::meaning::Parts;
use super::rows::{Rows, group_key, window_refused};
use super::tables::World;
use super::{CELLS, GROUP_PEOPLE, GROUP_ROWS, PEOPLE, Split, WEIGHTS, cell, key, people, weights};
use crate::limits;
use crate::query::sql::bounds::Written;
use crate::query::sql::calls::Call;
use crate::query::sql::constants;
use crate::query::sql::expression::{self, Context};
use crate::query::sql::functions::Family;
use crate::query::sql::select::{self, Item, SelectParts};
use crate::query::sql::{build, enclave};
use crate::query::{GrantedTable, no};

/// A number of the first part.
#[derive(Debug, Clone, PartialEq)]
struct Cell {
    /// What the engine calculates; `None` for a number of people, which is the size of the set.
    number: Option<Expr>,
    /// The set of people behind it.
    people: Expr,
    /// How it is spread over people, if it is calculated of a column.
    weights: Option<Expr>,
    /// Whether it has a condition of its own.
    filtered: bool,
    /// What it measures.
    measure: Measure,
}

impl Cell {
    fn kind(&self) -> NumberKind {
        match (&self.number, &self.measure) {
            (None, _) => NumberKind::People,
            (Some(_), Measure::Count) => NumberKind::Rows,
            (Some(Expr::Function(f)), _) if f.name.to_string() == "sum" => NumberKind::Sum,
            (Some(_), _) => NumberKind::Magnitude,
        }
    }
}

/// What a number measures, which decides what it may be subtracted from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Measure {
    /// Rows, values or people.
    Count,
    /// A column of the data: table and name.
    Column((String, String)),
    /// A column of a subquery, which may be any of the data under another name.
    Derived,
}

/// Numbers the families: counts together, and what is calculated of one column together. With a column of a subquery in
/// the question, all columns are one family, because it may be any of them.
fn families(cells: &[Cell]) -> Vec<usize> {
    let derived = cells.iter().any(|c| c.measure == Measure::Derived);
    cells
        .iter()
        .map(|c| match &c.measure {
            Measure::Count => 0,
            _ if derived => 1,
            // the first cell that measures the same; 0 is taken
            measure => cells
                .iter()
                .position(|other| other.measure == *measure)
                .map_or(0, |first| first + 1),
        })
        .collect()
}

/// The names of families: the same in every question.
fn family_names(cells: &[Cell], families: &[usize]) -> Vec<String> {
    let most = families.iter().copied().max().unwrap_or(0);
    let mut names = vec![String::new(); most + 1];
    for (cell, family) in cells.iter().zip(families) {
        if let Some(name) = names.get_mut(*family) {
            *name = match &cell.measure {
                Measure::Count => String::new(),
                Measure::Column((table, column)) => format!("{table}.{column}"),
                Measure::Derived => "a calculated column".to_owned(),
            };
        }
    }
    names
}

/// The surroundings of an item, HAVING or ORDER BY: keys and numbers, nothing else.
struct Top<'a> {
    rows: &'a Rows<'a>,
    person: Expr,
    keys: &'a [Expr],
    /// What AS names: usable in HAVING and ORDER BY, not in the items themselves.
    named: Vec<(String, &'a Expr)>,
    cells: RefCell<Vec<Cell>>,
    /// What names of items were written out to.
    written: RefCell<Written>,
}

/// See [`super::split`].
pub(super) fn split(query: &Query, granted: &[GrantedTable]) -> Result<Split, Refusal> {
    let q = select::query(query)?;
    let mut world = World::new(granted);
    let with = q.with.map(|with| world.with(with)).transpose()?;
    let SetExpr::Select(s) = q.body else {
        return Err(no::clause(
            "UNION, INTERSECT, EXCEPT, VALUES or a question in brackets in aggregate mode",
            "ask one SELECT at a time, or use CASE to make groups",
        ));
    };
    let s = select::select(s)?;
    if s.distinct {
        return Err(no::rows_not_shown("SELECT DISTINCT lists values"));
    }
    let body = world.body(&s, 0)?;
    let rows = Rows::of(&world, &body.scope);
    let mut written = Written::default();
    let keys = s
        .group_by
        .iter()
        .map(|k| {
            let k = group_key(k, s.projection)?;
            written.copy(k)?;
            if rows.person_of(k)?.is_some() {
                return Err(no::rows_not_shown("GROUP BY eid makes each person a group"));
            }
            expression::rewrite(&rows, k, 0)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut top = Top {
        rows: &rows,
        person: body.scope.person()?,
        keys: &keys,
        named: Vec::new(),
        cells: RefCell::default(),
        written: RefCell::default(),
    };
    let shown = top.shown(&s, &q)?;
    let cells = top.cells.into_inner();
    let everybody = build::call(PEOPLE, vec![top.person.clone()]);
    let meaning = Parts {
        from: &body.from,
        selection: body.selection.as_ref(),
        with: with.as_ref(),
        keys: &keys,
        numbers: cells
            .iter()
            .map(|c| (c.people != everybody).then_some(&c.people))
            .collect(),
    }
    .meaning();
    let groups = groups(body.from, body.selection, top.person, &keys, &cells, with);
    let families = families(&cells);
    Ok(Split {
        groups,
        shown,
        meaning,
        family_names: family_names(&cells, &families),
        keys: keys.len(),
        families,
        kinds: cells.iter().map(Cell::kind).collect(),
        filtered: cells.iter().map(|c| c.filtered).collect(),
        cells: cells.iter().map(|c| c.number.is_some()).collect(),
        mentions: world.into_mentions(),
    })
}

/// The first part: keys, numbers and sets of people.
fn groups(
    from: Vec<TableWithJoins>,
    selection: Option<Expr>,
    person: Expr,
    keys: &[Expr],
    cells: &[Cell],
    with: Option<datafusion::sql::sqlparser::ast::With>,
) -> Query {
    let mut projection: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(i, k)| build::item(k.clone(), &key(i)))
        .collect();
    projection.push(build::item(build::call(PEOPLE, vec![person]), GROUP_PEOPLE));
    projection.push(build::item(
        build::call("count", vec![build::number(1)]),
        GROUP_ROWS,
    ));
    for (i, c) in cells.iter().enumerate() {
        if let Some(number) = &c.number {
            projection.push(build::item(number.clone(), &cell(i)));
        }
        projection.push(build::item(c.people.clone(), &people(i)));
        if let Some(spread) = &c.weights {
            projection.push(build::item(spread.clone(), &weights(i)));
        }
    }
    let mut out = build::select(projection, from, selection);
    // by position: a key that is itself a number would be read as one
    let positions = (1_i64..).take(keys.len()).map(build::number).collect();
    out.group_by = GroupByExpr::Expressions(positions, Vec::new());
    let mut query = build::query(SetExpr::Select(Box::new(out)));
    query.with = with;
    query
}

impl<'a> Top<'a> {
    /// The second part, asked of the groups that may be shown.
    fn shown(&mut self, s: &SelectParts<'a>, q: &select::QueryParts<'a>) -> Result<Query, Refusal> {
        let mut names: Vec<String> = Vec::new();
        let mut exprs: Vec<&'a Expr> = Vec::new();
        let mut projection = Vec::new();
        let mut aliases: Vec<(String, &'a Expr)> = Vec::new();
        for found in s.projection {
            let Item::Expr(e, alias) = select::item(found)? else {
                return Err(no::rows_not_shown("* shows rows"));
            };
            let name = select::distinct_name(&names, select::shown_name(e, alias)?);
            projection.push(build::item(expression::rewrite(self, e, 0)?, &name));
            if let Some(alias) = alias {
                aliases.push((expression::name(alias)?, e));
            }
            names.push(name);
            exprs.push(e);
        }
        if projection.len() > limits::ANSWER_COLUMNS {
            return Err(no::too_many_columns(
                projection.len(),
                limits::ANSWER_COLUMNS,
            ));
        }
        self.named = aliases;
        let from = TableWithJoins {
            relation: build::table(CELLS, CELLS),
            joins: Vec::new(),
        };
        let having = s
            .having
            .map(|e| expression::rewrite(self, e, 0))
            .transpose()?;
        let mut out = build::query(SetExpr::Select(Box::new(build::select(
            projection,
            vec![from],
            having,
        ))));
        let order = q
            .order_by
            .iter()
            .map(|item| {
                // a number is the position of an item, and stays one
                let expr = match constants::int_of(&item.expr) {
                    Some(n) if usize::try_from(n).is_ok_and(|n| (1..=exprs.len()).contains(&n)) => {
                        Ok(build::number(n))
                    }
                    Some(_) => Err(no::arguments(
                        "ORDER BY",
                        "columns, or numbers of selected columns",
                    )),
                    None => expression::rewrite(self, &item.expr, 0),
                };
                enclave::ordered(expr, item)
            })
            .collect::<Result<_, _>>()?;
        out.order_by = enclave::order_by(order);
        out.limit_clause = select::limit_clause(q.limit, q.offset);
        Ok(out)
    }

    /// The set of people behind something, as a call: of all rows, or of those with a value.
    fn people(&self, person: Expr, value: Option<Expr>, filter: Option<Expr>) -> Expr {
        let args = std::iter::once(person).chain(value).collect();
        Expr::Function(build::call_with(PEOPLE, args, false, filter))
    }

    /// What the name of an item stands for in HAVING and ORDER BY.
    fn named(&self, ident: &Ident) -> Result<Option<&'a Expr>, Refusal> {
        let wanted = expression::name(ident)?;
        Ok(self
            .named
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, e)| *e))
    }
}

impl Context for Top<'_> {
    fn whole(&self, expr: &Expr, depth: usize) -> Result<Option<Expr>, Refusal> {
        if matches!(expr, Expr::Value(_)) {
            return Ok(None);
        }
        // an expression over rows is allowed here only as a whole group key
        if !self.keys.is_empty()
            && let Ok(row) = expression::rewrite(self.rows, expr, depth)
            && let Some(i) = self.keys.iter().position(|k| *k == row)
        {
            return Ok(Some(build::column(&key(i))));
        }
        if let Expr::Identifier(ident) = expr
            && let Some(item) = self.named(ident)?
        {
            self.written.borrow_mut().copy(item)?;
            // the item itself, in which names are columns again
            let items = Top {
                rows: self.rows,
                person: self.person.clone(),
                keys: self.keys,
                named: Vec::new(),
                cells: RefCell::new(self.cells.take()),
                written: RefCell::default(),
            };
            let out = expression::rewrite(&items, item, depth + 1);
            self.cells.replace(items.cells.into_inner());
            return out.map(Some);
        }
        Ok(None)
    }

    fn column(&self, table: Option<&str>, name: &str) -> Result<Expr, Refusal> {
        // unknown names are unknown, not ungrouped
        self.rows.column(table, name)?;
        let shown = table.map_or_else(|| name.to_owned(), |t| format!("{t}.{name}"));
        Err(no::rows_not_shown(&format!(
            "the column {shown} is neither in GROUP BY nor inside an aggregate"
        )))
    }

    fn in_query(&self, _: &Expr, _: &Query, _: bool, _: usize) -> Result<Expr, Refusal> {
        Err(no::subquery(
            "IN (SELECT …) outside WHERE",
            "write eid IN (SELECT eid FROM …) in WHERE",
        ))
    }

    fn subquery(&self, query: &Query, exists: Option<bool>, depth: usize) -> Result<Expr, Refusal> {
        self.rows.subquery(query, exists, depth)
    }

    fn aggregate(&self, call: &Call<'_>, depth: usize) -> Result<Expr, Refusal> {
        let row = |e: &Expr| expression::rewrite(self.rows, e, depth + 1);
        let filter = call.filter.map(row).transpose()?;
        let made = match (call.aggregate.2, call.arg) {
            (Family::Value, _) => {
                return Err(no::aggregate(
                    call.name,
                    "it is the value of one person",
                    "use avg and stddev, or count with FILTER (WHERE …) for each band of values",
                ));
            }
            (Family::Count, None) => {
                let counted = self.person.clone();
                self.number(
                    call,
                    build::number(1),
                    (counted, None),
                    filter,
                    Measure::Count,
                )
            }
            (_, Some(arg)) if call.distinct => match self.rows.person_of(arg)? {
                Some(person) => Cell {
                    number: None,
                    filtered: filter.is_some(),
                    people: self.people(person, None, filter),
                    weights: None,
                    measure: Measure::Count,
                },
                None => {
                    return Err(no::aggregate(
                        "count(DISTINCT …)",
                        "of anything but eid it tells how many people share a value",
                        "use count(DISTINCT eid)",
                    ));
                }
            },
            (Family::Count, Some(arg)) => {
                let (arg, counted) = match self.rows.person_of(arg)? {
                    Some(person) => (person.clone(), (person, None)),
                    None => {
                        let arg = row(arg)?;
                        (arg.clone(), (self.person.clone(), Some(arg)))
                    }
                };
                self.number(call, arg, counted, filter, Measure::Count)
            }
            (Family::Moment, Some(arg)) => {
                if !self.rows.may_be_summed(arg)? {
                    return Err(no::made_up_sum(call.name));
                }
                let measure = self
                    .rows
                    .measured(arg)?
                    .map_or(Measure::Derived, Measure::Column);
                let arg = row(arg)?;
                let counted = (self.person.clone(), Some(arg.clone()));
                self.number(call, arg, counted, filter, measure)
            }
            (Family::Moment, None) => return Err(no::arguments(call.name, "one column")),
        };
        let mut cells = self.cells.borrow_mut();
        let at = cells.iter().position(|c| *c == made).unwrap_or(cells.len());
        if at == cells.len() {
            if at >= limits::ANSWER_COLUMNS {
                return Err(no::too_many_columns(at + 1, limits::ANSWER_COLUMNS));
            }
            cells.push(made);
        }
        Ok(build::column(&cell(at)))
    }

    fn window(&self, _: &Function, called: &str, _: usize) -> Result<Expr, Refusal> {
        Err(window_refused(called))
    }
}

impl Top<'_> {
    /// A number that the engine calculates, of these people or of those of them with a value.
    fn number(
        &self,
        call: &Call<'_>,
        arg: Expr,
        (person, value): (Expr, Option<Expr>),
        filter: Option<Expr>,
        measure: Measure,
    ) -> Cell {
        // of rows and values each is one: whoever has most of them is found in the same way
        let weighed = match (&measure, &value) {
            (Measure::Count, None) => build::number(1),
            (Measure::Count, Some(value)) => build::one_if_known(value.clone()),
            _ => arg.clone(),
        };
        let args = vec![self.person.clone(), weighed];
        let weights = Some(Expr::Function(build::call_with(
            WEIGHTS,
            args,
            false,
            filter.clone(),
        )));
        Cell {
            number: Some(Expr::Function(build::call_with(
                call.aggregate.1,
                vec![arg],
                false,
                filter.clone(),
            ))),
            filtered: filter.is_some(),
            people: self.people(person, value, filter),
            weights,
            measure,
        }
    }
}
