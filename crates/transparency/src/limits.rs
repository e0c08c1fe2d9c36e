//! Every size and count this crate accepts, each with its reason.

/// Hashes in a full tile and entries in a full bundle (C2SP tlog-tiles: tile height 8).
pub const TILE_WIDTH: u64 = 256;

/// Bytes of one SHA-256 hash.
pub const HASH_BYTES: usize = 32;

/// Bytes of the longest log entry: a bundle stores its length as an unsigned 16-bit number
/// (C2SP tlog-tiles, "Log entries").
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// Highest tile level that the path grammar of tlog-tiles allows.
pub const MAX_TILE_LEVEL: u8 = 63;

/// Hashes in the longest inclusion proof: a tree of 2^64 leaves is 64 levels high.
pub const MAX_PROOF_HASHES: usize = 64;

/// Signature lines in one note. The specification demands at least 16; 32 witnesses is what
/// tlog-policy asks a client to support, and a key rotation may double the log's own line.
pub const MAX_NOTE_SIGNATURES: usize = 64;

/// Bytes of a whole note: 64 post-quantum signatures of about 3.3 kB in base64, and the text.
pub const MAX_NOTE_BYTES: usize = 512 * 1024;

/// Bytes of a tlog-proof file: one note, 64 hashes of 45 bytes and the extra line.
pub const MAX_PROOF_FILE_BYTES: usize = 1024 * 1024;

/// Characters of one encoded disclosure: a list of a million participants with their consents fits
/// (about 45 bytes each before base64); nothing that people write comes near.
pub const MAX_DISCLOSURE_BYTES: usize = 96 * 1024 * 1024;

/// Fewest bytes of salt in a disclosure: RFC 9901, section 9.3, recommends 128 bits.
pub const MIN_SALT_BYTES: usize = 16;

/// Findings kept in one report. A ledger with a thousand damaged places is simply damaged; the
/// report says how many more there were.
pub const MAX_FINDINGS: usize = 1_000;
