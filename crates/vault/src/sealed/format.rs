//! The format of a sealed file, and sealing and opening its chunks in place.
//!
//! ```text
//! header  92 bytes   magic "RRSEALED" | version u32 | plain bytes of a chunk u32 | file id 16 | nonce 12 | wrapped key 32 | tag 16
//! chunk   0 …        cipher text of up to 65,536 bytes | tag 16
//! ```
//!
//! Numbers are little endian. Every chunk but the last is full; the last holds 1 to 65,536 bytes, and in an empty file 0.
//! So the plain size follows from the sealed size, and each size belongs to one way of cutting.
//!
//! **A nonce never repeats under a key.** NIST SP 800-38D (section 8) demands that no key ever seals two inputs under one
//! nonce. A file's key is 256 random bits drawn for that file, held by one [`super::SealedWriter`], which cannot be cloned and
//! is consumed by `finish`; nothing else seals with it, and no file is ever written to again. The nonce is the
//! deterministic construction of section 8.2.1: 96 bits, fixed field zero, invocation field the number of the chunk,
//! big endian. The writer seals each number once, counting up, and refuses all further work after a failed write. Hence
//! for one key all nonces differ; and two files with equal keys would need equal draws of 256 bits. Section 8.3 sets no
//! number of invocations for such nonces; 2^28 chunks are the limit here, of 2^12 blocks each, below the 2^32 - 2 of
//! section 5.2.1.1. File keys are wrapped under their class's key with a random nonce of 96 bits (section 8.2.2), for
//! which section 8.3 allows 2^32 uses; a class has thousands of files.
//!
//! **What is authenticated.** Each chunk: the version, the chunk size, the file id, the class, the path below the release,
//! the chunk's number, and whether it is the last. Each part of variable length stands behind its length, so two
//! different lists never give the same bytes. A chunk in another place, file, class or under another name does not
//! open; nor does the chunk that a shortened or lengthened file would have last.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::SealError;
use crate::limits;

/// First bytes of every sealed file.
pub(crate) const MAGIC: [u8; 8] = *b"RRSEALED";
/// Version of the format.
pub(crate) const VERSION: u32 = 1;
/// Bytes of an authentication tag.
pub(crate) const TAG: usize = 16;
/// Bytes of a nonce.
pub(crate) const NONCE: usize = 12;
/// Bytes of a key.
pub(crate) const KEY: usize = 32;
/// Bytes of a file id.
pub(crate) const ID: usize = 16;
/// Bytes of a key wrapped with AES-256-GCM: nonce, cipher text, tag.
pub(crate) const WRAPPED: usize = NONCE + KEY + TAG;
/// Bytes of a header.
pub(crate) const HEADER: usize = 8 + 4 + 4 + ID + WRAPPED;
/// The same, for places in files.
pub(crate) const HEADER_BYTES: u64 = HEADER as u64;
const TAG_BYTES: u64 = TAG as u64;

/// Size of the plain file in a sealed file of this many bytes; none if no sealed file has this size.
#[must_use]
pub fn plain_size(sealed_bytes: u64) -> Option<u64> {
    Shape::STANDARD.plain_size(sealed_bytes)
}

/// Size of the sealed file for a plain file of this many bytes.
#[must_use]
pub fn sealed_size(plain_bytes: u64) -> u64 {
    Shape::STANDARD.sealed_size(plain_bytes)
}

/// How a file is cut. There is one way outside tests, which use small chunks to try every byte of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape(u32);

impl Shape {
    /// The format's.
    pub(crate) const STANDARD: Self = Self(limits::SEALED_CHUNK_BYTES);

    #[cfg(test)]
    pub(crate) const fn small(chunk: u32) -> Self {
        Self(chunk)
    }

    /// Plain bytes of a full chunk.
    pub(crate) fn chunk(self) -> u64 {
        u64::from(self.0)
    }

    /// The same, for buffers.
    pub(crate) fn chunk_len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Bytes of a full chunk on disk.
    pub(crate) fn stride(self) -> u64 {
        self.chunk() + TAG_BYTES
    }

    /// Number of chunks of a file: at least one, so that an empty file is authenticated too.
    pub(crate) fn chunks(self, plain: u64) -> u64 {
        plain.div_ceil(self.chunk()).max(1)
    }

    /// Place on disk of the last chunk.
    pub(crate) fn last(self, plain: u64) -> std::ops::Range<u64> {
        let before = (self.chunks(plain) - 1).saturating_mul(self.stride());
        HEADER_BYTES.saturating_add(before)..self.sealed_size(plain)
    }

    /// See [`sealed_size`].
    pub(crate) fn sealed_size(self, plain: u64) -> u64 {
        let tags = self.chunks(plain).saturating_mul(TAG_BYTES);
        HEADER_BYTES.saturating_add(plain).saturating_add(tags)
    }

    /// See [`plain_size`].
    pub(crate) fn plain_size(self, sealed: u64) -> Option<u64> {
        let body = sealed.checked_sub(HEADER_BYTES)?;
        let chunks = body.div_ceil(self.stride());
        let plain = body.checked_sub(chunks.checked_mul(TAG_BYTES)?)?;
        // Not so if the last chunk is too short for a tag, or empty behind others.
        (chunks > 0 && chunks <= limits::SEALED_CHUNKS && self.chunks(plain) == chunks)
            .then_some(plain)
    }
}

/// Bytes that authenticate a list of parts: each behind its length, so that no two lists are alike.
pub(crate) fn bind(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len() + 8).sum();
    let mut out = Vec::with_capacity(label.len() + 8 + length + 9);
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// A key for AES-256-GCM. `ring` does not overwrite its own copy when it is dropped.
pub(crate) fn gcm(key: &[u8; KEY]) -> Result<LessSafeKey, SealError> {
    // It fails for keys of another length only.
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::FileKey)?;
    Ok(LessSafeKey::new(key))
}

/// Wraps a key under another: nonce, cipher text, tag. The nonce must be random.
pub(crate) fn wrap(
    under: &[u8; KEY],
    key: &[u8; KEY],
    nonce: [u8; NONCE],
    aad: &[u8],
) -> Result<[u8; WRAPPED], SealError> {
    let mut out = [0; WRAPPED];
    let (head, rest) = out.split_at_mut(NONCE);
    let (body, tail) = rest.split_at_mut(KEY);
    head.copy_from_slice(&nonce);
    body.copy_from_slice(key);
    let tag = gcm(under)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut *body,
        )
        .map_err(|_| SealError::FileKey)?;
    tail.copy_from_slice(tag.as_ref());
    Ok(out)
}

/// Opens what [`wrap`] made; none if anything of it differs.
pub(crate) fn unwrap(
    under: &[u8; KEY],
    wrapped: &[u8],
    aad: &[u8],
) -> Option<Zeroizing<[u8; KEY]>> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>()?;
    let sealed: &[u8; KEY + TAG] = sealed.try_into().ok()?;
    let mut sealed = Zeroizing::new(*sealed);
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let plain = gcm(under)
        .ok()?
        .open_in_place(nonce, Aad::from(aad), sealed.as_mut_slice())
        .ok()?;
    let mut key = Zeroizing::new([0; KEY]);
    key.copy_from_slice(plain.get(..KEY)?);
    Some(key)
}

/// What a file is called: its class of data and its path below the release's folder, with `/`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) class: &'a str,
    pub(crate) path: &'a str,
}

/// The first bytes of a sealed file.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) file_id: [u8; ID],
    pub(crate) wrapped: [u8; WRAPPED],
}

impl Header {
    /// As written.
    pub(crate) fn to_bytes(&self, shape: Shape) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&shape.0.to_le_bytes());
        out.extend_from_slice(&self.file_id);
        out.extend_from_slice(&self.wrapped);
        out
    }

    /// As read. Version and chunk size must be the ones known: there is nothing to negotiate.
    pub(crate) fn parse(bytes: &[u8], shape: Shape) -> Result<Self, SealError> {
        let parse = || {
            let (magic, rest) = bytes.split_first_chunk::<8>()?;
            let (version, rest) = rest.split_first_chunk::<4>()?;
            let (chunk, rest) = rest.split_first_chunk::<4>()?;
            let (file_id, rest) = rest.split_first_chunk::<ID>()?;
            let wrapped: [u8; WRAPPED] = rest.try_into().ok()?;
            let known = *magic == MAGIC
                && u32::from_le_bytes(*version) == VERSION
                && u32::from_le_bytes(*chunk) == shape.0;
            known.then_some(Self {
                file_id: *file_id,
                wrapped,
            })
        };
        parse().ok_or(SealError::NotSealed { expected: VERSION })
    }

    /// What the wrapped file key is bound to.
    pub(crate) fn key_aad(file_id: &[u8; ID], shape: Shape, name: Name<'_>) -> Vec<u8> {
        bound("readingroom sealed file key", file_id, shape, name)
    }
}

fn bound(label: &str, file_id: &[u8; ID], shape: Shape, name: Name<'_>) -> Vec<u8> {
    bind(
        label,
        &[
            &VERSION.to_le_bytes(),
            &shape.0.to_le_bytes(),
            file_id,
            name.class.as_bytes(),
            name.path.as_bytes(),
        ],
    )
}

/// A file's key with what its chunks are bound to.
pub(crate) struct Cipher {
    key: LessSafeKey,
    /// Authenticated with every chunk, before its number and whether it is the last.
    prefix: Vec<u8>,
    pub(crate) shape: Shape,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(key not shown)")
    }
}

impl Cipher {
    pub(crate) fn new(
        key: &[u8; KEY],
        file_id: &[u8; ID],
        shape: Shape,
        name: Name<'_>,
    ) -> Result<Self, SealError> {
        Ok(Self {
            key: gcm(key)?,
            prefix: bound("readingroom sealed chunk", file_id, shape, name),
            shape,
        })
    }

    /// Seals one chunk in place and appends its tag. Each number must be sealed once under a key.
    pub(crate) fn seal(
        &self,
        bytes: &mut Vec<u8>,
        chunk: u64,
        last: bool,
    ) -> Result<(), SealError> {
        let mut aad = self.prefix.clone();
        number(&mut aad, self.prefix.len(), chunk, last);
        self.key
            .seal_in_place_append_tag(nonce(chunk), Aad::from(&aad), bytes)
            .map_err(|_| SealError::TooLong {
                max: limits::SEALED_CHUNKS,
            })
    }

    /// Opens chunks that lie one after the other in `bytes`, from number `first` of `chunks`, and moves them together: the
    /// plain text is the first part of `bytes`, of the length returned. On an error `bytes` is overwritten with zeros, so
    /// that nothing unauthenticated can be used.
    pub(crate) fn open(
        &self,
        bytes: &mut [u8],
        first: u64,
        chunks: u64,
    ) -> Result<usize, SealError> {
        let opened = self.open_run(bytes, first, chunks);
        if opened.is_err() {
            bytes.fill(0);
        }
        opened
    }

    fn open_run(&self, bytes: &mut [u8], first: u64, chunks: u64) -> Result<usize, SealError> {
        let stride = self.shape.chunk_len() + TAG;
        let mut aad = self.prefix.clone();
        let (mut read, mut written, mut chunk) = (0, 0, first);
        while read < bytes.len() {
            let end = bytes.len().min(read + stride);
            number(&mut aad, self.prefix.len(), chunk, chunk + 1 == chunks);
            // The cipher text begins behind the gap that the tags before it left; opening it moves it over the gap.
            let part = bytes
                .get_mut(written..end)
                .ok_or(SealError::Damaged { chunk })?;
            let plain = self
                .key
                .open_within(nonce(chunk), Aad::from(&aad), part, read - written..)
                .map_err(|_| SealError::Damaged { chunk })?;
            written += plain.len();
            read = end;
            chunk += 1;
        }
        Ok(written)
    }
}

/// The nonce of a chunk: see the head of the module.
pub(crate) fn nonce(chunk: u64) -> Nonce {
    let mut nonce = [0; NONCE];
    if let Some(field) = nonce.last_chunk_mut::<8>() {
        *field = chunk.to_be_bytes();
    }
    Nonce::assume_unique_for_key(nonce)
}

fn number(aad: &mut Vec<u8>, prefix: usize, chunk: u64, last: bool) {
    aad.truncate(prefix);
    aad.extend_from_slice(&chunk.to_le_bytes());
    aad.push(u8::from(last));
}

/// An opened file: its key and how it is cut. The size is not proven before its last chunk was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) cipher: Cipher,
    /// Plain size.
    pub(crate) plain: u64,
    /// Number of chunks.
    pub(crate) chunks: u64,
}

impl Opened {
    /// Number of the chunk with this plain byte.
    pub(crate) fn chunk_of(&self, position: u64) -> u64 {
        position / self.cipher.shape.chunk()
    }

    /// Plain place of a chunk's first byte.
    pub(crate) fn start_of(&self, chunk: u64) -> u64 {
        chunk.saturating_mul(self.cipher.shape.chunk())
    }

    /// Place on disk of the chunks from `first` up to, but without, `end`.
    pub(crate) fn place(&self, first: u64, end: u64) -> std::ops::Range<u64> {
        let shape = self.cipher.shape;
        let at = |chunk: u64| HEADER_BYTES.saturating_add(chunk.saturating_mul(shape.stride()));
        at(first)..at(end).min(shape.sealed_size(self.plain))
    }

    /// Opens the last chunk, which proves that the file has the size it was sealed with.
    pub(crate) fn prove(&self, last: &mut [u8]) -> Result<(), SealError> {
        self.cipher
            .open(last, self.chunks - 1, self.chunks)
            .map(|_| last.fill(0))
    }
}
