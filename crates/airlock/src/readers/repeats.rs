//! Lines that a program prints again and again with other numbers in them: `row 7: age=61 bmi=24.5`. They are a table in
//! disguise, and are judged as one.

use super::Line;
use super::text::without_clock;
use crate::limits;
use crate::prose::has_digit;
use crate::table::{Row, Table};
use std::collections::BTreeMap;

/// So many lines with the same words are no coincidence.
const LINES: usize = 10;

/// The tables that repeated lines make. The lines stay prose as well: a table here adds a judgement and takes none away.
pub(crate) fn tables(prose: &[Line]) -> Vec<Table> {
    let mut groups: BTreeMap<String, (Vec<String>, Vec<Row>)> = BTreeMap::new();
    for line in prose
        .iter()
        .filter(|line| line.text.len() <= limits::LINE_BYTES && has_digit(&line.text))
    {
        let (template, names, numbers) = parts(without_clock(line.text.trim()));
        if numbers.len() >= 2 && template.contains(|c: char| c.is_alphabetic()) {
            let row = Row {
                line: line.number,
                cells: numbers.into(),
            };
            groups
                .entry(template)
                .or_insert_with(|| (names, Vec::new()))
                .1
                .push(row);
        }
    }
    let repeated = groups.into_values().filter(|(_, rows)| rows.len() >= LINES);
    let table = |(names, mut rows): (Vec<String>, Vec<Row>)| {
        rows.insert(
            0,
            Row {
                line: rows.first().map_or(0, |row| row.line),
                cells: names.into(),
            },
        );
        Table::new(rows, 0)
    };
    repeated.take(limits::TABLES).map(table).collect()
}

/// A line's words without its numbers, the word before each number, and the numbers.
fn parts(line: &str) -> (String, Vec<String>, Vec<String>) {
    let (mut template, mut names, mut numbers) = (String::new(), Vec::new(), Vec::new());
    let (mut word, mut number) = (String::new(), String::new());
    let mut in_word = false;
    for (i, c) in line.char_indices().chain([(line.len(), ' ')]) {
        let numeric = c.is_ascii_digit() && !in_word
            || !number.is_empty() && (c == '.' || c.is_ascii_digit());
        if numeric {
            number.push(c);
            continue;
        }
        if !number.is_empty() {
            template.push('#');
            names.push(
                unit(line.get(i..).unwrap_or_default()).map_or_else(|| word.clone(), str::to_owned),
            );
            numbers.push(std::mem::take(&mut number).trim_end_matches('.').to_owned());
        }
        let in_word_now = c.is_alphanumeric() || c == '_';
        if in_word_now && !in_word {
            word.clear();
        }
        if in_word_now {
            word.push(c);
        }
        in_word = in_word_now;
        template.push(c);
    }
    (template, names, numbers)
}

/// What is measured, by the unit that follows a number without a gap: `3.1s`, `12MB`.
fn unit(rest: &str) -> Option<&'static str> {
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    match rest.get(..letters)? {
        "s" | "sec" | "secs" | "ms" | "us" | "min" | "mins" | "h" | "hr" | "it" => Some("seconds"),
        "B" | "kB" | "KB" | "MB" | "GB" | "KiB" | "MiB" | "GiB" | "M" | "G" => Some("bytes"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_falls_into_words_and_numbers() {
        let (template, names, numbers) = super::parts("row 7: age=61 bmi=24.5 I21");
        assert_eq!(template, "row #: age=# bmi=# I21 ");
        assert_eq!(names, ["row", "age", "bmi"]);
        assert_eq!(numbers, ["7", "61", "24.5"]);
    }
}
