//! The participants' ids: numbers in a bitmap, so that a million look-ups take a few milliseconds, and words as keyed hashes.

use super::key::id_hash;
use serde::{Deserialize, Serialize};

/// The ids of all participants.
#[derive(Debug)]
pub(crate) struct Ids {
    kept: Kept,
    /// One bit for each number from the smallest id, when they lie close enough together.
    bits: Option<Vec<u64>>,
}

/// What is written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    key: u64,
    /// Rising.
    numbers: Vec<u64>,
    /// Hashes, rising.
    texts: Vec<u64>,
    /// Bit n: some word has n letters and digits.
    lengths: u128,
}

/// Numbers that a bitmap may span: 32 MiB. Ids of seven to nine digits fit.
const SPAN: u64 = 1 << 28;

/// What an id is, as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Number(u64),
    Text,
}

/// Reads an id of the reference; `1234567.0` is what a table with gaps makes of a number.
pub(crate) fn id_of(cell: &str) -> Option<Id> {
    let cell = cell.trim();
    if cell.is_empty() || cell.eq_ignore_ascii_case("nan") || cell.eq_ignore_ascii_case("na") {
        return None;
    }
    let whole = cell.strip_suffix(".0").unwrap_or(cell);
    if whole.len() <= 19 && whole.bytes().all(|b| b.is_ascii_digit()) {
        return whole.parse().ok().map(Id::Number);
    }
    cell.bytes()
        .any(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
        .then_some(Id::Text)
}

impl Ids {
    pub(super) fn new(key: u64, mut numbers: Vec<u64>, words: &[String]) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        let mut lengths = 0_u128;
        for word in words {
            let letters = word.bytes().filter(u8::is_ascii_alphanumeric).count();
            lengths |= 1 << letters.min(127);
        }
        let mut texts: Vec<u64> = words.iter().map(|word| id_hash(key, word)).collect();
        texts.sort_unstable();
        texts.dedup();
        Self::of(Kept {
            key,
            numbers,
            texts,
            lengths,
        })
    }

    fn of(kept: Kept) -> Self {
        let span = match (kept.numbers.first(), kept.numbers.last()) {
            (Some(first), Some(last)) => Some(last - first).filter(|span| *span < SPAN),
            _ => None,
        };
        let bits = span.map(|span| {
            let mut bits = vec![0_u64; (span / 64 + 1) as usize];
            let first = kept.numbers.first().copied().unwrap_or(0);
            for number in &kept.numbers {
                let at = number - first;
                if let Some(word) = bits.get_mut((at / 64) as usize) {
                    *word |= 1 << (at % 64);
                }
            }
            bits
        });
        Self { kept, bits }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.kept).unwrap_or_default()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let kept: Kept = postcard::from_bytes(bytes).ok()?;
        let rising = |all: &[u64]| all.is_sorted_by(|a, b| a < b);
        (rising(&kept.numbers) && rising(&kept.texts)).then(|| Self::of(kept))
    }

    /// The ids that are numbers, rising.
    pub(crate) fn numbers(&self) -> &[u64] {
        &self.kept.numbers
    }

    pub(crate) fn is(&self, number: u64) -> bool {
        let Some(first) = self.kept.numbers.first() else {
            return false;
        };
        match &self.bits {
            None => self.kept.numbers.binary_search(&number).is_ok(),
            Some(bits) => number.checked_sub(*first).is_some_and(|at| {
                bits.get((at / 64) as usize)
                    .is_some_and(|word| word >> (at % 64) & 1 == 1)
            }),
        }
    }

    /// Whether digits are an id; zeros may stand before it.
    pub(crate) fn has_number(&self, token: &str) -> bool {
        let bare = token.trim_start_matches('0');
        (1..=19).contains(&bare.len())
            && bare.bytes().all(|b| b.is_ascii_digit())
            && bare.parse().is_ok_and(|number| self.is(number))
    }

    /// Whether letters and digits are an id that is no number.
    pub(crate) fn has_text(&self, token: &str) -> bool {
        if self.kept.texts.is_empty() {
            return false;
        }
        let letters = token.bytes().filter(u8::is_ascii_alphanumeric).count();
        self.kept.lengths >> letters.min(127) & 1 == 1
            && self
                .kept
                .texts
                .binary_search(&id_hash(self.kept.key, token))
                .is_ok()
    }

    /// The lengths of ids that are no numbers, in letters and digits.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> {
        let lengths = self.kept.lengths;
        (1..127_usize).filter(move |n| lengths >> n & 1 == 1)
    }

    /// The share of numbers near this one that are ids: the probability that one is met there by chance.
    pub(crate) fn density(&self, number: u64) -> f64 {
        let all = &self.kept.numbers;
        let (Some(first), Some(last)) = (all.first(), all.last()) else {
            return 0.0;
        };
        // As many neighbours as tell a density to a tenth.
        let width = ((last - first) / (all.len() as u64).max(1))
            .max(1)
            .saturating_mul(64);
        let (low, high) = (number.saturating_sub(width), number.saturating_add(width));
        let from = all.partition_point(|id| *id < low);
        let to = all.partition_point(|id| *id <= high);
        (to - from) as f64 / (high - low + 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, Ids, id_of};

    #[test]
    fn forms() {
        assert_eq!(id_of(" 0012345 "), Some(Id::Number(12_345)));
        assert_eq!(id_of("1234567.0"), Some(Id::Number(1_234_567)));
        assert_eq!(id_of("P4-AB"), Some(Id::Text));
        assert_eq!(id_of(" "), None);
    }

    #[test]
    fn numbers_and_words() {
        for numbers in [vec![1_000_003, 1_000_010], vec![5, 1 << 60]] {
            let ids = Ids::new(7, numbers.clone(), &["P4-AB12".to_owned()]);
            let ids = Ids::read(&ids.write()).unwrap_or_else(|| unreachable!());
            for number in numbers {
                assert!(ids.is(number) && !ids.is(number + 1));
                assert!(ids.has_number(&format!("00{number}")));
            }
            assert!(ids.has_text("p4ab12") && !ids.has_text("p4ab13"));
        }
    }

    #[test]
    fn density() {
        let ids = Ids::new(0, (0..10_000).map(|n| 1_000_000 + 10 * n).collect(), &[]);
        assert!((ids.density(1_050_000) - 0.1).abs() < 0.01);
        assert!(ids.density(5_000_000) < 0.001);
    }
}
