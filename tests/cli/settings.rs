//! `chatapp config`, and the check of the settings by other commands.

use serde_json::json;

use super::shell::Shell;

#[test]
fn the_settings_are_shown_without_secrets() {
    let secret = "sesame".repeat(8);
    let shell = Shell::new()
        .env("DATABASE_URL", "postgres://ann:sesame@db/chat")
        .env("CHATAPP_AUTH__SECRET", &secret);
    shell.write("chatapp.toml", "[http]\nallowed_origins = [\"https://a.example\"]\n");
    let table = shell.run(&["config", "show"]).ok();
    assert!(!table.contains("sesame"), "{table}");
    let rows = shell.run(&["config", "show", "--output", "json"]).json();
    let row = |key: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
        (row["value"].clone(), row["source"].clone())
    };
    assert_eq!(row("database.url"), (json!("postgres://ann:***@db/chat"), json!("DATABASE_URL")));
    assert_eq!(row("auth.secret"), (json!("***"), json!("CHATAPP_AUTH__SECRET")));
    assert_eq!(
        row("http.allowed_origins"),
        (json!(["https://a.example"]), json!("chatapp.toml, line 2"))
    );
    assert_eq!(row("log.level"), (json!("info"), json!("default")));
    let flag = shell.run(&["--database", "sqlite://x.db", "config", "show"]).ok();
    assert!(flag.lines().any(|line| line.ends_with("--database")), "{flag}");
}

#[test]
fn config_check_reports_a_wrong_setting() {
    let shell = Shell::new();
    assert_eq!(shell.run(&["config", "check"]).ok(), "the settings are fine\n");
    shell.write("good.toml", "[log]\nlevel = \"debug\"\n");
    let good = ["config", "check", "--config", "good.toml"];
    assert_eq!(shell.run(&good).ok(), "the settings are fine (good.toml)\n");
    let error = shell.run(&["config", "check", "--config", "gone.toml"]).error();
    assert_eq!(error, "there is no file gone.toml: name one that exists with --config");
    shell.write("chatapp.toml", "[log]\nlevl = \"debug\"\n\n[auth]\nbcrypt_cost = 3\n");
    let bad = shell.run(&["config", "check"]);
    assert_eq!((bad.code, bad.stdout.as_str()), (1, ""));
    // The cost in the environment overrides the wrong one in the file, which is not reported.
    assert_eq!(
        bad.stderr,
        "error: there is no setting log.levl (chatapp.toml, line 2): did you mean log.level?\n"
    );
    let error = shell.run(&["list-rooms"]).error();
    assert!(error.contains("log.levl"), "a command ignores a wrong setting: {error}");
}

#[test]
fn a_doubtful_setting_is_a_warning() {
    let shell = Shell::new().env("CHATAPP_LOG__LEVEL", "info,chatap::http=debug");
    let done = shell.run(&["config", "check"]);
    assert!(done.stderr.starts_with("warning: log.level names \"chatap::http\""), "{done:?}");
    assert!(done.ok().starts_with("the settings are fine"));
}
