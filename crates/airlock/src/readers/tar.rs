//! tar: old, POSIX and GNU. Everything between the files (headers, long names, extended headers, padding) and behind the end is
//! searched; padding that is not zero is amber.

use super::frame::{Cover, entry, length, unpack};
use super::{Budget, Document, part, unknown};
use crate::verdict::Findings;
use std::ops::Range;

const BLOCK: usize = 512;
/// Bytes of an extended header that hold a long name and times; longer ones hold something else.
const EXTENDED: usize = 1_024;

/// A header's checksum is the sum of its bytes with the checksum itself taken for spaces (POSIX.1-1988, tar).
pub(crate) fn is(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..BLOCK) else {
        return false;
    };
    let field = 148..156;
    let stated = header.get(field.clone()).and_then(octal);
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(i, b)| {
            if field.contains(&i) {
                32
            } else {
                u64::from(*b)
            }
        })
        .sum();
    header.first().is_some_and(|b| *b != 0) && stated == Some(sum)
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(['\0', ' ']);
    u64::from_str_radix(digits, 8).ok()
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "tar archive".into(),
        ..Document::default()
    };
    let mut cover = Cover::default();
    let mut archive = tar::Archive::new(bytes);
    let Ok(entries) = archive.entries() else {
        return unknown::read(bytes, "tar archive", findings);
    };
    for (number, found) in (1..).zip(entries) {
        let Ok(mut file) = found else {
            unknown::say("tar archive that is damaged", findings);
            break;
        };
        let name = String::from_utf8_lossy(&file.path_bytes()).into_owned();
        document.search_text(&name);
        if let Some(link) = file.link_name_bytes() {
            document.search_text(&String::from_utf8_lossy(&link));
        }
        let of_file = place(file.raw_file_position(), file.header().entry_size());
        let (content, all) = unpack(&mut file, budget);
        if !all {
            unknown::say(
                "a file of a tar archive that is too large or damaged",
                findings,
            );
            document.unread += length(&content);
        }
        if file.header().entry_type().is_dir() && content.is_empty() {
            continue;
        }
        if let Some(range) = of_file {
            cover.add(range);
        }
        let inner = part(&entry(number, &name), &content, budget, findings);
        document.inner.push(inner);
    }
    let (_, gaps) = cover.close(bytes.len());
    for gap in gaps {
        frame(bytes, gap, &mut document, findings);
    }
    document
}

fn place(start: u64, size: std::io::Result<u64>) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?;
    let size = usize::try_from(size.ok()?).ok()?;
    Some(start..start.checked_add(size)?)
}

/// What stands between two files: the padding of the first to a whole block, and then headers, block by block.
fn frame(bytes: &[u8], gap: Range<usize>, document: &mut Document, findings: &mut Findings) {
    let body = gap.start.next_multiple_of(BLOCK).min(gap.end);
    let padding = bytes.get(gap.start..body).unwrap_or_default();
    document.leftover(padding, "bytes in the padding of a tar archive", findings);
    let mut rest = bytes.get(body..gap.end).unwrap_or_default();
    while let Some((block, after)) = rest.split_at_checked(BLOCK) {
        if !is(block) {
            break;
        }
        document.search(block);
        document.read += length(block);
        rest = after;
        // Long names and extended headers: their text, which was searched as names, and once more here for the rest of it.
        let extended = matches!(block.get(156), Some(b'L' | b'K' | b'x' | b'g'));
        let size = block.get(124..136).and_then(octal).unwrap_or(0);
        let size = usize::try_from(size).unwrap_or(0).next_multiple_of(BLOCK);
        if extended && let Some((text, after)) = rest.split_at_checked(size) {
            if size > EXTENDED {
                document.leftover(text, "a long comment in a tar archive", findings);
            } else {
                document.search(text);
                document.read += length(text);
            }
            rest = after;
        }
    }
    document.leftover(rest, "bytes outside the files of a tar archive", findings);
}
