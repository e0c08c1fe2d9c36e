//! What no reader understands: never green. Its printable text is still handed on to the search for participants.

use super::{Document, Line};
use crate::limits;
use crate::verdict::{Findings, Rule};

/// The rule that nothing leaves unread.
pub(crate) const RULE: Rule = Rule {
    name: "unreadable",
    source: "UK Biobank and OpenSAFELY release rules: only file types that can be checked",
};

/// Signatures at fixed places; sources: each format's specification.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (
        0,
        b"PK\x03\x04",
        "zip archive, perhaps an Excel or Word file",
    ),
    (0, b"PK\x05\x06", "empty zip archive"),
    (0, b"\x1f\x8b", "gzip archive, perhaps an R data file"),
    (0, b"\x28\xb5\x2f\xfd", "zstd archive"),
    (0, b"\xfd7zXZ\x00", "xz archive"),
    (0, b"BZh", "bzip2 archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-zip archive"),
    (0, b"Rar!\x1a\x07", "rar archive"),
    (257, b"ustar", "tar archive"),
    (0, b"PAR1", "Parquet file"),
    (0, b"ARROW1", "Arrow file"),
    (0, b"SQLite format 3\x00", "SQLite database"),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5 file"),
    (0, b"\x93NUMPY", "NumPy array"),
    (0, b"%PDF", "PDF document"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG image"),
    (0, b"\xff\xd8\xff", "JPEG image"),
    (0, b"GIF8", "GIF image"),
    (0, b"\x6c\x1b\x01", "PLINK genotypes (bed)"),
    (0, b"\x6c\x1b\x10", "PLINK 2 genotypes (pgen)"),
    (16, b"bgen", "BGEN genotypes"),
    (0, b"\x7fELF", "program"),
    (0, b"MZ\x90\x00", "program"),
    (0, b"\xd0\xcf\x11\xe0", "old Excel or Word file"),
    (0, b"RDX", "R data file"),
    (0, b"FEA1", "Feather file of version 1"),
    (0, b"$FL2@(#)", "SPSS data"),
    (0, b"$FL3@(#)", "SPSS data"),
    (0, b"MATLAB 5.0 MAT-file", "MATLAB data"),
    (
        12,
        b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c",
        "SAS data",
    ),
    (0, b"-----BEGIN PGP", "encrypted message"),
    (0, b"age-encryption.org", "encrypted file"),
    (0, b"Salted__", "encrypted file"),
];

/// The format that the first bytes name, if any.
pub(crate) fn magic(bytes: &[u8]) -> Option<&'static str> {
    // Protocols 2 to 5 of pickle begin with PROTO and the version (PEP 3154).
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return Some("Python pickle");
    }
    let at = |offset: usize, magic: &[u8]| {
        bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    MAGIC
        .iter()
        .find(|(offset, magic, _)| at(*offset, magic))
        .map(|(_, _, name)| *name)
}

/// Text with a structure of its own that needs its own reader to be judged.
pub(crate) fn structured(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let end = text.trim_end();
    let head: String = start
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    let squeezed: String = head.split_whitespace().collect();
    let begins = ["{\"", "[{\"", "[[", "[\""]
        .iter()
        .any(|sign| squeezed.starts_with(sign));
    let json = begins && end.ends_with(['}', ']']);
    if json {
        return Some(if text.contains("\"nbformat\"") {
            "notebook"
        } else {
            "JSON"
        });
    }
    if ["<!doctype", "<html", "<svg", "<?xml", "<table"]
        .iter()
        .any(|tag| head.starts_with(tag))
    {
        return Some("HTML, SVG or XML");
    }
    if head.starts_with("##fileformat=vcf") {
        return Some("VCF genotypes");
    }
    head.starts_with("{\\rtf").then_some("RTF document")
}

/// A binary file: amber, and its printable runs for the search.
pub(crate) fn read(bytes: &[u8], what: &str, findings: &mut Findings) -> Document {
    say(what, findings);
    let mut prose = Vec::new();
    let mut whole = String::new();
    for run in bytes
        .split(|b| !(0x20..0x7f).contains(b))
        .filter(|run| run.len() >= limits::ID_MIN)
    {
        for piece in run.chunks(limits::LINE_BYTES) {
            let text: String = piece.iter().map(|b| char::from(*b)).collect();
            whole.push_str(&text);
            whole.push('\n');
            prose.push(Line { number: 0, text });
        }
    }
    // UTF-16 without a mark: the same once more with the NUL bytes taken out.
    if bytes.contains(&0) {
        let squeezed: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
        for run in squeezed
            .split(|b| !(0x20..0x7f).contains(b))
            .filter(|run| run.len() >= limits::ID_MIN)
        {
            whole.extend(run.iter().map(|b| char::from(*b)));
            whole.push('\n');
        }
    }
    let unread = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Document {
        kind: format!("unknown ({what})"),
        prose,
        unread,
        whole,
        ..Document::default()
    }
}

/// Structured text: amber, and its lines for the search.
pub(crate) fn read_text(text: &str, what: &str, findings: &mut Findings) -> Document {
    say(what, findings);
    let prose = (1_u64..)
        .zip(text.lines())
        .map(|(number, text)| Line {
            number,
            text: text.to_owned(),
        })
        .collect();
    let unread = u64::try_from(text.len()).unwrap_or(u64::MAX);
    Document {
        kind: format!("unknown ({what})"),
        prose,
        unread,
        ..Document::default()
    }
}

/// What is beyond a limit of reading: amber, and its printable text for the search.
pub(crate) fn too_much(bytes: &[u8], what: &str, findings: &mut Findings) -> Document {
    let document = read(bytes, "beyond a limit", &mut Findings::default());
    findings.amber(
        RULE,
        "whole file",
        what,
        "split the output, or leave out what need not leave",
    );
    document
}

/// Says that something could not be read, and why.
pub(crate) fn say(what: &str, findings: &mut Findings) {
    findings.amber(
        RULE,
        "whole file",
        format!("cannot be read: {what}"),
        "give the figures behind it as a CSV or text file, or let two people look at it",
    );
}
