//! The compact form of an append-only tree: the roots of its complete subtrees.
//!
//! It holds at most 64 hashes, yet gives the root at every size it passes and never needs an older
//! leaf. It must never be guessed from anything but leaves or checked tiles.

use crate::hash::{Hash, empty_root, node_hash};
use crate::limits::HASH_BYTES;

/// The roots of the complete subtrees of a tree, largest first: one for each bit set in the size.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds a tree from the roots of its complete subtrees, largest first. `None` when their
    /// number is not the number of bits set in `size`.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds one leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut rest = self.size;
        while rest & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            rest >>= 1;
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The Merkle tree hash at this size (RFC 6962 section 2.1).
    pub fn root(&self) -> Hash {
        let folded = self
            .peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right));
        folded.unwrap_or_else(empty_root)
    }

    /// Size (8 bytes, big-endian) and peaks (32 bytes each).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote; any other length is `None`.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let (chunks, remainder) = rest.as_chunks::<HASH_BYTES>();
        if !remainder.is_empty() {
            return None;
        }
        Self::from_peaks(
            u64::from_be_bytes(*size),
            chunks.iter().copied().map(Hash).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hash::leaf_hash;

    /// RFC 6962 section 2.1, word for word: the slow and obvious way.
    fn definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&definition(left), &definition(right))
            }
        }
    }

    #[test]
    fn equals_the_recursive_definition_at_every_size() {
        let mut frontier = Frontier::new();
        let mut leaves = Vec::new();
        for n in 0..300_u32 {
            assert_eq!(frontier.root(), definition(&leaves), "size {n}");
            let copy = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
            assert_eq!(copy, frontier);
            leaves.push(leaf_hash(&n.to_be_bytes()));
            frontier.push(*leaves.last().unwrap());
        }
    }

    #[test]
    fn refuses_peaks_that_do_not_fit_the_size() {
        assert_eq!(Frontier::from_peaks(1, vec![]), None);
        assert_eq!(Frontier::from_bytes(&[0; 7]), None);
        assert_eq!(Frontier::from_bytes(&[0; 9]), None);
        assert_eq!(Frontier::from_bytes(&[0; 8]), Some(Frontier::new()));
    }
}
