//! Inclusion, consistency and subtree proofs: making and checking.
//!
//! RFC 6962 section 2.1, RFC 9162 section 2.1 and, for subtrees, the procedures of
//! draft-ietf-plants-merkle-tree-certs (section "Subtrees"), of which the whole tree is the case
//! `start = 0`. Checking must never accept a proof that is too long, too short or made of anything
//! but 32-byte hashes, and it takes byte strings so that such things can be handed in and refused.

use crate::hash::{Hash, empty_root, node_hash};
use crate::limits::MAX_PROOF_HASHES;

/// Why a proof was refused, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index lies outside of the tree.
    #[error("entry {index} is outside of the tree [{start}, {end})")]
    OutsideTree {
        /// Entry asked for.
        index: u64,
        /// First entry of the tree.
        start: u64,
        /// One past the last entry of the tree.
        end: u64,
    },
    /// The interval is not a subtree, or not one of a tree of this size.
    #[error("[{start}, {end}) is not a subtree of a tree of size {size}")]
    NotASubtree {
        /// First entry of the subtree.
        start: u64,
        /// One past the last entry of the subtree.
        end: u64,
        /// Size of the tree.
        size: u64,
    },
    /// A tree is claimed to have grown from nothing, which every tree has.
    #[error("consistency with the empty tree proves nothing; expected an old size of at least 1")]
    FromEmpty,
    /// The proof has the wrong number of hashes.
    #[error("the proof has {found} hashes, which is not what a tree of this size needs")]
    WrongLength {
        /// Hashes in the proof.
        found: usize,
    },
    /// A hash in the proof, a root or a leaf hash is not 32 bytes.
    #[error("expected a hash of 32 bytes, found {found} bytes")]
    NotAHash {
        /// Bytes found.
        found: usize,
    },
    /// The hashes do not lead to the root.
    #[error("the proof leads to another root")]
    OtherRoot,
    /// The hashes do not lead to the root of the older tree or the subtree.
    #[error("the proof leads to another root of the older tree")]
    OtherOldRoot,
}

/// Where the hashes of complete subtrees come from when a proof is made.
pub trait NodeSource {
    /// What can go wrong while reading.
    type Error: From<ProofError>;

    /// The root over entries `index << height` up to `(index + 1) << height`, all present.
    fn node(&self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Leaf hashes in memory, for tests and small trees.
impl NodeSource for [Hash] {
    type Error = ProofError;

    fn node(&self, height: u32, index: u64) -> Result<Hash, ProofError> {
        let (start, end) = (index << height, (index + 1) << height);
        let leaves = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let leaves = leaves.and_then(|(from, to)| self.get(from..to));
        let size = self.len() as u64;
        Ok(crate::hash::root_of(
            leaves.ok_or(ProofError::NotASubtree { start, end, size })?,
        ))
    }
}

/// Whether `[start, end)` is a subtree: `start` is a multiple of its width rounded up to a power of
/// two. An empty interval is one, by the vectors of transparency-dev/merkle.
fn is_subtree(start: u64, end: u64) -> bool {
    match end.checked_sub(start) {
        None => false,
        Some(0) => true,
        // A width above 2^63 rounds up to 2^64, of which only 0 is a multiple.
        Some(width) => width
            .checked_next_power_of_two()
            .map_or(start == 0, |whole| start.is_multiple_of(whole)),
    }
}

/// The largest power of two smaller than `width`, which is at least 2.
fn split(width: u64) -> u64 {
    1 << (63 - (width - 1).leading_zeros())
}

/// The Merkle tree hash over `[start, end)`, a subtree.
fn range_root<S: NodeSource + ?Sized>(source: &S, start: u64, end: u64) -> Result<Hash, S::Error> {
    let mut at = start;
    let mut peaks = Vec::new();
    while at < end {
        let height = 63 - (end - at).leading_zeros();
        peaks.push(source.node(height, at >> height)?);
        at += 1 << height;
    }
    let folded = peaks
        .into_iter()
        .rev()
        .reduce(|right, left| node_hash(&left, &right));
    Ok(folded.unwrap_or_else(empty_root))
}

/// Makes the inclusion proof for entry `index` in the tree of `size` entries, leaf to root.
pub fn prove_inclusion<S: NodeSource + ?Sized>(
    source: &S,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, S::Error> {
    prove_subtree_inclusion(source, index, 0, size)
}

/// Makes the inclusion proof for entry `index` in the subtree `[start, end)`, leaf to root.
pub fn prove_subtree_inclusion<S: NodeSource + ?Sized>(
    source: &S,
    index: u64,
    start: u64,
    end: u64,
) -> Result<Vec<Hash>, S::Error> {
    if !is_subtree(start, end) {
        return Err(ProofError::NotASubtree {
            start,
            end,
            size: end,
        }
        .into());
    }
    if index < start || index >= end {
        return Err(ProofError::OutsideTree { index, start, end }.into());
    }
    let (mut low, mut high) = (start, end);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(source, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(source, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Makes the proof that the tree of `old_size` entries is a prefix of the tree of `new_size`.
/// Empty when the sizes are equal; refused for an old size of 0.
pub fn prove_consistency<S: NodeSource + ?Sized>(
    source: &S,
    old_size: u64,
    new_size: u64,
) -> Result<Vec<Hash>, S::Error> {
    if old_size == 0 && new_size > 0 {
        return Err(ProofError::FromEmpty.into());
    }
    prove_subtree_consistency(source, 0, old_size, new_size)
}

/// Makes the proof that the subtree `[start, end)` is part of the tree of `size` entries.
pub fn prove_subtree_consistency<S: NodeSource + ?Sized>(
    source: &S,
    start: u64,
    end: u64,
    size: u64,
) -> Result<Vec<Hash>, S::Error> {
    if !is_subtree(start, end) || end > size {
        return Err(ProofError::NotASubtree { start, end, size }.into());
    }
    let mut path = Vec::new();
    if start == end {
        return Ok(path);
    }
    let (mut low, mut high, mut from, mut known) = (0, size, start, true);
    while (from, end) != (low, high) {
        let middle = low + split(high - low);
        if end <= middle {
            path.push(range_root(source, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(source, low, middle)?);
            low = middle;
            if from < middle {
                // The subtree spans the split: its left half is now in the proof, and the verifier
                // no longer knows the hash of what remains.
                (from, known) = (middle, false);
            }
        }
    }
    if !known {
        path.push(range_root(source, low, high)?);
    }
    path.reverse();
    Ok(path)
}

fn to_hash(bytes: &[u8]) -> Result<Hash, ProofError> {
    Hash::from_slice(bytes).ok_or(ProofError::NotAHash { found: bytes.len() })
}

fn to_hashes<P: AsRef<[u8]>>(proof: &[P]) -> Result<Vec<Hash>, ProofError> {
    // A consistency proof may carry one hash more than the tree is high.
    if proof.len() > MAX_PROOF_HASHES + 1 {
        return Err(ProofError::WrongLength { found: proof.len() });
    }
    proof.iter().map(|hash| to_hash(hash.as_ref())).collect()
}

/// Checks that the entry with `leaf_hash` is at `index` in the tree of `size` entries with `root`.
pub fn verify_inclusion<P: AsRef<[u8]>>(
    index: u64,
    size: u64,
    leaf_hash: &[u8],
    proof: &[P],
    root: &[u8],
) -> Result<(), ProofError> {
    verify_subtree_inclusion(index, 0, size, leaf_hash, proof, root)
}

/// Checks that the entry with `leaf_hash` is at `index` in the subtree `[start, end)` with `root`.
pub fn verify_subtree_inclusion<P: AsRef<[u8]>>(
    index: u64,
    start: u64,
    end: u64,
    leaf_hash: &[u8],
    proof: &[P],
    root: &[u8],
) -> Result<(), ProofError> {
    if !is_subtree(start, end) {
        return Err(ProofError::NotASubtree {
            start,
            end,
            size: end,
        });
    }
    if index < start || index >= end {
        return Err(ProofError::OutsideTree { index, start, end });
    }
    let wrong_length = ProofError::WrongLength { found: proof.len() };
    let (mut hash, root, proof) = (to_hash(leaf_hash)?, to_hash(root)?, to_hashes(proof)?);
    let (mut node, mut last) = (index - start, end - start - 1);
    for sibling in &proof {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if hash == root {
        Ok(())
    } else {
        Err(ProofError::OtherRoot)
    }
}

/// Checks that the tree of `old_size` entries with `old_root` is a prefix of the tree of `new_size`
/// entries with `new_root`.
///
/// For equal sizes the roots must be the same bytes and the proof empty; for two empty trees they
/// must be the root of the empty tree. Growth from size 0 is refused: it proves nothing.
pub fn verify_consistency<P: AsRef<[u8]>>(
    old_size: u64,
    new_size: u64,
    old_root: &[u8],
    new_root: &[u8],
    proof: &[P],
) -> Result<(), ProofError> {
    if old_size == new_size {
        if !proof.is_empty() {
            return Err(ProofError::WrongLength { found: proof.len() });
        }
        if old_size == 0 && old_root != empty_root().0 {
            return Err(ProofError::OtherOldRoot);
        }
        return if old_root == new_root {
            Ok(())
        } else {
            Err(ProofError::OtherRoot)
        };
    }
    if old_size == 0 {
        return Err(ProofError::FromEmpty);
    }
    verify_subtree_consistency(0, old_size, new_size, old_root, new_root, proof)
}

/// Checks that the subtree `[start, end)` with `subtree_root` is part of the tree of `size` entries
/// with `root`. The empty subtree is part of every tree, whatever its root.
pub fn verify_subtree_consistency<P: AsRef<[u8]>>(
    start: u64,
    end: u64,
    size: u64,
    subtree_root: &[u8],
    root: &[u8],
    proof: &[P],
) -> Result<(), ProofError> {
    if !is_subtree(start, end) || end > size {
        return Err(ProofError::NotASubtree { start, end, size });
    }
    let wrong_length = ProofError::WrongLength { found: proof.len() };
    if start == end || (start, end) == (0, size) {
        // Nothing to hash: the empty subtree, and the subtree that is the whole tree.
        let expected = if start == end {
            &empty_root().0[..]
        } else {
            root
        };
        return match proof.is_empty() {
            false => Err(wrong_length),
            true if subtree_root == expected => Ok(()),
            true => Err(ProofError::OtherOldRoot),
        };
    }
    let (subtree_root, root, proof) = (to_hash(subtree_root)?, to_hash(root)?, to_hashes(proof)?);
    let (mut first, mut node, mut last) = (start, end - 1, size - 1);
    let at_edge = node == last;
    while first != node && (at_edge || node & 1 == 1) {
        (first, node, last) = (first >> 1, node >> 1, last >> 1);
    }
    let mut rest = proof.iter();
    let seed = if first == node {
        Some(&subtree_root)
    } else {
        rest.next()
    };
    let mut old = *seed.ok_or(wrong_length.clone())?;
    let mut new = old;
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            if first < node {
                old = node_hash(sibling, &old);
            }
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                (first, node, last) = (first >> 1, node >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (first, node, last) = (first >> 1, node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if old != subtree_root {
        return Err(ProofError::OtherOldRoot);
    }
    if new == root {
        Ok(())
    } else {
        Err(ProofError::OtherRoot)
    }
}
