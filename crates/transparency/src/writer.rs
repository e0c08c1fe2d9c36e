//! A growing log: entries in, the tile files to write out.
//!
//! It holds the right edge of the tree only. It must never be asked to append before its root was
//! compared with a trusted one: tiles are read back unchecked.

use crate::frontier::Frontier;
use crate::hash::{Hash, leaf_hash, root_of};
use crate::limits::TILE_WIDTH;
use crate::reader::LogReader;
use crate::tiles::{Kind, Tile, TileError, concat, kinds, push_entry, read_bundle, read_hashes};

/// One file of the log with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFile {
    /// Which file.
    pub tile: Tile,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// One level at the right edge of the tree: the hashes of its incomplete tile.
#[derive(Clone, Debug, Default)]
struct Edge {
    hashes: Vec<Hash>,
    /// Whether hashes were added since the files were last taken.
    changed: bool,
}

/// A growing log: takes entries, gives the files to write and the root.
///
/// It holds the incomplete tile of each level and the incomplete bundle, nothing more.
#[derive(Clone, Debug, Default)]
pub struct TileWriter {
    frontier: Frontier,
    edges: Vec<Edge>,
    bundle: Vec<u8>,
    full: Vec<TileFile>,
}

impl TileWriter {
    /// The log without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a log of `size` entries from its rightmost tiles. The caller must compare
    /// [`TileWriter::root`] with the root it trusts before it appends anything.
    pub fn resume(reader: &dyn LogReader, size: u64) -> Result<Self, TileError> {
        let mut writer = Self::new();
        let mut peaks = Vec::new();
        for kind in kinds(size) {
            let Some(tile) = Tile::at(kind, kind.count(size) / TILE_WIDTH, size) else {
                if matches!(kind, Kind::Hashes(_)) {
                    writer.edges.push(Edge::default());
                }
                continue;
            };
            let bytes = crate::reader::read_tile(reader, tile).map_err(|what| TileError::File {
                path: tile.path(),
                what,
            })?;
            match kind {
                Kind::Entries => {
                    read_bundle(&bytes, tile.width).map_err(|error| TileError::File {
                        path: tile.path(),
                        what: error.to_string(),
                    })?;
                    writer.bundle = bytes;
                }
                Kind::Hashes(_) => {
                    let hashes = read_hashes(&bytes, tile.width).ok_or_else(|| {
                        let what = format!(
                            "expected {} hashes, found {} bytes",
                            tile.width,
                            bytes.len()
                        );
                        TileError::File {
                            path: tile.path(),
                            what,
                        }
                    })?;
                    writer.edges.push(Edge {
                        hashes,
                        changed: false,
                    });
                }
            }
        }
        for edge in writer.edges.iter().rev() {
            peaks.extend(peaks_of(&edge.hashes));
        }
        writer.frontier = Frontier::from_peaks(size, peaks).unwrap_or_default();
        Ok(writer)
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over all entries.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The compact tree over all entries.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Appends one entry (at most 65,535 bytes).
    pub fn push(&mut self, entry: &[u8]) -> Result<(), TileError> {
        let size = self.frontier.size();
        if size == u64::MAX {
            return Err(TileError::Full { size });
        }
        push_entry(&mut self.bundle, entry)?;
        let leaf = leaf_hash(entry);
        self.frontier.push(leaf);
        self.push_hash(0, size, leaf);
        Ok(())
    }

    /// Adds a hash at a level, and the hash of every tile that this fills at the levels above.
    fn push_hash(&mut self, level: u8, place: u64, hash: Hash) {
        let (mut level, mut place, mut hash) = (level, place, hash);
        loop {
            if self.edges.len() <= usize::from(level) {
                self.edges.push(Edge::default());
            }
            let Some(edge) = self.edges.get_mut(usize::from(level)) else {
                return;
            };
            edge.hashes.push(hash);
            edge.changed = true;
            if (edge.hashes.len() as u64) < TILE_WIDTH {
                return;
            }
            let hashes = std::mem::take(&mut edge.hashes);
            let index = place / TILE_WIDTH;
            if level == 0 {
                let tile = Tile {
                    kind: Kind::Entries,
                    index,
                    width: TILE_WIDTH,
                };
                self.full.push(TileFile {
                    tile,
                    bytes: std::mem::take(&mut self.bundle),
                });
            }
            let tile = Tile {
                kind: Kind::Hashes(level),
                index,
                width: TILE_WIDTH,
            };
            self.full.push(TileFile {
                tile,
                bytes: concat(&hashes),
            });
            (hash, place, level) = (root_of(&hashes), index, level + 1);
        }
    }

    /// The full tiles and bundles completed since the last call. Take them now and then while many
    /// entries are pushed, to hold little memory.
    pub fn take_full(&mut self) -> Vec<TileFile> {
        std::mem::take(&mut self.full)
    }

    /// All files to write before a checkpoint of the present size may be published: the full tiles
    /// not yet taken, and the partial tiles that changed since the last call.
    pub fn take_files(&mut self) -> Vec<TileFile> {
        let size = self.size();
        let mut files = self.take_full();
        for (level, edge) in (0..).zip(&mut self.edges) {
            let changed = std::mem::take(&mut edge.changed);
            let kind = Kind::Hashes(level);
            let Some(tile) =
                Tile::at(kind, kind.count(size) / TILE_WIDTH, size).filter(|_| changed)
            else {
                continue;
            };
            if level == 0 {
                files.push(TileFile {
                    tile: Tile {
                        kind: Kind::Entries,
                        ..tile
                    },
                    bytes: self.bundle.clone(),
                });
            }
            files.push(TileFile {
                tile,
                bytes: concat(&edge.hashes),
            });
        }
        files
    }
}

/// The roots of the complete subtrees over a run of hashes, largest first.
fn peaks_of(hashes: &[Hash]) -> Vec<Hash> {
    let mut rest = hashes;
    let mut peaks = Vec::new();
    while !rest.is_empty() {
        let width = (rest.len() + 1).next_power_of_two() / 2;
        let (subtree, after) = rest.split_at(width);
        peaks.push(root_of(subtree));
        rest = after;
    }
    peaks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::limits::MAX_ENTRY_BYTES;
    use crate::reader::MemoryReader;
    use crate::tiles::growth;

    #[test]
    fn the_writer_gives_the_files_of_growth_and_resumes_from_them() {
        let mut reader = MemoryReader::default();
        let mut writer = TileWriter::new();
        let mut size = 0;
        for step in [1, 2, 250, 3, 1, 255, 256, 1000] {
            let old = size;
            for _ in 0..step {
                writer.push(format!("entry {size}").as_bytes()).unwrap();
                size += 1;
            }
            let files = writer.take_files();
            let mut tiles: Vec<Tile> = files.iter().map(|file| file.tile).collect();
            tiles.sort();
            let mut expected: Vec<Tile> = growth(old, size).collect();
            expected.sort();
            assert_eq!(tiles, expected, "{old} to {size}");
            for file in files {
                reader.insert(&file.tile.path(), file.bytes);
            }
            let resumed = TileWriter::resume(&reader, size).unwrap();
            assert_eq!(
                (resumed.size(), resumed.root()),
                (writer.size(), writer.root())
            );
            writer = resumed;
        }
    }

    #[test]
    fn an_entry_fits_or_is_refused() {
        let mut writer = TileWriter::new();
        writer.push(&vec![7; MAX_ENTRY_BYTES]).unwrap();
        let refused = writer.push(&vec![7; MAX_ENTRY_BYTES + 1]);
        assert_eq!(refused, Err(TileError::EntryTooLong { found: 65_536 }));
        assert_eq!(writer.size(), 1);
    }
}
