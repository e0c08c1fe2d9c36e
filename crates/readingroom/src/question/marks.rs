//! Marks of an extract: rows that leave carry them, for the project and the person they are given to.
//!
//! What is marked is chosen by the answer alone: columns of measurements, written with decimals, whose last digit is below
//! what the measurement can tell apart. Whole numbers, dates and codes keep every value. How it works and what it costs is
//! said in `privacy::marks`.

use std::collections::BTreeSet;

use governance::Refusal;
use privacy::marks::{DECIMALS, FEWEST_VALUES, MarkKey, Plan, mark};

use super::Asked;
use crate::failure::Failure;

/// The rows as CSV with the marks of the person who asks. Refused if nothing in them can carry a mark.
pub fn marked(master: &[u8; 32], asked: Asked<'_>, text: &str) -> Result<String, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| Failure::fault("reading the answer", e))?;
        rows.push(record.iter().map(str::to_owned).collect::<Vec<String>>());
    }
    let header = if rows.is_empty() {
        Vec::new()
    } else {
        rows.remove(0)
    };
    let plan = plan(&header, &rows).ok_or_else(nothing_to_mark)?;
    let key = MarkKey::derive(master, asked.project.as_str(), asked.researcher.as_str());
    mark(&mut rows, &plan, &key).map_err(|e| Failure::fault("marking the answer", e))?;
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in std::iter::once(&header).chain(&rows) {
        writer
            .write_record(row)
            .map_err(|e| Failure::fault("writing the answer", e))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| Failure::fault("writing the answer", e))?;
    String::from_utf8(bytes).map_err(|e| Failure::fault("writing the answer", e))
}

fn nothing_to_mark() -> Failure {
    Refusal::new(
        "nothing-to-mark",
        "extracts-carry-marks",
        format!(
            "rows that leave carry marks, and no column of these holds at least {FEWEST_VALUES} different measurements with decimals beside another column to anchor them"
        ),
        "ask for more rows, with at least one column of measurements (weight, body-mass index, a blood count) and one other",
    )
    .into()
}

/// Columns of measurements, and of the others the one with the most values as anchor; ids only if there is no other, for
/// they are the first to be dropped.
fn plan(header: &[String], rows: &[Vec<String>]) -> Option<Plan> {
    let width = header.len();
    let marked: Vec<(usize, u8)> = (0..width)
        .filter_map(|column| Some((column, measured(rows, column)?)))
        .collect();
    let different = |column: usize| {
        let values: BTreeSet<&String> = rows.iter().filter_map(|r| r.get(column)).collect();
        values.len()
    };
    let is_id = |column: usize| different(column) == rows.len();
    let anchor = (0..width)
        .filter(|column| !marked.iter().any(|(m, _)| m == column))
        .max_by_key(|column| (!is_id(*column), different(*column)))?;
    (!marked.is_empty()).then_some(Plan { marked, anchor })
}

/// The decimals of a column of measurements.
fn measured(rows: &[Vec<String>], column: usize) -> Option<u8> {
    let texts: Vec<&str> = rows
        .iter()
        .filter_map(|r| r.get(column))
        .map(|t| t.trim())
        .filter(|t| !t.is_empty())
        .collect();
    let decimals = |text: &&str| {
        let (whole, fraction) = text.split_once('.')?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let plain = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction);
        plain.then_some(fraction.len())
    };
    let most = texts.iter().filter_map(decimals).max()?;
    let numbers = texts
        .iter()
        .filter(|t| t.parse::<f64>().is_ok_and(f64::is_finite))
        .count();
    let values: BTreeSet<&&str> = texts.iter().collect();
    let most = u8::try_from(most).ok().filter(|d| *d <= DECIMALS)?;
    // A few more values than needed: those that are no plain number do not count.
    (numbers == texts.len() && values.len() >= FEWEST_VALUES * 2).then_some(most)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use governance::Id;
    use privacy::marks::detect;

    use super::*;

    fn asked<'a>(project: &'a Id, researcher: &'a Id) -> Asked<'a> {
        Asked {
            project,
            researcher,
            token: None,
            mode: None,
            release: None,
            sql: "",
        }
    }

    #[test]
    fn measurements_are_marked_for_the_person_and_everything_else_is_as_it_was() {
        let (project, person): (Id, Id) = ("p-1".parse().unwrap(), "r-7".parse().unwrap());
        let mut text = "eid,sex,born,bmi,visits\n".to_owned();
        for i in 0..400_u32 {
            let bmi = 20_000 + i * 7_919 % 17_000;
            text.push_str(&format!(
                "id{i},{},{},{}.{:03},{}\n",
                i % 2,
                1940 + i * 31 % 30,
                bmi / 1_000,
                bmi % 1_000,
                i % 25
            ));
        }
        let out = marked(&[3; 32], asked(&project, &person), &text).unwrap();
        let cells = |text: &str| -> Vec<Vec<String>> {
            text.lines()
                .map(|l| l.split(',').map(str::to_owned).collect())
                .collect()
        };
        let (before, after) = (cells(&text), cells(&out));
        assert_eq!(before.len(), after.len());
        for (a, b) in before.iter().zip(&after) {
            assert_eq!((&a[..3], &a[4]), (&b[..3], &b[4]));
        }
        assert_ne!(before, after);
        let keys: Vec<MarkKey> = (0..200)
            .map(|n| MarkKey::derive(&[3; 32], "p-1", &format!("r-{n}")))
            .collect();
        let hit = detect(&after[100..200], &keys).best.unwrap();
        assert!(hit.candidate == 7 && hit.expected_false < 1e-6, "{hit:?}");
    }

    #[test]
    fn rows_that_can_carry_no_mark_do_not_leave() {
        let (project, person): (Id, Id) = ("p-1".parse().unwrap(), "r-7".parse().unwrap());
        for text in ["", "a\n", "sex,n\n0,1\n1,2\n", "bmi\n20.1\n20.2\n"] {
            match marked(&[3; 32], asked(&project, &person), text) {
                Err(Failure::Refused(r)) => assert_eq!(r.code, "nothing-to-mark", "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
