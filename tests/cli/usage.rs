//! Help, wrong usage, and output that cannot be written.

use super::shell::{Done, EMAIL, PASSWORD, Shell};

#[test]
fn help_names_every_command_and_has_examples() {
    let shell = Shell::new();
    let help = shell.run(&["--help"]).ok();
    for word in [
        "serve",
        "migrate",
        "create-admin",
        "list-rooms",
        "users",
        "sessions",
        "audit",
        "config",
        "openapi",
        "nodes",
        "Examples:",
    ] {
        assert!(help.contains(word), "no {word} in {help}");
    }
    for command in [
        "serve",
        "migrate",
        "create-admin",
        "list-rooms",
        "users",
        "sessions",
        "audit",
        "config",
        "doctor",
        "health",
        "stats",
        "tail",
        "nodes",
    ] {
        let help = shell.run(&[command, "--help"]).ok();
        assert!(help.contains("Examples:"), "{help}");
        assert!(help.contains("--database <URL>") && help.contains("--config <FILE>"), "{help}");
    }
    for command in [
        "list",
        "show",
        "set-role",
        "activate",
        "deactivate",
        "reset-password",
        "revoke-sessions",
        "delete",
    ] {
        let help = shell.run(&["users", command, "--help"]).ok();
        assert!(help.contains("Examples:"), "{help}");
    }
    assert!(shell.run(&["serve", "--help"]).ok().contains("[default: 127.0.0.1:8000]"));
    assert!(shell.run(&["list-rooms", "--help"]).ok().contains("[default: table]"));
    assert_eq!(shell.run(&["--version"]).ok(), format!("chatapp {}\n", env!("CARGO_PKG_VERSION")));
    assert!(shell.run(&["completions", "bash"]).ok().contains("create-admin"));
}

#[test]
fn every_command_has_a_manual_page() {
    let shell = Shell::new();
    shell.run(&["man", "pages"]).ok();
    let page = |name: &str| std::fs::read_to_string(shell.path().join("pages").join(name)).unwrap();
    assert!(page("chatapp.1").contains("chatapp\\-list\\-rooms(1)"));
    assert!(page("chatapp-create-admin.1").contains("\\-\\-username"));
    shell.write("taken", "");
    let error = shell.run(&["man", "taken"]).error();
    assert!(error.starts_with("the manual pages cannot be written to taken"), "{error}");
}

#[test]
fn the_openapi_command_needs_no_server() {
    let document = Shell::new().run(&["openapi"]).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{document}");
    assert!(document["paths"]["/auth/login"]["post"].is_object(), "{document}");
}

#[test]
fn wrong_usage_exits_with_2() {
    let shell = Shell::new();
    assert!(shell.run(&[]).usage().contains("Usage: chatapp"));
    assert!(shell.run(&["list-room"]).usage().contains("list-rooms"));
    assert!(shell.run(&["list-rooms", "--output", "xml"]).usage().contains("table, json"));
    assert!(shell.run(&["migrate", "--status", "--dry-run"]).usage().contains("cannot be used"));
    let arguments = ["create-admin", "--username", "ann", "--email", EMAIL, "--password", PASSWORD];
    assert!(shell.run(&arguments).usage().contains("--password"), "a password as an argument");
}

#[test]
fn a_closed_stdout_is_no_error_and_a_full_disk_is_one() {
    let shell = Shell::new();
    for arguments in [&["config", "show", "--output", "json"][..], &["completions", "zsh"]] {
        let mut child = shell.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let done = Done::from(child.wait_with_output().unwrap());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    }
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let done = shell.command(&["config", "show"]).stdout(full).output().unwrap();
    let error = Done::from(done).error();
    assert!(error.starts_with("the result cannot be written to stdout: "), "{error}");
}

/// clap wraps lines that are longer than the terminal, so a paragraph of several lines would be wrapped twice.
#[test]
fn paragraphs_of_the_help_fill_the_width_of_the_terminal() {
    for width in [80, 100] {
        let shell = Shell::new().env("COLUMNS", &width.to_string());
        for command in [
            &["nodes", "--help"][..],
            &["bench", "fleet", "--help"],
            &["rooms", "--help"],
            &["users", "--help"],
        ] {
            let help = shell.run(command).ok();
            let (_, end) = help.split_once("Examples:\n").unwrap();
            let lines: Vec<_> =
                end.trim_end().lines().skip_while(|line| !line.is_empty()).skip(1).collect();
            assert!(lines.len() > 1, "{help}");
            for pair in lines.windows(2) {
                let word = pair[1].split(' ').next().unwrap();
                assert!(pair[0].len() <= width, "{help}");
                assert!(pair[0].len() + 1 + word.len() > width, "{}: {help}", pair[0]);
            }
        }
    }
}
