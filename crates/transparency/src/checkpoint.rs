//! C2SP tlog-checkpoint: the signed statement of a log's size and root.
//!
//! Parsing is strict and gives back the same text. A checkpoint must never be believed unless the
//! log's own key signed it, and a log must never sign two that contradict each other: that is the
//! keeper's duty (`store`), not this module's.

use crate::encoding::decimal;
use crate::hash::Hash;
use crate::keys::{Signer, VerifierKey};
use crate::note::{Note, NoteError, Verified};

/// Why a checkpoint was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not a checkpoint.
    #[error("line {line} of the checkpoint: expected {expected}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// What it must hold.
        expected: &'static str,
    },
    /// Another log's checkpoint.
    #[error("expected a checkpoint of {expected:?}, found one of {found:?}")]
    OtherOrigin {
        /// Origin wanted.
        expected: String,
        /// Origin found.
        found: String,
    },
}

/// A log's size and root hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, without line breaks: for this project also the name of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root at that size.
    pub root: Hash,
    /// Further lines, not empty. Not recommended by the specification; this project writes none.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// Reads the text of a note.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let bad =
            |line: usize, expected: &'static str| CheckpointError::Malformed { line, expected };
        let body = text
            .strip_suffix('\n')
            .ok_or_else(|| bad(1, "a newline at the end of the text"))?;
        let mut lines = body.split('\n');
        let origin = lines
            .next()
            .filter(|line| !line.is_empty())
            .ok_or_else(|| bad(1, "the log's origin"))?;
        let size = lines
            .next()
            .and_then(decimal)
            .ok_or_else(|| bad(2, "a decimal size without leading zeros"))?;
        let root = lines.next().and_then(Hash::from_base64);
        let root = root.ok_or_else(|| bad(3, "the root as canonical base64 of 32 bytes"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if let Some(at) = extensions.iter().position(String::is_empty) {
            return Err(bad(at + 4, "an extension line that is not empty"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }

    /// The text that is signed: at least three lines.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Signs it. The same key and checkpoint always give the same bytes (RFC 8032).
    pub fn sign(&self, signer: &Signer) -> Result<Note, CheckpointError> {
        let text = self.text();
        if Self::parse_text(&text)? != *self {
            return Err(CheckpointError::Malformed {
                line: 1,
                expected: "an origin without line breaks",
            });
        }
        let line = signer.sign(&text, 0);
        Ok(Note::new(text, vec![line])?)
    }

    /// Reads a checkpoint that `log` signed, whose origin is that key's name. Cosignatures by
    /// `witnesses` are checked too, and given back with the log's own signature first.
    pub fn open(
        bytes: &[u8],
        log: &VerifierKey,
        witnesses: &[VerifierKey],
    ) -> Result<(Self, Vec<Verified>), CheckpointError> {
        let note = Note::parse(bytes)?;
        let mut good = note.verify(std::slice::from_ref(log))?;
        let checkpoint = Self::parse_text(note.text())?;
        if checkpoint.origin != log.name() {
            let (expected, found) = (log.name().to_owned(), checkpoint.origin);
            return Err(CheckpointError::OtherOrigin { expected, found });
        }
        match note.verify(witnesses) {
            Ok(cosigned) => good.extend(cosigned),
            Err(NoteError::NoSignature { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok((checkpoint, good))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hash::empty_root;

    #[test]
    fn the_example_text_of_the_specification() {
        // C2SP tlog-checkpoint, first example.
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse_text(text).unwrap();
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.size),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.text(), text);
        let extended = format!("{text}more\n");
        assert_eq!(Checkpoint::parse_text(&extended).unwrap().text(), extended);
    }

    #[test]
    fn refuses_every_other_form() {
        let root = empty_root();
        for text in [
            String::new(),
            format!("a\n0\n{root}"),
            format!("\n0\n{root}\n"),
            format!("a\n00\n{root}\n"),
            format!("a\n01\n{root}\n"),
            format!("a\n-1\n{root}\n"),
            format!("a\n 1\n{root}\n"),
            format!("a\n18446744073709551616\n{root}\n"),
            format!("a\n\n{root}\n"),
            format!("a\n0\n{root} \n"),
            format!("a\n0\n{root}\n\n"),
            format!("a\n0\n{root}\n\nb\n"),
            "a\n0\nAQ==\n".to_owned(),
            "a\n0\n".to_owned(),
        ] {
            assert!(Checkpoint::parse_text(&text).is_err(), "{text:?}");
        }
        let signer = Signer::from_seed("a", &[1; 32]).unwrap();
        assert!(Checkpoint::new("a\nb", 0, root).sign(&signer).is_err());
    }

    #[test]
    fn another_logs_checkpoint_is_refused() {
        let signer = Signer::from_seed("a.example", &[1; 32]).unwrap();
        let other = Checkpoint::new("b.example", 0, empty_root())
            .sign(&signer)
            .unwrap()
            .to_string();
        let refused = Checkpoint::open(other.as_bytes(), signer.verifier(), &[]);
        assert!(matches!(refused, Err(CheckpointError::OtherOrigin { .. })));
        let own = Checkpoint::new("a.example", 0, empty_root());
        let note = own.sign(&signer).unwrap().to_string();
        assert_eq!(
            Checkpoint::open(note.as_bytes(), signer.verifier(), &[])
                .unwrap()
                .0,
            own
        );
    }
}
