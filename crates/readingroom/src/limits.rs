//! Limits of this crate, each with its reason.

/// Largest policy file that is read: a thousand gates.
pub const POLICY_BYTES: u64 = 1 << 20;
/// Largest body of a governance command: a withdrawal of every participant fits.
pub const BODY_BYTES: u64 = 64 << 20;
/// Rows printed as a table for people; `--csv` and `--json` print all.
pub const ROWS_SHOWN: usize = 40;
/// Seconds for one file of a register at an address: tiles are small, a slow line still delivers one.
pub const FETCH_SECONDS: u64 = 30;
/// Largest file of a register at an address: a register of a million entries stays below it.
pub const FETCH_BYTES: u64 = 256 << 20;
/// Bytes gathered before raw data is written: one megabyte keeps the number of system calls small.
pub const WRITE_BUFFER: usize = 1 << 20;
/// Below this many log entries the state is stored after every command; above it, when the log has grown by
/// one part in this many since. So storing it costs little per entry however long the log is.
pub const SNAPSHOT_EVERY: u64 = 512;
/// How often a question is prepared anew because consents, withdrawals or releases changed while it ran, or because more
/// people must be masked. Each time it is the log that changed, which it does not do all the time.
pub const ATTEMPTS: usize = 4;
/// How often an ingest asks for the instance's lock when it has its release made, each time for as long as a command waits: ten
/// minutes in all, after perhaps hours of work.
pub const RESUME_TRIES: u32 = 20;
/// How often the log is looked at while a question runs: a suspension ends it within a second.
pub const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(200);
/// How often access is assessed again although the log did not change: time itself ends windows.
pub const REASSESS_EVERY: std::time::Duration = std::time::Duration::from_millis(1_000);
/// How long a question runs before a person is told how far it is: most are answered sooner.
pub const PROGRESS_AFTER: std::time::Duration = std::time::Duration::from_secs(2);
/// Bytes of a certificate or key file: a chain of a dozen certificates.
pub const PEM_BYTES: u64 = 1 << 18;
/// Folders within the folder of a reference: an export by year and by table is two.
pub const REFERENCE_DEPTH: usize = 4;
/// Address space of the process that reads files: the largest file, what it may unpack to, and about four times that as tables.
pub const READER_SPACE: u64 = 8 << 30;
/// Processor seconds of one such process, all its files together; the next file gets a new one.
pub const READER_CPU_SECONDS: u64 = 300;
/// How long reading one file may take: a hundred megabytes take a second.
pub const READER_TIME: std::time::Duration = std::time::Duration::from_secs(60);
/// Bytes that a reader may say: the tables of the largest file.
pub const READING_BYTES: u64 = 4 << 30;
/// Bytes of a release record: 500 files with their reasons, and the proof.
pub const RECORD_BYTES: u64 = 64 << 20;
/// Rows of a file found outside that are read for marks: a hundred are enough.
pub const MARKED_ROWS: usize = 2_000;
/// Projects with each of their people whose marks are looked for: some seconds for a file of twenty columns.
pub const MARK_CANDIDATES: usize = 20_000;
