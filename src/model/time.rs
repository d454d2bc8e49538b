//! Points in time, and the one place that reads the wall clock.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Shown and serialised as RFC 3339 in UTC with three decimals: `2025-01-31T10:30:00.000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time `seconds` later.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds since 1970, rounded down: the unit of the claims of a JWT (RFC 7519 §2).
    pub fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.3}"),
            // Only a row that was edited by hand can contain such a number; it is shown, to avoid a
            // failure.
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to_digits() {
            Some(digits) => serializer.serialize_str(std::str::from_utf8(&digits).unwrap_or("")),
            None => serializer.collect_str(self),
        }
    }
}

impl Timestamp {
    /// The same text as [`Display`](fmt::Display), without its overhead: a page of history contains
    /// fifty times. `None` outside the years 0 to 9999.
    pub(super) fn to_digits(self) -> Option<[u8; 24]> {
        let timestamp = jiff::Timestamp::from_millisecond(self.0).ok()?;
        let civil = jiff::tz::Offset::UTC.to_datetime(timestamp);
        let year = u32::try_from(civil.year()).ok()?;
        let mut digits = *b"0000-00-00T00:00:00.000Z";
        let mut put = |end: usize, width: usize, mut number: u32| {
            for digit in digits[end - width..end].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(4, 4, year);
        put(7, 2, civil.month() as u32);
        put(10, 2, civil.day() as u32);
        put(13, 2, civil.hour() as u32);
        put(16, 2, civil.minute() as u32);
        put(19, 2, civil.second() as u32);
        put(23, 3, civil.millisecond() as u32);
        Some(digits)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let timestamp = jiff::Timestamp::deserialize(deserializer)?;
        Ok(Self(timestamp.as_millisecond()))
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, UTC, with milliseconds",
            "examples": ["2025-01-31T10:30:00.000Z"],
        })
    }
}

/// The source of the time for the rules: the system's clock, or a fixed time in a test.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that always shows this time.
    Fixed(Timestamp),
}

impl Clock {
    /// The time that the clock shows.
    pub fn now(self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
            Self::System => Timestamp(jiff::Timestamp::now().as_millisecond()),
            Self::Fixed(timestamp) => timestamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_rfc3339_with_milliseconds_and_reads_back() {
        let json = serde_json::to_string(&Timestamp(1_738_319_400_000)).unwrap();
        assert_eq!(json, r#""2025-01-31T10:30:00.000Z""#);
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), Timestamp(1_738_319_400_000));
    }

    #[test]
    fn both_ways_of_writing_agree() {
        let days = (-800_000..2_900_000).step_by(997);
        for ms in days.map(|day| day * 86_400_000 + day % 86_400_000).chain([-1, 0, 999, i64::MIN])
        {
            let written = serde_json::to_string(&Timestamp(ms)).unwrap();
            assert_eq!(written, format!("\"{}\"", Timestamp(ms)));
        }
    }

    #[test]
    fn a_number_out_of_range_is_shown_not_a_panic() {
        assert_eq!(Timestamp(i64::MAX).to_string(), format!("{} ms", i64::MAX));
    }
}
