//! What may be shown of a setting: everything but secrets.

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
/// `postgres` takes a password with `/`, `?` or `@` in it as it is, where a URL parser would see
/// a host and a path: so everything between the first colon and the last `@` is hidden, and a URL
/// that is not understood is hidden as a whole.
pub fn database_url(url: &str) -> String {
    if url.starts_with("sqlite://") {
        return url.to_owned();
    }
    let Some((scheme @ ("postgres" | "postgresql"), rest)) = url.split_once("://") else {
        return HIDDEN.to_owned();
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user_info, rest)) => match user_info.split_once(':') {
            Some((user, _)) => (format!("{user}:{HIDDEN}@"), rest),
            None => (format!("{user_info}@"), rest),
        },
        None => (String::new(), rest),
    };
    let shown = match rest.split_once('?') {
        Some((rest, parameters)) => {
            let parameters: Vec<_> = parameters.split('&').map(parameter).collect();
            format!("{rest}?{}", parameters.join("&"))
        }
        None => rest.to_owned(),
    };
    format!("{scheme}://{user}{shown}")
}

/// `password=…` may be a parameter too, and be written with escapes.
fn parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if name.contains("pass") || name.contains('%') => {
            format!("{name}={HIDDEN}")
        }
        _ => parameter.to_owned(),
    }
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
