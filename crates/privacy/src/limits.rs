//! Limits of this crate, each with its reason.

/// Identifiers returned by one search of a text. A text with more is disclosive many times over; the rest adds nothing.
pub const IDENTIFIERS_FOUND: usize = 10_000;

/// Bytes before the `@` of an e-mail address (RFC 5321 §4.5.3.1.1).
pub const EMAIL_LOCAL: usize = 64;

/// Bytes after the `@` of an e-mail address (RFC 5321 §4.5.3.1.2: a domain has at most 255 octets).
pub const EMAIL_DOMAIN: usize = 255;

/// Digits of a UK telephone number with its leading 0 (Ofcom, National Telephone Numbering Plan).
pub const PHONE_DIGITS: usize = 11;

/// Fewest distinct people behind a number that is shown. Ten is the strictest bar in UK practice: UK LLC
/// (Statistical Disclosure Control guidebook, 30 January 2026: "< 10 including zero"), the ONS Secure
/// Research Service (output checking guidance) and the default of ACRO.
pub const PEOPLE_PER_CELL: u64 = 10;

/// Decimals that a recipe may round to: a 64-bit float holds 15 decimal digits for certain.
pub const MAX_DECIMALS: u8 = 15;

/// Days that a date may be moved by: ten years. More would move people out of the period that their care belongs to.
pub const MAX_SHIFT_DAYS: u32 = 3652;

/// Edges of one banding: more bands than this are values again, not bands.
pub const MAX_BAND_EDGES: usize = 200;
