//! From durable events to a signed checkpoint.
//!
//! Tiles first, each whole and synced; then the checkpoint by one rename. A checkpoint is only signed
//! for a root that was computed from the last published one and the events after it, and that equals
//! the root which the database committed with those events: a restored copy of either never leads to
//! a second history.

use transparency::tiles::superseded;
use transparency::{Checkpoint, LogReader as _, Signer, TileWriter, VerifierKey};

use crate::database::Database;
use crate::disk::{DirReader, Disk};
use crate::error::StoreError;
use crate::layout::LEDGER;
use crate::limits::RECOVERY_STRIDE;

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
        let (count, contiguous, durable) = database.count()?;
        if count != durable.size() || !contiguous {
            let what = format!(
                "expected {} events numbered from 0, found {count} rows",
                durable.size()
            );
            return Err(StoreError::Damaged {
                path: crate::layout::DATABASE.to_owned(),
                what,
            });
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
            return Err(fork(
                "the published events are not the first of the database",
                &found,
            ));
        }
        if published != Some(durable.size()) {
            publisher.publish(disk)?;
        }
        Ok(publisher)
    }

    /// Number of events in the tree.
    pub(crate) fn size(&self) -> u64 {
        self.tiles.size()
    }

    /// The log's public key.
    pub(crate) fn key(&self) -> &VerifierKey {
        self.signer.verifier()
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

    /// Takes the tree whose events are now durable, and publishes it.
    pub(crate) fn advance(&mut self, disk: &mut Disk, tiles: TileWriter) -> Result<(), StoreError> {
        self.tiles = tiles;
        self.publish(disk)
    }

    fn write_full_tiles(&mut self, disk: &mut Disk) -> Result<(), StoreError> {
        for file in self.tiles.take_full() {
            disk.write(&format!("{LEDGER}/{}", file.tile), &file.bytes, false)?;
        }
        Ok(())
    }

    /// Writes the tiles, then the checkpoint, then removes partial tiles that are no longer needed.
    fn publish(&mut self, disk: &mut Disk) -> Result<(), StoreError> {
        for file in self.tiles.take_files() {
            disk.write(&format!("{LEDGER}/{}", file.tile), &file.bytes, false)?;
        }
        disk.sync_folders()?;
        let size = self.tiles.size();
        let head = Checkpoint::new(self.key().name(), size, self.tiles.root());
        let note = head
            .sign(&self.signer)
            .map_err(|error| damaged("checkpoint", error))?;
        disk.write(
            &format!("{LEDGER}/checkpoint"),
            note.to_string().as_bytes(),
            false,
        )?;
        disk.sync_folders()?;
        let before = self.published.replace(size).unwrap_or(0);
        // The specification lets a log delete partial tiles once the full tile can be had.
        for tile in superseded(before, size) {
            disk.remove_folder(&format!("{LEDGER}/{}", tile.partial_folder()))?;
        }
        Ok(())
    }
}
