//! The store from outside: damage, forks, other processes, a kill at any moment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod damage;
mod forged;
mod processes;
mod rows;

use std::path::{Path, PathBuf};

use store::{Entry, Store};
use transparency::Disclosure;

const SEED: [u8; 32] = [5; 32];

/// The event at a position, with one private value.
fn entry(n: u64) -> Entry {
    let salt: Vec<u8> = n.to_be_bytes().repeat(4);
    let disclosure =
        Disclosure::new(&salt, "participant", &serde_json::json!(1_000_000 + n)).unwrap();
    let bytes = format!(
        "{{\"n\":{n},\"private\":{{\"participant\":\"{}\"}}}}",
        disclosure.digest()
    );
    Entry {
        bytes: bytes.into_bytes(),
        disclosures: vec![("participant".to_owned(), disclosure.encoded().to_owned())],
    }
}

fn batch(from: u64, count: u64) -> Vec<Entry> {
    (from..from + count).map(entry).collect()
}

fn create(dir: &Path, appends: &[u64]) -> Store {
    let mut store = Store::create(dir, "log.example", &SEED).unwrap();
    for count in appends {
        let size = store.size();
        store.append(size, &batch(size, *count), &[], None).unwrap();
    }
    store
}

fn verify(dir: &Path) -> store::VerifyReport {
    store::verify(dir, &mut |index, bytes| {
        if bytes == entry(index).bytes {
            Ok(())
        } else {
            Err("another event".to_owned())
        }
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(path, target).unwrap();
    }
}
