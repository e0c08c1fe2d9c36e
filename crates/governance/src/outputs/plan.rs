//! Whether an output was planned: the statement of a request beside the output plan of the project's application.
//!
//! By words alone, so that anybody can tell beforehand what it will say. It grants nothing: what was not planned is looked
//! at by people, and what was planned is judged like everything else.

/// Words that say nothing of which output is meant.
const SMALL: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "each", "for", "from", "in", "of", "on", "or", "our",
    "per", "the", "to", "with",
];

/// The outputs that a plan names: its lines, parts between semicolons, and sentences.
pub fn planned_outputs(plan: &str) -> Vec<&str> {
    plan.split(['\n', ';'])
        .flat_map(|line| line.split(". "))
        .map(|item| {
            item.trim_matches(|c: char| {
                c.is_whitespace() || matches!(c, '-' | '*' | '.' | ',' | '•')
            })
        })
        .filter(|item| !item.is_empty())
        .collect()
}

/// The planned output that a statement names, if it names one: every word of the statement stands in one item of the
/// plan, singular or plural. A number has to stand there too, unless the item numbers nothing.
pub fn stands_in_plan<'a>(plan: &'a str, statement: &str) -> Option<&'a str> {
    let asked = words(statement);
    if !asked.iter().any(|w| !is_number(w)) {
        return None;
    }
    planned_outputs(plan).into_iter().find(|item| {
        let there = words(item);
        let numbered = there.iter().any(|w| is_number(w));
        asked
            .iter()
            .all(|w| there.contains(w) || (is_number(w) && !numbered))
    })
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|w| !w.is_empty() && !SMALL.contains(&w.as_str()))
        .map(|w| match w.strip_suffix('s') {
            Some(singular) if singular.len() > 2 && !singular.ends_with('s') => singular.to_owned(),
            _ => w,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "Table 1: baseline characteristics by diabetes status; Figure 1, survival curves.\n- Model coefficients with confidence intervals";

    #[test]
    fn a_statement_is_found_by_its_words() {
        for (statement, item) in [
            (
                "Table 1",
                Some("Table 1: baseline characteristics by diabetes status"),
            ),
            (
                "the baseline characteristics",
                Some("Table 1: baseline characteristics by diabetes status"),
            ),
            ("Survival curve", Some("Figure 1, survival curves")),
            (
                "coefficients of model 2",
                Some("Model coefficients with confidence intervals"),
            ),
            ("Table 2", None),
            ("Table 1, survival curves", None),
            ("residuals", None),
            ("1", None),
            ("", None),
            ("of the", None),
        ] {
            assert_eq!(stands_in_plan(PLAN, statement), item, "{statement}");
        }
        assert_eq!(stands_in_plan("tables", "Table 7"), Some("tables"));
        assert_eq!(stands_in_plan("", "Table 1"), None);
    }
}
