//! Invariants over trees of any size: a proof that was made verifies, and no bit of it can change.

use proptest::prelude::*;
use transparency::hash::root_of;
use transparency::proof::{
    prove_consistency, prove_inclusion, prove_subtree_consistency, prove_subtree_inclusion,
    verify_consistency, verify_inclusion, verify_subtree_consistency, verify_subtree_inclusion,
};
use transparency::{Hash, TileNodes, TileWriter, TlogProof, leaf_hash};

fn leaves(size: u64) -> Vec<Hash> {
    (0..size)
        .map(|index| leaf_hash(&super::entry(index)))
        .collect()
}

fn part(leaves: &[Hash], start: u64, end: u64) -> &[Hash] {
    &leaves[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()]
}

/// Every proof with one bit flipped, one hash less and one hash more.
fn spoiled(proof: &[Hash], bit: usize) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[at].0[bit / 8 % 32] ^= 1 << (bit % 8);
        all.push(changed);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.push(shorter);
        let mut longer = proof.to_vec();
        longer.insert(at, proof[at]);
        all.push(longer);
    }
    all.push([proof, &[Hash([0; 32])]].concat());
    all
}

proptest! {
    #[test]
    fn inclusion((size, index) in (1_u64..600).prop_flat_map(|size| (Just(size), 0..size)), bit in 0_usize..256) {
        let leaves = leaves(size);
        let (root, leaf) = (root_of(&leaves), part(&leaves, index, index + 1)[0]);
        let proof = prove_inclusion(&leaves[..], index, size).unwrap();
        prop_assert!(verify_inclusion(index, size, &leaf.0, &proof, &root.0).is_ok());
        for proof in spoiled(&proof, bit) {
            prop_assert!(verify_inclusion(index, size, &leaf.0, &proof, &root.0).is_err());
        }
        prop_assert!(verify_inclusion(index + 1, size, &leaf.0, &proof, &root.0).is_err());
        let mut other = leaf;
        other.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(index, size, &other.0, &proof, &root.0).is_err());
    }

    #[test]
    fn consistency((new, old) in (1_u64..600).prop_flat_map(|new| (Just(new), 1..=new)), bit in 0_usize..256) {
        let leaves = leaves(new);
        let (old_root, new_root) = (root_of(part(&leaves, 0, old)), root_of(&leaves));
        let proof = prove_consistency(&leaves[..], old, new).unwrap();
        prop_assert!(verify_consistency(old, new, &old_root.0, &new_root.0, &proof).is_ok());
        for proof in spoiled(&proof, bit) {
            prop_assert!(verify_consistency(old, new, &old_root.0, &new_root.0, &proof).is_err());
        }
        if old < new {
            prop_assert!(verify_consistency(old, new, &new_root.0, &new_root.0, &proof).is_err());
            prop_assert!(verify_consistency(old, new, &old_root.0, &old_root.0, &proof).is_err());
        }
    }

    #[test]
    fn subtrees(size in 1_u64..300, height in 0_u32..9, place in 0_u64..300, cut in 0_u64..256, bit in 0_usize..256) {
        let start = (((place << height) % size) >> height) << height;
        let end = (start + (1 << height)).min(size).saturating_sub(cut % (1 << height)).max(start + 1);
        // A cut may leave less than half of the width, for which the start is aligned all the same.
        let leaves = leaves(size);
        let (root, subtree) = (root_of(&leaves), root_of(part(&leaves, start, end)));
        let proof = prove_subtree_consistency(&leaves[..], start, end, size).unwrap();
        prop_assert!(verify_subtree_consistency(start, end, size, &subtree.0, &root.0, &proof).is_ok());
        for proof in spoiled(&proof, bit) {
            prop_assert!(verify_subtree_consistency(start, end, size, &subtree.0, &root.0, &proof).is_err());
        }
        for index in [start, end - 1] {
            let leaf = part(&leaves, index, index + 1)[0];
            let proof = prove_subtree_inclusion(&leaves[..], index, start, end).unwrap();
            prop_assert!(verify_subtree_inclusion(index, start, end, &leaf.0, &proof, &subtree.0).is_ok());
            for proof in spoiled(&proof, bit) {
                prop_assert!(verify_subtree_inclusion(index, start, end, &leaf.0, &proof, &subtree.0).is_err());
            }
        }
    }
}

#[test]
fn tiles_give_the_same_proofs_as_leaves_across_tile_borders() {
    let size = 66_000;
    let (reader, signer) = super::log_of(size);
    let leaves = leaves(size);
    let nodes = TileNodes::new(&reader, size);
    for index in [0, 255, 256, 65_535, 65_536, 65_999] {
        let entry = super::entry(index);
        let proof = prove_inclusion(&nodes, index, size).unwrap();
        assert_eq!(proof, prove_inclusion(&leaves[..], index, size).unwrap());
        let checkpoint = transparency::LogReader::read(&reader, "checkpoint")
            .unwrap()
            .unwrap();
        let file =
            TlogProof::prove(&reader, &checkpoint, signer.verifier(), index, &entry).unwrap();
        let read = TlogProof::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(
            read.verify(&entry, signer.verifier(), &[], 0)
                .unwrap()
                .0
                .size,
            size
        );
        assert!(
            TlogProof::prove(&reader, &checkpoint, signer.verifier(), index, b"other").is_err()
        );
    }
    for old in [1, 256, 65_536, 65_999] {
        let proof = prove_consistency(&nodes, old, size).unwrap();
        assert_eq!(proof, prove_consistency(&leaves[..], old, size).unwrap());
    }
    assert_eq!(
        TileWriter::resume(&reader, size).unwrap().root(),
        root_of(&leaves)
    );
}
