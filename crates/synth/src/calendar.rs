//! Days as whole numbers and their text, day first (GP and hospital tables) or ISO.
//!
//! Must never know what day it is today.

/// Days since 1 January 1900.
pub(crate) type Day = i32;

/// A day that never comes: later than every other.
pub(crate) const NEVER: Day = i32::MAX;

/// Last year with a text; special GP dates reach 2037.
const LAST_YEAR: i32 = 2040;

/// The day of a date (Howard Hinnant, "chrono-compatible low-level date algorithms", 2013).
pub(crate) const fn day(year: i32, month: i32, date: i32) -> Day {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y / 400;
    let of_era = y - era * 400;
    let m = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * m + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 693_901
}

/// Year, month and date of a day.
pub(crate) const fn civil(day: Day) -> (i32, i32, i32) {
    let z = day + 693_901;
    let era = z / 146_097;
    let of_era = z - era * 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * of_year + 2) / 153;
    let date = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, date)
}

/// The texts of all days from 1900 to 2040, made once: writing a date is then one copy.
pub(crate) struct Calendar {
    day_first: Vec<[u8; 10]>,
    iso: Vec<[u8; 10]>,
}

impl Calendar {
    pub(crate) fn new() -> Self {
        let count = day(LAST_YEAR + 1, 1, 1).max(0);
        let mut day_first = Vec::with_capacity(count as usize);
        let mut iso = Vec::with_capacity(count as usize);
        for n in 0..count {
            let (y, m, d) = civil(n);
            let [y3, y2, y1, y0] = [y / 1000, y / 100 % 10, y / 10 % 10, y % 10].map(digit);
            let [m1, m0, d1, d0] = [m / 10, m % 10, d / 10, d % 10].map(digit);
            day_first.push([d1, d0, b'/', m1, m0, b'/', y3, y2, y1, y0]);
            iso.push([y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0]);
        }
        Self { day_first, iso }
    }

    /// `dd/mm/yyyy`; empty outside 1900 to 2040.
    #[inline]
    pub(crate) fn day_first(&self, day: Day) -> &[u8] {
        usize::try_from(day)
            .ok()
            .and_then(|i| self.day_first.get(i))
            .map_or(&[], |t| t)
    }

    /// `yyyy-mm-dd`; empty outside 1900 to 2040.
    #[inline]
    pub(crate) fn iso(&self, day: Day) -> &[u8] {
        usize::try_from(day)
            .ok()
            .and_then(|i| self.iso.get(i))
            .map_or(&[], |t| t)
    }
}

fn digit(n: i32) -> u8 {
    b'0' + (n.rem_euclid(10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        // 1900-01-01 is day 0; 1970-01-01 is 25,567 days later (70 * 365 + 17 leap days).
        assert_eq!(day(1900, 1, 1), 0);
        assert_eq!(day(1970, 1, 1), 25_567);
        assert_eq!(day(2000, 2, 29) + 1, day(2000, 3, 1));
        assert_eq!(day(1900, 2, 28) + 1, day(1900, 3, 1));
    }

    #[test]
    fn every_day_comes_back() {
        for n in 0..day(2041, 1, 1) {
            let (y, m, d) = civil(n);
            assert_eq!(day(y, m, d), n);
        }
    }

    #[test]
    fn texts() {
        let c = Calendar::new();
        assert_eq!(c.day_first(day(2037, 7, 7)), b"07/07/2037");
        assert_eq!(c.iso(day(1951, 12, 31)), b"1951-12-31");
        assert_eq!(c.iso(-1), b"");
        assert_eq!(c.iso(NEVER), b"");
    }
}
