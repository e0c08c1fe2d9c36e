//! JPEG pictures: segment by segment, so that nothing in the file goes unseen; then the pixels, roughly, since compression blurs
//! them. A drawing saved as JPEG is a figure; a photograph or a scan is never one.
//!
//! Source: ITU-T T.81 annex B; JFIF 1.02; Exif 2.32.

use super::pixels::{self, Raster};
use super::png::{finish, latin, size, text_part};
use super::{Budget, Document, unknown};
use crate::limits;
use crate::verdict::Findings;
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xd8\xff")
}

/// What the segments hold besides the picture.
#[derive(Default)]
struct Segments {
    /// Printable text of comments and of what cameras and programs add.
    text: String,
    metadata: usize,
    /// Of a camera or a scanner, by its Exif data.
    camera: bool,
    end: Option<usize>,
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let segments = walk(bytes);
    let Some(end) = segments.end else {
        return unknown::read(bytes, "JPEG image that is cut short or damaged", findings);
    };
    let Some(raster) = decode(bytes.get(..end).unwrap_or_default(), budget) else {
        return unknown::read(bytes, "JPEG image that is damaged or very large", findings);
    };
    let mut seen = pixels::look_blurred(&raster);
    if segments.camera {
        seen.not_a_drawing = Some("a camera or scanner made it");
    }
    let appended = bytes.get(end..).unwrap_or_default();
    let mut document = finish(
        "JPEG image",
        &raster,
        seen,
        segments.metadata,
        appended,
        budget,
        findings,
    );
    if !segments.text.is_empty() {
        document
            .inner
            .push(text_part(&segments.text, budget, findings));
    }
    document
}

/// Segments up to the end of the picture: a marker, a length and data; after a scan its coded bytes.
fn walk(bytes: &[u8]) -> Segments {
    let mut segments = Segments::default();
    let mut at = 2;
    while let Some([0xFF, marker]) = bytes.get(at..at + 2) {
        match marker {
            0xD9 => {
                segments.end = Some(at + 2);
                break;
            }
            0xFF => at += 1,
            0x01 | 0xD0..=0xD8 => at += 2,
            _ => {
                let Some((length, data)) = segment(bytes, at + 2) else {
                    break;
                };
                keep(&mut segments, *marker, data);
                at += 2 + length;
                if *marker == 0xDA {
                    at += coded(bytes.get(at..).unwrap_or_default());
                }
            }
        }
    }
    segments
}

fn segment(bytes: &[u8], at: usize) -> Option<(usize, &[u8])> {
    let (length, _) = bytes.get(at..)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    Some((length, bytes.get(at + 2..at.checked_add(length)?)?))
}

/// Bytes of coded data before the next marker: 0xFF is followed by 0 or by a restart.
fn coded(bytes: &[u8]) -> usize {
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let ends = |(_, (a, b)): &(usize, (&u8, &u8))| **a == 0xFF && !matches!(**b, 0 | 0xD0..=0xD7);
    pairs.enumerate().find(ends).map_or(bytes.len(), |(i, _)| i)
}

fn keep(segments: &mut Segments, marker: u8, data: &[u8]) {
    let harmless = match marker {
        // JFIF without a thumbnail, colours of Adobe.
        0xE0 => data.starts_with(b"JFIF\0") && data.len() <= 14,
        0xEE => data.starts_with(b"Adobe") && data.len() <= 12,
        0xE2 => data.starts_with(b"ICC_PROFILE") && data.len() <= PROFILE,
        0xE1..=0xEF | 0xFE => false,
        _ => true,
    };
    if harmless {
        return;
    }
    segments.metadata += data.len();
    segments.camera |= data.starts_with(b"Exif") && data.len() > CAMERA;
    let printable = data
        .split(|b| !(0x20..0x7f).contains(b))
        .filter(|run| run.len() >= 4);
    for run in printable {
        segments.text.push_str(&latin(run));
        segments.text.push('\n');
    }
}

/// Bytes of a colour profile: that of sRGB has about 3,000.
const PROFILE: usize = 4_096;
/// Exif data that a program for drawing writes (orientation, resolution, its name); a camera writes far more.
const CAMERA: usize = 512;

fn decode(bytes: &[u8], budget: &mut Budget) -> Option<Raster> {
    let options = DecoderOptions::default()
        .set_max_width(limits::PIXELS)
        .set_max_height(limits::PIXELS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    let pixels = width
        .checked_mul(height)
        .filter(|pixels| *pixels <= limits::PIXELS)?;
    let needed = size(pixels) * 4;
    if needed > budget.bytes() {
        return None;
    }
    budget.spend(needed);
    let samples = decoder.decode().ok()?;
    let pixel = |s: &[u8]| match *s {
        [r, g, b] => u32::from_be_bytes([r, g, b, 255]),
        _ => 0,
    };
    let pixels: Vec<u32> = samples.chunks_exact(3).map(pixel).collect();
    (pixels.len() == width * height).then_some(Raster { width, pixels })
}
