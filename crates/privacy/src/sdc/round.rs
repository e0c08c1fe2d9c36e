//! Rounding of counts after suppression.
//!
//! To the nearest multiple of five, as OpenSAFELY and NHS England do after their suppression (docs/outputs/sdc.md;
//! NHS Digital HES methodology, September 2018). Half-way cannot occur with an odd base; with an even one it goes up.
//!
//! Must never: be used without suppression before it, nor be taken as protection against subtraction; that is the work
//! of [`crate::released`].

/// The default base.
pub const BASE: u32 = 5;

/// The nearest multiple of `base`. A base of nought or one changes nothing.
#[must_use]
pub fn nearest(count: i64, base: u32) -> i64 {
    let base = i64::from(base.max(1));
    let low = count.div_euclid(base).saturating_mul(base);
    if 2 * (count - low) >= base {
        low.saturating_add(base)
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the nearest multiple of five of each small count.
    #[test]
    fn base_five_by_hand() {
        let shown: Vec<i64> = (8..=18).map(|n| nearest(n, 5)).collect();
        assert_eq!(shown, [10, 10, 10, 10, 10, 15, 15, 15, 15, 15, 20]);
        assert_eq!(nearest(5, 10), 10);
        assert_eq!(nearest(7, 0), 7);
        assert_eq!(nearest(-3, 5), -5);
    }
}
