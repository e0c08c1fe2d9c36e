//! What the tests of sealed files share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod keys;
mod known;
mod speed;
mod spill;
mod store;
mod streams;
mod tamper;

use std::io::{Cursor, Read, Write};

use super::format::{Name, Shape};
use super::*;

/// Chunks so small that every byte of a file of several can be tried.
const SMALL: Shape = Shape::small(32);
const CLASS: &str = "primary-care";
const PATH: &str = "gp_clinical/part-000.parquet";

/// Key-encryption keys by name; the last is current.
fn kms(names: &[&str]) -> LocalKms {
    let line = |name: &&str| {
        let byte = name.bytes().fold(7_u8, |a, b| a.wrapping_mul(31) ^ b);
        format!("{name} {}\n", format!("{byte:02x}").repeat(32))
    };
    let text: String = names.iter().map(line).collect();
    LocalKms::from_text(text.as_bytes(), "test").unwrap()
}

fn keys(classes: &[&str]) -> ReleaseKeys {
    ReleaseKeys::create("2026-11", classes.iter().copied(), &kms(&["k1"])).unwrap()
}

fn ring(classes: &[&str]) -> Keyring {
    keys(classes)
        .open(&kms(&["k1"]), classes.iter().copied())
        .unwrap()
}

/// Bytes without a pattern that chunks could share.
fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64)
        .map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as u8)
        .collect()
}

fn seal_as(ring: &Keyring, class: &str, path: &str, plain: &[u8], shape: Shape) -> Vec<u8> {
    let name = Name { class, path };
    let fresh = Fresh::new().unwrap();
    let mut writer = SealedWriter::with_shape(Vec::new(), ring, name, fresh, shape).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

fn seal(ring: &Keyring, plain: &[u8], shape: Shape) -> Vec<u8> {
    seal_as(ring, CLASS, PATH, plain, shape)
}

fn open_as(
    ring: &Keyring,
    class: &str,
    path: &str,
    sealed: &[u8],
    shape: Shape,
) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    SealedReader::with_shape(Cursor::new(sealed), ring, class, path, shape)?
        .read_to_end(&mut plain)?;
    Ok(plain)
}

fn open(ring: &Keyring, sealed: &[u8], shape: Shape) -> std::io::Result<Vec<u8>> {
    open_as(ring, CLASS, PATH, sealed, shape)
}

/// Waits for a future, with the blocking threads that files are read on.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    let make = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
    };
    RUNTIME.get_or_init(|| make().unwrap()).block_on(future)
}
