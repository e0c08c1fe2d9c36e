//! A picture with its pixels only: text, profiles, thumbnails and whatever follows its end are left out. Nothing is decoded.

use super::Changed;
use crate::Context;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) fn fix(bytes: &[u8], _: &Context<'_>) -> Option<Changed> {
    let (kept, left_out) = if bytes.starts_with(PNG) {
        png(bytes)?
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg(bytes)?
    } else {
        return None;
    };
    let changes = (left_out > 0)
        .then(|| format!("dropped {left_out} bytes of metadata and of what follows the picture"));
    Some(Changed {
        bytes: kept,
        changes: changes.into_iter().collect(),
    })
}

/// What is needed to draw (PNG specification, third edition, §5.6): the header, colours, pixels, their size, and the end.
const DRAWN: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB", b"pHYs", b"acTL", b"fcTL",
    b"fdAT",
];

fn png(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut out = PNG.to_vec();
    let mut rest = bytes.get(PNG.len()..)?;
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let length = usize::try_from(length).ok()?.checked_add(12)?;
        let (chunk, after) = rest.split_at_checked(length)?;
        let name: &[u8; 4] = chunk.get(4..8)?.try_into().ok()?;
        if DRAWN.contains(&name) {
            out.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            let left_out = bytes.len() - out.len();
            return Some((out, left_out));
        }
        rest = after;
    }
}

/// JPEG (ITU T.81, annex B): segments up to the first scan, without comments and applications' own but those that tell of
/// colours (JFIF, Adobe); then all up to the end of the image.
fn jpeg(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut out = bytes.get(..2)?.to_vec();
    let mut at = 2;
    loop {
        let [0xff, marker] = *bytes.get(at..at + 2)? else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes(
            bytes.get(at + 2..at + 4)?.try_into().ok()?,
        ));
        let segment = bytes.get(at..at.checked_add(2 + length)?)?;
        let keep = match marker {
            // JFIF without its thumbnail, Adobe's colours.
            0xe0 => segment.get(4..9) == Some(b"JFIF\0") && segment.len() == 18,
            0xee => segment.get(4..9) == Some(b"Adobe") && segment.len() <= 16,
            0xe1..=0xef | 0xfe => false,
            _ => true,
        };
        if keep {
            out.extend_from_slice(segment);
        }
        at += segment.len();
        if marker == 0xda {
            break;
        }
    }
    let scans = bytes.get(at..)?;
    let end = scans.windows(2).position(|pair| pair == [0xff, 0xd9])?;
    out.extend_from_slice(scans.get(..end + 2)?);
    let left_out = bytes.len() - out.len();
    Some((out, left_out))
}
