//! Instants and their spellings on the wire.

use time::{
    Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description,
};

/// An instant, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The present. The only place where the clock is read.
    #[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
    pub fn now() -> Self {
        Self::from_date_time(OffsetDateTime::now_utc())
    }

    /// From milliseconds since the epoch.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Reads an RFC 3339 instant, or a date, which stands for its first millisecond in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(date) = super::value::parse_date(text) {
            return Some(Self::from_date_time(date.midnight().assume_utc()));
        }
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from_date_time)
    }

    /// Milliseconds since the epoch.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as DynamoDB's TTL wants them.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant and `duration` more (or less).
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.whole_milliseconds()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// The date of this instant in UTC.
    pub fn date(self) -> time::Date {
        self.date_time().date()
    }

    /// `2025-10-24T10:30:00Z`: [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), to the second.
    pub fn to_seconds_string(self) -> String {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        self.date_time().format(format).unwrap_or_default()
    }

    /// `2025-10-24T10:30:00.000Z`: RFC 3339, to the millisecond.
    pub fn to_millis_string(self) -> String {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        self.date_time().format(format).unwrap_or_default()
    }

    fn from_date_time(instant: OffsetDateTime) -> Self {
        let millis = instant.unix_timestamp_nanos().div_euclid(1_000_000);
        Self(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// Out-of-range instants become the epoch: none is ever made from input.
    fn date_time(self) -> OffsetDateTime {
        let nanos = i128::from(self.0).saturating_mul(1_000_000);
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_to_the_second_and_to_the_millisecond() {
        let instant = Timestamp::from_unix_millis(1_761_301_800_042);
        assert_eq!(instant.to_seconds_string(), "2025-10-24T10:30:00Z");
        assert_eq!(instant.to_millis_string(), "2025-10-24T10:30:00.042Z");
    }
}
