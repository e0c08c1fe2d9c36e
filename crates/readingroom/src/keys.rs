//! What is derived from the instance's master key, each use apart from every other, and small files sealed under it.
//!
//! Must never: use the master key itself for anything but deriving.

use privacy::prf;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::clock;
use crate::failure::Failure;

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Sealing the sets of people behind aggregate answers.
    Released,
    /// Noise of counts.
    RecordKeys,
    /// Choosing who stands in for people who withdrew.
    StandIns,
    /// Sealing the masks that are made of consents and withdrawals.
    Masks,
}

impl Use {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Released => b"readingroom/released/v1",
            Self::RecordKeys => b"readingroom/record-keys/v1",
            Self::StandIns => b"readingroom/stand-ins/v1",
            Self::Masks => b"readingroom/masks/v1",
        }
    }
}

/// The key for one use: HMAC-SHA-256 (RFC 2104) of the use's name under the master key.
pub fn derive(master: &[u8; 32], purpose: Use) -> [u8; 32] {
    prf::subkey(master, purpose.name(), &[])
}

/// Bytes of a nonce (NIST SP 800-38D §8.2.2: random, 96 bits; far fewer than 2^32 files are sealed under one key).
const NONCE: usize = 12;

fn aead(master: &[u8; 32], purpose: Use) -> Result<LessSafeKey, Failure> {
    UnboundKey::new(&AES_256_GCM, &derive(master, purpose))
        .map(LessSafeKey::new)
        .map_err(|_| Failure::Fault("a sealing key has another length".to_owned()))
}

/// Seals a small file under its name: a random nonce, then AES-256-GCM.
pub fn seal(master: &[u8; 32], purpose: Use, name: &str, plain: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut nonce = [0_u8; NONCE];
    for (to, from) in nonce.iter_mut().zip(clock::random()?) {
        *to = from;
    }
    let mut sealed = plain.to_vec();
    aead(master, purpose)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(name.as_bytes()),
            &mut sealed,
        )
        .map_err(|_| Failure::Fault("a file cannot be sealed".to_owned()))?;
    let mut out = nonce.to_vec();
    out.append(&mut sealed);
    Ok(out)
}

/// Opens a small file that was sealed under its name.
pub fn open(
    master: &[u8; 32],
    purpose: Use,
    name: &str,
    sealed: &[u8],
) -> Result<Vec<u8>, Failure> {
    let damaged = || Failure::Fault(format!("{name}: not a file that was sealed here"));
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let mut rest = rest.to_vec();
    let plain = aead(master, purpose)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(name.as_bytes()),
            &mut rest,
        )
        .map_err(|_| damaged())?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_and_nothing_else() {
        let master = [7; 32];
        let sealed = seal(&master, Use::Released, "a", b"sets").unwrap();
        assert_eq!(open(&master, Use::Released, "a", &sealed).unwrap(), b"sets");
        assert!(
            open(&master, Use::Released, "b", &sealed).is_err(),
            "another name"
        );
        assert!(
            open(&master, Use::Masks, "a", &sealed).is_err(),
            "another use"
        );
        assert!(
            open(&[8; 32], Use::Released, "a", &sealed).is_err(),
            "another key"
        );
        for i in 0..sealed.len() {
            let mut other = sealed.clone();
            other[i] ^= 1;
            assert!(
                open(&master, Use::Released, "a", &other).is_err(),
                "byte {i}"
            );
            assert!(
                open(&master, Use::Released, "a", &sealed[..i]).is_err(),
                "cut at {i}"
            );
        }
    }
}
