//! Lines of codes that no reader knows: ids in a form of somebody's own (another base, letters for digits, words for digits,
//! characters written as numbers). What they stand for cannot be known, so a person looks.
//!
//! Must not take lists of names, versions, variants and codes of diseases, which differ in length or are of known form.

use crate::Context;
use crate::readers::Document;
use crate::verdict::{Findings, Rule, count_of};
use std::collections::HashSet;

const RULE: Rule = Rule {
    name: "list-of-codes",
    source: "this project's design: what could stand for a participant and is not understood is not green",
};

/// Codes in a row from which the form is no coincidence.
const CODES: usize = 10;
/// Shorter words are codes of diseases and units; longer ones are text.
const LENGTH: std::ops::RangeInclusive<usize> = 5..=64;
/// Lines that are read: a list shows its form at its beginning.
const LINES: usize = 2_000;
/// Characters written as numbers in one line from which they are a disguise and no accent.
const ESCAPES: usize = 5;
/// As many different words as digits have names, and a few more.
const VOCABULARY: usize = 16;

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    let lines: Vec<&str> = document
        .whole
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(LINES)
        .collect();
    let seen = if is_codes(&lines) {
        "different codes of one length, one a line"
    } else if is_spelled(&lines) {
        "of the same few words in another order"
    } else if lines.iter().filter(|line| escapes(line) >= ESCAPES).count() >= CODES {
        "of characters that are written as numbers"
    } else {
        return;
    };
    let what = format!("{} {seen}", count_of(lines.len(), "line"));
    let fix = "leave the codes out, or say what they are in a form that can be read";
    findings.amber(RULE, "whole file", what, fix);
}

/// One word a line, all different, of one length but for one character; the first line may be a heading.
fn is_codes(lines: &[&str]) -> bool {
    let body = lines.get(1..).unwrap_or_default();
    let single = body.iter().all(|line| !line.contains(char::is_whitespace));
    let lengths = || body.iter().map(|line| line.chars().count());
    let (Some(shortest), Some(longest)) = (lengths().min(), lengths().max()) else {
        return false;
    };
    let different: HashSet<&&str> = body.iter().collect();
    body.len() >= CODES
        && single
        && LENGTH.contains(&shortest)
        && longest - shortest <= 1
        && different.len() * 10 >= body.len() * 9
        && !body.iter().all(|line| is_known(line))
}

/// Names of variants and of genes, dates, and entries of a list of settings.
fn is_known(line: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    line.strip_prefix("rs").is_some_and(digits)
        || line.strip_prefix("ENSG").is_some_and(digits)
        || line.contains([',', ';', '|', '=', ':', '(', '{', '<', '/'])
        || crate::value::is_date(line)
}

/// Each line of as many words, and of all together only a few different ones.
fn is_spelled(lines: &[&str]) -> bool {
    let body = lines.get(1..).unwrap_or_default();
    let words = |line: &str| line.split_whitespace().count();
    let width = body.first().map_or(0, |line| words(line));
    let vocabulary: HashSet<&str> = body
        .iter()
        .flat_map(|line| line.split_whitespace())
        .collect();
    let letters = vocabulary
        .iter()
        .all(|word| word.chars().all(char::is_alphabetic));
    let different: HashSet<&&str> = body.iter().collect();
    body.len() >= CODES
        && width >= *LENGTH.start()
        && body.iter().all(|line| words(line).abs_diff(width) <= 1)
        && (2..=VOCABULARY).contains(&vocabulary.len())
        && letters
        && different.len() * 10 >= body.len() * 9
}

/// `&#49;`, `\u0031`, `\x31`, `%31` and `=31` for a digit.
fn escapes(line: &str) -> usize {
    // 0 and 1 are the characters 48 and 49, the other digits 50 to 57.
    let forms: [&[&str]; 6] = [
        &["&#4", "&#5"],
        &["&#x3"],
        &["\\u003"],
        &["\\x3"],
        &["%3"],
        &["=3"],
    ];
    forms
        .iter()
        .map(|of| of.iter().map(|form| line.matches(form).count()).sum())
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{escapes, is_codes, is_spelled};

    fn lines(of: impl Fn(u32) -> String) -> Vec<String> {
        (0..20).map(|n| of(1_234_567 + n * 7_919)).collect()
    }

    fn ask(lines: &[String], is: fn(&[&str]) -> bool) -> bool {
        is(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn codes_of_one_length_are_told_from_names() {
        assert!(ask(&lines(|n| format!("{n:x}")), is_codes));
        assert!(!ask(&lines(|n| format!("rs{n}")), is_codes));
        assert!(!ask(&lines(|n| format!("code {n}")), is_codes));
        assert!(!ask(
            &lines(|n| "x".repeat(5 + usize::try_from(n % 7).unwrap_or(0))),
            is_codes
        ));
        assert!(!is_codes(&[]));
    }

    #[test]
    fn digits_in_words_and_in_escapes() {
        let words = [
            "oak", "ash", "elm", "fir", "yew", "bay", "fig", "box", "may", "ivy",
        ];
        let spell = |n: u32| {
            let digits = n.to_string();
            let spelled: Vec<&str> = digits
                .bytes()
                .filter_map(|b| words.get(usize::from(b - b'0')).copied())
                .collect();
            spelled.join(" ")
        };
        assert!(ask(&lines(spell), is_spelled));
        assert!(!ask(
            &lines(|n| format!("the mean of group {n}")),
            is_spelled
        ));
        assert_eq!(escapes("&#49;&#50;&#51;&#52;&#53;"), 5);
        assert_eq!(escapes("caf\u{e9} &#233;"), 0);
    }
}
