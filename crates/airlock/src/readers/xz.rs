//! xz (the .xz file format 1.2.1): streams of LZMA2. The chunks' own headers say how much they unpack to; they are added up before
//! anything is unpacked, because the decoder keeps all of it in memory.

use super::frame::{Cursor, length};
use super::{Budget, Document, part, unknown};
use crate::limits;
use crate::verdict::Findings;

const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
/// The id of LZMA2 among filters.
const LZMA2: u64 = 0x21;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "xz".into(),
        ..Document::default()
    };
    let mut rest = bytes;
    let mut unpacked = Vec::new();
    while is(rest) {
        let Some((size, unpacks_to)) = measure(rest) else {
            break;
        };
        let most = budget
            .bytes()
            .min(u64::try_from(limits::BYTES).unwrap_or(u64::MAX));
        if unpacks_to > most {
            break;
        }
        let Some((mut stream, after)) = rest.split_at_checked(size) else {
            break;
        };
        budget.spend(unpacks_to);
        if lzma_rs::xz_decompress(&mut stream, &mut unpacked).is_err() {
            break;
        }
        rest = after;
    }
    if is(rest) {
        unknown::say(
            "xz that is damaged, too large unpacked or filtered",
            findings,
        );
        document.unread += length(rest);
    } else {
        document.leftover(rest, "bytes after the end of an xz file", findings);
    }
    document
        .inner
        .push(part("inside xz", &unpacked, budget, findings));
    document
}

/// Bytes of the first stream, and what it unpacks to.
fn measure(bytes: &[u8]) -> Option<(usize, u64)> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(7)?;
    // Sizes of the kinds of check (2.1.1.2).
    let check = match cursor.u8()? & 15 {
        0 => 0,
        1..=3 => 4,
        4..=6 => 8,
        7..=9 => 16,
        10..=12 => 32,
        _ => 64,
    };
    cursor.take(4)?;
    let mut total = 0_u64;
    loop {
        let start = cursor.position();
        let head = usize::from(cursor.u8()?) * 4;
        if head == 0 {
            break;
        }
        let mut header = Cursor::new(cursor.take(head.checked_sub(1)?)?);
        header.take(4)?;
        block_header(&mut Cursor::new(bytes.get(start + 1..start + head + 4)?))?;
        cursor.seek(start + head + 4);
        total = total.checked_add(chunks(&mut cursor)?)?;
        let padded = (cursor.position() - start).next_multiple_of(4);
        cursor.seek(start + padded);
        cursor.take(check)?;
    }
    index(&mut cursor)?;
    Some((cursor.position(), total))
}

/// Only LZMA2 alone is read: other filters are for programs.
fn block_header(cursor: &mut Cursor<'_>) -> Option<()> {
    let flags = cursor.u8()?;
    if flags & 3 != 0 {
        return None;
    }
    for flag in [0x40, 0x80] {
        if flags & flag != 0 {
            number(cursor)?;
        }
    }
    (number(cursor)? == LZMA2).then_some(())
}

/// What the chunks of a block unpack to.
fn chunks(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut total = 0_u64;
    loop {
        let control = cursor.u8()?;
        let big = |cursor: &mut Cursor<'_>| cursor.array().map(u16::from_be_bytes);
        let low = match control {
            0 => return Some(total),
            _ => u64::from(big(cursor)?) + 1,
        };
        if control < 0x80 {
            cursor.take(usize::try_from(low).ok()?)?;
            total = total.checked_add(low)?;
            continue;
        }
        let packed = usize::from(big(cursor)?) + 1;
        if control >= 0xc0 {
            cursor.take(1)?;
        }
        cursor.take(packed)?;
        total = total.checked_add((u64::from(control & 0x1f) << 16) + low)?;
    }
}

/// The index and the footer behind it.
fn index(cursor: &mut Cursor<'_>) -> Option<()> {
    let start = cursor.position() - 1;
    let records = number(cursor)?;
    for _ in 0..records {
        number(cursor)?;
        number(cursor)?;
    }
    let padded = (cursor.position() - start).next_multiple_of(4);
    cursor.seek(start + padded);
    cursor.take(16)?;
    Some(())
}

/// A number of seven bits a byte (1.2).
fn number(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = cursor.u8()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
