//! zstd (RFC 8878): all frames; frames that readers skip are searched and amber, since anything may stand in them.

use super::frame::{length, unpack};
use super::{Budget, Document, part, unknown};
use crate::verdict::Findings;
use zstd::stream::read::Decoder;
use zstd::zstd_safe;

const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Largest window, as a power of two: 128 MiB, the default of the `zstd` program.
const WINDOW_LOG: u32 = 27;

fn is_skipped(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(&FRAME) || is_skipped(bytes)
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "zstd".into(),
        ..Document::default()
    };
    let mut rest = bytes;
    let mut unpacked = Vec::new();
    while is(rest) {
        let Ok(size) = zstd_safe::find_frame_compressed_size(rest) else {
            break;
        };
        let Some((frame, after)) = rest.split_at_checked(size) else {
            break;
        };
        rest = after;
        if is_skipped(frame) {
            let hidden = frame.get(8..).unwrap_or_default();
            document.leftover(hidden, "a zstd frame that programs skip", findings);
            continue;
        }
        let (member, all) = decode(frame, budget);
        unpacked.extend(member);
        if !all {
            unknown::say("zstd that is damaged or too large unpacked", findings);
            document.unread += length(frame);
        }
    }
    document.leftover(rest, "bytes after the end of a zstd file", findings);
    document
        .inner
        .push(part("inside zstd", &unpacked, budget, findings));
    document
}

/// Decodes one frame within the budget.
pub(crate) fn decode(frame: &[u8], budget: &mut Budget) -> (Vec<u8>, bool) {
    let decoder = Decoder::new(frame).and_then(|mut decoder| {
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(decoder)
    });
    decoder.map_or((Vec::new(), false), |decoder| unpack(decoder, budget))
}
