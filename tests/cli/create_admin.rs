//! `chatapp create-admin`.

use std::process::{Command, Stdio};

use chatapp::model::Role;

use super::shell::{Done, EMAIL, PASSWORD, Shell, on_every_database};

#[test]
fn an_admin_is_created_in_a_new_database() {
    on_every_database(|shell| {
        let said = shell.create_admin("ann", EMAIL, b"open sesame\r\n").ok();
        let expected = format!("ann is now an admin of the new database {}", shell.url());
        assert_eq!(said.trim_end(), expected);
        let ann = shell.backend().get_credentials("ANN").unwrap().unwrap();
        assert_eq!((ann.user.email.as_str(), ann.user.role), (EMAIL, Role::Admin));
        assert!(ann.password_hash.starts_with("$2b$04$"), "{}", ann.password_hash);
        assert!(bcrypt::verify(PASSWORD, &ann.password_hash).unwrap());
    });
}

#[test]
fn admins_are_created_beside_a_running_server() {
    on_every_database(|shell| {
        shell.run(&["migrate"]).ok();
        let server = shell.backend();
        assert!(!server.has_admin().unwrap());
        let said = shell.create_admin("ann", EMAIL, b"open sesame").ok();
        assert!(said.contains("admin of the database "), "{said}");
        shell.create_admin("bo", "bo@example.com", b"open sesame\n").ok();
        assert!(server.get_credentials("bo").unwrap().is_some());

        let error = shell.create_admin("Ann", "other@example.com", b"open sesame").error();
        assert_eq!(error, "the username Ann is taken: choose another with --username");
        let error = shell.create_admin("cy", "ANN@example.com", b"open sesame").error();
        assert_eq!(error, "the email ANN@example.com is taken: choose another with --email");
    });
}

#[test]
fn create_admin_checks_the_rules_of_sign_up() {
    let shell = Shell::new();
    let done = shell.create_admin("a b", "nowhere", b"short");
    assert_eq!(done.code, 1);
    let fields: Vec<_> = done.stderr.lines().map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(fields, [Some("username"), Some("email"), Some("password")], "{}", done.stderr);
    for (password, reason) in [
        (b"".as_slice(), "at least 8"),
        (b"1234567\n", "at least 8"),
        (&[b'x'; 72], "at most 71"),
        (b"12345678\0", "NUL"),
        (b"Passw0rd!", "guessed"),
        (b"12345678\xff", "stdin cannot be read"),
    ] {
        let error = shell.create_admin("ann", EMAIL, password).error();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("12345678"), "{error}");
    }
    assert!(!shell.has_database(), "a refused command has created a database");
}

#[test]
fn without_a_terminal_an_error_names_password_stdin() {
    let shell = Shell::new();
    let create = shell.command(&["create-admin", "--username", "ann", "--email", EMAIL]);
    // A new session has no terminal, even if the tests have one.
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(create.get_program()).args(create.get_args());
    command.current_dir(shell.path()).stdin(Stdio::null());
    let error = Done::from(command.output().unwrap()).error();
    assert!(error.contains("--password-stdin"), "{error}");
}
