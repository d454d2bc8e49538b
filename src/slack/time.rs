//! Times, as Slack's payloads have them.

use serde_json::Value;

/// From here on a number of seconds is taken for one of milliseconds: the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// A time in seconds since 1970, as a number or its text, in UTC. `None`: it is no time.
pub(super) fn time(value: &Value) -> Option<String> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let seconds = if seconds >= MILLISECONDS_FROM { seconds / 1000.0 } else { seconds };
    if !(seconds.is_finite() && seconds > 0.0) {
        return None;
    }
    let time = jiff::Timestamp::from_second(seconds as i64).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
