//! PDF documents: the text of each page in lines, pictures, marks of drawings, forms and remarks, attached files, metadata; and
//! every stream that is none of these, since a PDF can carry anything.
//!
//! Source: ISO 32000-1. Must never run a script, follow a link or call an encrypted file readable.

use super::marks::Shapes;
use super::pdf_page::{self, Page};
use super::pdf_streams;
use super::pixels;
use super::png::{latin, size};
use super::{Budget, Document, Fact, Inner, Line, of_text, part, unknown};
use crate::limits;
use crate::table::Table;
use crate::verdict::Findings;
use lopdf::{Dictionary, Document as Pdf, LoadOptions, Object, ObjectId, Stream};
use std::collections::BTreeMap;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes
        .get(..1_024.min(bytes.len()))
        .is_some_and(|head| memchr::memmem::find(head, b"%PDF-").is_some_and(|at| at < 8))
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let most = usize::try_from(budget.bytes())
        .unwrap_or(usize::MAX)
        .min(limits::BYTES);
    let options = LoadOptions {
        max_decompressed_size: Some(most),
        ..LoadOptions::default()
    };
    let Ok(pdf) = Pdf::load_mem_with_options(bytes, options) else {
        let encrypted = memchr::memmem::find(bytes, b"/Encrypt").is_some();
        let mut document = unknown::read(
            bytes,
            "PDF document that is damaged, or under a password",
            findings,
        );
        document.facts.extend(encrypted.then_some(Fact::Encrypted));
        return document;
    };
    let end = memchr::memmem::rfind(bytes, b"%%EOF");
    if end.is_none() || pdf.xref_recovery.is_some() {
        return unknown::read(bytes, "PDF document that is cut short or damaged", findings);
    }
    if pdf.is_encrypted() || pdf.was_encrypted() {
        let mut document = unknown::read(bytes, "PDF document under a password", findings);
        document.facts.push(Fact::Encrypted);
        return document;
    }
    let mut document = Document {
        kind: "PDF document".into(),
        ..Document::default()
    };
    let uses = uses(&pdf);
    if memchr::memmem::find_iter(bytes, b"startxref").count() > 1 + usize::from(is_linear(bytes)) {
        document.facts.push(Fact::Hidden {
            what: "earlier versions of the document".into(),
        });
    }
    let end = end.map_or(bytes.len(), |at| at + 5);
    let after = bytes.get(end..).unwrap_or_default();
    if !after.iter().all(u8::is_ascii_whitespace) {
        document.facts.push(Fact::Hidden {
            what: "bytes after the end of the document".into(),
        });
        document.inner.push(part(
            "after the end of the document",
            after,
            budget,
            findings,
        ));
    }
    pages(&pdf, &mut document, budget, findings);
    words_of_objects(&pdf, &mut document, budget, findings);
    pdf_streams::read(&pdf, &uses, &mut document, budget, findings);
    document
}

/// Linearised files have two tables of references by design (ISO 32000-1, annex F).
fn is_linear(bytes: &[u8]) -> bool {
    bytes
        .get(..2_048.min(bytes.len()))
        .is_some_and(|head| memchr::memmem::find(head, b"/Linearized").is_some())
}

/// What a stream is used for, by the key that refers to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Contents,
    /// Fonts, functions, shadings, profiles and so on: how the page looks.
    Frame,
    Attached,
    Metadata,
}

pub(super) type Uses = BTreeMap<ObjectId, Use>;

const FRAME: [&[u8]; 24] = [
    b"FontFile",
    b"FontFile2",
    b"FontFile3",
    b"ToUnicode",
    b"CIDSet",
    b"CIDToGIDMap",
    b"Encoding",
    b"CharProcs",
    b"Function",
    b"Functions",
    b"Shading",
    b"ColorSpace",
    b"CS",
    b"Pattern",
    b"DestOutputProfile",
    b"Lab",
    b"HT",
    b"TR",
    b"TR2",
    b"BG",
    b"UCR",
    b"Default",
    b"DefaultRGB",
    b"UseCMap",
];

/// Keys of dictionaries in which every name is free.
const NAMED: [&[u8]; 5] = [b"CharProcs", b"Shading", b"ColorSpace", b"Pattern", b"EF"];

fn uses(pdf: &Pdf) -> Uses {
    let mut uses = Uses::new();
    for object in pdf.objects.values() {
        find_uses(pdf, object, b"", 0, &mut uses);
    }
    uses
}

/// Objects within objects that are looked through: programs nest less than ten.
const NESTED: usize = 40;

fn find_uses(pdf: &Pdf, object: &Object, key: &[u8], depth: usize, uses: &mut Uses) {
    if depth > NESTED {
        return;
    }
    match object {
        Object::Reference(id) => {
            let used = match key {
                b"Contents" => Some(Use::Contents),
                b"EF" => Some(Use::Attached),
                b"Metadata" => Some(Use::Metadata),
                key if FRAME.contains(&key) => Some(Use::Frame),
                _ => None,
            };
            if let Some(used) = used {
                uses.entry(*id).or_insert(used);
            }
            // The names in such a dictionary are free: `F` is a letter of a font there, and a file elsewhere.
            if NAMED.contains(&key)
                && let Ok(object @ (Object::Dictionary(_) | Object::Array(_))) = pdf.get_object(*id)
            {
                find_uses(pdf, object, key, depth + 1, uses);
            }
        }
        Object::Array(all) => all
            .iter()
            .for_each(|o| find_uses(pdf, o, key, depth + 1, uses)),
        Object::Dictionary(dictionary)
        | Object::Stream(Stream {
            dict: dictionary, ..
        }) => {
            for (name, value) in dictionary {
                let named = NAMED.contains(&key) && !dictionary.has(b"Type");
                find_uses(pdf, value, if named { key } else { name }, depth + 1, uses);
            }
        }
        _ => {}
    }
}

fn pages(pdf: &Pdf, document: &mut Document, budget: &mut Budget, findings: &mut Findings) {
    for (number, id) in (1_u64..).zip(pdf.page_iter()).take(limits::PAGES) {
        let most = usize::try_from(budget.bytes())
            .unwrap_or(usize::MAX)
            .min(limits::BYTES);
        let place = format!("page {number}");
        let Ok(content) = pdf.get_page_content_with_limit(id, most) else {
            unknown::say("a page that unpacks to more than is read", findings);
            document.unread += 1_000;
            continue;
        };
        budget.spend(size(content.len()));
        let resources = resources_of(pdf, id);
        let page = pdf_page::read(pdf, &resources, &content, most);
        document.inner.push(of_page(place, page, budget, findings));
    }
    if pdf.page_iter().nth(limits::PAGES).is_some() {
        unknown::say("more pages than are read", findings);
    }
}

fn resources_of(pdf: &Pdf, page: ObjectId) -> Vec<&Dictionary> {
    let Ok((own, inherited)) = pdf.get_page_resources(page) else {
        return Vec::new();
    };
    let inherited = inherited
        .into_iter()
        .filter_map(|id| pdf.get_dictionary(id).ok());
    own.into_iter().chain(inherited).collect()
}

/// The document of a page or of a drawing.
pub(super) fn of_page(
    place: String,
    mut page: Page,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Inner {
    findings.enter(&place);
    let text = page.text();
    let mut document = if page.is_drawing(&text) {
        labels_only(&text)
    } else {
        of_text(&text, budget, findings)
    };
    document.kind = "page".into();
    document.unread += size(page.unread);
    document.facts.extend(marks(&page.shapes, &text));
    if page.invisible {
        document.facts.push(Fact::Hidden {
            what: "text that is written and not painted".into(),
        });
    }
    findings.leave();
    Inner { place, document }
}

fn marks(shapes: &Shapes, labels: &str) -> Vec<Fact> {
    let scattered = if is_of_tests(labels) {
        "marks beside p-values"
    } else {
        "separate marks of one shape"
    };
    let counts = [
        (scattered, shapes.scattered(), 1),
        ("separate curves", shapes.curves, 1),
        (
            "rows or columns of a heat map",
            shapes.grid_lines(),
            pixels::HEAT_LINES,
        ),
    ];
    let said = counts
        .into_iter()
        .filter(|(_, count, least)| count >= least);
    said.map(|(of, count, _)| Fact::Marks {
        of: of.to_owned(),
        count: size(count),
    })
    .collect()
}

/// Whether the labels are those of a Manhattan, quantile or volcano plot, in which a mark is a variant or a test.
fn is_of_tests(labels: &str) -> bool {
    let bare: String = labels
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    // Programs set the 10 lower, and so on a line of its own.
    let logarithm = bare.contains("log10") || bare.contains("log") && bare.contains("10");
    let tests = [
        "chromosome",
        "expected",
        "observed",
        "foldchange",
        "position",
        "pvalue",
    ];
    logarithm && tests.iter().any(|word| bare.contains(word))
}

/// The numbers along the axes of a plot are no counts of people, and are no columns where they stand above one another; a table
/// drawn into it is one all the same.
fn labels_only(text: &str) -> Document {
    let mut document = super::text::read(text);
    let is_list = |table: &Table| table.rows.len() >= 8 && table.columns.len() >= 4;
    document.tables.retain(is_list);
    document.prose_is_text = false;
    document
        .prose
        .iter_mut()
        .for_each(|line: &mut Line| line.number = 0);
    document.read += size(document.prose.iter().map(|line| line.text.len()).sum());
    text.clone_into(&mut document.whole);
    document
}

/// Words outside of pages: remarks, fields of forms, titles, bookmarks; and what runs.
fn words_of_objects(
    pdf: &Pdf,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let (mut remarks, mut whole) = (String::new(), String::new());
    let mut active = false;
    let trailer = pdf
        .trailer
        .iter()
        .filter(|(key, _)| key.as_slice() != b"ID")
        .map(|(_, value)| value);
    for object in pdf.objects.values().chain(trailer) {
        strings(object, b"", 0, &mut |key, text| {
            let to = if matches!(
                key,
                b"Contents" | b"V" | b"DV" | b"RC" | b"Subject" | b"Keywords"
            ) {
                &mut remarks
            } else {
                &mut whole
            };
            to.push_str(text);
            to.push('\n');
        });
        active |= runs(object, 0);
    }
    if active {
        document.facts.push(Fact::Active {
            what: "a script or an action".into(),
        });
    }
    document.whole.push_str(&whole);
    if !remarks.trim().is_empty() {
        let place = "remarks, forms and properties".to_owned();
        findings.enter(&place);
        let read = of_text(&remarks, budget, findings);
        findings.leave();
        document.inner.push(Inner {
            place,
            document: read,
        });
    }
}

fn strings(object: &Object, key: &[u8], depth: usize, on: &mut impl FnMut(&[u8], &str)) {
    match object {
        Object::String(bytes, _) => {
            let text = words(bytes);
            if text.chars().filter(|c| c.is_control()).count() * 4 <= text.len() {
                on(key, &text);
            }
        }
        Object::Name(name) if name.len() >= limits::OPAQUE_WORD => on(key, &latin(name)),
        Object::Array(all) if depth < NESTED => {
            all.iter().for_each(|o| strings(o, key, depth + 1, on))
        }
        Object::Dictionary(dictionary)
        | Object::Stream(Stream {
            dict: dictionary, ..
        }) if depth < NESTED => {
            for (name, value) in dictionary {
                strings(value, name, depth + 1, on);
            }
        }
        _ => {}
    }
}

/// UTF-16 with its mark, or one byte a letter.
fn words(bytes: &[u8]) -> String {
    match bytes.strip_prefix(b"\xfe\xff") {
        Some(rest) => {
            let units = rest.chunks_exact(2).map(|pair| {
                u16::from_be_bytes([
                    pair.first().copied().unwrap_or(0),
                    pair.last().copied().unwrap_or(0),
                ])
            });
            char::decode_utf16(units)
                .map(|c| c.unwrap_or('\u{fffd}'))
                .collect()
        }
        None => String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| latin(bytes)),
    }
}

/// Whether an object is an action that does more than turn a page.
fn runs(object: &Object, depth: usize) -> bool {
    let (Object::Dictionary(dictionary)
    | Object::Stream(Stream {
        dict: dictionary, ..
    })) = object
    else {
        return matches!(object, Object::Array(all) if depth < NESTED && all.iter().any(|o| runs(o, depth + 1)));
    };
    const KINDS: [&[u8]; 7] = [
        b"JavaScript",
        b"Launch",
        b"SubmitForm",
        b"ImportData",
        b"Rendition",
        b"RichMediaExecute",
        b"GoToE",
    ];
    let acts = dictionary
        .get(b"S")
        .and_then(Object::as_name)
        .is_ok_and(|kind| KINDS.contains(&kind));
    acts || dictionary.has(b"JS")
        || dictionary.has(b"XFA")
        || depth < NESTED && dictionary.iter().any(|(_, value)| runs(value, depth + 1))
}
