//! Percentiles, minimum and maximum.
//!
//! A percentile is one person's value. It is shown only if at least the threshold of people lie on each side of it, and then as
//! the middle of a cell of a grid of values, so that it is nobody's exact value (ONS Secure Research Service: medians
//! are rounded; ABS DataLab: a least number of contributors on both sides of a quantile). Minimum and maximum have
//! nobody on one side, so they are never shown.
//!
//! Must never: show a value as it is in the data.

/// What is shown of a percentile.
///
/// `below` and `above` are the distinct people with a value strictly below and strictly above `value`; `step` is the width
/// of the grid of values, greater than nought. `None` if it is withheld.
#[must_use]
pub fn percentile(value: f64, below: u64, above: u64, step: f64, threshold: u64) -> Option<f64> {
    let threshold = threshold.max(crate::limits::PEOPLE_PER_CELL);
    if below < threshold || above < threshold {
        return None;
    }
    if !(value.is_finite() && step.is_finite() && step > 0.0) {
        return None;
    }
    let shown = ((value / step).floor() + 0.5) * step;
    shown.is_finite().then_some(shown)
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    /// By hand: 23.4 lies in the cell 20 to 25 of a grid of five, whose middle is 22.5.
    #[test]
    fn the_middle_of_the_cell() {
        assert_eq!(percentile(23.4, 10, 10, 5.0, 10), Some(22.5));
        assert_eq!(percentile(-0.1, 10, 10, 1.0, 10), Some(-0.5));
        assert_eq!(percentile(23.4, 9, 500, 5.0, 10), None);
        assert_eq!(percentile(23.4, 500, 9, 5.0, 10), None);
    }

    #[test]
    fn minimum_and_maximum_are_never_shown() {
        // nobody lies below the minimum, nobody above the maximum
        assert_eq!(percentile(1.0, 0, 5_000, 1.0, 10), None);
        assert_eq!(percentile(99.0, 5_000, 0, 1.0, 10), None);
        // a threshold below ten is ten
        assert_eq!(percentile(1.0, 5, 5, 1.0, 0), None);
        // no grid, nothing shown
        assert_eq!(percentile(1.0, 50, 50, 0.0, 10), None);
        assert_eq!(percentile(1.0, 50, 50, f64::NAN, 10), None);
    }
}
