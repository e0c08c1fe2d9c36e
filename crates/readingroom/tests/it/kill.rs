//! Killed at any moment, the instance is consistent: `verify` passes and the next command goes on.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Seeded, json, ok, program, run, text};

/// Kills in one run. The issue this answers asks for fifty random moments.
const KILLS: u64 = 50;

#[test]
fn killed_at_fifty_random_moments_the_instance_is_consistent() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    let args = [
        "demo",
        "--no-serve",
        "--participants",
        "200",
        "--dir",
        text(&dir),
    ];
    let started = Instant::now();
    ok(&args);
    let whole = started.elapsed();
    let mut seeded = Seeded(50);
    let mut reached = [0_u32; 3];
    for kill in 0..KILLS {
        let mut child = program(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let share = u32::try_from(seeded.below(1_000)).unwrap();
        std::thread::sleep(whole * share / 1_000);
        child.kill().unwrap();
        child.wait().unwrap();
        if dir.join("readingroom.toml").is_file() {
            consistent(&dir, kill, &mut reached);
        } else {
            reached[0] += 1;
            // No instance yet: `init` moves a finished one into place in one step.
            assert_eq!(
                run(&["verify", text(&dir)]).status.code(),
                Some(1),
                "kill {kill}"
            );
        }
    }
    assert!(
        reached[1] + reached[2] > 20,
        "most kills met an instance: {reached:?}"
    );
    ok(&args);
}

fn consistent(dir: &std::path::Path, kill: u64, reached: &mut [u32; 3]) {
    let report = json(&["verify", text(dir)]);
    assert_eq!(report["sound"], true, "kill {kill}: {report}");
    // The next command goes on where the log ends.
    let before = report["entries"].as_u64().unwrap();
    let body = dir.join("appoint.json");
    std::fs::write(&body, r#"{"person":"next","roles":["output-checker"]}"#).unwrap();
    let done = json_do(&[
        "do",
        "staff.appoint",
        "--dir",
        text(dir),
        "--json",
        text(&body),
    ]);
    assert!(
        done["entry"].as_u64().unwrap() >= before,
        "kill {kill}: {done}"
    );
    std::fs::remove_file(&body).unwrap();
    let after = json(&["verify", text(dir)]);
    assert_eq!(after["sound"], true, "kill {kill}: {after}");
    // A release exists whole or not at all.
    let sealed = dir.join("data/releases/2026-11/manifest.json").is_file();
    reached[if sealed { 2 } else { 1 }] += 1;
    assert_eq!(
        std::fs::read_dir(dir.join("data/staging")).unwrap().count(),
        0,
        "kill {kill}"
    );
}

fn json_do(args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&ok(args)).unwrap()
}

#[test]
fn a_second_writer_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    ok(&["init", "--dir", text(&dir)]);
    let body = dir.join("body.json");
    std::fs::write(&body, r#"{"person":"next","roles":["output-checker"]}"#).unwrap();
    let args = [
        "do",
        "staff.appoint",
        "--dir",
        text(&dir),
        "--json",
        text(&body),
    ];
    let children: Vec<_> = (0..8)
        .map(|_| program(&args).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    std::thread::sleep(Duration::from_millis(1));
    let report = json(&["verify", text(&dir)]);
    // founding: 2 events, policies: 1, then 8 appointments
    assert_eq!(
        (report["sound"].clone(), report["entries"].clone()),
        (true.into(), 11.into())
    );
}
