//! Checks many requests in one run, for measuring the rules on a corpus: `check_corpus REFERENCE COLUMN <requests`.
//!
//! `REFERENCE` is a folder of CSV and Parquet tables with the ids of participants in `COLUMN`, as `readingroom airlock check
//! --reference` takes it. Each line of the input is a request: the paths of its files, separated by tabs. Prints a JSON object
//! for each file: its path and its verdict.

use airlock::reference::Builder;
use airlock::{Context, File, Lineage, Reference, Rules, Verdict};
use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

struct Nothing;

impl Lineage for Nothing {
    fn aggregate_answer(&self, _: &str) -> Option<u64> {
        None
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(column)) = (arguments.next(), arguments.next()) else {
        return Err("usage: check_corpus REFERENCE COLUMN <requests".into());
    };
    let reference = reference(Path::new(&folder), &column)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let paths: Vec<&str> = line.split('\t').filter(|path| !path.is_empty()).collect();
        for (path, verdict) in paths.iter().zip(check(&paths, &reference)?) {
            serde_json::to_writer(&mut out, &(path, verdict))?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn check(paths: &[&str], reference: &Reference) -> Result<Vec<Verdict>, Box<dyn Error>> {
    let contents: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let files: Vec<File<'_>> = paths
        .iter()
        .zip(&contents)
        .map(|(path, bytes)| File {
            name: path.rsplit('/').next().unwrap_or(path),
            bytes,
        })
        .collect();
    let context = Context {
        participants: reference,
        lineage: &Nothing,
        rules: Rules::default(),
    };
    Ok(airlock::check(&files, &context))
}

fn reference(folder: &Path, column: &str) -> Result<Reference, Box<dyn Error>> {
    let mut builder = Builder::new(2_026);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.to_string_lossy().into_owned();
        let from = std::fs::File::open(&path)?;
        // A table without the ids is none of participants.
        let _ = match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => builder.delimited(&name, BufReader::new(from), column),
            Some("parquet") => builder.parquet(&name, from, column),
            _ => continue,
        };
    }
    let mut sections: Vec<Vec<u8>> = Vec::new();
    builder.finish(&mut |bytes: &[u8]| {
        sections.push(bytes.to_vec());
        Ok::<(), std::convert::Infallible>(())
    })?;
    Reference::open(Box::new(sections)).ok_or_else(|| "the index cannot be opened".into())
}
