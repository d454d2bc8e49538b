//! `chatapp users`, `chatapp sessions` and `chatapp audit`.

use std::process::{Command, Stdio};

use chatapp::model::{Clock, NewSession, SessionId, UserId};
use serde_json::{Value, json};

use super::shell::{Done, PASSWORD, Shell, on_every_database};

/// Creates three accounts: the admin ann (#1), and the users anna (#2) and 10 (#3).
fn accounts(shell: &Shell) {
    for name in ["ann", "anna", "10"] {
        let email = format!("{name}@example.com");
        shell.create_admin(name, &email, PASSWORD.as_bytes()).ok();
    }
    for name in ["anna", "#3"] {
        shell.run(&["users", "set-role", name, "user", "--yes"]).ok();
    }
}

/// Opens a session, as signing in does.
fn sign_in(shell: &Shell, user_id: i64, session: u128) {
    let created_at = Clock::System.now();
    let (id, user_id) = (SessionId(session), UserId(user_id));
    let expires_at = created_at.plus_seconds(600);
    let new = NewSession { id, user_id, created_at, expires_at };
    let backend = shell.backend();
    let user = backend.get_user(user_id).unwrap().unwrap();
    let hash = backend.get_credentials(&user.username).unwrap().unwrap().password_hash;
    assert!(backend.create_session(&new, &hash).unwrap());
}

/// Returns a command's output as JSON.
fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

#[test]
fn accounts_are_listed_and_shown() {
    on_every_database(|shell| {
        let missing = shell.run(&["users", "list"]).error();
        assert!(missing.contains("chatapp migrate"), "{missing}");
        shell.run(&["migrate"]).ok();
        let empty = shell.run(&["users", "list"]);
        assert!(empty.stderr.contains("create-admin"), "{empty:?}");
        assert_eq!(empty.ok(), "");

        accounts(&shell);
        sign_in(&shell, 2, 1);
        let listed = json_of(&shell, &["users", "list"]);
        let summary: Vec<Value> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|user| {
                json!([user["id"], user["username"], user["email"], user["role"], user["sessions"]])
            })
            .collect();
        assert_eq!(
            Value::from(summary),
            json!([
                [1, "ann", "ann@example.com", "admin", 0],
                [2, "anna", "anna@example.com", "user", 1],
                [3, "10", "10@example.com", "user", 0],
            ])
        );
        let table = shell.run(&["users", "list", "--query", "NNA@"]).ok();
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split_whitespace().collect()).collect();
        let headers =
            ["ID", "USERNAME", "EMAIL", "ROLE", "ACTIVE", "SESSIONS", "CREATED", "AT", "NAME"];
        assert_eq!(lines[0], headers);
        assert_eq!(lines[1][..6], ["2", "anna", "anna@example.com", "user", "yes", "1"]);
        assert_eq!(lines.len(), 2);

        assert_eq!(json_of(&shell, &["users", "show", "ANNA"]), listed[1]);
        assert!(shell.run(&["users", "show", "2"]).ok().contains("username    anna\n"));
    });
}

#[test]
fn an_account_is_found_by_name_email_or_number_and_a_misspelt_name_gets_a_suggestion() {
    let shell = Shell::new();
    accounts(&shell);
    let id = |name: &str| json_of(&shell, &["users", "show", name])["id"].clone();
    for (name, expected) in [("ann", 1), ("#1", 1), ("1", 1), ("10", 3), ("#3", 3), ("3", 3)] {
        assert_eq!(id(name), expected, "{name}");
    }
    for (email, expected) in [("anna@example.com", 2), (" ANNA@Example.com ", 2)] {
        assert_eq!(id(email), expected, "{email}");
    }
    let error = |name: &str| shell.run(&["users", "show", name]).error();
    assert_eq!(error("anm"), "there is no user anm: did you mean ann?");
    assert_eq!(error("annna"), "there is no user annna: did you mean anna?");
    assert_eq!(error("#7"), "there is no user #7: `chatapp users list` shows who there is");
    for name in ["zebra", "#x", "-1", "99999999999999999999", "ann\u{e9}lise"] {
        assert!(shell.run(&["users", "show", "--", name]).error().contains("no user"), "{name}");
    }
    // A name that is also another account's number is ambiguous.
    for n in 4..11 {
        let (name, email) = (format!("user{n}"), format!("user{n}@example.com"));
        shell.create_admin(&name, &email, PASSWORD.as_bytes()).ok();
    }
    let both = "10 is the name of #3 and the number of user10: write #3 or #10";
    assert_eq!(error("10"), both);
    assert_eq!(shell.run(&["users", "delete", "10", "--yes"]).error(), both);
}

#[test]
fn users_commands_change_accounts_and_keep_one_admin() {
    on_every_database(|shell| {
        accounts(&shell);
        let run = |arguments: &[&str]| shell.run(&[&["users"], arguments].concat());
        sign_in(&shell, 2, 1);
        let said = run(&["set-role", "anna", "admin"]).ok();
        assert_eq!(said, "the role of anna (#2) is now admin; 1 session ended\n");
        assert_eq!(
            run(&["set-role", "anna", "admin"]).ok(),
            "the role of anna (#2) is already admin\n"
        );
        assert!(run(&["set-role", "anna", "root"]).usage().contains("user, admin"));

        sign_in(&shell, 2, 2);
        sign_in(&shell, 2, 3);
        let off = json_of(&shell, &["users", "deactivate", "#2", "--yes"]);
        assert_eq!((&off["is_active"], &off["sessions"]), (&json!(false), &json!(0)));
        assert_eq!(run(&["deactivate", "anna"]).ok(), "anna (#2) is not active already\n");
        let last = "this is the last active admin: make another account an admin first";
        for arguments in [
            &["set-role", "ann", "user", "--yes"][..],
            &["deactivate", "ann", "--yes"],
            &["delete", "ann", "--yes"],
            &["delete", "ann", "--dry-run"],
        ] {
            assert_eq!(run(arguments).error(), last, "{arguments:?}");
        }
        assert_eq!(run(&["activate", "anna"]).ok(), "anna (#2) is active again\n");

        sign_in(&shell, 2, 4);
        let revoked = json_of(&shell, &["users", "revoke-sessions", "anna", "--yes"]);
        assert_eq!(revoked, json!({ "revoked": 1 }));
        assert_eq!(run(&["revoke-sessions", "anna"]).ok(), "0 sessions of anna (#2) ended\n");

        let before = json_of(&shell, &["users", "show", "anna"]);
        let dry = run(&["delete", "anna", "--dry-run"]).ok();
        assert!(dry.contains("deleted-2") && dry.contains("anna@example.com"), "{dry}");
        assert_eq!(json_of(&shell, &["users", "delete", "anna", "--dry-run"]), before);
        assert_eq!(json_of(&shell, &["users", "show", "anna"]), before);
        let deleted = json_of(&shell, &["users", "delete", "anna", "--yes"]);
        assert_eq!(deleted, json!({ "id": 2, "username": "deleted-2" }));
        for name in ["anna", "#2", "deleted-2"] {
            assert!(run(&["show", name]).error().starts_with("there is no user"), "{name}");
        }
    });
}

#[test]
fn sessions_begun_while_the_command_asks_are_counted_as_ended() {
    on_every_database(|shell| {
        accounts(&shell);
        for (n, arguments, said) in [
            (
                1,
                &["users", "deactivate", "anna"][..],
                "anna (#2) is not active any more; 2 sessions ended",
            ),
            (3, &["users", "revoke-sessions", "anna"], "2 sessions of anna (#2) ended"),
        ] {
            shell.run(&["users", "activate", "anna"]).ok();
            sign_in(&shell, 2, n);
            let question = shell.ask(arguments);
            assert!(question.said.contains("(1 session)"), "{}", question.said);
            sign_in(&shell, 2, n + 1);
            let answer = question.yes();
            assert!(answer.contains(said), "{answer}");
        }
        sign_in(&shell, 2, 5);
        let question = shell.ask(&["users", "deactivate", "anna"]);
        shell.run(&["users", "deactivate", "anna", "--yes"]).ok();
        let answer = question.yes();
        assert!(answer.contains("anna (#2) is not active already"), "{answer}");
    });
}

#[test]
fn reset_password_sets_a_password_or_makes_a_link() {
    on_every_database(|shell| {
        accounts(&shell);
        sign_in(&shell, 2, 1);
        let reset = ["users", "reset-password", "anna", "--password-stdin"];
        let unasked = shell.run_with_stdin(&reset, b"another staple\n").error();
        assert!(unasked.contains("--yes"), "{unasked}");
        let reset = [&reset[..], &["--yes"]].concat();
        for (password, reason) in [("short", "at least 8"), ("anna@example.com", "the email")] {
            let error = shell.run_with_stdin(&reset, password.as_bytes()).error();
            assert!(error.starts_with("password ") && error.contains(reason), "{error}");
        }
        let said = shell.run_with_stdin(&reset, b"another staple\r\n").ok();
        assert_eq!(said, "anna (#2) has a new password; 1 session ended\n");
        let hash = shell.backend().get_credentials("anna").unwrap().unwrap().password_hash;
        assert!(bcrypt::verify("another staple", &hash).unwrap());

        let link = ["users", "reset-password", "anna", "--link"];
        let made = json_of(&shell, &link);
        let token = made["token"].as_str().unwrap();
        assert_eq!(made["url"], format!("http://localhost:8000/#reset={token}"));
        let at = ["users", "reset-password", "anna", "--link", "--url", "https://x.example/chat/"];
        let done = shell.run(&at);
        assert!(done.stderr.contains("anna (#2)"), "{done:?}");
        let url = done.ok();
        assert!(url.starts_with("https://x.example/chat/#reset=") && url.ends_with('\n'), "{url}");
        let wrong = shell.run(&["users", "reset-password", "anna", "--link", "--url", "x.example"]);
        assert!(wrong.usage().contains("https://chat.example.com"));
        let both = shell.run(&["users", "reset-password", "anna", "--link", "--password-stdin"]);
        assert!(both.usage().contains("cannot be used with"));
        assert_eq!(shell.backend().get_credentials("anna").unwrap().unwrap().password_hash, hash);
    });
}

#[test]
fn sessions_and_the_audit_log_are_listed() {
    on_every_database(|shell| {
        shell.run(&["migrate"]).ok();
        let nothing = shell.run(&["audit", "list"]);
        assert!(nothing.stderr.contains("nothing has been administered"), "{nothing:?}");
        accounts(&shell);
        let nobody = shell.run(&["sessions", "list"]);
        assert!(nobody.stderr.contains("nobody is signed in"), "{nobody:?}");
        sign_in(&shell, 1, 1);
        sign_in(&shell, 3, 2);
        let listed = json_of(&shell, &["sessions", "list"]);
        assert_eq!(listed.as_array().unwrap().len(), 2);
        let own = json_of(&shell, &["sessions", "list", "--user", "#3"]);
        assert_eq!(own.as_array().unwrap().len(), 1);
        assert_eq!((&own[0]["username"], &own[0]["user_id"]), (&json!("10"), &json!(3)));
        assert_eq!(own[0]["id"], format!("{:032x}", 2));
        let anna = shell.run(&["sessions", "list", "--user", "anna"]);
        assert!(anna.stderr.contains("anna (#2) is not signed in"), "{anna:?}");

        let log = json_of(&shell, &["audit", "list"]);
        let whoami = Command::new("id").arg("-un").output().unwrap().stdout;
        let whoami = String::from_utf8(whoami).unwrap();
        let summary: Vec<Value> = log
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                assert_eq!(
                    (&entry["via"], entry["actor"].as_str()),
                    (&json!("cli"), Some(whoami.trim()))
                );
                json!([entry["action"], entry["target"], entry["detail"]])
            })
            .collect();
        let update = |target: &str| json!(["user.update", target, { "role": "user" }]);
        let create = |target: &str| json!(["user.create", target, { "role": "admin" }]);
        let expected = json!([
            update("user #3"),
            update("user #2"),
            create("user #3"),
            create("user #2"),
            create("user #1"),
        ]);
        assert_eq!(Value::from(summary), expected);
        let ids: Vec<String> =
            log.as_array().unwrap().iter().map(|entry| entry["id"].to_string()).collect();
        let page = json_of(&shell, &["audit", "list", "--limit", "2", "--before", &ids[1]]);
        assert_eq!(page, json!([log[2], log[3]]));
        let table = shell.run(&["audit", "list", "--limit", "1"]).ok();
        assert!(table.contains(r#"{"role":"user"}"#) && table.lines().count() == 2, "{table}");
        assert!(shell.run(&["audit", "list", "--limit", "0"]).usage().contains("--limit"));
    });
}

/// On a terminal, the command asks, and changes nothing unless the answer is yes.
#[test]
fn commands_that_cannot_be_undone_ask_first() {
    let shell = Shell::new();
    accounts(&shell);
    let error = shell.run(&["users", "delete", "anna"]).error();
    assert_eq!(
        error,
        "anna (#2), anna@example.com, will be deleted for good, and there is no terminal to ask \
         on: add --yes if that is meant"
    );
    for (answer, is_done) in [("n\n", false), ("\n", false), ("", false), ("Yes\n", true)] {
        let done = on_a_terminal(&shell, "users delete anna", answer);
        let question = "anna (#2), anna@example.com, will be deleted for good. Go on? [y/N]";
        assert!(done.stdout.contains(question), "{done:?}");
        assert_eq!(done.stdout.contains("nothing was done"), !is_done, "{done:?}");
        assert_eq!(done.code, i32::from(!is_done), "{done:?}");
        assert_eq!(shell.run(&["users", "show", "anna"]).code, i32::from(is_done));
    }
    let typed = "y\nanother staple\nanother staple\n";
    let done = on_a_terminal(&shell, "users reset-password '#3'", typed);
    assert!(done.stdout.contains("Password: ") && done.stdout.contains("Again: "), "{done:?}");
    assert!(done.stdout.contains("10 (#3) has a new password"), "{done:?}");
    assert!(!done.stdout.contains("another staple"), "the typed password is shown: {done:?}");
}

/// Runs a command on a new terminal. `stdout` of the result is everything that the terminal shows.
fn on_a_terminal(shell: &Shell, command: &str, typed: &str) -> Done {
    let line = format!("'{}' {command}", env!("CARGO_BIN_EXE_chatapp"));
    let mut script = Command::new("script");
    let mut child = script
        .args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"])
        .current_dir(shell.path())
        .envs(shell.environment.clone())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`script` can be run: install util-linux");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes()).unwrap();
    Done::from(child.wait_with_output().unwrap())
}
