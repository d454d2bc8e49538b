//! Times that an operator gives: the end of a ban or a mute, how long an invite is valid.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use crate::model::{Clock, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
const MOST_DAYS: i64 = 36_500;

/// The time that is meant by `30m`, `12h`, `7d`, `2w`, or a time in the form of RFC 3339.
///
/// # Errors
/// A sentence for the operator, if the text is none of these, or the time is over.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    parse_at(text, Clock::System.now())
}

fn parse_at(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let deserializer = IntoDeserializer::<Error>::into_deserializer(text);
    match Timestamp::deserialize(deserializer) {
        Ok(until) if until > now => Ok(until),
        Ok(until) => Err(format!("{until} is over")),
        Err(_) => parse_seconds(text)
            .map(|seconds| now.plus_seconds(seconds))
            .map_err(|error| format!("{error}, or a time like 2030-01-31T10:30:00Z")),
    }
}

/// The seconds that are meant by `30m`, `12h`, `7d` or `2w`.
///
/// # Errors
/// A sentence for the operator.
pub(super) fn parse_seconds(text: &str) -> Result<i64, String> {
    let mut chars = text.chars();
    let unit = match chars.next_back() {
        Some('m') => Some(MINUTE),
        Some('h') => Some(HOUR),
        Some('d') => Some(DAY),
        Some('w') => Some(WEEK),
        _ => None,
    };
    let (Some(unit), Ok(count)) = (unit, chars.as_str().parse::<i64>()) else {
        return Err("give 30m, 12h, 7d or 2w".to_owned());
    };
    match count.checked_mul(unit) {
        Some(seconds @ 1..) if seconds <= MOST_DAYS * DAY => Ok(seconds),
        _ => Err(format!("give at least 1m and at most {MOST_DAYS}d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times() {
        let now = Timestamp(1_000_000);
        for (text, seconds) in [("1m", 60), ("12h", 43_200), ("7d", 604_800), ("1w", 604_800)] {
            assert_eq!(parse_at(text, now), Ok(now.plus_seconds(seconds)));
        }
        let until = parse_at("2030-01-31T12:30:00+02:00", now).unwrap();
        assert_eq!(until.to_string(), "2030-01-31T10:30:00.000Z");
        for bad in [
            "",
            "d",
            "0d",
            "-1d",
            "1.5d",
            "1y",
            "36501d",
            "99999999999999999m",
            "7",
            "7é",
            "1970-01-01T00:00:00Z",
        ] {
            assert!(parse_at(bad, now).is_err(), "{bad}");
        }
    }
}
