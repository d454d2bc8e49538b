//! The settings that a running server can change when it reads its settings again.

use serde_json::Value;

use super::{Config, keys};

const LIVE: &[&str] = &[
    "http.allowed_origins",
    "http.trusted_proxies",
    "http.metrics_token",
    "auth.signup",
    "auth.admin_signup",
    "auth.reset_seconds",
    "auth.query_token",
    "auth.min_password_chars",
    "auth.login_failures_per_account",
    "auth.login_failures_per_address",
    "auth.login_window_seconds",
    "rooms.create",
    "limits.message_chars",
    "limits.frame_bytes",
    "limits.rooms_per_socket",
    "limits.sockets_per_user",
    "limits.sockets_per_address",
    "limits.sends_per_second",
    "limits.joins_per_second",
    "limits.searches_per_second",
    "limits.previews_per_second",
    "limits.signups_per_hour",
    "branding.name",
    "branding.logo",
    "branding.color",
    "log.level",
];

/// Whether a running server applies a change of this setting. Other changes need a restart.
pub fn is_live(key: &str) -> bool {
    LIVE.contains(&key)
}

/// Returns the keys (`section.name`) whose values differ.
pub fn changed(before: &Config, after: &Config) -> Vec<&'static str> {
    // Serialising plain values cannot fail.
    let values = [before, after].map(|config| serde_json::to_value(config).unwrap_or_default());
    let find = |values: &'_ Value, key: &str| {
        let (section, name) = key.split_once('.').unwrap_or_default();
        values[section][name].clone()
    };
    keys().filter(|key| find(&values[0], key) != find(&values[1], key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_live_key_exists_and_changes_are_found() {
        assert!(LIVE.iter().all(|live| keys().any(|key| key == *live)));
        let before = Config::default();
        let mut after = before.clone();
        after.http.bind = "127.0.0.1:1".into();
        after.limits.message_chars += 1;
        assert_eq!(changed(&before, &after), ["http.bind", "limits.message_chars"]);
        assert_eq!(changed(&before, &before), Vec::<&str>::new());
    }
}
