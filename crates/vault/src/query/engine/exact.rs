//! Sums of doubles that do not depend on the order of the rows.
//!
//! A sum of doubles depends on the order in which they are added, and that order depends on batches and threads, so
//! on who was masked. The bytes of an answer must not (invariant 5). An [`Exact`] holds the sum without any rounding, as a
//! list of doubles that do not overlap (Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic", §2; the
//! method of Python's `math.fsum`), and rounds once, at the end.

/// Doubles at or above this magnitude count as infinite, so that no sum of 2^60 of the others overflows.
const HUGE: f64 = f64::from_bits((960 + 1023) << 52); // 2^960

/// A sum without rounding.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Exact {
    /// Not overlapping, in increasing magnitude, none of them zero.
    parts: Vec<f64>,
    /// Values that were not finite: plus, minus, not a number.
    odd: [bool; 3],
}

impl Exact {
    /// Adds one value.
    pub(crate) fn add(&mut self, value: f64) {
        if value.is_nan() {
            self.odd = [self.odd[0], self.odd[1], true];
            return;
        }
        if value.abs() >= HUGE {
            let minus = value.is_sign_negative();
            self.odd = [self.odd[0] || !minus, self.odd[1] || minus, self.odd[2]];
            return;
        }
        let mut x = value;
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let Some(part) = self.parts.get(at).copied() else {
                break;
            };
            let (high, low) = two_sum(x, part);
            if low != 0.0 {
                if let Some(place) = self.parts.get_mut(kept) {
                    *place = low;
                }
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        if x != 0.0 {
            self.parts.push(x);
        }
    }

    /// Adds the square of a value, which is two doubles exactly.
    pub(crate) fn add_square(&mut self, value: f64) {
        self.add_product(value, value);
    }

    /// Adds a product, which is two doubles exactly (Dekker 1971, by fused multiply-add).
    fn add_product(&mut self, a: f64, b: f64) {
        let high = a * b;
        self.add(high);
        if high.is_finite() {
            let low = a.mul_add(b, -high);
            if low.is_finite() {
                self.add(low);
            }
        }
    }

    /// Adds `magnitude · 2^exponent`, or takes it off; exponents from −600 to 600.
    pub(crate) fn add_scaled(&mut self, negative: bool, magnitude: u128, exponent: i32) {
        // 48 bits at a time are a double, and so is each of them times a power of two
        let sign = if negative { -1.0 } else { 1.0 };
        for (place, shift) in [0_i32, 48, 96].into_iter().zip([0_u32, 48, 96]) {
            let bits = (magnitude >> shift) & 0xffff_ffff_ffff;
            if bits != 0 {
                #[expect(clippy::cast_precision_loss, reason = "48 bits")]
                let part = bits as f64;
                self.add(sign * part * 2.0_f64.powi(exponent + place));
            }
        }
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.odd.iter_mut().zip(other.odd) {
            *mine |= theirs;
        }
        for part in &other.parts {
            self.add(*part);
        }
    }

    /// The sum, rounded once to the nearest double (ties to even).
    pub(crate) fn value(&self) -> f64 {
        match self.odd {
            [_, _, true] | [true, true, _] => return f64::NAN,
            [true, false, false] => return f64::INFINITY,
            [false, true, false] => return f64::NEG_INFINITY,
            [false, false, false] => {}
        }
        let mut parts = self.parts.iter().rev().copied();
        let Some(mut high) = parts.next() else {
            return 0.0;
        };
        let mut low = 0.0;
        for part in parts.by_ref() {
            (high, low) = two_sum(high, part);
            if low != 0.0 {
                break;
            }
        }
        // exactly half-way: what is left decides (as in CPython's fsum)
        if let Some(next) = parts.next()
            && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
        {
            let double = low * 2.0;
            let moved = high + double;
            #[expect(
                clippy::float_cmp,
                reason = "whether the addition was exact is the question"
            )]
            if double == moved - high {
                return moved;
            }
        }
        high
    }

    /// `n · squares − sum²`, the numerator of a variance, without cancellation.
    pub(crate) fn spread(n: f64, sum: &Self, squares: &Self) -> f64 {
        let mut out = Self {
            parts: Vec::new(),
            odd: sum.odd,
        };
        for (mine, theirs) in out.odd.iter_mut().zip(squares.odd) {
            *mine |= theirs;
        }
        if out.odd != [false; 3] {
            return f64::NAN;
        }
        for square in &squares.parts {
            out.add_product(n, *square);
        }
        for a in &sum.parts {
            for b in &sum.parts {
                out.add_product(-a, *b);
            }
        }
        out.value()
    }

    /// Appends the sum to a state that is passed between threads.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let [plus, minus, nan] = self.odd.map(u8::from);
        out.push(plus | minus << 1 | nan << 2);
        out.push(u8::try_from(self.parts.len()).unwrap_or(u8::MAX));
        for part in &self.parts {
            out.extend_from_slice(&part.to_le_bytes());
        }
    }

    /// Takes a sum from the front of a state.
    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<2>()?;
        let [odd, length] = *head;
        *bytes = rest;
        let mut parts = Vec::with_capacity(usize::from(length));
        for _ in 0..length {
            let (part, rest) = bytes.split_first_chunk::<8>()?;
            parts.push(f64::from_le_bytes(*part));
            *bytes = rest;
        }
        Some(Self {
            parts,
            odd: [odd & 1 != 0, odd & 2 != 0, odd & 4 != 0],
        })
    }

    /// Bytes on the heap.
    pub(crate) fn heap(&self) -> usize {
        self.parts.capacity() * size_of::<f64>()
    }
}

/// The rounded sum and its error (Knuth's TwoSum).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let high = a + b;
    let b_part = high - a;
    let low = (a - (high - b_part)) + (b - b_part);
    (high, low)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::float_cmp
    )]
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let mut out = Exact::default();
        for v in values {
            out.add(*v);
        }
        out.value()
    }

    /// The examples of Python's documentation and test suite of `math.fsum` (values only).
    #[test]
    fn known_sums() {
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(
            sum(&[1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50]),
            1e-100
        );
        assert_eq!(sum(&[1e16, 1.0, 1e-16]), 10_000_000_000_000_002.0);
        assert_eq!(
            sum(&[
                1e16 - 2.0,
                1.0 - 2_f64.powi(-53),
                -(1e16 - 2.0),
                -(1.0 - 2_f64.powi(-53))
            ]),
            0.0
        );
        assert_eq!(sum(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    /// 1, 2, …, 5: n·Σx² − (Σx)² = 5·55 − 225 = 50. And shifted by 10^9, where doubles cancel: the same.
    #[test]
    fn spread_by_hand_and_without_cancellation() {
        for shift in [0.0, 1e9, 1e15] {
            let (mut s, mut q) = (Exact::default(), Exact::default());
            for x in 1..=5 {
                s.add(shift + f64::from(x));
                q.add_square(shift + f64::from(x));
            }
            assert_eq!(Exact::spread(5.0, &s, &q), 50.0, "{shift}");
        }
    }

    #[test]
    fn the_threshold_is_two_to_the_960() {
        assert_eq!(HUGE, 2_f64.powi(960));
    }

    #[test]
    fn scaled_numbers_by_hand() {
        let mut out = Exact::default();
        out.add_scaled(false, u128::MAX, -3); // 2^125 − 1/8
        out.add_scaled(true, 1 << 127, -2); // −2^125
        assert_eq!(out.value(), -0.125);
    }

    proptest! {
        /// Order and division of the work do not matter, to the last bit.
        #[test]
        fn any_order_any_division(
            values in prop::collection::vec(-1e18_f64..1e18, 0..60),
            scale in -200_i32..200,
            cut in 0_usize..60,
            seed: u64,
        ) {
            let values: Vec<f64> = values.iter().enumerate()
                .map(|(i, v)| v * 2_f64.powi(if i % 3 == 0 { scale } else { 0 })).collect();
            let mut shuffled = values.clone();
            let mut state = seed;
            for i in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(i, (state >> 33) as usize % (i + 1));
            }
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            let (mut a, mut b) = (Exact::default(), Exact::default());
            left.iter().for_each(|v| a.add(*v));
            right.iter().for_each(|v| b.add(*v));
            let mut state = Vec::new();
            b.write(&mut state);
            a.merge(&Exact::read(&mut state.as_slice()).unwrap());
            prop_assert_eq!(a.value().to_bits(), sum(&values).to_bits());
        }
    }
}
