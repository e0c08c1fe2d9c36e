//! A sealed release on disk: its manifest, tables and columns.
//!
//! Beside `NAME/manifest.json` lies a folder for each table. Its columns are cut into families, each of one class of
//! data, because each class has its own key, and of at most [`limits::FAMILY_COLUMNS`] columns. A family is a folder of
//! files `part-NNN.parquet`. Every file has the internal index [`PERSON`] (UInt32, not null) as its first column; rows
//! are sorted by it, and files are cut at participant boundaries: one participant lives in exactly one file of a family.
//! All families of a table have the same rows in the same order, and the same cuts.
//!
//! A table may have a second copy of its rows, sorted by codes ([`Clustered`]). Repeated text is stored as numbers into
//! the sorted list of a column's different values ([`DimensionEntry`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ingest::recipe::hex;
use crate::limits;
use crate::sealed::KEYS;

/// Name of the internal index column. It is never part of a schema that a researcher sees.
pub const PERSON: &str = "__person";

/// Version of the layout on disk that this code writes and reads.
pub const LAYOUT: u32 = 2;

/// What is in a sealed release. Its canonical bytes are hashed into the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`LAYOUT`].
    pub layout: u32,
    /// Name of the release, for example `2026-11`.
    pub release: String,
    /// Number of participants with an internal index (indices run from 0 to this, exclusive).
    pub participants: u32,
    /// SHA-256 (hex) of the recipe text that was applied.
    pub recipe_sha256: String,
    /// Tables by name. Shared, because a question takes along the entries of its tables, and a wide table has many columns.
    pub tables: BTreeMap<String, Arc<TableEntry>>,
}

/// One table of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// Rows in all files.
    pub rows: u64,
    /// Columns in order, without [`PERSON`].
    pub columns: Vec<ColumnEntry>,
    /// Where the columns are: each in one family, in the order of `columns` within a class.
    pub families: Vec<Family>,
    /// The rows once more, in another order; only where all columns are in one family.
    pub clustered: Option<Clustered>,
    /// Text columns that are stored as numbers, by name.
    pub dimensions: BTreeMap<String, DimensionEntry>,
    /// The values of those columns, a file for each class; `first_person` and `last_person` are 0 there.
    pub dimension_files: BTreeMap<String, FileEntry>,
}

/// Columns of one class that are stored together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Class of its columns.
    pub class: String,
    /// Their names, in the order in which they stand in the files, without [`PERSON`].
    pub columns: Vec<String>,
    /// Files in participant order; the n-th of each family has the same rows.
    pub files: Vec<FileEntry>,
}

/// The rows of a table sorted by codes, then by participant, then as in the first copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clustered {
    /// Columns of codes, the most significant first. All are dimensions; rows without a code come first.
    pub by: Vec<String>,
    /// Class of the table's columns.
    pub class: String,
    /// Files, each with the participants and rows of the first copy's file of the same number.
    pub files: Vec<FileEntry>,
}

/// A text column that is stored as Int32 numbers into the list of its different values, sorted by their bytes; no value
/// is a null there too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionEntry {
    /// Different values.
    pub values: u32,
    /// Row group of the class's file of dimensions that has them: `column`, `id`, `value`, and `rows` with that value.
    pub row_group: u32,
}

impl TableEntry {
    /// Every file of the table with the class of its columns.
    pub fn files_by_class(&self) -> impl Iterator<Item = (&str, &FileEntry)> {
        let families = self.families.iter().map(|f| (&f.class, &f.files));
        let clustered = self.clustered.iter().map(|c| (&c.class, &c.files));
        let rows = families.chain(clustered);
        let rows = rows.flat_map(|(class, files)| files.iter().map(move |file| (class, file)));
        let dimensions = self.dimension_files.iter();
        rows.chain(dimensions)
            .map(|(class, file)| (class.as_str(), file))
    }

    /// Every file of the table.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.files_by_class().map(|(_, file)| file)
    }
}

/// One column of a table, as a researcher would see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnEntry {
    /// SQL name: `p31`, `p4080_i0_a1`, `read_2`.
    pub name: String,
    /// Class of data that policy speaks of, for example `baseline` or `primary-care`.
    pub class: String,
    /// `int32`, `int64`, `float64`, `date` or `text`.
    pub kind: String,
    /// What it is, in plain words, with its unit where it has one.
    pub title: String,
    /// Field number in the catalogue, if it is a catalogue field.
    pub field: Option<u32>,
    /// Share of rows without a value, in thousandths.
    pub missing_permille: u32,
}

/// One Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path below the release folder, with `/`.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// First and last internal index in it.
    pub first_person: u32,
    /// See [`FileEntry::first_person`].
    pub last_person: u32,
}

/// Name of the manifest's file in a release's folder.
pub const MANIFEST: &str = "manifest.json";

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not a manifest.
    #[error("{path}: expected a manifest, found something else: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// It is of another layout.
    #[error("{path}: expected layout {LAYOUT}, found {found}: ingest the release again")]
    Layout {
        /// The file.
        path: PathBuf,
        /// Its layout; 1 is the one without a number.
        found: u64,
    },
    /// It is larger than any manifest.
    #[error("{path}: expected at most {max} bytes, found more", max = limits::MAX_MANIFEST_BYTES)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

/// Something about a release's files that is not as its manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// A file of the manifest is not there, or cannot be read.
    #[error("{path}: expected a file, found none that can be read")]
    Missing {
        /// Path below the release's folder.
        path: String,
    },
    /// A file is longer or shorter.
    #[error("{path}: expected {expected} bytes, found {found}")]
    Size {
        /// Path below the release's folder.
        path: String,
        /// Bytes by the manifest.
        expected: u64,
        /// Bytes on disk.
        found: u64,
    },
    /// A file has other bytes.
    #[error("{path}: expected sha256 {expected}, found {found}")]
    Digest {
        /// Path below the release's folder.
        path: String,
        /// By the manifest.
        expected: String,
        /// On disk.
        found: String,
    },
    /// A file that the manifest does not know.
    #[error("{path}: expected no such file, found one that the manifest does not list")]
    Stray {
        /// Path below the release's folder.
        path: String,
    },
    /// The manifest names a file outside its folder.
    #[error("{path}: expected a path below the release, found another")]
    Outside {
        /// The path.
        path: String,
    },
}

impl Manifest {
    /// Its bytes on disk: JSON in the order of the fields, tables by name, two spaces of indentation, a line end.
    ///
    /// # Errors
    /// Never in practice: all keys are strings.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the manifest of the release in `dir`, and the SHA-256 (hex) of its bytes, which the ledger records.
    ///
    /// # Errors
    /// [`ManifestError`] when there is none or it is not one.
    pub fn load(dir: &Path) -> Result<(Self, String), ManifestError> {
        let path = dir.join(MANIFEST);
        let read = |source| ManifestError::Read {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(read)?;
        let mut bytes = Vec::new();
        file.take(limits::MAX_MANIFEST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(read)?;
        if bytes.len() as u64 > limits::MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLong { path });
        }
        let manifest = match serde_json::from_slice(&bytes) {
            Ok(manifest) => manifest,
            Err(source) => return Err(other_layout(path, &bytes, source)),
        };
        Ok((manifest, hex(&Sha256::digest(&bytes))))
    }
}

/// Why these bytes are no manifest: perhaps they are one of another layout.
fn other_layout(path: PathBuf, bytes: &[u8], source: serde_json::Error) -> ManifestError {
    let value = serde_json::from_slice::<serde_json::Value>(bytes).unwrap_or_default();
    let number = value.get("layout").and_then(serde_json::Value::as_u64);
    match (number, value.get("recipe_sha256")) {
        (Some(found), _) if found != u64::from(LAYOUT) => ManifestError::Layout { path, found },
        (None, Some(_)) => ManifestError::Layout { path, found: 1 },
        _ => ManifestError::Parse { path, source },
    }
}

/// Compares every file below `dir` with the manifest: there, of its size and digest, and no other. Nothing is found in
/// a release that is as it was sealed. The manifest's own bytes are for the ledger to vouch for.
#[must_use]
pub fn verify_files(dir: &Path, manifest: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Keys are wrapped anew from time to time, so they stand beside the manifest and not in it.
    let mut known = BTreeSet::from([MANIFEST.to_owned(), KEYS.to_owned()]);
    for file in manifest.tables.values().flat_map(|table| table.files()) {
        known.insert(file.path.clone());
        findings.extend(verify_file(dir, file));
    }
    let mut found = Vec::new();
    list_files(dir, "", &mut found);
    let stray = found.into_iter().filter(|path| !known.contains(path));
    findings.extend(stray.map(|path| Finding::Stray { path }));
    findings
}

fn verify_file(dir: &Path, file: &FileEntry) -> Option<Finding> {
    let path = file.path.clone();
    let below = Path::new(&path);
    if !below
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Some(Finding::Outside { path });
    }
    let Ok(mut opened) = File::open(dir.join(below)) else {
        return Some(Finding::Missing { path });
    };
    let found = opened.metadata().map_or(0, |metadata| metadata.len());
    if found != file.bytes {
        let expected = file.bytes;
        return Some(Finding::Size {
            path,
            expected,
            found,
        });
    }
    let mut hash = Sha256::new();
    let mut buffer = vec![0; limits::READ_BUFFER_BYTES];
    loop {
        match opened.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hash.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Some(Finding::Missing { path }),
        }
    }
    let found = hex(&hash.finalize());
    (found != file.sha256).then(|| Finding::Digest {
        path,
        expected: file.sha256.clone(),
        found,
    })
}

/// Paths of all files below `dir`, with `/`, in order.
fn list_files(dir: &Path, prefix: &str, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // A link is a file that does not belong here, wherever it leads.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list_files(&entry.path(), &format!("{path}/"), found);
        } else {
            found.push(path);
        }
    }
}
