//! The tables of a folder: which files they are, and how they are read into an index.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use airlock::reference::{Builder, Unfit};

use crate::failure::Failure;
use crate::files;
use crate::limits;

/// A file of the folder, and what tells that it has not changed.
pub struct Table {
    /// Its path within the folder.
    pub name: String,
    path: PathBuf,
    /// Bytes, and nanoseconds of its last change.
    pub stamp: (u64, u128),
}

/// The files of a folder and the folders in it, in order.
pub fn tables(dir: &Path) -> Result<Vec<Table>, Failure> {
    if !dir.is_dir() {
        return Err(Failure::Misuse(format!(
            "--reference: {} is not a folder",
            dir.display()
        )));
    }
    let mut all = Vec::new();
    walk(dir, "", limits::REFERENCE_DEPTH, &mut all)?;
    Ok(all)
}

fn walk(dir: &Path, before: &str, depth: usize, all: &mut Vec<Table>) -> Result<(), Failure> {
    for name in files::names(dir)?
        .into_iter()
        .filter(|n| !n.starts_with('.'))
    {
        let path = dir.join(&name);
        let told = std::fs::metadata(&path).map_err(|e| files::io("reading", &path, e))?;
        let name = format!("{before}{name}");
        if told.is_dir() && depth > 0 {
            walk(&path, &format!("{name}/"), depth - 1, all)?;
        } else if told.is_file() {
            let changed = told.modified().ok();
            let changed = changed.and_then(|t| t.duration_since(UNIX_EPOCH).ok());
            let stamp = (told.len(), changed.map_or(0, |t| t.as_nanos()));
            all.push(Table { name, path, stamp });
        }
    }
    Ok(())
}

/// Reads all the tables that have the column; says of each other file why it is not in.
pub fn build(tables: &[Table], id: &str, key: u64) -> Result<(Builder, Vec<String>), Failure> {
    let mut builder = Builder::new(key);
    let (mut notices, mut any) = (Vec::new(), false);
    for table in tables {
        match one(&mut builder, table, id)? {
            Ok(()) => any = true,
            Err(why) => notices.push(format!("reference: {} is left out: {why}", table.name)),
        }
    }
    if !any || builder.participants() == 0 {
        notices.push(format!(
            "--reference: expected tables with a column `{id}` and rows in it, found none"
        ));
        return Err(Failure::Misuse(notices.join("\n")));
    }
    Ok((builder, notices))
}

fn one(builder: &mut Builder, table: &Table, id: &str) -> Result<Result<(), Unfit>, Failure> {
    let path = &table.path;
    let mut file = File::open(path).map_err(|e| files::io("reading", path, e))?;
    let mut magic = [0_u8; 4];
    let read = file
        .read(&mut magic)
        .and_then(|n| file.rewind().map(|()| n))
        .map_err(|e| files::io("reading", path, e))?;
    let magic = magic.get(..read).unwrap_or_default();
    if magic == b"PAR1" {
        return Ok(builder.parquet(&table.name, file, id));
    }
    let from = BufReader::with_capacity(limits::WRITE_BUFFER, file);
    if magic.starts_with(&[0x1F, 0x8B]) {
        let unpacked = flate2::bufread::MultiGzDecoder::new(from);
        return Ok(builder.delimited(&table.name, unpacked, id));
    }
    let name = table.name.to_ascii_lowercase();
    if [".csv", ".tsv", ".txt", ".tab"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return Ok(builder.delimited(&table.name, from, id));
    }
    Ok(Err(Unfit::Unreadable(
        "it is neither CSV, TSV nor Parquet".to_owned(),
    )))
}
