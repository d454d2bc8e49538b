//! The order of the sources, and how each source is read.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use chatapp::config::{AdminSignup, Config, Loaded, LogFormat, keys, load};

use super::operator::{SECRET, operator, with_file};

#[test]
fn without_any_source_the_defaults_apply() {
    let loaded = operator().try_load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.origins.len(), keys().count());
    assert!(loaded.origins.values().all(|origin| origin == "default"), "{:?}", loaded.origins);
}

#[test]
fn a_flag_overrides_the_environment_which_overrides_the_file() {
    let operator = with_file("[http]\nbind = \"127.0.0.1:1\"\nmax_connections = 5\n");
    assert_eq!(operator.loads().http.bind, "127.0.0.1:1");
    let operator = operator.env("CHATAPP_HTTP__BIND", "127.0.0.1:2");
    assert_eq!(operator.loads().http.bind, "127.0.0.1:2");
    let operator = operator.flag("--bind", "http.bind", "127.0.0.1:3");
    let Loaded { config, origins, .. } = operator.try_load().unwrap();
    assert_eq!(config.http.bind, "127.0.0.1:3");
    assert_eq!(config.http.max_connections, 5, "a setting that only the file has is kept");
    assert_eq!(config.http.max_body_bytes, Config::default().http.max_body_bytes);
    assert_eq!(origins["http.bind"], "--bind");
    assert!(origins["http.max_connections"].ends_with("chatapp.toml, line 3"));
    assert_eq!(origins["http.max_body_bytes"], "default");
}

#[test]
fn database_url_overrides_the_file_and_is_overridden_by_our_own_variable() {
    let operator = with_file("[database]\nurl = \"sqlite://file.db\"\n");
    // An environment has no order, so the order of the two variables must not matter.
    for names in
        [["CHATAPP_DATABASE__URL", "DATABASE_URL"], ["DATABASE_URL", "CHATAPP_DATABASE__URL"]]
    {
        let mut sources = operator.sources.clone();
        for name in names {
            sources.environment.push((name.into(), format!("sqlite://{name}.db").into()));
        }
        let loaded = load(sources).unwrap();
        assert_eq!(loaded.config.database.url, "sqlite://CHATAPP_DATABASE__URL.db");
    }
    let operator = operator.env("DATABASE_URL", "sqlite://usual.db");
    assert_eq!(operator.loads().database.url, "sqlite://usual.db");
    let operator = operator.env("CHATAPP_DATABASE__URL", "");
    assert_eq!(operator.loads().database.url, "sqlite://usual.db", "empty is not set");
    let operator = operator.flag("--database", "database.url", "sqlite://flag.db");
    assert_eq!(operator.loads().database.url, "sqlite://flag.db");
}

#[test]
fn a_variable_can_set_every_type_of_value() {
    let config = operator()
        .env("CHATAPP_HTTP__ALLOWED_ORIGINS", "https://a.example, http://b.example:8080,")
        .env("CHATAPP_AUTH__ADMIN_SIGNUP", "off")
        // A text setting that consists of digits is not read as a number.
        .env("CHATAPP_AUTH__SECRET", "01234567890123456789012345678901")
        .env("CHATAPP_AUTH__BCRYPT_COST", " 4 ")
        .env("CHATAPP_LOG__FORMAT", "json")
        .env("CHATAPP_LOG__LEVEL", "warn,chatapp::http=debug")
        .loads();
    assert_eq!(config.http.allowed_origins, ["https://a.example", "http://b.example:8080"]);
    assert_eq!(config.auth.admin_signup, AdminSignup::Off);
    assert_eq!(config.auth.secret, "01234567890123456789012345678901");
    assert_eq!(config.auth.bcrypt_cost, 4);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.level, "warn,chatapp::http=debug");
}

#[test]
fn an_empty_variable_empties_a_list_and_counts_as_unset_elsewhere() {
    let operator = with_file(&format!(
        "[http]\nallowed_origins = [\"https://a.example\"]\n[auth]\nsecret = \"{SECRET}\"\n"
    ));
    let config = operator
        .env("CHATAPP_HTTP__ALLOWED_ORIGINS", "")
        .env("CHATAPP_AUTH__SECRET", "")
        .env("CHATAPP_AUTH__BCRYPT_COST", "")
        .env("DATABASE_URL", "")
        .loads();
    assert!(config.http.allowed_origins.is_empty());
    assert_eq!(config.auth.secret, SECRET);
    assert_eq!(config.auth.bcrypt_cost, 12);
    assert_eq!(config.database.url, Config::default().database.url);
}

#[test]
fn variables_of_other_programs_are_ignored() {
    let loaded = operator()
        .env("PATH", "/bin")
        .env("CHATAPPX__Y", "1")
        .env("RUST_LOG", "loud")
        // The project's own tests use this variable.
        .env("CHATAPP_TEST_KILLS", "5")
        .try_load()
        .unwrap();
    assert_eq!(loaded.warnings, [""; 0]);
}

/// Kubernetes sets these variables if a service is called chatapp or chatapp-web.
#[test]
fn variables_of_kubernetes_are_a_warning_and_misspelt_settings_an_error() {
    let of_kubernetes = [
        ("CHATAPP_PORT", "tcp://10.0.0.1:8000"),
        ("CHATAPP_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        ("CHATAPP_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ("CHATAPP_PORT_8000_TCP_PORT", "8000"),
        ("CHATAPP_PORT_8000_TCP_PROTO", "tcp"),
        ("CHATAPP_PORT_53_UDP", "udp://[fd00::1]:53"),
        ("CHATAPP_SERVICE_HOST", "10.0.0.1"),
        ("CHATAPP_SERVICE_PORT", "8000"),
        ("CHATAPP_SERVICE_PORT_HTTP_ALT", "8000"),
        ("CHATAPP_WEB_SERVICE_HOST", "fd00::1"),
        ("CHATAPP_WEB_PORT", "tcp://10.0.0.1:8000"),
    ];
    let mut cluster = operator();
    for (name, value) in of_kubernetes {
        cluster = cluster.env(name, value);
    }
    let warnings = cluster.try_load().unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for (name, _) in of_kubernetes {
        assert!(warnings[0].contains(name), "{warnings:?}");
    }
    for (name, value) in [
        ("CHATAPP_PORT", "9"),
        ("CHATAPP_PORT", ""),
        ("CHATAPP_PORT", "http://10.0.0.1:8000"),
        ("CHATAPP_PORT_8000_TCP", "8000"),
        ("CHATAPP_PORT_8000_TCP_PORT", "8001"),
        ("CHATAPP_PORT_8000_TCP_NAME", "tcp"),
        ("CHATAPP_PORT_HTTP", "8000"),
        ("CHATAPP_SERVICE_HOST", "chat.example.com"),
        ("CHATAPP_SERVICE_PORT", "http"),
        ("CHATAPP_SERVICE_PORTS", "8000"),
        ("CHATAPP_HTTP__PORT", "tcp://10.0.0.1:8000"),
    ] {
        let problem = operator().env(name, value).problem();
        assert!(problem.starts_with(&format!("there is no setting {name} ")), "{problem}");
    }
}

#[test]
fn a_wrong_value_that_is_overridden_is_no_error() {
    // DATABASE_URL may be another program's; our own variable overrides it.
    let config = operator().env("DATABASE_URL", "").env("CHATAPP_DATABASE__URL", "sqlite://a.db");
    assert_eq!(config.loads().database.url, "sqlite://a.db");
    let operator = with_file("[http]\nbind = \"nowhere\"").env("CHATAPP_HTTP__BIND", "[::1]:0");
    assert_eq!(operator.loads().http.bind, "[::1]:0");
}

#[test]
fn a_file_that_cannot_be_used_is_reported() {
    let mut missing = operator();
    missing.sources.file_is_required = true;
    assert_eq!(
        missing.problem(),
        "there is no file chatapp.toml: name one that exists with --config"
    );
    assert_eq!(
        with_file("[http\nbind = 1").problem().split(':').next().unwrap(),
        "chatapp.toml, line 1"
    );
    let windows = "\u{feff}[http]\r\nbind = \"127.0.0.1:1\"\r\n";
    assert_eq!(with_file(windows).loads().http.bind, "127.0.0.1:1");
    let operator = operator();
    std::fs::write(&operator.sources.file, b"[http]\nbind = \"\xff\"").unwrap();
    assert_eq!(operator.problem(), "chatapp.toml is not UTF-8 text: save it as UTF-8");
    std::fs::remove_file(&operator.sources.file).unwrap();
    std::fs::create_dir(&operator.sources.file).unwrap();
    assert!(operator.problem().starts_with("chatapp.toml cannot be read: "));
}

#[test]
fn a_variable_that_is_not_utf_8_is_reported_if_it_is_a_setting() {
    let mut operator = operator();
    let bytes = OsString::from_vec(b"sqlite://\xff.db".to_vec());
    operator.sources.environment.push(("CHATAPP_DATABASE__URL".into(), bytes.clone()));
    assert_eq!(operator.problem(), "CHATAPP_DATABASE__URL (environment) is not UTF-8 text");
    operator.sources.environment = vec![("OTHER".into(), bytes.clone()), (bytes, "x".into())];
    operator.loads();
}
