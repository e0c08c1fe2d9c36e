//! The keys of C2SP signed-note: who signs, who is trusted, and how a key is written down.
//!
//! A private key must never be shown; a public key is read in one spelling only, whose id must belong
//! to its name and bytes.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::encoding::{base64_decode, base64_encode};
use crate::note::{NoteError, SignatureLine};

pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// What a key signs and how, with its type byte (signed-note, "Signature types").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// 0x01: Ed25519 over the note text.
    Ed25519,
    /// 0x04: timestamped Ed25519 cosignature of a witness (tlog-cosignature).
    CosignatureV1,
}

impl Algorithm {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }
}

/// SHA-256(name ‖ newline ‖ type ‖ public key), first four bytes, big-endian.
fn key_id(name: &str, algorithm: Algorithm, key: &[u8; 32]) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', algorithm.byte()]);
    hasher.update(key);
    let digest: [u8; 32] = hasher.finalize().into();
    digest.first_chunk().map_or(0, |id| u32::from_be_bytes(*id))
}

/// A public key with its name: who is trusted to sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: String,
    id: u32,
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads the text form `name+8 hex digits+base64(type ‖ key)`, in its one canonical spelling.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let bad = |what: &str| NoteError::BadKey {
            what: what.to_owned(),
        };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("expected name+id+key"));
        };
        if !is_key_name(name) {
            return Err(NoteError::BadName {
                found: name.to_owned(),
            });
        }
        let id_value = u32::from_str_radix(id, 16)
            .ok()
            .filter(|value| format!("{value:08x}") == id);
        let id = id_value.ok_or_else(|| bad("expected an id of 8 lower-case hex digits"))?;
        let bytes =
            base64_decode(key).ok_or_else(|| bad("expected canonical base64 after the id"))?;
        let (algorithm, key) = match bytes.split_first() {
            Some((0x01, key)) => (Algorithm::Ed25519, key),
            Some((0x04, key)) => (Algorithm::CosignatureV1, key),
            Some((other, _)) => {
                return Err(bad(&format!(
                    "expected key type 0x01 or 0x04, found 0x{other:02x}"
                )));
            }
            None => return Err(bad("expected a key, found nothing")),
        };
        let key: &[u8; 32] = key.try_into().map_err(|_| {
            bad(&format!(
                "expected an ed25519 key of 32 bytes, found {}",
                key.len()
            ))
        })?;
        if key_id(name, algorithm, key) != id {
            return Err(bad("the id does not belong to this name and key"));
        }
        let key = VerifyingKey::from_bytes(key)
            .map_err(|_| bad("the 32 bytes are not an ed25519 key"))?;
        Ok(Self {
            name: name.to_owned(),
            id,
            algorithm,
            key,
        })
    }

    /// The name of the signer; for a log, its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32-bit key id that signature lines carry.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What the key signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Checks one signature. The time of a cosignature in seconds since 1970, `None` for others.
    pub(crate) fn check(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, NoteError> {
        let bad = || NoteError::BadSignature {
            name: self.name.clone(),
        };
        let (time, signature) = match self.algorithm {
            Algorithm::Ed25519 => (None, signature),
            Algorithm::CosignatureV1 => {
                let (time, rest) = signature.split_first_chunk::<8>().ok_or_else(bad)?;
                (Some(u64::from_be_bytes(*time)), rest)
            }
        };
        let message = match time {
            // tlog-cosignature: the timestamp "MUST NOT exceed 2^63 - 1".
            Some(time) if time > i64::MAX.unsigned_abs() => return Err(bad()),
            Some(time) => format!("cosignature/v1\ntime {time}\n{text}"),
            None => text.to_owned(),
        };
        let signature = Signature::from_slice(signature).map_err(|_| bad())?;
        self.key
            .verify_strict(message.as_bytes(), &signature)
            .map_err(|_| bad())?;
        Ok(time)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, base64_encode(&bytes))
    }
}

/// A private key with its name. Its bytes are wiped when it is dropped, and never shown.
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

impl Signer {
    /// The Ed25519 note key (type 0x01) of a 32-byte seed (RFC 8032 private key).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Self::new(name, seed, Algorithm::Ed25519)
    }

    /// A witness's cosigning key (type 0x04), for tests and for a witness of one's own.
    pub fn cosigner_from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Self::new(name, seed, Algorithm::CosignatureV1)
    }

    fn new(name: &str, seed: &[u8; 32], algorithm: Algorithm) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::BadName {
                found: name.to_owned(),
            });
        }
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let id = key_id(name, algorithm, public.as_bytes());
        let verifier = VerifierKey {
            name: name.to_owned(),
            id,
            algorithm,
            key: public,
        };
        Ok(Self { key, verifier })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text. `time`: seconds since 1970 for a cosigning key, ignored for a note key.
    pub fn sign(&self, text: &str, time: u64) -> SignatureLine {
        let mut bytes = Vec::new();
        let message = match self.verifier.algorithm {
            Algorithm::Ed25519 => text.to_owned(),
            Algorithm::CosignatureV1 => {
                bytes.extend_from_slice(&time.to_be_bytes());
                format!("cosignature/v1\ntime {time}\n{text}")
            }
        };
        bytes.extend_from_slice(&self.key.sign(message.as_bytes()).to_bytes());
        SignatureLine {
            name: self.verifier.name.clone(),
            key_id: self.verifier.id,
            signature: bytes,
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}
