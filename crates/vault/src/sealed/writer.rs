//! Writing a sealed file as a stream.
//!
//! Must never seal two chunks under one number of one key: see the head of `format.rs`.

use std::io::{self, Write};

use zeroize::Zeroizing;

use super::format::{Cipher, HEADER_BYTES, ID, KEY, NONCE, Name, Shape, TAG};
use super::kms::{check_name, random};
use super::{Keyring, SealError};
use crate::limits;

/// Random bytes for one file: its id, its key, and the nonce under which the key is wrapped. Used up by the writer, and
/// cannot be copied.
pub struct Fresh {
    id: [u8; ID],
    key: Zeroizing<[u8; KEY]>,
    nonce: [u8; NONCE],
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fresh(not shown)")
    }
}

impl Fresh {
    /// From the operating system.
    ///
    /// # Errors
    /// [`SealError::Random`] when it gives none.
    pub fn new() -> Result<Self, SealError> {
        Ok(Self {
            id: *random()?,
            key: random()?,
            nonce: *random()?,
        })
    }

    /// Fixed bytes, for known answers.
    #[cfg(test)]
    pub(crate) fn fixed(id: [u8; ID], key: [u8; KEY], nonce: [u8; NONCE]) -> Self {
        let key = Zeroizing::new(key);
        Self { id, key, nonce }
    }
}

/// Seals what is written to it into `W`. Only [`SealedWriter::finish`] writes the last chunk: a file that was not finished
/// does not open.
#[derive(Debug)]
pub struct SealedWriter<W: Write> {
    inner: W,
    cipher: Cipher,
    /// Plain text of the chunk under way; room for a chunk and its tag, so that it is sealed where it lies.
    buffer: Zeroizing<Vec<u8>>,
    /// Number of the next chunk.
    next: u64,
    /// A write failed, so a chunk's number may have been used.
    failed: bool,
    written: u64,
}

impl<W: Write> SealedWriter<W> {
    /// Begins a file of `class`, which will lie at `path` below the release's folder (with `/`), and writes its header.
    ///
    /// # Errors
    /// When the class's key is not held, or the header cannot be written.
    pub fn new(
        inner: W,
        keyring: &Keyring,
        class: &str,
        path: &str,
        fresh: Fresh,
    ) -> Result<Self, SealError> {
        Self::with_shape(inner, keyring, Name { class, path }, fresh, Shape::STANDARD)
    }

    pub(crate) fn with_shape(
        mut inner: W,
        keyring: &Keyring,
        name: Name<'_>,
        fresh: Fresh,
        shape: Shape,
    ) -> Result<Self, SealError> {
        check_name("path", name.path, limits::MAX_TEXT_BYTES)?;
        let header = keyring.wrap(&fresh.key, &fresh.id, fresh.nonce, shape, name)?;
        let cipher = Cipher::new(&fresh.key, &fresh.id, shape, name)?;
        inner
            .write_all(&header.to_bytes(shape))
            .map_err(SealError::io("writing a sealed file's header"))?;
        Ok(Self {
            inner,
            cipher,
            buffer: Zeroizing::new(Vec::with_capacity(shape.chunk_len() + TAG)),
            next: 0,
            failed: false,
            written: HEADER_BYTES,
        })
    }

    /// Bytes written to the file beneath so far.
    #[must_use]
    pub fn sealed_bytes(&self) -> u64 {
        self.written
    }

    fn seal(&mut self, last: bool) -> Result<(), SealError> {
        if self.failed {
            return Err(SealError::Failed);
        }
        if self.next >= limits::SEALED_CHUNKS {
            let max = limits::SEALED_CHUNKS;
            return Err(SealError::TooLong { max });
        }
        // Until the chunk is written the number counts as used up: after an error nothing more may be sealed.
        self.failed = true;
        self.cipher.seal(&mut self.buffer, self.next, last)?;
        self.inner
            .write_all(&self.buffer)
            .map_err(SealError::io("writing a sealed file"))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.next += 1;
        self.failed = false;
        Ok(())
    }

    /// Seals the last chunk, flushes, and gives the file beneath back. Syncing it is the caller's.
    ///
    /// # Errors
    /// [`SealError::Io`] when it cannot be written, [`SealError::Failed`] when a write failed before.
    pub fn finish(mut self) -> Result<W, SealError> {
        self.seal(true)?;
        self.inner
            .flush()
            .map_err(SealError::io("writing a sealed file"))?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Err(SealError::Failed.into());
        }
        let chunk = self.cipher.shape.chunk_len();
        let mut rest = bytes;
        while !rest.is_empty() {
            // A full chunk waits for the next byte: if none comes it is the last.
            if self.buffer.len() >= chunk {
                self.seal(false)?;
            }
            let room = chunk.saturating_sub(self.buffer.len()).min(rest.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.buffer.extend_from_slice(now);
            rest = later;
        }
        Ok(bytes.len())
    }

    /// Flushes the full chunks. A chunk under way stays: its place in the file is not settled.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
