//! Checks many requests in one run, for measuring the rules on a corpus: `check_corpus REFERENCE COLUMN <requests`.
//!
//! `REFERENCE` is a folder of CSV and Parquet tables with the ids of participants in `COLUMN`. Each line of the input is a
//! request: the paths of its files, separated by tabs. Prints a JSON pair for each file: its path and its verdict. The same as
//! `readingroom airlock check --reference`, without the process of its own in which that reads each file.

use airlock::reference::{Builder, Reference};
use airlock::{Context, File, Lineage, Rules, Verdict};
use std::error::Error;
use std::io::{BufRead as _, Write as _};
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

/// The index of the tables of a folder; those without the column of ids are left out.
fn reference(folder: &Path, column: &str) -> Result<Reference, Box<dyn Error>> {
    let mut builder = Builder::new(1);
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        let name = path.to_string_lossy().into_owned();
        let file = std::fs::File::open(&path)?;
        let done = if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            builder.parquet(&name, file, column)
        } else {
            builder.delimited(&name, file, column)
        };
        done.map_err(|why| format!("{name}: {why:?}"))?;
    }
    let mut sections: Vec<Vec<u8>> = Vec::new();
    builder.finish(&mut |section: &[u8]| {
        sections.push(section.to_vec());
        Ok::<(), std::convert::Infallible>(())
    })?;
    Reference::open(Box::new(sections)).ok_or_else(|| "the index cannot be opened".into())
}
