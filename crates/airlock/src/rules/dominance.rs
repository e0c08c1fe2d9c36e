//! A total of which one or two contributors make up too much tells their values. On absolute values, each cell by itself: a
//! negative value elsewhere switches nothing off.

use crate::Context;
use crate::base::{Base, Bases, float, number};
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};
use privacy::sdc::{Dominance, Weights};

const RULE: Rule = Rule {
    name: "dominance",
    source: "ONS SRS Output Checking Guidance v1.1; ABS DataLab (2,67); ACRO p-ratio 0.1",
};
const FIX: &str =
    "withhold the total and the largest value in these rows, or merge their groups with others";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let limits = Dominance {
        one: context.rules.dominance_one,
        two: context.rules.dominance_two,
        p: context.rules.p_ratio,
    };
    for table in &document.tables {
        if let Some(columns) = Columns::of(table) {
            let bases = Bases::of(table, columns.first);
            let told = (0..table.rows.len()).filter(|row| {
                columns
                    .weights(table, &bases, *row)
                    .is_some_and(|w| !limits.passes(&w))
            });
            say(table, columns.first, &told.collect::<Vec<_>>(), findings);
        }
        shares(table, &limits, findings);
    }
}

fn say(table: &Table, column: usize, rows: &[usize], findings: &mut Findings) {
    if rows.is_empty() {
        return;
    }
    let at: Vec<u64> = rows.iter().map(|row| table.line(*row)).collect();
    let what = format!(
        "{} of which one or two contributors make up too much",
        count_of(at.len(), "total")
    );
    let place = format!("{}, {}", table.column_place(column), lines(&at));
    findings.red(RULE, place, what, FIX);
}

const LARGEST: &[&str] = &[
    "max", "maximum", "largest", "biggest", "highest", "top", "top1",
];
const SECOND: &[&str] = &["second", "2nd", "2", "top2"];
const SUM: &[&str] = &[
    "sum",
    "total",
    "turnover",
    "expenditure",
    "spend",
    "cost",
    "costs",
    "amount",
];

/// The columns that tell of a total and its largest parts.
struct Columns {
    total: Option<usize>,
    mean: Option<usize>,
    first: usize,
    second: Option<usize>,
}

impl Columns {
    fn of(table: &Table) -> Option<Self> {
        let named = |index: usize, list: &[&str]| {
            table.columns.get(index).is_some_and(|c| {
                c.is_numeric()
                    && roles::words(&c.name)
                        .iter()
                        .any(|w| list.contains(&w.as_str()))
            })
        };
        let all = || 0..table.columns.len();
        let large = |i: &usize| named(*i, LARGEST) && !is_share(table, *i);
        let first = all().find(|i| large(i) && !named(*i, SECOND))?;
        let second =
            all().find(|i| *i != first && named(*i, SECOND) && (large(i) || !named(*i, SUM)));
        let other = |i: &usize| *i != first && Some(*i) != second;
        let is_count = |i: &usize| {
            table.columns.get(*i).is_some_and(|c| {
                roles::words(&c.name).len() == 1
                    && roles::says_count(&c.name)
                    && roles::words(&c.name) != ["total"]
            })
        };
        Some(Self {
            total: all().find(|i| other(i) && named(*i, SUM) && !is_count(i)),
            mean: all().find(|i| other(i) && named(*i, &["mean", "average", "avg"])),
            first,
            second,
        })
    }

    fn weights(&self, table: &Table, bases: &Bases<'_>, row: usize) -> Option<Weights> {
        let value = |column: usize| number(table, row, column).map(f64::abs);
        let people = bases.at(row);
        let total = match (self.total, self.mean, people) {
            (Some(total), _, _) => value(total)?,
            (None, Some(mean), Base::Known(n)) => value(mean)? * float(n),
            _ => return None,
        };
        let first = value(self.first)?;
        // Where the second largest is not told, the rule on the largest alone holds.
        let second = self.second.and_then(value).unwrap_or(0.0);
        Some(Weights {
            total,
            top: [first, second.min(first)],
        })
    }
}

fn is_share(table: &Table, column: usize) -> bool {
    table.columns.get(column).is_some_and(|c| {
        matches!(c.role, Role::Percentage | Role::Proportion)
            || roles::words(&c.name)
                .iter()
                .any(|w| ["share", "pct", "percent", "proportion"].contains(&w.as_str()))
    })
}

/// `share_of_largest`: told as a share at once.
fn shares(table: &Table, limits: &Dominance, findings: &mut Findings) {
    for (i, column) in table.columns.iter().enumerate() {
        let words = roles::words(&column.name);
        let largest = words.iter().any(|w| LARGEST.contains(&w.as_str()));
        if !(largest && is_share(table, i)) {
            continue;
        }
        let per_cent = column
            .values
            .iter()
            .any(|v| v.number().is_some_and(|n| n.percent || n.value.abs() > 1.0));
        let whole = if per_cent { 1.0 } else { 100.0 };
        let two = words
            .iter()
            .any(|w| SECOND.contains(&w.as_str()) || w == "two");
        let most = if two { limits.two } else { limits.one };
        let told: Vec<usize> = (0..table.rows.len())
            .filter(|row| number(table, *row, i).is_some_and(|v| v.abs() * whole > most))
            .collect();
        say(table, i, &told, findings);
    }
}
