//! Whatever is changed is found, and its place is named.

use crate::program::{Seeded, demo, files, json, run, text};

fn findings(dir: &std::path::Path) -> Vec<String> {
    let output = run(&["verify", text(dir), "--json"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sound"], false);
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f.as_str().unwrap().to_owned())
        .collect()
}

/// Flips one bit in a file, expects a finding that names the file, and mends it.
fn flip(dir: &std::path::Path, file: &std::path::Path, at: usize, bit: u8) {
    let sound = std::fs::read(file).unwrap();
    let mut bytes = sound.clone();
    bytes[at] ^= 1 << bit;
    std::fs::write(file, &bytes).unwrap();
    let name = file.strip_prefix(dir).unwrap().to_str().unwrap();
    let found = findings(dir);
    assert!(
        found.iter().any(|f| f.contains(name)),
        "{name} byte {at} bit {bit}: {found:?}"
    );
    std::fs::write(file, sound).unwrap();
}

#[test]
fn a_flipped_byte_under_the_ledger_is_found_and_named() {
    let (_keep, dir) = demo();
    let mut seeded = Seeded(1);
    for file in files(&dir.join("ledger")) {
        let length = std::fs::metadata(&file).unwrap().len();
        let mut places: Vec<u64> = (0..2).map(|_| seeded.below(length)).collect();
        places.extend([0, length - 1]);
        for at in places {
            flip(
                &dir,
                &file,
                usize::try_from(at).unwrap(),
                u8::try_from(seeded.below(8)).unwrap(),
            );
        }
    }
    assert_eq!(json(&["verify", text(&dir)])["sound"], true, "mended");
}

#[test]
fn a_flipped_byte_in_a_release_a_policy_or_a_kept_output_is_found_and_named() {
    let (_keep, dir) = demo();
    let mut seeded = Seeded(2);
    for folder in ["data/releases", "policies", "outputs"] {
        let all = files(&dir.join(folder));
        assert!(!all.is_empty(), "{folder}");
        for file in all {
            let length = std::fs::metadata(&file).unwrap().len();
            flip(
                &dir,
                &file,
                usize::try_from(seeded.below(length)).unwrap(),
                0,
            );
        }
    }
}

#[test]
fn missing_and_stray_files_are_found() {
    let (_keep, dir) = demo();
    let stray = dir.join("ledger/tile/9");
    std::fs::write(&stray, "x").unwrap();
    assert!(findings(&dir).iter().any(|f| f.contains("ledger/tile/9")));
    std::fs::remove_file(&stray).unwrap();
    let part = files(&dir.join("data/releases"))
        .into_iter()
        .find(|f| f.ends_with("part-000.parquet"))
        .unwrap();
    std::fs::remove_file(&part).unwrap();
    assert!(
        findings(&dir)
            .iter()
            .any(|f| f.contains("part-000.parquet"))
    );
}

#[test]
fn an_exported_register_verifies_and_a_changed_page_does_not() {
    let (_keep, dir) = demo();
    let site = dir.join("demo/site");
    assert_eq!(json(&["verify", text(&site)])["sound"], true);
    let mut seeded = Seeded(3);
    for file in files(&site) {
        let length = std::fs::metadata(&file).unwrap().len();
        flip(
            &site,
            &file,
            usize::try_from(seeded.below(length)).unwrap(),
            0,
        );
    }
    assert_eq!(json(&["verify", text(&site)])["sound"], true, "mended");
}

/// A key that signs is not a key that is trusted: who publishes another log with another key is found out.
#[test]
fn a_log_under_another_key_is_not_the_trusted_log() {
    let (_one, ours) = demo();
    let other = tempfile::tempdir().unwrap();
    let theirs = other.path().join("instance");
    crate::program::ok(&["init", "--dir", text(&theirs)]);
    let trusted = std::fs::read_to_string(ours.join("ledger/vkey")).unwrap();
    assert_eq!(
        json(&["verify", text(&ours), "--vkey", trusted.trim()])["sound"],
        true
    );
    let output = run(&["verify", text(&theirs), "--vkey", trusted.trim()]);
    assert_eq!(output.status.code(), Some(1));
}

/// Red team: rows of the database that the log does not hold are covered by digests in it.
#[test]
fn exchanged_indices_and_lost_private_values_are_found() {
    for change in [
        "UPDATE participants SET idx = CASE idx WHEN 0 THEN 4000000 ELSE idx END",
        "DELETE FROM participants WHERE idx = 7",
        "DELETE FROM disclosures WHERE name = 'sql'",
        "DELETE FROM disclosures WHERE name = 'participants'",
    ] {
        let (_keep, dir) = demo();
        let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
        assert!(database.execute(change, []).unwrap() > 0);
        drop(database);
        std::fs::remove_file(dir.join("data/masks")).unwrap();
        assert!(
            findings(&dir).iter().any(|f| f.contains("state.sqlite")),
            "{change}"
        );
        let ask = [
            "query",
            "--dir",
            text(&dir),
            "--project",
            "p-heart",
            "SELECT count(*) FROM main",
        ];
        if !change.contains("sql") {
            assert_eq!(
                crate::program::refused(&ask)["code"],
                "consent-unreadable",
                "{change}"
            );
        }
    }
}
