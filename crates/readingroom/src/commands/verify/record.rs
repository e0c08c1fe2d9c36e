//! A release record: its signature, the proof that its event is in the log, and the files beside it.

use std::path::Path;

use governance::{Digest, Refusal};

use super::Verified;
use crate::commands::requests::{Record, wrong_with};
use crate::failure::Failure;
use crate::files;
use crate::limits::RECORD_BYTES;

/// Verifies a record. Without a key from a source that is trusted it is verified by the key that it names itself.
pub fn verify(path: &Path, vkey: Option<&str>) -> Result<Verified, Failure> {
    let size = std::fs::metadata(path)
        .map_err(|e| files::io("reading", path, e))?
        .len();
    let text = if size <= RECORD_BYTES {
        std::fs::read(path).map_err(|e| files::io("reading", path, e))?
    } else {
        Vec::new()
    };
    let record: Record = serde_json::from_slice(&text).map_err(|e| {
        Refusal::new(
            "not-a-record",
            "verify-what-exists",
            format!("the file is no release record: {e}"),
            "name the release-record.json that came with released files",
        )
    })?;
    let mut verified = Verified::default();
    let trusted = vkey.unwrap_or(&record.vkey);
    verified.findings.extend(wrong_with(&record, trusted)?);
    if verified.findings.is_empty() {
        let stated = &record.record;
        verified.notes.push(format!(
            "signed by {}; request {} of project {}, released in ledger entry {} at {}",
            stated.origin,
            stated.request,
            stated.project,
            stated.released_entry,
            stated.released_at
        ));
        verified
            .notes
            .push("the release event is in the signed log".to_owned());
    }
    if vkey.is_none() {
        verified.notes.push(format!(
            "by the key that the record names itself, {}: compare it with one from a source you trust (--vkey)",
            record.vkey
        ));
    }
    beside(path, &record, &mut verified);
    Ok(verified)
}

/// Files of the record that lie beside it must have their digest; those that do not were not looked at.
fn beside(path: &Path, record: &Record, verified: &mut Verified) {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut compared = 0;
    for (name, file) in &record.record.files {
        match std::fs::read(folder.join(name)) {
            Ok(bytes) if Digest::of(&bytes) == file.sha256 => compared += 1,
            Ok(_) => verified.findings.push(format!(
                "{name}: its bytes are not those that were released"
            )),
            Err(_) => verified
                .notes
                .push(format!("{name}: not beside the record, so not compared")),
        }
    }
    verified.notes.push(format!(
        "files beside the record that have their digest: {compared}"
    ));
}
