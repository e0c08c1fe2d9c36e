//! While raw data is taken in, the instance goes on: questions are answered, and what is decided meanwhile counts.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json as value};

use crate::program::{json, ok, refused, text};
use crate::room::Room;

/// An ingest that takes some seconds, begun and at work.
fn taking_in(room: &Room, who: &str) -> Child {
    let raw = room.dir.with_extension("large");
    ok(&["synth", "--participants", "4000", "--out", text(&raw)]);
    let mut child = room
        .program(&[
            "ingest",
            "--release",
            "r2",
            "--as",
            who,
            "--json",
            text(&raw),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let folder = room.dir.join("data/staging/r2.partial");
    let began = Instant::now();
    while !folder.is_dir() {
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "nobody else's to look at");
    child
}

fn at_work(room: &Room, child: &mut Child) {
    assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
    assert!(room.dir.join("data/staging/r2.partial").is_dir());
}

#[test]
fn questions_are_answered_while_raw_data_is_taken_in() {
    let room = Room::new();
    let sql = "SELECT count(*) AS n FROM main";
    let before = room.bytes("enclave", sql).unwrap();
    let mut child = taking_in(&room, "head");
    assert_eq!(room.bytes("enclave", sql), Ok(before));
    at_work(&room, &mut child);
    // a second one waits for nobody: it is told
    let args = ["--dir", text(&room.dir), text(&room.raw)];
    let second = refused(&[&["ingest", "--release", "r3"][..], &args[..]].concat());
    assert_eq!(second["code"], "ingest-under-way");
    // keys that change meanwhile: the new release is wrapped under the new one
    ok(&["keys", "rotate", "--dir", text(&room.dir)]);
    at_work(&room, &mut child);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said["entry"].is_u64(), "{said}");
    let keks = room.dir.join("keys/kek.keys");
    let lines = std::fs::read_to_string(&keks).unwrap();
    std::fs::write(&keks, lines.split_once('\n').unwrap().1).unwrap();
    assert_eq!(room.ask("enclave", sql)["release"], "r2");
    let report = json(&["verify", text(&room.dir)]);
    assert_eq!(report["sound"], true, "{report}");
}

#[test]
fn whoever_may_no_longer_seal_does_not() {
    let room = Room::new();
    let roles = |roles: &[&str]| {
        let body = value!({ "person": "dm", "roles": roles, "agreed_by": "second" });
        room.give("head", "staff.appoint", body);
    };
    roles(&["data-manager"]);
    let mut child = taking_in(&room, "dm");
    roles(&[]);
    at_work(&room, &mut child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["refused"]["code"], "not-permitted", "{said}");
    assert!(!room.dir.join("data/releases/r2").exists());
    let staging = std::fs::read_dir(room.dir.join("data/staging")).unwrap();
    assert_eq!(staging.count(), 0);
}
