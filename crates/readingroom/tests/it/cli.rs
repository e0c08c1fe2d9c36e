//! The command line: help as a golden file, exit statuses, and words for what went wrong.

use crate::program::{json, ok, refused, run, text};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/help.txt");

#[test]
fn help_is_as_agreed() {
    let commands: &[&[&str]] = &[
        &[],
        &["demo"],
        &["synth"],
        &["init"],
        &["ingest"],
        &["do"],
        &["policy"],
        &["policy", "explain"],
        &["query"],
        &["airlock"],
        &["airlock", "check"],
        &["airlock", "submit"],
        &["airlock", "review"],
        &["airlock", "return"],
        &["airlock", "withdraw"],
        &["airlock", "release"],
        &["airlock", "download"],
        &["airlock", "recall"],
        &["airlock", "deleted"],
        &["airlock", "status"],
        &["airlock", "metrics"],
        &["trace"],
        &["register", "export"],
        &["register", "serve"],
        &["verify"],
    ];
    let mut help = String::new();
    for command in commands {
        let mut args = command.to_vec();
        args.push("--help");
        help.push_str(&format!(
            "$ readingroom {}\n{}\n",
            args.join(" "),
            ok(&args)
        ));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &help).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert_eq!(
        help, golden,
        "if this change is meant: UPDATE_GOLDEN=1 cargo test -p readingroom"
    );
}

#[test]
fn exit_status_0_done_1_refused_2_misuse_3_fault() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    let status = |args: &[&str]| run(args).status.code().unwrap();
    assert_eq!(status(&["init", "--dir", text(&dir)]), 0);
    assert_eq!(status(&["init", "--dir", text(&dir)]), 1);
    assert_eq!(
        status(&["do", "project.explode", "--json", "-", "--dir", text(&dir)]),
        1
    );
    assert_eq!(status(&["verify"]), 2);
    assert_eq!(status(&["conjure"]), 2);
    assert_eq!(status(&["query", "--dir", text(&dir)]), 2);
    std::fs::write(dir.join("keys/master.key"), "short").unwrap();
    assert_eq!(
        status(&["policy", "explain", "--project", "p", "--dir", text(&dir)]),
        3
    );
}

#[test]
fn an_unknown_key_in_the_configuration_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    ok(&["init", "--dir", text(&dir)]);
    let path = dir.join("readingroom.toml");
    let mut config = std::fs::read_to_string(&path).unwrap();
    config.push_str("\nsurprise = true\n");
    std::fs::write(&path, config).unwrap();
    let refusal = refused(&["policy", "explain", "--project", "p", "--dir", text(&dir)]);
    assert_eq!(refusal["code"], "config-form");
    assert!(refusal["reason"].as_str().unwrap().contains("surprise"));
}

#[test]
fn a_changed_policy_file_stops_until_two_people_adopt_it() {
    let (_keep, dir) = crate::program::demo();
    let path = dir.join("policies/people.cedar");
    let mut policy = std::fs::read_to_string(&path).unwrap();
    policy.push_str("\n// a remark\n");
    std::fs::write(&path, &policy).unwrap();
    let ask = [
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p-heart",
        "SELECT count(*) FROM main",
    ];
    assert_eq!(refused(&ask)["code"], "policies-not-in-force");
    let refusal = refused(&["policy", "adopt", "--dir", text(&dir)]);
    assert_eq!(refusal["code"], "second-person-missing");
    let body = dir.join("second.json");
    std::fs::write(&body, r#"{"person":"second","roles":["custodian"]}"#).unwrap();
    ok(&[
        "do",
        "staff.appoint",
        "--dir",
        text(&dir),
        "--json",
        text(&body),
    ]);
    json(&[
        "policy",
        "adopt",
        "--dir",
        text(&dir),
        "--agreed-by",
        "second",
    ]);
    json(&ask);
    // A policy that does not fit the schema is refused at proposal, with file and line.
    policy.push_str("\nforbid (principal, action, resource) when { resource.nonsense };\n");
    std::fs::write(&path, &policy).unwrap();
    let refusal = refused(&["policy", "check", "--dir", text(&dir)]);
    assert_eq!(refusal["code"], "policy-invalid");
    assert!(refusal["reason"].as_str().unwrap().contains("people.cedar"));
}

#[test]
fn every_command_lists_itself_with_a_schema() {
    let list: serde_json::Value = serde_json::from_str(&ok(&["do", "--list", "--json"])).unwrap();
    let list = list.as_array().unwrap();
    assert!(list.len() > 30);
    for command in list {
        assert_eq!(command["schema"]["type"], "object", "{command}");
        let name = command["command"].as_str().unwrap();
        let alone: serde_json::Value =
            serde_json::from_str(&ok(&["do", name, "--schema"])).unwrap();
        assert_eq!(alone, command["schema"]);
    }
}

/// Invariant 9: refusals and faults are different types, and a fault says nothing of the inside.
#[test]
fn invariant_9_refusals_have_four_parts_and_faults_have_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    ok(&["init", "--dir", text(&dir)]);
    let refusal = refused(&["query", "--dir", text(&dir), "--project", "p", "SELECT 1"]);
    for part in ["code", "reason", "rule", "fix"] {
        assert!(
            refusal[part].as_str().is_some_and(|t| !t.is_empty()),
            "{part}: {refusal}"
        );
    }
    std::fs::write(dir.join("keys/master.key"), "short").unwrap();
    let output = run(&[
        "query",
        "--dir",
        text(&dir),
        "--project",
        "p",
        "SELECT 1",
        "--json",
    ]);
    let fault: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        fault["fault"].is_string() && fault["refused"].is_null(),
        "{fault}"
    );
}
