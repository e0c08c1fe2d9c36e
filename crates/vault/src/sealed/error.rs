//! Why something sealed cannot be made or opened. Texts hold no key, no value and no byte of a file.

use std::path::PathBuf;

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Reading or writing failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
    /// The bytes are not a sealed file, or one of another version.
    #[error("expected the header of a sealed file of version {expected}, found something else")]
    NotSealed {
        /// The version that is understood.
        expected: u32,
    },
    /// No sealed file has this size: it was cut short or something was added.
    #[error(
        "expected the size of a sealed file, found {bytes} bytes; it was cut short or added to"
    )]
    Size {
        /// The size found.
        bytes: u64,
    },
    /// The file's key does not open: another class, path or release, or changed bytes.
    #[error(
        "the file's key does not open with the keys held; the file is of a class that is not held, was moved, or was changed"
    )]
    FileKey,
    /// A chunk is not what was sealed in its place.
    #[error("chunk {chunk}: expected the bytes that were sealed there, found others")]
    Damaged {
        /// Number of the chunk, from 0.
        chunk: u64,
    },
    /// More is asked of one file than the format allows.
    #[error("expected at most {max} chunks in a sealed file, found more")]
    TooLong {
        /// The limit.
        max: u64,
    },
    /// Writing failed earlier: what follows would be sealed in a place already used.
    #[error("writing this sealed file failed before; write it anew under a new key")]
    Failed,
    /// The keyring has no key of this class.
    #[error("no key of class {class} is held")]
    NotHeld {
        /// The class of data.
        class: String,
    },
    /// The release has no such class.
    #[error("the release's keys have no class {class}")]
    NoClass {
        /// The class of data.
        class: String,
    },
    /// The class's key was destroyed.
    #[error("the key of class {class} was erased; its files cannot be opened any more")]
    Erased {
        /// The class of data.
        class: String,
    },
    /// The key-encryption key is not at hand.
    #[error("no key-encryption key {kek} is at hand; add the key of that name, or restore it")]
    NoKek {
        /// Its name.
        kek: String,
    },
    /// A wrapped key does not open.
    #[error(
        "the wrapped key does not open with key-encryption key {kek}; it belongs to another release or class, or was changed"
    )]
    Unwrap {
        /// Name of the key-encryption key.
        kek: String,
    },
    /// Key-encryption keys are not written as expected.
    #[error("{origin}: {problem}")]
    Keks {
        /// Where they come from.
        origin: String,
        /// What is wrong with them.
        problem: String,
    },
    /// A release's keys are not written as expected.
    #[error("{path}: {problem}")]
    KeysFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A name is empty, too long, or has unexpected characters.
    #[error(
        "{what}: expected a name of at most {max} bytes without control characters, found {found} bytes"
    )]
    Name {
        /// What is named.
        what: &'static str,
        /// Longest name.
        max: usize,
        /// Length found.
        found: usize,
    },
    /// More classes than a release may have.
    #[error("expected at most {max} classes of data, found more")]
    Classes {
        /// The limit.
        max: usize,
    },
}

impl SealError {
    /// For `map_err` on reading and writing.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

impl From<SealError> for std::io::Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Io { source, .. } => source,
            other => Self::new(std::io::ErrorKind::InvalidData, other),
        }
    }
}
