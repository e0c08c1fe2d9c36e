//! The hash under which words are kept: keyed, so that the same word has another hash in another index, and fixed in this file,
//! so that an index outlives the compiler that built it.
//!
//! Not a cryptographic one: the sections are sealed by who keeps them. It is there so that rules cannot show what they do not have.

/// A hash of a word as columns hold it: without spaces around it, in lower case.
pub(crate) fn text_hash(key: u64, text: &str) -> u32 {
    (hash(key, text.trim().bytes().map(|b| b.to_ascii_lowercase())) >> 32) as u32
}

/// A hash of an id: its letters and digits, in lower case.
pub(crate) fn id_hash(key: u64, text: &str) -> u64 {
    let letters = text
        .bytes()
        .filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
        .map(|b| b.to_ascii_lowercase());
    hash(key, letters)
}

/// FNV-1a (Fowler, Noll, Vo; offset basis and prime for 64 bits), seeded, and finished as `SplitMix64` is (Steele, Lea, Flood 2014).
fn hash(key: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    let start = 0xCBF2_9CE4_8422_2325_u64 ^ mix(key);
    mix(bytes.fold(start, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
    }))
}

/// The finisher of `SplitMix64`: a permutation of the 64-bit numbers without visible order.
pub(crate) fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
