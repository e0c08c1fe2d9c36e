//! A script plays a whole life cycle through `readingroom do`.

use serde_json::{Value, json as value};

use crate::program::{json, ok, run, text};

struct Script {
    _keep: tempfile::TempDir,
    dir: std::path::PathBuf,
}

impl Script {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let dir = keep.path().join("instance");
        ok(&["init", "--dir", text(&dir), "--founder", "head"]);
        Self { _keep: keep, dir }
    }

    fn give(&self, who: &str, command: &str, body: &Value) -> (Option<i32>, Value) {
        let path = self.dir.join("body.json");
        std::fs::write(&path, body.to_string()).unwrap();
        let output = run(&[
            "do",
            command,
            "--as",
            who,
            "--dir",
            text(&self.dir),
            "--json",
            text(&path),
        ]);
        (
            output.status.code(),
            serde_json::from_slice(&output.stdout).unwrap(),
        )
    }

    fn ok(&self, who: &str, command: &str, body: Value) -> Value {
        let (status, said) = self.give(who, command, &body);
        assert_eq!(status, Some(0), "{command}: {said}");
        said
    }

    /// Seals a small synthetic release.
    fn release(&self) {
        let raw = self.dir.with_extension("raw");
        ok(&["synth", "--participants", "20", "--out", text(&raw)]);
        ok(&[
            "ingest",
            "--dir",
            text(&self.dir),
            "--release",
            "r1",
            text(&raw),
        ]);
    }

    fn refused(&self, who: &str, command: &str, body: Value) -> Value {
        let (status, said) = self.give(who, command, &body);
        assert_eq!(status, Some(1), "{command}: {said}");
        said["refused"]["code"].clone()
    }
}

#[test]
fn from_registration_to_closing() {
    let s = Script::new();
    for (person, role) in [
        ("sci", "scientific-reviewer"),
        ("eth", "ethics-reviewer"),
        ("second", "custodian"),
    ] {
        s.ok(
            "head",
            "staff.appoint",
            value!({ "person": person, "roles": [role] }),
        );
    }
    s.ok(
        "head",
        "institution.register",
        value!({ "id": "uni", "name": "U", "territory": "GB", "kind": "university" }),
    );
    let window = value!({ "from": "2020-01-01" });
    s.ok("head", "researcher.register", value!({ "id": "r1", "institution": "uni", "affiliation": window, "name": "Ada", "email": "a@example.org" }));
    s.ok(
        "head",
        "researcher.accredit",
        value!({ "researcher": "r1", "training": "t", "window": window }),
    );
    let application = value!({
        "id": "p1", "title": "T", "institution": "uni", "lead": "r1", "goals": "g", "methods": "m", "lay_summary": "l",
        "wants": { "baseline": { "mode": "aggregate", "fields": ["main.p31", "main.p34"] } }, "places": ["GB"], "output_plan": "o",
    });
    assert_eq!(
        s.refused("head", "application.submit", application.clone()),
        "not-permitted"
    );
    s.ok("r1", "application.submit", application);
    for (who, track) in [("sci", "scientific"), ("eth", "ethical")] {
        s.ok(
            who,
            "application.review",
            value!({ "application": "p1", "track": track, "outcome": "approve", "reasons": "r" }),
        );
    }
    s.ok(
        "head",
        "application.decide",
        value!({ "application": "p1", "approved": true, "reasons": "r" }),
    );
    s.ok("head", "agreement.sign", value!({ "application": "p1", "institution": "uni", "version": "1", "window": { "from": "2020-01-01", "until": "2100-01-01" }, "signatory": "S" }));
    let started = s.ok(
        "head",
        "fee.record",
        value!({ "application": "p1", "amount_pence": 300000, "reference": "x" }),
    );
    assert_eq!(
        started["events"],
        value!(["fee.recorded", "project.started"])
    );
    s.ok(
        "head",
        "direction.issue",
        value!({ "id": "d", "class": "primary-care", "instrument": "i", "window": window }),
    );
    s.ok("head", "territory.approve", value!({ "class": "baseline", "territory": "GB", "mode": "enclave", "window": window, "source": "s" }));
    let explained = json(&[
        "policy",
        "explain",
        "--project",
        "p1",
        "--dir",
        text(&s.dir),
    ]);
    assert_eq!(
        explained[0]["failed"][0]["id"], "release-present",
        "no data yet: {explained}"
    );
    s.release();
    let explained = json(&[
        "policy",
        "explain",
        "--project",
        "p1",
        "--dir",
        text(&s.dir),
    ]);
    assert_eq!(
        explained[0]["mode"], "aggregate",
        "no more than was asked for: {explained}"
    );
    s.ok("head", "project.amend", value!({ "project": "p1", "wants": { "baseline": { "mode": "enclave", "fields": ["*"] } }, "reasons": "r", "agreed_by": "eth" }));
    let explained = json(&[
        "policy",
        "explain",
        "--project",
        "p1",
        "--dir",
        text(&s.dir),
    ]);
    assert_eq!(explained[0]["mode"], "enclave");
    s.ok(
        "head",
        "project.suspend",
        value!({ "project": "p1", "reasons": "r" }),
    );
    let explained = json(&[
        "policy",
        "explain",
        "--project",
        "p1",
        "--dir",
        text(&s.dir),
    ]);
    assert_eq!(explained[0]["mode"], "deny");
    s.ok(
        "head",
        "project.resume",
        value!({ "project": "p1", "reasons": "r", "agreed_by": "second" }),
    );
    assert_eq!(
        s.refused("head", "project.expire", value!({ "project": "p1" })),
        "time-not-over"
    );
    s.ok(
        "head",
        "project.close",
        value!({ "project": "p1", "reasons": "r" }),
    );
    s.ok("head", "researcher.erase", value!({ "researcher": "r1" }));
    let report = json(&["verify", text(&s.dir)]);
    assert_eq!(report["sound"], true, "{report}");
    let note = report["checked"].to_string();
    assert!(
        note.contains("2 were erased"),
        "the name and the address are gone, the log still verifies: {note}"
    );
}

#[test]
fn what_was_erased_is_in_no_file_of_the_instance() {
    let s = Script::new();
    let window = value!({ "from": "2020-01-01" });
    s.ok(
        "head",
        "institution.register",
        value!({ "id": "uni", "name": "U", "territory": "GB", "kind": "university" }),
    );
    s.ok("head", "researcher.register", value!({ "id": "r1", "institution": "uni", "affiliation": window, "name": "Zebediah Quux", "email": "z@example.org" }));
    let database = rusqlite::Connection::open(s.dir.join("state.sqlite")).unwrap();
    let encoded: String = database
        .query_row(
            "SELECT disclosure FROM disclosures WHERE name = 'name'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(database);
    s.ok("head", "researcher.erase", value!({ "researcher": "r1" }));
    std::fs::remove_file(s.dir.join("body.json")).unwrap();
    for file in crate::program::files(&s.dir) {
        let bytes = std::fs::read(&file).unwrap();
        for trace in [encoded.as_bytes(), b"Quux"] {
            assert!(
                !bytes.windows(trace.len()).any(|w| w == trace),
                "{}",
                file.display()
            );
        }
    }
}
