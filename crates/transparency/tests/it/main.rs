//! The crate against material that others made, and against its own invariants.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod audit;
mod properties;
mod vectors;

use transparency::{Checkpoint, MemoryReader, Signer, TileWriter};

/// A sound log of `size` entries under the key of seed 9, with its `vkey` file.
fn log_of(size: u64) -> (MemoryReader, Signer) {
    let signer = Signer::from_seed("log.example", &[9; 32]).unwrap();
    let mut reader = MemoryReader::default();
    let mut writer = TileWriter::new();
    for index in 0..size {
        writer.push(entry(index).as_slice()).unwrap();
    }
    for file in writer.take_files() {
        reader.insert(&file.tile.path(), file.bytes);
    }
    publish(&mut reader, &signer, &writer);
    (reader, signer)
}

fn publish(reader: &mut MemoryReader, signer: &Signer, writer: &TileWriter) {
    let checkpoint = Checkpoint::new("log.example", writer.size(), writer.root())
        .sign(signer)
        .unwrap();
    reader.insert("checkpoint", checkpoint.to_string().into_bytes());
    reader.insert("vkey", format!("{}\n", signer.verifier()).into_bytes());
}

fn entry(index: u64) -> Vec<u8> {
    format!("{{\"event\":{index}}}").into_bytes()
}
