//! An instance with one project that may use everything, and no answer yet: for tests that compare what is answered with
//! what was answered before.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json as value};
use tempfile::TempDir;

use crate::program::{copy, json, ok, program, text};

/// The project.
pub const PROJECT: &str = "p-one";
/// Its lead, who asks.
pub const LEAD: &str = "r-one";

/// An instance of its own for a test, and the raw data that it was made of.
pub struct Room {
    _keep: TempDir,
    pub dir: PathBuf,
    pub raw: PathBuf,
}

impl Room {
    /// A copy of an instance of 400 people, made once for all tests.
    pub fn new() -> Self {
        static MADE: OnceLock<TempDir> = OnceLock::new();
        let made = MADE.get_or_init(make);
        let keep = tempfile::tempdir().unwrap();
        let (dir, raw) = (keep.path().join("instance"), keep.path().join("raw"));
        copy(&made.path().join("instance"), &dir);
        copy(&made.path().join("raw"), &raw);
        Self {
            _keep: keep,
            dir,
            raw,
        }
    }

    /// Another of its own with the same ledger, keys and people.
    pub fn twin(&self) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let (dir, raw) = (keep.path().join("instance"), keep.path().join("raw"));
        copy(&self.dir, &dir);
        copy(&self.raw, &raw);
        Self {
            _keep: keep,
            dir,
            raw,
        }
    }

    /// Gives a command.
    pub fn give(&self, who: &str, command: &str, body: Value) {
        give(&self.dir, who, command, body);
    }

    /// Asks, and gets JSON: an answer, or a refusal below `refused`.
    pub fn ask(&self, mode: &str, sql: &str) -> Value {
        let args = ["query", "--project", PROJECT, "--mode", mode, sql, "--json"];
        let output = self.program(&args).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{sql}: {}", String::from_utf8_lossy(&output.stderr));
        })
    }

    /// The answer's bytes, those whose digest is in the ledger, or the words of the refusal.
    pub fn bytes(&self, mode: &str, sql: &str) -> Result<String, String> {
        let args = ["query", "--project", PROJECT, "--mode", mode, sql, "--csv"];
        let output = self.program(&args).output().unwrap();
        let words = |bytes| String::from_utf8(bytes).unwrap();
        match output.status.code() {
            Some(0) => Ok(words(output.stdout)),
            Some(1) => Err(words(output.stderr)),
            other => panic!("{sql}: {other:?} {}", words(output.stderr)),
        }
    }

    /// Asks an answered question again.
    pub fn rerun(&self, id: &str) -> Value {
        let args = ["query", "--project", PROJECT, "--rerun", id, "--json"];
        let output = self.program(&args).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Records that people withdraw from further use.
    pub fn withdraw(&self, people: &[String]) {
        let body = value!({ "level": "no-further-use", "participants": people });
        self.give("head", "withdrawal.record", body);
    }

    /// The program, on this instance.
    pub fn program(&self, args: &[&str]) -> std::process::Command {
        let mut command = program(args);
        command.env("READINGROOM_DIR", &self.dir);
        command
    }

    /// Raw ids of everybody in the main table.
    pub fn people(&self) -> Vec<String> {
        let main = std::fs::read_to_string(self.raw.join("main.csv")).unwrap();
        let ids = main.lines().skip(1).filter_map(|l| l.split(',').next());
        ids.map(str::to_owned).collect()
    }
}

fn give(dir: &Path, who: &str, command: &str, body: Value) {
    let file = dir.join("body.json");
    std::fs::write(&file, body.to_string()).unwrap();
    let args = [
        "do",
        command,
        "--as",
        who,
        "--dir",
        text(dir),
        "--json",
        text(&file),
    ];
    ok(&args);
    std::fs::remove_file(&file).unwrap();
}

fn make() -> TempDir {
    let keep = tempfile::tempdir().unwrap();
    let (dir, raw) = (keep.path().join("instance"), keep.path().join("raw"));
    ok(&["init", "--dir", text(&dir), "--founder", "head"]);
    ok(&[
        "synth",
        "--participants",
        "400",
        "--seed",
        "11",
        "--out",
        text(&raw),
    ]);
    let args = ["ingest", "--dir", text(&dir), "--release", "r1", text(&raw)];
    ok(&args);
    let give = |who: &str, command: &str, body| give(&dir, who, command, body);
    let window = value!({ "from": "2020-01-01" });
    for (person, role) in [
        ("sci", "scientific-reviewer"),
        ("eth", "ethics-reviewer"),
        ("second", "custodian"),
    ] {
        let body = value!({ "person": person, "roles": [role] });
        give("head", "staff.appoint", body);
    }
    let body = value!({ "id": "uni", "name": "U", "territory": "GB", "kind": "university" });
    give("head", "institution.register", body);
    let body = value!({ "id": LEAD, "institution": "uni", "affiliation": window, "name": "Ada", "email": "a@example.org" });
    give("head", "researcher.register", body);
    let body = value!({ "researcher": LEAD, "training": "t", "window": window });
    give("head", "researcher.accredit", body);
    let mut wants = serde_json::Map::new();
    for class in ["baseline", "hospital", "primary-care", "death"] {
        wants.insert(
            class.to_owned(),
            value!({ "mode": "enclave", "fields": ["*"] }),
        );
        let body = value!({ "class": class, "territory": "GB", "mode": "enclave", "window": window, "source": "s" });
        give("head", "territory.approve", body);
        if class != "baseline" {
            let body = value!({ "id": format!("d-{class}"), "class": class, "instrument": "i", "window": window });
            give("head", "direction.issue", body);
        }
    }
    let body = value!({
        "id": PROJECT, "title": "T", "institution": "uni", "lead": LEAD, "goals": "g", "methods": "m",
        "lay_summary": "l", "wants": wants, "places": ["GB"], "output_plan": "o",
    });
    give(LEAD, "application.submit", body);
    for (who, track) in [("sci", "scientific"), ("eth", "ethical")] {
        let body = value!({ "application": PROJECT, "track": track, "outcome": "approve", "reasons": "r" });
        give(who, "application.review", body);
    }
    let body = value!({ "application": PROJECT, "approved": true, "reasons": "r" });
    give("head", "application.decide", body);
    let until = value!({ "from": "2020-01-01", "until": "2100-01-01" });
    let body = value!({ "application": PROJECT, "institution": "uni", "version": "1", "window": until, "signatory": "S" });
    give("head", "agreement.sign", body);
    let body = value!({ "application": PROJECT, "amount_pence": 300_000, "reference": "x" });
    give("head", "fee.record", body);
    let explained = json(&[
        "policy",
        "explain",
        "--project",
        PROJECT,
        "--dir",
        text(&dir),
    ]);
    for answer in explained.as_array().unwrap() {
        assert_eq!(answer["mode"], "enclave", "{explained}");
    }
    keep
}
