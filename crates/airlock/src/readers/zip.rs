//! zip (PKWARE APPNOTE 6.3.10): each entry of the central directory is read as a file of its own; names, comments and extra fields
//! are searched; entries that need a password are amber; bytes that belong to no entry are searched and amber.
//!
//! The directory is walked here and not by a library, because a library keeps one of two entries with the same name, and
//! does not say which bytes nobody listed.

use super::frame::{Cover, Cursor, entry, length, unpack};
use super::{Budget, Document, Fact, numpy, part, unknown};
use crate::verdict::Findings;
use flate2::bufread::DeflateDecoder;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL) || bytes.starts_with(&END)
}

/// One entry of the central directory.
struct Entry {
    flags: u16,
    method: u16,
    packed: usize,
    unpacked: u64,
    offset: usize,
    name: String,
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "zip archive".into(),
        ..Document::default()
    };
    let mut cover = Cover::default();
    let Some((entries, base)) = directory(bytes, &mut cover, &mut document) else {
        return unknown::read(bytes, "zip archive without a directory", findings);
    };
    let mut damaged = false;
    for (number, listed) in (1..).zip(&entries) {
        document.search_text(&listed.name);
        let start = base.saturating_add(listed.offset);
        let Some(content) = content(bytes, start, listed, &mut cover, &mut document) else {
            damaged = true;
            continue;
        };
        if listed.name.ends_with('/') && content.is_empty() {
            continue;
        }
        let place = entry(number, &listed.name);
        findings.enter(&place);
        if listed.flags & 1 != 0 {
            document.facts.push(Fact::Encrypted);
            document.unread += length(content);
            unknown::say("a password is needed", findings);
            findings.leave();
            continue;
        }
        let (unpacked, all) = decode(content, listed, budget);
        if !all {
            document.unread += length(content);
            unknown::say(
                "an entry that is damaged, too large unpacked, or packed in a way that is not read",
                findings,
            );
        }
        findings.leave();
        document
            .inner
            .push(inside(&place, &listed.name, &unpacked, budget, findings));
    }
    let (overlap, gaps) = cover.close(bytes.len());
    if overlap || damaged {
        unknown::say("zip archive whose entries overlap or are damaged", findings);
        document.unread += length(bytes);
    }
    for gap in gaps {
        let between = bytes.get(gap).unwrap_or_default();
        if !is_descriptor(between) {
            document.leftover(
                between,
                "bytes outside the entries of a zip archive",
                findings,
            );
        }
    }
    document
}

/// The arrays of an `.npz` file have their names from its entries.
fn inside(
    place: &str,
    name: &str,
    bytes: &[u8],
    budget: &mut Budget,
    findings: &mut Findings,
) -> super::Inner {
    match name.strip_suffix(".npy") {
        Some(array) if numpy::is(bytes) && budget.document() => {
            findings.enter(place);
            let document = numpy::read_named(array, bytes, budget, findings);
            findings.leave();
            super::Inner {
                place: place.to_owned(),
                document,
            }
        }
        _ => part(place, bytes, budget, findings),
    }
}

/// Sizes and checksum behind an entry that was written as a stream (4.3.9): 12 to 24 bytes.
fn is_descriptor(bytes: &[u8]) -> bool {
    let signed = bytes.starts_with(b"PK\x07\x08");
    matches!((bytes.len(), signed), (12 | 20, false) | (16 | 24, true))
}

/// The entries that the directory lists, and how far all offsets are shifted by what was put in front of the archive.
fn directory(
    bytes: &[u8],
    cover: &mut Cover,
    document: &mut Document,
) -> Option<(Vec<Entry>, usize)> {
    let end = (0..=bytes.len().checked_sub(22)?)
        .rev()
        .take(usize::from(u16::MAX) + 1)
        .find(|at| bytes.get(*at..).is_some_and(|b| b.starts_with(&END)))?;
    let mut cursor = Cursor::new(bytes);
    cursor.seek(end + 12);
    let (mut size, mut offset) = (cursor.len_32()?, cursor.len_32()?);
    let comment = cursor.len_16()?;
    document.search(cursor.take(comment)?);
    document.read += 22;
    cover.add(end..cursor.position());
    let mut before = end;
    if let Some((size_64, offset_64, start)) = end_64(bytes, end) {
        (size, offset) = (size_64, offset_64);
        cover.add(start..end);
        before = start;
    }
    let start = before.checked_sub(size)?;
    let base = start.checked_sub(offset)?;
    cover.add(start..before);
    let mut cursor = Cursor::new(bytes.get(start..before)?);
    let mut entries = Vec::new();
    while cursor.rest().starts_with(&CENTRAL) {
        entries.push(listed(&mut cursor, document)?);
    }
    document.search(cursor.rest());
    document.read += u64::try_from(size).unwrap_or(0);
    Some((entries, base))
}

/// The same in 64 bits: size and offset of the directory, and where its end begins.
fn end_64(bytes: &[u8], end: usize) -> Option<(usize, usize, usize)> {
    let locator = end.checked_sub(20)?;
    let mut cursor = Cursor::new(bytes);
    cursor.seek(locator);
    if cursor.take(4)? != LOCATOR_64 {
        return None;
    }
    let start = locator.checked_sub(56)?;
    cursor.seek(start);
    if cursor.take(4)? != END_64 {
        return None;
    }
    cursor.take(36)?;
    Some((cursor.len_64()?, cursor.len_64()?, start))
}

fn listed(cursor: &mut Cursor<'_>, document: &mut Document) -> Option<Entry> {
    cursor.take(8)?;
    let (flags, method) = (cursor.u16_le()?, cursor.u16_le()?);
    cursor.take(8)?;
    let (packed, unpacked) = (cursor.u32_le()?, cursor.u32_le()?);
    let (name, extra, comment) = (cursor.len_16()?, cursor.len_16()?, cursor.len_16()?);
    cursor.take(8)?;
    let offset = cursor.u32_le()?;
    let name = String::from_utf8_lossy(cursor.take(name)?).into_owned();
    let extra = cursor.take(extra)?;
    document.search(extra);
    document.search(cursor.take(comment)?);
    let mut wide = Cursor::new(wide_sizes(extra));
    // Only those that did not fit into 32 bits are there, in this order (4.5.3).
    let mut size = |narrow: u32| {
        if narrow == u32::MAX {
            wide.u64_le()
        } else {
            Some(u64::from(narrow))
        }
    };
    let unpacked = size(unpacked)?;
    Some(Entry {
        flags,
        method,
        unpacked,
        packed: usize::try_from(size(packed)?).ok()?,
        offset: usize::try_from(size(offset)?).ok()?,
        name,
    })
}

/// The extra field with sizes in 64 bits.
fn wide_sizes(extra: &[u8]) -> &[u8] {
    let mut cursor = Cursor::new(extra);
    while let (Some(id), Some(size)) = (cursor.u16_le(), cursor.len_16()) {
        let Some(field) = cursor.take(size) else {
            break;
        };
        if id == 1 {
            return field;
        }
    }
    &[]
}

/// The packed bytes of an entry. Its own header may say another name: that is searched, too.
fn content<'a>(
    bytes: &'a [u8],
    start: usize,
    listed: &Entry,
    cover: &mut Cover,
    document: &mut Document,
) -> Option<&'a [u8]> {
    let mut cursor = Cursor::new(bytes);
    cursor.seek(start);
    if cursor.take(4)? != LOCAL {
        return None;
    }
    cursor.take(22)?;
    let (name, extra) = (cursor.len_16()?, cursor.len_16()?);
    let name = cursor.take(name)?;
    if name != listed.name.as_bytes() {
        document.search_text(&String::from_utf8_lossy(name));
    }
    document.search(cursor.take(extra)?);
    document.read += u64::try_from(cursor.position() - start).unwrap_or(0);
    let content = cursor.take(listed.packed)?;
    cover.add(start..cursor.position());
    Some(content)
}

/// Unpacks an entry by its method (4.4.5), and checks that it has the stated size.
fn decode(content: &[u8], listed: &Entry, budget: &mut Budget) -> (Vec<u8>, bool) {
    let (bytes, all) = match listed.method {
        0 => unpack(content, budget),
        8 => {
            let mut stream = DeflateDecoder::new(content);
            let (bytes, all) = unpack(&mut stream, budget);
            (bytes, all && stream.total_in() == length(content))
        }
        12 => unpack(bzip2::bufread::BzDecoder::new(content), budget),
        93 => super::zstandard::decode(content, budget),
        _ => (Vec::new(), false),
    };
    let all = all && length(&bytes) == listed.unpacked;
    (bytes, all)
}
