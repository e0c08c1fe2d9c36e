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

/// A part of a date, by its word; `None` for a word that is not one.
pub(crate) fn part(word: &str, day: i32) -> Option<i64> {
    let day = i64::from(day);
    let (year, month, of_month) = civil(day);
    Some(match word {
        "year" => year,
        "quarter" => (month + 2) / 3,
        "month" => month,
        "day" => of_month,
        "doy" => day - days((year, 1, 1)) + 1,
        "isodow" => weekday(day),
        "dow" => weekday(day) % 7,
        "week" => {
            let thursday = day - weekday(day) + 4;
            (thursday - days((civil(thursday).0, 1, 1))) / 7 + 1
        }
        _ => return None,
    })
}

/// The first day of the unit that a day is in; `None` for a word that is not a unit, or where 32 bits end.
pub(crate) fn truncated(word: &str, day: i32) -> Option<i32> {
    let wide = i64::from(day);
    let (year, month, _) = civil(wide);
    let first = match word {
        "year" => days((year, 1, 1)),
        "quarter" => days((year, (month - 1) / 3 * 3 + 1, 1)),
        "month" => days((year, month, 1)),
        "week" => wide - weekday(wide) + 1,
        "day" => wide,
        _ => return None,
    };
    i32::try_from(first).ok()
}

/// A day moved by months (to the last day of a month that is too short, as in PostgreSQL) and then by days.
pub(crate) fn moved(day: i32, months: i64, by: i64) -> Option<i32> {
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
            if let Ok(to) = d.checked_add(months.months()) {
                prop_assert_eq!(moved(days_since, months, 0), Some(day(to)));
            }
        }

        #[test]
        fn nothing_fails_anywhere(d: i32, months: i32, by: i64) {
            for word in ["year", "quarter", "month", "week", "day", "dow", "isodow", "doy"] {
                prop_assert!(part(word, d).is_some());
                let _ = truncated(word, d);
            }
            let _ = moved(d, i64::from(months), by);
        }
    }
}
