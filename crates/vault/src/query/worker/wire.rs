//! What parent and worker say to each other: frames of a kind, a length and a payload.
//!
//! A payload is a head in JSON (which may be read by a person who debugs it with synthetic data), followed by binary
//! parts: sets of people, an answer's rows. Every length is bounded before memory is taken for it.

use std::io::{self, Read, Write};

use privacy::sdc;
use roaring::RoaringBitmap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::limits;
pub(super) use crate::query::engine::people::write as set_bytes;

/// Kinds of frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Parent to worker: the question.
    Job = 1,
    /// Worker to parent: which columns the checked plan reads.
    Planned = 2,
    /// Worker to parent: how far it is.
    Progress = 3,
    /// Worker to parent: the sets of people behind the numbers.
    Table = 4,
    /// Parent to worker: what may be shown.
    Verdicts = 5,
    /// Worker to parent: the answer.
    Answer = 6,
    /// Worker to parent: the question was refused.
    Refusal = 7,
    /// Worker to parent: a bug or an outage.
    Fault = 8,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [
            Self::Job,
            Self::Planned,
            Self::Progress,
            Self::Table,
            Self::Verdicts,
            Self::Answer,
            Self::Refusal,
            Self::Fault,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// A frame as it was read.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    payload: Vec<u8>,
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a frame of another form")
}

/// Writes a frame: `head` as JSON, then the parts, each with its length before it.
pub(super) fn write<'a>(
    out: &mut impl Write,
    kind: Kind,
    head: &impl Serialize,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let mut payload = Vec::with_capacity(head.len() + 4);
    put(&mut payload, &head)?;
    for part in parts {
        put(&mut payload, part)?;
    }
    if payload.len() > limits::FRAME_BYTES {
        return Err(malformed());
    }
    let length = u32::try_from(payload.len()).map_err(|_| malformed())?;
    out.write_all(&[kind as u8])?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&payload)?;
    out.flush()
}

fn put(payload: &mut Vec<u8>, part: &[u8]) -> io::Result<()> {
    let length = u32::try_from(part.len()).map_err(|_| malformed())?;
    payload.extend_from_slice(&length.to_be_bytes());
    payload.extend_from_slice(part);
    Ok(())
}

/// Reads a frame; `None` at the end of the stream.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut kind = [0_u8; 1];
    if from.read(&mut kind)? == 0 {
        return Ok(None);
    }
    let mut length = [0_u8; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| malformed())?;
    if length > limits::FRAME_BYTES {
        return Err(malformed());
    }
    let mut payload = vec![0; length];
    from.read_exact(&mut payload)?;
    let [kind] = kind;
    let kind = Kind::of(kind).ok_or_else(malformed)?;
    Ok(Some(Frame { kind, payload }))
}

impl Frame {
    /// The head, and the parts after it.
    pub(super) fn open<T: DeserializeOwned>(&self) -> io::Result<(T, Vec<&[u8]>)> {
        let mut parts = Vec::new();
        let mut rest = self.payload.as_slice();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| malformed())?;
            let (part, after) = after.split_at_checked(length).ok_or_else(malformed)?;
            parts.push(part);
            rest = after;
        }
        if parts.is_empty() {
            return Err(malformed());
        }
        let head = serde_json::from_slice(parts.remove(0))?;
        Ok((head, parts))
    }
}

/// The set in these bytes.
pub(super) fn set_of(bytes: &[u8]) -> io::Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes)
}

/// A table as bytes. Not JSON: most of it are sets.
pub(super) fn table_bytes(table: &sdc::Table) -> io::Result<Vec<u8>> {
    postcard::to_stdvec(table).map_err(|_| malformed())
}

/// The table in these bytes.
pub(super) fn table_of(bytes: &[u8]) -> io::Result<sdc::Table> {
    postcard::from_bytes(bytes).map_err(|_| malformed())
}

/// Bytes that JSON carries as hex: keys, which are short.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(pub(super) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Secret {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(crate::ingest::recipe::hex(bytes))
    }

    pub(super) fn key(&self) -> io::Result<[u8; 32]> {
        let mut out = [0_u8; 32];
        if self.0.len() != 64 {
            return Err(malformed());
        }
        for (to, pair) in out.iter_mut().zip(self.0.as_bytes().chunks(2)) {
            let text = std::str::from_utf8(pair).map_err(|_| malformed())?;
            *to = u8::from_str_radix(text, 16).map_err(|_| malformed())?;
        }
        Ok(out)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut bytes = Vec::new();
        write(
            &mut bytes,
            Kind::Table,
            &vec![1, 2],
            [b"ab".as_slice(), b""],
        )
        .unwrap();
        write(&mut bytes, Kind::Progress, &0.5, []).unwrap();
        let mut from = bytes.as_slice();
        let frame = read(&mut from).unwrap().unwrap();
        assert_eq!(frame.kind, Kind::Table);
        let (head, parts): (Vec<i32>, _) = frame.open().unwrap();
        assert_eq!((head, parts), (vec![1, 2], vec![b"ab".as_slice(), b""]));
        assert_eq!(read(&mut from).unwrap().unwrap().kind, Kind::Progress);
        assert!(read(&mut from).unwrap().is_none());
    }

    #[test]
    fn a_frame_of_another_form_is_an_error_and_takes_no_memory() {
        for bytes in [
            [9, 0, 0, 0, 0].as_slice(),
            &[4, 255, 255, 255, 255],
            &[4, 0, 0],
            &[4, 0, 0, 0, 3, 1],
        ] {
            assert!(read(&mut &*bytes).is_err(), "{bytes:?}");
        }
        let short = [4, 0, 0, 0, 5, 0, 0, 0, 9, 1];
        let frame = read(&mut short.as_slice()).unwrap().unwrap();
        assert!(frame.open::<i32>().is_err());
    }
}
