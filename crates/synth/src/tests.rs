//! Tests of whole cohorts: form, sameness, independence, epidemiology, agreement with the real
//! dictionary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

mod dictionary;
mod epidemiology;
mod form;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};

use crate::{Cohort, Sink, Written, write_all};

/// Keeps files in memory.
#[derive(Default)]
struct Memory(BTreeMap<String, Arc<Mutex<Vec<u8>>>>);

struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Memory {
    fn file(&mut self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        let file = Arc::new(Mutex::new(Vec::new()));
        self.0.insert(name.to_owned(), Arc::clone(&file));
        Ok(Box::new(Kept(file)))
    }
}

type Bytes = BTreeMap<String, Vec<u8>>;

fn make(cohort: &Cohort) -> (Bytes, Written) {
    let mut memory = Memory::default();
    let written = write_all(cohort, &mut memory, &mut |_| {}).unwrap();
    let files = memory
        .0
        .into_iter()
        .map(|(n, b)| (n, b.lock().unwrap().clone()))
        .collect();
    (files, written)
}

fn cohort(participants: u32, seed: u64) -> (Bytes, Written) {
    make(&Cohort::new(participants, seed).unwrap())
}

/// One cohort that most tests read.
fn usual() -> &'static (Bytes, Written) {
    static USUAL: OnceLock<(Bytes, Written)> = OnceLock::new();
    USUAL.get_or_init(|| cohort(4_000, 11))
}

/// Rows of a clean file as cells, without the header. No cell of the linked tables is quoted.
fn rows<'a>(files: &'a Bytes, name: &str) -> impl Iterator<Item = Vec<&'a str>> {
    let text = std::str::from_utf8(&files[name]).unwrap();
    text.lines().skip(1).map(|l| l.split(',').collect())
}

/// Header of a file: column name to index.
fn header<'a>(files: &'a Bytes, name: &str) -> BTreeMap<&'a str, usize> {
    let text = std::str::from_utf8(&files[name]).unwrap();
    text.lines()
        .next()
        .unwrap()
        .split(',')
        .enumerate()
        .map(|(i, c)| (c, i))
        .collect()
}

/// 64-bit FNV-1a, enough to notice a change.
fn fingerprint(files: &Bytes) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for (name, bytes) in files {
        for byte in name.bytes().chain(bytes.iter().copied()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    hash
}

/// A day-first date as something that sorts; none for an empty cell or a special date.
fn when(text: &str) -> Option<String> {
    let special = ["01/01/1901", "02/02/1902", "03/03/1903", "07/07/2037"];
    if text.is_empty() || special.contains(&text) {
        return None;
    }
    let (day, rest) = text.split_once('/').unwrap();
    let (month, year) = rest.split_once('/').unwrap();
    Some(format!("{year}-{month}-{day}"))
}
