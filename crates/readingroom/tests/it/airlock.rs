//! Files that ask to leave.

use std::process::Output;

use crate::program::{demo, json, ok, refused, run, text};

fn check(
    dir: &std::path::Path,
    project: &str,
    files: &[&std::path::Path],
) -> (Output, Vec<serde_json::Value>) {
    let mut args = vec![
        "airlock",
        "check",
        "--json",
        "--dir",
        text(dir),
        "--project",
        project,
    ];
    args.extend(files.iter().map(|f| text(f)));
    let output = run(&args);
    let lines = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    (output, lines)
}

#[test]
fn an_answer_is_recognised_by_its_digest_and_only_in_its_own_project() {
    let (_keep, dir) = demo();
    let sql = crate::program::AS_BEFORE;
    let answer = ok(&[
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "--mode",
        "aggregate",
        "--csv",
        sql,
    ]);
    let file = dir.join("by_sex.csv");
    std::fs::write(&file, answer).unwrap();
    let (_, own) = check(&dir, "p-heart", &[&file]);
    assert_eq!(own[0]["verdict"], "green");
    assert!(own[0]["reasons"].to_string().contains("ledger"), "{own:?}");
    let (_, other) = check(&dir, "p-partner", &[&file]);
    assert!(
        !other[0]["reasons"].to_string().contains("lineage-known"),
        "{other:?}"
    );
}

#[test]
fn rows_and_pseudonyms_are_red_whatever_the_file_is_called() {
    let (_keep, dir) = demo();
    let rows = ok(&[
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "--mode",
        "enclave",
        "--csv",
        "SELECT eid, p31, p34 FROM main LIMIT 50",
    ]);
    let pseudonym = rows
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    for (name, content) in [
        ("rows.csv", rows.clone()),
        ("figure.txt", rows.replace(',', "\t")),
        (
            "notes.md",
            format!("# Results\n\nOne participant ({pseudonym}) was odd.\n"),
        ),
    ] {
        let file = dir.join(name);
        std::fs::write(&file, content).unwrap();
        for project in ["p-heart", "p-partner"] {
            let (output, verdicts) = check(&dir, project, &[&file]);
            assert_eq!(output.status.code(), Some(1), "{name}");
            assert_eq!(verdicts[0]["verdict"], "red", "{name}: {verdicts:?}");
            assert!(
                !verdicts[0].to_string().contains(&pseudonym),
                "the value itself is never shown"
            );
        }
    }
}

/// Invariant 6, by the commands: two checkers, neither the author, and nothing written before the event.
#[test]
fn invariant_6_nothing_leaves_without_two_checkers_and_a_release_event() {
    let (_keep, dir) = demo();
    let sql = crate::program::AS_BEFORE;
    let answer = ok(&[
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "--mode",
        "aggregate",
        "--csv",
        sql,
    ]);
    let file = dir.join("by_sex.csv");
    std::fs::write(&file, &answer).unwrap();
    json(&[
        "airlock",
        "submit",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "--id",
        "o2",
        "--purpose",
        "paper",
        text(&file),
    ]);
    let out = dir.with_extension("out");
    let release = [
        "airlock",
        "release",
        "--dir",
        text(&dir),
        "--id",
        "o2",
        "--to",
        text(&out),
        "--as",
        "checker-1",
    ];
    let review = |who: &'static str| {
        [
            "airlock",
            "review",
            "--dir",
            text(&dir),
            "--id",
            "o2",
            "--outcome",
            "accept",
            "--reasons",
            "safe",
            "--as",
            who,
        ]
        .map(str::to_owned)
    };
    let give = |who| json(&review(who).iter().map(String::as_str).collect::<Vec<_>>());
    let no =
        |who| refused(&review(who).iter().map(String::as_str).collect::<Vec<_>>())["code"].clone();
    assert_eq!(refused(&release)["code"], "reviews-missing");
    assert_eq!(no("r-001"), "not-permitted");
    give("checker-1");
    assert_eq!(no("checker-1"), "checked-already");
    assert_eq!(refused(&release)["code"], "reviews-missing");
    assert!(!out.exists());
    give("checker-2");
    json(&release);
    assert_eq!(
        std::fs::read_to_string(out.join("by_sex.csv")).unwrap(),
        answer
    );
    assert_eq!(json(&["verify", text(&dir)])["sound"], true);
}

/// Red team: a released file must not take the place of the instance's own, nor be written by just anybody.
#[test]
fn a_release_is_written_by_checkers_only_and_never_into_the_instance() {
    let (_keep, dir) = demo();
    let to_ledger = dir.join("ledger");
    let hand = |step: &'static str, who: &'static str, to: &std::path::Path| {
        run(&[
            "airlock",
            step,
            "--dir",
            text(&dir),
            "--id",
            "o-001",
            "--to",
            text(to),
            "--as",
            who,
            "--json",
        ])
    };
    let code = |output: Output| -> String {
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        said["refused"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let outside = dir.with_extension("outside");
    for step in ["release", "download"] {
        assert_eq!(code(hand(step, "checker-1", &to_ledger)), "place-in-use");
    }
    for who in ["r-002", "nobody"] {
        assert_eq!(code(hand("release", who, &outside)), "not-permitted");
    }
    // The demonstration released it; it is handed to its project and to staff, and to nobody else.
    assert_eq!(
        code(hand("release", "checker-1", &outside)),
        "output-closed"
    );
    for who in ["r-001", "nobody"] {
        assert_eq!(code(hand("download", who, &outside)), "not-a-member");
    }
    assert!(!outside.exists());
    // Each hand-over has a proof of its own moment, so each has a folder of its own.
    let members = dir.with_extension("members");
    assert!(hand("download", "r-002", &members).status.success());
    assert!(hand("download", "checker-1", &outside).status.success());
    std::fs::write(outside.join("diabetes_by_sex.csv"), "something else").unwrap();
    assert_eq!(
        code(hand("download", "checker-1", &outside)),
        "place-in-use"
    );
}

#[test]
fn only_plain_files_are_read() {
    let (_keep, dir) = demo();
    let link = dir.with_extension("link.csv");
    std::os::unix::fs::symlink(dir.join("keys/ledger.key"), &link).unwrap();
    for path in [
        link.as_path(),
        std::path::Path::new("/dev/zero"),
        dir.as_path(),
    ] {
        let refusal = refused(&[
            "airlock",
            "check",
            "--dir",
            text(&dir),
            "--project",
            "p-heart",
            text(path),
        ]);
        assert_eq!(refusal["code"], "file-unreadable", "{}", path.display());
    }
}
