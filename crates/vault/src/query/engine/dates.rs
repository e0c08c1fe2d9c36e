//! The Gregorian calendar over days since 1970-01-01, in whole numbers: every day that fits 32 bits has a date, so
//! nothing here can fail on a value.
//!
//! After H. Hinnant, "chrono-compatible low-level date algorithms" (public text, 2021), §days_from_civil and
//! §civil_from_days; weeks by ISO 8601 (they belong to the year of their Thursday).

/// A date: year, month 1–12, day 1–31.
type Civil = (i64, i64, i64);

/// The date of a day.
fn civil(day: i64) -> Civil {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day of a date.
fn days((year, month, day): Civil) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era - 719_468
}

/// ISO day of the week, Monday 1 to Sunday 7.
fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Dow,
    IsoDow,
    Doy,
}

impl Part {
    /// A part by its word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "dow" => Self::Dow,
            "isodow" => Self::IsoDow,
            "doy" => Self::Doy,
            _ => return None,
        })
    }

    /// This part of a day.
    pub(crate) fn at(self, day: i32) -> i64 {
        let day = i64::from(day);
        let (year, month, of_month) = civil(day);
        match self {
            Self::Year => year,
            Self::Quarter => (month + 2) / 3,
            Self::Month => month,
            Self::Day => of_month,
            Self::Doy => day - days((year, 1, 1)) + 1,
            Self::IsoDow => weekday(day),
            Self::Dow => weekday(day) % 7,
            Self::Week => {
                let thursday = day - weekday(day) + 4;
                (thursday - days((civil(thursday).0, 1, 1))) / 7 + 1
            }
        }
    }

    /// The first day of the unit of this name that a day is in; `None` if there is no such unit, or where 32 bits end.
    pub(crate) fn start(self, day: i32) -> Option<i32> {
        let wide = i64::from(day);
        let (year, month, _) = civil(wide);
        let first = match self {
            Self::Year => days((year, 1, 1)),
            Self::Quarter => days((year, (month - 1) / 3 * 3 + 1, 1)),
            Self::Month => days((year, month, 1)),
            Self::Week => wide - weekday(wide) + 1,
            Self::Day => wide,
            Self::Dow | Self::IsoDow | Self::Doy => return None,
        };
        i32::try_from(first).ok()
    }

    /// How many boundaries of the unit lie between two days, as DuckDB's `date_diff` counts them; negative if the second is
    /// before the first.
    pub(crate) fn boundaries(self, from: i32, to: i32) -> Option<i64> {
        let months = |day: i32| {
            let (year, month, _) = civil(i64::from(day));
            year * 12 + month - 1
        };
        let weeks = |day: i32| (i64::from(day) + 3).div_euclid(7);
        Some(match self {
            Self::Year => year(to) - year(from),
            Self::Quarter => months(to).div_euclid(3) - months(from).div_euclid(3),
            Self::Month => months(to) - months(from),
            Self::Week => weeks(to) - weeks(from),
            Self::Day => i64::from(to) - i64::from(from),
            Self::Dow | Self::IsoDow | Self::Doy => return None,
        })
    }
}

/// The year of a day: for the days that occur, by two multiplications (C. Neri, L. Schneider, "Euclidean affine functions and
/// their application to calendar algorithms", Software: Practice and Experience 53 (2023), figure 12).
pub(crate) fn year(day: i32) -> i64 {
    // 82 eras of 400 years are added so that days from the year −32800 on are positive, and taken off again
    const ERAS: u32 = 82;
    if !(-12_699_422..=12_699_422).contains(&day) {
        return civil(i64::from(day)).0;
    }
    let Ok(n) = u32::try_from(i64::from(day) + 719_468 + 146_097 * i64::from(ERAS)) else {
        return civil(i64::from(day)).0;
    };
    let n1 = 4 * n + 3;
    let century = n1 / 146_097;
    let n2 = (n1 % 146_097) | 3;
    let p = 2_939_745 * u64::from(n2);
    let of_century = p >> 32;
    let of_year = (p & 0xffff_ffff) / 2_939_745 / 4;
    let shifted = 100 * i64::from(century) + i64::try_from(of_century).unwrap_or(0);
    shifted - 400 * i64::from(ERAS) + i64::from(of_year >= 306)
}

/// Whole years from one day to another: an age in years on a day, by the birthday. Negative if the second is before the first.
pub(crate) fn whole_years(from: i32, to: i32) -> i64 {
    if to < from {
        return -whole_years(to, from);
    }
    let ((year, month, day), (to_year, to_month, to_day)) =
        (civil(i64::from(from)), civil(i64::from(to)));
    to_year - year - i64::from((to_month, to_day) < (month, day))
}

/// The day of a date that exists.
pub(crate) fn from_parts(year: i64, month: i64, day: i64) -> Option<i32> {
    if !(-9_999..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let of = days((year, month, day));
    (civil(of) == (year, month, day))
        .then(|| i32::try_from(of).ok())
        .flatten()
}

/// A day moved by months (to the last day of a month that is too short, as in PostgreSQL) and then by days.
pub(crate) fn moved(day: i32, months: i64, by: i64) -> Option<i32> {
    if months == 0 {
        return i32::try_from(i64::from(day).checked_add(by)?).ok();
    }
    let (year, month, of_month) = civil(i64::from(day));
    let total = (year * 12 + month - 1).checked_add(months)?;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let next = if month == 12 {
        (year + 1, 1, 1)
    } else {
        (year, month + 1, 1)
    };
    let length = days(next) - days((year, month, 1));
    i32::try_from(days((year, month, of_month.min(length))).checked_add(by)?).ok()
}

/// A day as ISO 8601 writes it.
pub(crate) fn iso(day: i32) -> String {
    let (year, month, of_month) = civil(i64::from(day));
    format!("{year:04}-{month:02}-{of_month:02}")
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use jiff::ToSpan;
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::*;

    fn part(word: &str, day: i32) -> Option<i64> {
        Part::of(word).map(|p| p.at(day))
    }

    fn truncated(word: &str, day: i32) -> Option<i32> {
        Part::of(word)?.start(day)
    }

    const EPOCH: Date = date(1970, 1, 1);

    fn day(d: Date) -> i32 {
        (d - EPOCH).get_days()
    }

    /// ISO 8601's own examples: 2008-12-29 is in week 1 of 2009, 2010-01-03 in week 53 of 2009.
    #[test]
    fn iso_weeks() {
        assert_eq!(part("week", day(date(2008, 12, 29))), Some(1));
        assert_eq!(part("week", day(date(2010, 1, 3))), Some(53));
        assert_eq!(part("dow", day(date(2026, 11, 22))), Some(0)); // a Sunday
        assert_eq!(part("isodow", day(date(2026, 11, 22))), Some(7));
        assert_eq!(part("fortnight", 0), None);
    }

    /// PostgreSQL's documentation: 31 January plus one month is the last day of February.
    #[test]
    fn ages_by_hand() {
        let day = |y, m, d| day(date(y, m, d));
        assert_eq!(whole_years(day(1950, 6, 15), day(2010, 6, 14)), 59);
        assert_eq!(whole_years(day(1950, 6, 15), day(2010, 6, 15)), 60);
        assert_eq!(whole_years(day(2010, 6, 15), day(1950, 6, 16)), -59);
        assert_eq!(whole_years(day(2004, 2, 29), day(2005, 2, 28)), 0);
        assert_eq!(whole_years(day(2004, 2, 29), day(2005, 3, 1)), 1);
        assert_eq!(
            Part::Year.boundaries(day(2009, 12, 31), day(2010, 1, 1)),
            Some(1)
        );
        assert_eq!(from_parts(2023, 2, 29), None);
        assert_eq!(from_parts(2023, 13, 1), None);
    }

    #[test]
    fn short_months() {
        assert_eq!(
            moved(day(date(2023, 1, 31)), 1, 0),
            Some(day(date(2023, 2, 28)))
        );
        assert_eq!(
            moved(day(date(2024, 1, 31)), 1, 1),
            Some(day(date(2024, 3, 1)))
        );
        assert_eq!(moved(i32::MAX, 0, 1), None);
        assert_eq!(moved(i32::MIN, -1, 0), None);
    }

    proptest! {
        /// The same as jiff, an independent implementation, on every date it has from year −9999 to 9999.
        #[test]
        fn as_jiff(days_since in -4_371_000_i32..2_932_000, months in -2_400_i64..2_400) {
            let Ok(d) = EPOCH.checked_add(i64::from(days_since).days()) else { return Ok(()); };
            prop_assert_eq!(part("year", days_since), Some(i64::from(d.year())));
            prop_assert_eq!(part("month", days_since), Some(i64::from(d.month())));
            prop_assert_eq!(part("day", days_since), Some(i64::from(d.day())));
            prop_assert_eq!(part("doy", days_since), Some(i64::from(d.day_of_year())));
            prop_assert_eq!(part("week", days_since), Some(i64::from(d.iso_week_date().week())));
            prop_assert_eq!(truncated("month", days_since), Some(day(d.first_of_month())));
            prop_assert_eq!(truncated("year", days_since), Some(day(d.first_of_year())));
            prop_assert_eq!(year(days_since), i64::from(d.year()));
            prop_assert_eq!(
                from_parts(d.year().into(), d.month().into(), d.day().into()),
                Some(days_since)
            );
            if let Ok(to) = d.checked_add(months.months()) {
                prop_assert_eq!(moved(days_since, months, 0), Some(day(to)));
            }
        }

        /// Ages as jiff counts years (29 February has its birthday on 1 March in other years), boundaries as differences of
        /// years and months.
        #[test]
        fn spans_as_jiff(a in -40_000_i32..40_000, b in -40_000_i32..40_000) {
            let (from, to) = (EPOCH + i64::from(a).days(), EPOCH + i64::from(b).days());
            if from.day() != 29 && to.day() != 29 {
                let span = from.until((jiff::Unit::Year, to)).unwrap();
                prop_assert_eq!(whole_years(a, b), i64::from(span.get_years()));
            }
            let months = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month());
            prop_assert_eq!(Part::Month.boundaries(a, b), Some(months(to) - months(from)));
            prop_assert_eq!(Part::Week.boundaries(a, a + 7), Some(1));
        }

        #[test]
        fn nothing_fails_anywhere(d: i32, months: i32, by: i64) {
            for word in ["year", "quarter", "month", "week", "day", "dow", "isodow", "doy"] {
                prop_assert!(part(word, d).is_some());
                let _ = truncated(word, d);
            }
            prop_assert_eq!(year(d), civil(i64::from(d)).0);
            let _ = moved(d, i64::from(months), by);
            let _ = (whole_years(d, months), from_parts(by, i64::from(months), 1));
        }
    }
}
