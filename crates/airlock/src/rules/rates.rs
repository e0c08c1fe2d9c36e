//! A rate gives its count away when what it is a rate of stands beside it: 2.5 per 1,000 of 1,203 people are three.

use crate::Context;
use crate::base::{float, number, rounding};
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "rate-of-base",
    source: "OpenSAFELY: rates from rounded counts; NHS England: rates from rounded counts",
};

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let least = context.rules.minimum_count;
    for table in &document.tables {
        let Some(base) = base_of(table) else { continue };
        for (i, column) in table.columns.iter().enumerate() {
            let Some(per) = per(&column.name).filter(|_| i != base && column.is_numeric()) else {
                continue;
            };
            let small = |row: &usize| {
                implied(table, *row, i, base, per)
                    .is_some_and(|n| n > 0.5 && n < float(least) - 0.5)
            };
            let at: Vec<u64> = (0..table.rows.len())
                .filter(small)
                .map(|row| table.line(row))
                .collect();
            if !at.is_empty() {
                let what = format!(
                    "{} from which, with {}, a count from 1 to {} follows",
                    count_of(at.len(), "rate"),
                    table.column_place(base),
                    least - 1
                );
                let place = format!("{}, {}", table.column_place(i), lines(&at));
                findings.red(
                    RULE,
                    place,
                    what,
                    "withhold these rates, take them from rounded counts, or merge rows",
                );
            }
        }
    }
}

/// The events behind a rate, if its rounding lets them be told.
fn implied(table: &Table, row: usize, column: usize, base: usize, per: f64) -> Option<f64> {
    let of = number(table, row, base)?;
    let events = number(table, row, column)? / per * of;
    let slack = rounding(table.text(row, column)) / per * of;
    (slack < 5.0).then_some(events)
}

/// The number that a rate is told of: `rate_per_1000`, `per 100,000`, `/1000 py`.
fn per(name: &str) -> Option<f64> {
    let words = roles::words(&name.replace(',', ""));
    let limit = [
        "lower", "upper", "low", "high", "ci", "lcl", "ucl", "se", "ratio",
    ];
    if words.iter().any(|w| limit.contains(&w.as_str())) && !name.contains('(') {
        return None;
    }
    let said = words
        .iter()
        .any(|w| w == "per" || w == "rate" || w == "incidence");
    let number = words.iter().find_map(|w| {
        let thousand = w.strip_suffix('k').and_then(|n| n.parse::<f64>().ok());
        let digits: String = w.chars().take_while(char::is_ascii_digit).collect();
        thousand
            .map(|n| n * 1e3)
            .or_else(|| digits.parse::<f64>().ok())
            .filter(|n| [100.0, 1e3, 1e4, 1e5, 1e6].contains(n))
    });
    number.filter(|_| said)
}

/// The column of people or of their years.
fn base_of(table: &Table) -> Option<usize> {
    let all = || {
        table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, c)| c.is_numeric())
    };
    let years = all().find(|(_, c)| {
        let words = roles::words(&c.name);
        let has = |w: &str| words.iter().any(|x| x == w);
        (has("person") || has("patient")) && has("years")
            || has("py")
            || has("pyears")
            || has("pys")
    });
    let people = all().find(|(_, c)| c.role == Role::Count && roles::says_base(&c.name));
    years.or(people).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::per;

    #[test]
    fn what_a_rate_is_told_of() {
        for (name, of) in [
            ("rate_per_1000", Some(1e3)),
            ("Rate per 100,000", Some(1e5)),
            ("incidence_per_100k", Some(1e5)),
            ("Rate per 1000 (95% CI)", Some(1e3)),
            ("rate_per_1000py", Some(1e3)),
            ("rate_ratio", None),
            ("n_per_group", None),
        ] {
            assert_eq!(per(name), of, "{name}");
        }
    }
}
