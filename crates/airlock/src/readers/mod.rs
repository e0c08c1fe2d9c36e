//! Readers: one kind of file each, chosen by content and never by name.
//!
//! A reader turns bytes into a [`Document`]: tables, lines of prose, facts about what is no text, the documents inside it, and a
//! measure of what it could not read. Whatever it does not understand it still hands on as text, so that the search for
//! participants sees every byte. It judges nothing: that is for `rules`. It may say what it could not read (`unknown::say`).
//!
//! To add a kind: one file here with `is` and `read`, and one line in [`BINARY`] or [`TEXTS`].

mod arrow;
mod arrow_frame;
mod bzip;
mod code;
mod code_data;
mod code_language;
mod code_scan;
mod columnar;
pub(crate) mod delimited;
pub(crate) mod document;
mod elements;
pub(crate) mod encoding;
mod excel;
mod excel_parts;
mod fixed_width;
mod flow;
mod frame;
mod genotype_text;
mod genotypes;
mod grid;
mod gzip;
mod html;
mod html_table;
mod jpeg;
mod json;
mod latex;
mod listing;
mod literals;
mod markdown;
mod marks;
mod markup;
mod notebook;
mod numpy;
mod opendocument;
mod package;
mod parquet;
mod patches;
mod payload;
mod pdf;
mod pdf_page;
mod pdf_streams;
pub(crate) mod pickle;
mod pictures;
mod pixels;
mod plots;
mod png;
mod printed_heading;
mod rdata;
mod record;
pub(crate) mod repeats;
mod sqlite;
mod stata;
mod svg;
mod tar;
pub(crate) mod text;
mod tree;
pub(crate) mod unknown;
pub(crate) mod variants;
mod vcf;
mod word;
mod xml;
mod xz;
mod yaml;
mod zip;
mod zstandard;

pub(crate) use document::{Document, Fact, Inner, Line};

use crate::limits;
use crate::verdict::Findings;
use encoding::Decoded;

/// What a file, with all that is inside it, may still cost. One for each file of a request, handed down to what is inside.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Containers within containers.
    depth: usize,
    /// Bytes that may still be unpacked or decoded.
    bytes: u64,
    /// Documents that may still be made.
    documents: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            depth: limits::DEPTH,
            bytes: limits::UNPACKED_BYTES,
            documents: limits::DOCUMENTS,
        }
    }
}

impl Budget {
    /// Bytes that may still be unpacked. A reader unpacks at most so many, and then calls [`Budget::spend`].
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn spend(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Whether one more document may be made; counts it.
    pub(crate) fn document(&mut self) -> bool {
        let room = self.documents > 0;
        self.documents = self.documents.saturating_sub(1);
        room
    }
}

/// A kind of file that is told by its bytes.
struct Binary {
    is: fn(&[u8]) -> bool,
    read: ReadBytes,
}

/// A kind of file that is text and told by how it is written.
struct Text {
    is: fn(&str) -> bool,
    read: ReadText,
}

type ReadBytes = fn(&[u8], &mut Budget, &mut Findings) -> Document;
type ReadText = fn(&str, &mut Budget, &mut Findings) -> Document;

const fn binary(is: fn(&[u8]) -> bool, read: ReadBytes) -> Binary {
    Binary { is, read }
}

const fn textual(is: fn(&str) -> bool, read: ReadText) -> Text {
    Text { is, read }
}

/// The first that says yes reads.
const BINARY: &[Binary] = &[
    binary(png::is, png::read),
    binary(jpeg::is, jpeg::read),
    binary(pictures::is, pictures::read),
    binary(pdf::is, pdf::read),
    binary(excel::is, excel::read),
    binary(word::is, word::read),
    binary(opendocument::is, opendocument::read),
    binary(zip::is, zip::read),
    binary(gzip::is, gzip::read),
    binary(gzip::is_zlib, gzip::read_zlib),
    binary(zstandard::is, zstandard::read),
    binary(bzip::is, bzip::read),
    binary(xz::is, xz::read),
    binary(tar::is, tar::read),
    binary(numpy::is, numpy::read),
    binary(parquet::is, parquet::read),
    binary(arrow::is, arrow::read),
    binary(sqlite::is, sqlite::read),
    binary(pickle::is, pickle::read),
    binary(rdata::is, rdata::read),
    binary(stata::is, stata::read),
    binary(genotypes::is, genotypes::read),
];

/// The first that says yes reads; delimited tables and running text come after all of them.
const TEXTS: &[Text] = &[
    // Genotypes first: their programs align columns as tables of fixed width are.
    textual(vcf::is, vcf::read),
    textual(genotype_text::is, genotype_text::read),
    textual(variants::is, variants::read),
    textual(json::is, json::read),
    textual(svg::is, svg::read),
    textual(html::is, html::read),
    textual(xml::is, xml::read),
    textual(markdown::is, markdown::read),
    textual(latex::is, latex::read),
    textual(yaml::is, yaml::read),
    textual(code::is, code::read),
    textual(fixed_width::is, fixed_width::read),
];

/// Reads a file. What went wrong is among the findings; what could not be read is in `unread`.
pub(crate) fn read(bytes: &[u8], findings: &mut Findings) -> Document {
    inside(bytes, &mut Budget::default(), findings)
}

/// Reads a part of a file that is a file itself: a member of an archive, an image in a document.
pub(crate) fn part(
    place: &str,
    bytes: &[u8],
    budget: &mut Budget,
    findings: &mut Findings,
) -> Inner {
    under(place, budget, findings, |budget, findings| {
        inside(bytes, budget, findings)
    })
}

/// Reads a part of a file that is text: an output of a notebook, a comment, a text of a program.
pub(crate) fn text_part(
    place: &str,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Inner {
    under(place, budget, findings, |budget, findings| {
        of_text(text, budget, findings)
    })
}

/// Reads a part in a way that is known. Beyond the limits on parts it is not read, and that is said.
pub(crate) fn under(
    place: &str,
    budget: &mut Budget,
    findings: &mut Findings,
    read: impl FnOnce(&mut Budget, &mut Findings) -> Document,
) -> Inner {
    findings.enter(place);
    let document = if budget.depth == 0 || !budget.document() {
        unknown::too_much(
            &[],
            "more files within files than are read; leave out the wrapping",
            findings,
        )
        .with_unread(1)
    } else {
        budget.depth -= 1;
        let document = read(budget, findings);
        budget.depth += 1;
        document
    };
    findings.leave();
    Inner {
        place: place.to_owned(),
        document,
    }
}

fn inside(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    if bytes.len() > limits::BYTES {
        let what = format!("{} bytes; at most {} are read", bytes.len(), limits::BYTES);
        return unknown::too_much(&[], &what, findings).with_unread(bytes.len());
    }
    if let Some(reader) = BINARY.iter().find(|reader| (reader.is)(bytes)) {
        return (reader.read)(bytes, budget, findings);
    }
    if let Some(what) = unknown::magic(bytes) {
        return unknown::read(bytes, what, findings);
    }
    match encoding::decode(bytes, findings) {
        Decoded::Text(text) => of_text(&text, budget, findings),
        Decoded::Binary(what) => unknown::read(bytes, what, findings),
    }
}

/// Reads decoded text: a text file, a cell of a notebook, a paragraph of a report.
pub(crate) fn of_text(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = if let Some(reader) = TEXTS.iter().find(|reader| (reader.is)(text)) {
        (reader.read)(text, budget, findings)
    } else if let Some(what) = unknown::structured(text) {
        unknown::read_text(text, what, findings)
    } else if let Some(dialect) = delimited::sniff(text).filter(|_| !text::is_log(text)) {
        delimited::read(text, dialect)
    } else {
        text::read(text)
    };
    if document.prose_is_text {
        document.tables.extend(repeats::tables(&document.prose));
        listing::note(&mut document);
    }
    // A reader that hands all of a text to the documents inside, or drops payloads that it unpacked, says what is the whole.
    if document.whole.is_empty() && document.inner.is_empty() {
        text.clone_into(&mut document.whole);
    }
    document
}
