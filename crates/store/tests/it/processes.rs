//! Other processes: two that want to write, one that reads while another writes, one that is killed.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use store::{Store, StoreError};

use super::{batch, create, verify};

const CHILD_DIR: &str = "STORE_TEST_CHILD_DIR";

/// The process that [`spawn`] starts: it appends until it is killed. Without that it has nothing to do.
#[test]
fn child_that_appends() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let mut store = Store::open(dir.as_ref()).unwrap();
    // Bounded, so that a child whose parent died ends by itself.
    for round in 0_u64..20_000 {
        let size = store.size();
        store
            .append(size, &batch(size, round % 7 + 1), &[], None)
            .unwrap();
    }
}

fn spawn(dir: &std::path::Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "processes::child_that_appends"])
        .env(CHILD_DIR, dir);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_at_any_moment_the_instance_verifies_and_opens() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[]));
    let mut size = 0;
    for round in 0..25_u64 {
        let mut child = spawn(dir);
        // Enough to start up, then anywhere in an append: no two rounds wait equally long.
        std::thread::sleep(Duration::from_micros(60_000 + round * 7_919 % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let before = super::files(dir)
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect::<Vec<_>>();
        let report = verify(dir);
        assert_eq!(report.log.findings, [], "round {round}");
        let after = super::files(dir)
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect::<Vec<_>>();
        assert!(before == after, "verify changed a file");
        let mut store = Store::open_within(dir, Duration::from_secs(5)).unwrap();
        assert!(
            store.size() >= size && store.size() == report.events,
            "round {round}"
        );
        size = store.size();
        store.append(size, &batch(size, 1), &[], None).unwrap();
        size += 1;
        drop(store);
        let report = verify(dir);
        assert_eq!(
            (report.log.findings, report.awaiting),
            (vec![], 0),
            "round {round}"
        );
    }
    assert!(size > 25, "the child never appended");
}

/// A kill in the middle of a commit, at its worst moment: rows of the batch are already in the file,
/// and only the journal knows how to take them out.
#[test]
fn a_commit_cut_short_is_read_without_writing_and_rolled_back_on_open() {
    let (base, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(create(base.path(), &[3, 4]));
    let database = rusqlite::Connection::open(base.path().join("state.sqlite")).unwrap();
    database
        .execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 1; BEGIN IMMEDIATE")
        .unwrap();
    for seq in 7..400 {
        database
            .execute("INSERT INTO events VALUES (?1, zeroblob(2000))", [seq])
            .unwrap();
    }
    super::copy(base.path(), cut.path());
    let journal = cut.path().join("state.sqlite-journal");
    assert!(
        std::fs::metadata(&journal).unwrap().len() > 512,
        "the journal is hot"
    );
    let read = || {
        super::files(cut.path())
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect::<Vec<_>>()
    };
    let before = read();
    let report = verify(cut.path());
    assert_eq!(
        (report.log.findings, report.events, report.awaiting),
        (vec![], 7, 0)
    );
    assert_eq!(Store::open_read(cut.path()).unwrap().size(), 7);
    assert!(before == read(), "reading changed a file");
    assert_eq!(
        Store::open(cut.path())
            .unwrap()
            .append(7, &batch(7, 1), &[], None)
            .unwrap(),
        7
    );
    assert!(verify(cut.path()).is_sound());
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let own = format!("readingroom-verify-{}-", std::process::id());
    let left = left
        .filter(|item| {
            item.as_ref()
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .starts_with(&own)
        })
        .count();
    assert_eq!(left, 0, "a copy was left behind");
}

#[test]
fn verifying_while_another_process_appends_finds_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    drop(create(dir, &[]));
    let mut child = spawn(dir);
    let start = Instant::now();
    let mut largest = 0;
    while start.elapsed() < Duration::from_secs(3) {
        let report = verify(dir);
        assert_eq!(report.log.findings, []);
        assert!(report.events >= largest);
        largest = report.events;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(largest > 0, "the child never appended");
}

#[test]
fn the_second_writer_waits_or_is_told_who_has_the_lock() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().to_owned();
    let store = create(&dir, &[1]);
    let refused = Store::open_within(&dir, Duration::from_millis(120)).unwrap_err();
    assert!(matches!(refused, StoreError::Busy { .. }));
    assert!(
        refused
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{refused}"
    );
    assert!(Store::open_read(&dir).is_ok(), "reading needs no lock");
    let waiting = std::thread::spawn(move || {
        Store::open_within(&dir, Duration::from_secs(10)).map(|store| store.size())
    });
    std::thread::sleep(Duration::from_millis(200));
    drop(store);
    assert_eq!(waiting.join().unwrap().unwrap(), 1);
}

#[test]
fn a_thousand_events_are_one_batch() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = create(scratch.path(), &[]);
    let start = Instant::now();
    for round in 0..3 {
        store
            .append(round * 1000, &batch(round * 1000, 1000), &[], None)
            .unwrap();
    }
    println!("3,000 durable events in 3 batches: {:?}", start.elapsed());
    let start = Instant::now();
    for n in 3000..3020 {
        store.append(n, &batch(n, 1), &[], None).unwrap();
    }
    println!("20 durable events one by one: {:?}", start.elapsed());
    drop(store);
    let start = Instant::now();
    let report = verify(scratch.path());
    println!("verified {} events: {:?}", report.events, start.elapsed());
    assert!(report.is_sound());
}
