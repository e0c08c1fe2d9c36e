//! Marks: an extract that is handed to a person carries a keyed, harmless change in the last digit of its measurements, so
//! that a hundred rows of it, with columns renamed and shuffled and without ids, name the project and the person.
//!
//! A marked cell holds a whole number of steps (the last digit that is written; the caller marks only columns whose last
//! digit is below the precision of the measurement). The steps are taken in pairs, and the key says which of the two
//! neighbours is written: one bit of AES-256 over the pair and the text of another cell of the row, the anchor. Where the
//! pairs begin depends on the anchor, so that digits people like (blood pressures end in 0) are not pushed one way.
//!
//! What it costs ([`Cost`] measures it): no cell moves by more than one step, half of them do not move; the variance grows
//! by at most half a squared step, the mean moves by at most half a step, and by about `step × √(0.5 / n)` where the anchor has many
//! values.
//!
//! Detection knows neither columns nor order: it tries every pair of columns and every candidate key. For a key that did not
//! make the file each bit is a fair coin, whatever the data are, so the chance of a false hit is bounded exactly ([`chance`]).
//! Must never be given two bits for one pair and anchor: a repeated context counts once.

mod detect;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use sha2::{Digest as _, Sha256};

use crate::prf;

pub use detect::{Found, Hit, chance, detect};

/// Keeps this use of the master key apart from every other use of it.
const DOMAIN: &[u8] = b"readingroom/marks/v1\0";

/// Most decimals of a marked column: no measurement of people has more.
pub const DECIMALS: u8 = 6;
/// Fewest different values of a marked column: of fewer the last digit is the meaning, not its noise.
pub const FEWEST_VALUES: usize = 20;

/// The key with which the extracts of one person for one project are marked.
#[derive(Clone)]
pub struct MarkKey {
    cipher: Aes256,
}

impl std::fmt::Debug for MarkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MarkKey(hidden)")
    }
}

impl MarkKey {
    /// Derives the key from the instance's master key.
    #[must_use]
    pub fn derive(master: &[u8; 32], project: &str, person: &str) -> Self {
        let context = [project.as_bytes(), b"\0", person.as_bytes()].concat();
        let secret = prf::subkey(master, DOMAIN, &context);
        Self {
            cipher: Aes256::new(&secret.into()),
        }
    }

    /// Which of two neighbouring values is written.
    fn bit(&self, context: &Context) -> bool {
        let mut block = [0_u8; 16];
        let (anchor, pair) = block.split_at_mut(8);
        anchor.copy_from_slice(&context.anchor.to_be_bytes());
        pair.copy_from_slice(&context.pair.to_be_bytes());
        let mut block = block.into();
        self.cipher.encrypt_block(&mut block);
        block.first().is_some_and(|byte| byte & 1 == 1)
    }
}

/// What a bit depends on: the anchor's text and the pair of neighbouring values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Context {
    anchor: u64,
    pair: i64,
}

impl Context {
    /// The context of a value with an anchor, and which of the pair's two the value is.
    fn of(anchor: u64, steps: i64) -> (Self, bool) {
        let shifted = steps.saturating_add(i64::from(begins_odd(anchor)));
        let pair = shifted.div_euclid(2);
        (Self { anchor, pair }, shifted.rem_euclid(2) == 1)
    }

    fn value(self, upper: bool) -> i64 {
        self.pair
            .saturating_mul(2)
            .saturating_add(i64::from(upper))
            .saturating_sub(i64::from(begins_odd(self.anchor)))
    }
}

const fn begins_odd(anchor: u64) -> bool {
    anchor & 1 == 1
}

/// The hash of an anchor's text, in whatever way its value is written: blanks, case and trailing zeros do not count.
fn anchor_of(text: &str) -> u64 {
    let plain = text.trim().to_lowercase();
    let plain = match (plain.parse::<f64>(), plain.contains('.')) {
        (Ok(_), true) => plain.trim_end_matches('0').trim_end_matches('.'),
        _ => plain.as_str(),
    };
    let digest = Sha256::digest(plain.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
}

/// A number as whole steps of its last decimal, if it is written with at most so many decimals.
fn steps(text: &str, decimals: u8) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let places = usize::from(decimals);
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > places {
        return None;
    }
    let value: i64 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Whole steps as a number with so many decimals.
fn written(steps: i64, decimals: u8) -> String {
    let places = usize::from(decimals);
    let sign = if steps < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", steps.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    if places == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// How an extract is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Columns to mark, from 0, with the decimals of their last written digit.
    pub marked: Vec<(usize, u8)>,
    /// The column that anchors them: it keeps every value.
    pub anchor: usize,
}

/// Why an extract cannot be marked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmarkable {
    /// No column to mark, or the anchor is one of them or not there.
    #[error(
        "expected columns to mark and another one as anchor, found {0} to mark and no such anchor"
    )]
    Plan(usize),
    /// A column's last digit is more than noise.
    #[error(
        "expected at least {FEWEST_VALUES} different numbers with at most the stated decimals in column {column}, found {found}"
    )]
    Values {
        /// Which, from 0.
        column: usize,
        /// Different numbers found.
        found: usize,
    },
}

/// What marking did to a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Numbers in the column.
    pub cells: u64,
    /// Numbers that were changed, each by one step.
    pub changed: u64,
    /// By how many steps the mean moved.
    pub mean_shift_steps: f64,
    /// By how much the variance grew, in squared steps.
    pub variance_growth_steps: f64,
}

/// Marks rows of text in place; what each marked column paid. Cells that are no number, or have more decimals than stated,
/// stay as they are.
pub fn mark(rows: &mut [Vec<String>], plan: &Plan, key: &MarkKey) -> Result<Vec<Cost>, Unmarkable> {
    let width = rows.first().map_or(0, Vec::len);
    let anchored = plan.anchor < width && !plan.marked.iter().any(|(c, _)| *c == plan.anchor);
    if plan.marked.is_empty() || !anchored {
        return Err(Unmarkable::Plan(plan.marked.len()));
    }
    for (column, decimals) in &plan.marked {
        let values: BTreeSet<i64> = rows
            .iter()
            .filter_map(|row| steps(row.get(*column)?, *decimals))
            .collect();
        if values.len() < FEWEST_VALUES || *decimals > DECIMALS {
            return Err(Unmarkable::Values {
                column: *column,
                found: values.len(),
            });
        }
    }
    let column = |(column, decimals): &(usize, u8)| {
        let mut sums = Sums::default();
        for row in rows.iter_mut() {
            let anchor = row.get(plan.anchor).map_or(0, |text| anchor_of(text));
            let Some(cell) = row.get_mut(*column) else {
                continue;
            };
            if let Some(before) = steps(cell, *decimals) {
                let (context, _) = Context::of(anchor, before);
                let after = context.value(key.bit(&context));
                sums.add(before, after);
                *cell = written(after, *decimals);
            }
        }
        sums.cost()
    };
    Ok(plan.marked.iter().map(column).collect())
}

/// Running sums of a column before and after.
#[derive(Debug, Default)]
struct Sums {
    cells: u64,
    changed: u64,
    before: [f64; 2],
    after: [f64; 2],
}

impl Sums {
    #[allow(clippy::cast_precision_loss)] // steps of measurements are far below 2^53
    fn add(&mut self, before: i64, after: i64) {
        self.cells += 1;
        self.changed += u64::from(before != after);
        for (sums, value) in [(&mut self.before, before), (&mut self.after, after)] {
            let value = value as f64;
            let [sum, squares] = sums;
            *sum += value;
            *squares += value * value;
        }
    }

    #[allow(clippy::cast_precision_loss)] // a count of rows
    fn cost(&self) -> Cost {
        if self.cells == 0 {
            return Cost::default();
        }
        let n = self.cells as f64;
        let mean = |[sum, _]: [f64; 2]| sum / n;
        let variance = |of: [f64; 2]| of[1] / n - mean(of) * mean(of);
        Cost {
            cells: self.cells,
            changed: self.changed,
            mean_shift_steps: mean(self.after) - mean(self.before),
            variance_growth_steps: variance(self.after) - variance(self.before),
        }
    }
}
