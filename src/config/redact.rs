//! What may be shown of a setting: everything but secrets.

use std::ops::Range;

use super::rules::{Rule, find};

/// Stands for what is not shown. Too short to pass for a secret if it is copied back.
const HIDDEN: &str = "***";

/// The value of a setting, as text, fit to be shown.
pub fn setting(key: &str, value: &str) -> String {
    match find(key) {
        Some((_, Rule::DatabaseUrl)) => database_url(value),
        Some((_, rule)) if rule.is_secret() && !value.is_empty() => HIDDEN.to_owned(),
        _ => value.to_owned(),
    }
}

/// The URL of a database without its password.
///
/// `postgres` takes a password with `/`, `?` or `@` in it as it is, where a URL parser would see a
/// host and a path. So nothing is parsed: whatever may be a password, in one reading or another, is
/// hidden, and a URL that is not understood is hidden as a whole.
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

/// What is between the first colon and the last `@`.
fn user_info(rest: &str) -> Option<Range<usize>> {
    let end = rest.rfind('@')?;
    Some(rest[..end].find(':')? + 1..end)
}

/// The values of `password=…`, which may be a parameter too, and be written with escapes.
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
    fn no_password_survives() {
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
    fn the_secret_is_hidden_and_its_absence_is_not() {
        assert_eq!(setting("auth.secret", "open sesame"), "***");
        assert_eq!(setting("auth.secret", ""), "");
        assert_eq!(setting("http.bind", "[::1]:80"), "[::1]:80");
    }
}
