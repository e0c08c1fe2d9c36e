//! Sums of doubles and whole numbers in fixed point, exact: the quick way for the numbers that occur, beside the way for all
//! numbers of [`super::exact`].
//!
//! A double is a whole number of 53 bits times a power of two. Those from about 10⁻⁷ to 10¹³ (weights, pressures, counts, costs)
//! are, times 2⁷⁴, whole numbers of fewer than 128 bits, and their squares, times 2¹⁴⁸, of fewer than 256: adding them up is
//! integer addition, which has no rounding and no order. Others, and what would overflow, go to an [`Exact`] beside it.
//!
//! Must never: round. `sum` and `square` of a group are exact whatever went which way, so the way does not show.

use super::exact::Exact;

/// Doubles are counted in units of 2^−74.
const UNIT: i32 = -74;
/// Largest shift of a 53-bit number: 117 bits, and its square 234, so that a thousand additions and more fit at the least.
const WIDEST: u32 = 64;

/// What is added: whole numbers by one, doubles by 2^−74.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Whole numbers.
    One,
    /// Doubles.
    Fine,
}

impl Scale {
    fn exponent(self) -> i32 {
        match self {
            Self::One => 0,
            Self::Fine => UNIT,
        }
    }
}

/// The 53-bit number and the shift that make a double, if it is in the window.
#[inline]
fn window(value: f64) -> Option<(u64, u32)> {
    let bits = value.to_bits();
    let exponent = (bits >> 52) & 0x7ff;
    let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
    // value = mantissa · 2^(exponent − 1075) = mantissa · 2^(exponent − 1001) · 2^−74
    let shift = u32::try_from(exponent.checked_sub(1_001)?).ok()?;
    (shift <= WIDEST).then_some((mantissa, shift))
}

/// A sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum(pub(crate) i128);

impl Sum {
    /// Adds a whole number; `false` if it does not fit (and nothing was done).
    #[inline]
    pub(crate) fn add_whole(&mut self, value: i64) -> bool {
        self.add(i128::from(value))
    }

    /// Adds a double; `false` if it is outside the window, or does not fit.
    #[inline]
    pub(crate) fn add_double(&mut self, value: f64) -> bool {
        let Some((mantissa, shift)) = window(value) else {
            return value == 0.0;
        };
        let size = i128::from(mantissa) << shift;
        self.add(if value.is_sign_negative() {
            -size
        } else {
            size
        })
    }

    #[inline]
    fn add(&mut self, value: i128) -> bool {
        match self.0.checked_add(value) {
            Some(sum) => {
                self.0 = sum;
                true
            }
            None => false,
        }
    }

    /// Adds the sum to one that takes everything.
    pub(crate) fn pour(self, scale: Scale, out: &mut Exact) {
        out.add_scaled(self.0 < 0, self.0.unsigned_abs(), scale.exponent());
    }
}

/// A sum of squares, 256 bits wide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Squares {
    pub(crate) low: u128,
    pub(crate) high: u128,
}

impl Squares {
    /// Adds the square of a whole number; `false` if it does not fit.
    #[inline]
    pub(crate) fn add_whole(&mut self, value: i64) -> bool {
        let size = u128::from(value.unsigned_abs());
        self.add(size * size, 0)
    }

    /// Adds the square of a double; `false` if it is outside the window, or does not fit.
    #[inline]
    pub(crate) fn add_double(&mut self, value: f64) -> bool {
        let Some((mantissa, shift)) = window(value) else {
            return value == 0.0;
        };
        let square = u128::from(mantissa) * u128::from(mantissa);
        let (low, high) = match 2 * shift {
            0 => (square, 0),
            by @ 1..=127 => (square << by, square >> (128 - by)),
            _ => (0, square), // by 128, the widest
        };
        self.add(low, high)
    }

    /// Adds another sum; `false` if it does not fit.
    #[inline]
    pub(crate) fn add(&mut self, low: u128, high: u128) -> bool {
        let (low, carry) = self.low.overflowing_add(low);
        let high = self
            .high
            .checked_add(high)
            .and_then(|high| high.checked_add(u128::from(carry)));
        match high {
            Some(high) => {
                *self = Self { low, high };
                true
            }
            None => false,
        }
    }

    /// Adds the sum to one that takes everything.
    pub(crate) fn pour(self, scale: Scale, out: &mut Exact) {
        let exponent = 2 * scale.exponent();
        out.add_scaled(false, self.low, exponent);
        out.add_scaled(false, self.high, exponent + 128);
    }
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

    /// The ends of the window, by hand: 2^−22 has exponent 1001, 2^43 is the first beyond 1065.
    #[test]
    fn the_window() {
        let mut sum = Sum::default();
        assert!(sum.add_double(2_f64.powi(-22)));
        assert_eq!(sum.0, 1 << 52);
        assert!(!sum.add_double(2_f64.powi(-23)));
        assert!(sum.add_double(2_f64.powi(43) - 1.0));
        assert!(!sum.add_double(2_f64.powi(43)));
        assert!(sum.add_double(0.0) && sum.add_double(-0.0));
        assert!(!sum.add_double(f64::NAN) && !sum.add_double(f64::INFINITY));
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut sum = Sum(i128::MAX);
        assert!(!sum.add_whole(1));
        assert_eq!(sum, Sum(i128::MAX));
        let full = Squares {
            low: u128::MAX,
            high: u128::MAX,
        };
        let mut squares = full;
        assert!(!squares.add_whole(1));
        assert_eq!(squares, full);
    }

    proptest! {
        /// The same as the sum for all numbers, to the last bit.
        #[test]
        fn as_exact(values in prop::collection::vec(prop_oneof![-1e13_f64..1e13, -1e3_f64..1e3, -1e-6_f64..1e-6], 0..50)) {
            let (mut sum, mut squares) = (Sum::default(), Squares::default());
            let (mut slow, mut slow_squares) = (Exact::default(), Exact::default());
            let (mut rest, mut rest_squares) = (Exact::default(), Exact::default());
            for v in values {
                slow.add(v);
                slow_squares.add_square(v);
                if !sum.add_double(v) { rest.add(v); }
                if !squares.add_double(v) { rest_squares.add_square(v); }
            }
            sum.pour(Scale::Fine, &mut rest);
            squares.pour(Scale::Fine, &mut rest_squares);
            prop_assert_eq!(rest.value().to_bits(), slow.value().to_bits());
            prop_assert_eq!(rest_squares.value().to_bits(), slow_squares.value().to_bits());
        }

        #[test]
        fn whole_numbers_too(values in prop::collection::vec(any::<i64>(), 0..50)) {
            let (mut sum, mut squares) = (Sum::default(), Squares::default());
            let (mut by_hand, mut low, mut high) = (0_i128, 0_u128, 0_u128);
            for v in values {
                prop_assert!(sum.add_whole(v) && squares.add_whole(v));
                by_hand += i128::from(v);
                let square = u128::from(v.unsigned_abs()).pow(2);
                let (next, carry) = low.overflowing_add(square);
                (low, high) = (next, high + u128::from(carry));
            }
            prop_assert_eq!(sum.0, by_hand);
            prop_assert_eq!(squares, Squares { low, high });
        }
    }
}
