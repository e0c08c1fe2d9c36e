//! How a release is laid out on disk, as the scan reads it: families of columns, lists of repeated text, the copy that is
//! sorted by codes. What is asked of rows is worked out on the lists where it can be, so that few rows are read.
//!
//! - [`cache`]: what is read of a file before its rows, kept for the next question of this process;
//! - [`dimension`]: lists of repeated text, and rows of numbers turned into text;
//! - [`filter`]: which conditions the scan takes over;
//! - [`wanted`]: what those on lists come to;
//! - [`prune`]: which rows of a file can meet them at all, by the smallest and largest value of each page;
//! - [`read`]: the rows of one file of each family that is needed, side by side.
//!
//! Must never: pass a row that a condition taken over does not hold for; read a file of a class that is not granted; tell
//! anything above the scan what was read.

pub(crate) mod cache;
pub(crate) mod dimension;
pub(crate) mod filter;
pub(crate) mod prune;
pub(crate) mod read;
pub(crate) mod wanted;

use std::collections::{BTreeSet, HashSet};

use datafusion::error::{DataFusionError, Result};

use crate::limits;
use crate::release::{Clustered, Family, TableEntry};
use read::{Piece, Reading, Source};
use wanted::Wanted;

/// A release that is not as its manifest says; the text never has a value.
pub(crate) fn broken(what: &str) -> DataFusionError {
    DataFusionError::Internal(what.to_owned())
}

/// The family to open when no column is needed, only people: the first that has a granted column, because only classes with
/// granted columns can be opened.
pub(crate) fn home(table: &TableEntry, granted: &[String]) -> usize {
    if table.families.len() < 2 {
        return 0;
    }
    let granted: HashSet<&str> = granted.iter().map(String::as_str).collect();
    let has = |family: &Family| family.columns.iter().any(|c| granted.contains(c.as_str()));
    table.families.iter().position(has).unwrap_or(0)
}

/// Whether the copy sorted by codes is read: it is if the conditions leave a small part of the codes.
pub(crate) fn by_code(table: &TableEntry, wanted: Option<&Wanted>) -> bool {
    let (Some(Clustered { by, .. }), Some(wanted)) = (&table.clustered, wanted) else {
        return false;
    };
    let rows = wanted.rows(by, table.rows);
    rows.saturating_mul(limits::CLUSTERED_SHARE) <= table.rows
}

/// Where these columns are read from.
pub(crate) fn sources(
    table: &TableEntry,
    columns: &BTreeSet<String>,
    home: usize,
    by_code: bool,
) -> Result<Vec<Source>> {
    if let (true, Some(clustered)) = (by_code, &table.clustered) {
        return Ok(vec![Source {
            files: clustered.files.clone(),
            columns: columns.iter().cloned().collect(),
        }]);
    }
    let source = |family: &Family, columns| Source {
        files: family.files.clone(),
        columns,
    };
    let mut out = Vec::new();
    let mut found = 0;
    for family in &table.families {
        let needed = family.columns.iter().filter(|c| columns.contains(*c));
        let needed: Vec<String> = needed.cloned().collect();
        found += needed.len();
        if !needed.is_empty() {
            out.push(source(family, needed));
        }
    }
    if found != columns.len() {
        return Err(broken("a column is in no family"));
    }
    if out.is_empty() {
        let family = table.families.get(home);
        let family = family.ok_or_else(|| broken("a table without files"))?;
        out.push(source(family, Vec::new()));
    }
    Ok(out)
}

/// The rows to read, cut into as many shares as there are threads, of about as many rows each. Files that hold nobody who is
/// wanted are left out.
pub(crate) fn pieces(reading: &Reading, shares: usize) -> Vec<Vec<Piece>> {
    let files = reading.sources.first().map_or(&[][..], |s| &s.files[..]);
    let anybody = |low: u32, high: u32| {
        let wanted = reading.people.as_ref();
        wanted.is_none_or(|people| low <= high && people.range_cardinality(low..=high) > 0)
    };
    let files = files.iter().enumerate();
    let files: Vec<(usize, u64)> = files
        .filter(|(_, file)| anybody(file.first_person, file.last_person))
        .map(|(number, file)| (number, file.rows))
        .collect();
    let shares = u64::try_from(shares.max(1)).unwrap_or(1);
    let total: u64 = files.iter().map(|(_, rows)| rows).sum();
    let share = total.div_ceil(shares).max(limits::SHARE_ROWS);
    let mut out = vec![Vec::new()];
    let mut room = share;
    for (file, rows) in files {
        let mut start = 0;
        while start < rows {
            let end = rows.min(start + room);
            if let Some(last) = out.last_mut() {
                last.push(Piece {
                    file,
                    rows: start..end,
                });
            }
            room -= end - start;
            start = end;
            if room == 0 {
                out.push(Vec::new());
                room = share;
            }
        }
    }
    if out.len() > 1 {
        out.retain(|pieces: &Vec<Piece>| !pieces.is_empty());
    }
    out
}
