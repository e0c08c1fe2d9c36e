//! What one cell says: nothing, a number, a date, a hidden count, or words. No meaning is given to it here.

use serde::{Deserialize, Serialize};

/// The reading of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Value {
    /// No characters but spaces.
    Empty,
    /// Said to be missing: `NA`, `NaN`, `null`.
    Missing,
    /// A count that was hidden: `*`, `<10`, `[c]`, `suppressed`.
    Hidden,
    /// A number.
    Number(Number),
    /// A calendar date to the day, with or without a time.
    Date,
    /// Anything else.
    Text,
}

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Followed by a per cent sign.
    pub(crate) percent: bool,
    /// Followed by a second number in brackets: `12 (3.4%)`.
    pub(crate) beside: bool,
}

impl Number {
    /// The number as a count, when it can be one: whole and not negative.
    pub(crate) fn count(self) -> Option<u64> {
        // 2^53: above it a float no longer holds each whole number.
        let whole =
            self.value >= 0.0 && self.value < 9_007_199_254_740_992.0 && self.value.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: whole, not negative, below 2^53"
        )]
        (whole && !self.percent).then_some(self.value as u64)
    }
}

impl Value {
    /// Reads a cell.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Empty;
        }
        let digit = text.starts_with(|c: char| c.is_ascii_digit());
        if !digit && is_missing(text) {
            return Self::Missing;
        }
        // Most cells are plain numbers: of the markers only a band such as `1-7` begins with a digit.
        if (!digit || text.contains(['-', '–'])) && is_hidden(text) {
            return Self::Hidden;
        }
        if is_date(text) {
            return Self::Date;
        }
        number(text).map_or(Self::Text, Self::Number)
    }

    pub(crate) fn number(self) -> Option<Number> {
        if let Self::Number(number) = self {
            Some(number)
        } else {
            None
        }
    }

    /// The count that stands here, if a count could.
    pub(crate) fn count(self) -> Option<u64> {
        self.number().and_then(Number::count)
    }
}

fn is_missing(text: &str) -> bool {
    ["na", "n/a", "nan", "null", "none", "missing", "."]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// The markers in use: `*` (NHS England), `<5` (Genomics England), `[c]` and `[x]` (Government Analysis Function, "Using
/// symbols in tables"), `[REDACTED]` (OpenSAFELY), and a band such as `1-7`.
fn is_hidden(text: &str) -> bool {
    let bare = text.trim_matches(|c| c == '[' || c == ']' || c == '(' || c == ')');
    let marker = [
        "*",
        "**",
        "c",
        "x",
        "-",
        "--",
        "–",
        "—",
        "..",
        "...",
        "s",
        "suppressed",
        "redacted",
        "masked",
        "hidden",
    ]
    .iter()
    .any(|word| bare.eq_ignore_ascii_case(word));
    let digits = |s: &str| !s.is_empty() && s.len() <= 3 && s.bytes().all(|b| b.is_ascii_digit());
    let below = ["<=", "<", "≤", "&lt;"]
        .iter()
        .find_map(|p| text.strip_prefix(p))
        .is_some_and(|rest| digits(rest.trim()));
    let band = text
        .split_once(['-', '–'])
        .is_some_and(|(low, high)| digits(low) && digits(high) && high.len() == 1);
    marker || below || band
}

/// `2020-01-31`, `2020/01/31`, `31/01/2020`, `31-Jan-2020`; a time may follow.
pub(crate) fn is_date(text: &str) -> bool {
    date_key(text).is_some()
}

/// Year, month and day, to put dates in order; for `a/b/year` the middle number is taken for the month.
pub(crate) fn date_key(text: &str) -> Option<(u32, u32, u32)> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    if !(8..=11).contains(&day.len()) {
        return None;
    }
    let mut parts = day.split(['-', '/', '.']);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |s: &str| {
        s.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| s.parse::<u32>().ok())?
    };
    let in_month = |s: &str| number(s).filter(|n| (1..=31).contains(n));
    let in_era = |s: &str| number(s).filter(|n| s.len() == 4 && (1800..=2200).contains(n));
    let named = (1..)
        .zip(MONTHS)
        .find(|(_, m)| b.eq_ignore_ascii_case(m))
        .map(|(n, _)| n);
    let month = named.or_else(|| in_month(b))?;
    if let Some(year) = in_era(a) {
        return Some((year, month, in_month(c)?));
    }
    Some((in_era(c)?, month, in_month(a)?))
}

/// Days since 1970-01-01 of a date as [`date_key`] reads it (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn day_number(text: &str) -> Option<i32> {
    let (year, month, day) = date_key(text)?;
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    i32::try_from(era * 146_097 + days - 719_468).ok()
}

/// A number as people and programs write it: sign, thousands, decimals, exponent, per cent, significance stars, and
/// a second number in brackets behind it.
fn number(text: &str) -> Option<Number> {
    let (head, beside) = match text.split_once('(') {
        Some((head, rest)) if !head.trim().is_empty() => {
            let inner = rest.strip_suffix(')')?;
            inner.bytes().any(|b| b.is_ascii_digit()).then_some(())?;
            (head.trim_end(), true)
        }
        _ => (text, false),
    };
    let head = head.trim_end_matches(['*', '†', '‡']).trim_end();
    let (head, percent) = head
        .strip_suffix('%')
        .map_or((head, false), |head| (head.trim_end(), true));
    let digits = head.trim_start_matches(['+', '-', '−']);
    if head.len() > 40 || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    // A leading zero marks a code, not a number: BNF and Read codes, telephone numbers.
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let plain = if head.contains(',') {
        without_thousands(head)?
    } else {
        head.replace('−', "-")
    };
    let value: f64 = plain.parse().ok()?;
    value.is_finite().then_some(Number {
        value,
        percent,
        beside,
    })
}

/// `1,234,567` as `1234567`; `12,5` as `12.5` (the decimal comma); nothing for other commas.
fn without_thousands(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split(',').collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let last_whole = last.split('.').next().unwrap_or(last);
    if !first.is_empty()
        && middle
            .iter()
            .chain([&last_whole])
            .all(|group| group.len() == 3)
    {
        return Some(text.replace(',', ""));
    }
    (rest.len() == 1 && !text.contains('.')).then(|| text.replace(',', "."))
}

#[cfg(test)]
mod tests {
    use super::{Number, Value};

    fn num(text: &str) -> Option<(f64, bool, bool)> {
        match Value::of(text) {
            Value::Number(Number {
                value,
                percent,
                beside,
            }) => Some((value, percent, beside)),
            _ => None,
        }
    }

    #[test]
    fn numbers_as_written() {
        assert_eq!(num("1,234"), Some((1234.0, false, false)));
        assert_eq!(num("12,5"), Some((12.5, false, false)));
        assert_eq!(num("3.0"), Some((3.0, false, false)));
        assert_eq!(num("12 (3.4%)"), Some((12.0, false, true)));
        assert_eq!(num("45.1%"), Some((45.1, true, false)));
        assert_eq!(num("0.03**"), Some((0.03, false, false)));
        assert_eq!(num("1e-5"), Some((1e-5, false, false)));
        for text in ["0105010", "1.2.3", "n", "inf", "1e999", "e5", "(", "("] {
            assert_eq!(num(text), None, "{text}");
        }
    }

    #[test]
    fn days() {
        for (text, day) in [
            ("1970-01-01", 0),
            ("2000-03-01", 11_017),
            ("29/02/2024", 19_782),
            ("1969-12-31", -1),
        ] {
            assert_eq!(super::day_number(text), Some(day), "{text}");
        }
    }

    #[test]
    fn dates_and_markers() {
        for text in [
            "2020-01-31",
            "31/01/2020",
            "31-Jan-2020",
            "2020-01-31T10:00:00",
            "2020-01-31 10:00",
        ] {
            assert_eq!(Value::of(text), Value::Date, "{text}");
        }
        for text in ["*", "<10", "< 5", "[c]", "[REDACTED]", "1-7", "≤7"] {
            assert_eq!(Value::of(text), Value::Hidden, "{text}");
        }
        assert_eq!(Value::of("40-49"), Value::Text);
        assert_eq!(Value::of("2020-13"), Value::Text);
    }
}
