//! A smallest or largest value is somebody's value; a percentile nearly so, unless enough people lie beyond it.

use crate::Context;
use crate::base::{Base, Bases, float};
use crate::prose;
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "extreme-value",
    source: "SDC handbook v1; OpenSAFELY and DataSHIELD: no minima, maxima; percentiles on at least 10 people",
};
const FIX: &str = "leave it out, round it, or give a percentile with at least 10 people beyond it";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        in_columns(table, context, findings);
        in_rows(table, context, findings);
    }
    if !document.prose_is_text || context.rules.extremes_shown {
        return;
    }
    let at: Vec<u64> = document
        .prose
        .iter()
        .filter(|line| prose::has_extreme(&line.text))
        .map(|line| line.number)
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} with a smallest or largest value",
            count_of(at.len(), "sentence")
        );
        findings.amber(RULE, lines(&at), what, FIX);
    }
}

fn in_columns(table: &Table, context: &Context<'_>, findings: &mut Findings) {
    if !context.rules.extremes_shown {
        in_words(table, findings);
    }
    let numeric = table.columns.iter().enumerate();
    for (i, column) in numeric.filter(|(_, c)| c.numbers > 0) {
        match column.role {
            Role::Extreme if !context.rules.extremes_shown => findings.amber(
                RULE,
                table.column_place(i),
                count_of(column.numbers, "smallest or largest value"),
                FIX,
            ),
            Role::Quantile => {
                let tail = tail(&column.name);
                let bases = Bases::of(table, i);
                let few = (0..table.rows.len())
                    .filter(|row| bases.number(*row).is_some())
                    .filter(|row| !enough(&bases, *row, tail, context))
                    .count();
                if few > 0 {
                    let what = format!(
                        "{} beyond which there are too few people, or an unknown number",
                        count_of(few, "percentile")
                    );
                    findings.amber(RULE, table.column_place(i), what, FIX);
                }
            }
            _ => {}
        }
    }
}

/// `12.1 - 51.9` under `range`: both in one cell, which is no number.
fn in_words(table: &Table, findings: &mut Findings) {
    for (i, column) in table.columns.iter().enumerate() {
        if column.numbers > 0 || roles::of(&column.name) != Role::Extreme {
            continue;
        }
        let told = |row: &usize| table.text(*row, i).bytes().any(|b| b.is_ascii_digit());
        let n = (0..table.rows.len()).filter(told).count();
        if n > 0 {
            let what = count_of(n, "range from the smallest to the largest value");
            findings.amber(RULE, table.column_place(i), what, FIX);
        }
    }
}

/// Rows of a transposed table, as `describe` of pandas writes it.
fn in_rows(table: &Table, context: &Context<'_>, findings: &mut Findings) {
    if !table
        .row_roles
        .iter()
        .any(|role| matches!(role, Role::Extreme | Role::Quantile))
    {
        return;
    }
    let bases: Vec<Bases<'_>> = (0..table.columns.len())
        .map(|i| Bases::of(table, i))
        .collect();
    let mut at = Vec::new();
    for (row, role) in table.row_roles.iter().enumerate() {
        let told = match role {
            Role::Extreme => !context.rules.extremes_shown,
            Role::Quantile => {
                let tail = tail(table.text(row, 0));
                let told = bases.iter().enumerate().skip(1);
                told.filter(|(i, _)| table.text(row, *i).bytes().any(|b| b.is_ascii_digit()))
                    .any(|(_, bases)| !enough(bases, row, tail, context))
            }
            _ => false,
        };
        if told {
            at.push(table.line(row));
        }
    }
    if !at.is_empty() {
        let what = format!(
            "{} of smallest or largest values, or of percentiles with too few people beyond",
            count_of(at.len(), "row")
        );
        findings.amber(RULE, lines(&at), what, FIX);
    }
}

/// Whether enough people lie beyond a percentile for it to be nobody's value.
fn enough(bases: &Bases<'_>, row: usize, tail: f64, context: &Context<'_>) -> bool {
    match bases.at(row) {
        Base::Known(n) => float(n) * tail >= float(context.rules.percentile_people),
        Base::Hidden | Base::Unknown => false,
    }
}

/// The share of people beyond a percentile, from its name: `p5`, `75%`, `Q1`, `IQR`. An unknown one is taken for the hundredth.
fn tail(name: &str) -> f64 {
    let words = roles::words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let numbers = name
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter_map(|part| part.parse::<f64>().ok());
    let quarter = has(&["q1", "q3", "iqr", "lq", "uq", "quartile", "quartiles"]);
    let named = numbers
        .filter(|n| (1.0..100.0).contains(n) && !quarter)
        .map(|n| n.min(100.0 - n) / 100.0)
        .fold(f64::INFINITY, f64::min);
    if named.is_finite() {
        named
    } else if quarter {
        0.25
    } else {
        0.01
    }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn people_beyond_a_percentile() {
        for (name, share) in [
            ("p5", 0.05),
            ("75%", 0.25),
            ("BMI, median [IQR]", 0.25),
            ("Q1", 0.25),
            ("p99", 0.01),
            ("percentile", 0.01),
            ("2.5th centile", 0.025),
        ] {
            assert!((tail(name) - share).abs() < 1e-12, "{name}");
        }
    }
}
