//! A release's keys: one key for each class of data, wrapped; and the keyring that a question is given.
//!
//! `keys.json` lies beside `manifest.json`:
//!
//! ```json
//! { "version": 1, "release": "2026-11", "classes": {
//!     "baseline": { "kek": "2026", "bytes": "9f…" },
//!     "genomic": null } }
//! ```
//!
//! `null` is a class whose key was erased. **Erasing is as good as the copies are few.** Once the wrapped key is gone from
//! `keys.json`, nobody can open the class's files from this folder, whatever key-encryption keys they have. A copy of the older
//! `keys.json` (a backup, a snapshot of the file system, an unfinished sector of a disk) together with the key-encryption key
//! that it names still opens them. To be sure: erase, add a new key-encryption key, [`ReleaseKeys::rotate`] every
//! release, then destroy the old key-encryption key, which makes every older copy worthless.
//!
//! Must never: write an unwrapped key, or keep a wrapped one that was erased.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SealError;
use super::format::{self, KEY};
use super::keyring::Key;
use super::kms::{check_name, random};
use super::{Keyring, Kms, Wrapped};
use crate::limits;

/// Name of the file of a release's keys, in the release's folder.
pub const KEYS: &str = "keys.json";

/// Version of the file.
const VERSION: u32 = 1;

/// The wrapped keys of one release, one for each class of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseKeys {
    version: u32,
    release: String,
    /// None: the key was erased.
    classes: BTreeMap<String, Option<Wrapped>>,
}

impl ReleaseKeys {
    /// New random keys for the classes of a release.
    ///
    /// # Errors
    /// When a name cannot be one, or keys cannot be made or wrapped.
    pub fn create<'a>(
        release: &str,
        classes: impl IntoIterator<Item = &'a str>,
        kms: &dyn Kms,
    ) -> Result<Self, SealError> {
        check_name("release", release, limits::MAX_NAME_BYTES)?;
        let mut keys = BTreeMap::new();
        for class in classes {
            check_name("class", class, limits::MAX_NAME_BYTES)?;
            let key = random::<KEY>()?;
            let wrapped = kms.wrap(&key, &context(release, class))?;
            keys.insert(class.to_owned(), Some(wrapped));
            if keys.len() > limits::SEALED_CLASSES {
                return Err(SealError::Classes {
                    max: limits::SEALED_CLASSES,
                });
            }
        }
        Ok(Self {
            version: VERSION,
            release: release.to_owned(),
            classes: keys,
        })
    }

    /// Reads the keys of the release in `dir`.
    ///
    /// # Errors
    /// [`SealError::KeysFile`] when there are none or they are not written as expected.
    pub fn load(dir: &Path) -> Result<Self, SealError> {
        let path = dir.join(KEYS);
        let problem = |problem: String| SealError::KeysFile {
            path: path.clone(),
            problem,
        };
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| {
                file.take(limits::KEYS_FILE_BYTES + 1)
                    .read_to_end(&mut bytes)
            })
            .map_err(|e| problem(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > limits::KEYS_FILE_BYTES {
            return Err(problem(format!(
                "expected at most {} bytes, found more",
                limits::KEYS_FILE_BYTES
            )));
        }
        let keys: Self = serde_json::from_slice(&bytes)
            .map_err(|e| problem(format!("expected a release's keys: {e}")))?;
        if keys.version != VERSION {
            return Err(problem(format!(
                "expected version {VERSION}, found {}",
                keys.version
            )));
        }
        if keys.classes.len() > limits::SEALED_CLASSES {
            return Err(problem(format!(
                "expected at most {} classes, found {}",
                limits::SEALED_CLASSES,
                keys.classes.len()
            )));
        }
        check_name("release", &keys.release, limits::MAX_NAME_BYTES)?;
        for class in keys.classes.keys() {
            check_name("class", class, limits::MAX_NAME_BYTES)?;
        }
        Ok(keys)
    }

    /// Writes the keys into the release's folder: whole or not at all, there after a power cut, and with what was there before
    /// overwritten by zeros, as far as the file system writes in place.
    ///
    /// # Errors
    /// [`SealError::Io`] when a file cannot be written. Only overwriting can have failed if the new keys are there.
    pub fn save(&self, dir: &Path) -> Result<(), SealError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| SealError::KeysFile {
            path: dir.join(KEYS),
            problem: e.to_string(),
        })?;
        bytes.push(b'\n');
        let path = dir.join(KEYS);
        let part = dir.join(format!(".{KEYS}.part"));
        let before = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => Some(file),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(SealError::io("opening the release's keys")(e)),
        };
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&part)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            File::open(dir)?.sync_all()
        };
        write().map_err(SealError::io("writing the release's keys"))?;
        // The name leads to the new file; the old one lives for as long as it is open here.
        before.map_or(Ok(()), overwrite)
    }

    /// Name of the release.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The classes of data, and whether the key of each is still there.
    pub fn classes(&self) -> impl Iterator<Item = (&str, bool)> {
        self.classes
            .iter()
            .map(|(class, key)| (class.as_str(), key.is_some()))
    }

    /// Unwraps the keys of some classes.
    ///
    /// # Errors
    /// [`SealError::Erased`] or [`SealError::NoClass`] when one is not there, others when one cannot be unwrapped.
    pub fn open<'a>(
        &self,
        kms: &dyn Kms,
        classes: impl IntoIterator<Item = &'a str>,
    ) -> Result<Keyring, SealError> {
        let mut keys = BTreeMap::new();
        for class in classes {
            let key = kms.unwrap(self.wrapped(class)?, &context(&self.release, class))?;
            keys.insert(class.to_owned(), Key::new(key));
        }
        Ok(Keyring::new(self.release.clone(), keys))
    }

    fn wrapped(&self, class: &str) -> Result<&Wrapped, SealError> {
        let class = || class.to_owned();
        match self.classes.get(&class()) {
            Some(Some(wrapped)) => Ok(wrapped),
            Some(None) => Err(SealError::Erased { class: class() }),
            None => Err(SealError::NoClass { class: class() }),
        }
    }

    /// Wraps every key under the service's current key-encryption key; says how many were under another. No file of data is
    /// read or written. To take effect it must be saved.
    ///
    /// # Errors
    /// When a key cannot be unwrapped or wrapped; then nothing has changed.
    pub fn rotate(&mut self, kms: &dyn Kms) -> Result<usize, SealError> {
        let mut rotated = BTreeMap::new();
        for (class, wrapped) in &self.classes {
            let Some(wrapped) = wrapped.as_ref().filter(|w| w.kek != kms.current()) else {
                continue;
            };
            let context = context(&self.release, class);
            let key = kms.unwrap(wrapped, &context)?;
            rotated.insert(class.clone(), Some(kms.wrap(&key, &context)?));
        }
        let count = rotated.len();
        self.classes.extend(rotated);
        Ok(count)
    }

    /// Destroys the key of a class: its files can never be opened again from this folder. To take effect it must be saved; see
    /// the head of the module for copies.
    ///
    /// # Errors
    /// [`SealError::NoClass`] when the release has no such class.
    pub fn erase(&mut self, class: &str) -> Result<(), SealError> {
        let wrapped = self
            .classes
            .get_mut(class)
            .ok_or_else(|| SealError::NoClass {
                class: class.to_owned(),
            })?;
        destroy(wrapped);
        Ok(())
    }

    /// Destroys the keys of all classes. To take effect it must be saved.
    pub fn erase_all(&mut self) {
        self.classes.values_mut().for_each(destroy);
    }
}

fn destroy(wrapped: &mut Option<Wrapped>) {
    if let Some(wrapped) = wrapped {
        zeroize::Zeroize::zeroize(&mut wrapped.bytes);
    }
    *wrapped = None;
}

fn overwrite(mut old: File) -> Result<(), SealError> {
    let zeros = |old: &mut File| -> std::io::Result<()> {
        let length = usize::try_from(old.metadata()?.len()).unwrap_or(0);
        old.write_all(&vec![0; length])?;
        old.sync_all()
    };
    zeros(&mut old).map_err(SealError::io("overwriting the release's former keys"))
}

/// What a wrapped class key is bound to.
fn context(release: &str, class: &str) -> Vec<u8> {
    format::bind(
        "readingroom class key",
        &[release.as_bytes(), class.as_bytes()],
    )
}
