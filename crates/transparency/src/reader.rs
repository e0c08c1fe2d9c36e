//! Reading a log, wherever its files are.
//!
//! The one trait through which bytes reach this crate. A reader must give a file's bytes exactly as
//! they are or say that it cannot; what it gives is never believed before it is checked.

use std::collections::BTreeMap;

use crate::hash::{Hash, root_of};
use crate::limits::{HASH_BYTES, TILE_WIDTH};
use crate::proof::{NodeSource, ProofError};
use crate::tiles::{Kind, Tile, read_bundle, read_hashes};

/// A place where the files of a log can be read, by the paths of C2SP tlog-tiles.
pub trait LogReader {
    /// The bytes of the file at `path`, `None` when there is no such file, or why it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;

    /// The paths of all files there are, or `None` where that cannot be known (a web address).
    fn list(&self) -> Result<Option<Vec<String>>, String>;
}

/// A log in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryReader {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryReader {
    /// Puts a file at `path`, in place of any that was there.
    pub fn insert(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.insert(path.to_owned(), bytes);
    }

    /// Takes the file at `path` away.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        self.files.remove(path)
    }
}

impl LogReader for MemoryReader {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.files.get(path).cloned())
    }

    fn list(&self) -> Result<Option<Vec<String>>, String> {
        Ok(Some(self.files.keys().cloned().collect()))
    }
}

/// Reads a tile or bundle. A partial one that is gone is taken from the full one of its place:
/// a log may delete partial tiles once the full tile exists (tlog-tiles, "Partial Tiles").
pub fn read_tile(reader: &dyn LogReader, tile: Tile) -> Result<Vec<u8>, String> {
    let missing = || "expected a file, found none".to_owned();
    if let Some(bytes) = reader.read(&tile.path())? {
        return Ok(bytes);
    }
    if tile.is_full() {
        return Err(missing());
    }
    let mut bytes = reader.read(&tile.full().path())?.ok_or_else(missing)?;
    let length = match tile.kind {
        Kind::Hashes(_) => usize::try_from(tile.width)
            .unwrap_or(usize::MAX)
            .saturating_mul(HASH_BYTES),
        Kind::Entries => {
            let entries = read_bundle(&bytes, TILE_WIDTH).map_err(|error| error.to_string())?;
            usize::try_from(tile.width)
                .ok()
                .and_then(|width| entries.get(width))
                .map_or(bytes.len(), |entry| entry.0)
        }
    };
    bytes.truncate(length);
    Ok(bytes)
}

/// The complete subtrees of a log of a given size, read from its tiles, to make proofs.
///
/// The tiles are not checked: verify a proof made from them against a trusted checkpoint before it
/// is handed on, as [`crate::TlogProof::prove`] does.
pub struct TileNodes<'a> {
    reader: &'a dyn LogReader,
    size: u64,
}

impl<'a> TileNodes<'a> {
    /// The tree of the first `size` entries.
    pub fn new(reader: &'a dyn LogReader, size: u64) -> Self {
        Self { reader, size }
    }
}

/// Why a proof could not be made from tiles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// The question does not fit the tree.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A tile is missing, unreadable or of the wrong length.
    #[error("{path}: {what}")]
    Tile {
        /// Path inside the log.
        path: String,
        /// What was expected and found.
        what: String,
    },
}

impl NodeSource for TileNodes<'_> {
    type Error = NodeError;

    fn node(&self, height: u32, index: u64) -> Result<Hash, NodeError> {
        let outside = || ProofError::NotASubtree {
            start: index,
            end: index.saturating_add(1),
            size: self.size,
        };
        let level = u8::try_from(height / 8).map_err(|_| outside())?;
        let run = 1_u64 << (height % 8);
        let first = index.checked_mul(run).ok_or_else(outside)?;
        let tile =
            Tile::at(Kind::Hashes(level), first / TILE_WIDTH, self.size).ok_or_else(outside)?;
        let fault = |what: String| NodeError::Tile {
            path: tile.path(),
            what,
        };
        let bytes = read_tile(self.reader, tile).map_err(fault)?;
        let hashes = read_hashes(&bytes, tile.width).ok_or_else(|| {
            fault(format!(
                "expected {} hashes, found {} bytes",
                tile.width,
                bytes.len()
            ))
        })?;
        let skip = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let run = usize::try_from(run).unwrap_or(usize::MAX);
        let hashes = hashes.get(skip..).and_then(|rest| rest.get(..run));
        Ok(root_of(hashes.ok_or_else(outside)?))
    }
}
