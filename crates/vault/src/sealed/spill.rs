//! Rows that the engine spills to disk, sealed under keys that live in memory only.
//!
//! The engine (DataFusion 55.2) lets a `TempFileFactory` make its temporary files. Such a file is a writer of bytes, and a
//! stream of bytes that may be read **while the file is still written**: after each flush a reader must find everything
//! written so far. So these are frames of any length up to 64 KiB rather than the chunks of `format.rs`, and the list of
//! frames is kept in memory, where nobody can shorten it.
//!
//! Each file has a random key of its own, and frame *n* has nonce *n*, counted up under a lock and never used again after a failed
//! write; so no nonce repeats under a key (the argument of `format.rs`). Files have no name: they are unlinked when
//! made, so a process that is killed leaves nothing but sealed blocks whose key is gone.
//!
//! With a factory of its own the engine's `DiskManager` counts neither bytes nor files: the limit is kept here.
//!
//! Must never write a plain byte, or a key.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::{SpillFile, SpillWriter, TempFileFactory};
use futures::{Stream, StreamExt, stream};
use ring::aead::{Aad, LessSafeKey};
use zeroize::Zeroizing;

use super::SealError;
use super::format::{self, KEY, TAG};
use super::kms::random;
use crate::ingest::recipe::hex;
use crate::limits;

/// Bound to every frame, so that no frame is ever taken for something else.
const LABEL: &[u8] = b"readingroom spilled frame 1";

/// Disk for a question's spilled rows: sealed, without names, in `dir`, at most `max_bytes` of them at a time.
#[must_use]
pub fn spill_disk(dir: &Path, max_bytes: u64) -> DiskManagerBuilder {
    DiskManagerBuilder::default()
        .with_max_temp_directory_size(max_bytes)
        .with_temp_file_factory(Arc::new(SealedTemp::new(dir, max_bytes)))
}

/// Makes sealed temporary files.
#[derive(Debug)]
pub struct SealedTemp {
    dir: PathBuf,
    quota: Arc<Quota>,
}

#[derive(Debug)]
struct Quota {
    used: AtomicU64,
    max: u64,
}

impl SealedTemp {
    /// Files in `dir`, which must be there, with at most `max_bytes` on disk together.
    #[must_use]
    pub fn new(dir: &Path, max_bytes: u64) -> Self {
        let quota = Quota {
            used: AtomicU64::new(0),
            max: max_bytes,
        };
        Self {
            dir: dir.to_owned(),
            quota: Arc::new(quota),
        }
    }

    /// Bytes on disk now.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.quota.used.load(Ordering::Relaxed)
    }

    /// A file for one who writes it first and reads it then.
    ///
    /// # Errors
    /// When the operating system gives no file or no random bytes.
    pub fn scratch(&self) -> io::Result<Scratch> {
        self.shared().map(Scratch)
    }

    fn shared(&self) -> io::Result<Arc<Shared>> {
        let key = random::<KEY>()?;
        Ok(Arc::new(Shared {
            file: self.unnamed()?,
            key: format::gcm(&key)?,
            frames: Mutex::new(Frames::default()),
            quota: Arc::clone(&self.quota),
        }))
    }

    /// A file without a name.
    fn unnamed(&self) -> io::Result<File> {
        let name = format!(".spill-{}", hex(random::<16>()?.as_slice()));
        let path = self.dir.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    }
}

impl TempFileFactory for SealedTemp {
    fn create_temp_file(&self, _description: &str) -> Result<Arc<dyn SpillFile>> {
        Ok(Arc::new(Spilled(self.shared()?)))
    }
}

/// One temporary file; its blocks are free when the last of those who share it is gone.
struct Shared {
    file: File,
    key: LessSafeKey,
    frames: Mutex<Frames>,
    quota: Arc<Quota>,
}

#[derive(Default)]
struct Frames {
    /// Where each frame ends in the file. The frame's number is its nonce.
    ends: Vec<u64>,
    /// Plain bytes in all of them.
    plain: u64,
    /// A write failed: the number of the frame that failed is used up.
    failed: bool,
}

impl Frames {
    fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let bytes = self.frames().end();
        self.quota.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Over the limit for spilled rows. The engine finds its own error behind the ones of files.
#[derive(Debug, thiserror::Error)]
#[error("spilled rows take more than their limit of {max} bytes")]
struct OverQuota {
    max: u64,
    source: DataFusionError,
}

impl Shared {
    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        let Quota { used, max } = self.quota.as_ref();
        let before = used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= *max {
            return Ok(());
        }
        used.fetch_sub(bytes, Ordering::Relaxed);
        let source = DataFusionError::ResourcesExhausted("spilled rows".to_owned());
        Err(io::Error::other(OverQuota { max: *max, source }))
    }

    /// Seals a frame in place, and writes it behind the others.
    fn append(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let mut frames = self.frames();
        if frames.failed {
            return Err(SealError::Failed.into());
        }
        let bytes = (buffer.len() + TAG) as u64;
        self.reserve(bytes)?;
        let (start, number, plain) = (frames.end(), frames.ends.len() as u64, buffer.len());
        frames.failed = true;
        let sealed = self
            .key
            .seal_in_place_append_tag(format::nonce(number), Aad::from(LABEL), buffer)
            .map_err(|_| io::Error::from(SealError::Failed))
            .and_then(|()| self.file.write_all_at(buffer, start));
        if let Err(e) = sealed {
            self.quota.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(e);
        }
        frames.ends.push(start + bytes);
        frames.plain += plain as u64;
        frames.failed = false;
        buffer.clear();
        Ok(())
    }

    /// Number of the first frame behind those that are read together from `first`, with their ends before and after.
    fn batch(&self, first: usize) -> Option<(u64, Vec<u64>)> {
        let frames = self.frames();
        let start = match first.checked_sub(1) {
            Some(before) => *frames.ends.get(before)?,
            None => 0,
        };
        let rest = frames.ends.get(first..)?;
        let near = |end: &&u64| **end - start <= limits::SPILL_READ_BYTES;
        let ends: Vec<u64> = rest.iter().take_while(near).copied().collect();
        (!ends.is_empty()).then_some((start, ends))
    }

    /// Reads frames and opens them where they lie, moved together over the gaps of their tags.
    fn read(&self, first: usize, start: u64, ends: &[u64]) -> io::Result<Bytes> {
        let end = ends.last().copied().unwrap_or(start);
        let at = |place: u64| usize::try_from(place - start).unwrap_or(usize::MAX);
        let mut bytes = vec![0; at(end)];
        self.file.read_exact_at(&mut bytes, start)?;
        let (mut from, mut written) = (0, 0);
        for (number, end) in (first as u64..).zip(ends) {
            let damaged = || io::Error::from(SealError::Damaged { chunk: number });
            let frame = bytes.get_mut(written..at(*end)).ok_or_else(damaged)?;
            let plain = self
                .key
                .open_within(
                    format::nonce(number),
                    Aad::from(LABEL),
                    frame,
                    from - written..,
                )
                .map_err(|_| damaged())?;
            written += plain.len();
            from = at(*end);
        }
        bytes.truncate(written);
        Ok(Bytes::from(bytes))
    }
}

/// A sealed temporary file of one owner: raw data on its way to a release.
pub struct Scratch(Arc<Shared>);

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch(sealed)")
    }
}

impl Scratch {
    /// Writes behind what is there. What is not flushed is not written.
    #[must_use]
    pub fn writer(&self) -> impl Write + use<> {
        Spilling::of(&self.0)
    }

    /// Reads all of it from the start.
    #[must_use]
    pub fn reader(&self) -> impl BufRead + use<> {
        Reading {
            shared: Arc::clone(&self.0),
            frame: 0,
            bytes: Bytes::new(),
        }
    }
}

/// Reads frames one batch after another.
struct Reading {
    shared: Arc<Shared>,
    frame: usize,
    bytes: Bytes,
}

impl Read for Reading {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Reading {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty()
            && let Some((start, ends)) = self.shared.batch(self.frame)
        {
            self.bytes = self.shared.read(self.frame, start, &ends)?;
            self.frame += ends.len();
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, count: usize) {
        let _passed = self.bytes.split_to(count.min(self.bytes.len()));
    }
}

struct Spilled(Arc<Shared>);

impl SpillFile for Spilled {
    fn size(&self) -> Option<u64> {
        Some(self.0.frames().plain)
    }

    /// Everything flushed so far. Reads block, so they run where blocking is allowed.
    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let shared = Arc::clone(&self.0);
        let frames = stream::try_unfold(0, move |first| {
            let shared = Arc::clone(&shared);
            async move {
                let Some((start, ends)) = shared.batch(first) else {
                    return Ok(None);
                };
                let next = first + ends.len();
                let read = move || shared.read(first, start, &ends);
                let bytes = tokio::task::spawn_blocking(read)
                    .await
                    .map_err(|e| DataFusionError::External(Box::new(e)))??;
                Ok(Some((bytes, next)))
            }
        });
        Ok(frames.boxed())
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Spilling::of(&self.0)))
    }
}

/// Collects bytes into frames.
struct Spilling {
    shared: Arc<Shared>,
    buffer: Zeroizing<Vec<u8>>,
}

impl Spilling {
    fn of(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            buffer: Zeroizing::new(Vec::with_capacity(limits::SPILL_FRAME_BYTES + TAG)),
        }
    }

    fn emit(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.shared.append(&mut self.buffer)
    }
}

impl Write for Spilling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = limits::SPILL_FRAME_BYTES.saturating_sub(self.buffer.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.buffer.extend_from_slice(now);
            rest = later;
            if self.buffer.len() >= limits::SPILL_FRAME_BYTES {
                self.emit()?;
            }
        }
        Ok(bytes.len())
    }

    /// A reader may come for what was written so far.
    fn flush(&mut self) -> io::Result<()> {
        self.emit()
    }
}

impl SpillWriter for Spilling {
    fn finish(&mut self) -> Result<()> {
        Ok(self.emit()?)
    }
}
