//! What a column or a row is said to hold, from its name alone, by lists of words that people and programs use.
//!
//! Words only: whether the values agree is looked at in `table`. A name that no list knows is `Unknown`, which costs
//! confidence; so a missing word makes the airlock stricter, never laxer.

use crate::words::{List, is_in};
use serde::{Deserialize, Serialize};

/// What a column (or, in a transposed table, a row) holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Ids of people.
    Identifier,
    /// Names, addresses, contacts of people.
    Personal,
    /// A date of birth.
    BirthDate,
    /// A number of people (or of things that may stand for people).
    Count,
    /// A share, in per cent.
    Percentage,
    /// A share, from 0 to 1.
    Proportion,
    /// Smallest or largest value: somebody's value.
    Extreme,
    /// A percentile other than the median.
    Quantile,
    /// A mean, coefficient, error, test or the like.
    Statistic,
    /// Amounts of things: items, costs, doses.
    Amount,
    /// One number for each person: a prediction, a residual, a component.
    PerPerson,
    /// Something measured or recorded on a person: sex, age, blood pressure.
    Attribute,
    /// What the rows are about: a group, a code, a variable, a period.
    Label,
    /// A date or time.
    Date,
    /// No list knows the name.
    Unknown,
}

impl Role {
    /// What tables of results are made of.
    pub(crate) fn is_aggregate(self) -> bool {
        matches!(
            self,
            Self::Count
                | Self::Percentage
                | Self::Proportion
                | Self::Extreme
                | Self::Quantile
                | Self::Statistic
                | Self::Amount
        )
    }
}

/// The words of a name, in lower case: `std.Err`, `nCases` and `n_cases (%)` fall apart where people see a gap.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in name.chars().take(200) {
        let gap = !c.is_alphanumeric() || (c.is_uppercase() && lower_before);
        if gap && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The role that a name tells of.
pub(crate) fn of(name: &str) -> Role {
    let bare = without_interval(name);
    let name = bare.as_ref();
    let words = words(name);
    let whole = words.join("_");
    let has = |list: List| words.iter().any(|word| is_in(word, list)) || is_in(&whole, list);
    let is = |list: List| is_in(&whole, list);
    // `(O-E)^2/V` of the log-rank test is built from letters that are names of other things.
    if is_interval_limit(name) || is_limit_in_words(name, &words) || name.contains("(O-E)") {
        return Role::Statistic;
    }
    let short = words.len() <= 2 && has(List::ShortStatistic);
    if is(List::Identifier) || is_leaked_id_name(&words) {
        return Role::Identifier;
    }
    if is(List::Birth) {
        return Role::BirthDate;
    }
    if is(List::Personal) {
        return Role::Personal;
    }
    // `0%` and `100%` of R's `quantile`: the smallest and the largest value.
    if per_cent(name).is_some_and(|n| n.abs() < 1e-9 || (n - 100.0).abs() < 1e-9) {
        return Role::Extreme;
    }
    let counts = has(List::Count);
    if is(List::Count) {
        return Role::Count;
    }
    // `n_jobs`, `max_depth`: a number of things, or a limit on them.
    if words.len() >= 2
        && has(List::Setting)
        && (counts || has(List::Extreme))
        && !has(List::Percent)
        && !name.contains('%')
        && words
            .iter()
            .filter(|w| is_in(w, List::Count))
            .all(|w| is_in_number(w))
    {
        return Role::Amount;
    }
    if has(List::Percent) || (name.contains('%') && !is_percentile(name)) {
        return if counts && name.contains('%') {
            Role::Count
        } else {
            Role::Percentage
        };
    }
    if is_percentile(name) || has(List::Quantile) {
        return Role::Quantile;
    }
    if has(List::Extreme) {
        return Role::Extreme;
    }
    if has(List::Statistic) || short {
        return Role::Statistic;
    }
    if has(List::Proportion) {
        return Role::Proportion;
    }
    if has(List::Amount) {
        return Role::Amount;
    }
    if counts {
        return Role::Count;
    }
    if has(List::PerPerson) || words.iter().any(|word| is_component(word)) {
        return Role::PerPerson;
    }
    if has(List::Label) {
        return Role::Label;
    }
    if has(List::Date) {
        return Role::Date;
    }
    if has(List::Attribute) {
        Role::Attribute
    } else {
        Role::Unknown
    }
}

/// Words of counting that say nothing of who is counted.
fn is_in_number(word: &str) -> bool {
    [
        "n", "number", "num", "no", "nr", "count", "counts", "size", "total",
    ]
    .contains(&word)
}

/// A name without `95% CI` and the like, which tell of no share: `OR (95% CI)` is `OR`. What is nothing else stays.
fn without_interval(name: &str) -> std::borrow::Cow<'_, str> {
    let lower = name.to_ascii_lowercase();
    let Some(at) = lower.find('%') else {
        return name.into();
    };
    let behind = lower.get(at + 1..).unwrap_or_default().trim_start();
    let interval = ["ci", "confidence", "cri", "credible", "hdi", "pi"];
    let Some(said) = interval.iter().find(|word| behind.starts_with(**word)) else {
        return name.into();
    };
    let start = lower
        .get(..at)
        .unwrap_or_default()
        .trim_end()
        .trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
        .len();
    let end = lower.len() - behind.len() + said.len();
    let head = name.get(..start).unwrap_or_default();
    let tail = name.get(end..).unwrap_or_default();
    if words(head).is_empty() {
        format!("ci {tail}").into()
    } else {
        format!("{head} ci {tail}").into()
    }
}

/// Whether the name has a word for a number of people, whatever else it has.
pub(crate) fn says_count(name: &str) -> bool {
    words(name).iter().any(|word| is_in(word, List::Count))
}

/// Whether the name is that of a margin: the total of a row or a column.
pub(crate) fn says_total(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| ["total", "totals", "all", "overall", "sum"].contains(&word.as_str()))
}

/// Whether the name is that of a denominator.
pub(crate) fn says_base(name: &str) -> bool {
    says_total(name)
        || words(name)
            .iter()
            .any(|word| ["denominator", "base", "n", "population", "size"].contains(&word.as_str()))
}

/// Whether the name is that of a mean: a number that needs people behind it.
pub(crate) fn says_mean(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // A standard error is one of an estimate.
    has(&["mean", "means", "average", "avg", "median", "sd", "std"]) && !has(&["error", "err"])
}

/// Whether the name is that of a share of people that is not called one.
pub(crate) fn says_rate(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| ["rate", "rates", "prevalence", "incidence", "risk"].contains(&word.as_str()))
}

pub(crate) fn says_dictionary(name: &str) -> bool {
    words(name).iter().any(|word| is_in(word, List::Dictionary))
}

pub(crate) fn says_organisation(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| is_in(word, List::Organisation))
}

/// "id" beside a word for a person, in either order.
fn is_leaked_id_name(words: &[String]) -> bool {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["id", "ids", "identifier", "pseudonym", "eid"])
        && has(&[
            "participant",
            "patient",
            "person",
            "subject",
            "individual",
            "eid",
            "nhs",
            "hes",
            "case",
        ])
}

/// Whether a name is that of a statistic only by words that are also names of groups (`F`, `low`).
pub(crate) fn is_ambiguous(name: &str) -> bool {
    let words = words(name);
    let sure = |word: &String| is_in(word, List::Statistic) && !is_in(word, List::Ambiguous);
    !words.iter().any(sure) && words.iter().any(|word| is_in(word, List::Ambiguous))
}

/// Whether a label is one that is a number itself: a year, a code.
pub(crate) fn is_numbered(name: &str) -> bool {
    words(name).iter().any(|word| is_in(word, List::Numbered))
}

/// `25%`, as `describe` of pandas names its rows.
fn is_percentile(name: &str) -> bool {
    per_cent(name).is_some_and(|n| n > 0.0 && n < 100.0)
}

fn per_cent(name: &str) -> Option<f64> {
    name.trim().strip_suffix('%')?.trim_end().parse().ok()
}

/// `[0.025` and `0.975]` of statsmodels, `2.5 %` and `97.5 %` of R's `confint`, and the median of `describe`.
fn is_interval_limit(name: &str) -> bool {
    let is = |n: f64, list: &[f64]| list.iter().any(|m| (n - m).abs() < 1e-9);
    let quantile = name.trim_matches(['[', ']', ' ']).parse::<f64>();
    quantile.is_ok_and(|n| is(n, &[0.005, 0.025, 0.05, 0.95, 0.975, 0.995]))
        || per_cent(name).is_some_and(|n| is(n, &[2.5, 50.0, 97.5]))
}

/// `coef lower 95%`, as lifelines names its columns.
fn is_limit_in_words(name: &str, words: &[String]) -> bool {
    let limit = words
        .iter()
        .any(|w| ["lower", "upper", "lcl", "ucl"].contains(&w.as_str()));
    limit
        && name.contains('%')
        && words
            .iter()
            .any(|w| ["90", "95", "99"].contains(&w.as_str()))
}

/// `PC1`, `pc10`: principal components.
fn is_component(word: &str) -> bool {
    word.strip_prefix("pc")
        .is_some_and(|n| !n.is_empty() && n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Role, of};

    #[test]
    fn names_as_programs_write_them() {
        let expected = [
            // statsmodels, broom, R, pandas, plink2, regenie.
            ("coef", Role::Statistic),
            ("std err", Role::Statistic),
            ("P>|z|", Role::Statistic),
            ("std.error", Role::Statistic),
            ("Pr(>|z|)", Role::Statistic),
            ("conf.low", Role::Statistic),
            ("count", Role::Count),
            ("25%", Role::Quantile),
            ("50%", Role::Statistic),
            ("[0.025", Role::Statistic),
            ("97.5 %", Role::Statistic),
            ("max", Role::Extreme),
            ("OBS_CT", Role::Count),
            ("n", Role::Count),
            ("nCases", Role::Count),
            ("n (%)", Role::Count),
            ("% male", Role::Percentage),
            ("percent", Role::Percentage),
            ("mean_age", Role::Statistic),
            ("age_group", Role::Label),
            ("eid", Role::Identifier),
            ("Patient ID", Role::Identifier),
            ("field_id", Role::Label),
            ("date_of_birth", Role::BirthDate),
            ("sex", Role::Attribute),
            ("PC1", Role::PerPerson),
            ("bananas", Role::Unknown),
            ("ITEMS", Role::Amount),
            ("POSTCODE", Role::Personal),
            ("number of people", Role::Count),
            ("OR (95% CI)", Role::Statistic),
            ("95% CI", Role::Statistic),
            ("lower 95% CI", Role::Statistic),
            ("Diabetes, % (95% CI)", Role::Percentage),
            ("max_depth", Role::Amount),
            ("n_jobs", Role::Amount),
            ("n_snps", Role::Amount),
            ("at_risk", Role::Count),
            ("n.risk", Role::Count),
        ];
        for (name, role) in expected {
            assert_eq!(of(name), role, "{name}");
        }
    }
}
