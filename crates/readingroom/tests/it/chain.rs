//! The demonstration: every step really happened.

use serde_json::Value;

use crate::program::{files, json, ok, refused, text};

fn demonstration() -> (tempfile::TempDir, std::path::PathBuf, Value) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    let told = json(&[
        "demo",
        "--no-serve",
        "--participants",
        "400",
        "--seed",
        "7",
        "--dir",
        text(&dir),
    ]);
    (folder, dir, told)
}

fn figures(told: &Value, step: usize) -> &Value {
    &told["steps"][step]["figures"]
}

#[test]
fn the_demonstration_shows_the_whole_chain() {
    let (_keep, dir, told) = demonstration();
    let find = |name: &str| -> Value {
        let steps = told["steps"].as_array().unwrap();
        (0..steps.len())
            .map(|i| figures(&told, i)[name].clone())
            .find(|v| !v.is_null())
            .unwrap_or_else(|| panic!("no figure {name}"))
    };
    // Graded access, as the issue of this chain asks for it.
    assert_eq!(find("p-heart primary-care"), "enclave");
    assert_eq!(find("p-heart death"), "deny");
    assert_eq!(find("p-partner baseline"), "enclave");
    assert_eq!(find("p-partner primary-care"), "aggregate");
    assert_eq!(find("p-markers baseline"), "deny");
    // One person less, and only one.
    assert_eq!(
        find("people before").as_u64().unwrap(),
        find("people after").as_u64().unwrap() + 1
    );
    assert_eq!(find("pseudonyms in common"), 0);
    assert_eq!(find("diabetes_by_sex.csv"), "green");
    assert_eq!(find("model_input.csv"), "red");
    assert_eq!(find("rare.csv"), "red");
    assert!(find("tampered findings").as_u64().unwrap() > 0);
    // Raw records, with names and NHS numbers, are gone.
    assert!(!dir.join("demo/raw").exists());
    assert_eq!(json(&["verify", text(&dir)])["sound"], true);
    // The released file is the one whose digest stands in the log.
    assert!(dir.join("demo/released/diabetes_by_sex.csv").is_file());
}

#[test]
fn why_an_answer_is_not_higher_is_explained() {
    let (_keep, dir, _) = demonstration();
    let gates = |project: &str, class: &str| -> Vec<String> {
        let answers = json(&[
            "policy",
            "explain",
            "--dir",
            text(&dir),
            "--project",
            project,
        ]);
        let answer = answers
            .as_array()
            .unwrap()
            .iter()
            .find(|a| a["class"] == class)
            .unwrap()
            .clone();
        answer["failed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(gates("p-heart", "primary-care"), Vec::<String>::new());
    assert_eq!(gates("p-heart", "death"), ["direction-in-force"]);
    assert_eq!(gates("p-partner", "primary-care"), ["territory-approved"]);
    assert_eq!(gates("p-markers", "baseline"), ["listed-owner"]);
}

/// Invariant 1: what is not granted cannot be named; it is absent, and absent in the same words as what never was.
#[test]
fn invariant_1_the_ungranted_is_absent_like_what_never_existed() {
    let (_keep, dir, _) = demonstration();
    let ask = |sql: &str| {
        let refusal = refused(&[
            "query",
            "--dir",
            text(&dir),
            "--project",
            "p-heart",
            "--mode",
            "enclave",
            sql,
        ]);
        (
            refusal["code"].clone(),
            refusal["reason"].as_str().unwrap().to_owned(),
        )
    };
    let (code, reason) = ask("SELECT * FROM death");
    let (code_never, reason_never) = ask("SELECT * FROM breath");
    assert_eq!(code, code_never);
    assert_eq!(
        reason.replace("death", "X"),
        reason_never.replace("breath", "X")
    );
}

/// Invariant 3: every permit, refusal and referral names its rules and policy version, and is in the log.
#[test]
fn invariant_3_answers_and_refusals_are_in_the_log_with_rule_and_policy_version() {
    let (_keep, dir, _) = demonstration();
    let log = log_of(&dir);
    let policy = log
        .iter()
        .find(|e| e["type"] == "policies.adopted")
        .unwrap()["data"]["bundle_sha256"]
        .clone();
    let of = |kind: &str| {
        log.iter()
            .filter(move |e| e["type"] == kind)
            .collect::<Vec<_>>()
    };
    assert!(
        of("query.answered").len() >= 5
            && of("command.refused").len() >= 6
            && of("access.recorded").len() >= 8
    );
    for event in of("query.answered")
        .into_iter()
        .chain(of("access.recorded"))
    {
        assert_eq!(event["data"]["policy_sha256"], policy);
    }
    for event in of("command.refused") {
        assert_eq!(event["data"]["policy_sha256"], policy);
        assert!(
            event["data"]["rule"]
                .as_str()
                .is_some_and(|r| !r.is_empty())
        );
    }
    // A refusal by hand is logged too.
    let before = log.len();
    refused(&[
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "SELECT * FROM nothing",
    ]);
    assert_eq!(log_of(&dir).len(), before + 1);
}

/// Invariant 4: no identifier in a query's error text, in the log, or in a report.
#[test]
fn invariant_4_no_raw_identifier_in_ledger_reports_or_pages() {
    let (_keep, dir, _) = demonstration();
    let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
    let mut statement = database.prepare("SELECT eid FROM participants").unwrap();
    let ids: std::collections::HashSet<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(ids.len() >= 390 && ids.iter().all(|id| id.len() == 7));
    for folder in ["ledger", "data/reports", "demo/site"] {
        for file in files(&dir.join(folder)) {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            for token in text.split(|c: char| !c.is_ascii_alphanumeric()) {
                assert!(
                    !ids.contains(token),
                    "{} holds a participant's id",
                    file.display()
                );
            }
        }
    }
}

/// Invariant 2 on disk: the stored state can be dropped and is made again to the same digest.
#[test]
fn invariant_2_the_stored_state_can_be_dropped_and_rebuilt() {
    let (_keep, dir, _) = demonstration();
    let before = json(&["verify", text(&dir)])["state_sha256"].clone();
    let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
    database.execute("DELETE FROM snapshot", []).unwrap();
    drop(database);
    let after = json(&["verify", text(&dir)]);
    assert_eq!(
        (after["sound"].clone(), after["state_sha256"].clone()),
        (true.into(), before)
    );
    ok(&[
        "policy",
        "explain",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
    ]);
}

/// The log's events, read from the public tiles as anyone could.
fn log_of(dir: &std::path::Path) -> Vec<Value> {
    let mut events = Vec::new();
    // The log of a demonstration fits into one bundle; of its partial ones the widest holds everything.
    let width = |f: &std::path::PathBuf| {
        f.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let bundle = files(&dir.join("ledger/tile/entries/000.p"))
        .into_iter()
        .max_by_key(width);
    if let Some(bundle) = bundle {
        let bytes = std::fs::read(bundle).unwrap();
        let mut rest = bytes.as_slice();
        while let [high, low, tail @ ..] = rest {
            // C2SP tlog-tiles: each entry has a big-endian uint16 length before it.
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            events.push(serde_json::from_slice(&tail[..length]).unwrap());
            rest = &tail[length..];
        }
    }
    events
}
