//! Files that ask to leave are read in a process of their own: foreign bytes in many formats, some read by libraries in C.
//!
//! The child is given bytes and gives back what it read; it can open nothing, start nothing and connect to nothing. If it
//! crashes, or takes more time or memory than it may, the file is amber with the reason, and the next file gets a new child.
//!
//! Must never: give a child a key, a path or the environment; write what it says on its standard error anywhere.

mod child;
mod parent;

pub use child::run;
pub use parent::Readers;

use std::io::{self, Read, Write};

use crate::limits;

/// Writes a length and as many bytes.
fn put(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)?;
    out.flush()
}

/// Reads what [`put`] wrote; `None` at the end. Memory is taken as the bytes come, not for the length they claim.
fn take(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = Vec::new();
    from.by_ref().take(8).read_to_end(&mut length)?;
    let Some(length) = length.first_chunk::<8>() else {
        return if length.is_empty() {
            Ok(None)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        };
    };
    let length = u64::from_le_bytes(*length);
    if length > limits::READING_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    from.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{put, take};

    #[test]
    fn what_was_put_is_taken() {
        let mut pipe = Vec::new();
        put(&mut pipe, b"abc").unwrap();
        put(&mut pipe, b"").unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(take(&mut from).unwrap().unwrap(), b"abc");
        assert_eq!(take(&mut from).unwrap().unwrap(), b"");
        assert!(take(&mut from).unwrap().is_none());
    }

    #[test]
    fn a_length_that_lies_is_an_error_and_takes_no_memory() {
        for bytes in [
            [255_u8; 8].as_slice(),
            &[255, 255, 255, 0, 0, 0, 0, 0, 1],
            &[1, 0],
        ] {
            assert!(take(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }
}
