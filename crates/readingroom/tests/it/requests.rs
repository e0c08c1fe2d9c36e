//! Requests for files to leave, by the commands: from the first version to the letter that calls it back.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{AS_BEFORE, demo, json, ok, refused, run, text};

/// A copy of the demonstration's instance, and a file in it that may leave.
struct Room {
    _keep: tempfile::TempDir,
    dir: PathBuf,
    file: PathBuf,
}

impl Room {
    fn new() -> Self {
        let (keep, dir) = demo();
        let question = [
            "query",
            "--dir",
            text(&dir),
            "--project",
            "p-heart",
            "--mode",
            "aggregate",
            "--csv",
            AS_BEFORE,
        ];
        let file = dir.with_extension("csv");
        std::fs::write(&file, ok(&question)).unwrap();
        Self {
            _keep: keep,
            dir,
            file,
        }
    }

    fn airlock<'a>(&'a self, step: &'a str, args: &[&'a str]) -> Vec<&'a str> {
        [&["airlock", step, "--dir", text(&self.dir)], args].concat()
    }

    fn does(&self, step: &str, args: &[&str]) -> Value {
        json(&self.airlock(step, args))
    }

    /// The code of a refusal.
    fn no(&self, step: &str, args: &[&str]) -> String {
        refused(&self.airlock(step, args))["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn submit(&self, id: &str, more: &[&str]) -> Value {
        let args = [
            &["--project", "p-heart", "--id", id, "--purpose", "paper"],
            more,
            &[text(&self.file)],
        ];
        self.does("submit", &args.concat())
    }

    fn review(&self, id: &str, outcome: &str, who: &str) -> Value {
        let reasons = format!("reasons of {who}");
        let args = [
            "--id",
            id,
            "--outcome",
            outcome,
            "--reasons",
            &reasons,
            "--as",
            who,
        ];
        self.does("review", &args)
    }

    /// Everything of the ledger that is public.
    fn ledger(&self) -> String {
        let mut text = String::new();
        for file in crate::program::files(&self.dir.join("ledger/tile/entries")) {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
        }
        text
    }

    fn gives(&self, who: &str, command: &str, body: &Value) {
        let path = self.dir.with_extension("body.json");
        std::fs::write(&path, body.to_string()).unwrap();
        ok(&[
            "do",
            "--dir",
            text(&self.dir),
            "--as",
            who,
            "--body",
            text(&path),
            command,
        ]);
    }

    /// A second custodian, whom decisions by two need; the first one is appointed by one.
    fn second_custodian(&self) {
        let body = serde_json::json!({ "person": "custodian-2", "roles": ["custodian"] });
        self.gives("custodian", "staff.appoint", &body);
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.with_extension(name)
    }
}

fn is_sound(path: &Path, more: &[&str]) -> (bool, String) {
    let output = run(&[&["verify", text(path), "--json"], more].concat());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    (said["sound"] == true, said.to_string())
}

#[test]
fn reviews_are_sealed_until_two_are_there_and_a_third_decides() {
    let room = Room::new();
    room.second_custodian();
    let submitted = room.submit("o2", &["--context", "made by one question"]);
    assert_eq!(submitted["colour"], "amber", "it names no planned output");
    assert_eq!(submitted["flags"], serde_json::json!(["not-planned"]));
    let first = room.review("o2", "reject", "checker-1");
    assert_eq!(first["opened"], false);
    let told = room.does("status", &["--id", "o2"]);
    assert_eq!(told["reviews"][0]["outcome"], Value::Null);
    assert_eq!(told["context"], "made by one question");
    for secret in ["reasons of", "made by one question"] {
        assert!(!room.ledger().contains(secret), "{secret}");
    }
    assert!(!told.to_string().contains("reasons of"));
    room.gives(
        "custodian",
        "staff.appoint",
        &serde_json::json!({
            "person": "checker-3", "roles": ["output-checker"], "agreed_by": "custodian-2",
        }),
    );
    let second = room.review("o2", "accept", "checker-2");
    assert_eq!(
        (&second["opened"], &second["accept"], &second["reject"]),
        (&true.into(), &1.into(), &1.into())
    );
    let out = room.out("third");
    let release = ["--id", "o2", "--to", text(&out), "--as", "checker-1"];
    assert_eq!(room.no("release", &release), "reviews-missing");
    room.review("o2", "accept", "checker-3");
    room.does("release", &release);
    let told = room.does("status", &["--id", "o2"]).to_string();
    assert!(told.contains("reasons of checker-1"), "{told}");
    assert!(is_sound(&room.dir, &[]).0);
}

#[test]
fn a_request_is_given_back_comes_again_and_is_taken_back() {
    let room = Room::new();
    let early = room.dir.with_extension("early");
    room.submit("o2", &["--planned", "tables"]);
    room.does(
        "return",
        &[
            "--id",
            "o2",
            "--comments",
            "say which year",
            "--as",
            "checker-1",
        ],
    );
    assert_eq!(
        room.does("status", &["--id", "o2"])["comments"],
        "say which year"
    );
    assert_eq!(
        room.no(
            "release",
            &["--id", "o2", "--to", text(&early), "--as", "checker-1"]
        ),
        "output-closed"
    );
    let again = room.submit("o2", &["--planned", "tables", "--context", "of 2026"]);
    assert_eq!(again["version"], 2);
    let told = room.does("status", &["--id", "o2"]);
    assert_eq!(told["history"][0]["comments"], "say which year");
    assert_eq!(
        room.no("withdraw", &["--id", "o2", "--as", "r-002"]),
        "not-the-author"
    );
    room.does("withdraw", &["--id", "o2", "--as", "r-001"]);
    let of = room.does("status", &["--project", "p-heart"]);
    assert_eq!(of["requests"][0]["standing"], "withdrawn");
    assert_eq!(of["quota"]["used"]["requests"], 1);
    let times = room.does("metrics", &["--project", "p-heart"]);
    assert_eq!(
        (&times["all"]["returned"], &times["all"]["withdrawn"]),
        (&1.into(), &1.into())
    );
    assert_eq!(times["all"]["turnaround"]["answered"], 1);
}

#[test]
fn green_leaves_by_itself_with_a_signed_record_and_is_called_back_by_letter() {
    let room = Room::new();
    room.second_custodian();
    let set = |on: bool| {
        serde_json::json!({
            "green_leaves_by_itself": on, "reasons": "a trial", "agreed_by": "custodian-2",
        })
    };
    room.gives("custodian", "airlock.set", &set(true));
    let submitted = room.submit("o2", &["--planned", "tables of counts"]);
    assert_eq!(submitted["colour"], "green", "{submitted}");
    assert_eq!(submitted["automatic"], true);
    let out = room.out("mine");
    room.does(
        "download",
        &["--id", "o2", "--to", text(&out), "--as", "r-001"],
    );
    let stranger = ["--id", "o2", "--to", text(&out), "--as", "r-002"];
    assert_eq!(room.no("download", &stranger), "not-a-member");

    let record = out.join("release-record.json");
    let vkey = std::fs::read_to_string(room.dir.join("ledger/vkey")).unwrap();
    let (sound, said) = is_sound(&record, &["--vkey", vkey.trim()]);
    assert!(sound, "{said}");
    assert!(is_sound(&record, &[]).0);
    let stated: Value = serde_json::from_str(&std::fs::read_to_string(&record).unwrap()).unwrap();
    assert_eq!(stated["record"]["automatic"], true);
    assert_eq!(stated["record"]["rules"], "strictest");
    assert!(stated.to_string().contains("lineage"), "{stated}");
    spoiled_records_are_found(&record, vkey.trim());

    let letters = room.out("letters");
    let recall = [
        "--id",
        "o2",
        "--reasons",
        "a cell was too small",
        "--letters",
        text(&letters),
    ];
    assert_eq!(
        room.no("recall", &[&recall[..], &["--as", "checker-1"]].concat()),
        "not-permitted"
    );
    room.does("recall", &[&recall[..], &["--as", "custodian"]].concat());
    let letter = std::fs::read_to_string(letters.join("o2-r-001.txt")).unwrap();
    for part in ["a cell was too small", "SHA-256", "p-heart", "@"] {
        assert!(letter.contains(part), "{part}: {letter}");
    }
    let again = ["--id", "o2", "--to", text(&out), "--as", "r-001"];
    assert_eq!(room.no("download", &again), "output-closed");
    let deleted = room.does("deleted", &["--id", "o2", "--as", "r-001"]);
    assert_eq!(deleted["still_asked"], serde_json::json!([]));
    assert!(is_sound(&room.dir, &[]).0);
}

/// A record of which anything was changed is found out, and so are files that are not those of the record.
fn spoiled_records_are_found(record: &Path, vkey: &str) {
    let good = std::fs::read_to_string(record).unwrap();
    let swaps = [
        ("\"automatic\": true", "\"automatic\": false"),
        ("\"project\": \"p-heart\"", "\"project\": \"p-other\""),
        ("\"bytes\": ", "\"bytes\": 1"),
        ("index ", "index 1"),
        ("\\\"version\\\":1", "\\\"version\\\":2"),
    ];
    for (from, to) in swaps {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        std::fs::write(record, &bad).unwrap();
        assert!(!is_sound(record, &["--vkey", vkey]).0, "{from}");
    }
    std::fs::write(record, &good).unwrap();
    let file = std::fs::read_dir(record.parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p != record)
        .unwrap();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, b"something else").unwrap();
    assert!(!is_sound(record, &[]).0);
    std::fs::write(&file, bytes).unwrap();
    let other = format!("{}{}", &vkey[..vkey.len() - 4], "AAA=");
    assert!(!is_sound(record, &["--vkey", &other]).0);
}
