//! The two files an audit starts from: the key that is trusted and the checkpoint it signed.

use crate::audit::report::Report;
use crate::audit::{CHECKPOINT, VKEY};
use crate::checkpoint::Checkpoint;
use crate::keys::VerifierKey;
use crate::note::Note;
use crate::reader::LogReader;

/// The key to trust, and whether the log's own key file says the same.
pub(super) fn find_key(
    reader: &dyn LogReader,
    trusted: Option<&str>,
    report: &mut Report,
) -> Option<VerifierKey> {
    let file = match reader.read(VKEY) {
        Ok(file) => file,
        Err(error) => {
            report.say(
                VKEY,
                None,
                "the file cannot be read",
                "a verifier key",
                &error,
            );
            None
        }
    };
    let own = file.as_deref().map(|bytes| {
        let text = str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.strip_suffix('\n'));
        let text = text.ok_or_else(|| "bytes that are not one line of text".to_owned())?;
        VerifierKey::parse(text).map_err(|error| error.to_string())
    });
    let expected = "a verifier key name+id+base64 on one line";
    match (trusted, own) {
        (None, None) => report.say(
            VKEY,
            None,
            "the log has no key and none was given",
            expected,
            "no file",
        ),
        (_, Some(Err(error))) => report.say(VKEY, None, "not a verifier key", expected, &error),
        (None, Some(Ok(key))) => return Some(key),
        (Some(_), _) => {}
    }
    let trusted = trusted?;
    match VerifierKey::parse(trusted.trim_end_matches('\n')) {
        Ok(key) => {
            let same = file.is_none_or(|bytes| bytes == format!("{key}\n").into_bytes());
            if !same {
                report.say(
                    VKEY,
                    None,
                    "not the key that was given",
                    &key.to_string(),
                    "another text",
                );
            }
            Some(key)
        }
        Err(error) => {
            report.say(
                VKEY,
                None,
                "the key that was given is not one",
                expected,
                &error.to_string(),
            );
            None
        }
    }
}

/// Reads the checkpoint. It is given back even when its signature fails, so that the rest of the log
/// can still be compared with it; the finding is then already in the report.
pub(super) fn read_head(
    reader: &dyn LogReader,
    key: Option<&VerifierKey>,
    report: &mut Report,
) -> Option<Checkpoint> {
    let expected = "a checkpoint that the log signed";
    let bytes = match reader.read(CHECKPOINT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            report.say(CHECKPOINT, None, "the file is missing", expected, "no file");
            return None;
        }
        Err(error) => {
            report.say(
                CHECKPOINT,
                None,
                "the file cannot be read",
                expected,
                &error,
            );
            return None;
        }
    };
    let note = Note::parse(&bytes).map_err(|error| error.to_string());
    let head = note.as_ref().map_err(Clone::clone);
    let head = head
        .and_then(|note| Checkpoint::parse_text(note.text()).map_err(|error| error.to_string()));
    if let Some(key) = key
        && let Err(error) = Checkpoint::open(&bytes, key, &[])
    {
        report.say(
            CHECKPOINT,
            None,
            "not signed by the log",
            expected,
            &error.to_string(),
        );
    } else if let Err(error) = &head {
        report.say(CHECKPOINT, None, "not a checkpoint", expected, error);
    }
    if let (Ok(note), Some(key)) = (&note, key) {
        let unknown =
            |line: &&crate::note::SignatureLine| line.key_id != key.id() || line.name != key.name();
        report.unknown_signatures = note.signatures().iter().filter(unknown).count() as u64;
    }
    head.ok()
}
