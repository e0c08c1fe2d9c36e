//! The store itself: create, open, append, read, erase.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use transparency::{Disclosure, Frontier, Signer, VerifierKey};

use crate::database::{Batch, Database};
use crate::disk::{Disk, read_text};
use crate::error::{StoreError, Tried as _};
use crate::layout;
use crate::limits;
use crate::lock::Lock;
use crate::publish::{Publisher, read_checkpoint, signed};
use crate::verify::digest_is_in;

/// One event to append.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The event's canonical bytes: the log entry, at most 65,535.
    pub bytes: Vec<u8>,
    /// The private values whose digests stand in the event: name, and the disclosure's encoded text
    /// (RFC 9901). The name must be that inside of the disclosure.
    pub disclosures: Vec<(String, String)>,
}

/// Shows sizes only: an entry may hold private values.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Entry({} bytes, {} disclosures)",
            self.bytes.len(),
            self.disclosures.len()
        )
    }
}

/// One stored private value.
#[derive(Clone, PartialEq, Eq)]
pub struct Private {
    /// Position of its event in the log.
    pub seq: u64,
    /// Name of the field.
    pub name: String,
    /// The disclosure's encoded text.
    pub disclosure: String,
}

/// Shows place and name only.
impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Private({}, {})", self.seq, self.name)
    }
}

/// The folded state at some size, to spare a replay. It can always be made again from the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Number of events it was folded from.
    pub size: u64,
    /// Digest of the state, as its maker computes it.
    pub digest: String,
    /// The state.
    pub json: String,
}

/// What a store that may write holds.
#[derive(Debug)]
struct Writing {
    disk: Disk,
    publisher: Publisher,
    /// An append failed after its events were durable, or it is unknown whether they are.
    unfinished: bool,
    _lock: Lock,
}

/// The events of an instance. Holds the instance's lock unless it was opened to read.
#[derive(Debug)]
pub struct Store {
    database: Database,
    size: u64,
    writing: Option<Writing>,
    disk: Disk,
}

impl Store {
    /// Makes an empty log in `dir`, which may hold other files. `origin`: the log's name, a URL without
    /// scheme by custom, without spaces or plus signs. `seed`: 32 random bytes, the log's private key.
    ///
    /// # Errors
    /// [`StoreError::InstanceExists`] when there is a database or a checkpoint already.
    pub fn create(dir: &Path, origin: &str, seed: &[u8; 32]) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::File {
            path: String::new(),
            action: "making the folder",
            source,
        })?;
        let lock = Lock::take(dir, limits::LOCK_WAIT)?;
        let checkpoint = dir.join(layout::LEDGER).join("checkpoint");
        for (found, there) in [
            (layout::DATABASE, Database::exists(dir)),
            ("ledger/checkpoint", checkpoint.exists()),
        ] {
            if there {
                return Err(StoreError::InstanceExists { found });
            }
        }
        let signer = signer(origin, seed)?;
        let vkey = signer.verifier().to_string();
        let mut disk = Disk::new(dir);
        let mut hex = String::new();
        for byte in seed {
            let _ = write!(hex, "{byte:02x}");
        }
        hex.push('\n');
        disk.write(layout::LEDGER_KEY, hex.as_bytes(), true)?;
        disk.write(
            &format!("{}/vkey", layout::LEDGER),
            format!("{vkey}\n").as_bytes(),
            false,
        )?;
        disk.sync_folders()?;
        let checkpoint = signed(&signer, &Frontier::new())?;
        let database = Database::create(dir, origin, &vkey, &checkpoint)?;
        Self::start(disk, database, signer, lock)
    }

    /// Opens to read and write: waits up to 30 seconds for the lock, and completes what a stop
    /// interrupted.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process has the lock; [`StoreError::Fork`] when database and
    /// checkpoint contradict each other, [`StoreError::Damaged`] when no checkpoint that the log's key
    /// signed covers the rows, or the database has tables, triggers, views or indices of others. In
    /// these cases nothing was changed or signed.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_within(dir, limits::LOCK_WAIT)
    }

    /// Like [`Store::open`], waiting at most `wait` for the lock.
    pub fn open_within(dir: &Path, wait: Duration) -> Result<Self, StoreError> {
        Self::open_on(Disk::new(dir), wait)
    }

    /// Lets a test stop the store after so many steps on the disk.
    #[cfg(test)]
    pub(crate) fn stop_after(&mut self, steps: u64) {
        if let Some(writing) = &mut self.writing {
            writing.disk.steps_left = Some(steps);
        }
    }

    pub(crate) fn open_on(mut disk: Disk, wait: Duration) -> Result<Self, StoreError> {
        if !disk.root().join(layout::DATABASE).is_file() {
            return Err(StoreError::NoInstance {
                missing: layout::DATABASE,
            });
        }
        let lock = Lock::take(disk.root(), wait)?;
        let database = Database::open(disk.root())?;
        let signer = signer(&database.origin()?, &read_seed(disk.root())?)?;
        let vkey = signer.verifier().to_string();
        if database.vkey()? != vkey {
            let what =
                "expected the key whose public half is in the database, found another".to_owned();
            return Err(StoreError::Damaged {
                path: layout::LEDGER_KEY.to_owned(),
                what,
            });
        }
        if read_text(disk.root(), "ledger/vkey")? != format!("{vkey}\n") {
            let what = "expected the public half of the signing key, found another text".to_owned();
            return Err(StoreError::Damaged {
                path: "ledger/vkey".to_owned(),
                what,
            });
        }
        disk.remove_unfinished()?;
        Self::start(disk, database, signer, lock)
    }

    fn start(
        mut disk: Disk,
        database: Database,
        signer: Signer,
        lock: Lock,
    ) -> Result<Self, StoreError> {
        let publisher = Publisher::recover(&mut disk, &database, signer)?;
        let size = publisher.size();
        let plain = Disk::new(disk.root());
        let writing = Writing {
            disk,
            publisher,
            unfinished: false,
            _lock: lock,
        };
        Ok(Self {
            database,
            size,
            writing: Some(writing),
            disk: plain,
        })
    }

    /// Opens to read, without the lock and without writing a byte. Shows the database as it is, also
    /// after a stop in the middle of a commit.
    pub fn open_read(dir: &Path) -> Result<Self, StoreError> {
        let database = Database::open_read(dir)?;
        let size = database.count()?.count;
        Ok(Self {
            database,
            size,
            writing: None,
            disk: Disk::new(dir),
        })
    }

    /// Number of durable events. For a store opened to read: when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Number of durable events at this moment, whoever wrote them.
    pub fn count_now(&self) -> Result<u64, StoreError> {
        Ok(self.database.count()?.count)
    }

    /// The log's public key, as text.
    pub fn vkey(&self) -> Result<String, StoreError> {
        self.database.vkey()
    }

    /// The log's origin.
    pub fn origin(&self) -> Result<String, StoreError> {
        self.database.origin()
    }

    /// The published checkpoint, checked against the log's key, as it is served.
    pub fn checkpoint(&self) -> Result<String, StoreError> {
        let damaged = |what: String| StoreError::Damaged {
            path: "ledger/vkey".to_owned(),
            what,
        };
        let key = VerifierKey::parse(&self.database.vkey()?)
            .map_err(|error| damaged(error.to_string()))?;
        read_checkpoint(&self.disk, &key)?;
        read_text(self.disk.root(), "ledger/checkpoint")
    }

    /// Signs a statement with the log's key: the signature line. `kind` and `json` as
    /// [`transparency::statement::sign`] takes them.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] for a store that was opened to read.
    pub fn sign_statement(&self, kind: &str, json: &str) -> Result<String, StoreError> {
        let writing = self.writing.as_ref().ok_or(StoreError::ReadOnly)?;
        writing.publisher.state(kind, json)
    }

    /// Calls `visit` with position and bytes of each event from `from` on, in order.
    pub fn events<E: From<StoreError>>(
        &self,
        from: u64,
        visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.database.events(from, visit)
    }

    /// The bytes of one event.
    pub fn event(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.database.event(seq)
    }

    /// The private values of one event that were not erased, by name.
    pub fn disclosures(&self, seq: u64) -> Result<Vec<(String, String)>, StoreError> {
        let found = self.database.disclosures(Some(seq), None)?;
        Ok(found
            .into_iter()
            .map(|row| (row.name, row.disclosure))
            .collect())
    }

    /// All private values under one name, in the order of the log.
    pub fn disclosures_named(&self, name: &str) -> Result<Vec<(u64, String)>, StoreError> {
        let found = self.database.disclosures(None, Some(name))?;
        Ok(found
            .into_iter()
            .map(|row| (row.seq, row.disclosure))
            .collect())
    }

    /// Calls `visit` with every private value, in the order of the log.
    pub fn every_disclosure(
        &self,
        visit: impl FnMut(Private) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.database.every_disclosure(visit)
    }

    /// Erases private values of these events: all, or only those under `names`. The events and their
    /// digests stay. Returns how many were erased; those already gone do not count.
    pub fn erase_disclosures(&mut self, seqs: &[u64], names: &[&str]) -> Result<u64, StoreError> {
        match &self.writing {
            Some(_) => self.database.erase_disclosures(seqs, names),
            None => Err(StoreError::ReadOnly),
        }
    }

    /// Every participant's index, by the id that the custodian's files use.
    pub fn participant_indices(&self) -> Result<HashMap<String, u32>, StoreError> {
        self.database.participants()
    }

    /// The index of each of these participants, `None` for one who is not known.
    pub fn lookup(&self, eids: &[&str]) -> Result<Vec<Option<u32>>, StoreError> {
        eids.iter()
            .map(|eid| self.database.participant(eid))
            .collect()
    }

    /// The stored snapshot. Compare its size and digest before use.
    pub fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.database.snapshot()
    }

    /// Appends a batch as one transaction, and returns the position of its first event once a signed
    /// checkpoint covers all of it. `expected_size`: the events the caller had seen when it decided.
    /// `participants`: new ids and their indices. `snapshot`: digest and JSON of the state after the
    /// batch.
    ///
    /// # Errors
    /// After [`StoreError::OtherSize`], [`StoreError::TooMuch`] and [`StoreError::BadDisclosure`]
    /// nothing has changed. After any other error the batch may be durable or not: open again to know.
    pub fn append(
        &mut self,
        expected_size: u64,
        batch: &[Entry],
        participants: &[(String, u32)],
        snapshot: Option<(&str, &str)>,
    ) -> Result<u64, StoreError> {
        let Self {
            database,
            size,
            writing: Some(writing),
            ..
        } = self
        else {
            return Err(StoreError::ReadOnly);
        };
        if writing.unfinished {
            return Err(StoreError::Unfinished);
        }
        let first = *size;
        if expected_size != first {
            return Err(StoreError::OtherSize {
                expected: expected_size,
                found: first,
            });
        }
        check_batch(batch, participants, snapshot)?;
        let tiles = writing
            .publisher
            .after(batch.iter().map(|entry| entry.bytes.as_slice()))?;
        writing.disk.step()?;
        let frontier = tiles.frontier();
        // Signed before the commit: what is durable is vouched for, and recovery need not sign.
        let checkpoint = writing.publisher.sign(frontier)?;
        let transaction = database.insert(&Batch {
            first,
            entries: batch,
            participants,
            snapshot,
            frontier,
            checkpoint: &checkpoint,
        })?;
        writing.disk.step()?;
        writing.unfinished = true;
        transaction.commit().tried("committing events")?;
        *size = frontier.size();
        writing.disk.step()?;
        writing
            .publisher
            .advance(&mut writing.disk, tiles, &checkpoint)?;
        writing.unfinished = false;
        Ok(first)
    }
}

fn signer(origin: &str, seed: &[u8; 32]) -> Result<Signer, StoreError> {
    let damaged = |what: String| StoreError::Damaged {
        path: layout::LEDGER_KEY.to_owned(),
        what,
    };
    Signer::from_seed(origin, seed).map_err(|error| damaged(error.to_string()))
}

/// Reads the seed of the signing key: 64 lower-case hex digits and a newline.
fn read_seed(root: &Path) -> Result<[u8; 32], StoreError> {
    let what = "expected 64 hex digits, found something else".to_owned();
    let damaged = || StoreError::Damaged {
        path: layout::LEDGER_KEY.to_owned(),
        what,
    };
    let text = read_text(root, layout::LEDGER_KEY)?;
    let digits = text.trim_end_matches('\n').as_bytes();
    let pair = |pair: &[u8]| {
        str::from_utf8(pair)
            .ok()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(damaged)
}

/// Refuses a batch that is too large or whose private values do not belong to its events.
fn check_batch(
    batch: &[Entry],
    participants: &[(String, u32)],
    snapshot: Option<(&str, &str)>,
) -> Result<(), StoreError> {
    let within = |what, limit, found| {
        if found > limit {
            Err(StoreError::TooMuch { what, limit, found })
        } else {
            Ok(())
        }
    };
    within("events in one batch", limits::MAX_BATCH, batch.len())?;
    within(
        "bytes of events in one batch",
        limits::MAX_BATCH_BYTES,
        batch.iter().map(|entry| entry.bytes.len()).sum(),
    )?;
    within(
        "participants in one batch",
        limits::MAX_PARTICIPANTS,
        participants.len(),
    )?;
    within(
        "bytes of snapshot",
        limits::MAX_SNAPSHOT_BYTES,
        snapshot.map_or(0, |(_, json)| json.len()),
    )?;
    for (position, entry) in batch.iter().enumerate() {
        within(
            "bytes in one event",
            transparency::limits::MAX_ENTRY_BYTES,
            entry.bytes.len(),
        )?;
        for (number, (name, text)) in entry.disclosures.iter().enumerate() {
            let bad = |what: String| StoreError::BadDisclosure {
                position,
                number,
                what,
            };
            let disclosure = Disclosure::parse(text).map_err(|error| bad(error.to_string()))?;
            if disclosure.name() != name {
                return Err(bad(
                    "expected the name inside of the disclosure, found another".to_owned(),
                ));
            }
            if !digest_is_in(&entry.bytes, text) {
                return Err(bad(
                    "expected its digest in the event, found none".to_owned()
                ));
            }
        }
    }
    Ok(())
}
