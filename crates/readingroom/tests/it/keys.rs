//! The keys of a release: listed, wrapped anew, destroyed.

use serde_json::Value;

use crate::program::{files, json, ok, refused, text};
use crate::room::Room;

const EVENTS: &str = "SELECT eid, event_dt, read_3 FROM gp_clinical";
const ROWS: &str = "SELECT eid, p31, p34 FROM main";

/// Whether the key of each class of release r1 is there.
fn there(room: &Room, class: &str) -> Option<bool> {
    let keys = json(&["keys", "list", "--dir", text(&room.dir)]);
    let mut keys = keys.as_array().unwrap().iter();
    let found = keys.find(|k| k["release"] == "r1" && k["class"] == class);
    found.map(|k| k["there"].as_bool().unwrap())
}

/// The wrapped key of a class as it stands on disk, in hexadecimal digits.
fn wrapped(room: &Room, class: &str) -> Option<String> {
    let keys = std::fs::read(room.dir.join("data/releases/r1/keys.json")).unwrap();
    let keys: Value = serde_json::from_slice(&keys).unwrap();
    keys["classes"][class]["bytes"].as_str().map(str::to_owned)
}

#[test]
fn after_a_rotation_everything_opens_and_the_old_key_is_not_needed() {
    let room = Room::new();
    let (events, rows) = (room.bytes("enclave", EVENTS), room.bytes("enclave", ROWS));
    assert!(events.is_ok() && rows.is_ok());
    let before = wrapped(&room, "primary-care");
    let count = json(&["keys", "rotate", "--dir", text(&room.dir)])["wrapped"].clone();
    assert!(count.as_u64().unwrap() >= 4, "{count}");
    assert_ne!(wrapped(&room, "primary-care"), before);
    assert_eq!(room.bytes("enclave", EVENTS), events);
    // without the key-encryption key of before
    let path = room.dir.join("keys/kek.keys");
    let keks = std::fs::read_to_string(&path).unwrap();
    let (old, new) = keks.split_once('\n').unwrap();
    assert!(old.starts_with("kek-1") && new.starts_with("kek-2"));
    std::fs::write(&path, new).unwrap();
    assert_eq!(room.bytes("enclave", EVENTS), events);
    assert_eq!(room.bytes("enclave", ROWS), rows);
    let report = json(&["verify", text(&room.dir)]);
    assert_eq!(report["sound"], true, "{report}");
    // and with the old key alone nothing opens
    std::fs::write(&path, format!("{old}\n")).unwrap();
    let output = room
        .program(&["query", "--project", crate::room::PROJECT, ROWS])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

fn erase<'a>(room: &'a Room, class: &'a str, second: &'a str) -> Vec<&'a str> {
    let of = ["--release", "r1", "--class", class, "--as", "head"];
    let mut args = vec!["keys", "erase", "--dir", text(&room.dir)];
    args.extend(of);
    args.extend(["--agreed-by", second, "--reasons", "the agreement ended"]);
    args
}

#[test]
fn an_erased_class_is_gone_and_the_others_go_on() {
    let room = Room::new();
    let rows = room.bytes("enclave", ROWS);
    assert!(room.bytes("enclave", EVENTS).is_ok());
    let (key, other) = (
        wrapped(&room, "primary-care").unwrap(),
        wrapped(&room, "baseline").unwrap(),
    );
    // it takes two people, and a class that there is
    for (class, second, code) in [
        ("primary-care", "head", "second-person-missing"),
        ("primary-care", "eth", "second-person-missing"),
        ("weather", "second", "class-not-there"),
    ] {
        assert_eq!(refused(&erase(&room, class, second))["code"], code);
    }
    assert_eq!(there(&room, "primary-care"), Some(true));
    ok(&erase(&room, "primary-care", "second"));
    assert_eq!(there(&room, "primary-care"), Some(false));
    assert_eq!(there(&room, "baseline"), Some(true));

    // the wrapped key is nowhere any more, so whatever key-encryption keys there are, the files stay shut
    let holds = |digits: &str| {
        let mut all = files(&room.dir).into_iter();
        all.any(|file| {
            let bytes = std::fs::read(file).unwrap();
            bytes.windows(digits.len()).any(|w| w == digits.as_bytes())
        })
    };
    assert!(holds(&other) && !holds(&key));

    // a question on it is refused, in words that say what to do; one on another class is answered as before
    let no = room.ask("enclave", EVENTS)["refused"].clone();
    assert_eq!(no["code"], "unknown-table", "{no}");
    assert_eq!(room.bytes("enclave", ROWS), rows);
    let report = json(&["verify", text(&room.dir)]);
    assert_eq!(report["sound"], true, "{report}");
}
