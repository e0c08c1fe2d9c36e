//! One cell: from bytes to a typed value, without allocation.
//!
//! Accepts what registries really write (`1.0` for a whole number, dates day first or ISO, a time after a date) and
//! nothing that could be read in two ways. Must never keep the text it refuses.

use privacy::deid::{days_from_civil, is_civil};

use crate::limits;

/// A cell without leading and trailing spaces.
#[must_use]
#[inline]
pub const fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

/// A whole number; `12`, `-3` and `12.0` alike.
#[must_use]
#[inline]
pub fn parse_integer(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let mut value: i64 = 0;
    let mut any = false;
    let mut rest = digits.iter();
    for byte in rest.by_ref() {
        match byte {
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                any = true;
            }
            b'.' if any => {
                let zeros = rest.as_slice();
                return (!zeros.is_empty() && zeros.iter().all(|zero| *zero == b'0'))
                    .then_some(if negative { -value } else { value });
            }
            _ => return None,
        }
    }
    any.then_some(if negative { -value } else { value })
}

/// A finite number.
#[must_use]
#[inline]
pub fn parse_float(bytes: &[u8]) -> Option<f64> {
    // `inf` and `nan` are numbers to the standard library, and never measurements.
    if !bytes.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let value: f64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A day as days since 1970-01-01: `2006-03-31`, `31/03/2006`, either with a time after it, within
/// [`limits::DATE_YEARS`].
#[must_use]
#[inline]
pub fn parse_date(bytes: &[u8]) -> Option<i32> {
    let (date, time) = bytes.split_at_checked(10)?;
    if !time.is_empty() && !is_time(time) {
        return None;
    }
    let two = |at: usize| {
        let tens = digit(date, at)?;
        Some(tens * 10 + digit(date, at + 1)?)
    };
    let at = |place: usize| date.get(place).copied();
    let (year, month, day) = match (at(2), at(4), at(5), at(7)) {
        (_, Some(b'-'), _, Some(b'-')) => (two(0)? * 100 + two(2)?, two(5)?, two(8)?),
        (Some(b'/'), _, Some(b'/'), _) => (two(6)? * 100 + two(8)?, two(3)?, two(0)?),
        _ => return None,
    };
    let year = i32::try_from(year).ok()?;
    (is_civil(year, month, day) && limits::DATE_YEARS.contains(&year))
        .then(|| days_from_civil(year, month, day))
}

#[inline]
fn digit(bytes: &[u8], at: usize) -> Option<u32> {
    match bytes.get(at) {
        Some(byte @ b'0'..=b'9') => Some(u32::from(byte - b'0')),
        _ => None,
    }
}

/// ` 10:22`, `T10:22:31`, with fractions and zone or without.
fn is_time(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b' ' | b'T'))
        && bytes.get(3) == Some(&b':')
        && bytes.len() >= 6
        && bytes
            .iter()
            .skip(1)
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'Z' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn whole_numbers_as_registries_write_them() {
        for (text, value) in [
            ("0", 0),
            ("-3", -3),
            ("0071", 71),
            ("1.0", 1),
            ("-12.00", -12),
        ] {
            assert_eq!(parse_integer(text.as_bytes()), Some(value), "{text}");
        }
        for text in [
            "",
            "-",
            "1.",
            ".0",
            "1.5",
            "1e3",
            "+1",
            "9223372036854775808",
            "1 2",
        ] {
            assert_eq!(parse_integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(parse_float(b"-3.47439"), Some(-3.474_39));
        assert_eq!(parse_float(b"1e-3"), Some(0.001));
        for text in ["inf", "NaN", "-", "1,5", "1e999", ""] {
            assert_eq!(parse_float(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn dates_in_two_forms_are_one_day() {
        let day = jiff::civil::date(1970, 1, 1)
            .until(jiff::civil::date(2012, 7, 13))
            .unwrap()
            .get_days();
        for text in [
            "2012-07-13",
            "13/07/2012",
            "2012-07-13T10:22:31",
            "2012-07-13 10:22:31.5",
        ] {
            assert_eq!(parse_date(text.as_bytes()), Some(day), "{text}");
        }
        for text in [
            "",
            "31/02/2001",
            "2001-13-01",
            "13-07-2012",
            "07/13/2012",
            "2012-7-13",
            "0001-01-01",
            "2012-07-13x",
            "20120713",
            "2012/07/13",
            "2900-01-01",
        ] {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
    }
}
