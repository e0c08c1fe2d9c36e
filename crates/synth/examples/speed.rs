//! Measures how fast a cohort is made: `cargo run -p synth --example speed -- 20000`, bytes thrown away.
#![allow(clippy::print_stdout)]

use std::io::{self, Write};
use std::time::Instant;

struct Nowhere;

impl synth::Sink for Nowhere {
    fn file(&mut self, _: &str) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(io::sink()))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let participants = std::env::args()
        .nth(1)
        .map_or(Ok(20_000), |n| n.parse::<u32>())?;
    let cohort = synth::Cohort::new(participants, 1)?;
    let start = Instant::now();
    let written = synth::write_all(&cohort, &mut Nowhere, &mut |_| {})?;
    let seconds = start.elapsed().as_secs_f64();
    for file in &written.files {
        let each = file.rows as f64 / f64::from(participants);
        println!(
            "{:<22} {:>12} rows {each:>9.2} a participant",
            file.name, file.rows
        );
    }
    let (rows, bytes) = (written.rows() as f64, written.bytes() as f64);
    println!(
        "{rows} rows, {:.1} MB in {seconds:.2} s: {:.2} million rows/s",
        bytes / 1e6,
        rows / seconds / 1e6
    );
    Ok(())
}
