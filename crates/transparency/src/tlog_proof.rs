//! C2SP tlog-proof: one file that shows offline that an entry is in a log.
//!
//! It must never be handed out unless it verifies, and the `extra` line must never be trusted: it is
//! not authenticated.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::encoding::{base64_decode, base64_encode, decimal};
use crate::hash::{Hash, leaf_hash};
use crate::keys::VerifierKey;
use crate::limits::{MAX_PROOF_FILE_BYTES, MAX_PROOF_HASHES};
use crate::note::{Note, Verified};
use crate::proof::{ProofError, prove_inclusion, verify_inclusion};
use crate::reader::{LogReader, NodeError, TileNodes};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof file was refused, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Not the form of a proof file.
    #[error("not a tlog-proof: expected {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// The checkpoint in it was refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The log's tiles do not give a proof.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Too few witnesses saw the checkpoint.
    #[error("expected cosignatures by {expected} witnesses, found {found}")]
    NoQuorum {
        /// Witnesses asked for.
        expected: usize,
        /// Witnesses that signed.
        found: usize,
    },
}

/// A proof that an entry is in a log, with the checkpoint it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Opaque data, not authenticated.
    pub extra: Option<Vec<u8>>,
    /// Which entry, from 0.
    pub index: u64,
    /// Sibling hashes, leaf to root.
    pub path: Vec<Hash>,
    /// The checkpoint, as the log published it.
    pub checkpoint: Note,
}

impl TlogProof {
    /// Makes the proof for an entry from a log's tiles and its published checkpoint, and verifies it
    /// before it is given out.
    pub fn prove(
        reader: &dyn LogReader,
        checkpoint: &[u8],
        log: &VerifierKey,
        index: u64,
        entry: &[u8],
    ) -> Result<Self, TlogProofError> {
        let (head, _) = Checkpoint::open(checkpoint, log, &[])?;
        let path = prove_inclusion(&TileNodes::new(reader, head.size), index, head.size)?;
        let note = Note::parse(checkpoint).map_err(CheckpointError::from)?;
        let proof = Self {
            extra: None,
            index,
            path,
            checkpoint: note,
        };
        proof.verify(entry, log, &[], 0)?;
        Ok(proof)
    }

    /// Reads a proof file to its last byte. Nothing is verified yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        let bad = |expected: &'static str| TlogProofError::Malformed { expected };
        if bytes.len() > MAX_PROOF_FILE_BYTES {
            return Err(bad("at most 1 MB"));
        }
        let text = str::from_utf8(bytes).map_err(|_| bad("utf-8"))?;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| bad("an empty line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(bad("the first line to be \"c2sp.org/tlog-proof@v1\""));
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => {
                let data = line.strip_prefix("extra ").and_then(base64_decode);
                Some(data.ok_or_else(|| bad("canonical base64 after \"extra \""))?)
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|line| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or_else(|| bad("\"index \" and a decimal without leading zeros"))?;
        let path: Option<Vec<Hash>> = lines.map(Hash::from_base64).collect();
        let path = path.ok_or_else(|| bad("proof lines of canonical base64 of 32 bytes"))?;
        if path.len() > MAX_PROOF_HASHES {
            return Err(bad("at most 64 proof lines"));
        }
        let checkpoint = Note::parse(checkpoint.as_bytes()).map_err(CheckpointError::from)?;
        Checkpoint::parse_text(checkpoint.text())?;
        Ok(Self {
            extra,
            index,
            path,
            checkpoint,
        })
    }

    /// Checks that `entry` is in the log of `log`, and that at least `quorum` different keys of
    /// `witnesses` cosigned the checkpoint. Gives the checkpoint and its good signatures.
    pub fn verify(
        &self,
        entry: &[u8],
        log: &VerifierKey,
        witnesses: &[VerifierKey],
        quorum: usize,
    ) -> Result<(Checkpoint, Vec<Verified>), TlogProofError> {
        let (checkpoint, signatures) =
            Checkpoint::open(self.checkpoint.to_string().as_bytes(), log, witnesses)?;
        let signed = |key: &&VerifierKey| {
            signatures
                .iter()
                .any(|line| line.key_id == key.id() && line.name == key.name())
        };
        let found = witnesses.iter().filter(signed).count();
        if found < quorum {
            return Err(TlogProofError::NoQuorum {
                expected: quorum,
                found,
            });
        }
        verify_inclusion(
            self.index,
            checkpoint.size,
            &leaf_hash(entry).0,
            &self.path,
            &checkpoint.root.0,
        )?;
        Ok((checkpoint, signatures))
    }
}

/// The text of the file; give it the extension `.tlog-proof`.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64_encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
