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
