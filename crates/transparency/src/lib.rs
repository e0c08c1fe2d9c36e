//! The tamper-evident log: Merkle tiles, signed checkpoints, proofs and their verification.
//!
//! Everything here follows published specifications, so that a client which nobody of this project
//! wrote can check the log: RFC 6962 hashing, C2SP tlog-tiles, signed-note, tlog-checkpoint,
//! tlog-cosignature (Ed25519) and tlog-proof, RFC 9901 disclosures.
//!
//! It must never read a file, a clock or the network (callers hand bytes in through
//! [`reader::LogReader`]), and it must never accept a second spelling of the same thing: what is not
//! canonical is refused, so that every byte of a ledger is covered by some check.

pub mod audit;
pub mod checkpoint;
pub mod disclosure;
mod encoding;
pub mod frontier;
pub mod hash;
pub mod keys;
pub mod limits;
pub mod note;
pub mod proof;
pub mod reader;
pub mod statement;
pub mod tiles;
pub mod tlog_proof;
pub mod writer;

pub use audit::{Finding, Report, verify_log};
pub use checkpoint::Checkpoint;
pub use disclosure::Disclosure;
pub use frontier::Frontier;
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use keys::{Signer, VerifierKey};
pub use note::Note;
pub use reader::{LogReader, MemoryReader, TileNodes};
pub use tiles::Tile;
pub use tlog_proof::TlogProof;
pub use writer::{TileFile, TileWriter};
