//! Whether two answers are the same: the same rows in any order, numbers to seven significant digits.

use serde_json::Value;

/// Largest relative difference of two numbers that count as one: half a unit of the seventh digit of the smallest such
/// number.
const TOLERANCE: f64 = 5e-7;
/// Digits after the first by which rows are put in order.
const SORTED_DIGITS: usize = 6;

/// Nothing, or where two answers differ first: values are synthetic and may be shown.
pub fn difference(ours: &[Vec<Value>], theirs: &[Vec<Value>]) -> Option<String> {
    if ours.len() != theirs.len() {
        return Some(format!("{} rows against {}", ours.len(), theirs.len()));
    }
    let (ours, theirs) = (sorted(ours), sorted(theirs));
    for (row, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        if a.len() != b.len() {
            return Some(format!("{} columns against {}", a.len(), b.len()));
        }
        for (column, (x, y)) in a.iter().zip(b.iter()).enumerate() {
            if !same(x, y) {
                return Some(format!("row {row}, column {column}: {x} against {y}"));
            }
        }
    }
    None
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => {
            let larger = x.abs().max(y.abs());
            (x - y).abs() <= larger * TOLERANCE || larger < f64::MIN_POSITIVE
        }
        _ => a == b,
    }
}

/// Rows in an order that their own values give, column by column; what two engines write as 5 and 5.0 is one value.
fn sorted(rows: &[Vec<Value>]) -> Vec<&Vec<Value>> {
    let key = |value: &Value| {
        value
            .as_f64()
            .map_or_else(|| value.to_string(), |n| format!("{n:.SORTED_DIGITS$e}"))
    };
    let mut keyed: Vec<(Vec<String>, &Vec<Value>)> = rows
        .iter()
        .map(|row| (row.iter().map(key).collect(), row))
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn rows(value: Value) -> Vec<Vec<Value>> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn order_does_not_matter_and_the_eighth_digit_does_not() {
        let a = rows(json!([[1, 2.000_000_01, null], [2, 5.5, "x"]]));
        let b = rows(json!([[2, 5.5, "x"], [1, 2.0, null]]));
        assert_eq!(difference(&a, &b), None);
    }

    #[test]
    fn a_wrong_count_a_null_and_a_missing_row_are_found() {
        let a = rows(json!([[1, 10], [2, 20]]));
        assert!(difference(&a, &rows(json!([[1, 10], [2, 21]]))).is_some());
        assert!(difference(&a, &rows(json!([[1, 10], [2, null]]))).is_some());
        assert!(difference(&a, &rows(json!([[1, 10]]))).is_some());
    }
}
