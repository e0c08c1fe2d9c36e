//! Digests of the participants' ids: whoever hashes an id in one of the common ways has not made it anonymous, since all ids can
//! be hashed again (Presidio issue 1845; UK Information Commissioner, "Pseudonymisation", 2025).
//!
//! Of each digest the first 64 bits are kept, so that shortened ones are found too.

use blake2::Blake2b;
use blake2::digest::consts::{U8, U16, U32, U64};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use sha3::Sha3_256;

/// The first 64 bits of all digests, rising.
#[derive(Debug)]
pub(crate) struct Digests {
    all: Vec<u64>,
}

/// The first 64 bits.
fn front(digest: &[u8]) -> u64 {
    digest
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Digests of one form of an id.
fn common(text: &[u8], see: &mut dyn FnMut(u64)) {
    see(front(&Md5::digest(text)));
    see(front(&Sha1::digest(text)));
    see(front(&Sha256::digest(text)));
}

/// Digests in the forms in which programs make them: the text, the text with the line break that `echo` adds, the text of a
/// floating-point number, and the eight bytes of the number.
fn all_of(id: &str, see: &mut dyn FnMut(u64)) {
    let text = id.as_bytes();
    let line = format!("{id}\n");
    common(text, see);
    common(line.as_bytes(), see);
    see(front(&Sha512::digest(text)));
    see(front(&Sha512::digest(line.as_bytes())));
    see(front(&Sha224::digest(text)));
    see(front(&Sha384::digest(text)));
    see(front(&Sha3_256::digest(text)));
    see(front(&Blake2b::<U64>::digest(text)));
    see(front(&Blake2b::<U32>::digest(text)));
    see(front(&Blake2b::<U16>::digest(text)));
    see(front(&Blake2b::<U8>::digest(text)));
    see(front(&blake2::Blake2s256::digest(text)));
    let mut crc = flate2::Crc::new();
    crc.update(text);
    see(u64::from(crc.sum()) << 32);
    if let Ok(number) = id.parse::<u64>() {
        common(format!("{id}.0").as_bytes(), see);
        common(&number.to_le_bytes(), see);
        see(pandas(number));
    }
}

/// What `pandas.util.hash_array` makes of a whole number (pandas/core/util/hashing.py).
fn pandas(number: u64) -> u64 {
    let z = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Digests {
    /// Makes the section of all ids.
    pub(super) fn write<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<u8> {
        let mut all = Vec::new();
        for id in ids {
            all_of(id, &mut |front| all.push(front));
            if id.bytes().any(|b| b.is_ascii_alphabetic()) {
                let (lower, upper) = (id.to_ascii_lowercase(), id.to_ascii_uppercase());
                for other in [lower, upper].iter().filter(|other| *other != id) {
                    all_of(other, &mut |front| all.push(front));
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        all.iter().flat_map(|front| front.to_le_bytes()).collect()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (all, rest) = bytes.as_chunks::<8>();
        rest.is_empty().then(|| Self {
            all: all.iter().map(|b| u64::from_le_bytes(*b)).collect(),
        })
    }

    /// Whether a digest begins with these bits; `front` holds them at its upper end.
    pub(crate) fn begin(&self, front: u64, bits: u32) -> bool {
        let low = match bits {
            0 => return false,
            1..64 => front & !(u64::MAX >> bits),
            _ => front,
        };
        let high = low | u64::MAX.checked_shr(bits).unwrap_or(0);
        let at = self.all.partition_point(|known| *known < low);
        self.all.get(at).is_some_and(|known| *known <= high)
    }

    /// The probability that this many random bits begin a digest.
    pub(crate) fn chance(&self, bits: u32) -> f64 {
        self.all.len() as f64 / 2.0_f64.powi(bits.min(64) as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::Digests;

    /// Made by `printf 1234567 | md5sum` and `| sha256sum`, `echo 1234567 | sha1sum`, Python's
    /// `hashlib.blake2b(b'1234567', digest_size=16)`, `hashlib.sha3_256`, `zlib.crc32` and `pandas.util.hash_array`.
    #[test]
    fn digests_of_other_programs() {
        let bytes = Digests::write(["1234567"].into_iter());
        let digests = Digests::read(&bytes).unwrap_or_else(|| unreachable!());
        let known: [(u64, u32); 7] = [
            (0xfcea_920f_7412_b5da, 64),
            (0x8bb0_cf6e_b9b1_7d0f, 64),
            (0xe017_693e_4a04_a59d, 64),
            (0x1043_6a6c_3bfc_3f9f, 64),
            (0xf3d8_01c5_df5e_7953, 64),
            (0x5003_699f_0000_0000, 32),
            (0xd7cd_db79_d564_2718, 64),
        ];
        for (front, bits) in known {
            assert!(digests.begin(front, bits), "{front:x}");
            assert!(!digests.begin(!front, bits));
        }
        assert!(digests.begin(0xfcea_920f_0000_0000, 32));
    }
}
