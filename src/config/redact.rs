//! Hides secrets in settings that are shown.

use std::ops::Range;

use super::rules::{Rule, find};

/// Replaces a secret. It is too short to be accepted as a secret if it is copied into the settings.
const HIDDEN: &str = "***";

/// The value of a setting as text, without secrets.
pub fn setting(key: &str, value: &str) -> String {
    match find(key) {
        Some((_, Rule::DatabaseUrl)) => database_url(value),
        Some((_, Rule::Doorbell)) => doorbell(value),
        Some((_, rule)) if rule.is_secret() && !value.is_empty() => HIDDEN.to_owned(),
        _ => value.to_owned(),
    }
}

/// The URL of a doorbell without its user, password or token.
fn doorbell(value: &str) -> String {
    match (value.split_once("://"), value.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://{HIDDEN}{}", &value[at..]),
        _ => value.to_owned(),
    }
}

/// The URL of a database without its password.
///
/// `postgres` accepts a password with an unescaped `/`, `?` or `@`, which a URL parser would take for a
/// part of the host or path. So the URL is not parsed: every part that could be a password is hidden, and
/// a URL of an unknown form is hidden completely.
pub fn database_url(url: &str) -> String {
    if url.starts_with("sqlite://") {
        return url.to_owned();
    }
    let Some((scheme @ ("postgres" | "postgresql"), rest)) = url.split_once("://") else {
        return HIDDEN.to_owned();
    };
    let mut secrets: Vec<Range<usize>> =
        user_info(rest).into_iter().chain(parameters(rest)).collect();
    secrets.sort_by_key(|secret| secret.start);
    let mut shown = format!("{scheme}://");
    let mut end = 0;
    for secret in secrets {
        if secret.start >= end {
            shown.push_str(&rest[end..secret.start]);
            shown.push_str(HIDDEN);
        }
        end = end.max(secret.end);
    }
    shown.push_str(&rest[end..]);
    shown
}

/// The text between the first colon and the last `@`.
fn user_info(rest: &str) -> Option<Range<usize>> {
    let end = rest.rfind('@')?;
    Some(rest[..end].find(':')? + 1..end)
}

/// The values of parameters such as `password=…`, whose name may be written with escapes.
fn parameters(rest: &str) -> impl Iterator<Item = Range<usize>> {
    rest.match_indices('=').filter_map(|(equals, _)| {
        let name = rest[..equals].rsplit(['?', '&']).next()?;
        let is_secret = name.to_ascii_lowercase().contains("pass") || name.contains('%');
        let start = equals + 1;
        let end = rest[start..].find('&').map_or(rest.len(), |length| start + length);
        is_secret.then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_password_is_hidden() {
        for (url, shown) in [
            ("sqlite:///srv/a@b.db", "sqlite:///srv/a@b.db"),
            ("postgres://db/chat", "postgres://db/chat"),
            ("postgres://ann@db/chat", "postgres://ann@db/chat"),
            ("postgres://ann:sesame@db/chat", "postgres://ann:***@db/chat"),
            ("postgresql://ann:ses/ame@db/chat", "postgresql://ann:***@db/chat"),
            ("postgres://ann:se?s@ame@db:5432/chat", "postgres://ann:***@db:5432/chat"),
            (
                "postgres://ann:sesame@a,b:5433/chat?sslmode=require",
                "postgres://ann:***@a,b:5433/chat?sslmode=require",
            ),
            (
                "postgres:///chat?host=/run&password=sesame&user=ann",
                "postgres:///chat?host=/run&password=***&user=ann",
            ),
            ("postgres:///chat?p%61ssword=sesame", "postgres:///chat?p%61ssword=***"),
            (
                "postgres://db/chat?password=ses?ame&application_name=a:b@c",
                "postgres://db/chat?password=***&application_name=a:***@c",
            ),
            (
                "postgres://db/chat?application_name=a:b@c&password=sesame",
                "postgres://db/chat?application_name=a:***@c&password=***",
            ),
            ("postgres://db/chat?password=a:b@sesame", "postgres://db/chat?password=***"),
            ("postgres://ann:ses&pass=a@db/chat", "postgres://ann:***"),
            ("postgres://ann:p%40ss@db/chat?user=bob", "postgres://ann:***@db/chat?user=bob"),
            ("mysql://ann:sesame@db/chat", "***"),
            ("ann:sesame@db/chat", "***"),
            ("host=db password=sesame", "***"),
        ] {
            assert_eq!(database_url(url), shown);
        }
    }

    #[test]
    fn a_secret_is_hidden_and_an_empty_one_is_shown() {
        assert_eq!(setting("auth.secret", "open sesame"), "***");
        assert_eq!(setting("auth.secret", ""), "");
        assert_eq!(setting("http.bind", "[::1]:80"), "[::1]:80");
    }
}
