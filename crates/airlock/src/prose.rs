//! Small counts in sentences: "3 patients", "n = 4", "5 (1.2%)", "two deaths".
//!
//! Only phrases that cannot be read otherwise are taken: prose is full of small numbers (type 2 diabetes, table 3).

/// A phrase that gives a count of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted(pub(crate) u64);

const PEOPLE: &[&str] = &[
    "patient",
    "patients",
    "participant",
    "participants",
    "people",
    "person",
    "persons",
    "individual",
    "individuals",
    "subject",
    "subjects",
    "case",
    "cases",
    "control",
    "controls",
    "death",
    "deaths",
    "woman",
    "women",
    "man",
    "men",
    "female",
    "females",
    "male",
    "males",
    "child",
    "children",
    "respondent",
    "respondents",
    "volunteer",
    "volunteers",
    "died",
    "survivors",
    "carriers",
    "carrier",
    "births",
    "adults",
    "observations",
    "records",
    "admissions",
    "events",
];
/// Words that may stand between a number and the people it counts.
const BETWEEN: &[&str] = &[
    "of",
    "the",
    "our",
    "study",
    "male",
    "female",
    "older",
    "younger",
    "new",
    "incident",
    "prevalent",
    "missing",
    "more",
    "other",
    "eligible",
    "white",
    "black",
    "asian",
    "adult",
    "such",
];
const NUMBERS: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];
const NAMES: &[&str] = &[
    "n",
    "count",
    "counts",
    "freq",
    "frequency",
    "total",
    "patients",
    "participants",
    "people",
    "cases",
    "controls",
    "deaths",
    "males",
    "females",
    "men",
    "women",
    "subjects",
    "individuals",
    "observations",
    "nobs",
    "events",
    "missing",
    "excluded",
    "withdrawn",
    "obs",
];

/// Names of settings and of runs, which take small numbers and count nobody.
const NOT_COUNTED: &[&str] = &[
    "iteration",
    "iterations",
    "epoch",
    "epochs",
    "step",
    "steps",
    "seed",
    "version",
    "fold",
    "folds",
    "df",
    "dof",
    "model",
    "models",
    "covariates",
    "parameters",
    "threads",
    "cores",
    "workers",
    "features",
    "page",
    "chapter",
    "table",
    "figure",
    "mean",
    "median",
    "sd",
    "se",
    "coef",
    "beta",
    "p",
    "z",
    "t",
    "age",
    "year",
    "years",
    "depth",
    "degree",
    "knots",
    "jobs",
    "chains",
    "rank",
    "clusters",
    "components",
    "bins",
    "lags",
    "splits",
    "split",
    "repeats",
    "trials",
    "trial",
    "estimators",
    "neighbors",
    "batch",
    "chunk",
    "task",
    "replicate",
    "chromosome",
    "chr",
    "phenotype",
    "part",
    "phase",
    "stage",
    "type",
    "grade",
    "section",
    "panel",
    "statistic",
    "durbin",
    "watson",
    "skew",
    "kurtosis",
    "auc",
    "loss",
    "ratio",
    "scale",
    "thread",
    "core",
    "python",
];

/// Whether a word names a setting of a program.
pub(crate) fn is_setting(word: &str) -> bool {
    NOT_COUNTED.contains(&word)
}

/// Counts of people that a line gives in words or figures.
pub(crate) fn counts(line: &str) -> Vec<Counted> {
    if !has_digit(line) && !has_number_word(line) {
        return Vec::new();
    }
    let tokens = tokens(line);
    let token = |i: usize| tokens.get(i).map_or("", String::as_str);
    let mut counts = Vec::new();
    for i in 0..tokens.len() {
        let Some(number) = whole(token(i)) else {
            continue;
        };
        // "n = 3", "deaths: 4"; "table 3" has no sign between.
        let named =
            i >= 2 && matches!(token(i - 1), "=" | ":" | "==") && NAMES.contains(&token(i - 2));
        // "3 patients", "3 of the older women", "3/120 cases".
        let mut next = i + 1;
        if token(next) == "/" && whole(token(next + 1)).is_some() {
            next += 2;
        }
        while next < i + 6 && BETWEEN.contains(&token(next)) && !PEOPLE.contains(&token(next)) {
            next += 1;
        }
        if BETWEEN.contains(&token(next)) && PEOPLE.contains(&token(next + 1)) {
            next += 1;
        }
        let counted = PEOPLE.contains(&token(next))
            && !matches!(
                token(i.wrapping_sub(1)),
                "table" | "figure" | "type" | "stage" | "phase" | "grade" | "." | "-"
            );
        // "5 (1.2%)".
        let shared = token(i + 1) == "(" && is_share(&tokens, i + 2);
        // "5 out of 123" and "5 in 123" are rates only with people; "5 of 123" gives both numbers.
        let of = token(i + 1) == "of"
            && whole(token(i + 2)).is_some_and(|base| base > 9)
            && !NOT_COUNTED.contains(&token(i.wrapping_sub(1)));
        if named || counted || shared || of {
            counts.push(Counted(number));
        }
    }
    counts
}

/// The numbers of a dictionary that a program printed: `{'F': 120, 'M': 4}`, at least two of them.
pub(crate) fn dictionary_counts(line: &str) -> Vec<u64> {
    if !line.contains('{') || !has_digit(line) {
        return Vec::new();
    }
    let tokens = tokens(line);
    let keys = |i: usize| tokens.get(i.saturating_sub(3)..i).unwrap_or_default();
    let setting = |i: usize| {
        keys(i)
            .iter()
            .any(|key| NOT_COUNTED.contains(&key.as_str()))
    };
    let pairs = tokens
        .iter()
        .zip(1..)
        .filter(|(token, next)| *token == ":" && !setting(next - 1));
    let counts: Vec<u64> = pairs
        .filter_map(|(_, next)| tokens.get(next).and_then(|token| whole(token)))
        .collect();
    if counts.len() < 2 { Vec::new() } else { counts }
}

/// Whether a smallest or largest value is given: "min = 3", "maximum of 98", "range 18-90".
pub(crate) fn has_extreme(line: &str) -> bool {
    if !has_digit(line) {
        return false;
    }
    let tokens = tokens(line);
    let token = |i: usize| tokens.get(i).map_or("", String::as_str);
    (0..tokens.len()).any(|i| {
        let is_range = token(i) == "range";
        let named = matches!(
            token(i),
            "min" | "minimum" | "max" | "maximum" | "range" | "oldest" | "youngest"
        );
        // R writes `Min.   :14.1`.
        let i = if token(i + 1) == "." { i + 1 } else { i };
        let said = matches!(token(i + 1), "=" | ":" | "of" | "was" | "is" | "(");
        let value = if said { i + 2 } else { i + 1 };
        let is_number = |n: usize| token(n).starts_with(|c: char| c.is_ascii_digit());
        // `range(3)` of a script is none: a range has two ends.
        let two_ends = matches!(token(value + 1), "-" | "–" | "to" | ",") && is_number(value + 2)
            || !said && is_number(value + 1);
        named && is_number(value) && (!is_range || two_ends)
    })
}

/// `Male: 4` on a line of its own: a count, unless the name is that of something else.
pub(crate) fn lone_count(line: &str) -> Option<u64> {
    if !has_digit(line) && !has_number_word(line) {
        return None;
    }
    let tokens = tokens(line);
    let [names @ .., sign, number] = tokens.as_slice() else {
        return None;
    };
    // `Time: 05:18:04` is a clock.
    let clock = names
        .last()
        .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()));
    let sign_ok = matches!(sign.as_str(), ":" | "=") && !clock;
    let other = |name: &String| NOT_COUNTED.contains(&name.as_str());
    let named = !names.is_empty() && names.len() <= 6 && !names.iter().any(other);
    (sign_ok && named).then(|| whole(number)).flatten()
}

/// Words with letters and numbers: how many there are, and how many are small whole numbers of unknown meaning.
pub(crate) fn unclear(line: &str) -> (usize, usize) {
    if !has_digit(line) {
        return (0, 0);
    }
    let tokens = tokens(line);
    let words = tokens
        .iter()
        .filter(|t| t.starts_with(|c: char| c.is_alphanumeric()))
        .count();
    let small =
        |t: &String| whole(t).is_some_and(|n| n < 10) && (t.len() == 1 || !t.starts_with('0'));
    // `Chi^2`, `fold 3`: no count.
    let named = |before: Option<&String>| {
        before.is_some_and(|t| t == "^" || NOT_COUNTED.contains(&t.as_str()))
    };
    let before = |i: usize| i.checked_sub(1).and_then(|i| tokens.get(i));
    let unclear = tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| t.starts_with(|c: char| c.is_ascii_digit()) && small(t))
        .filter(|(i, _)| !named(before(*i)))
        .count();
    (words, unclear)
}

// Most lines hold no number: they need not be cut into tokens.
pub(crate) fn has_digit(line: &str) -> bool {
    line.bytes().any(|b| b.is_ascii_digit())
}

fn has_number_word(line: &str) -> bool {
    let words = line
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| (3..=5).contains(&word.len()));
    words.into_iter().any(|word| {
        NUMBERS
            .iter()
            .any(|number| word.eq_ignore_ascii_case(number))
    })
}

fn is_share(tokens: &[String], at: usize) -> bool {
    let token = |i: usize| tokens.get(i).map_or("", String::as_str);
    token(at).starts_with(|c: char| c.is_ascii_digit()) && matches!(token(at + 1), "%" | "percent")
}

fn whole(token: &str) -> Option<u64> {
    if let Some(n) = NUMBERS.iter().position(|word| *word == token) {
        return u64::try_from(n).ok();
    }
    let token = token.strip_suffix(".0").unwrap_or(token);
    (!token.is_empty()
        && token.len() <= 15
        && token.bytes().all(|b| b.is_ascii_digit() || b == b','))
    .then_some(())?;
    token.replace(',', "").parse().ok()
}

/// Words, numbers (with their thousands and decimals) and single signs, in lower case.
fn tokens(line: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let chars: Vec<char> = line.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let mut i = 0;
    while i < chars.len() {
        let first = at(i);
        if first.is_whitespace() || matches!(first, '*' | '`' | '|' | '"') {
            i += 1;
            continue;
        }
        let mut token = String::new();
        if first.is_ascii_digit() {
            while at(i).is_ascii_digit()
                || (matches!(at(i), '.' | ',') && at(i + 1).is_ascii_digit())
            {
                token.push(at(i));
                i += 1;
            }
            // "2nd", "3D", "5mg" are words.
            while at(i).is_alphabetic() {
                token.push(at(i));
                i += 1;
            }
        } else if first.is_alphabetic() {
            while at(i).is_alphanumeric() {
                token.extend(at(i).to_lowercase());
                i += 1;
            }
        } else {
            token.push(first);
            i += 1;
        }
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::{Counted, counts, has_extreme};

    #[test]
    fn phrases_that_count_people() {
        let said = |line: &str| {
            counts(line)
                .into_iter()
                .map(|Counted(n)| n)
                .collect::<Vec<_>>()
        };
        for (line, expected) in [
            ("there were 3 patients with MI", vec![3]),
            ("(n=4)", vec![4]),
            ("N = 1,204", vec![1204]),
            ("5 (1.2%) had asthma", vec![5]),
            ("two deaths", vec![2]),
            ("3 of the older women", vec![3]),
            ("7/120 cases", vec![7]),
            ("deaths: 6", vec![6]),
            ("6 of 130", vec![6]),
        ] {
            assert!(
                expected.iter().all(|n| said(line).contains(n)),
                "{line}: {:?}",
                said(line)
            );
        }
        for line in [
            "type 2 diabetes patients",
            "Table 3",
            "p = 0.03",
            "version 1.2.3",
            "3 models were fitted",
            "a 5mg dose",
            "stage 3 cases",
        ] {
            assert_eq!(said(line), Vec::<u64>::new(), "{line}");
        }
    }

    #[test]
    fn extremes() {
        assert!(has_extreme("Age range 40-69"));
        assert!(has_extreme("max: 98"));
        assert!(!has_extreme("max iterations 100"));
    }
}
