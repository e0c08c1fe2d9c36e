//! A Word, Excel, PowerPoint or OpenDocument file without the properties that tell who made it, where and from what. The parts are
//! emptied, not left out, so that the package stays whole.

use super::Changed;
use crate::Context;
use crate::limits;
use crate::verdict::count_of;
use std::io::{Cursor, Read as _, Write as _};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Parts with properties, and what each is without them.
const EMPTY: &[(&str, &str)] = &[
    (
        "docProps/core.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\"/>",
    ),
    (
        "docProps/app.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\"/>",
    ),
    (
        "docProps/custom.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties\"/>",
    ),
    (
        "meta.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<office:document-meta xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" office:version=\"1.2\"/>",
    ),
];

pub(super) fn fix(bytes: &[u8], _: &Context<'_>) -> Option<Changed> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return None;
    }
    let mut package = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let mut emptied = 0_usize;
    for i in 0..package.len().min(limits::DOCUMENTS) {
        let part = package.by_index(i).ok()?;
        let name = part.name().ok()?.into_owned();
        let Some((_, empty)) = EMPTY.iter().find(|(known, _)| *known == name) else {
            out.raw_copy_file(part).ok()?;
            continue;
        };
        let mut content = Vec::new();
        let most = u64::try_from(empty.len()).unwrap_or(0) + 1;
        part.take(most).read_to_end(&mut content).ok()?;
        emptied += usize::from(content != empty.as_bytes());
        out.start_file(name, SimpleFileOptions::default()).ok()?;
        out.write_all(empty.as_bytes()).ok()?;
    }
    let bytes = out.finish().ok()?.into_inner();
    let changes =
        (emptied > 0).then(|| format!("emptied {} of properties", count_of(emptied, "part")));
    Some(Changed {
        bytes,
        changes: changes.into_iter().collect(),
    })
}
