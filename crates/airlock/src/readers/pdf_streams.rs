//! The streams of a PDF that are no pages: drawings that pages use, pictures, attached files, metadata. A stream of no known use
//! is read as a file of its own.

use super::pdf::{Use, Uses, of_page};
use super::pdf_page;
use super::pixels::{self, Raster};
use super::png::size;
use super::{Budget, Document, Fact, Inner, elements, part, unknown};
use crate::limits;
use crate::verdict::Findings;
use lopdf::{Dictionary, Document as Pdf, Object, Stream};

fn unpack(stream: &Stream, budget: &mut Budget) -> Option<Vec<u8>> {
    let most = usize::try_from(budget.bytes())
        .unwrap_or(usize::MAX)
        .min(limits::BYTES);
    let plain = stream.get_plain_content_with_limit(most).ok()?;
    budget.spend(size(plain.len()));
    Some(plain)
}

/// Every stream that is no page.
pub(super) fn read(
    pdf: &Pdf,
    uses: &Uses,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    for (id, object) in &pdf.objects {
        let Object::Stream(stream) = object else {
            continue;
        };
        let name = |key: &[u8]| {
            stream
                .dict
                .get(key)
                .and_then(Object::as_name)
                .unwrap_or_default()
        };
        if matches!(name(b"Type"), b"ObjStm" | b"XRef") {
            continue;
        }
        match (name(b"Subtype"), uses.get(id)) {
            (b"Image", _) => image(pdf, stream, document, budget, findings),
            (b"Form", _) => form(pdf, stream, document, budget, findings),
            (_, Some(Use::Contents | Use::Frame)) => {}
            (_, Some(Use::Metadata)) => {
                let text = unpack(stream, budget)
                    .and_then(|bytes| elements::text(&bytes))
                    .unwrap_or_default();
                document.whole.push_str(&elements::everything(&text));
            }
            (_, used) => {
                let Some(bytes) = unpack(stream, budget) else {
                    unknown::say("a stream that cannot be unpacked", findings);
                    document.unread += size(stream.content.len());
                    continue;
                };
                if used == Some(&Use::Attached) {
                    document.facts.push(Fact::Hidden {
                        what: "an attached file".into(),
                    });
                }
                document
                    .inner
                    .push(part("attached data", &bytes, budget, findings));
            }
        }
    }
}

/// A drawing that pages use, with the fonts it names.
fn form(
    pdf: &Pdf,
    stream: &Stream,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let Some(content) = unpack(stream, budget) else {
        unknown::say("a drawing that cannot be unpacked", findings);
        document.unread += size(stream.content.len());
        return;
    };
    let own = stream
        .dict
        .get_deref(b"Resources", pdf)
        .and_then(Object::as_dict)
        .ok();
    let resources: Vec<&Dictionary> = own.into_iter().collect();
    let page = pdf_page::read(pdf, &resources, &content, limits::METADATA_BYTES);
    let inner = of_page("drawing".into(), page, budget, findings);
    if !inner.document.whole.trim().is_empty() || !inner.document.facts.is_empty() {
        document.inner.push(inner);
    }
}

fn image(
    pdf: &Pdf,
    stream: &Stream,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let filters = stream.filters().unwrap_or_default();
    if let Some((last, others)) = filters.split_last()
        && *last == b"DCTDecode"
    {
        // Only what was done to the JPEG file is undone.
        if let Some(jpeg) = without(stream, others, budget) {
            return document
                .inner
                .push(part("picture", &jpeg, budget, findings));
        }
    } else if let Some(raster) = raster(pdf, stream, budget) {
        let seen = pixels::look(&raster);
        findings.enter("picture");
        let inner = super::png::finish("picture", &raster, seen, 0, &[], budget, findings);
        findings.leave();
        return document.inner.push(Inner {
            place: "picture".into(),
            document: inner,
        });
    }
    findings.enter("picture");
    unknown::say(
        "a picture that is compressed in a way that is not read",
        findings,
    );
    findings.leave();
    document.unread += size(stream.content.len());
}

/// The content after these filters only.
fn without(stream: &Stream, filters: &[&[u8]], budget: &mut Budget) -> Option<Vec<u8>> {
    if filters.is_empty() {
        return Some(stream.content.clone());
    }
    let names = filters
        .iter()
        .map(|name| Object::Name(name.to_vec()))
        .collect();
    let mut dictionary = Dictionary::new();
    dictionary.set("Filter", Object::Array(names));
    unpack(&Stream::new(dictionary, stream.content.clone()), budget)
}

/// Pixels of a picture that is kept as they are: grey, red-green-blue, or a palette, eight bits each.
fn raster(pdf: &Pdf, stream: &Stream, budget: &mut Budget) -> Option<Raster> {
    let whole = |key: &[u8]| {
        stream
            .dict
            .get_deref(key, pdf)
            .and_then(Object::as_i64)
            .ok()
            .and_then(|n| usize::try_from(n).ok())
    };
    let (width, height) = (whole(b"Width")?, whole(b"Height")?);
    let area = width
        .checked_mul(height)
        .filter(|area| *area > 0 && *area <= limits::PIXELS)?;
    let bits = whole(b"BitsPerComponent").unwrap_or(1);
    let samples = widened(unpack(stream, budget)?, bits, width)?;
    let per_pixel = samples.len() / area;
    let pixel = |s: &[u8]| match *s {
        [one] => u32::from_be_bytes([one, one, one, 255]),
        [r, g, b] => u32::from_be_bytes([r, g, b, 255]),
        [c, m, y, k] => u32::from_be_bytes([c, m, y, 255 - k / 2]),
        _ => 0,
    };
    let extra = samples.len().checked_sub(area * per_pixel)?;
    if !matches!(per_pixel, 1 | 3 | 4) || extra > width {
        return None;
    }
    let pixels = samples
        .chunks_exact(per_pixel)
        .take(area)
        .map(pixel)
        .collect();
    Some(Raster { width, pixels })
}

/// Samples of one, two or four bits as bytes; a row begins with a byte of its own. Numbers in a palette are spread apart.
fn widened(samples: Vec<u8>, bits: usize, width: usize) -> Option<Vec<u8>> {
    let (mask, spread) = match bits {
        8 => return Some(samples),
        4 => (15_u8, 17_u8),
        2 => (3, 85),
        1 => (1, 255),
        _ => return None,
    };
    let row = (width * bits).div_ceil(8);
    let wide = |row: &[u8]| -> Vec<u8> {
        let each = row.iter().flat_map(|byte| {
            (0..8 / bits)
                .rev()
                .map(move |n| (byte >> (n * bits)) & mask)
        });
        each.map(|sample| sample * spread).take(width).collect()
    };
    Some(samples.chunks_exact(row.max(1)).flat_map(wide).collect())
}
