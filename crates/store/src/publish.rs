//! From durable events to a published checkpoint.
//!
//! A checkpoint is signed once, for the tree of a batch that is about to be committed, and stored in
//! the same transaction. Publication copies it: tiles first, each whole and synced; then the
//! checkpoint by one rename. Recovery must never sign: it vouches for nothing that was not vouched
//! for before the commit, and refuses a restored copy of either side, which would be a second history.

use transparency::tiles::superseded;
use transparency::{
    Checkpoint, Frontier, LogReader as _, Signer, TileWriter, VerifierKey, leaf_hash,
};

use crate::database::Database;
use crate::disk::{DirReader, Disk};
use crate::error::StoreError;
use crate::layout::{DATABASE, LEDGER};
use crate::limits::RECOVERY_STRIDE;

/// What is committed of the events as a whole.
#[derive(Default)]
pub(crate) struct Committed {
    /// Number of rows in `events`.
    pub(crate) count: u64,
    /// Whether they are numbered 0, 1, 2 and so on.
    pub(crate) contiguous: bool,
    /// The tree committed with the last of them. Anybody who can write the file can compute it.
    pub(crate) tree: Frontier,
    /// The checkpoint committed with the last of them, empty when there is none. Its signature has
    /// not been checked.
    pub(crate) checkpoint: Vec<u8>,
}

impl Committed {
    /// Why the stored checkpoint does not vouch for the tree, `None` when it does: what was expected
    /// and found.
    pub(crate) fn unvouched(&self, key: &VerifierKey) -> Option<(String, String)> {
        let sides = |size: u64, root| format!("{size} events, root {root}");
        let expected = sides(self.tree.size(), self.tree.root());
        match Checkpoint::open(&self.checkpoint, key, &[]) {
            Ok((head, _)) if (head.size, head.root) == (self.tree.size(), self.tree.root()) => None,
            Ok((head, _)) => Some((expected, sides(head.size, head.root))),
            Err(error) => Some((expected, error.to_string())),
        }
    }
}

/// The writing end of the log.
#[derive(Debug)]
pub(crate) struct Publisher {
    signer: Signer,
    tiles: TileWriter,
    /// The size of the published checkpoint; `None` before the first.
    published: Option<u64>,
}

fn damaged(path: &str, what: impl ToString) -> StoreError {
    StoreError::Damaged {
        path: format!("{LEDGER}/{path}"),
        what: what.to_string(),
    }
}

fn bad_rows(what: impl ToString) -> StoreError {
    StoreError::Damaged {
        path: DATABASE.to_owned(),
        what: what.to_string(),
    }
}

/// The signed checkpoint of a tree, as it is stored and served.
pub(crate) fn signed(signer: &Signer, tree: &Frontier) -> Result<String, StoreError> {
    let head = Checkpoint::new(signer.verifier().name(), tree.size(), tree.root());
    let note = head
        .sign(signer)
        .map_err(|error| damaged("checkpoint", error))?;
    Ok(note.to_string())
}

/// The tree over all rows, and that over the first `size` of them, computed from nothing but the rows.
fn replay(database: &Database, size: u64) -> Result<(Frontier, Frontier), StoreError> {
    let (mut tree, mut first) = (Frontier::new(), Frontier::new());
    database.events(0, |seq, bytes| {
        tree.push(leaf_hash(bytes));
        if seq.checked_add(1) == Some(size) {
            first = tree.clone();
        }
        Ok::<(), StoreError>(())
    })?;
    Ok((tree, first))
}

/// Reads the published checkpoint, which must be signed by `key`. `None` when there is none.
pub(crate) fn read_checkpoint(
    disk: &Disk,
    key: &VerifierKey,
) -> Result<Option<Checkpoint>, StoreError> {
    let reader = DirReader::new(&disk.root().join(LEDGER));
    let bytes = reader
        .read("checkpoint")
        .map_err(|error| damaged("checkpoint", error))?;
    let opened = bytes
        .map(|bytes| Checkpoint::open(&bytes, key, &[]))
        .transpose();
    Ok(opened
        .map_err(|error| damaged("checkpoint", error))?
        .map(|(checkpoint, _)| checkpoint))
}

impl Publisher {
    /// Takes up the log where its checkpoint left it, and publishes what the database has beyond.
    pub(crate) fn recover(
        disk: &mut Disk,
        database: &Database,
        signer: Signer,
    ) -> Result<Self, StoreError> {
        let committed = database.count()?;
        let durable = &committed.tree;
        if committed.count != durable.size() || !committed.contiguous {
            return Err(bad_rows(format!(
                "expected {} events numbered from 0, found {} rows",
                durable.size(),
                committed.count
            )));
        }
        let head = read_checkpoint(disk, signer.verifier())?;
        let size = head.as_ref().map_or(0, |head| head.size);
        let fork = |what, found: &str| StoreError::Fork {
            what,
            checkpoint: found.to_owned(),
            database: format!("{} events, root {}", durable.size(), durable.root()),
        };
        let found = head.as_ref().map_or("nothing".to_owned(), |head| {
            format!("{} events, root {}", head.size, head.root)
        });
        if head.is_none() && database.published()?.is_some() {
            return Err(fork("a checkpoint was published and is gone", &found));
        }
        if size > durable.size() {
            return Err(fork(
                "the checkpoint covers more events than there are",
                &found,
            ));
        }
        if let Some(head) = &head
            && head.size == durable.size()
            && head.root != durable.root()
        {
            return Err(fork(
                "checkpoint and events have different roots at the same size",
                &found,
            ));
        }
        let (tree, first) = replay(database, size)?;
        if tree != *durable {
            return Err(bad_rows(
                "expected events that lead to the tree committed with them, found others",
            ));
        }
        if let Some((expected, found)) = committed.unvouched(signer.verifier()) {
            return Err(bad_rows(format!(
                "expected a checkpoint in the table meta that the log's key signed for {expected}, \
                 found {found}"
            )));
        }
        if head.as_ref().is_some_and(|head| head.root != first.root()) {
            return Err(fork(
                "the published events are not the first of the database",
                &found,
            ));
        }
        let reader = DirReader::new(&disk.root().join(LEDGER));
        let tiles = TileWriter::resume(&reader, size).map_err(|error| damaged("tile", error))?;
        let published = head.as_ref().map(|head| head.size);
        if head.is_some_and(|head| head.root != tiles.root()) {
            return Err(damaged(
                "tile",
                "expected tiles that lead to the root of the checkpoint, found others",
            ));
        }
        let mut publisher = Self {
            signer,
            tiles,
            published,
        };
        database.events(size, |seq, bytes| {
            publisher
                .tiles
                .push(bytes)
                .map_err(|error| damaged("tile/entries", error))?;
            if seq % RECOVERY_STRIDE == 0 {
                publisher.write_full_tiles(disk)?;
            }
            Ok::<(), StoreError>(())
        })?;
        if publisher.tiles.root() != durable.root() {
            return Err(bad_rows(
                "expected the events to stay while they were read, found others",
            ));
        }
        if published != Some(durable.size()) {
            publisher.publish(disk, &committed.checkpoint)?;
        }
        Ok(publisher)
    }

    /// Number of events in the tree.
    pub(crate) fn size(&self) -> u64 {
        self.tiles.size()
    }

    /// The tree after a batch, to be committed with it; nothing changes yet.
    pub(crate) fn after<'a>(
        &self,
        entries: impl Iterator<Item = &'a [u8]>,
    ) -> Result<TileWriter, StoreError> {
        let mut tiles = self.tiles.clone();
        for entry in entries {
            tiles
                .push(entry)
                .map_err(|error| damaged("tile/entries", error))?;
        }
        Ok(tiles)
    }

    /// The signed checkpoint of a tree, to be committed with it.
    pub(crate) fn sign(&self, tree: &Frontier) -> Result<String, StoreError> {
        signed(&self.signer, tree)
    }

    /// Signs a statement that is no checkpoint.
    pub(crate) fn state(&self, kind: &str, json: &str) -> Result<String, StoreError> {
        transparency::statement::sign(&self.signer, kind, json)
            .map_err(|error| damaged("vkey", error))
    }

    /// Takes the tree whose events are now durable with their checkpoint, and publishes both.
    pub(crate) fn advance(
        &mut self,
        disk: &mut Disk,
        tiles: TileWriter,
        checkpoint: &str,
    ) -> Result<(), StoreError> {
        self.tiles = tiles;
        self.publish(disk, checkpoint.as_bytes())
    }

    fn write_full_tiles(&mut self, disk: &mut Disk) -> Result<(), StoreError> {
        for file in self.tiles.take_full() {
            disk.write(&format!("{LEDGER}/{}", file.tile), &file.bytes, false)?;
        }
        Ok(())
    }

    /// Writes the tiles, then the checkpoint, then removes partial tiles that are no longer needed.
    fn publish(&mut self, disk: &mut Disk, checkpoint: &[u8]) -> Result<(), StoreError> {
        for file in self.tiles.take_files() {
            disk.write(&format!("{LEDGER}/{}", file.tile), &file.bytes, false)?;
        }
        disk.sync_folders()?;
        let size = self.tiles.size();
        disk.write(&format!("{LEDGER}/checkpoint"), checkpoint, false)?;
        disk.sync_folders()?;
        let before = self.published.replace(size).unwrap_or(0);
        // The specification lets a log delete partial tiles once the full tile can be had.
        for tile in superseded(before, size) {
            disk.remove_folder(&format!("{LEDGER}/{}", tile.partial_folder()))?;
        }
        Ok(())
    }
}
