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

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::print_stdout
    )]
    use std::hint::black_box;
    use std::time::Instant;

    use roaring::RoaringBitmap;

    use super::super::spread::Spread;
    use super::*;

    fn timed(what: &str, mut work: impl FnMut()) {
        let start = Instant::now();
        work();
        let each = start.elapsed().as_secs_f64() * 1e9 / 5e6;
        println!("{what}: {each:.1} ns a row");
    }

    /// Run with `--run-ignored all --no-capture`: 5 million rows in 5 groups, one thread.
    #[test]
    #[ignore = "a measurement"]
    fn what_a_row_costs() {
        let values: Vec<f64> = (0..5_000_000_u32)
            .map(|i| f64::from(i % 977) * 0.1 + 50.0)
            .collect();
        let groups: Vec<usize> = (0..5_000_000).map(|i| i * 7 % 5).collect();
        timed("plain sum", || {
            let mut sums = [0.0; 5];
            each(&values, &groups, None, |g, v| sums[g] += v);
            black_box(sums);
        });
        timed("fixed-point sum", || {
            let mut sums = [Sum::default(); 5];
            each(&values, &groups, None, |g, v| {
                assert!((DOUBLE.add)(&mut sums[g], v));
            });
            black_box(sums);
        });
        timed("sum of all magnitudes, as before", || {
            let mut sums = vec![Exact::default(); 5];
            each(&values, &groups, None, |g, v| sums[g].add(v));
            black_box(sums);
        });
        timed("fixed-point squares", || {
            let mut sums = [Squares::default(); 5];
            each(&values, &groups, None, |g, v| {
                assert!((DOUBLE.add_square)(&mut sums[g], v));
            });
            black_box(sums);
        });
        timed("squares of all magnitudes, as before", || {
            let mut sums = vec![Exact::default(); 5];
            each(&values, &groups, None, |g, v| sums[g].add_square(v));
            black_box(sums);
        });
        timed("spread over people", || {
            let mut spreads = vec![Spread::default(); 5];
            let mut person = 0;
            each(&values, &groups, None, |g, v| {
                spreads[g].add(person, v);
                person += 1;
            });
            black_box(spreads);
        });
        timed("set of people by insertion, as before", || {
            let mut sets = vec![RoaringBitmap::new(); 5];
            for (person, group) in (0_u32..).zip(&groups) {
                sets[*group].insert(person);
            }
            black_box(sets);
        });
        timed("set of people", || {
            let mut sets = super::super::people::Groups::default();
            let people = arrow::array::UInt32Array::from_iter_values(0..5_000_000);
            let people: arrow::array::ArrayRef = std::sync::Arc::new(people);
            datafusion::logical_expr::GroupsAccumulator::update_batch(
                &mut sets,
                &[people],
                &groups,
                None,
                5,
            )
            .unwrap();
            black_box(sets.sizes(datafusion::logical_expr::EmitTo::All));
        });
        timed("year", || {
            let years: i64 = (0..5_000_000)
                .map(|d| super::super::dates::year(d % 30_000))
                .sum();
            black_box(years);
        });
    }
}
