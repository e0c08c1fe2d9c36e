//! Sealed files: a release on disk, and rows that the engine spills, readable only with their keys.
//!
//! Each file is cut into chunks, each chunk sealed with AES-256-GCM under a key of that file alone ([`format`]). The file's key
//! lies in its header, wrapped by the key of its class of data; the class keys lie beside the manifest, wrapped by a
//! key-encryption key ([`ReleaseKeys`], [`Kms`]). Whoever destroys a class's wrapped key destroys every file of the class.
//! `docs/reference/encryption.md` has the format byte by byte, and what is not protected.
//!
//! Must never: give out a byte that was not authenticated, use a key for two files, put a key into a log, an error or an
//! unsealed file, or tell from an error what a file holds.

mod error;
mod format;
mod keyring;
mod keys;
mod kms;
mod ranges;
mod reader;
mod spill;
mod store;
mod writer;

pub use error::SealError;
pub use format::{plain_size, sealed_size};
pub use keyring::Keyring;
pub use keys::{KEYS, ReleaseKeys};
pub use kms::{Kms, LocalKms, Wrapped};
pub use reader::{SealedReader, SharedFile};
pub use spill::{Scratch, SealedTemp, spill_disk};
pub use store::SealedStore;
pub use writer::{Fresh, SealedWriter};

#[cfg(test)]
mod tests;
