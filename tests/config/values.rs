//! The values that each setting accepts.

use chatapp::config::{Config, keys};

use super::operator::{SECRET, operator, with_file};

#[test]
fn http_bind_takes_an_address_with_a_port() {
    for good in ["127.0.0.1:8000", "0.0.0.0:0", "[::1]:8000", "localhost:8000"] {
        assert_eq!(operator().flag("--bind", "http.bind", good).loads().http.bind, good);
    }
    for bad in ["8000", ":8000", "127.0.0.1", "localhost", "localhost:http", "1.2.3.4:70000", "::1"]
    {
        let problem = operator().flag("--bind", "http.bind", bad).problem();
        assert!(
            problem.starts_with(&format!("http.bind is \"{bad}\" in --bind: it takes an address"))
        );
    }
}

#[test]
fn allowed_origins_are_origins_in_full_and_near_misses_get_a_suggestion() {
    for good in [
        "https://chat.example.com",
        "http://localhost:5173",
        "http://[::1]:8080",
        "tauri://localhost",
    ] {
        operator().env("CHATAPP_HTTP__ALLOWED_ORIGINS", good).loads();
    }
    for bad in ["*", "chat.example.com", "https://", "null", "file:///x"] {
        let problem = operator().env("CHATAPP_HTTP__ALLOWED_ORIGINS", bad).problem();
        assert!(problem.contains("it takes a list of origins, such as"), "{problem}");
    }
    for (almost, meant) in [
        ("https://chat.example.com/", "https://chat.example.com"),
        ("https://chat.example.com/app", "https://chat.example.com"),
        ("https://Chat.Example.com", "https://chat.example.com"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        ("https://ann@chat.example.com?x", "https://chat.example.com"),
        ("htps://chat.example.com", "https://chat.example.com"),
        ("htp://chat.example.com", "http://chat.example.com"),
    ] {
        let problem = operator().env("CHATAPP_HTTP__ALLOWED_ORIGINS", almost).problem();
        assert!(problem.ends_with(&format!("write \"{meant}\"")), "{problem}");
    }
    let pattern = "https://*.example.com";
    let problem = operator().env("CHATAPP_HTTP__ALLOWED_ORIGINS", pattern).problem();
    assert!(problem.contains("each origin in full"), "{problem}");
    let mixed = with_file("[http]\nallowed_origins = [\"https://a.example\", 5]").problem();
    assert!(mixed.contains("is [\"https://a.example\", 5] in chatapp.toml, line 2"), "{mixed}");
}

#[test]
fn every_number_has_a_smallest_and_a_largest_value() {
    let config = serde_json::to_value(Config::default()).unwrap();
    let mut numbers = 0;
    for key in keys() {
        let (section, name) = key.split_once('.').unwrap();
        if !config[section][name].is_number() {
            continue;
        }
        numbers += 1;
        // In these settings 0 means "no limit".
        let has_zero = name.starts_with("login_failures_")
            || name.starts_with("sockets_per_")
            || [
                "sends_per_second",
                "joins_per_second",
                "searches_per_second",
                "previews_per_second",
                "signups_per_hour",
                "days",
            ]
            .contains(&name);
        let variable = format!("CHATAPP_{}__{}", section.to_uppercase(), name.to_uppercase());
        if has_zero {
            operator().env(&variable, "0").loads();
        }
        let too_small = if has_zero { "-2" } else { "0" };
        for bad in
            [too_small, "-1", "1.5", "1e3", "ten", &u64::MAX.to_string(), &i64::MAX.to_string()]
        {
            let problem = operator().env(&variable, bad).problem();
            assert!(problem.contains("it takes a whole number from "), "{problem}");
        }
    }
    assert!(numbers > 20, "only {numbers} settings were found to be numbers");
}

#[test]
fn the_name_and_the_colour_of_the_branding_are_checked() {
    for good in ["chatapp", "Tea & Cake", "茶", &"x".repeat(32)] {
        assert_eq!(operator().env("CHATAPP_BRANDING__NAME", good).loads().branding.name, good);
    }
    for bad in [" tea", "tea ", "two\nlines", &"x".repeat(33)] {
        let problem = operator().env("CHATAPP_BRANDING__NAME", bad).problem();
        assert!(problem.contains("it takes a name of 1 to 32 characters"), "{problem}");
    }
    for good in ["#fff", "#0d6b5f", "#ABCDEF"] {
        assert_eq!(operator().env("CHATAPP_BRANDING__COLOR", good).loads().branding.color, good);
    }
    for bad in ["red", "fff", "#ffff", "#12345g", "#fff;", "rgb(0,0,0)", "#ｆff", "#+f0"] {
        let problem = operator().env("CHATAPP_BRANDING__COLOR", bad).problem();
        assert!(problem.contains("it takes a colour, such as"), "{problem}");
    }
}

#[test]
fn trusted_proxies_are_addresses_and_networks() {
    for good in ["127.0.0.1", "10.0.0.0/8,fd00::/8", "::1", ""] {
        operator().env("CHATAPP_HTTP__TRUSTED_PROXIES", good).loads();
    }
    for bad in ["localhost", "10.0.0.0/33", "10.0.0.1:80", "*"] {
        let problem = operator().env("CHATAPP_HTTP__TRUSTED_PROXIES", bad).problem();
        assert!(problem.contains("it takes a list of addresses and networks"), "{problem}");
    }
}

#[test]
fn one_source_of_keys_belongs_together_with_an_issuer_and_an_audience() {
    let product = |key: &str, value: &str| {
        operator()
            .env("CHATAPP_EXTERNAL__ISSUER", "https://shop.example")
            .env("CHATAPP_EXTERNAL__AUDIENCE", "chat")
            .env(key, value)
    };
    let (jwks, secret) = ("CHATAPP_EXTERNAL__JWKS_URL", "CHATAPP_EXTERNAL__SECRET");
    for (key, value) in [
        (jwks, "https://shop.example/keys?v=1"),
        (jwks, "http://[::1]:8080/keys"),
        ("CHATAPP_EXTERNAL__PUBLIC_KEY", "/etc/chatapp/shop.pem"),
        (secret, SECRET),
    ] {
        let loaded = product(key, value).try_load().unwrap();
        assert_eq!(loaded.warnings, [""; 0]);
        let problems = operator().env(key, value).problems();
        assert_eq!(problems.len(), 2, "{problems:?}");
        for (problem, missing) in problems.iter().zip(["issuer", "audience"]) {
            assert!(
                problem.starts_with(&format!("external.{missing} must be set too")),
                "{problem}"
            );
        }
    }
    for bad in
        ["shop.example", "ftp://shop.example", "https://ann:sesame@shop.example/", "https://"]
    {
        let problem = product(jwks, bad).problem();
        assert!(problem.contains("it takes a URL that begins with https://"), "{problem}");
    }
    let loaded = product(jwks, "http://shop.example/keys").try_load().unwrap();
    assert!(loaded.warnings.concat().contains("begins with http://"), "{loaded:?}");
    let problem = product(jwks, "https://shop.example/").env(secret, SECRET).problem();
    assert!(problem.starts_with("external.jwks_url and external.secret are set"), "{problem}");
    let problem = product(secret, SECRET).env("CHATAPP_AUTH__SECRET", SECRET).problem();
    assert!(problem.contains("must not be a secret of [auth]") && !problem.contains(SECRET));
    let problem = product(secret, SECRET).env("CHATAPP_EXTERNAL__CLAIM_NAME", " name").problem();
    assert!(problem.contains("it takes a text of at most 255 characters"), "{problem}");
    let alone = operator().env("CHATAPP_EXTERNAL__ISSUER", "x").problem();
    assert!(alone.starts_with("external.issuer has no effect alone"), "{alone}");
    let problem = with_file("[external]\nclaim_subject = \"\"").problem();
    assert!(problem.starts_with("external.claim_subject must name a claim"), "{problem}");
}

#[test]
fn log_levels_are_checked_and_unknown_modules_are_a_warning() {
    for good in ["off", "error", "TRACE", "info,chatapp::http=debug", "warn,hyper=off"] {
        operator().env("CHATAPP_LOG__LEVEL", good).loads();
    }
    for bad in ["info,chatapp=loud", "a=b=c", "  ", ",", "loud", "info,loud", "loud,chatapp=info"] {
        let problem = operator().env("CHATAPP_LOG__LEVEL", bad).problem();
        assert!(problem.contains("it takes error, warn, info"), "{problem}");
    }
    for (good, doubt) in [
        ("info", ""),
        ("OFF", ""),
        ("info, chatapp::ws=debug", ""),
        ("chatapp=debug", ""),
        ("chatapp", ""),
        ("warn,tokio_postgres::connection=debug", ""),
        ("info,[request{user_id=1}]=trace", ""),
        ("info,chatap::http=debug", "log.level names \"chatap::http\""),
        ("info,chatapp::htpp=debug", "log.level names \"chatapp::htpp\""),
        ("hyper=debug", "log.level does not include chatapp"),
    ] {
        let loaded = operator().env("CHATAPP_LOG__LEVEL", good).try_load().unwrap();
        assert_eq!(loaded.warnings.len(), usize::from(!doubt.is_empty()), "{good}: {loaded:?}");
        assert!(loaded.warnings.concat().starts_with(doubt), "{good}: {loaded:?}");
    }
}

#[test]
fn every_field_has_a_rule() {
    let config = serde_json::to_value(Config::default()).unwrap();
    let mut fields = Vec::new();
    for (section, settings) in config.as_object().unwrap() {
        for name in settings.as_object().unwrap().keys() {
            fields.push(format!("{section}.{name}"));
        }
    }
    fields.sort();
    let mut known: Vec<_> = keys().collect();
    known.sort_unstable();
    assert_eq!(fields, known);
}
