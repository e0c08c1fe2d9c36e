//! Writes the sample register to a folder, and serves it if a port is named:
//! `cargo run -p server --example sample_site -- DIR [PORT]`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![allow(dead_code)] // the sample also serves tests

#[path = "../tests/it/sample/mod.rs"]
mod sample;

fn main() {
    let folder =
        std::path::PathBuf::from(std::env::args().nth(1).expect("name a folder to write to"));
    let s = sample::sample();
    let register = server::Register::from_log(&s.log, &s.state).unwrap();
    for (path, bytes) in server::pages(&register).unwrap() {
        let full = folder.join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, bytes).unwrap();
    }
    if let Some(port) = std::env::args().nth(2) {
        let port = port.parse().expect("a port is a number");
        server::serve_until_interrupted(folder, port, |_| {}).unwrap();
    }
}
