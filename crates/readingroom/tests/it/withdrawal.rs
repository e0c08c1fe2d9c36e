//! A participant says no: one bit, everywhere, from the next answer on.

use serde_json::{Value, json as value};

use crate::program::{demo, json, ok, refused, text};

fn ask(dir: &std::path::Path, project: &str, mode: &str, sql: &str) -> Value {
    json(&[
        "query",
        "--dir",
        text(dir),
        "--project",
        project,
        "--mode",
        mode,
        sql,
    ])
}

/// Rows of an answer in enclave mode.
fn rows(answer: &Value) -> Vec<Value> {
    answer["rows"].as_array().unwrap().clone()
}

fn withdraw(dir: &std::path::Path, raw_id: &str) {
    let body = dir.join("withdraw.json");
    let text_of = value!({ "level": "no-further-use", "participants": [raw_id] }).to_string();
    std::fs::write(&body, text_of).unwrap();
    ok(&[
        "do",
        "withdrawal.record",
        "--dir",
        text(dir),
        "--json",
        text(&body),
    ]);
}

/// Raw ids in the order of the internal index, which only the operator's database knows.
fn raw_ids(dir: &std::path::Path) -> Vec<String> {
    let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
    let mut statement = database
        .prepare("SELECT eid FROM participants ORDER BY idx")
        .unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

/// Invariant 5: a withdrawn person changes no later answer. Here: every table loses exactly their rows and
/// nothing else changes; the property test over random questions is in the vault.
#[test]
fn invariant_5_the_same_question_before_and_after_differs_by_exactly_that_person() {
    let (_keep, dir) = demo();
    let tables = ["main", "gp_clinical", "gp_scripts", "hesin_diag"];
    let all = |dir: &std::path::Path| -> Vec<Vec<Value>> {
        tables
            .iter()
            .map(|t| {
                rows(&ask(
                    dir,
                    "p-heart",
                    "enclave",
                    &format!("SELECT * FROM {t}"),
                ))
            })
            .collect()
    };
    let before = all(&dir);
    let count = "SELECT p31, count(*) AS people FROM main GROUP BY p31 ORDER BY p31";
    let counted_before = ask(&dir, "p-heart", "enclave", count);
    // Somebody whom the answers count: the demonstration withdraws some, so try until one row goes.
    let person = raw_ids(&dir)
        .into_iter()
        .find(|id| {
            withdraw(&dir, id);
            all(&dir)[0].len() + 1 == before[0].len()
        })
        .expect("somebody is counted");
    let after = all(&dir);
    let gone: Vec<&Value> = before[0].iter().filter(|r| !after[0].contains(r)).collect();
    assert_eq!(gone.len(), 1);
    let pseudonym = &gone[0][0];
    for (table, (old, new)) in tables.iter().zip(before.iter().zip(&after)) {
        let expected: Vec<&Value> = old.iter().filter(|r| r[0] != *pseudonym).collect();
        assert_eq!(expected, new.iter().collect::<Vec<_>>(), "{table}");
    }
    let sum = |answer: &Value| -> i64 { rows(answer).iter().map(|r| r[1].as_i64().unwrap()).sum() };
    let counted_after = ask(&dir, "p-heart", "enclave", count);
    assert_eq!(sum(&counted_before) - sum(&counted_after), 1);
    // The ledger does not say whose it was.
    for file in crate::program::files(&dir.join("ledger")) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            !bytes.windows(person.len()).any(|w| w == person.as_bytes()),
            "{}",
            file.display()
        );
    }
}

#[test]
fn two_projects_pseudonyms_share_nothing() {
    let (_keep, dir) = demo();
    let ids = |project: &str| -> std::collections::BTreeSet<String> {
        rows(&ask(&dir, project, "enclave", "SELECT eid FROM main"))
            .iter()
            .map(|r| r[0].as_str().unwrap().to_owned())
            .collect()
    };
    let (one, two) = (ids("p-heart"), ids("p-partner"));
    assert!(one.len() > 300 && one.len() == two.len());
    assert!(one.is_disjoint(&two));
    // And neither is a raw id.
    let raw: std::collections::BTreeSet<String> = raw_ids(&dir).into_iter().collect();
    assert!(one.is_disjoint(&raw) && two.is_disjoint(&raw));
}

/// Invariant 7 in operation: a list of withdrawn people that is gone closes everything, it opens nothing.
#[test]
fn invariant_7_a_lost_withdrawal_list_stops_every_question() {
    let (_keep, dir) = demo();
    let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
    let lost = database
        .execute("DELETE FROM disclosures WHERE name = 'participants'", [])
        .unwrap();
    assert!(lost > 0);
    drop(database);
    // what was made of the list while it was there is sealed, and as good as the list
    std::fs::remove_file(dir.join("data/masks")).unwrap();
    let refusal = refused(&[
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "SELECT count(*) FROM main",
    ]);
    assert_eq!(refusal["code"], "consent-unreadable");
}
