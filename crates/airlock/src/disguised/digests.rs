//! Words of a text that are digests of ids, whole or shortened: in hexadecimal, base64, base32 or as a number.

use super::Hits;
use super::readings::base64;
use crate::reference::Reference;

/// Hexadecimal digits that a digest may be shortened to and still be looked up.
const SHORT: usize = 8;

/// Whether a word could be a digest: the first 64 bits, and how many of them it has.
fn front(word: &str) -> Option<(u64, u32)> {
    let bytes = word.as_bytes();
    if bytes.len() < SHORT || bytes.len() > 130 {
        return None;
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        return whole_number(word);
    }
    let hex = word.strip_prefix("0x").unwrap_or(word);
    if hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        let many = hex.len().min(16);
        let value = u64::from_str_radix(hex.get(..many)?, 16).ok()?;
        let bits = many as u32 * 4;
        return Some((value << (64 - bits), bits));
    }
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) || bytes.len() >= 20;
    if !mixed {
        return None;
    }
    let said = base64(word)?;
    let front = said.first_chunk::<8>()?;
    Some((u64::from_be_bytes(*front), 64))
}

/// A digest as a number: 32, 64 or 128 bits.
fn whole_number(word: &str) -> Option<(u64, u32)> {
    match word.len() {
        9..=10 => Some((u64::from(word.parse::<u32>().ok()?) << 32, 32)),
        16..=20 => Some((word.parse().ok()?, 64)),
        34..=39 => Some(((word.parse::<u128>().ok()? >> 64) as u64, 64)),
        _ => None,
    }
}

/// Counts the digests of ids in texts. Digests are opened at the first word that could be one.
pub(crate) fn count<'a>(texts: impl Iterator<Item = &'a str>, reference: &Reference) -> Hits {
    let mut hits = Hits::default();
    for text in texts {
        let part =
            |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-'));
        for word in text.split(part) {
            one(word, reference, &mut hits);
            // A name with a digest: `person_3f2a…`.
            if word.len() > SHORT && word.contains(['_', '-', '=', '/', '+']) {
                for piece in word.split(['_', '-', '=', '/', '+']) {
                    one(piece, reference, &mut hits);
                }
            }
        }
    }
    hits
}

fn one(word: &str, reference: &Reference, hits: &mut Hits) {
    if let Some((front, bits)) = front(word)
        && let Some(digests) = reference.digests()
    {
        hits.add(digests.begin(front, bits), digests.chance(bits));
    }
}
