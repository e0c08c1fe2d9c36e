//! The airlock from outside: a corpus of safe and unsafe files written here, and properties over random ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod containers;
mod disguises;
mod fixes;
mod genotypes;
mod linked;
mod office;
mod properties;
mod reference;
mod requests;
mod safe;
mod shared_data;
mod statistics;
mod tables;
mod texts;
mod unsafe_files;
mod values;

use airlock::{Colour, Context, File, Level, Lineage, Participants, Rules, Verdict, check};

/// 3,000 participants: raw ids 1000003, 1000010 … (steps of seven), pseudonyms `P4` and six hexadecimal digits.
pub struct People;

impl People {
    pub const COUNT: u64 = 3_000;

    pub fn raw_id(n: u64) -> String {
        (1_000_003 + 7 * (n % Self::COUNT)).to_string()
    }

    pub fn pseudonym(n: u64) -> String {
        format!("P4{:06X}", (n % Self::COUNT) * 4_099 % 0xFF_FFFF)
    }
}

impl Participants for People {
    fn is_pseudonym(&self, token: &str) -> bool {
        token
            .strip_prefix("P4")
            .filter(|hex| hex.len() == 6 && !hex.contains(|c: char| c.is_ascii_lowercase()))
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .is_some_and(|n| n % 4_099 == 0 && n / 4_099 < Self::COUNT)
    }

    fn is_raw_id(&self, token: &str) -> bool {
        token.parse::<u64>().is_ok_and(|n| {
            n >= 1_000_003 && (n - 1_000_003) % 7 == 0 && (n - 1_000_003) / 7 < Self::COUNT
        })
    }

    fn count(&self) -> u64 {
        Self::COUNT
    }
}

/// Knows one answer: the SHA-256 of `abc` (FIPS 180-2, appendix B.1) under ledger number 41.
pub struct Ledger;

impl Lineage for Ledger {
    fn aggregate_answer(&self, sha256_hex: &str) -> Option<u64> {
        (sha256_hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            .then_some(41)
    }
}

pub fn context() -> Context<'static> {
    Context {
        participants: &People,
        lineage: &Ledger,
        rules: Rules::default(),
    }
}

pub fn one(name: &str, bytes: &[u8]) -> Verdict {
    check(&[File { name, bytes }], &context()).remove(0)
}

/// Asserts a colour, and shows the reasons when it is another.
pub fn expect(colour: Colour, name: &str, bytes: &[u8]) -> Verdict {
    let verdict = one(name, bytes);
    assert_eq!(verdict.verdict, colour, "{name}: {verdict:#?}");
    verdict
}

/// Asserts that a rule gave a reason of a level.
pub fn expect_rule(verdict: &Verdict, rule: &str, level: Level) {
    assert!(
        verdict
            .reasons
            .iter()
            .any(|r| r.rule == rule && r.level == level),
        "{rule} {level:?}: {verdict:#?}"
    );
}
