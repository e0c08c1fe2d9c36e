//! Genotypes in binary: PLINK bed, PLINK 2 pgen, BGEN and BCF, told by their first bytes.
//!
//! Nothing of them is decoded: no genotype of a person leaves, whatever it says. Numbers of people and variants are read from
//! the headers, and names of samples are searched.

use super::frame::{Cursor, length};
use super::{Budget, Document, Fact};
use crate::verdict::Findings;

/// The formats; sources: plink2 file formats (.bed, .pgen), BGEN 1.3, VCF 4.3 section 6 (BCF).
enum Format {
    Bed,
    Pgen,
    Bgen,
    Bcf,
}

fn format(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0x6c, 0x1b, 0 | 1, ..] => Some(Format::Bed),
        [0x6c, 0x1b, 2..=0x31, ..] => Some(Format::Pgen),
        [b'B', b'C', b'F', 2, ..] => Some(Format::Bcf),
        _ if bytes.get(16..20) == Some(b"bgen") => Some(Format::Bgen),
        _ => None,
    }
}

pub(crate) fn is(bytes: &[u8]) -> bool {
    format(bytes).is_some()
}

pub(crate) fn read(bytes: &[u8], _: &mut Budget, _: &mut Findings) -> Document {
    let mut cursor = Cursor::new(bytes);
    let mut number = |at: usize| {
        cursor.seek(at);
        cursor.u32_le().map(u64::from)
    };
    let (name, variants, people) = match format(bytes) {
        Some(Format::Bed) | None => ("PLINK bed", None, None),
        Some(Format::Pgen) => ("PLINK 2 pgen", number(3), number(7)),
        Some(Format::Bgen) => ("BGEN", number(8), number(12)),
        Some(Format::Bcf) => ("BCF", None, None),
    };
    let mut document = Document {
        kind: format!("genotypes ({name})"),
        read: length(bytes),
        facts: vec![Fact::Genotypes {
            format: name.into(),
            people,
            variants,
        }],
        ..Document::default()
    };
    document.search(bytes);
    document
}
