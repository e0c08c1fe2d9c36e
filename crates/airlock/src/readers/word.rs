//! Word documents and PowerPoint slides (docx, docm, pptx): text, tables, headers, notes and comments, struck out and hidden
//! text, and, through the package, properties, pictures, embedded workbooks and macros.
//!
//! Source: ECMA-376 part 1 (WordprocessingML, PresentationML).

use super::elements::{self, Node};
use super::flow::{self, Dialect};
use super::package::{self, Package, Part};
use super::{Budget, Document, Fact, excel_parts, unknown};
use crate::verdict::Findings;

pub(crate) fn is(bytes: &[u8]) -> bool {
    package::has(bytes, &["word/document.xml", "ppt/presentation.xml"])
}

/// Parts with text of their own, and what people call them.
const PARTS: [(&str, &str); 9] = [
    ("word/document", "text"),
    ("word/header", "header"),
    ("word/footer", "footer"),
    ("word/footnotes", "footnotes"),
    ("word/endnotes", "endnotes"),
    ("word/comments", "comments"),
    ("word/glossary/document", "building blocks"),
    ("ppt/slides/slide", "slide"),
    ("ppt/notesslides/", "notes of a slide"),
];

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let parts = match package::unpack(bytes, budget) {
        Ok(parts) => parts,
        Err(why) => {
            return unknown::read(
                bytes,
                &format!("Word or PowerPoint document: {why}"),
                findings,
            );
        }
    };
    let mut package = Package::of(parts);
    let slides = package.take("ppt/presentation.xml").is_some();
    let kind = if slides {
        "PowerPoint slides"
    } else {
        "Word document"
    };
    let mut document = Document {
        kind: kind.into(),
        ..Document::default()
    };
    for (start, what) in PARTS {
        let mut parts = package.all(start, ".xml");
        let many = parts.len() > 1;
        parts.sort_by_key(|part| (part.name.len(), part.name.clone()));
        for (number, part) in (1..).zip(parts) {
            let what = if many {
                format!("{what} {number}")
            } else {
                what.to_owned()
            };
            one(&what, &part, &mut document, budget, findings);
        }
    }
    for part in package.all("ppt/comments/", ".xml") {
        let text = excel_parts::paragraphs(&elements::text(&part.bytes).unwrap_or_default());
        excel_parts::text("comments", &text, &mut document, budget, findings);
    }
    excel_parts::charts(&mut package, &mut document, budget, findings);
    package.rest(&mut document, budget, findings);
    document
}

fn one(
    what: &str,
    part: &Part,
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) {
    let xml = elements::text(&part.bytes).unwrap_or_default();
    // Links, names of pictures and what stands in place of them.
    document.whole.push_str(&elements::words(&xml).0);
    let mut shown = true;
    elements::walk(&xml, |node| {
        if let Node::Open("sld", attributes) = node {
            shown &= attributes
                .get("show")
                .is_none_or(|show| show != "0" && show != "false");
        }
    });
    if !shown {
        document.facts.push(Fact::Hidden {
            what: "a hidden slide".into(),
        });
    }
    flow::add(
        what,
        flow::read(&xml, Dialect::Office),
        document,
        budget,
        findings,
    );
}
