//! Cell-key perturbation: small noise that depends on who is counted, and on nothing else.
//!
//! The method of the UK census (G. Thompson, S. Broadfoot, D. Elazar, "Methodology for the automatic
//! confidentialisation of statistical outputs from remote servers at the ABS", UNECE 2013; ONS, "Protecting personal
//! data in Census 2021 results"). Each person has a record key of 0 to 255; the cell key is the sum of the record keys
//! of the distinct people of a cell, modulo 256; count and cell key choose the noise from a table. The same people get the
//! same noise in whatever words they are asked for. As in ONS's own program (cell-key-perturbation 3.1.0 on PyPI),
//! counts above 750 use the table's last 250 lines again, and what is below the threshold *after* perturbation is
//! withheld.
//!
//! Must never: see the question, or give a count below nought.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use roaring::RoaringBitmap;

use crate::prf;

/// Largest noise, up or down.
pub const BOUND: i64 = 5;

/// Keeps this use of a secret apart from every other.
const DOMAIN: &[u8] = b"readingroom/record-key/v1\0";

/// The record keys of all people. The key behind them is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct RecordKeys {
    cipher: Aes256,
}

impl std::fmt::Debug for RecordKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordKeys(hidden)")
    }
}

impl RecordKeys {
    /// Derives the record keys from a secret of the instance. They must not differ between projects, or two projects
    /// would average them away together.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        Self {
            cipher: Aes256::new(&prf::subkey(secret, DOMAIN, &[]).into()),
        }
    }

    /// The record key of one person.
    #[must_use]
    pub fn of(&self, person: u32) -> u8 {
        let (block, at) = (person / 16, usize::try_from(person % 16).unwrap_or(0));
        self.block(block).get(at).copied().unwrap_or(0)
    }

    /// The cell key: the sum of the record keys of these people, modulo 256.
    #[must_use]
    pub fn cell_key(&self, people: &RoaringBitmap) -> u8 {
        let mut sum = 0_u8;
        let mut current = None;
        let mut keys = [0_u8; 16];
        for person in people {
            // sixteen people share a block of the cipher
            let block = person / 16;
            if current != Some(block) {
                keys = self.block(block);
                current = Some(block);
            }
            let at = usize::try_from(person % 16).unwrap_or(0);
            sum = sum.wrapping_add(keys.get(at).copied().unwrap_or(0));
        }
        sum
    }

    /// The perturbed form of a count of these people, or of their rows.
    #[must_use]
    pub fn perturb(&self, count: i64, people: &RoaringBitmap) -> i64 {
        count.saturating_add(noise(count, self.cell_key(people)))
    }

    fn block(&self, number: u32) -> [u8; 16] {
        let mut block = u128::from(number).to_be_bytes().into();
        self.cipher.encrypt_block(&mut block);
        block.into()
    }
}

/// The line of the perturbation table for a count: itself up to 750, then the lines 501 to 750 again and again.
#[must_use]
pub const fn line(count: i64) -> i64 {
    if count <= 750 {
        count
    } else {
        (count - 1) % 250 + 501
    }
}

/// The noise for a count and a cell key.
///
/// The table is given by its properties, in whole numbers. Line `n` has the noise −b to b with b = min(n, 5), so that
/// nothing becomes negative. Of the 256 keys every noise has 256 / (2b + 1), rounded down; what remains goes in pairs +d,
/// −d from the outside inwards, and nought gives one up where that is needed to make a pair. So noise d occurs exactly as
/// often as −d (no bias), and nought never more often than another: an exact count is shown to at most one in 2b + 1.
/// Each line mixes its keys in its own way, so that the noise of neighbouring counts is not the same.
#[must_use]
pub fn noise(count: i64, cell_key: u8) -> i64 {
    let line = line(count);
    if line <= 0 {
        return 0;
    }
    let bound = line.min(BOUND);
    let place = (i64::from(cell_key) * 167 + line * 89).rem_euclid(256);
    let mut upto = 0;
    for noise in -bound..=bound {
        upto += keys_of(noise, bound);
        if place < upto {
            return noise;
        }
    }
    0
}

/// How many of the 256 keys have this noise in a line of this bound.
const fn keys_of(noise: i64, bound: i64) -> i64 {
    let kinds = 2 * bound + 1;
    let (each, left) = (256 / kinds, 256 % kinds);
    let distance = noise.abs();
    if distance == 0 {
        each - left % 2
    } else if distance > bound - (left + 1) / 2 {
        each + 1
    } else {
        each
    }
}

#[cfg(test)]
#[path = "cellkey_tests.rs"]
mod tests;
