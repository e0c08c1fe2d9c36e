//! Checking a whole log: every byte of every file, from the entries up to the signed root.
//!
//! Nothing in the log is believed: leaf hashes come from the entries, all other hashes from them,
//! and every file must equal what they give. Two chains run side by side, one from the bundles and
//! one from the stored leaf hashes; the one that leads to the signed root tells which file of a pair
//! is damaged. An audit must never stop at the first finding, and never say a damaged log is sound.

mod derived;
mod head;
mod report;

use std::collections::BTreeSet;

use crate::checkpoint::Checkpoint;
use crate::hash::{Hash, leaf_hash};
use crate::limits::{HASH_BYTES, MAX_FINDINGS, TILE_WIDTH};
use crate::reader::{LogReader, read_tile};
use crate::tiles::{Kind, Tile, concat, read_bundle, read_hashes, tiles_at};

use derived::{Chain, Derived, Leaves};
use head::{find_key, read_head};
pub use report::{Finding, Report};

/// Path of the published checkpoint (C2SP tlog-tiles).
pub const CHECKPOINT: &str = "checkpoint";

/// Path of the log's public key: this project's own file beside the specified ones.
pub const VKEY: &str = "vkey";

/// What is called with each entry, in order: index and bytes. An error becomes a finding at that
/// entry and ends the calls. The entries are proven only when the report turns out sound.
pub type Visit<'a> = dyn FnMut(u64, &[u8]) -> Result<(), String> + 'a;

/// Checks a log against its own `vkey` file, or against `trusted` (a verifier key's text) when given.
pub fn verify_log(reader: &dyn LogReader, trusted: Option<&str>, visit: &mut Visit<'_>) -> Report {
    verify_log_with_pending(reader, trusted, &[], visit)
}

/// Like [`verify_log`], for a keeper that holds `pending` entries which are durable but not yet
/// under the checkpoint: files that were already written for them are then expected.
pub fn verify_log_with_pending(
    reader: &dyn LogReader,
    trusted: Option<&str>,
    pending: &[Vec<u8>],
    visit: &mut Visit<'_>,
) -> Report {
    let mut report = Report::default();
    let key = find_key(reader, trusted, &mut report);
    let Some(head) = read_head(reader, key.as_ref(), &mut report) else {
        return report;
    };
    let mut audit = Audit {
        reader,
        head: &head,
        report,
        bundles: Chain::default(),
        tiles: Chain::default(),
        torn: vec![],
    };
    let whole = audit.read_entries(visit);
    let report = if whole {
        let leaves = audit.judge();
        audit.compare_levels(leaves, pending);
        audit.report
    } else {
        audit.report
    };
    Report {
        checkpoint: Some(head),
        ..report
    }
}

/// A place where bundle and leaf tile disagree.
struct Torn {
    bundle: Tile,
    leaf_tile: Tile,
    /// Offset of the entry in the bundle, of the hash in the tile.
    at: (u64, u64),
    derived: Hash,
    stored: Hash,
}

struct Audit<'a> {
    reader: &'a dyn LogReader,
    head: &'a Checkpoint,
    report: Report,
    bundles: Chain,
    tiles: Chain,
    torn: Vec<Torn>,
}

impl Audit<'_> {
    /// Reads all bundles and leaf tiles. False when a place has neither, so that no root can be had.
    fn read_entries(&mut self, visit: &mut Visit<'_>) -> bool {
        let mut visiting = true;
        for bundle in tiles_at(self.head.size).take_while(|tile| tile.kind == Kind::Entries) {
            let leaf_tile = Tile {
                kind: Kind::Hashes(0),
                ..bundle
            };
            let derived = self.read_bundle(bundle, &mut visiting, visit);
            let stored = self.read_leaf_tile(leaf_tile);
            match (derived, stored) {
                (None, None) => return false,
                (Some((_, only)), None) | (None, Some(only)) => {
                    self.bundles.push_tile(&only);
                    self.tiles.push_tile(&only);
                }
                (Some((offsets, derived)), Some(stored)) => {
                    self.note_torn(bundle, leaf_tile, &offsets, &derived, &stored);
                    self.bundles.push_tile(&derived);
                    self.tiles.push_tile(&stored);
                }
            }
        }
        true
    }

    /// Reads one bundle, hands out its entries, and gives their offsets and leaf hashes.
    fn read_bundle(
        &mut self,
        tile: Tile,
        visiting: &mut bool,
        visit: &mut Visit<'_>,
    ) -> Option<(Vec<u64>, Vec<Hash>)> {
        let expected = format!("{} entries, each behind its length", tile.width);
        let bytes = match read_tile(self.reader, tile) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.report.say(
                    &tile.path(),
                    None,
                    "the bundle cannot be read",
                    &expected,
                    &error,
                );
                *visiting = false;
                return None;
            }
        };
        self.report.files += 1;
        let entries = match read_bundle(&bytes, tile.width) {
            Ok(entries) => entries,
            Err(error) => {
                self.report.say(
                    &tile.path(),
                    None,
                    "the bundle is broken",
                    &expected,
                    &error.to_string(),
                );
                *visiting = false;
                return None;
            }
        };
        for ((offset, entry), index) in entries.iter().zip(tile.index * TILE_WIDTH..) {
            if !*visiting {
                break;
            }
            if let Err(error) = visit(index, entry) {
                let what = format!("entry {index} cannot be taken");
                self.report.say(
                    &tile.path(),
                    Some(*offset as u64),
                    &what,
                    "an entry that fits those before it",
                    &error,
                );
                *visiting = false;
            } else {
                self.report.entries += 1;
            }
        }
        Some(
            entries
                .into_iter()
                .map(|(offset, entry)| (offset as u64, leaf_hash(entry)))
                .unzip(),
        )
    }

    fn read_leaf_tile(&mut self, tile: Tile) -> Option<Vec<Hash>> {
        let expected = format!("{} hashes of 32 bytes", tile.width);
        match read_tile(self.reader, tile) {
            Ok(bytes) => {
                self.report.files += 1;
                let hashes = read_hashes(&bytes, tile.width);
                if hashes.is_none() {
                    let found = format!("{} bytes", bytes.len());
                    self.report.say(
                        &tile.path(),
                        None,
                        "the tile has the wrong length",
                        &expected,
                        &found,
                    );
                }
                hashes
            }
            Err(error) => {
                self.report.say(
                    &tile.path(),
                    None,
                    "the tile cannot be read",
                    &expected,
                    &error,
                );
                None
            }
        }
    }

    /// Remembers where a bundle and its leaf tile disagree; who is right is known at the end.
    fn note_torn(
        &mut self,
        bundle: Tile,
        leaf_tile: Tile,
        offsets: &[u64],
        derived: &[Hash],
        stored: &[Hash],
    ) {
        let places = offsets
            .iter()
            .zip((0..).step_by(HASH_BYTES))
            .zip(derived.iter().zip(stored));
        for ((offset, hash_offset), (derived, stored)) in
            places.filter(|(_, (derived, stored))| derived != stored)
        {
            if self.torn.len() < MAX_FINDINGS {
                self.torn.push(Torn {
                    bundle,
                    leaf_tile,
                    at: (*offset, hash_offset),
                    derived: *derived,
                    stored: *stored,
                });
            }
        }
    }

    /// Compares both chains with the signed root and names the damaged files.
    fn judge(&mut self) -> Leaves {
        let bundles_fit = self.bundles.frontier.root() == self.head.root;
        let tiles_fit = self.tiles.frontier.root() == self.head.root;
        let blame_tiles = bundles_fit || !tiles_fit;
        let blame_bundles = !bundles_fit;
        for torn in std::mem::take(&mut self.torn) {
            let (derived, stored) = (torn.derived.to_string(), torn.stored.to_string());
            if blame_bundles {
                let what = "the entry is not the one whose hash the log holds";
                self.report.say(
                    &torn.bundle.path(),
                    Some(torn.at.0),
                    what,
                    &stored,
                    &derived,
                );
            }
            if blame_tiles {
                let what = "the hash is not that of the entry";
                self.report.say(
                    &torn.leaf_tile.path(),
                    Some(torn.at.1),
                    what,
                    &derived,
                    &stored,
                );
            }
        }
        if !bundles_fit && !tiles_fit {
            let (expected, found) = (
                self.bundles.frontier.root().to_string(),
                self.head.root.to_string(),
            );
            self.report.say(
                CHECKPOINT,
                None,
                "the root is not that of the entries",
                &expected,
                &found,
            );
        }
        if tiles_fit && !bundles_fit {
            Leaves::Tiles
        } else {
            Leaves::Bundles
        }
    }

    /// Compares the tiles above the leaves, and every other file there is, with what the leaves give.
    fn compare_levels(&mut self, leaves: Leaves, pending: &[Vec<u8>]) {
        let chain = match leaves {
            Leaves::Bundles => std::mem::take(&mut self.bundles),
            Leaves::Tiles => std::mem::take(&mut self.tiles),
        };
        let derived = Derived::new(chain, leaves, pending);
        let mut checked: BTreeSet<String> =
            BTreeSet::from([CHECKPOINT.to_owned(), VKEY.to_owned()]);
        for tile in tiles_at(self.head.size) {
            checked.insert(tile.path());
            if matches!(tile.kind, Kind::Hashes(1..)) {
                match read_tile(self.reader, tile) {
                    Ok(bytes) => self.compare(tile, &bytes, &derived),
                    Err(error) => self.report.say(
                        &tile.path(),
                        None,
                        "the tile cannot be read",
                        "a tile",
                        &error,
                    ),
                }
            }
        }
        let paths = match self.reader.list() {
            Ok(paths) => paths.unwrap_or_default(),
            Err(error) => {
                return self
                    .report
                    .say("", None, "the files cannot be listed", "a list", &error);
            }
        };
        for path in paths.into_iter().filter(|path| !checked.contains(path)) {
            let size = self.head.size;
            let total = size.saturating_add(pending.len() as u64);
            let room = |tile: &Tile, size| {
                Tile::at(tile.kind, tile.index, size).is_some_and(|at| at.width >= tile.width)
            };
            let Some(tile) = Tile::parse(&path).filter(|tile| room(tile, total)) else {
                let expected = format!("only the files of a log of {size} entries");
                self.report.say(
                    &path,
                    None,
                    "the file does not belong to the log",
                    &expected,
                    "a stray file",
                );
                continue;
            };
            self.report.ahead += u64::from(!room(&tile, size));
            match self.reader.read(&path) {
                Ok(Some(bytes)) => self.compare(tile, &bytes, &derived),
                // Gone since it was listed: a partial tile that its full tile replaced.
                Ok(None) => {}
                Err(error) => {
                    self.report
                        .say(&path, None, "the file cannot be read", "a tile", &error)
                }
            }
        }
    }

    /// Compares one tile or bundle with the derived hashes.
    fn compare(&mut self, tile: Tile, bytes: &[u8], derived: &Derived) {
        let Some(expected) = derived.hashes(self.reader, tile) else {
            let what = "the file cannot be compared, since its entries cannot be read";
            return self
                .report
                .say(&tile.path(), None, what, "readable entries", "none");
        };
        self.report.files += 1;
        if tile.kind == Kind::Entries {
            let found = match read_bundle(bytes, tile.width) {
                Ok(found) => found,
                Err(error) => {
                    let wanted = format!("{} entries", tile.width);
                    return self.report.say(
                        &tile.path(),
                        None,
                        "the bundle is broken",
                        &wanted,
                        &error.to_string(),
                    );
                }
            };
            let pairs = found
                .iter()
                .map(|(offset, entry)| (*offset, leaf_hash(entry)))
                .zip(&expected);
            for ((offset, found), expected) in
                pairs.filter(|((_, found), expected)| found != *expected)
            {
                let what = "the entry is not the one whose hash the log holds";
                self.report.say(
                    &tile.path(),
                    Some(offset as u64),
                    what,
                    &expected.to_string(),
                    &found.to_string(),
                );
            }
            return;
        }
        let wanted = concat(&expected);
        if bytes.len() != wanted.len() {
            let (wanted, found) = (
                format!("{} bytes", wanted.len()),
                format!("{} bytes", bytes.len()),
            );
            return self.report.say(
                &tile.path(),
                None,
                "the tile has the wrong length",
                &wanted,
                &found,
            );
        }
        let (found, _) = bytes.as_chunks::<HASH_BYTES>();
        for ((offset, found), expected) in (0..).step_by(HASH_BYTES).zip(found).zip(&expected) {
            if *found != expected.0 {
                let what = "the hash is not that of the tile below";
                self.report.say(
                    &tile.path(),
                    Some(offset),
                    what,
                    &expected.to_string(),
                    &Hash(*found).to_string(),
                );
            }
        }
    }
}
