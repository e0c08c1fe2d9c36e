//! PNG pictures: chunk by chunk, so that nothing in the file goes unseen; then the pixels.
//!
//! Source: W3C, Portable Network Graphics (PNG) Specification, Third Edition.

use super::pixels::{self, Raster, Seen};
use super::{Budget, Document, Fact, Inner, of_text, part, unknown};
use crate::limits;
use crate::verdict::Findings;
use flate2::read::ZlibDecoder;
use std::io::{Cursor, Read as _};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that say how to draw the picture. A profile of colours counts as one up to the size that programs write.
const FRAME: [&[u8; 4]; 13] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tIME", b"bKGD",
    b"tRNS", b"sBIT", b"cICP",
];
/// Bytes of a colour profile: the one of sRGB has about 3,000.
const PROFILE: usize = 4_096;
/// Bytes of the drawing chunks other than pixels and palette: none has more than 32.
const SMALL: usize = 64;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

/// What the chunks hold besides the picture.
#[derive(Default)]
struct Chunks<'a> {
    /// Texts with their keywords, decompressed.
    text: String,
    /// What no reader knows, by the place it was found at.
    others: Vec<(String, &'a [u8])>,
    /// Bytes of everything that is not needed to draw.
    metadata: usize,
    animated: bool,
    /// Where the last chunk ends, if there is one.
    end: Option<usize>,
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let chunks = walk(bytes, budget);
    let Some(end) = chunks.end else {
        return unknown::read(bytes, "PNG image that is cut short or damaged", findings);
    };
    let Some((raster, deep)) = decode(bytes, budget) else {
        return unknown::read(bytes, "PNG image that is damaged or very large", findings);
    };
    let appended = bytes.get(end..).unwrap_or_default();
    let seen = pixels::look(&raster);
    let mut document = finish(
        "PNG image",
        &raster,
        seen,
        chunks.metadata,
        appended,
        budget,
        findings,
    );
    if deep {
        unknown::say(
            "PNG image with 16 bits for each colour, as scans and arrays have",
            findings,
        );
    }
    if chunks.animated {
        unknown::say("PNG image with more than one picture", findings);
    }
    if !chunks.text.is_empty() {
        document
            .inner
            .push(text_part(&chunks.text, budget, findings));
    }
    for (place, bytes) in chunks.others.into_iter().take(limits::PLACES) {
        document.inner.push(part(&place, bytes, budget, findings));
    }
    document
}

/// The document of any picture whose pixels are known.
pub(crate) fn finish(
    kind: &str,
    raster: &Raster,
    seen: Seen,
    metadata: usize,
    appended: &[u8],
    budget: &mut Budget,
    findings: &mut Findings,
) -> Document {
    // Some programs fill up to a multiple of four bytes.
    let padding = appended.len() < 4 && appended.iter().all(|b| *b == 0);
    let appended = if padding { &[] } else { appended };
    if let Some(why) = seen.not_a_drawing {
        unknown::say(&format!("{kind} that is no plain drawing: {why}"), findings);
    }
    let mut document = Document {
        kind: kind.into(),
        facts: vec![Fact::Image {
            width: size(raster.width),
            height: size(raster.height()),
            metadata: size(metadata),
            appended: size(appended.len()),
        }],
        read: PICTURE,
        ..Document::default()
    };
    document.facts.extend(seen.facts);
    if !appended.is_empty() {
        let place = "after the end of the picture";
        document.inner.push(part(place, appended, budget, findings));
    }
    document
}

/// A picture counts as much as a word or two: its many bytes must not outweigh the words beside it that were not understood.
const PICTURE: u64 = 64;

/// Comments and other texts of a picture.
pub(crate) fn text_part(text: &str, budget: &mut Budget, findings: &mut Findings) -> Inner {
    let place = "metadata".to_owned();
    findings.enter(&place);
    let document = of_text(text, budget, findings);
    findings.leave();
    Inner { place, document }
}

pub(crate) fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Each chunk: length, name, data, checksum.
fn walk<'a>(bytes: &'a [u8], budget: &mut Budget) -> Chunks<'a> {
    let mut chunks = Chunks::default();
    let mut at = SIGNATURE.len();
    while let Some((name, data)) = chunk(bytes, at) {
        at += data.len() + 12;
        keep(&mut chunks, name, data, budget);
        if name == b"IEND" {
            chunks.end = Some(at);
            break;
        }
    }
    chunks
}

fn chunk(bytes: &[u8], at: usize) -> Option<(&[u8; 4], &[u8])> {
    let rest = bytes.get(at..)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let data = rest.get(..length)?;
    rest.get(length..length.checked_add(4)?)?;
    Some((name, data))
}

fn keep<'a>(chunks: &mut Chunks<'a>, name: &[u8; 4], data: &'a [u8], budget: &mut Budget) {
    let text = match name {
        b"tEXt" => Some(split(data).map(|(key, text)| (key, latin(text)))),
        b"zTXt" => Some(
            split(data)
                .and_then(|(key, packed)| Some((key, latin(&unpack(packed.get(1..)?, budget)?)))),
        ),
        b"iTXt" => Some(international(data, budget)),
        _ => None,
    };
    if text.is_some() {
        chunks.metadata += data.len();
    }
    match text {
        Some(Some((key, text))) => {
            chunks.text.push_str(&format!("{}: {text}\n", latin(key)));
            return;
        }
        Some(None) => return chunks.others.push(("damaged text".into(), data)),
        None => {}
    }
    chunks.animated |= matches!(name, b"acTL" | b"fcTL" | b"fdAT");
    let pixels = matches!(
        name,
        b"IDAT" | b"PLTE" | b"tRNS" | b"fdAT" | b"fcTL" | b"acTL"
    );
    let frame = FRAME.contains(&name) && data.len() <= SMALL;
    let profile = name == b"iCCP" && data.len() <= PROFILE;
    if !(pixels || frame || profile) {
        chunks.metadata += data.len();
        let name = if name.iter().all(u8::is_ascii_alphabetic) {
            latin(name)
        } else {
            "unnamed".into()
        };
        chunks.others.push((format!("chunk `{name}`"), data));
    }
}

fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let nul = data.iter().position(|b| *b == 0)?;
    Some((data.get(..nul)?, data.get(nul + 1..)?))
}

/// Keyword, whether compressed, method, language, keyword in that language, text in UTF-8.
fn international<'a>(data: &'a [u8], budget: &mut Budget) -> Option<(&'a [u8], String)> {
    let (key, rest) = split(data)?;
    let packed = rest.first()? == &1;
    let (language, rest) = split(rest.get(2..)?)?;
    let (translated, text) = split(rest)?;
    let text = if packed {
        unpack(text, budget)?
    } else {
        text.to_vec()
    };
    let text = String::from_utf8(text).ok()?;
    Some((
        key,
        format!("{} {} {text}", latin(language), latin(translated))
            .trim()
            .to_owned(),
    ))
}

fn unpack(packed: &[u8], budget: &mut Budget) -> Option<Vec<u8>> {
    let most = budget.bytes().min(size(limits::METADATA_BYTES));
    let mut text = Vec::new();
    let read = ZlibDecoder::new(packed)
        .take(most)
        .read_to_end(&mut text)
        .ok()?;
    budget.spend(size(read));
    (size(read) < most).then_some(text)
}

pub(crate) fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// The pixels, and whether they were deeper than eight bits.
fn decode(bytes: &[u8], budget: &mut Budget) -> Option<(Raster, bool)> {
    let most = usize::try_from(budget.bytes())
        .unwrap_or(usize::MAX)
        .min(4 * limits::PIXELS);
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: most });
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let info = reader.info();
    let deep = info.bit_depth == png::BitDepth::Sixteen;
    let width = usize::try_from(info.width).ok()?;
    let height = usize::try_from(info.height).ok()?;
    let needed = reader.output_buffer_size()?;
    if width.checked_mul(height)? > limits::PIXELS || needed > most {
        return None;
    }
    budget.spend(size(needed));
    let mut samples = vec![0; needed];
    let frame = reader.next_frame(&mut samples).ok()?;
    samples.truncate(frame.buffer_size());
    let pixel = |s: &[u8]| match *s {
        [grey] => u32::from_be_bytes([grey, grey, grey, 255]),
        [grey, opacity] => u32::from_be_bytes([grey, grey, grey, opacity]),
        [r, g, b] => u32::from_be_bytes([r, g, b, 255]),
        [r, g, b, opacity] => u32::from_be_bytes([r, g, b, opacity]),
        _ => 0,
    };
    let pixels = samples
        .chunks_exact(frame.color_type.samples())
        .map(pixel)
        .collect();
    Some((Raster { width, pixels }, deep))
}
