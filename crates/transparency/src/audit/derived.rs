//! The hashes that the entries give: what every file of the log is compared with.
//!
//! Leaves come from bundles or from leaf tiles, whichever lead to the signed root; nothing above the
//! leaves is ever taken from a file.

use crate::frontier::Frontier;
use crate::hash::{Hash, leaf_hash, root_of};
use crate::limits::TILE_WIDTH;
use crate::reader::{LogReader, read_tile};
use crate::tiles::{Kind, Tile, read_bundle, read_hashes};

/// One way of computing the tree: its leaves, as the hashes of whole tiles and an open end.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) frontier: Frontier,
    /// Hashes of the full level-0 tiles, which are the items of level 1.
    level_one: Vec<Hash>,
    /// Leaf hashes of the last, partial tile.
    open: Vec<Hash>,
}

impl Chain {
    /// Adds the leaf hashes of the next tile.
    pub(super) fn push_tile(&mut self, leaves: &[Hash]) {
        for leaf in leaves {
            self.frontier.push(*leaf);
        }
        if leaves.len() as u64 == TILE_WIDTH {
            self.level_one.push(root_of(leaves));
        } else {
            self.open = leaves.to_vec();
        }
    }
}

/// Which chain leads to the signed root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    Bundles,
    Tiles,
}

/// All hashes that the entries give, checkpointed and pending.
pub(super) struct Derived {
    source: Leaves,
    /// Leaf hashes after the last full tile of the checkpoint, pending ones included.
    open: Vec<Hash>,
    /// Number of leaves before `open`.
    closed: u64,
    /// The items of level 1, 2 and so on.
    levels: Vec<Vec<Hash>>,
}

impl Derived {
    /// What the chain of `source` gives, with `pending` entries after it.
    pub(super) fn new(chain: Chain, source: Leaves, pending: &[Vec<u8>]) -> Self {
        let closed = chain.level_one.len() as u64 * TILE_WIDTH;
        let mut open = chain.open;
        open.extend(pending.iter().map(|entry| leaf_hash(entry)));
        let width = usize::try_from(TILE_WIDTH).unwrap_or(usize::MAX);
        let mut items = chain.level_one;
        items.extend(open.chunks_exact(width).map(root_of));
        let mut levels = Vec::new();
        while !items.is_empty() {
            let next = items.chunks_exact(width).map(root_of).collect();
            levels.push(std::mem::replace(&mut items, next));
        }
        Self {
            source,
            open,
            closed,
            levels,
        }
    }

    /// The hashes of a tile, or the leaf hashes of a bundle. `None` when they cannot be had.
    pub(super) fn hashes(&self, reader: &dyn LogReader, tile: Tile) -> Option<Vec<Hash>> {
        let first = tile.index * TILE_WIDTH;
        let run = |items: &[Hash], first: u64| {
            let first = usize::try_from(first).ok()?;
            Some(
                items
                    .get(first..)?
                    .get(..usize::try_from(tile.width).ok()?)?
                    .to_vec(),
            )
        };
        match tile.kind {
            Kind::Hashes(level @ 1..) => run(self.levels.get(usize::from(level) - 1)?, first),
            _ if first >= self.closed => run(&self.open, first - self.closed),
            _ => {
                let entries = || leaves_of_bundle(reader, tile);
                let stored = || leaves_of_tile(reader, tile);
                let leaves = match self.source {
                    Leaves::Bundles => entries().or_else(stored)?,
                    Leaves::Tiles => stored().or_else(entries)?,
                };
                run(&leaves, 0)
            }
        }
    }
}

fn leaves_of_bundle(reader: &dyn LogReader, tile: Tile) -> Option<Vec<Hash>> {
    let bytes = read_tile(
        reader,
        Tile {
            kind: Kind::Entries,
            ..tile.full()
        },
    )
    .ok()?;
    let entries = read_bundle(&bytes, TILE_WIDTH).ok()?;
    Some(
        entries
            .into_iter()
            .map(|(_, entry)| leaf_hash(entry))
            .collect(),
    )
}

fn leaves_of_tile(reader: &dyn LogReader, tile: Tile) -> Option<Vec<Hash>> {
    let bytes = read_tile(
        reader,
        Tile {
            kind: Kind::Hashes(0),
            ..tile.full()
        },
    )
    .ok()?;
    read_hashes(&bytes, TILE_WIDTH)
}
