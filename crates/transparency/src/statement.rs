//! Statements that the log's own key signs beside its checkpoints: one line that says what it is, and one line of JSON.
//!
//! A C2SP signed note whose first line has spaces and whose second begins with a brace, so that no reader can take it for
//! a checkpoint: there the first line is the log's origin, which has no space, and the second a decimal. Must never sign
//! anything else, or one key would vouch for two kinds of thing that can be confused.

use crate::keys::{Signer, VerifierKey};
use crate::note::{Note, NoteError, SignatureLine};

/// The text of a statement, if `kind` and `json` have the form of one.
fn text(kind: &str, json: &str) -> Result<String, NoteError> {
    let is_kind = kind.contains(' ') && !kind.contains('\n');
    let is_json = json.starts_with('{') && json.ends_with('}') && !json.contains('\n');
    if is_kind && is_json {
        return Ok(format!("{kind}\n{json}\n"));
    }
    Err(NoteError::Malformed {
        what: "expected a statement: a kind of several words, and an object as one line of json"
            .to_owned(),
    })
}

/// Signs a statement: the signature line.
pub fn sign(signer: &Signer, kind: &str, json: &str) -> Result<String, NoteError> {
    let text = text(kind, json)?;
    Ok(signer.sign(&text, 0).to_string())
}

/// Checks the signature line of a statement.
pub fn verify(key: &VerifierKey, kind: &str, json: &str, signature: &str) -> Result<(), NoteError> {
    let note = format!("{}\n{signature}\n", text(kind, json)?);
    let note = Note::parse(note.as_bytes())?;
    let own = |line: &SignatureLine| line.name == key.name();
    if note.signatures().len() != 1 || !note.signatures().iter().all(own) {
        return Err(NoteError::NoSignature {
            expected: key.name().to_owned(),
        });
    }
    note.verify(std::slice::from_ref(key)).map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::checkpoint::Checkpoint;

    const KIND: &str = "a kind of statement v1";

    #[test]
    fn a_statement_is_verified_by_its_own_key_kind_and_text_only() {
        let signer = Signer::from_seed("example.org/log", &[7; 32]).unwrap();
        let other = Signer::from_seed("example.org/log", &[8; 32]).unwrap();
        let json = r#"{"a":1}"#;
        let line = sign(&signer, KIND, json).unwrap();
        let check = |key: &Signer, kind: &str, json: &str, line: &str| {
            verify(key.verifier(), kind, json, line).is_ok()
        };
        assert!(check(&signer, KIND, json, &line));
        assert!(!check(&other, KIND, json, &line));
        assert!(!check(&signer, "another kind", json, &line));
        assert!(!check(&signer, KIND, r#"{"a":2}"#, &line));
        assert!(!check(&signer, KIND, json, &format!("{line}\n{line}")));
        assert!(!check(&signer, KIND, json, ""));
    }

    #[test]
    fn no_statement_is_a_checkpoint_and_no_checkpoint_a_statement() {
        let signer = Signer::from_seed("example.org/log", &[7; 32]).unwrap();
        for (kind, json) in [
            ("example.org/log", "{}"),
            (KIND, "12"),
            (KIND, "{\n}"),
            ("a kind\n12", "{}"),
        ] {
            assert!(sign(&signer, kind, json).is_err(), "{kind} {json}");
        }
        let line = sign(&signer, KIND, "{}").unwrap();
        let note = format!("{KIND}\n{{}}\n\n{line}\n");
        assert!(Checkpoint::open(note.as_bytes(), signer.verifier(), &[]).is_err());
    }
}
