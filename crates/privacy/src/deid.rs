//! De-identification: what a recipe may do to one value before a release is sealed.
//!
//! A recipe names a [`Rule`] for each column; the functions here are what the rules mean, value by
//! value. They are total: no input makes them fail, and none of them reads anything but its arguments.
//! Must never see a direct identifier's column name as a reason to act: which column gets which rule
//! is the recipe's business.
//!
//! Dates are days since 1970-01-01 (proleptic Gregorian calendar), as Arrow's `Date32`.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::limits;

/// What happens to the values of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// The value stays as it is.
    Keep,
    /// The column is left out.
    Drop,
    /// The column identifies the participant: it becomes the internal index, and each project's own
    /// pseudonym later. Only the id column may have this rule.
    Pseudonymise,
    /// Coarser numbers.
    Generalise(Generalise),
    /// Shorter text, or a date cut to a larger unit.
    Truncate(Truncate),
    /// All dates of one participant move by the same secret number of days.
    Shift(Shift),
    /// A number becomes the label of its band.
    Band(Band),
}

/// Coarser numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Generalise {
    /// Down to the next multiple of this step: 1953 with step 5 becomes 1950.
    Step(u32),
    /// Rounded to this many decimals, half away from zero.
    Decimals(u8),
}

/// What is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Truncate {
    /// The first day of the year.
    Year,
    /// The first day of the month.
    Month,
    /// A point in time becomes its day; a date stays as it is.
    Day,
    /// The first so many characters of a text.
    Chars(u32),
}

/// A shift of dates by person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Dates move back by 1 to this many days.
    pub max_days: u32,
}

/// Bands of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lower edges of all bands but the first, ascending: `[40, 50]` makes `<40`, `40-<50` and `>=50`.
    pub edges: Vec<f64>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers with decimals.
    Float,
    /// Days.
    Date,
    /// Anything else.
    Text,
}

/// A rule that makes no sense for its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The rule is for another kind of value.
    #[error("the rule {rule} needs {needs}, and the column holds {holds}")]
    Kind {
        /// Name of the rule.
        rule: &'static str,
        /// Kinds it works on.
        needs: &'static str,
        /// Kind of the column.
        holds: &'static str,
    },
    /// A number in the rule is out of range.
    #[error("the rule {rule} has {what}")]
    Range {
        /// Name of the rule.
        rule: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Kind {
    /// The kind in plain words, plural.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Integer => "whole numbers",
            Self::Float => "numbers",
            Self::Date => "dates",
            Self::Text => "text",
        }
    }
}

impl Rule {
    /// The word under which recipes and reports know the rule.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Pseudonymise => "pseudonymise",
            Self::Generalise(_) => "generalise",
            Self::Truncate(_) => "truncate",
            Self::Shift(_) => "shift",
            Self::Band(_) => "band",
        }
    }

    /// The kind of value that comes out when `kind` goes in; an error if the rule does not fit.
    ///
    /// # Errors
    /// [`RuleError`] when the rule is for another kind, or one of its numbers is out of range.
    pub fn apply_to(&self, kind: Kind) -> Result<Kind, RuleError> {
        let rule = self.word();
        let wrong = |needs| {
            Err(RuleError::Kind {
                rule,
                needs,
                holds: kind.words(),
            })
        };
        let range = |what| Err(RuleError::Range { rule, what });
        match self {
            Self::Keep | Self::Drop | Self::Pseudonymise => Ok(kind),
            Self::Generalise(Generalise::Step(step)) => match kind {
                Kind::Integer | Kind::Float if *step > 0 => Ok(kind),
                Kind::Integer | Kind::Float => range("a step of zero"),
                _ => wrong("numbers"),
            },
            Self::Generalise(Generalise::Decimals(n)) => match kind {
                Kind::Float if *n <= limits::MAX_DECIMALS => Ok(kind),
                Kind::Float => range("more decimals than a number holds"),
                _ => wrong("numbers with decimals"),
            },
            Self::Truncate(Truncate::Chars(n)) => match kind {
                Kind::Text if *n > 0 => Ok(kind),
                Kind::Text => range("a length of zero; use drop"),
                _ => wrong("text"),
            },
            Self::Truncate(_) if kind == Kind::Date => Ok(kind),
            Self::Truncate(_) => wrong("dates"),
            Self::Shift(shift) => match kind {
                Kind::Date if (1..=limits::MAX_SHIFT_DAYS).contains(&shift.max_days) => Ok(kind),
                Kind::Date => range("max_days outside 1 to 3652"),
                _ => wrong("dates"),
            },
            Self::Band(band) => match kind {
                Kind::Integer | Kind::Float if band.is_sound() => Ok(Kind::Text),
                Kind::Integer | Kind::Float => {
                    range("edges that are not 1 to 200 finite ascending numbers")
                }
                _ => wrong("numbers"),
            },
        }
    }
}

impl Band {
    fn is_sound(&self) -> bool {
        (1..=limits::MAX_BAND_EDGES).contains(&self.edges.len())
            && self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.windows(2).all(|pair| pair.first() < pair.last())
    }

    /// Labels of the bands, lowest first: one more than there are edges.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let mut labels = Vec::with_capacity(self.edges.len() + 1);
        if let Some(first) = self.edges.first() {
            labels.push(format!("<{first}"));
        }
        for (low, high) in self.edges.iter().zip(self.edges.iter().skip(1)) {
            labels.push(format!("{low}-<{high}"));
        }
        if let Some(last) = self.edges.last() {
            labels.push(format!(">={last}"));
        }
        labels
    }

    /// Place of `value` among [`Band::labels`].
    #[must_use]
    pub fn place(&self, value: f64) -> usize {
        self.edges.partition_point(|edge| *edge <= value)
    }
}

/// `value` down to a multiple of `step`; towards minus infinity, so that bands are equally wide around zero.
#[must_use]
pub const fn step_integer(value: i64, step: u32) -> i64 {
    if step == 0 {
        return value;
    }
    value.saturating_sub(value.rem_euclid(step as i64))
}

/// [`step_integer`] for numbers with decimals.
#[must_use]
pub fn step_float(value: f64, step: u32) -> f64 {
    let step = f64::from(step.max(1));
    (value / step).floor() * step
}

/// `value` rounded to `decimals`, half away from zero.
#[must_use]
pub fn round_decimals(value: f64, decimals: u8) -> f64 {
    let factor = 10f64.powi(i32::from(decimals.min(limits::MAX_DECIMALS)));
    let scaled = value * factor;
    // Beyond 2^53 there are no decimals left to round, and infinity must not come out.
    if scaled.abs() < 9_007_199_254_740_992.0 {
        scaled.round() / factor
    } else {
        value
    }
}

/// The first `chars` characters of `text`.
#[must_use]
pub fn truncate_text(text: &str, chars: u32) -> &str {
    text.char_indices()
        .nth(chars as usize)
        .and_then(|(end, _)| text.get(..end))
        .unwrap_or(text)
}

/// The first day of the month of `day`.
#[must_use]
pub const fn truncate_month(day: i32) -> i32 {
    let (_, _, day_of_month) = civil_from_days(day);
    day.saturating_sub(day_of_month as i32 - 1)
}

/// The first day of the year of `day`.
#[must_use]
pub const fn truncate_year(day: i32) -> i32 {
    let (year, _, _) = civil_from_days(day);
    days_from_civil(year, 1, 1)
}

/// How many days the dates of `person` move back: 1 to `max_days`, the same for all of their dates, so
/// that intervals between them hold.
///
/// HMAC-SHA-256 under `key` as a pseudo-random function of the internal index: without the key the shift
/// of one person says nothing about that of another. Shifts go back only, so that no date comes to lie
/// in the future. The remainder of 64 bits is biased by less than 2^-52.
#[must_use]
pub fn shift_of(key: &[u8; 32], person: u32, max_days: u32) -> i32 {
    let max = u64::from(max_days.clamp(1, limits::MAX_SHIFT_DAYS));
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC takes a key of any length; a type that says otherwise must still not leave a date in place.
        return max as i32;
    };
    mac.update(b"reading-room/date-shift/v1");
    mac.update(&person.to_le_bytes());
    let mut first = [0u8; 8];
    for (to, from) in first.iter_mut().zip(mac.finalize().into_bytes()) {
        *to = from;
    }
    (u64::from_le_bytes(first) % max) as i32 + 1
}

/// `day` moved back by `shift` days.
#[must_use]
pub const fn shift_date(day: i32, shift: i32) -> i32 {
    day.saturating_sub(shift)
}

/// Days since 1970-01-01 of a civil date. `month` 1 to 12 and `day` 1 to 31 are taken as they are;
/// [`is_civil`] tells whether they exist.
///
/// Howard Hinnant, "chrono-compatible low-level date algorithms" (`days_from_civil`), in the public domain.
#[must_use]
pub const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) as i32
}

/// Year, month and day of [`days_from_civil`]'s result.
#[must_use]
pub const fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let days = days as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year as i32, month as u32, day as u32)
}

/// Whether the date exists in the Gregorian calendar.
#[must_use]
pub const fn is_civil(year: i32, month: u32, day: u32) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    day >= 1 && day <= last
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_agree_with_an_independent_calendar() {
        // jiff is another implementation of the same calendar.
        for (year, month, day) in [
            (1970, 1, 1),
            (1600, 2, 29),
            (1900, 3, 1),
            (2000, 2, 29),
            (2037, 7, 7),
            (1850, 12, 31),
        ] {
            let date = jiff::civil::date(year, month, day);
            let days = jiff::civil::date(1970, 1, 1)
                .until(date)
                .unwrap()
                .get_days();
            assert_eq!(days_from_civil(year.into(), month as u32, day as u32), days);
        }
        assert!(!is_civil(1900, 2, 29));
        assert!(is_civil(2000, 2, 29));
        assert!(!is_civil(2001, 13, 1));
    }

    #[test]
    fn five_year_bands_by_hand() {
        assert_eq!(step_integer(1953, 5), 1950);
        assert_eq!(step_integer(-1, 5), -5);
        assert_eq!(step_float(-3.47, 2), -4.0);
        assert_eq!(round_decimals(2.25, 1), 2.3);
        assert_eq!(round_decimals(f64::MAX, 3), f64::MAX);
        assert_eq!(truncate_text("E10.9", 3), "E10");
        assert_eq!(truncate_text("né", 1), "n");
        assert_eq!(truncate_text("né", 9), "né");
        let band = Band {
            edges: vec![40.0, 50.0],
        };
        assert_eq!(band.labels(), ["<40", "40-<50", ">=50"]);
        assert_eq!(
            [39.9, 40.0, 49.9, 50.0].map(|v| band.place(v)),
            [0, 1, 1, 2]
        );
    }

    #[test]
    fn rules_refuse_what_they_do_not_fit() {
        let shift = Rule::Shift(Shift { max_days: 30 });
        assert_eq!(shift.apply_to(Kind::Date), Ok(Kind::Date));
        assert!(shift.apply_to(Kind::Text).is_err());
        assert!(
            Rule::Shift(Shift { max_days: 0 })
                .apply_to(Kind::Date)
                .is_err()
        );
        let band = Rule::Band(Band {
            edges: vec![2.0, 1.0],
        });
        assert!(band.apply_to(Kind::Integer).is_err());
        let band = Rule::Band(Band { edges: vec![1.0] });
        assert_eq!(band.apply_to(Kind::Integer), Ok(Kind::Text));
        assert!(
            Rule::Generalise(Generalise::Step(0))
                .apply_to(Kind::Integer)
                .is_err()
        );
        assert!(
            Rule::Truncate(Truncate::Month)
                .apply_to(Kind::Text)
                .is_err()
        );
    }

    #[test]
    fn a_shift_depends_on_the_person_and_on_the_key() {
        let of = |key: u8, person| shift_of(&[key; 32], person, 365);
        let shifts: Vec<i32> = (0..200).map(|person| of(1, person)).collect();
        assert!(shifts.iter().any(|s| *s != shifts[0]));
        assert!((0..200).any(|person| of(1, person) != of(2, person)));
        assert_eq!(of(1, 7), of(1, 7));
    }

    proptest! {
        #[test]
        fn civil_dates_go_round(days in -1_000_000i32..1_000_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert!(is_civil(year, month, day));
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn a_shift_keeps_intervals_and_stays_in_its_range(
            key: [u8; 32], person: u32, max in 1u32..=3652, a in -50_000i32..50_000, b in -50_000i32..50_000,
        ) {
            let shift = shift_of(&key, person, max);
            prop_assert!(shift >= 1 && shift <= max as i32);
            prop_assert_eq!(shift_date(a, shift) - shift_date(b, shift), a - b);
        }

        #[test]
        fn truncation_is_idempotent_and_never_later(days in -1_000_000i32..1_000_000) {
            for cut in [truncate_month as fn(i32) -> i32, truncate_year] {
                prop_assert!(cut(days) <= days);
                prop_assert_eq!(cut(cut(days)), cut(days));
            }
            prop_assert!(truncate_year(days) <= truncate_month(days));
        }

        #[test]
        fn text_truncation_is_an_idempotent_prefix(text in ".{0,40}", chars in 0u32..20) {
            let cut = truncate_text(&text, chars);
            prop_assert!(text.starts_with(cut));
            prop_assert!(cut.chars().count() <= chars as usize);
            prop_assert_eq!(truncate_text(cut, chars), cut);
        }

        #[test]
        fn steps_are_idempotent_and_at_most_one_step_below(value in -1_000_000i64..1_000_000, step in 1u32..500) {
            let low = step_integer(value, step);
            prop_assert!(low <= value && value - low < i64::from(step));
            prop_assert_eq!(step_integer(low, step), low);
        }

        #[test]
        fn a_value_lies_in_its_band(value in -1e6f64..1e6, mut edges in proptest::collection::vec(-1e6f64..1e6, 1..9)) {
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            let band = Band { edges };
            let place = band.place(value);
            prop_assert!(place < band.labels().len());
            prop_assert!(place == 0 || band.edges[place - 1] <= value);
            prop_assert!(place == band.edges.len() || value < band.edges[place]);
        }
    }
}
