//! Unwrapped class keys of one release: what a worker process is given, for the granted classes only.
//!
//! Overwritten with zeros when dropped. Serialising one writes its keys: for the pipe to a worker, never for a disk or a log.
//! Whoever does it overwrites the buffer afterwards.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use super::SealError;
use super::format::{self, Cipher, HEADER, Header, KEY, Name, Opened, Shape};
use super::kms::unhex;

/// A key that is overwritten when dropped and never shown.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; KEY]>);

impl Key {
    pub(super) fn new(key: Zeroizing<[u8; KEY]>) -> Self {
        Self(key)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut digits = Zeroizing::new([0_u8; 2 * KEY]);
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0.iter()) {
            for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
            }
        }
        let text = std::str::from_utf8(digits.as_slice()).unwrap_or_default();
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits)
    }
}

/// Reads a key without keeping a copy of its digits.
struct Digits;

impl de::Visitor<'_> for Digits {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("64 hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
        let mut key = Zeroizing::new([0; KEY]);
        // No part of the text goes into the error.
        unhex(text, key.as_mut_slice()).ok_or_else(|| E::invalid_length(text.len(), &self))?;
        Ok(Key(key))
    }
}

/// The keys of some classes of one release.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    release: String,
    keys: BTreeMap<String, Key>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring")
            .field("release", &self.release)
            .field("classes", &self.keys.keys())
            .finish_non_exhaustive()
    }
}

impl Keyring {
    pub(super) fn new(release: String, keys: BTreeMap<String, Key>) -> Self {
        Self { release, keys }
    }

    /// Name of the release whose keys these are.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Classes whose keys are held.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// The keys of just these classes, for a worker that was granted no more.
    ///
    /// # Errors
    /// [`SealError::NotHeld`] when one is not held.
    pub fn only<'a>(&self, classes: impl IntoIterator<Item = &'a str>) -> Result<Self, SealError> {
        let mut keys = BTreeMap::new();
        for class in classes {
            keys.insert(class.to_owned(), self.key(class)?.clone());
        }
        Ok(Self::new(self.release.clone(), keys))
    }

    fn key(&self, class: &str) -> Result<&Key, SealError> {
        self.keys.get(class).ok_or_else(|| SealError::NotHeld {
            class: class.to_owned(),
        })
    }

    /// Wraps a file's key under its class's key.
    pub(super) fn wrap(
        &self,
        key: &[u8; KEY],
        file_id: &[u8; format::ID],
        nonce: [u8; format::NONCE],
        shape: Shape,
        name: Name<'_>,
    ) -> Result<Header, SealError> {
        let aad = Header::key_aad(file_id, shape, name);
        Ok(Header {
            file_id: *file_id,
            wrapped: format::wrap(&self.key(name.class)?.0, key, nonce, &aad)?,
        })
    }

    /// Opens a file's header, with the key of its class if that is known, else with whichever key of the ring fits: the class
    /// is authenticated with the file's key, so one fits at most.
    pub(super) fn open(
        &self,
        header: &[u8; HEADER],
        sealed_bytes: u64,
        shape: Shape,
        class: Option<&str>,
        path: &str,
    ) -> Result<Opened, SealError> {
        let header = Header::parse(header, shape)?;
        let plain = shape.plain_size(sealed_bytes).ok_or(SealError::Size {
            bytes: sealed_bytes,
        })?;
        if let Some(class) = class {
            self.key(class)?;
        }
        let wanted = |held: &str| class.is_none_or(|class| class == held);
        for (class, under) in self.keys.iter().filter(|(held, _)| wanted(held)) {
            let name = Name { class, path };
            let aad = Header::key_aad(&header.file_id, shape, name);
            if let Some(key) = format::unwrap(&under.0, &header.wrapped, &aad) {
                return Ok(Opened {
                    cipher: Cipher::new(&key, &header.file_id, shape, name)?,
                    plain,
                    chunks: shape.chunks(plain),
                });
            }
        }
        Err(SealError::FileKey)
    }
}
