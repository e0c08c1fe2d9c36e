//! Reading a sealed file as a stream, at any place, or as a Parquet file.
//!
//! Must never give out a byte of a chunk before the whole chunk was authenticated.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use zeroize::Zeroizing;

use super::format::{HEADER, Opened, Shape};
use super::{Keyring, SealError};

/// The plain bytes of a sealed file. Opening it proves its size, by way of its last chunk.
#[derive(Debug)]
pub struct SealedReader<R> {
    inner: R,
    opened: Arc<Opened>,
    position: u64,
    /// Plain text of the chunk in `held`.
    buffer: Zeroizing<Vec<u8>>,
    held: Option<u64>,
}

impl<R: Read + Seek> SealedReader<R> {
    /// Opens a file of `class` that lies at `path` below the release's folder.
    ///
    /// # Errors
    /// When it is not a sealed file, is another than the one sealed there, or was changed where it was looked at.
    pub fn open(inner: R, keyring: &Keyring, class: &str, path: &str) -> Result<Self, SealError> {
        Self::with_shape(inner, keyring, class, path, Shape::STANDARD)
    }

    pub(crate) fn with_shape(
        mut inner: R,
        keyring: &Keyring,
        class: &str,
        path: &str,
        shape: Shape,
    ) -> Result<Self, SealError> {
        let reading = || SealError::io("reading a sealed file's header");
        let size = inner.seek(SeekFrom::End(0)).map_err(reading())?;
        inner.seek(SeekFrom::Start(0)).map_err(reading())?;
        if size < HEADER as u64 {
            return Err(SealError::Size { bytes: size });
        }
        let mut header = [0; HEADER];
        inner.read_exact(&mut header).map_err(reading())?;
        let opened = keyring.open(&header, size, shape, Some(class), path)?;
        let mut reader = Self {
            inner,
            opened: Arc::new(opened),
            position: 0,
            buffer: Zeroizing::new(Vec::new()),
            held: None,
        };
        let last = reader.opened.chunks - 1;
        reader.hold(last)?;
        Ok(reader)
    }

    /// Plain size of the file.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        self.opened.plain
    }

    fn hold(&mut self, chunk: u64) -> Result<(), SealError> {
        if self.held == Some(chunk) {
            return Ok(());
        }
        self.held = None;
        let place = self.opened.place(chunk, chunk + 1);
        let length = usize::try_from(place.end - place.start).unwrap_or(usize::MAX);
        self.buffer.resize(length, 0);
        self.inner
            .seek(SeekFrom::Start(place.start))
            .and_then(|_| self.inner.read_exact(&mut self.buffer))
            .map_err(SealError::io("reading a sealed file"))?;
        let plain = self
            .opened
            .cipher
            .open(&mut self.buffer, chunk, self.opened.chunks)?;
        self.buffer.truncate(plain);
        self.held = Some(chunk);
        Ok(())
    }
}

impl<R: Read + Seek> Read for SealedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.opened.plain || out.is_empty() {
            return Ok(0);
        }
        let chunk = self.opened.chunk_of(self.position);
        self.hold(chunk)?;
        let offset = usize::try_from(self.position - self.opened.start_of(chunk)).unwrap_or(0);
        let there = self.buffer.get(offset..).unwrap_or_default();
        let length = there.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..length), there.get(..length)) {
            to.copy_from_slice(from);
        }
        self.position += length as u64;
        Ok(length)
    }
}

impl<R: Read + Seek> Seek for SealedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.opened.plain.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// A file that many readers share, each with a place of its own.
#[derive(Debug, Clone)]
pub struct SharedFile {
    file: Arc<File>,
    position: u64,
}

impl SharedFile {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = Arc::new(File::open(path)?);
        Ok(Self { file, position: 0 })
    }
}

impl Read for SharedFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(out, self.position)?;
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl Length for SealedReader<SharedFile> {
    fn len(&self) -> u64 {
        self.opened.plain
    }
}

impl ChunkReader for SealedReader<SharedFile> {
    type T = Self;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self> {
        Ok(Self {
            inner: self.inner.clone(),
            opened: Arc::clone(&self.opened),
            position: start,
            buffer: Zeroizing::new(Vec::new()),
            held: None,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let end = start.saturating_add(length as u64);
        if end > self.opened.plain {
            return Err(ParquetError::EOF(format!(
                "expected {length} bytes at {start}, found {}",
                self.opened.plain.saturating_sub(start)
            )));
        }
        if length == 0 {
            return Ok(Bytes::new());
        }
        let (first, last) = (self.opened.chunk_of(start), self.opened.chunk_of(end - 1));
        let place = self.opened.place(first, last + 1);
        let mut bytes = vec![0; usize::try_from(place.end - place.start).unwrap_or(usize::MAX)];
        self.inner.file.read_exact_at(&mut bytes, place.start)?;
        let opened = self
            .opened
            .cipher
            .open(&mut bytes, first, self.opened.chunks);
        let plain = opened.map_err(|e| ParquetError::External(Box::new(e)))?;
        bytes.truncate(plain);
        let from = usize::try_from(start - self.opened.start_of(first)).unwrap_or(usize::MAX);
        Ok(Bytes::from(bytes).slice(from..from + length))
    }
}
