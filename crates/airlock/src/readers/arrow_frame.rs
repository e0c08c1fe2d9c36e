//! The frame of Arrow files and streams, checked before the library reads them: it allocates by the lengths that a file states.
//!
//! Columnar format 1.5, "Serialization and interprocess communication": messages of metadata and a body of buffers; a
//! compressed buffer begins with its length unpacked.

use super::frame::{Cover, Cursor};
use arrow_ipc_60::{Block, RecordBatch, root_as_footer, root_as_message};
use std::ops::Range;

const MARK: [u8; 4] = [0xff; 4];

/// Bytes before the magic and behind a footer: its length, and the magic again.
const TAIL: usize = 10;

/// What a file's buffers unpack to, and the bytes that belong to no message; nothing for a file that is damaged.
pub(crate) fn file(bytes: &[u8]) -> Option<(u64, Vec<Range<usize>>)> {
    let mut cover = Cover::default();
    let end = bytes.len().checked_sub(TAIL)?;
    let mut tail = Cursor::new(bytes.get(end..)?);
    let start = end.checked_sub(tail.len_32()?)?;
    let footer = root_as_footer(bytes.get(start..end)?).ok()?;
    cover.add(start..bytes.len());
    // The schema comes first, behind the magic and its padding.
    cover.add(0..8);
    let mut cursor = Cursor::new(bytes);
    cursor.seek(8);
    message(&mut cursor)?;
    cover.add(8..cursor.position());
    let mut total = 0_u64;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    for block in dictionaries.chain(footer.recordBatches().into_iter().flatten()) {
        let start = usize::try_from(block.offset()).ok()?;
        total = total.checked_add(of_block(bytes, start, block)?)?;
        let length = usize::try_from(block.metaDataLength()).ok()?;
        let body = usize::try_from(block.bodyLength()).ok()?;
        cover.add(start..start.checked_add(length)?.checked_add(body)?);
    }
    let (_, mut gaps) = cover.close(bytes.len());
    // The mark of the end of the stream before the footer.
    let end_mark: [&[u8]; 2] = [&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], &[0; 8]];
    gaps.retain(|gap| {
        !bytes
            .get(gap.clone())
            .is_some_and(|b| end_mark.contains(&b))
    });
    Some((total, gaps))
}

fn of_block(bytes: &[u8], start: usize, block: &Block) -> Option<u64> {
    let length = usize::try_from(block.metaDataLength()).ok()?;
    let body = usize::try_from(block.bodyLength()).ok()?;
    let end = start.checked_add(length)?;
    bytes.get(start..end.checked_add(body)?)?;
    let mut cursor = Cursor::new(bytes.get(..end)?);
    cursor.seek(start);
    let metadata = message(&mut cursor)?;
    unpacked(metadata, bytes.get(end..end.checked_add(body)?)?)
}

/// The same for a stream, and where it ends.
pub(crate) fn stream(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut cursor = Cursor::new(bytes);
    let mut total = 0_u64;
    while !cursor.rest().is_empty() {
        let before = cursor.position();
        let Some(metadata) = message(&mut cursor) else {
            cursor.seek(before);
            break;
        };
        if metadata.is_empty() {
            break;
        }
        let body = root_as_message(metadata).ok()?.bodyLength();
        let body = cursor.take(usize::try_from(body).ok()?)?;
        total = total.checked_add(unpacked(metadata, body)?)?;
    }
    Some((total, cursor.position()))
}

/// The metadata of a message; empty at the end of a stream.
fn message<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if cursor.take(4)? != MARK {
        return None;
    }
    let size = cursor.len_32()?;
    cursor.take(size)
}

/// What the buffers of a message's body unpack to.
fn unpacked(metadata: &[u8], body: &[u8]) -> Option<u64> {
    let message = root_as_message(metadata).ok()?;
    let dictionary = message.header_as_dictionary_batch();
    let batch: RecordBatch<'_> = match message.header_as_record_batch() {
        Some(batch) => batch,
        None => match dictionary.and_then(|dictionary| dictionary.data()) {
            Some(batch) => batch,
            None => return Some(0),
        },
    };
    if batch.compression().is_none() {
        return u64::try_from(body.len()).ok();
    }
    let mut total = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok()?;
        let size = usize::try_from(buffer.length()).ok()?;
        let mut cursor = Cursor::new(body.get(start..start.checked_add(size)?)?);
        // Minus one: not compressed after all.
        let stated = match cursor.array().map(i64::from_le_bytes) {
            Some(-1) | None => i64::try_from(size).ok()?,
            Some(stated) => stated,
        };
        total = total.checked_add(u64::try_from(stated).ok()?)?;
    }
    Some(total)
}
