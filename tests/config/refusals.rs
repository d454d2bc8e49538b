//! The errors for unknown settings and wrong values.

use chatapp::config::redact_setting;

use super::operator::{SECRET, operator, with_file};

#[test]
fn an_unknown_setting_is_reported_with_its_place_and_a_suggestion() {
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
            "there is no setting server.bind (chatapp.toml, line 2): there is no section [server], and \
             the sections are [http], [database], [fleet], [auth], [external], [rooms], [limits], [previews], \
             [outbound], [hooks], [retention], [branding], [log]; did you mean \
             http.bind?",
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
            "[foo]\nx = 1",
            "there is no setting foo.x (chatapp.toml, line 2): there is no section [foo], and the \
             sections are [http], [database], [fleet], [auth], [external], [rooms], [limits], [previews], \
             [outbound], [hooks], [retention], [branding], [log]",
        ),
        (
            "[log]\nverbose = true",
            "there is no setting log.verbose (chatapp.toml, line 2): [log] has format, level",
        ),
        (
            "x = 1",
            "there is no setting x (chatapp.toml, line 1): a setting belongs to a section, and the \
             sections are [http], [database], [fleet], [auth], [external], [rooms], [limits], [previews], \
             [outbound], [hooks], [retention], [branding], [log]",
        ),
        (
            "http.bind.port = 1",
            "there is no setting http.bind.port (chatapp.toml, line 1): did you mean http.bind?",
        ),
        (
            "http = 5",
            "http in chatapp.toml, line 1 is a section: write [http], and its settings below it",
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
        ("CHATAPP_HTTP__PORT", ""),
        ("CHATAPP_BIND", "CHATAPP_HTTP__BIND"),
        ("CHATAPP_BIN", "CHATAPP_HTTP__BIND"),
        ("CHATAPP_PORT", ""),
        ("CHATAPP_SERVICE_HOST", ""),
        ("CHATAPP_", ""),
    ] {
        let problem = operator().env(name, SECRET).problem();
        let advice = match nearest {
            "" => "names are CHATAPP_SECTION__NAME".to_owned(),
            nearest => format!("did you mean {nearest}?"),
        };
        let expected = format!("there is no setting {name} (environment): {advice}");
        assert!(problem.starts_with(&expected), "{problem}");
        assert!(!problem.contains(SECRET));
    }
}

#[test]
fn a_wrong_value_is_reported_with_its_place_and_the_accepted_values() {
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
fn all_problems_are_reported_at_once() {
    let operator = with_file("[http]\nbind = \"x\"\nmax_conections = 1\n")
        .env("CHATAPP_LOG__FORMAT", "xml")
        .env("CHATAPP_NONSENSE", "1");
    let problems = operator.problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn a_secret_is_long_or_empty_and_is_not_shown_in_errors() {
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
