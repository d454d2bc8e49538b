//! The settings: which source wins, what is refused and in which words, what is never shown.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use chatapp::config::{
    AdminSignup, Config, Loaded, LogFormat, Problems, Sources, keys, load, redact_setting,
};

const SECRET: &str = "open-sesame-open-sesame-open-sesame";

/// What an operator has: a folder with a file, an environment and flags.
struct Operator {
    folder: tempfile::TempDir,
    sources: Sources,
}

fn operator() -> Operator {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chatapp.toml");
    let sources =
        Sources { file, file_is_required: false, environment: Vec::new(), flags: Vec::new() };
    Operator { folder, sources }
}

fn with_file(text: &str) -> Operator {
    let operator = operator();
    std::fs::write(&operator.sources.file, text).unwrap();
    operator
}

impl Operator {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, flag: &'static str, key: &'static str, value: &str) -> Self {
        self.sources.flags.push((flag, key, value.to_owned()));
        self
    }

    fn try_load(&self) -> Result<Loaded, Problems> {
        load(self.sources.clone())
    }

    #[track_caller]
    fn loads(&self) -> Config {
        self.try_load().unwrap_or_else(|problems| panic!("refused: {problems}")).config
    }

    /// The problems, with the folder's name taken out of them.
    #[track_caller]
    fn problems(&self) -> Vec<String> {
        let Err(Problems(problems)) = self.try_load() else { panic!("accepted") };
        let folder = format!("{}/", self.folder.path().display());
        problems.into_iter().map(|problem| problem.replace(&folder, "")).collect()
    }

    /// The only problem.
    #[track_caller]
    fn problem(&self) -> String {
        let mut problems = self.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }
}

#[test]
fn nothing_at_all_is_the_defaults() {
    let loaded = operator().try_load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.origins.len(), keys().count());
    assert!(loaded.origins.values().all(|origin| origin == "default"), "{:?}", loaded.origins);
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_defaults() {
    let operator = with_file("[http]\nbind = \"127.0.0.1:1\"\nmax_connections = 5\n");
    assert_eq!(operator.loads().http.bind, "127.0.0.1:1");
    let operator = operator.env("CHATAPP_HTTP__BIND", "127.0.0.1:2");
    assert_eq!(operator.loads().http.bind, "127.0.0.1:2");
    let operator = operator.flag("--bind", "http.bind", "127.0.0.1:3");
    let Loaded { config, origins } = operator.try_load().unwrap();
    assert_eq!(config.http.bind, "127.0.0.1:3");
    assert_eq!(config.http.max_connections, 5, "what the others do not speak of stays");
    assert_eq!(config.http.max_body_bytes, Config::default().http.max_body_bytes);
    assert_eq!(origins["http.bind"], "--bind");
    assert!(origins["http.max_connections"].ends_with("chatapp.toml, line 3"));
    assert_eq!(origins["http.max_body_bytes"], "default");
}

#[test]
fn the_usual_database_url_loses_against_ours_and_beats_the_file() {
    let operator = with_file("[database]\nurl = \"sqlite://file.db\"\n");
    // In either order of the environment, which has none.
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
fn the_environment_has_every_kind_of_value() {
    let config = operator()
        .env("CHATAPP_HTTP__ALLOWED_ORIGINS", "https://a.example, http://b.example:8080,")
        .env("CHATAPP_AUTH__ADMIN_SIGNUP", "off")
        // A text of digits stays a text.
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
fn an_empty_variable_is_not_set_and_empties_a_list() {
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
fn only_our_variables_are_read() {
    operator()
        .env("PATH", "/bin")
        .env("CHATAPPX__Y", "1")
        // Kubernetes, where a service is called chatapp; and our own tests.
        .env("CHATAPP_SERVICE_HOST", "10.0.0.1")
        .env("CHATAPP_PORT_8000_TCP_ADDR", "10.0.0.1")
        .env("CHATAPP_TEST_KILLS", "5")
        .loads();
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_one() {
    for (text, expected) in [
        (
            "[http]\n\nbnd = \"x\"",
            "there is no setting http.bnd (chatapp.toml, line 3): did you mean http.bind?",
        ),
        (
            "bind = \"127.0.0.1:1\"",
            "there is no setting bind (chatapp.toml, line 1): did you mean http.bind?",
        ),
        (
            "[server]\nbind = \"x\"",
            "there is no setting server.bind (chatapp.toml, line 2): did you mean http.bind?",
        ),
        (
            "[auth]\nSecret = \"x\"",
            "there is no setting auth.Secret (chatapp.toml, line 2): did you mean auth.secret?",
        ),
        (
            "[limit]\n",
            "there is no setting limit (chatapp.toml, line 1): did you mean limits.message_chars?",
        ),
        (
            "http.bind.port = 1",
            "there is no setting http.bind.port (chatapp.toml, line 1): did you mean http.bind?",
        ),
        (
            "http = 5",
            "http in chatapp.toml, line 1 is a section: write [http] and its settings below",
        ),
    ] {
        let problem = with_file(text).problem();
        assert_eq!(problem, expected);
    }
    for (name, nearest) in [
        ("CHATAPP_HTTP_BIND", "CHATAPP_HTTP__BIND"),
        ("CHATAPP_DATABASE_URL", "CHATAPP_DATABASE__URL"),
        ("CHATAPP_AUTH__SECRETS", "CHATAPP_AUTH__SECRET"),
        ("CHATAPP_http__bind", "CHATAPP_HTTP__BIND"),
        ("CHATAPP_", ""),
    ] {
        let problem = operator().env(name, SECRET).problem();
        let expected = format!("there is no setting {name} (environment): did you mean {nearest}");
        assert!(problem.starts_with(&expected), "{problem}");
        assert!(!problem.contains(SECRET));
    }
}

#[test]
fn a_wrong_value_is_named_with_its_place_and_what_is_accepted() {
    let number = "it takes a whole number from 4 to 31";
    for (value, shown) in [
        ("\"12\"", "\"12\""),
        ("12.0", "12.0"),
        ("true", "true"),
        ("3", "3"),
        ("32", "32"),
        ("-1", "-1"),
        ("99999999999999999999", "\"99999999999999999999\""),
        ("[12]", "[12]"),
        ("{}", "an empty section"),
        ("2025-01-31", "\"2025-01-31\""),
    ] {
        let operator = with_file(&format!("[auth]\nbcrypt_cost = {value}"));
        let expected = format!("auth.bcrypt_cost is {shown} in chatapp.toml, line 2: {number}");
        assert_eq!(operator.problem(), expected);
    }
    assert_eq!(
        operator().env("CHATAPP_AUTH__BCRYPT_COST", "twelve").problem(),
        format!("auth.bcrypt_cost is \"twelve\" in CHATAPP_AUTH__BCRYPT_COST: {number}")
    );
    assert_eq!(
        operator().env("CHATAPP_AUTH__ADMIN_SIGNUP", "on").problem(),
        "auth.admin_signup is \"on\" in CHATAPP_AUTH__ADMIN_SIGNUP: it takes \"first\" or \"off\""
    );
    assert!(with_file("[http]\nbind = 8000").problem().contains("127.0.0.1:8000"));
}

#[test]
fn every_problem_is_told_at_once() {
    let operator = with_file("[http]\nbind = \"x\"\nmax_conections = 1\n")
        .env("CHATAPP_LOG__FORMAT", "xml")
        .env("CHATAPP_NONSENSE", "1");
    let problems = operator.problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn only_the_value_that_counts_is_judged() {
    // Another program's variable, which ours overrides.
    let config = operator().env("DATABASE_URL", "").env("CHATAPP_DATABASE__URL", "sqlite://a.db");
    assert_eq!(config.loads().database.url, "sqlite://a.db");
    let operator = with_file("[http]\nbind = \"nowhere\"").env("CHATAPP_HTTP__BIND", "[::1]:0");
    assert_eq!(operator.loads().http.bind, "[::1]:0");
}

#[test]
fn addresses() {
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
fn origins() {
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
    ] {
        let problem = operator().env("CHATAPP_HTTP__ALLOWED_ORIGINS", almost).problem();
        assert!(problem.ends_with(&format!("write \"{meant}\"")), "{problem}");
    }
    let mixed = with_file("[http]\nallowed_origins = [\"https://a.example\", 5]").problem();
    assert!(mixed.contains("is [\"https://a.example\", 5] in chatapp.toml, line 2"), "{mixed}");
}

#[test]
fn numbers_have_both_ends() {
    let config = serde_json::to_value(Config::default()).unwrap();
    let mut numbers = 0;
    for key in keys() {
        let (section, name) = key.split_once('.').unwrap();
        if !config[section][name].is_number() {
            continue;
        }
        numbers += 1;
        for bad in ["0", "-1", "1.5", "1e3", "ten", &u64::MAX.to_string(), &i64::MAX.to_string()] {
            let variable = format!("CHATAPP_{}__{}", section.to_uppercase(), name.to_uppercase());
            let problem = operator().env(&variable, bad).problem();
            assert!(problem.contains("it takes a whole number from "), "{problem}");
        }
    }
    assert_eq!(numbers, 16);
}

#[test]
fn levels() {
    for good in ["off", "error", "TRACE", "info,chatapp::http=debug", "warn,hyper=off"] {
        operator().env("CHATAPP_LOG__LEVEL", good).loads();
    }
    for bad in ["info,chatapp=loud", "a=b=c", "  "] {
        let problem = operator().env("CHATAPP_LOG__LEVEL", bad).problem();
        assert!(problem.contains("it takes error, warn, info"), "{problem}");
    }
}

#[test]
fn a_secret_is_long_or_empty_and_never_repeated() {
    let short = "open-sesame-open-sesame-open-se"; // 31 bytes
    for operator in [
        operator().env("CHATAPP_AUTH__SECRET", short),
        with_file(&format!("[auth]\nsecret = \"{short}\"")),
        with_file(&format!("[auth]\nsecret = [\"{short}\"]")),
        with_file(&format!("[auth]\nsecret = \"{short}")),
        with_file(&format!("[auth]\nsecret = {short}")),
        with_file(&format!("[auth]\nsecret = \"{short}\"\nsecret = \"{short}\"")),
        with_file(&format!("[database]\nurl = [\"{short}\"]")),
        with_file(&format!("[database]\nurls = \"{short}\"")),
    ] {
        for problem in operator.problems() {
            assert!(!problem.contains("sesame"), "{problem}");
            assert!(
                problem.contains("chatapp.toml, line") || problem.contains("CHATAPP_AUTH__SECRET")
            );
        }
    }
    assert_eq!(with_file("[auth]\nsecret = \"\"").loads().auth.secret, "");
    assert_eq!(operator().env("CHATAPP_AUTH__SECRET", SECRET).loads().auth.secret, SECRET);
    assert_eq!(redact_setting("auth.secret", SECRET), "***");
    let url = redact_setting("database.url", "postgres://ann:sesame@db/chat");
    assert_eq!(url, "postgres://ann:***@db/chat");
}

#[test]
fn files_that_cannot_be_used() {
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
    let operator = operator();
    std::fs::write(&operator.sources.file, b"[http]\nbind = \"\xff\"").unwrap();
    assert_eq!(operator.problem(), "chatapp.toml is not UTF-8 text: save it as UTF-8");
    std::fs::remove_file(&operator.sources.file).unwrap();
    std::fs::create_dir(&operator.sources.file).unwrap();
    assert!(operator.problem().starts_with("chatapp.toml cannot be read: "));
}

#[test]
fn text_that_is_not_unicode() {
    let mut operator = operator();
    let bytes = OsString::from_vec(b"sqlite://\xff.db".to_vec());
    operator.sources.environment.push(("CHATAPP_DATABASE__URL".into(), bytes.clone()));
    assert_eq!(operator.problem(), "CHATAPP_DATABASE__URL (environment) is not UTF-8 text");
    operator.sources.environment = vec![("OTHER".into(), bytes.clone()), (bytes, "x".into())];
    operator.loads();
}

/// `chatapp.toml.example` with every setting taken out of its comment.
fn example() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("chatapp.toml.example");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix('#') {
        // A comment has a blank after its sign, a setting has none.
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_lists_every_setting_with_its_default() {
    let loaded = with_file(&example()).try_load().unwrap();
    assert_eq!(loaded.config, Config::default());
    for (key, origin) in loaded.origins {
        assert!(origin.contains("line"), "{key} is not in chatapp.toml.example");
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
