//! Project pseudonyms: a keyed permutation of the internal index, so that two projects share no identifier
//! and a leaked file names the project it came from.
//!
//! The permutation is one block of AES-256 (FIPS 197) under a key that HMAC-SHA-256 (RFC 2104) derives from the
//! instance's master key and the project's name. The block holds twelve fixed bytes and the index: whoever
//! guesses a pseudonym must hit one of 2^96 blocks for each participant, and a miss is recognised as such.
//!
//! The text form is lower-case Crockford base32, always 26 characters (130 bits, the top two are zero). It has
//! one spelling only: upper case and look-alike letters are rejected, so that equal text means equal person.
//!
//! Must never: show a key, show an index, or give two projects the same pseudonym for one person.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use zeroize::Zeroizing;

use crate::prf;

/// Characters of a pseudonym in its text form.
pub const TEXT_LENGTH: usize = 26;

/// Keeps this use of the master key apart from every other use of it.
const DOMAIN: &[u8] = b"readingroom/pseudonym/v1\0";

/// The fixed part of every block; a decrypted block without it was not made by this key.
const TAG: u128 = u128::from_be_bytes(*b"\0\0\0\0reading room");

/// Crockford's base32 alphabet: without i, l, o and u, which are misread (crockford.com/base32.html).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A project's own permutation of the participants. Its key is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct ProjectKey {
    secret: Zeroizing<[u8; 32]>,
    cipher: Aes256,
}

impl std::fmt::Debug for ProjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProjectKey(hidden)")
    }
}

impl ProjectKey {
    /// Derives the key of `project` from the instance's master key.
    #[must_use]
    pub fn derive(master: &[u8; 32], project: &str) -> Self {
        let secret = Zeroizing::new(prf::subkey(master, DOMAIN, project.as_bytes()));
        Self::from_secret(&secret)
    }

    /// The key with these secret bytes, as [`ProjectKey::secret`] gave them.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self {
            secret: Zeroizing::new(*secret),
            cipher: Aes256::new(&(*secret).into()),
        }
    }

    /// The secret bytes, for the process that answers a question of this project, and for nobody else.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The pseudonym of the participant with this internal index, as 16 bytes.
    #[must_use]
    pub fn block(&self, index: u32) -> [u8; 16] {
        let plain = (TAG << 32) | u128::from(index);
        let mut block = plain.to_be_bytes().into();
        self.cipher.encrypt_block(&mut block);
        block.into()
    }

    /// The pseudonym in its text form: 26 characters of lower-case Crockford base32.
    #[must_use]
    pub fn pseudonym(&self, index: u32) -> String {
        encode(self.block(index))
    }

    /// The internal index behind a pseudonym of this project; `None` for anything that this key did not make.
    #[must_use]
    pub fn index(&self, pseudonym: &str) -> Option<u32> {
        let mut block = decode(pseudonym)?.into();
        self.cipher.decrypt_block(&mut block);
        let plain = u128::from_be_bytes(block.into());
        (plain >> 32 == TAG)
            .then(|| u32::try_from(plain & u128::from(u32::MAX)).ok())
            .flatten()
    }
}

/// The text form of a 128-bit block.
fn encode(block: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(block);
    (0..TEXT_LENGTH)
        .rev()
        .filter_map(|place| {
            let digit = usize::try_from((bits >> (5 * place)) & 31).ok()?;
            ALPHABET.get(digit).map(|letter| char::from(*letter))
        })
        .collect()
}

/// The block of a text form, if it is the one spelling of one.
fn decode(text: &str) -> Option<[u8; 16]> {
    if text.len() != TEXT_LENGTH {
        return None;
    }
    let mut bits = 0_u128;
    for letter in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        if bits >> 123 != 0 {
            return None; // more than 128 bits: the first character is above 7
        }
        bits = (bits << 5) | u128::try_from(digit).ok()?;
    }
    Some(bits.to_be_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// FIPS 197, appendix C.3: AES-256, the known answer.
    #[test]
    fn the_cipher_gives_the_known_answer_of_fips_197() {
        let key: [u8; 32] = std::array::from_fn(|i| i as u8);
        let plain: [u8; 16] = std::array::from_fn(|i| (i as u8) * 0x11);
        let mut block = plain.into();
        Aes256::new(&key.into()).encrypt_block(&mut block);
        let out: [u8; 16] = block.into();
        assert_eq!(
            out,
            [
                0x8e, 0xa2, 0xb7, 0xca, 0x51, 0x67, 0x45, 0xbf, 0xea, 0xfc, 0x49, 0x90, 0x4b, 0x49,
                0x60, 0x89
            ]
        );
    }

    /// The numbers 0, 1, 31, 32 and the greatest, worked out by hand.
    #[test]
    fn text_form_by_hand() {
        assert_eq!(encode([0; 16]), "0".repeat(26));
        assert_eq!(encode(1_u128.to_be_bytes()), format!("{}1", "0".repeat(25)));
        assert_eq!(
            encode(31_u128.to_be_bytes()),
            format!("{}z", "0".repeat(25))
        );
        assert_eq!(
            encode(32_u128.to_be_bytes()),
            format!("{}10", "0".repeat(24))
        );
        assert_eq!(encode([0xff; 16]), format!("7{}", "z".repeat(25)));
        assert_eq!(decode(&format!("7{}", "z".repeat(25))), Some([0xff; 16]));
        assert_eq!(decode(&format!("8{}", "0".repeat(25))), None);
        assert_eq!(decode(&"o".repeat(26)), None);
        assert_eq!(decode(&"A".repeat(26)), None);
        assert_eq!(decode("0"), None);
    }

    /// Invariant: a permutation, and no two projects share a pseudonym.
    #[test]
    fn two_projects_share_nothing_over_100_000_people() {
        let one = ProjectKey::derive(&[7; 32], "p1");
        let two = ProjectKey::derive(&[7; 32], "p2");
        let mut seen = HashSet::new();
        for index in 0..100_000 {
            let (a, b) = (one.pseudonym(index), two.pseudonym(index));
            assert_eq!(one.index(&a), Some(index));
            assert_eq!(two.index(&a), None);
            assert!(seen.insert(a) && seen.insert(b));
        }
        assert_eq!(seen.len(), 200_000);
    }

    /// Attack 17 (pseudonym guessing): 10^6 guesses, 0 hits. The guesses are a fixed pseudo-random sequence.
    #[test]
    fn a_million_guesses_hit_nobody() {
        let key = ProjectKey::derive(&[9; 32], "p1");
        let mut state = 0x9e37_79b9_7f4a_7c15_u128;
        for _ in 0..1_000_000 {
            state = state
                .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
                .wrapping_add(1);
            assert_eq!(key.index(&encode(state.to_be_bytes())), None);
        }
    }

    #[test]
    fn the_key_is_never_printed() {
        assert_eq!(
            format!("{:?}", ProjectKey::derive(&[1; 32], "p")),
            "ProjectKey(hidden)"
        );
    }

    proptest! {
        #[test]
        fn there_and_back(master: [u8; 32], project in ".{0,40}", index: u32) {
            let key = ProjectKey::derive(&master, &project);
            let text = key.pseudonym(index);
            prop_assert_eq!(text.len(), TEXT_LENGTH);
            prop_assert_eq!(key.index(&text), Some(index));
        }

        #[test]
        fn any_other_project_or_master_key_differs(master: [u8; 32], bit in 0_usize..256, index: u32) {
            let mut other = master;
            other[bit / 8] ^= 1 << (bit % 8);
            let a = ProjectKey::derive(&master, "p1").pseudonym(index);
            prop_assert_ne!(&a, &ProjectKey::derive(&other, "p1").pseudonym(index));
            prop_assert_ne!(&a, &ProjectKey::derive(&master, "p2").pseudonym(index));
        }
    }
}
