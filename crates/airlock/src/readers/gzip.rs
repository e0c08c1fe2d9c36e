//! gzip (RFC 1952), all members, and zlib streams (RFC 1950). Names, comments and extra fields of the headers are searched, and
//! so is what follows the last member.
//!
//! A file of many members is one stream (block gzip, of which VCF files are made, is nothing else).

use super::frame::{Cursor, length, unpack};
use super::{Budget, Document, part, unknown};
use crate::verdict::Findings;
use flate2::bufread::{DeflateDecoder, ZlibDecoder};

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// A zlib header is two bytes that are divisible by 31 (RFC 1950, 2.2); the window is that of every common writer.
pub(crate) fn is_zlib(bytes: &[u8]) -> bool {
    let [0x78, flags, ..] = bytes else {
        return false;
    };
    let divisible = (0x7800_u16 + u16::from(*flags)).is_multiple_of(31) && flags & 0x20 == 0;
    let mut first = [0_u8; 1];
    divisible
        && std::io::Read::read(&mut ZlibDecoder::new(bytes), &mut first).is_ok_and(|read| read > 0)
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "gzip".into(),
        ..Document::default()
    };
    let mut cursor = Cursor::new(bytes);
    let mut unpacked = Vec::new();
    while is(cursor.rest()) {
        let start = cursor.position();
        if header(&mut cursor, &mut document).is_none() {
            cursor.seek(start);
            break;
        }
        let mut stream = DeflateDecoder::new(cursor.rest());
        let (member, all) = unpack(&mut stream, budget);
        let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        unpacked.extend(member);
        if !all {
            unknown::say("gzip that is damaged or too large unpacked", findings);
            document.unread += length(cursor.rest());
            cursor.seek(usize::MAX);
            break;
        }
        // The checksum and the length, which say nothing more.
        cursor.seek(cursor.position().saturating_add(taken).saturating_add(8));
    }
    document.leftover(
        cursor.rest(),
        "bytes after the end of a gzip file",
        findings,
    );
    document
        .inner
        .push(part("inside gzip", &unpacked, budget, findings));
    document
}

pub(crate) fn read_zlib(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "zlib".into(),
        ..Document::default()
    };
    let mut stream = ZlibDecoder::new(bytes);
    let (unpacked, all) = unpack(&mut stream, budget);
    let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
    if all {
        let rest = bytes.get(taken..).unwrap_or_default();
        document.leftover(rest, "bytes after the end of a zlib stream", findings);
    } else {
        unknown::say(
            "a zlib stream that is damaged or too large unpacked",
            findings,
        );
        document.unread += length(bytes);
    }
    document
        .inner
        .push(part("inside zlib", &unpacked, budget, findings));
    document
}

/// Reads a member's header and searches what it says in words.
fn header(cursor: &mut Cursor<'_>, document: &mut Document) -> Option<()> {
    cursor.take(3)?;
    let flags = cursor.u8()?;
    cursor.take(6)?;
    if flags & 4 != 0 {
        let size = cursor.len_16()?;
        document.search(cursor.take(size)?);
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let text = cursor.until(0)?;
            document.search_text(&String::from_utf8_lossy(text));
        }
    }
    if flags & 2 != 0 {
        cursor.take(2)?;
    }
    Some(())
}
