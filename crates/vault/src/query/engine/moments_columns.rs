//! How the columns of each type are added up for [`super::moments`].
//!
//! Must never: leave a value out because it does not fit the quick way.

use arrow::buffer::BooleanBuffer;

use super::exact::Exact;
use super::fixed::{Squares, Sum};

/// What values of a type do to sums.
pub(super) struct How<T> {
    pub(super) add: fn(&mut Sum, T) -> bool,
    pub(super) add_square: fn(&mut Squares, T) -> bool,
    pub(super) rest: fn(&mut Exact, T),
    pub(super) rest_square: fn(&mut Exact, T),
}

/// Calls `f` with group and value of each row, or of those that are set in `rows`.
#[inline]
pub(super) fn each<T: Copy>(
    values: &[T],
    groups: &[usize],
    rows: Option<&BooleanBuffer>,
    mut f: impl FnMut(usize, T),
) {
    match rows {
        None => {
            for (value, group) in values.iter().zip(groups) {
                f(*group, *value);
            }
        }
        Some(rows) => {
            for row in rows.set_indices() {
                if let (Some(value), Some(group)) = (values.get(row), groups.get(row)) {
                    f(*group, *value);
                }
            }
        }
    }
}

/// A whole number beyond 128 bits of sum: in two halves, each of which is a double.
fn rest_of_whole(out: &mut Exact, value: i64) {
    out.add_scaled(value < 0, u128::from(value.unsigned_abs()), 0);
}

fn rest_of_whole_square(out: &mut Exact, value: i64) {
    let size = u128::from(value.unsigned_abs());
    out.add_scaled(false, size * size, 0);
}

/// 64 bits.
pub(super) const WHOLE: How<i64> = How {
    add: Sum::add_whole,
    add_square: Squares::add_whole,
    rest: rest_of_whole,
    rest_square: rest_of_whole_square,
};

/// 32 bits.
pub(super) const SHORT: How<i32> = How {
    add: |sum, value| sum.add_whole(i64::from(value)),
    add_square: |squares, value| squares.add_whole(i64::from(value)),
    rest: |out, value| rest_of_whole(out, i64::from(value)),
    rest_square: |out, value| rest_of_whole_square(out, i64::from(value)),
};

/// Doubles.
pub(super) const DOUBLE: How<f64> = How {
    add: Sum::add_double,
    add_square: Squares::add_double,
    rest: Exact::add,
    rest_square: Exact::add_square,
};
