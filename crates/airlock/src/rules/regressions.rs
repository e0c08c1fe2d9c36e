//! A model with as many parameters as people tells their values; so does a coefficient that is about one person.
//!
//! Known answers: with no residual degrees of freedom the fitted values are the data. The error of a coefficient of a group of `m`
//! people is at least the residual error divided by the root of `m`, so a 0/1 column with an error as large as the residual error
//! is about one person.

use crate::Context;
use crate::base::number;
use crate::limits;
use crate::prose::has_digit;
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "regression",
    source: "ACRO default.yaml and SDC handbook v1: at least 10 residual degrees of freedom; DataSHIELD: parameters per person",
};
const FIX: &str = "fit fewer terms or more people, and merge levels of few people";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        degrees_in_table(table, context, findings);
    }
    if !document.prose_is_text || document.whole.is_empty() {
        return;
    }
    let fit = Fit::of(&document.whole);
    fit.judge(context, findings);
    let terms: Vec<Term<'_>> = document.tables.iter().flat_map(terms).collect();
    if let Some(error) = fit.residual_error() {
        few_behind(&terms, error, findings);
    }
    separated(&terms, findings);
}

/// `df.residual` of broom's `glance`, `df_resid`, and the row of residuals of a table of variances.
fn degrees_in_table(table: &Table, context: &Context<'_>, findings: &mut Findings) {
    let least = context.rules.residual_degrees;
    let mut at = Vec::new();
    for (i, column) in table.columns.iter().enumerate() {
        let words = roles::words(&column.name);
        let is = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
        let degrees = is(&["df", "dof", "ddf"]);
        let residual = is(&["residual", "residuals", "resid", "error"]);
        if !degrees && table.rows.len() > limits::TRANSPOSED_ROWS {
            continue;
        }
        for row in 0..table.rows.len().min(limits::TRANSPOSED_ROWS) {
            let of_row = roles::words(table.text(row, 0));
            let in_row = |list: &[&str]| of_row.iter().any(|w| list.contains(&w.as_str()));
            let residuals = in_row(&["residual", "residuals", "resid"])
                && in_row(&["df", "dof", "degrees"])
                || degrees && in_row(&["residual", "residuals", "resid", "error"]);
            let few = number(table, row, i).is_some_and(|n| n >= 0.0 && n < as_float(least));
            if few && (degrees && residual || residuals && i > 0) {
                at.push(table.line(row));
            }
        }
    }
    at.dedup();
    if !at.is_empty() {
        let what = format!(
            "{} with fewer than {least} residual degrees of freedom",
            count_of(at.len(), "model")
        );
        findings.red(RULE, lines(&at), what, FIX);
    }
}

#[expect(clippy::cast_precision_loss, reason = "thresholds are small")]
fn as_float(n: u64) -> f64 {
    n as f64
}

/// What a printed model tells of itself.
#[derive(Debug, Default)]
struct Fit {
    /// Lines and numbers of residual degrees of freedom.
    degrees: Vec<(u64, f64)>,
    observations: Option<f64>,
    parameters: Option<f64>,
    /// Lines that say that the model explains everything.
    saturated: Vec<u64>,
    log_likelihood: Option<f64>,
    residual_error: Option<f64>,
    least_squares: bool,
}

impl Fit {
    fn of(text: &str) -> Self {
        let mut fit = Self::default();
        for (line, number) in text.lines().zip(1..) {
            if has_digit(line) && line.len() < 500 {
                fit.read(line, number);
            }
            fit.least_squares |= line.contains("OLS") || line.contains("Least Squares");
        }
        fit
    }

    fn read(&mut self, line: &str, at: u64) {
        let lower = line.to_ascii_lowercase();
        let after = |name: &str| {
            lower
                .find(name)
                .and_then(|i| first_number(lower.get(i + name.len()..)?))
        };
        if let Some(n) = after("df residuals:").or_else(|| after("df resid:")) {
            self.degrees.push((at, n));
        }
        // R: `Residual standard error: 2.6 on 29 degrees of freedom`.
        if lower.contains("residual")
            && let Some(end) = lower.find("degrees of freedom")
            && let Some(n) = lower.get(..end).and_then(last_number)
        {
            self.degrees.push((at, n));
        }
        if let Some(n) = after("residual standard error:") {
            self.residual_error = Some(n);
        }
        if let Some(n) = after("no. observations:")
            .or_else(|| after("number of obs"))
            .or_else(|| after("number of observations"))
        {
            self.observations = Some(n);
        }
        if let Some(n) = after("df model:") {
            self.parameters = Some(n + 1.0);
        }
        if let Some(n) = after("log-likelihood:") {
            self.log_likelihood = Some(n);
        }
        let explained = [
            "r-squared:",
            "r-squared (uncentered):",
            "multiple r-squared:",
        ]
        .iter()
        .find_map(|name| after(name));
        if explained.is_some_and(|r| r > 0.9995) {
            self.saturated.push(at);
        }
    }

    fn judge(&self, context: &Context<'_>, findings: &mut Findings) {
        let least = context.rules.residual_degrees;
        let mut few: Vec<u64> = self
            .degrees
            .iter()
            .filter(|(_, n)| *n < as_float(least))
            .map(|(line, _)| *line)
            .collect();
        few.dedup();
        if !few.is_empty() {
            let what = format!(
                "{} with fewer than {least} residual degrees of freedom",
                count_of(few.len(), "model")
            );
            findings.red(RULE, lines(&few), what, FIX);
        }
        if let (Some(n), Some(p)) = (self.observations, self.parameters)
            && p > context.rules.parameters_share * n
        {
            findings.amber(RULE, "whole model", "more parameters for each observation than are allowed: nearly a list of the observations", FIX);
        }
        if !self.saturated.is_empty() {
            findings.amber(
                RULE,
                lines(&self.saturated),
                "the model explains everything: its coefficients are the data",
                FIX,
            );
        }
    }

    /// The residual error: as printed by R, or from the log-likelihood of least squares, n (ln 2π + ln(S/n) + 1) / −2.
    fn residual_error(&self) -> Option<f64> {
        if self.residual_error.is_some() {
            return self.residual_error;
        }
        let (n, p, likelihood) = (self.observations?, self.parameters?, self.log_likelihood?);
        if !self.least_squares || n <= p {
            return None;
        }
        let squares = n * (-2.0 * likelihood / n - (2.0 * std::f64::consts::PI).ln() - 1.0).exp();
        Some((squares / (n - p)).sqrt())
    }
}

fn first_number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || "=:".contains(c));
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || ".,-+e".contains(c)))
        .unwrap_or(text.len());
    text.get(..end)?
        .trim_end_matches([',', '.'])
        .replace(',', "")
        .parse()
        .ok()
}

fn last_number(text: &str) -> Option<f64> {
    first_number(text.split_whitespace().next_back()?)
}

/// A coefficient as a table of results tells it.
struct Term<'a> {
    name: &'a str,
    estimate: f64,
    error: f64,
    line: u64,
}

fn terms(table: &Table) -> Vec<Term<'_>> {
    let column = |list: &[&str]| {
        table.columns.iter().position(|c| {
            c.is_numeric()
                && roles::words(&c.name)
                    .iter()
                    .any(|w| list.contains(&w.as_str()))
        })
    };
    let (Some(estimate), Some(error)) = (
        column(&["coef", "estimate", "beta", "coefficient"]),
        column(&["err", "error", "se", "stderr"]),
    ) else {
        return Vec::new();
    };
    if table.columns.first().is_some_and(|c| c.role != Role::Label) {
        return Vec::new();
    }
    (0..table.rows.len())
        .filter_map(|row| {
            Some(Term {
                name: table.text(row, 0),
                estimate: number(table, row, estimate)?,
                error: number(table, row, error)?,
                line: table.line(row),
            })
        })
        .filter(|t| !t.name.to_ascii_lowercase().contains("intercept") && t.name != "const")
        .collect()
}

/// Coefficients of groups of so few people that their error is nearly the residual error.
fn few_behind(terms: &[Term<'_>], residual: f64, findings: &mut Findings) {
    let behind = |t: &Term<'_>| (residual / t.error).powi(2);
    // Levels of a factor are groups; of another term only what is as large as for one person is no coincidence.
    let few = |t: &&Term<'_>| {
        let n = behind(t);
        t.error > 0.0
            && n.is_finite()
            && (t.name.contains("[T.") && n < 9.5 || (0.8..1.25).contains(&n))
    };
    let at: Vec<u64> = terms.iter().filter(few).map(|t| t.line).collect();
    if !at.is_empty() {
        let what = format!(
            "{} that by their error are about fewer than 10 people, perhaps one",
            count_of(at.len(), "coefficient")
        );
        findings.amber(RULE, lines(&at), what, FIX);
    }
}

/// A logistic or proportional-hazards coefficient that runs away: everybody of a group has the same outcome.
fn separated(terms: &[Term<'_>], findings: &mut Findings) {
    let at: Vec<u64> = terms
        .iter()
        .filter(|t| t.estimate.abs() > 8.0 && t.error > 50.0 && t.error > 5.0 * t.estimate.abs())
        .map(|t| t.line)
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} without an end: everybody, or nobody, of a group has the outcome",
            count_of(at.len(), "coefficient")
        );
        findings.amber(RULE, lines(&at), what, "merge the group with another");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Fit;

    /// R, `summary(lm(mpg ~ wt, mtcars))`: 3.046 on 30 degrees of freedom.
    #[test]
    fn what_r_and_statsmodels_print() {
        let r = Fit::of(
            "Residual standard error: 3.046 on 30 degrees of freedom\nMultiple R-squared:  0.7528,\tAdjusted R-squared:  0.7446\n",
        );
        assert_eq!(r.degrees, [(1, 30.0)]);
        assert_eq!(r.residual_error, Some(3.046));
        assert!(r.saturated.is_empty());
        let python = Fit::of(
            "                  OLS Regression Results\nNo. Observations:                  32   AIC:   164.0\nDf Residuals:                      30   BIC:   167.0\nDf Model:                           1\nMethod: Least Squares  Log-Likelihood:  -80.015\n",
        );
        assert_eq!(python.degrees, [(3, 30.0)]);
        // The same model: the same residual error from the likelihood.
        assert!((python.residual_error().unwrap() - 3.046).abs() < 0.001);
        assert_eq!(python.observations, Some(32.0));
    }
}
