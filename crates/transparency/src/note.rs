//! C2SP signed-note: text, and the lines that sign it.
//!
//! A note is text and signature lines. Its text must never be used before [`Note::verify`] has found
//! a good signature by a known key; a known key whose signature fails rejects the whole note.

use std::fmt;

use crate::encoding::{base64_decode, base64_encode};
use crate::keys::{VerifierKey, is_key_name};
use crate::limits::{MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES};

/// Why a note, key or signature was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a signed note.
    #[error("not a signed note: {what}")]
    Malformed {
        /// What was expected and found.
        what: String,
    },
    /// Not the form of a verifier key, or one of a type that is not supported.
    #[error("not a verifier key: {what}")]
    BadKey {
        /// What was expected and found.
        what: String,
    },
    /// A key name is empty or has a space or a plus sign.
    #[error("expected a key name without spaces and plus signs, found {found:?}")]
    BadName {
        /// The name found.
        found: String,
    },
    /// A known key's signature does not fit the text.
    #[error("the signature of {name} does not fit the text")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// No signature by a known key.
    #[error("expected a signature by {expected}, found none")]
    NoSignature {
        /// Names of the keys looked for.
        expected: String,
    },
}

fn malformed<T>(what: &str) -> Result<T, NoteError> {
    Err(NoteError::Malformed {
        what: what.to_owned(),
    })
}

/// One signature line of a note: `— name base64(key id ‖ signature)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: String,
    /// 32-bit id of the key.
    pub key_id: u32,
    /// The signature's bytes after the id.
    pub signature: Vec<u8>,
}

impl SignatureLine {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix("\u{2014} ");
        let Some((name, signature)) = rest.and_then(|rest| rest.split_once(' ')) else {
            return malformed("expected a signature line: em dash, space, name, space, base64");
        };
        if !is_key_name(name) {
            return Err(NoteError::BadName {
                found: name.to_owned(),
            });
        }
        let Some(bytes) = base64_decode(signature) else {
            return malformed("expected canonical base64 in a signature line");
        };
        match bytes.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => Ok(Self {
                name: name.to_owned(),
                key_id: u32::from_be_bytes(*id),
                signature: signature.to_vec(),
            }),
            _ => malformed("expected a key id of 4 bytes and a signature"),
        }
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.signature);
        write!(f, "\u{2014} {} {}", self.name, base64_encode(&bytes))
    }
}

/// A good signature by a known key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub key_id: u32,
    /// Seconds since 1970, for a cosignature.
    pub time: Option<u64>,
}

/// A signed note. Displays as the bytes it was read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A note of a text that ends in a newline, with one signature or more.
    pub fn new(text: String, signatures: Vec<SignatureLine>) -> Result<Self, NoteError> {
        let note = Self { text, signatures };
        Self::parse(note.to_string().as_bytes()).map(|_| note)
    }

    /// Reads a note. Its form is checked to the last byte, its signatures are not.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return malformed("expected at most 512 kB");
        }
        let Ok(whole) = str::from_utf8(bytes) else {
            return malformed("expected utf-8");
        };
        if whole.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return malformed("expected no control characters but newline");
        }
        // The text may hold empty lines: the last one separates the signatures.
        let Some((body, lines)) = whole.rsplit_once("\n\n") else {
            return malformed("expected an empty line before the signatures");
        };
        let Some(lines) = lines.strip_suffix('\n') else {
            return malformed("expected signature lines that end in a newline");
        };
        let signatures = lines
            .split('\n')
            .map(SignatureLine::parse)
            .collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MAX_NOTE_SIGNATURES {
            return malformed("expected at most 64 signatures");
        }
        Ok(Self {
            text: format!("{body}\n"),
            signatures,
        })
    }

    /// The text with its final newline. Not to be believed before [`Note::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, known or not.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a signature line, such as a witness's.
    pub fn add(&mut self, line: SignatureLine) {
        self.signatures.push(line);
    }

    /// Checks every signature by a known key. Unknown keys are ignored; a known key's bad signature
    /// rejects the note, and so does the lack of any good one.
    pub fn verify(&self, known: &[VerifierKey]) -> Result<Vec<Verified>, NoteError> {
        let mut good = Vec::new();
        for line in &self.signatures {
            let is_signer = |key: &&VerifierKey| key.id() == line.key_id && key.name() == line.name;
            let Some(key) = known.iter().find(is_signer) else {
                continue;
            };
            let time = key.check(&self.text, &line.signature)?;
            good.push(Verified {
                name: line.name.clone(),
                key_id: line.key_id,
                time,
            });
        }
        if good.is_empty() {
            let names: Vec<&str> = known.iter().map(VerifierKey::name).collect();
            return Err(NoteError::NoSignature {
                expected: names.join(", "),
            });
        }
        Ok(good)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str("\n")?;
        self.signatures
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::keys::Signer;

    /// C2SP signed-note: the example that is printed with its key.
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_verifies() {
        let key = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(key.to_string(), VKEY);
        let note = Note::parse(NOTE.as_bytes()).unwrap();
        assert_eq!(note.text(), "This is an example message.\n");
        assert_eq!(note.to_string(), NOTE);
        assert_eq!(note.verify(&[key]).unwrap()[0].key_id, 0x530d_903a);
    }

    #[test]
    fn any_changed_byte_of_note_or_key_is_refused() {
        let key = VerifierKey::parse(VKEY).unwrap();
        for at in 0..NOTE.len() {
            for bit in 0..8 {
                let mut bytes = NOTE.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let refused =
                    Note::parse(&bytes).and_then(|note| note.verify(std::slice::from_ref(&key)));
                assert!(refused.is_err(), "byte {at} bit {bit}");
            }
        }
        for at in 0..VKEY.len() {
            for bit in 0..7 {
                let mut bytes = VKEY.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                assert!(
                    VerifierKey::parse(str::from_utf8(&bytes).unwrap()).is_err(),
                    "byte {at} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn a_known_key_that_fails_rejects_the_note_and_unknown_keys_are_ignored() {
        let known = Signer::from_seed("log.example", &[1; 32]).unwrap();
        let other = Signer::from_seed("other.example", &[2; 32]).unwrap();
        let text = "a\n\nb\n".to_owned();
        let (good, foreign) = (known.sign(&text, 0), other.sign(&text, 0));
        let bad = known.sign("c\n", 0);
        let keys = [known.verifier().clone()];
        let note = |lines: &[&SignatureLine]| {
            Note::new(text.clone(), lines.iter().copied().cloned().collect()).unwrap()
        };
        assert_eq!(note(&[&foreign, &good]).verify(&keys).unwrap().len(), 1);
        assert_eq!(
            note(&[&good, &bad]).verify(&keys),
            Err(NoteError::BadSignature {
                name: "log.example".into()
            })
        );
        assert!(matches!(
            note(&[&foreign]).verify(&keys),
            Err(NoteError::NoSignature { .. })
        ));
        // Same name with another id, and same id with another name, are unknown keys.
        let renamed = SignatureLine {
            name: "else.example".into(),
            ..good.clone()
        };
        let renumbered = SignatureLine {
            key_id: good.key_id ^ 1,
            ..good.clone()
        };
        assert_eq!(
            note(&[&renamed, &renumbered, &good])
                .verify(&keys)
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn sixteen_signatures_are_read() {
        let signer = Signer::from_seed("log.example", &[1; 32]).unwrap();
        let line = signer.sign("x\n", 0);
        assert!(Note::new("x\n".into(), vec![line.clone(); 16]).is_ok());
        assert!(Note::new("x\n".into(), vec![line; MAX_NOTE_SIGNATURES + 1]).is_err());
    }

    #[test]
    fn refuses_every_other_form() {
        let line = NOTE.split_once("\n\n").unwrap().1;
        for text in [
            String::new(),
            "x\n".to_owned(),
            "x\n\n".to_owned(),
            format!("x{line}"),
            format!("x\n{line}"),
            format!("{NOTE}\n"),
            format!("{NOTE} "),
            format!("x\r\n\n{line}"),
            format!("x\t\n\n{line}"),
            format!("x\n\n {line}"),
            format!("x\n\n{}", line.replace(' ', "  ")),
            format!("x\n\n{}", line.replace('\u{2014}', "-")),
            format!("x\n\n{}", line.replace("foo", "f+o")),
            format!("x\n\n{}", line.replace("foo", "f\u{a0}o")),
            format!("x\n\n{}", line.replace('=', "")),
            "x\n\n\u{2014} a AAAAAA==\n".to_owned(),
        ] {
            assert!(Note::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Note::parse(b"\xff\n\n").is_err());
    }

    #[test]
    fn cosignatures_are_bound_to_their_time() {
        let witness = Signer::cosigner_from_seed("witness.example", &[3; 32]).unwrap();
        let text = "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let line = witness.sign(text, 1_679_315_147);
        let keys = [VerifierKey::parse(&witness.verifier().to_string()).unwrap()];
        let note = Note::new(text.into(), vec![line.clone()]).unwrap();
        assert_eq!(note.verify(&keys).unwrap()[0].time, Some(1_679_315_147));
        let mut later = line;
        later.signature[7] ^= 1;
        assert!(
            Note::new(text.into(), vec![later])
                .unwrap()
                .verify(&keys)
                .is_err()
        );
        // A time above 2^63 - 1 is refused even when it is signed.
        let far = witness.sign(text, 1 << 63);
        assert!(
            Note::new(text.into(), vec![far])
                .unwrap()
                .verify(&keys)
                .is_err()
        );
    }
}
