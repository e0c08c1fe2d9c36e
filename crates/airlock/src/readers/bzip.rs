//! bzip2: all streams, and what follows the last.

use super::frame::{length, unpack};
use super::{Budget, Document, part, unknown};
use crate::verdict::Findings;
use bzip2::bufread::BzDecoder;

/// The head of a stream: the size of its blocks, and the mark of a block or of the end.
pub(crate) fn is(bytes: &[u8]) -> bool {
    let level = matches!(bytes, [b'B', b'Z', b'h', b'1'..=b'9', ..]);
    let block = bytes.get(4..10);
    let marks: [&[u8]; 2] = [
        &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
        &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
    ];
    level && block.is_some_and(|mark| marks.contains(&mark))
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "bzip2".into(),
        ..Document::default()
    };
    let mut rest = bytes;
    let mut unpacked = Vec::new();
    while is(rest) {
        let mut stream = BzDecoder::new(rest);
        let (member, all) = unpack(&mut stream, budget);
        let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        unpacked.extend(member);
        if !all || taken == 0 {
            unknown::say("bzip2 that is damaged or too large unpacked", findings);
            document.unread += length(rest);
            rest = &[];
            break;
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    document.leftover(rest, "bytes after the end of a bzip2 file", findings);
    document
        .inner
        .push(part("inside bzip2", &unpacked, budget, findings));
    document
}
