//! C2SP tlog-tiles: the names of the files of a log, and their bytes as the log grows.
//!
//! A tile is up to 256 hashes of one level; a bundle is up to 256 entries. This module decides which
//! files exist at which size and what is in them. It must never write a tile that a later, larger
//! tile of the same place would contradict: a partial tile is a prefix of the full one.

use std::fmt;

use crate::hash::Hash;
use crate::limits::{HASH_BYTES, MAX_ENTRY_BYTES, MAX_TILE_LEVEL, TILE_WIDTH};

/// Why a path, tile or bundle was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// An entry is longer than a bundle can hold.
    #[error(
        "expected an entry of at most {MAX_ENTRY_BYTES} bytes, found {found}; store large documents by digest"
    )]
    EntryTooLong {
        /// Bytes of the entry.
        found: usize,
    },
    /// A bundle ends within an entry, or holds more than its entries.
    #[error("at byte {offset}: {what}")]
    Bundle {
        /// Where in the bundle.
        offset: usize,
        /// What was expected and found there.
        what: String,
    },
    /// A file that must exist at this size is missing or has the wrong length.
    #[error("{path}: {what}")]
    File {
        /// Path inside the log.
        path: String,
        /// What was expected and found.
        what: String,
    },
    /// The log has no room for another entry.
    #[error("the log is full at {size} entries")]
    Full {
        /// Entries in the log.
        size: u64,
    },
}

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Log entries, each behind its length.
    Entries,
    /// Merkle tree hashes at this level: each covers `256^level` entries.
    Hashes(u8),
}

impl Kind {
    /// How many items of this kind a log of `size` entries has in all.
    pub fn count(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
        }
    }
}

/// One file of the log: kind, place and width (1 to 256 items).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tile {
    /// What it holds.
    pub kind: Kind,
    /// Which tile of its kind, from 0.
    pub index: u64,
    /// Items in it: 256 when full.
    pub width: u64,
}

impl Tile {
    /// The tile of this place as it is in a log of `size` entries; `None` when it would be empty.
    pub fn at(kind: Kind, index: u64, size: u64) -> Option<Self> {
        let before = index.checked_mul(TILE_WIDTH)?;
        let width = kind.count(size).saturating_sub(before).min(TILE_WIDTH);
        (width > 0).then_some(Self { kind, index, width })
    }

    /// Whether it holds 256 items and will never change.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same place, full.
    pub fn full(&self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..*self
        }
    }

    /// The folder of the partial tiles of this place: `tile/<L>/<N>.p`.
    pub fn partial_folder(&self) -> String {
        format!("{}.p", self.full().path())
    }

    /// The path below the log's prefix: `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads a path in its one canonical spelling; anything else is `None`.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes(
                level
                    .parse()
                    .ok()
                    .filter(|level| *level <= MAX_TILE_LEVEL)?,
            ),
        };
        let (digits, width) = match rest.split_once(".p/") {
            Some((digits, width)) => (
                digits,
                width
                    .parse()
                    .ok()
                    .filter(|width| (1..TILE_WIDTH).contains(width))?,
            ),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0_u64;
        for element in digits.split('/') {
            let element: u64 = element.strip_prefix('x').unwrap_or(element).parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(element)?;
        }
        let tile = Self { kind, index, width };
        // Leading zeros, signs, missing or misplaced "x" all come out as another text.
        (tile.path() == path).then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Entries => f.write_str("tile/entries/")?,
            Kind::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        let mut elements = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            elements.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        elements.reverse();
        f.write_str(&elements.join("/"))?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

/// The kinds of tile a log of `size` entries has: entries, then hashes from level 0 up.
pub(crate) fn kinds(size: u64) -> impl Iterator<Item = Kind> {
    let levels = (0..=7)
        .map(Kind::Hashes)
        .take_while(move |kind| kind.count(size) > 0);
    (size > 0)
        .then_some(Kind::Entries)
        .into_iter()
        .chain(levels)
}

/// Every tile and bundle of a log of `size` entries, as the specification demands them.
pub fn tiles_at(size: u64) -> impl Iterator<Item = Tile> {
    growth(0, size)
}

/// The tiles and bundles that a log of `new_size` entries has and one of `old_size` has not.
pub fn growth(old_size: u64, new_size: u64) -> impl Iterator<Item = Tile> {
    let grown = move |kind: Kind| kind.count(new_size) > kind.count(old_size);
    kinds(new_size)
        .filter(move |kind| grown(*kind))
        .flat_map(move |kind| {
            let first = kind.count(old_size) / TILE_WIDTH;
            let tiles = (first..).map_while(move |index| Tile::at(kind, index, new_size));
            tiles.filter(move |tile| Tile::at(kind, tile.index, old_size) != Some(*tile))
        })
}

/// The places whose partial tiles a log may delete once it has grown from `old_size` to `new_size`
/// and the full tile can be read (tlog-tiles, "Partial Tiles").
pub fn superseded(old_size: u64, new_size: u64) -> impl Iterator<Item = Tile> {
    kinds(old_size).filter_map(move |kind| {
        let edge = Tile::at(kind, kind.count(old_size) / TILE_WIDTH, old_size)?;
        Tile::at(kind, edge.index, new_size).filter(Tile::is_full)
    })
}

/// Appends one entry to a bundle: big-endian length of two bytes, then the entry.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TileError> {
    let length =
        u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong { found: entry.len() })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Takes a bundle of exactly `width` entries apart: byte offset of each entry's length, and its bytes.
pub fn read_bundle(bundle: &[u8], width: u64) -> Result<Vec<(usize, &[u8])>, TileError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    for number in 1..=width {
        let offset = bundle.len() - rest.len();
        let cut = |what: String| TileError::Bundle { offset, what };
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(|| {
            cut(format!(
                "expected the length of entry {number} of {width}, found the end of the bundle"
            ))
        })?;
        let length = usize::from(u16::from_be_bytes(*length));
        let entry = after.split_at_checked(length);
        let (entry, after) = entry.ok_or_else(|| {
            cut(format!(
                "expected {length} bytes of entry {number} of {width}, found {}",
                after.len()
            ))
        })?;
        entries.push((offset, entry));
        rest = after;
    }
    if rest.is_empty() {
        return Ok(entries);
    }
    let what = format!(
        "expected the end of the bundle after {width} entries, found {} more bytes",
        rest.len()
    );
    Err(TileError::Bundle {
        offset: bundle.len() - rest.len(),
        what,
    })
}

/// Takes a tile of exactly `width` hashes apart; any other length is `None`.
pub fn read_hashes(bytes: &[u8], width: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    (rest.is_empty() && hashes.len() as u64 == width)
        .then(|| hashes.iter().copied().map(Hash).collect())
}

/// The bytes of a tile.
pub(crate) fn concat(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_of_the_specification() {
        // C2SP tlog-tiles, "Merkle Tree": "index 1234067 will be encoded as x001/x234/067".
        let tile = Tile {
            kind: Kind::Hashes(0),
            index: 1_234_067,
            width: 256,
        };
        assert_eq!(tile.path(), "tile/0/x001/x234/067");
        let entries = Tile {
            kind: Kind::Entries,
            index: 1000,
            width: 255,
        };
        assert_eq!(entries.path(), "tile/entries/x001/000.p/255");
        for tile in [
            tile,
            entries,
            Tile {
                kind: Kind::Hashes(63),
                index: 999,
                width: 1,
            },
        ] {
            assert_eq!(Tile::parse(&tile.path()), Some(tile));
        }
    }

    #[test]
    fn no_second_spelling_of_a_path() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/000",
            "tile/0/x00/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/000.p",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/1/",
            "/tile/0/000",
            "tile//0/000",
            "tile/entries/00a",
            "tile/entry/000",
            "tile/0/000.tmp",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    #[test]
    fn tiles_of_the_sizes_in_the_specification() {
        // C2SP tlog-tiles, "Partial Tiles": the tree of size 70,000, and that of size 256.
        let count = |size: u64, kind: Kind, full: bool| {
            tiles_at(size)
                .filter(|tile| tile.kind == kind && tile.is_full() == full)
                .count()
        };
        let width = |size: u64, kind: Kind| {
            let partial = |tile: &Tile| tile.kind == kind && !tile.is_full();
            tiles_at(size).find(partial).map(|tile| tile.width)
        };
        assert_eq!(count(70_000, Kind::Hashes(0), true), 273);
        assert_eq!(width(70_000, Kind::Hashes(0)), Some(112));
        assert_eq!(count(70_000, Kind::Hashes(1), true), 1);
        assert_eq!(width(70_000, Kind::Hashes(1)), Some(17));
        assert_eq!(count(70_000, Kind::Hashes(2), true), 0);
        assert_eq!(width(70_000, Kind::Hashes(2)), Some(1));
        assert_eq!(
            count(70_000, Kind::Hashes(3), true) + count(70_000, Kind::Hashes(3), false),
            0
        );
        assert_eq!(count(256, Kind::Hashes(0), true), 1);
        assert_eq!(width(256, Kind::Hashes(0)), None);
        assert_eq!(width(256, Kind::Hashes(1)), Some(1));
        assert_eq!(tiles_at(0).count(), 0);
    }

    #[test]
    fn growth_is_what_the_larger_log_has_and_the_smaller_has_not() {
        for old in [0, 1, 5, 255, 256, 257, 511, 512, 600] {
            for new in [old, old + 1, old + 255, old + 256, old + 700] {
                let before: Vec<Tile> = tiles_at(old).collect();
                let expected: Vec<Tile> = tiles_at(new)
                    .filter(|tile| !before.contains(tile))
                    .collect();
                assert_eq!(
                    growth(old, new).collect::<Vec<_>>(),
                    expected,
                    "{old} to {new}"
                );
            }
        }
    }

    #[test]
    fn superseded_places_are_those_that_filled_up() {
        let places = |old, new| {
            superseded(old, new)
                .map(|tile| tile.partial_folder())
                .collect::<Vec<_>>()
        };
        assert_eq!(places(5, 9), Vec::<String>::new());
        assert_eq!(places(255, 256), ["tile/entries/000.p", "tile/0/000.p"]);
        assert_eq!(places(256, 512), Vec::<String>::new());
        assert_eq!(
            places(65_535, 65_536),
            ["tile/entries/255.p", "tile/0/255.p", "tile/1/000.p"]
        );
    }

    #[test]
    fn a_bundle_is_read_to_its_last_byte_or_refused() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, b"").unwrap();
        push_entry(&mut bundle, b"abc").unwrap();
        assert_eq!(bundle, [0, 0, 0, 3, b'a', b'b', b'c']);
        assert_eq!(
            read_bundle(&bundle, 2).unwrap(),
            [(0, &b""[..]), (2, &b"abc"[..])]
        );
        assert!(read_bundle(&bundle, 1).is_err(), "trailing bytes");
        assert!(read_bundle(&bundle, 3).is_err(), "missing entry");
        assert!(
            read_bundle(bundle.get(..6).unwrap(), 2).is_err(),
            "cut entry"
        );
        assert!(
            read_bundle(bundle.get(..3).unwrap(), 2).is_err(),
            "cut length"
        );
    }
}
