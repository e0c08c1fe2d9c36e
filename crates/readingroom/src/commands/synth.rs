//! `readingroom synth`: a synthetic cohort as raw data.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use governance::Refusal;
use serde_json::json;

use crate::cli::Synth;
use crate::failure::Failure;
use crate::files;
use crate::limits::WRITE_BUFFER;
use crate::print;

pub fn run(args: &Synth) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let written = write(
        &args.out,
        args.participants,
        args.seed,
        args.dirt,
        &mut |_| {},
    )?;
    let seconds = started.elapsed().as_secs_f64();
    if args.print.json {
        print::json(&json!({
            "out": args.out, "participants": args.participants, "seed": args.seed,
            "rows": written.rows(), "bytes": written.bytes(),
            "files": written.files.iter().map(|f| json!({ "name": f.name, "rows": f.rows })).collect::<Vec<_>>(), "seconds": (seconds * 10.0).round() / 10.0,
        }));
    } else {
        print::line(&format!(
            "{} participants, {} rows in {} files written to {} in {seconds:.1} s",
            args.participants,
            written.rows(),
            written.files.len(),
            args.out.display(),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

struct Folder(PathBuf);

impl synth::Sink for Folder {
    fn file(&mut self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(BufWriter::with_capacity(
            WRITE_BUFFER,
            File::create(self.0.join(name))?,
        )))
    }
}

/// Writes a cohort.
pub fn write(
    out: &Path,
    participants: u32,
    seed: u64,
    dirt: f64,
    progress: &mut dyn FnMut(u64),
) -> Result<synth::Written, Failure> {
    if !files::names(out)?.is_empty() {
        return Err(Refusal::new(
            "folder-in-use",
            "raw-data-starts-empty",
            "the folder for raw data is not empty",
            "name a folder that does not exist or is empty",
        )
        .into());
    }
    files::make_dir(out)?;
    let mut sink = Folder(out.to_owned());
    let cohort = synth::Cohort::new(participants, seed)
        .and_then(|c| c.with_dirt(dirt))
        .map_err(|e| Failure::Misuse(e.to_string()))?;
    synth::write_all(&cohort, &mut sink, progress)
        .map_err(|e| files::io("writing raw data to", out, e))
}
