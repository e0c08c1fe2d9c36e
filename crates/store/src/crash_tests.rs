//! The store stopped after every single step on the disk, as by a power cut.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use crate::disk::Disk;
use crate::{Entry, Store, StoreError, verify};

const SEED: [u8; 32] = [5; 32];

/// Steps that no append of these tests reaches.
const MANY: u64 = 10_000;

/// A folder for one instance: in memory where the system has such a place, since thousands are made
/// and the disk's own behaviour is not what is tested.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

fn batch(from: u64, count: u64) -> Vec<Entry> {
    (from..from + count)
        .map(|n| Entry {
            bytes: format!("{{\"n\":{n}}}").into_bytes(),
            disclosures: vec![],
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

/// An instance of `size` events, made in one append of each of these counts.
fn instance(dir: &Path, appends: &[u64]) -> u64 {
    let mut store = Store::create(dir, "log.example", &SEED).unwrap();
    for count in appends {
        let size = store.size();
        store.append(size, &batch(size, *count), &[], None).unwrap();
    }
    store.size()
}

fn assert_sound(dir: &Path, when: &str) -> (u64, u64) {
    let mut seen = 0;
    let report = verify(dir, &mut |index, bytes| {
        seen = if index == 0 { 0 } else { seen };
        assert_eq!(
            (index, bytes),
            (seen, format!("{{\"n\":{index}}}").as_bytes()),
            "{when}"
        );
        seen += 1;
        Ok(())
    });
    assert_eq!(report.log.findings, [], "{when}");
    assert_eq!(report.events, seen, "{when}");
    (report.events, report.awaiting)
}

fn open(dir: &Path, steps: Option<u64>) -> Result<Store, StoreError> {
    let mut disk = Disk::new(dir);
    disk.steps_left = steps;
    Store::open_on(disk, Duration::ZERO)
}

/// Appends `count` events to a copy of `base` and stops after each step in turn; with `recover`, so
/// is the opening that repairs it. Returns the steps.
fn stop_everywhere(base: &Path, size: u64, count: u64, recover: bool) -> u64 {
    for steps in 0..MANY {
        let folder = scratch();
        let dir = folder.path();
        copy(base, dir);
        let mut store = open(dir, None).unwrap();
        store.stop_after(steps);
        let appended = store.append(
            size,
            &batch(size, count),
            &[("1000012".to_owned(), 7)],
            Some(("digest", "{}")),
        );
        if matches!(appended, Err(StoreError::Stopped)) && store.size() > size {
            let again = store.append(store.size(), &batch(store.size(), 1), &[], None);
            assert!(
                matches!(again, Err(StoreError::Unfinished)),
                "an unfinished append must not be followed by another"
            );
        }
        drop(store);
        let when = format!("{size}+{count}, stopped after {steps} steps");
        let (events, awaiting) = assert_sound(dir, &when);
        assert!(
            events == size || events == size + count,
            "{when}: all of the batch or nothing"
        );
        let complete = appended.is_ok();
        assert!(
            matches!(appended, Ok(_) | Err(StoreError::Stopped)),
            "{when}: {appended:?}"
        );
        if complete {
            assert_eq!(events, size + count);
        }
        if awaiting > 0 && recover && steps % 4 == 0 {
            stop_recovery_everywhere(dir, events, &when);
        }
        let mut store = open(dir, None).unwrap();
        assert_eq!(
            store.size(),
            events,
            "{when}: an event was lost or invented"
        );
        assert_eq!(
            store.participant_indices().unwrap().len(),
            usize::from(events > size),
            "{when}"
        );
        assert_eq!(
            store
                .snapshot()
                .unwrap()
                .map_or(0, |snapshot| snapshot.size),
            if events > size { events } else { 0 }
        );
        store.append(events, &batch(events, 2), &[], None).unwrap();
        drop(store);
        assert_eq!(assert_sound(dir, &when), (events + 2, 0));
        if complete {
            return steps;
        }
    }
    panic!("the append never came to its end");
}

/// The opening that repairs is itself stopped after each step, on a copy.
fn stop_recovery_everywhere(broken: &Path, events: u64, when: &str) {
    for steps in 0..MANY {
        let folder = scratch();
        let dir = folder.path();
        copy(broken, dir);
        let opened = open(dir, Some(steps)).map(|_| ());
        assert_eq!(
            assert_sound(dir, &format!("{when}, recovery stopped after {steps}")).0,
            events
        );
        match opened {
            Ok(()) => return,
            Err(StoreError::Stopped) => drop(open(dir, None).unwrap()),
            Err(error) => panic!("{when}, recovery stopped after {steps}: {error}"),
        }
        assert_eq!(assert_sound(dir, when), (events, 0));
    }
    panic!("the recovery never came to its end");
}

#[test]
fn a_stop_after_any_step_of_an_append_loses_and_forks_nothing() {
    // The recovery of the third case, over the border of a tile, is stopped everywhere as well.
    for (appends, count, recover) in [
        (&[][..], 1, false),
        (&[3, 2][..], 2, false),
        (&[200, 54][..], 5, true),
        (&[256][..], 1, false),
    ] {
        let base = scratch();
        let size = instance(base.path(), appends);
        let steps = stop_everywhere(base.path(), size, count, recover);
        assert!(steps > 15, "{steps} steps are fewer than an append has");
    }
}

#[test]
fn a_stop_after_any_step_of_creation_can_be_made_good() {
    // Creation has no injected disk, so its files are taken away one by one instead, newest first.
    let base = scratch();
    instance(base.path(), &[]);
    std::fs::remove_file(base.path().join("ledger/checkpoint")).unwrap();
    assert_eq!(assert_sound(base.path(), "no checkpoint yet"), (0, 0));
    let opened = open(base.path(), None).unwrap();
    assert!(opened.checkpoint().unwrap().starts_with("log.example\n0\n"));
    drop(opened);
    for file in ["ledger/checkpoint", "state.sqlite"] {
        std::fs::remove_file(base.path().join(file)).unwrap();
    }
    assert!(matches!(
        open(base.path(), None),
        Err(StoreError::NoInstance { .. })
    ));
    drop(Store::create(base.path(), "other.example", &[6; 32]).unwrap());
    assert_eq!(assert_sound(base.path(), "created again"), (0, 0));
}

/// The log's files, by path.
fn ledger(dir: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (std::collections::BTreeMap::new(), vec![dir.join("ledger")]);
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// A kill between commit and publication. Recovery copies what was signed before the commit: the
/// whole log is, byte for byte, that of an instance which was never stopped.
#[test]
fn a_stop_between_commit_and_publication_recovers_byte_for_byte() {
    let whole = scratch();
    instance(whole.path(), &[200, 54, 5]);
    let base = scratch();
    let size = instance(base.path(), &[200, 54]);
    let mut between = 0;
    for steps in 0..12 {
        let folder = scratch();
        let dir = folder.path();
        copy(base.path(), dir);
        let mut store = open(dir, None).unwrap();
        store.stop_after(steps);
        let stopped = store.append(size, &batch(size, 5), &[], None);
        assert!(matches!(stopped, Err(StoreError::Stopped)));
        drop(store);
        let (events, awaiting) = assert_sound(dir, "stopped");
        if events == size {
            continue;
        }
        assert_eq!((events, awaiting), (size + 5, 5));
        let database = rusqlite::Connection::open(dir.join("state.sqlite")).unwrap();
        let sql = "SELECT value FROM meta WHERE key = 'checkpoint'";
        let signed: Vec<u8> = database.query_row(sql, [], |row| row.get(0)).unwrap();
        drop(database);
        let opened = open(dir, None).unwrap();
        assert_eq!(opened.checkpoint().unwrap().as_bytes(), signed);
        drop(opened);
        assert_eq!(ledger(dir), ledger(whole.path()));
        between += 1;
    }
    assert!(between > 3, "no stop fell between commit and publication");
}
