//! `query --rerun`: the same bytes from the same release, or what has changed.

use serde_json::{Value, json as value};

use crate::program::{ok, text};
use crate::room::Room;

const ROWS: &str = "SELECT eid, p31, p34, p21001_i0 FROM main WHERE p34 < 1950";
const TABLE: &str =
    "SELECT p31 AS sex, count(*) AS people, avg(p21001_i0) AS mean FROM main GROUP BY p31";

fn asked(room: &Room, mode: &str, sql: &str) -> String {
    let answer = room.ask(mode, sql);
    let id = answer["question"].as_str();
    id.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn changed(rerun: &Value) -> String {
    assert!(rerun["changed"].is_array(), "{rerun}");
    rerun["changed"].to_string()
}

#[test]
fn the_same_bytes_until_somebody_withdraws() {
    let room = Room::new();
    let (rows, table) = (
        asked(&room, "enclave", ROWS),
        asked(&room, "aggregate", TABLE),
    );
    for id in [&rows, &table] {
        let again = room.rerun(id);
        assert_eq!(again["same_bytes"], true, "{again}");
        assert_eq!(changed(&again), "[]");
        // which is an answer of its own, with its own entry
        assert_ne!(again["question"], id.as_str());
        assert!(again["entry"].as_u64() > again["first_entry"].as_u64());
    }
    // somebody who is among the rows: born before 1950
    let main = std::fs::read_to_string(room.raw.join("main.csv")).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let header = cells(main.lines().next().unwrap());
    let year = header.iter().position(|name| name == "34-0.0").unwrap();
    let rest = main.lines().skip(1).map(cells);
    let born_before = rest.filter(|c| c[year].parse::<u32>().is_ok_and(|y| y < 1950));
    let people: Vec<String> = born_before.map(|c| c[0].clone()).take(12).collect();
    assert_eq!(people.len(), 12);
    room.withdraw(&people);
    let again = room.rerun(&rows);
    assert_eq!(again["same_bytes"], false);
    assert!(changed(&again).contains("who is counted"), "{again}");
    // and from there on it is the same again
    let latest = again["question"].as_str().unwrap();
    assert_eq!(room.rerun(latest)["same_bytes"], true);
}

#[test]
fn a_new_release_changes_nothing_until_the_old_one_is_retired() {
    let room = Room::new();
    let rows = asked(&room, "enclave", ROWS);
    // another delivery, with other people in it
    let raw = room.dir.with_extension("second");
    let args = [
        "synth",
        "--participants",
        "60",
        "--seed",
        "5",
        "--out",
        text(&raw),
    ];
    ok(&args);
    let args = [
        "ingest",
        "--release",
        "r2",
        "--dir",
        text(&room.dir),
        text(&raw),
    ];
    ok(&args);
    assert_eq!(room.ask("enclave", ROWS)["release"], "r2");
    let again = room.rerun(&rows);
    assert_eq!(again["same_bytes"], true, "{again}");
    assert_eq!(changed(&again), "[]");
    room.give(
        "head",
        "release.retire",
        value!({ "release": "r1", "reasons": "r" }),
    );
    let refused = &room.rerun(&rows)["refused"];
    assert_eq!(refused["code"], "release-retired", "{refused}");
    let nothing = &room.rerun("q-0000000000000000")["refused"];
    assert_eq!(nothing["code"], "question-unknown", "{nothing}");
}
