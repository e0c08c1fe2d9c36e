//! Every size, count and wait of this crate, each with its reason.

use std::time::Duration;

/// Events in one append: one transaction, one checkpoint. An ingest of the largest real batch of
/// decisions stays far below; more only makes a lost power supply costlier.
pub(crate) const MAX_BATCH: usize = 10_000;

/// Bytes of all events of one append: 10,000 events of 6 kB, held in memory twice.
pub(crate) const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;

/// Participants added in one append: twice the half million of the largest cohort.
pub(crate) const MAX_PARTICIPANTS: usize = 1_000_000;

/// Bytes of a snapshot: the folded state of a million events, an order of magnitude above what a
/// cohort of 7,000 projects needs.
pub(crate) const MAX_SNAPSHOT_BYTES: usize = 512 * 1024 * 1024;

/// How long an open waits for the lock: longer than the longest append, shorter than patience.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(30);

/// How often the lock is tried while waiting.
pub(crate) const LOCK_POLL: Duration = Duration::from_millis(50);

/// How long a reader waits for the database while another process commits.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(30);

/// Full tiles held in memory during recovery before they are written: 256 of at most 16 MB is the
/// worst case, a few hundred kilobytes the real one.
pub(crate) const RECOVERY_STRIDE: u64 = 65_536;

/// Files below `ledger/` that are listed. A million events make 8,000; the limit only stops a walk
/// through a folder that is no ledger.
pub(crate) const MAX_LEDGER_FILES: usize = 10_000_000;

/// Folders below one another in `ledger/`: `tile/entries` and seven elements of a tile number.
pub(crate) const MAX_LEDGER_DEPTH: usize = 12;

/// Bytes of one file below `ledger/`: a full bundle of 256 entries of 65,537 bytes.
pub(crate) const MAX_LEDGER_FILE_BYTES: u64 = 256 * 65_537;

/// Things in the database's schema that are compared with ours: we make nine, and whoever adds more
/// than a thousand is found by the first.
pub(crate) const MAX_OBJECTS: u32 = 1_000;
