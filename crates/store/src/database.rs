//! Reading and writing `state.sqlite`, row by row.
//!
//! Events are only ever inserted. Of private values and participants, and of nothing else, rows may
//! be deleted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use transparency::Frontier;

use crate::copy::PrivateCopy;
use crate::error::{StoreError, Tried as _};
use crate::layout::DATABASE;
use crate::publish::Committed;
use crate::schema;
use crate::store::{Entry, Private, Snapshot};

/// Keys of the table `meta`.
pub(crate) mod meta {
    /// The log's origin, also the name of its key.
    pub(crate) const ORIGIN: &str = "origin";
    /// The log's public key.
    pub(crate) const VKEY: &str = "vkey";
    /// The compact Merkle tree over all events, written with them.
    pub(crate) const FRONTIER: &str = "frontier";
    /// The signed checkpoint over all events, written with them: who holds no key cannot add one.
    pub(crate) const CHECKPOINT: &str = "checkpoint";
    /// A size for which a checkpoint was certainly published; empty before the first append.
    pub(crate) const PUBLISHED: &str = "published";
}

/// The database of an instance.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    /// Keeps the copy that a reader of an interrupted commit works on.
    _copy: Option<PrivateCopy>,
}

fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        path: DATABASE.to_owned(),
        what: what.into(),
    }
}

/// A log position as SQLite's signed integer.
fn row_id(seq: u64) -> Result<i64, StoreError> {
    i64::try_from(seq).map_err(|_| damaged("expected a log position below 2^63"))
}

fn seq_of(row_id: i64) -> Result<u64, StoreError> {
    u64::try_from(row_id).map_err(|_| damaged("expected a log position of 0 or more"))
}

impl Database {
    /// Opens to read and write, rolling back an interrupted commit.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let connection = schema::open(&existing(dir)?)?;
        schema::check(&connection)?;
        if let Some((object, found)) = schema::differences(&connection)?.first() {
            let what = format!("expected the tables of this program only, found {object} {found}");
            return Err(damaged(what));
        }
        Ok(Self {
            connection,
            _copy: None,
        })
    }

    /// Opens to read. After a stop in the middle of a commit SQLite would have to write to the file
    /// to roll it back; then a private copy is rolled back and read instead.
    pub(crate) fn open_read(dir: &Path) -> Result<Self, StoreError> {
        let path = existing(dir)?;
        let connection = schema::open_read(&path)?;
        match schema::check(&connection) {
            Ok(()) => Ok(Self {
                connection,
                _copy: None,
            }),
            Err(StoreError::Database { source, .. }) if wants_rollback(&source) => {
                drop(connection);
                let copy = PrivateCopy::of(&path)?;
                let connection = schema::open(&copy.folder.join(DATABASE))?;
                schema::check(&connection)?;
                Ok(Self {
                    connection,
                    _copy: Some(copy),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the file and its tables, with what never changes and the signed checkpoint of no events.
    /// Fails if it already has tables.
    pub(crate) fn create(
        dir: &Path,
        origin: &str,
        vkey: &str,
        checkpoint: &str,
    ) -> Result<Self, StoreError> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        crate::disk::owner_only(&mut options);
        let made = options.open(dir.join(DATABASE));
        made.map_err(|source| StoreError::File {
            path: DATABASE.to_owned(),
            action: "making the file",
            source,
        })?;
        let mut connection = schema::open(&dir.join(DATABASE))?;
        let transaction = connection.transaction().tried("beginning")?;
        schema::make_tables(&transaction)?;
        for (key, value) in [
            (meta::ORIGIN, origin.as_bytes().to_vec()),
            (meta::VKEY, vkey.as_bytes().to_vec()),
            (meta::FRONTIER, Frontier::new().to_bytes()),
            (meta::CHECKPOINT, checkpoint.as_bytes().to_vec()),
            (meta::PUBLISHED, vec![]),
        ] {
            let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)";
            transaction
                .execute(sql, params![key, value])
                .tried("writing")?;
        }
        transaction.commit().tried("committing")?;
        Ok(Self {
            connection,
            _copy: None,
        })
    }

    /// Whether the folder has a database whose tables were made.
    pub(crate) fn exists(dir: &Path) -> bool {
        let made = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.len() > 0);
        made(&dir.join(DATABASE)) && Self::open_read(dir).is_ok()
    }

    fn meta(&self, key: &'static str) -> Result<Vec<u8>, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        let value = self
            .connection
            .query_row(sql, [key], |row| row.get(0))
            .optional()
            .tried("reading")?;
        value.ok_or_else(|| damaged(format!("expected {key} in the table meta, found none")))
    }

    fn meta_text(&self, key: &'static str) -> Result<String, StoreError> {
        String::from_utf8(self.meta(key)?)
            .map_err(|_| damaged(format!("expected text as {key} in the table meta")))
    }

    pub(crate) fn origin(&self) -> Result<String, StoreError> {
        self.meta_text(meta::ORIGIN)
    }

    pub(crate) fn vkey(&self) -> Result<String, StoreError> {
        self.meta_text(meta::VKEY)
    }

    /// A size for which a checkpoint was certainly published: that before the last append. `None` when
    /// nothing was ever appended, so that a first checkpoint may still be missing.
    pub(crate) fn published(&self) -> Result<Option<u64>, StoreError> {
        let bytes = self.meta(meta::PUBLISHED)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let bytes = bytes
            .try_into()
            .map_err(|_| damaged("expected 8 bytes as published in the table meta"))?;
        Ok(Some(u64::from_be_bytes(bytes)))
    }

    /// What is committed of the events as a whole, all of one moment.
    pub(crate) fn count(&self) -> Result<Committed, StoreError> {
        let sql = "SELECT count(*), coalesce(min(seq), 0), coalesce(max(seq) + 1, 0), \
                   (SELECT value FROM meta WHERE key = ?1), (SELECT value FROM meta WHERE key = ?2) \
                   FROM events";
        let row = |row: &rusqlite::Row<'_>| {
            let tree: Option<Vec<u8>> = row.get(3)?;
            let checkpoint: Option<Vec<u8>> = row.get(4)?;
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                tree,
                checkpoint,
            ))
        };
        let found = self
            .connection
            .query_row(sql, [meta::FRONTIER, meta::CHECKPOINT], row)
            .tried("counting events")?;
        let (count, first, end, tree, checkpoint) = found;
        let tree = tree.and_then(|bytes| Frontier::from_bytes(&bytes));
        let tree =
            tree.ok_or_else(|| damaged("expected a compact tree as frontier in the table meta"))?;
        Ok(Committed {
            count: seq_of(count)?,
            contiguous: first == 0 && end == count,
            tree,
            checkpoint: checkpoint.unwrap_or_default(),
        })
    }

    /// Calls `visit` with each event from `from` on, in order.
    pub(crate) fn events<E: From<StoreError>>(
        &self,
        from: u64,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, bytes FROM events WHERE seq >= ?1 ORDER BY seq")
            .tried("reading")?;
        let mut rows = statement.query([row_id(from)?]).tried("reading events")?;
        while let Some(row) = rows.next().tried("reading events")? {
            let seq = seq_of(row.get(0).tried("reading events")?)?;
            let bytes = row.get_ref(1).tried("reading events")?;
            let bytes = bytes
                .as_blob()
                .map_err(|_| damaged("expected bytes as an event"))?;
            visit(seq, bytes)?;
        }
        Ok(())
    }

    /// One event's bytes.
    pub(crate) fn event(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT bytes FROM events WHERE seq = ?1")
            .tried("reading an event")?;
        statement
            .query_row([row_id(seq)?], |row| row.get(0))
            .optional()
            .tried("reading an event")
    }

    /// Calls `visit` with each private value, ordered by event and name.
    pub(crate) fn every_disclosure(
        &self,
        mut visit: impl FnMut(Private) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT seq, name, disclosure FROM disclosures ORDER BY seq, name";
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .tried("reading disclosures")?;
        let mut rows = statement.query([]).tried("reading disclosures")?;
        while let Some(row) = rows.next().tried("reading disclosures")? {
            visit(private(row)?)?;
        }
        Ok(())
    }

    /// The private values of one event, or of all events under one name.
    pub(crate) fn disclosures(
        &self,
        seq: Option<u64>,
        name: Option<&str>,
    ) -> Result<Vec<Private>, StoreError> {
        let sql = match (seq, name) {
            (Some(_), _) => {
                "SELECT seq, name, disclosure FROM disclosures \
                 WHERE seq = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY name"
            }
            (None, _) => {
                "SELECT seq, name, disclosure FROM disclosures \
                 WHERE ?1 IS NULL AND name = ?2 ORDER BY seq"
            }
        };
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .tried("reading disclosures")?;
        let mut rows = statement
            .query(params![seq.map(row_id).transpose()?, name])
            .tried("reading disclosures")?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().tried("reading disclosures")? {
            found.push(private(row)?);
        }
        Ok(found)
    }

    /// Erases private values of these events: all of them, or those under these names.
    pub(crate) fn erase_disclosures(
        &mut self,
        seqs: &[u64],
        names: &[&str],
    ) -> Result<u64, StoreError> {
        let transaction = self.connection.transaction().tried("beginning")?;
        let mut erased = 0;
        for seq in seqs {
            let seq = row_id(*seq)?;
            if names.is_empty() {
                erased += transaction
                    .execute("DELETE FROM disclosures WHERE seq = ?1", [seq])
                    .tried("erasing")?;
            }
            for name in names {
                let sql = "DELETE FROM disclosures WHERE seq = ?1 AND name = ?2";
                erased += transaction
                    .execute(sql, params![seq, name])
                    .tried("erasing")?;
            }
        }
        transaction.commit().tried("committing the erasure")?;
        Ok(erased as u64)
    }

    /// Every participant's index.
    pub(crate) fn participants(&self) -> Result<HashMap<String, u32>, StoreError> {
        let sql = "SELECT eid, idx FROM participants";
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .tried("reading participants")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .tried("reading participants")?;
        rows.collect::<Result<_, _>>().tried("reading participants")
    }

    /// One participant's index.
    pub(crate) fn participant(&self, eid: &str) -> Result<Option<u32>, StoreError> {
        let sql = "SELECT idx FROM participants WHERE eid = ?1";
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .tried("reading participants")?;
        statement
            .query_row([eid], |row| row.get(0))
            .optional()
            .tried("reading participants")
    }

    /// The snapshot, if one was stored.
    pub(crate) fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        let sql = "SELECT size, digest, json FROM snapshot WHERE id = 1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?));
        let found = self
            .connection
            .query_row(sql, [], row)
            .optional()
            .tried("reading the snapshot")?;
        found
            .map(|(size, digest, json)| {
                Ok(Snapshot {
                    size: seq_of(size)?,
                    digest,
                    json,
                })
            })
            .transpose()
    }

    /// What the file has of tables, indices, views and triggers that is not as this program made it:
    /// each thing, and what is the matter with it.
    pub(crate) fn differences(&self) -> Result<Vec<(String, &'static str)>, StoreError> {
        schema::differences(&self.connection)
    }

    /// SQLite's own check of the file: the problems it names, none when it is sound.
    pub(crate) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .connection
            .prepare("PRAGMA integrity_check(100)")
            .tried("checking")?;
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .tried("checking")?;
        let rows: Vec<String> = rows.collect::<Result<_, _>>().tried("checking")?;
        Ok(rows.into_iter().filter(|row| row != "ok").collect())
    }

    /// Writes a batch without committing: [`rusqlite::Transaction`] rolls back when it is dropped.
    pub(crate) fn insert(
        &mut self,
        batch: &Batch<'_>,
    ) -> Result<rusqlite::Transaction<'_>, StoreError> {
        let transaction = self.connection.transaction().tried("beginning")?;
        {
            let event = "INSERT INTO events (seq, bytes) VALUES (?1, ?2)";
            let mut event = transaction.prepare_cached(event).tried("writing events")?;
            let disclosure = "INSERT INTO disclosures (seq, name, disclosure) VALUES (?1, ?2, ?3)";
            let mut disclosure = transaction
                .prepare_cached(disclosure)
                .tried("writing disclosures")?;
            for (seq, entry) in (batch.first..).zip(batch.entries) {
                let seq = row_id(seq)?;
                event
                    .execute(params![seq, entry.bytes])
                    .tried("writing events")?;
                for (name, text) in &entry.disclosures {
                    disclosure
                        .execute(params![seq, name, text])
                        .tried("writing disclosures")?;
                }
            }
            let participant = "INSERT INTO participants (eid, idx) VALUES (?1, ?2)";
            let mut participant = transaction
                .prepare_cached(participant)
                .tried("writing participants")?;
            for (eid, index) in batch.participants {
                participant
                    .execute(params![eid, index])
                    .tried("writing participants")?;
            }
            if let Some((digest, json)) = batch.snapshot {
                let size = row_id(batch.frontier.size())?;
                let sql = "INSERT OR REPLACE INTO snapshot (id, size, digest, json) VALUES (1, ?1, ?2, ?3)";
                transaction
                    .execute(sql, params![size, digest, json])
                    .tried("writing the snapshot")?;
            }
            let mut set = transaction
                .prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1")
                .tried("writing")?;
            for (key, value) in [
                (meta::FRONTIER, batch.frontier.to_bytes()),
                (meta::CHECKPOINT, batch.checkpoint.as_bytes().to_vec()),
                (meta::PUBLISHED, batch.first.to_be_bytes().to_vec()),
            ] {
                if set.execute(params![key, value]).tried("writing")? != 1 {
                    let what = format!("expected {key} in the table meta, found none");
                    return Err(damaged(what));
                }
            }
        }
        Ok(transaction)
    }
}

/// What one append writes.
pub(crate) struct Batch<'a> {
    /// Position of the first event.
    pub(crate) first: u64,
    pub(crate) entries: &'a [Entry],
    pub(crate) participants: &'a [(String, u32)],
    pub(crate) snapshot: Option<(&'a str, &'a str)>,
    /// The tree over all events, these included.
    pub(crate) frontier: &'a Frontier,
    /// The signed checkpoint over that tree.
    pub(crate) checkpoint: &'a str,
}

fn private(row: &rusqlite::Row<'_>) -> Result<Private, StoreError> {
    let seq = seq_of(row.get(0).tried("reading disclosures")?)?;
    let name = row.get(1).tried("reading disclosures")?;
    let disclosure = row.get(2).tried("reading disclosures")?;
    Ok(Private {
        seq,
        name,
        disclosure,
    })
}

fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let path = dir.join(DATABASE);
    if path.is_file() {
        Ok(path)
    } else {
        Err(StoreError::NoInstance { missing: DATABASE })
    }
}

/// Whether SQLite refuses to read because it would first have to roll back.
fn wants_rollback(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)
    )
}
