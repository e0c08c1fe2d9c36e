//! Keys that wrap keys: the trait of a key management service, and one that has its keys in a file or a variable.
//!
//! Must never write a key-encryption key, or let one into an error or a debug text.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

use super::SealError;
use super::format::{self, KEY, NONCE};
use crate::ingest::recipe::hex;
use crate::limits;

/// A service that wraps and unwraps keys without giving its own out. Its shape is that of the services of hospitals and
/// clouds: a named key, a context that is authenticated and not stored.
pub trait Kms: Send + Sync {
    /// Wraps a key under the current key-encryption key, bound to `context`.
    ///
    /// # Errors
    /// When the service cannot be used.
    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Wrapped, SealError>;

    /// Unwraps a key.
    ///
    /// # Errors
    /// When its key-encryption key is not at hand, the context is another, or a byte differs.
    fn unwrap(&self, w: &Wrapped, context: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError>;

    /// Name of the key-encryption key that wraps from now on.
    fn current(&self) -> &str;
}

/// A wrapped key. In JSON: `{"kek": "2026", "bytes": "hexadecimal"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapped {
    /// Name of the key-encryption key.
    pub kek: String,
    /// What the service made of the key.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub bytes: Vec<u8>,
}

fn to_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(bytes))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > 2 * limits::WRAPPED_KEY_BYTES {
        return Err(D::Error::custom("the wrapped key is too long"));
    }
    let mut bytes = vec![0; text.len() / 2];
    unhex(&text, &mut bytes).ok_or_else(|| D::Error::custom("expected hexadecimal digits"))?;
    Ok(bytes)
}

/// Reads hexadecimal digits into `out`, which must be exactly filled.
pub(super) fn unhex(text: &str, out: &mut [u8]) -> Option<()> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != out.len() {
        return None;
    }
    for (&[high, low], byte) in pairs.iter().zip(out) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    }
    Some(())
}

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, SealError> {
    let mut bytes = Zeroizing::new([0; N]);
    SystemRandom::new()
        .fill(bytes.as_mut_slice())
        .map_err(|_| SealError::Random)?;
    Ok(bytes)
}

/// Checks a name that becomes part of what is authenticated.
pub(super) fn check_name(what: &'static str, name: &str, max: usize) -> Result<(), SealError> {
    if name.is_empty() || name.len() > max || name.chars().any(char::is_control) {
        return Err(SealError::Name {
            what,
            max,
            found: name.len(),
        });
    }
    Ok(())
}

/// Key-encryption keys from a file of the owner's, or from a variable of the environment.
///
/// One line each: a name, a space, 64 hexadecimal digits. Empty lines and lines that begin with `#` say nothing. **The last
/// line is the current key**: to rotate, a line is added at the end; a line may go once no wrapped key names it.
/// In a variable a comma may stand for a line's end.
pub struct LocalKms {
    keys: BTreeMap<String, Zeroizing<[u8; KEY]>>,
    current: String,
}

impl std::fmt::Debug for LocalKms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalKms")
            .field("names", &self.keys.keys())
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl LocalKms {
    /// Reads the keys from a file that only its owner may read (mode 0600 or stricter).
    ///
    /// # Errors
    /// [`SealError::Keks`] when others may read it, or it is not written as expected.
    pub fn from_file(path: &Path) -> Result<Self, SealError> {
        let origin = path.display().to_string();
        let keks = |problem: String| SealError::Keks {
            origin: origin.clone(),
            problem,
        };
        let file = File::open(path).map_err(|e| keks(format!("cannot be read: {e}")))?;
        let metadata = file
            .metadata()
            .map_err(|e| keks(format!("cannot be read: {e}")))?;
        // The opened file is asked, not its name: what is read is what was checked.
        if !metadata.is_file() || metadata.mode() & 0o077 != 0 {
            return Err(keks(format!(
                "expected a file that only its owner may read, found mode {:o}; run chmod 600",
                metadata.mode() & 0o7777
            )));
        }
        if metadata.len() > limits::KEK_FILE_BYTES {
            return Err(keks(format!(
                "expected at most {} bytes, found {}",
                limits::KEK_FILE_BYTES,
                metadata.len()
            )));
        }
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let room = usize::try_from(metadata.len()).unwrap_or(0) + 1;
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        file.take(limits::KEK_FILE_BYTES)
            .read_to_end(&mut text)
            .map_err(|e| keks(format!("cannot be read: {e}")))?;
        Self::from_text(&text, &origin)
    }

    /// Reads the keys from the bytes of a variable; `origin` is its name, for errors.
    ///
    /// # Errors
    /// [`SealError::Keks`] when they are not written as expected.
    pub fn from_text(text: &[u8], origin: &str) -> Result<Self, SealError> {
        let keks = |line: usize, problem: &str| SealError::Keks {
            origin: origin.to_owned(),
            problem: format!("line {line}: {problem}"),
        };
        let text = std::str::from_utf8(text).map_err(|_| keks(1, "expected text, found bytes"))?;
        let (mut keys, mut current) = (BTreeMap::new(), None);
        for (index, line) in text.split(['\n', ',']).enumerate() {
            let (number, line) = (index + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, digits) = line
                .split_once(' ')
                .ok_or_else(|| keks(number, "expected a name, a space and 64 digits"))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.len() > limits::NAME || !name.chars().all(plain) {
                return Err(keks(
                    number,
                    "expected a name of letters, digits, '-', '_' and '.'",
                ));
            }
            let mut key = Zeroizing::new([0; KEY]);
            unhex(digits.trim(), key.as_mut_slice())
                .ok_or_else(|| keks(number, "expected 64 hexadecimal digits after the name"))?;
            if keys.insert(name.to_owned(), key).is_some() {
                return Err(keks(number, "this name is there twice"));
            }
            current = Some(name.to_owned());
        }
        let current = current.ok_or_else(|| keks(1, "expected at least one key, found none"))?;
        Ok(Self { keys, current })
    }

    /// A line with a new random key, to be added to the file.
    ///
    /// # Errors
    /// [`SealError::Random`] when the operating system gives no random bytes.
    pub fn new_line(name: &str) -> Result<Zeroizing<String>, SealError> {
        let key = random::<KEY>()?;
        let mut line = Zeroizing::new(String::with_capacity(name.len() + 2 * KEY + 2));
        line.push_str(name);
        line.push(' ');
        for byte in key.iter() {
            for half in [byte >> 4, byte & 15] {
                line.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
        }
        line.push('\n');
        Ok(line)
    }
}

impl Kms for LocalKms {
    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Wrapped, SealError> {
        let kek = self.current.clone();
        let under = self
            .keys
            .get(&kek)
            .ok_or_else(|| SealError::NoKek { kek: kek.clone() })?;
        let nonce = *random::<NONCE>()?;
        let bytes = format::wrap(under, key, nonce, &aad(&kek, context))?.to_vec();
        Ok(Wrapped { kek, bytes })
    }

    fn unwrap(&self, w: &Wrapped, context: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let kek = w.kek.clone();
        let under = self
            .keys
            .get(&kek)
            .ok_or_else(|| SealError::NoKek { kek: kek.clone() })?;
        format::unwrap(under, &w.bytes, &aad(&kek, context)).ok_or(SealError::Unwrap { kek })
    }

    fn current(&self) -> &str {
        &self.current
    }
}

fn aad(kek: &str, context: &[u8]) -> Vec<u8> {
    format::bind("readingroom wrapped key", &[kek.as_bytes(), context])
}
