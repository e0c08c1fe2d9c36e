//! Runs the rule files in `tests/rules`: each is one rule, told by questions to the town (see `town.rs`) and what becomes of
//! them. They are meant to be read.
//!
//! A file is prose (lines beginning with `#`) and questions: `ask aggregate` or `ask enclave`, the SQL, `----`, and the
//! answer as CSV or `refused CODE`. After the CSV of an aggregate answer a line `withheld numbers: N` stands where there
//! were any. `mask 3 7` makes these people absent from there on. `RULES=write` writes what is found instead of comparing.

use governance::Mode;
use roaring::RoaringBitmap;

use super::town::{Release, beside, code, nobody, town};

fn found(release: &Release, mode: Mode, sql: &str, masked: &RoaringBitmap) -> String {
    let result = release.ask(mode, sql, masked);
    match result {
        Ok(answer) => {
            let mut text = answer.to_csv();
            if let Some(n) = answer.withheld_rows {
                text.push_str(&format!("withheld rows: {n}\n"));
            }
            if answer.withheld_cells > 0 {
                text.push_str(&format!("withheld numbers: {}\n", answer.withheld_cells));
            }
            text
        }
        other => format!("refused {}\n", code(&other)),
    }
}

#[test]
fn rule_files() {
    let release = town();
    let write = std::env::var("RULES").is_ok_and(|v| v == "write");
    let mut files: Vec<_> = std::fs::read_dir(beside("rules"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "slt"))
        .collect();
    files.sort();
    assert!(files.len() >= 8, "the rule files are in tests/rules");
    let (mut questions, mut wrong) = (0, Vec::new());
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let mut out = String::new();
        let mut lines = text.lines().peekable();
        let mut masked = nobody();
        while let Some(line) = lines.next() {
            out.push_str(line);
            out.push('\n');
            if let Some(people) = line.strip_prefix("mask ") {
                masked = people
                    .split(' ')
                    .map(|p| p.parse::<u32>().unwrap())
                    .collect();
                continue;
            }
            let Some(mode) = line.strip_prefix("ask ") else {
                assert!(
                    line.is_empty() || line.starts_with('#'),
                    "{}: {line}",
                    path.display()
                );
                continue;
            };
            let mode = if mode == "enclave" {
                Mode::Enclave
            } else {
                Mode::Aggregate
            };
            let mut sql = String::new();
            for line in lines.by_ref().take_while(|l| *l != "----") {
                sql.push_str(line);
                sql.push('\n');
            }
            let mut expected = String::new();
            while let Some(line) = lines.next_if(|l| !l.is_empty()) {
                expected.push_str(line);
                expected.push('\n');
            }
            let got = found(&release, mode, &sql, &masked);
            questions += 1;
            if got != expected {
                wrong.push(format!(
                    "{}\n{sql}expected:\n{expected}found:\n{got}",
                    path.display()
                ));
            }
            out.push_str(&format!("{sql}----\n{got}"));
        }
        if write {
            std::fs::write(path, out).unwrap();
        }
    }
    assert!(questions > 250, "only {questions} questions were read");
    assert!(
        write || wrong.is_empty(),
        "{} of {questions} differ:\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
