//! Dates of the imagined study: recruitment, visits, and where each source of records ends.

use crate::calendar::{Day, day};

/// First day of recruitment and the length of it in days.
pub(crate) const RECRUITED_FROM: Day = day(2006, 3, 13);
pub(crate) const RECRUITMENT_DAYS: u32 = 1_660;
/// Repeat visits: first day, length in days, how many of 100,000 come.
pub(crate) const REPEATS: [(Day, u32, u32); 2] = [
    (day(2012, 8, 1), 310, 4_000),
    (day(2014, 5, 1), 2_900, 12_500),
];
/// Of those at the third visit, how many of 100,000 come once more, two years later or more.
pub(crate) const FOURTH: u32 = 11_000;
/// Hospital episodes are known from here to there, deaths to the same day.
pub(crate) const HOSPITAL_FROM: Day = day(1997, 4, 1);
pub(crate) const HOSPITAL_END: Day = day(2022, 10, 31);
/// GP records begin no earlier than this.
pub(crate) const GP_FROM: Day = day(1988, 1, 1);
/// Last day of each GP data provider's extract (1 and 3 England, 2 Scotland, 4 Wales).
pub(crate) const GP_END: [Day; 4] = [
    day(2017, 5, 25),
    day(2017, 3, 31),
    day(2016, 7, 6),
    day(2017, 9, 17),
];
/// Day the withdrawal file is dated, and its name.
pub(crate) const WITHDRAWAL_FILE: &str = "w90001_20230424.csv";

/// Days in a year, on average.
pub(crate) const YEAR: f64 = 365.25;
