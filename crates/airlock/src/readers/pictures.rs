//! TIFF and BMP pictures as plotting programs write them (uncompressed, or deflated), and other kinds of picture by name. What is
//! compressed otherwise, has pages or layers, or comes from a microscope or scanner is not read.
//!
//! Source: TIFF revision 6.0 (Adobe, 1992); Microsoft, Bitmap Storage.

use super::pixels::{self, Raster};
use super::png::{finish, latin, size, text_part};
use super::{Budget, Document, unknown};
use crate::limits;
use crate::verdict::Findings;
use flate2::read::ZlibDecoder;
use std::io::Read as _;

pub(crate) fn is(bytes: &[u8]) -> bool {
    is_tiff(bytes) || is_bitmap(bytes) || other(bytes).is_some()
}

fn is_tiff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*")
}

fn is_bitmap(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM")
        && number(bytes, 2, 4, false) == Some(bytes.len())
        && number(bytes, 14, 4, false).is_some_and(|n| n >= 40)
}

/// Pictures that are not read, by their first bytes.
fn other(bytes: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| {
        bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some("GIF image")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some("WebP image")
    } else if at(128, b"DICM") {
        Some("DICOM image: a scan of a participant")
    } else if at(344, b"n+1\0") || at(344, b"ni1\0") || at(4, b"n+2\0\r\n\x1a\n") {
        Some("NIfTI image: a scan of a participant")
    } else if at(4, b"ftypheic") || at(4, b"ftypavif") || at(4, b"ftypmif1") {
        Some("HEIC or AVIF image")
    } else if at(0, b"\0\0\0\x0cjP  \r\n\x87\n") {
        Some("JPEG 2000 image")
    } else if at(0, b"%!PS") {
        Some("PostScript drawing")
    } else if at(0, b"II+\0") || at(0, b"MM\0+") {
        Some("BigTIFF image")
    } else {
        None
    }
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    if let Some(what) = other(bytes) {
        return unknown::read(bytes, what, findings);
    }
    let (kind, read) = if is_tiff(bytes) {
        ("TIFF image", tiff(bytes, budget))
    } else {
        ("BMP image", bitmap(bytes))
    };
    let Some(picture) = read else {
        let what = format!("{kind} that is compressed, deep, in pages, or damaged");
        return unknown::read(bytes, &what, findings);
    };
    let seen = pixels::look(&picture.raster);
    let mut document = finish(
        kind,
        &picture.raster,
        seen,
        picture.rest,
        &[],
        budget,
        findings,
    );
    if !picture.text.is_empty() {
        document
            .inner
            .push(text_part(&picture.text, budget, findings));
    }
    document
}

struct Picture {
    raster: Raster,
    text: String,
    /// Bytes that are neither pixels nor the frame of the format.
    rest: usize,
}

/// A whole number of 1 to 4 bytes at a place.
fn number(bytes: &[u8], at: usize, length: usize, big: bool) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    let add = |n: usize, b: &u8| n * 256 + usize::from(*b);
    Some(if big {
        bytes.iter().fold(0, add)
    } else {
        bytes.iter().rev().fold(0, add)
    })
}

fn pixel(sample: &[u8], order: [usize; 3]) -> u32 {
    let at = |i: usize| sample.get(i).or(sample.first()).copied().unwrap_or(0);
    u32::from_be_bytes([at(order[0]), at(order[1]), at(order[2]), 255])
}

/// Rows from below, each filled up to four bytes; 24 or 32 bits, or one byte into a palette.
fn bitmap(bytes: &[u8]) -> Option<Picture> {
    let field = |at: usize, length: usize| number(bytes, at, length, false);
    let (start, header) = (field(10, 4)?, field(14, 4)?);
    let (width, height, depth, packed) =
        (field(18, 4)?, field(22, 4)?, field(28, 2)?, field(30, 4)?);
    let area = width.checked_mul(height)?;
    if packed != 0 && !(packed == 3 && depth == 32)
        || !matches!(depth, 8 | 24 | 32)
        || area == 0
        || area > limits::PIXELS
    {
        return None;
    }
    let wide = (width * depth / 8).next_multiple_of(4);
    let palette = bytes.get(14 + header..start)?;
    let rows = bytes.get(start..start + wide * height)?;
    let colour = |sample: &[u8]| match *sample {
        [index] => pixel(
            palette
                .chunks(4)
                .nth(usize::from(index))
                .unwrap_or_default(),
            [2, 1, 0],
        ),
        _ => pixel(sample, [2, 1, 0]),
    };
    let row = |row: &[u8]| {
        row.chunks_exact(depth / 8)
            .take(width)
            .map(colour)
            .collect::<Vec<u32>>()
    };
    let pixels: Vec<u32> = rows.chunks_exact(wide).rev().flat_map(row).collect();
    let rest = bytes.len() - start - wide * height;
    Some(Picture {
        raster: Raster { width, pixels },
        text: String::new(),
        rest,
    })
}

/// The fields of the only page: tag, type, and values as numbers or as the bytes they stand for.
struct Fields<'a> {
    bytes: &'a [u8],
    big: bool,
    entries: Vec<(usize, usize, usize, usize)>,
}

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let big = bytes.starts_with(b"MM");
        let start = number(bytes, 4, 4, big)?;
        let count = number(bytes, start, 2, big)?;
        let mut entries = Vec::new();
        for i in 0..count {
            let at = start + 2 + 12 * i;
            let (tag, kind, many) = (
                number(bytes, at, 2, big)?,
                number(bytes, at + 2, 2, big)?,
                number(bytes, at + 4, 4, big)?,
            );
            entries.push((tag, kind, many, at + 8));
        }
        // A second page.
        if number(bytes, start + 2 + 12 * count, 4, big)? != 0 {
            return None;
        }
        Some(Self {
            bytes,
            big,
            entries,
        })
    }

    /// The bytes of a field, and how long each of its values is.
    fn raw(&self, tag: usize) -> Option<(&'a [u8], usize)> {
        let (_, kind, many, at) = *self.entries.iter().find(|(t, ..)| *t == tag)?;
        let length = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let all = many.checked_mul(length)?;
        let start = if all <= 4 {
            at
        } else {
            number(self.bytes, at, 4, self.big)?
        };
        Some((self.bytes.get(start..start.checked_add(all)?)?, length))
    }

    fn numbers(&self, tag: usize) -> Option<Vec<usize>> {
        let (bytes, length) = self.raw(tag)?;
        bytes
            .chunks_exact(length)
            .map(|value| number(value, 0, length.min(4), self.big))
            .collect()
    }

    fn one(&self, tag: usize) -> Option<usize> {
        self.numbers(tag)?.first().copied()
    }
}

fn tiff(bytes: &[u8], budget: &mut Budget) -> Option<Picture> {
    let fields = Fields::of(bytes)?;
    let (width, height) = (fields.one(256)?, fields.one(257)?);
    let samples = fields.one(277).unwrap_or(1);
    let depths = fields.numbers(258)?;
    let (packing, meaning) = (fields.one(259).unwrap_or(1), fields.one(262)?);
    let area = width.checked_mul(height)?;
    let plain = fields.one(284).unwrap_or(1) == 1 && fields.one(317).unwrap_or(1) == 1;
    let known =
        matches!(packing, 1 | 8 | 32_946) && matches!(meaning, 0..=2) && matches!(samples, 1..=4);
    if !plain
        || !known
        || area == 0
        || area > limits::PIXELS
        || depths.iter().any(|depth| *depth != 8)
    {
        return None;
    }
    let needed = area * samples;
    if size(needed) > budget.bytes() {
        return None;
    }
    budget.spend(size(needed));
    let mut data: Vec<u8> = Vec::new();
    let mut packed = 0;
    for (start, length) in fields.numbers(273)?.into_iter().zip(fields.numbers(279)?) {
        let strip = bytes.get(start..start.checked_add(length)?)?;
        packed += length;
        let room = size(needed.saturating_sub(data.len()));
        if packing == 1 {
            data.extend(strip.iter().take(needed));
        } else {
            ZlibDecoder::new(strip)
                .take(room)
                .read_to_end(&mut data)
                .ok()?;
        }
    }
    let order = if samples < 3 { [0, 0, 0] } else { [0, 1, 2] };
    let pixels: Vec<u32> = data
        .chunks_exact(samples)
        .take(area)
        .map(|sample| pixel(sample, order))
        .collect();
    if pixels.len() != area {
        return None;
    }
    let text: Vec<String> = fields
        .entries
        .iter()
        .filter(|(_, kind, ..)| *kind == 2)
        .filter_map(|(tag, ..)| fields.raw(*tag))
        .map(|(text, _)| latin(text).trim_matches('\0').to_owned())
        .collect();
    let frame = 8 + 6 + 12 * fields.entries.len() + FRAME;
    let rest = bytes
        .len()
        .saturating_sub(packed)
        .saturating_sub(frame)
        .saturating_sub(8 * fields.numbers(273)?.len());
    Some(Picture {
        raster: Raster { width, pixels },
        text: text.join("\n"),
        rest,
    })
}

/// Bytes of resolutions, depths and the gaps between fields.
const FRAME: usize = 256;
