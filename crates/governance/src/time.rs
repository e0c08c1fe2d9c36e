//! Instants and windows of time. There is no clock here: the present comes in as an argument.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An instant in UTC, to the second. Read from RFC 3339 (`2026-12-01T00:00:00Z`) or from a date
/// (`2026-12-01`, its first second in UTC); written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(jiff::Timestamp);

/// Why a text is not a [`Time`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a date such as 2026-12-01 or an instant such as 2026-12-01T09:30:00Z, found something else"
)]
pub struct BadTime;

impl Time {
    /// From seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`BadTime`] outside the years -9999 to 9999.
    pub fn from_unix(seconds: i64) -> Result<Self, BadTime> {
        jiff::Timestamp::from_second(seconds)
            .map(Self)
            .map_err(|_| BadTime)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }

    /// The calendar date in UTC, `YYYY-MM-DD`.
    pub fn date(self) -> String {
        self.0.to_string().chars().take(10).collect()
    }
}

impl std::str::FromStr for Time {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let instant = match text.parse::<jiff::civil::Date>() {
            Ok(date) if text.len() == 10 => date
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map_err(|_| BadTime)?
                .timestamp(),
            _ => text.parse::<jiff::Timestamp>().map_err(|_| BadTime)?,
        };
        Self::from_unix(instant.as_second())
    }
}

impl TryFrom<String> for Time {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a date (2026-12-01) or an RFC 3339 instant (2026-12-01T09:30:00Z)"
        })
    }
}

/// A half-open stretch of time: from its start, up to but without its end; without an end it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First instant inside.
    pub from: Time,
    /// First instant after it, if it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Window {
    /// Whether an instant lies inside.
    pub fn holds(&self, at: Time) -> bool {
        self.from <= at && self.until.is_none_or(|end| at < end)
    }

    /// The next instant after `at` at which [`Window::holds`] changes, if any.
    pub fn next_change(&self, at: Time) -> Option<Time> {
        if self.is_empty() {
            return None;
        }
        [Some(self.from), self.until]
            .into_iter()
            .flatten()
            .filter(|edge| *edge > at)
            .min()
    }

    /// Whether no instant lies inside.
    pub fn is_empty(&self) -> bool {
        self.until.is_some_and(|end| end <= self.from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn t(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_is_its_first_second_in_utc() {
        assert_eq!(t("2026-12-01"), t("2026-12-01T00:00:00Z"));
        // POSIX seconds of 2026-12-01T00:00:00Z: 20,788 days after 1970-01-01, by hand
        // (56 years of 365 days + 14 leap days + 334 days of 2026).
        assert_eq!(t("2026-12-01").unix(), (56 * 365 + 14 + 334) * 86_400);
        assert_eq!(
            t("2026-12-01T01:00:00.9+01:00").to_string(),
            "2026-12-01T00:00:00Z"
        );
        assert!("tomorrow".parse::<Time>().is_err());
        assert!("2026-13-01".parse::<Time>().is_err());
    }

    #[test]
    fn windows_are_half_open() {
        let w = Window {
            from: t("2026-01-01"),
            until: Some(t("2027-01-01")),
        };
        assert!(!w.holds(t("2025-12-31T23:59:59Z")));
        assert!(w.holds(t("2026-01-01")));
        assert!(w.holds(t("2026-12-31T23:59:59Z")));
        assert!(!w.holds(t("2027-01-01")));
        assert_eq!(w.next_change(t("2025-01-01")), Some(t("2026-01-01")));
        assert_eq!(w.next_change(t("2026-01-01")), Some(t("2027-01-01")));
        assert_eq!(w.next_change(t("2027-01-01")), None);
    }
}
