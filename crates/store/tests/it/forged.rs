//! Somebody who can write the database but does not have the log's key.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use store::{Store, StoreError};
use transparency::{Checkpoint, Frontier, Signer, leaf_hash};

use super::{create, files, verify};

const FORGED: &[u8] = b"{\"forged\":true}";

fn database(dir: &Path) -> Connection {
    Connection::open(dir.join("state.sqlite")).unwrap()
}

fn set(database: &Connection, key: &str, value: &[u8]) {
    let sql = "UPDATE meta SET value = ?2 WHERE key = ?1";
    assert_eq!(
        database.execute(sql, rusqlite::params![key, value]),
        Ok(1),
        "{key}"
    );
}

/// Adds an event, and the tree that would have been committed with it.
fn forge(database: &Connection) -> Frontier {
    let sql = "SELECT value FROM meta WHERE key = 'frontier'";
    let bytes: Vec<u8> = database.query_row(sql, [], |row| row.get(0)).unwrap();
    let mut tree = Frontier::from_bytes(&bytes).unwrap();
    let sql = "INSERT INTO events VALUES (?1, ?2)";
    let seq = i64::try_from(tree.size()).unwrap();
    database
        .execute(sql, rusqlite::params![seq, FORGED])
        .unwrap();
    tree.push(leaf_hash(FORGED));
    set(database, "frontier", &tree.to_bytes());
    tree
}

/// Verification names the database, opening refuses it, and neither writes a byte of the log.
fn assert_found_and_refused(dir: &Path, when: &str) {
    let log = || -> Vec<Vec<u8>> {
        let paths = files(&dir.join("ledger"));
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    };
    let before = log();
    let report = store::verify(dir, &mut |_, bytes| {
        assert_ne!(bytes, FORGED, "{when}: a forged event was handed out");
        Ok(())
    });
    let mut findings = report.log.findings.iter();
    assert!(
        findings.any(|finding| finding.path == "state.sqlite"),
        "{when}: {report:?}"
    );
    assert_eq!(report.awaiting, 0, "{when}: nothing may be said to await");
    let refused = Store::open(dir).unwrap_err();
    assert!(
        matches!(&refused, StoreError::Damaged { path, .. } if path != "ledger/checkpoint"),
        "{when}: {refused}"
    );
    assert!(before == log(), "{when}: the log was written");
}

#[test]
fn a_forged_row_with_its_tree_is_found_and_never_signed() {
    let other = Signer::from_seed("log.example", &[6; 32]).unwrap();
    type Further<'a> = &'a dyn Fn(&Connection, &Frontier);
    let by_other = |tree: &Frontier| {
        let head = Checkpoint::new("log.example", tree.size(), tree.root());
        head.sign(&other).unwrap().to_string()
    };
    let cases: [(&str, Further<'_>); 5] = [
        ("the old checkpoint", &|_, _| {}),
        ("no checkpoint", &|database, _| {
            let sql = "DELETE FROM meta WHERE key = 'checkpoint'";
            assert_eq!(database.execute(sql, []), Ok(1));
        }),
        ("a text that is no checkpoint", &|database, _| {
            set(database, "checkpoint", b"")
        }),
        ("another key", &|database, tree| {
            set(database, "checkpoint", by_other(tree).as_bytes());
        }),
        ("another key that the database names", &|database, tree| {
            set(database, "checkpoint", by_other(tree).as_bytes());
            set(database, "vkey", other.verifier().to_string().as_bytes());
        }),
    ];
    for (when, further) in cases {
        for appends in [&[][..], &[7]] {
            let scratch = tempfile::tempdir().unwrap();
            let dir = scratch.path();
            drop(create(dir, appends));
            let database = database(dir);
            let tree = forge(&database);
            further(&database, &tree);
            drop(database);
            assert_found_and_refused(dir, when);
        }
    }
}

/// The one case without a published checkpoint: a log that was stopped at its creation.
#[test]
fn a_row_forged_before_the_first_checkpoint_is_found_and_never_signed() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[]));
    fs::remove_file(dir.join("ledger/checkpoint")).unwrap();
    assert_eq!(verify(dir).log.findings, []);
    forge(&database(dir));
    assert_found_and_refused(dir, "before the first checkpoint");
}

/// A published event changed in the database alone: opening does not fold what nobody logged.
#[test]
fn a_changed_row_is_refused_at_open() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[7]));
    let sql = "UPDATE events SET bytes = ?1 WHERE seq = 3";
    database(dir).execute(sql, [FORGED]).unwrap();
    assert_found_and_refused(dir, "a changed row");
}

#[test]
fn another_key_or_origin_in_the_database_is_found_there_and_refused() {
    let other = Signer::from_seed("log.example", &[6; 32]).unwrap();
    for (key, value) in [
        ("vkey", other.verifier().to_string()),
        ("vkey", "nonsense".to_owned()),
        ("origin", "else.example".to_owned()),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        drop(create(dir, &[3]));
        set(&database(dir), key, value.as_bytes());
        assert_found_and_refused(dir, key);
    }
}

#[test]
fn what_others_put_into_the_schema_is_found_and_refused() {
    for (name, change) in [
        (
            "more",
            "CREATE TRIGGER more AFTER INSERT ON events BEGIN \
             DELETE FROM disclosures WHERE seq = new.seq; END",
        ),
        ("seen", "CREATE VIEW seen AS SELECT * FROM events"),
        ("sizes", "CREATE INDEX sizes ON events (length(bytes))"),
        ("notes", "CREATE TABLE notes (text TEXT)"),
        ("disclosures_by_name", "DROP INDEX disclosures_by_name"),
        (
            "snapshot",
            "ALTER TABLE snapshot ADD COLUMN other TEXT DEFAULT 'x'",
        ),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        drop(create(dir, &[3]));
        database(dir).execute_batch(change).unwrap();
        assert_found_and_refused(dir, change);
        let report = verify(dir);
        let mut findings = report.log.findings.iter();
        assert!(
            findings.any(|finding| finding.what.contains(&format!("{name:?}"))),
            "{change}: {report:?}"
        );
        let refused = Store::open(dir).unwrap_err().to_string();
        assert!(
            refused.contains("state.sqlite") && refused.contains(name),
            "{refused}"
        );
    }
}

#[test]
fn a_trigger_added_while_the_store_is_open_does_not_run() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = create(dir, &[3]);
    let trigger = "CREATE TRIGGER more AFTER INSERT ON events BEGIN DELETE FROM disclosures; END";
    database(dir).execute_batch(trigger).unwrap();
    store.append(3, &super::batch(3, 1), &[], None).unwrap();
    assert_eq!(store.disclosures(0).unwrap().len(), 1);
    drop(store);
    assert_found_and_refused(dir, "a trigger added late");
}
