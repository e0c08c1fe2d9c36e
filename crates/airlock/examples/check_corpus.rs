//! Checks many requests in one run, for measuring the rules on a corpus: `check_corpus REFERENCE COLUMN <requests`.
//!
//! `REFERENCE` is a folder of CSV tables with the ids of participants in `COLUMN`. Each line of the input is a request: the
//! paths of its files, separated by tabs. Prints a JSON object for each file: its path and its verdict. Knows the ids of the
//! participants and nothing else of them; `readingroom airlock check --reference` knows their rows too.

use airlock::{Context, File, Lineage, Participants, Rules, Verdict};
use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

struct Ids(HashSet<String>);

impl Participants for Ids {
    fn is_pseudonym(&self, _: &str) -> bool {
        false
    }

    fn is_raw_id(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

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
    let ids = ids(Path::new(&folder), &column)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let paths: Vec<&str> = line.split('\t').filter(|path| !path.is_empty()).collect();
        for (path, verdict) in paths.iter().zip(check(&paths, &ids)?) {
            serde_json::to_writer(&mut out, &(path, verdict))?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn check(paths: &[&str], ids: &Ids) -> Result<Vec<Verdict>, Box<dyn Error>> {
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
        participants: ids,
        lineage: &Nothing,
        rules: Rules::default(),
    };
    Ok(airlock::check(&files, &context))
}

fn ids(folder: &Path, column: &str) -> Result<Ids, Box<dyn Error>> {
    let mut ids = HashSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let mut reader = csv::Reader::from_path(&path)?;
        let Some(at) = reader.headers()?.iter().position(|name| name == column) else {
            continue;
        };
        for record in reader.records() {
            ids.extend(record?.get(at).map(str::to_owned));
        }
    }
    Ok(Ids(ids))
}
