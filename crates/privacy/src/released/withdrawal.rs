//! Withdrawal without disclosure; see docs/adr/0012-withdrawal-without-disclosure.md.
//!
//! If somebody has withdrawn since an answer, and the same is asked again, both answers together would tell what the
//! person added to the first. So in *every* group of people that the new answer tells apart, ten or more others are left out as
//! well, wherever the withdrawn were: the choice follows from who has withdrawn and who is left, not from where they were.
//!
//! Must never: use the earlier sets of those who have withdrawn.

use std::collections::HashMap;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};

use super::{Outcome, ReleasedTable, Rule};
use crate::limits::{PEOPLE_PER_CELL, STAND_IN_SPREAD};
use crate::prf;

/// Keeps this use of a secret apart from every other.
const DOMAIN: &[u8] = b"readingroom/stand-ins/v1\0";

/// Chooses stand-ins: keyed, so that nobody outside can tell who they are, and without chance, so that a repeated question
/// chooses the same.
#[derive(Clone)]
pub struct Chooser {
    secret: [u8; 32],
}

impl std::fmt::Debug for Chooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chooser(hidden)")
    }
}

impl Drop for Chooser {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
    }
}

impl Chooser {
    /// Derives it from a secret of the instance.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        Self {
            secret: prf::subkey(secret, DOMAIN, &[]),
        }
    }

    /// Stand-ins, or a refusal if they would be more than half of everybody.
    pub(super) fn outcome(&self, new: &ReleasedTable, threshold: u64) -> Outcome {
        let chosen = self.choose(new, threshold);
        if chosen.len().saturating_mul(2) > new.population().len() {
            return Outcome::Refuse {
                rule: Rule::WaitsForMoreChange,
                recode: None,
            };
        }
        Outcome::StandIns(chosen)
    }

    /// From every group of people that the table tells apart, between one and five thresholds of people, those who come first in
    /// a secret order. The number differs from group to group, so that one more or fewer who is missing is not noticed.
    fn choose(&self, new: &ReleasedTable, threshold: u64) -> RoaringBitmap {
        let threshold = threshold.max(PEOPLE_PER_CELL);
        let order = Order::new(&self.secret, &new.withdrawn);
        let mut out = RoaringBitmap::new();
        for people in groups(new) {
            let mut ranked: Vec<(u128, u32)> = people.iter().map(|p| (order.of(*p), *p)).collect();
            ranked.sort_unstable();
            // the secret place of the first one decides how many
            let first = ranked.first().map_or(0, |(place, _)| *place);
            let spread = u128::from(threshold.saturating_mul(STAND_IN_SPREAD));
            let more = u64::try_from(first % spread).unwrap_or(0);
            let count = threshold + more;
            // a group that cannot spare them is left out as a whole, whoever of it has withdrawn
            let spare = u64::try_from(ranked.len()).unwrap_or(0) >= count + threshold;
            let count = if spare { count } else { u64::MAX };
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            out.extend(ranked.iter().take(count).map(|(_, p)| *p));
        }
        out
    }
}

/// People by the shown cells that they are in.
fn groups(new: &ReleasedTable) -> Vec<Vec<u32>> {
    let mut group_of: HashMap<u32, u32> = HashMap::new();
    let mut next = 0_u32;
    for cell in new.layers.iter().flat_map(|layer| &layer.cells) {
        // everybody of the cell moves on from the group they were in
        let mut moved: HashMap<Option<u32>, u32> = HashMap::new();
        for person in &cell.people {
            let before = group_of.get(&person).copied();
            let after = *moved.entry(before).or_insert_with(|| {
                next += 1;
                next
            });
            group_of.insert(person, after);
        }
    }
    let mut out: HashMap<u32, Vec<u32>> = HashMap::new();
    for (person, group) in group_of {
        out.entry(group).or_default().push(person);
    }
    out.into_values().collect()
}

/// A secret order of people, another one for each set of withdrawn people.
struct Order(Aes256);

impl Order {
    fn new(secret: &[u8; 32], withdrawn: &RoaringBitmap) -> Self {
        let mut digest = Sha256::new();
        for person in withdrawn {
            digest.update(person.to_le_bytes());
        }
        let key = prf::subkey(secret, DOMAIN, &digest.finalize());
        Self(Aes256::new(&key.into()))
    }

    fn of(&self, person: u32) -> u128 {
        let mut block = u128::from(person).to_be_bytes().into();
        self.0.encrypt_block(&mut block);
        u128::from_be_bytes(block.into())
    }
}
