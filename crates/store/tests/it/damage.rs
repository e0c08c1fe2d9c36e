//! Flipped bytes, missing files, restored copies.

use std::fs;

use store::{Store, StoreError};

use super::{copy, create, files, verify};

#[test]
fn every_flipped_byte_of_the_ledger_is_found_in_its_file() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[1, 2, 4]));
    assert_eq!(verify(dir).log.findings, []);
    let ledger = files(&dir.join("ledger"));
    assert_eq!(ledger.len(), 2 + 3 * 2);
    for path in ledger {
        let name = path.strip_prefix(dir).unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            let report = verify(dir);
            assert!(
                report
                    .log
                    .findings
                    .iter()
                    .any(|finding| finding.path == name),
                "{name} byte {at}: {report:?}"
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(
            verify(dir)
                .log
                .findings
                .iter()
                .any(|finding| finding.path == name)
                || name.contains(".p/"),
            "{name} gone"
        );
        fs::write(&path, &bytes).unwrap();
    }
    fs::write(dir.join("ledger/tile/0/001"), [0; 32]).unwrap();
    assert_eq!(verify(dir).log.findings[0].path, "ledger/tile/0/001");
}

#[test]
fn a_changed_row_is_found() {
    for change in [
        "UPDATE events SET bytes = x'7b7d' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 6",
        "DELETE FROM events WHERE seq = 2",
        "INSERT INTO events VALUES (9, x'7b7d')",
        "UPDATE disclosures SET disclosure = (SELECT disclosure FROM disclosures WHERE seq = 1) WHERE seq = 2",
        "UPDATE disclosures SET name = 'other' WHERE seq = 2",
        "UPDATE meta SET value = x'00' WHERE key = 'frontier'",
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        drop(create(dir, &[7]));
        let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
        database
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}"))
            .unwrap();
        drop(database);
        let report = verify(dir);
        assert!(
            report
                .log
                .findings
                .iter()
                .any(|finding| finding.path == "state.sqlite"),
            "{change}: {report:?}"
        );
    }
}

#[test]
fn an_appended_row_without_its_tree_is_found_and_not_signed() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[7]));
    let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
    database
        .execute_batch("INSERT INTO events VALUES (7, x'7b7d')")
        .unwrap();
    drop(database);
    let mut called = 0;
    let report = store::verify(dir, &mut |_, _| {
        called += 1;
        Ok(())
    });
    assert!(!report.is_sound());
    assert!(matches!(Store::open(dir), Err(StoreError::Damaged { .. })));
}

/// Everything about a refusal to open: it names both sides, and it changed nothing.
fn assert_fork_refused(dir: &std::path::Path, words: &[&str]) {
    let before: Vec<Vec<u8>> = files(&dir.join("ledger"))
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    let refused = Store::open(dir).unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, StoreError::Fork { .. }), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    let after: Vec<Vec<u8>> = files(&dir.join("ledger"))
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    assert_eq!(before, after, "a refused open wrote to the log");
    assert!(!verify(dir).is_sound());
}

#[test]
fn a_restored_database_never_signs_a_fork() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(create(old.path(), &[5]));
    drop(create(new.path(), &[5, 3]));
    fs::copy(
        old.path().join("state.sqlite"),
        new.path().join("state.sqlite"),
    )
    .unwrap();
    assert_fork_refused(new.path(), &["8 events", "5 events", "root"]);
}

#[test]
fn a_database_with_another_history_never_signs_a_fork() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(create(one.path(), &[5]));
    for (appends, words) in [
        (&[1, 4][..], ["5 events", "root"]),
        (&[1, 7][..], ["5 events", "8 events"]),
    ] {
        let dir = two.path().join(words[1]);
        // The same sizes, other events: positions are shifted by one.
        let mut store = Store::create(&dir, "log.example", &super::SEED).unwrap();
        for count in appends {
            let size = store.size();
            store
                .append(size, &super::batch(size + 1, *count), &[], None)
                .unwrap();
        }
        drop(store);
        fs::remove_dir_all(dir.join("ledger")).unwrap();
        copy(&one.path().join("ledger"), &dir.join("ledger"));
        assert_fork_refused(&dir, &words);
    }
}

#[test]
fn a_lost_checkpoint_is_not_signed_again() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[5]));
    fs::remove_file(dir.join("ledger/checkpoint")).unwrap();
    assert_fork_refused(dir, &["nothing", "5 events"]);
}

#[test]
fn an_older_copy_of_the_ledger_folder_is_brought_up_to_date() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(create(old.path(), &[5]));
    drop(create(new.path(), &[5, 300]));
    let newest = fs::read(new.path().join("ledger/checkpoint")).unwrap();
    fs::remove_dir_all(new.path().join("ledger")).unwrap();
    copy(&old.path().join("ledger"), &new.path().join("ledger"));
    let report = verify(new.path());
    assert_eq!(
        (report.log.findings, report.events, report.awaiting),
        (vec![], 305, 300)
    );
    drop(Store::open(new.path()).unwrap());
    assert_eq!(
        fs::read(new.path().join("ledger/checkpoint")).unwrap(),
        newest
    );
    assert!(verify(new.path()).is_sound());
}

#[test]
fn another_key_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[1]));
    fs::write(dir.join("keys/ledger.key"), "06".repeat(32)).unwrap();
    assert!(
        matches!(Store::open(dir), Err(StoreError::Damaged { path, .. }) if path == "keys/ledger.key")
    );
}
