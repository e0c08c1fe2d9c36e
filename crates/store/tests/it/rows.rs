//! What goes in comes out; what does not fit is refused; what is erased is gone.

use store::{Entry, Store, StoreError};

use super::{batch, create, entry, files, verify};

#[test]
fn events_private_values_participants_and_snapshot_come_back() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = create(dir, &[]);
    let people = [
        ("1000012".to_owned(), 0),
        ("1000025".to_owned(), 4_294_967_295),
    ];
    assert_eq!(
        store
            .append(0, &batch(0, 3), &people, Some(("d1", "{\"a\":1}")))
            .unwrap(),
        0
    );
    assert_eq!(store.append(3, &batch(3, 2), &[], None).unwrap(), 3);
    drop(store);
    for store in [Store::open(dir).unwrap(), Store::open_read(dir).unwrap()] {
        assert_eq!(
            (store.size(), store.origin().unwrap().as_str()),
            (5, "log.example")
        );
        let mut seen = Vec::new();
        store
            .events(1, |seq, bytes| {
                seen.push((seq, bytes.to_vec()));
                Ok::<(), StoreError>(())
            })
            .unwrap();
        assert_eq!(
            seen,
            (1..5).map(|n| (n, entry(n).bytes)).collect::<Vec<_>>()
        );
        assert_eq!(store.disclosures(2).unwrap(), entry(2).disclosures);
        assert_eq!(store.disclosures_named("participant").unwrap().len(), 5);
        assert_eq!(store.disclosures_named("other").unwrap(), []);
        assert_eq!(
            store.participant_indices().unwrap(),
            people.clone().into_iter().collect()
        );
        assert_eq!(
            store.lookup(&["1000025", "x"]).unwrap(),
            [Some(4_294_967_295), None]
        );
        let snapshot = store.snapshot().unwrap().unwrap();
        assert_eq!(
            (
                snapshot.size,
                snapshot.digest.as_str(),
                snapshot.json.as_str()
            ),
            (3, "d1", "{\"a\":1}")
        );
        assert!(store.checkpoint().unwrap().starts_with("log.example\n5\n"));
        drop(store);
    }
}

#[test]
fn a_batch_is_refused_whole_and_leaves_no_trace() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = create(scratch.path(), &[2]);
    let before = store.checkpoint().unwrap();
    let plain = |bytes: Vec<u8>| Entry {
        bytes,
        disclosures: vec![],
    };
    let stale = store.append(1, &batch(2, 1), &[], None);
    assert!(matches!(
        stale,
        Err(StoreError::OtherSize {
            expected: 1,
            found: 2
        })
    ));
    for wrong in [
        vec![plain(vec![b'x'; 65_536])],
        vec![plain(vec![b'x']); 10_001],
        vec![plain(vec![b'x'; 65_535]); 1_025],
    ] {
        let refused = store.append(2, &wrong, &[], None);
        assert!(
            matches!(refused, Err(StoreError::TooMuch { .. })),
            "{refused:?}"
        );
    }
    let foreign = Entry {
        disclosures: entry(9).disclosures,
        ..entry(2)
    };
    let mut misnamed = entry(2);
    misnamed.disclosures[0].0 = "other".to_owned();
    let mut garbled = entry(2);
    garbled.disclosures[0].1.push('=');
    for wrong in [foreign, misnamed, garbled] {
        let refused = store.append(2, &[entry(2), wrong], &[], None);
        assert!(
            matches!(
                refused,
                Err(StoreError::BadDisclosure {
                    position: 1,
                    number: 0,
                    ..
                })
            ),
            "{refused:?}"
        );
    }
    assert_eq!((store.size(), store.checkpoint().unwrap()), (2, before));
    // A participant who is already known is a contradiction between caller and store.
    store
        .append(2, &batch(2, 1), &[("1".to_owned(), 1)], None)
        .unwrap();
    for person in [("1".to_owned(), 2), ("2".to_owned(), 1)] {
        assert!(matches!(
            store.append(3, &batch(3, 1), &[person], None),
            Err(StoreError::Database { .. })
        ));
    }
    assert_eq!(
        store.append(3, &batch(3, 1), &[], None).unwrap(),
        3,
        "a rolled back batch is no obstacle"
    );
    drop(store);
    assert!(verify(scratch.path()).is_sound());
    assert!(matches!(
        Store::open_read(scratch.path())
            .unwrap()
            .append(4, &[], &[], None),
        Err(StoreError::ReadOnly)
    ));
}

#[test]
fn an_erased_value_is_nowhere_in_the_folder_and_the_log_still_verifies() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = create(dir, &[40]);
    let erased = entry(7).disclosures[0].1.clone();
    let kept = entry(8).disclosures[0].1.clone();
    let holds = |text: &str| {
        files(dir).iter().any(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    };
    assert!(holds(&erased) && holds(&kept));
    assert_eq!(store.erase_disclosures(&[7], &["other"]).unwrap(), 0);
    assert_eq!(store.erase_disclosures(&[7], &["participant"]).unwrap(), 1);
    assert_eq!(
        store.erase_disclosures(&[7], &[]).unwrap(),
        0,
        "already gone"
    );
    assert_eq!(store.disclosures(7).unwrap(), []);
    drop(store);
    assert!(!holds(&erased), "the erased text is still on the disk");
    assert!(holds(&kept));
    let report = verify(dir);
    assert_eq!((report.log.findings, report.disclosures), (vec![], 39));
}

#[cfg(unix)]
#[test]
fn private_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = tempfile::tempdir().unwrap();
    drop(create(scratch.path(), &[1]));
    for path in ["keys/ledger.key", "state.sqlite"] {
        let mode = std::fs::metadata(scratch.path().join(path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
}

#[test]
fn an_instance_is_not_made_twice() {
    let scratch = tempfile::tempdir().unwrap();
    drop(create(scratch.path(), &[1]));
    let again = Store::create(scratch.path(), "log.example", &super::SEED);
    assert!(matches!(
        again,
        Err(StoreError::InstanceExists {
            found: "state.sqlite"
        })
    ));
    std::fs::remove_file(scratch.path().join("state.sqlite")).unwrap();
    let again = Store::create(scratch.path(), "log.example", &super::SEED);
    assert!(matches!(
        again,
        Err(StoreError::InstanceExists {
            found: "ledger/checkpoint"
        })
    ));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        Store::open(empty.path()),
        Err(StoreError::NoInstance { .. })
    ));
    assert_eq!(files(empty.path()), Vec::<std::path::PathBuf>::new());
}
