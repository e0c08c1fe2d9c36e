//! A whole log, damaged in every possible byte.

use transparency::audit::verify_log_with_pending;
use transparency::{LogReader as _, MemoryReader, Report, TileWriter, verify_log};

fn audit(reader: &MemoryReader) -> Report {
    verify_log(reader, None, &mut |_, _| Ok(()))
}

fn paths(report: &Report) -> Vec<&str> {
    report
        .findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect()
}

/// Flips one bit in each byte of each file and expects a finding that names exactly that file.
fn flip_everything(reader: &MemoryReader, step: usize) {
    assert_eq!(audit(reader).findings, []);
    for path in reader.list().unwrap().unwrap() {
        let bytes = reader.read(&path).unwrap().unwrap();
        for at in (0..bytes.len()).step_by(step) {
            let mut damaged = reader.clone();
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            damaged.insert(&path, changed);
            let report = audit(&damaged);
            assert!(
                !report.is_sound() && paths(&report).contains(&path.as_str()),
                "{path} byte {at}: {:?}",
                report.findings
            );
            if path.starts_with("tile/") {
                assert_eq!(
                    paths(&report),
                    vec![path.as_str(); report.findings.len()],
                    "byte {at} blamed on another file"
                );
            }
        }
        for changed in [
            [&bytes[..], b"x"].concat(),
            bytes[..bytes.len() - 1].to_vec(),
            vec![],
        ] {
            let mut damaged = reader.clone();
            damaged.insert(&path, changed);
            let report = audit(&damaged);
            assert!(paths(&report).contains(&path.as_str()), "{path} resized");
        }
    }
}

#[test]
fn every_flipped_byte_of_a_small_log_is_found_and_blamed_on_its_file() {
    // Grown in steps, so that superseded partial tiles lie beside the present ones.
    let (mut reader, signer) = super::log_of(0);
    let mut writer = TileWriter::new();
    for index in 0..11 {
        writer.push(&super::entry(index)).unwrap();
        if index % 4 == 2 || index == 10 {
            for file in writer.take_files() {
                reader.insert(&file.tile.path(), file.bytes);
            }
        }
    }
    super::publish(&mut reader, &signer, &writer);
    assert_eq!(reader.list().unwrap().unwrap().len(), 2 + 3 * 2);
    flip_everything(&reader, 1);
}

#[test]
fn flipped_bytes_of_a_log_with_full_tiles_are_found() {
    let (mut reader, _) = super::log_of(600);
    let full = reader.read("tile/0/000").unwrap().unwrap();
    reader.insert("tile/0/000.p/3", full[..96].to_vec());
    let full = reader.read("tile/entries/000").unwrap().unwrap();
    let third = transparency::tiles::read_bundle(&full, 256).unwrap()[3].0;
    reader.insert("tile/entries/000.p/3", full[..third].to_vec());
    flip_everything(&reader, 211);
}

#[test]
fn missing_and_stray_files_are_found() {
    let (reader, _) = super::log_of(600);
    for path in reader.list().unwrap().unwrap() {
        let mut damaged = reader.clone();
        damaged.remove(&path);
        assert!(paths(&audit(&damaged)).contains(&path.as_str()), "{path}");
    }
    for path in [
        "tile/0/003",
        "tile/0/002.p/89",
        "tile/2/000.p/1",
        "tile/entries/000.p/0",
        "note.txt",
        "tile/0/000.tmp",
    ] {
        let mut damaged = reader.clone();
        damaged.insert(path, vec![0; 32]);
        assert_eq!(paths(&audit(&damaged)), [path]);
    }
}

#[test]
fn a_fork_and_a_foreign_key_are_found() {
    let (mut reader, _) = super::log_of(5);
    let (other, _) = super::log_of(6);
    reader.insert("checkpoint", other.read("checkpoint").unwrap().unwrap());
    assert!(!audit(&reader).is_sound(), "a checkpoint of another size");
    let (reader, _) = super::log_of(5);
    let foreign = transparency::Signer::from_seed("log.example", &[1; 32]).unwrap();
    let report = verify_log(
        &reader,
        Some(&foreign.verifier().to_string()),
        &mut |_, _| Ok(()),
    );
    assert_eq!(paths(&report), ["vkey", "checkpoint"]);
}

#[test]
fn the_visitor_sees_every_entry_in_order_and_can_object() {
    let (reader, _) = super::log_of(300);
    let mut seen = Vec::new();
    let report = verify_log(&reader, None, &mut |index, bytes| {
        assert_eq!(bytes, super::entry(index));
        seen.push(index);
        if index == 299 {
            Err("cannot happen after the others".to_owned())
        } else {
            Ok(())
        }
    });
    assert_eq!(seen, (0..300).collect::<Vec<u64>>());
    assert_eq!(
        (paths(&report), report.entries),
        (vec!["tile/entries/001.p/44"], 299)
    );
    assert_eq!(report.findings[0].offset, Some(43 * 15));
}

#[test]
fn files_ahead_of_the_checkpoint_are_compared_with_pending_entries() {
    // The moment before a checkpoint of size 300 replaces that of size 250.
    let (mut reader, signer) = super::log_of(250);
    let (later, _) = super::log_of(300);
    for path in later.list().unwrap().unwrap() {
        if path.starts_with("tile/") {
            reader.insert(&path, later.read(&path).unwrap().unwrap());
        }
    }
    assert!(!audit(&reader).is_sound(), "nothing is pending");
    let pending: Vec<Vec<u8>> = (250..300).map(super::entry).collect();
    let ahead = |reader: &MemoryReader, pending: &[Vec<u8>]| {
        verify_log_with_pending(reader, None, pending, &mut |_, _| Ok(()))
    };
    let report = ahead(&reader, &pending);
    assert_eq!((report.findings, report.ahead), (vec![], 5));
    let mut other = pending.clone();
    other[10] = b"other".to_vec();
    assert!(!ahead(&reader, &other).is_sound());
    for path in [
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/entries/000",
        "tile/entries/001.p/44",
        "tile/1/000.p/1",
    ] {
        let mut damaged = reader.clone();
        let mut bytes = reader.read(path).unwrap().unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        damaged.insert(path, bytes);
        assert!(paths(&ahead(&damaged, &pending)).contains(&path), "{path}");
    }
    // A log may delete partial tiles once the full ones exist: then those are read.
    reader.remove("tile/0/000.p/250");
    reader.remove("tile/entries/000.p/250");
    assert_eq!(ahead(&reader, &pending).findings, []);
    drop(signer);
}
