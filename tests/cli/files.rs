//! The files that commands create can be read only by their owner, whatever the umask is.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use super::shell::{Done, EMAIL, Shell};

/// A shell in a folder that every user may enter, so that only the modes of the files protect them.
fn open_shell() -> Shell {
    let shell = Shell::new();
    fs::set_permissions(shell.path(), Permissions::from_mode(0o755)).unwrap();
    shell
}

/// Returns the command in a process with this umask.
fn with_umask(shell: &Shell, umask: &str, arguments: &[&str]) -> Command {
    let command = shell.command(arguments);
    let mut masked = Command::new("/bin/sh");
    masked
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(shell.path())
        .env_clear()
        .envs(shell.environment.clone())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    masked
}

fn run(shell: &Shell, umask: &str, arguments: &[&str], stdin: &[u8]) -> Done {
    let mut child = with_umask(shell, umask, arguments).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    Done::from(child.wait_with_output().unwrap())
}

fn mode(shell: &Shell, name: &str) -> u32 {
    fs::metadata(shell.path().join(name)).unwrap().permissions().mode() & 0o7777
}

/// Checks that only the owner may read the files of the folder, and returns their names.
#[track_caller]
fn private_files(shell: &Shell) -> Vec<String> {
    let entries = fs::read_dir(shell.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in &names {
        assert_eq!(mode(shell, name), 0o600, "{name} of {names:?}");
    }
    names
}

/// Starts a server, runs `look` when it listens, and stops it. Returns the server's log.
fn serve(shell: &Shell, umask: &str, look: impl FnOnce()) -> String {
    let mut server = with_umask(shell, umask, &["serve", "--bind", "127.0.0.1:0"]).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("listening on")));
    look();
    let asked = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(asked.success());
    Done::from(server.wait_with_output().unwrap()).stderr
}

#[test]
fn files_are_private_to_their_owner_and_the_doctor_finds_no_fault() {
    for umask in ["022", "000"] {
        let shell = open_shell();
        let at = |name: &str| format!("sqlite://{name}");
        let ok = |arguments: &[&str], stdin: &[u8]| {
            run(&shell, umask, arguments, stdin).ok();
            private_files(&shell);
        };
        serve(&shell, umask, || {
            let files = private_files(&shell);
            for name in ["chatapp.db", "chatapp.db-lock", "chatapp.db-shm", "chatapp.db-wal"] {
                assert!(files.iter().any(|file| file == name), "{files:?}");
            }
        });
        private_files(&shell);
        let admin = ["create-admin", "--username", "ann", "--email", EMAIL, "--password-stdin"];
        ok(&admin, b"open sesame");
        ok(&[&admin[..], &["--database", &at("made.db")]].concat(), b"open sesame");
        ok(&["migrate", "--database", &at("migrated.db")], b"");
        ok(&["backup", "backup.db"], b"");
        ok(&["export", "export.jsonl"], b"");
        ok(&["import", "export.jsonl", "--database", &at("imported.db")], b"");
        ok(&["restore", "backup.db", "--database", &at("restored.db")], b"");
        ok(&["restore", "export.jsonl", "--database", &at("restored-export.db")], b"");
        ok(&["copy", "--from", &at("chatapp.db"), "--to", &at("copied.db")], b"");
        // This replaces a database that exists.
        ok(&["restore", "backup.db", "--yes", "--database", &at("imported.db")], b"");
        for name in [
            "chatapp.db",
            "made.db",
            "imported.db",
            "restored.db",
            "restored-export.db",
            "copied.db",
        ] {
            let doctor = ["doctor", "--output", "json", "--deep", "--database", &at(name)];
            let findings = run(&shell, umask, &doctor, b"").json();
            for finding in findings.as_array().unwrap() {
                // These two may fail here: no server runs, and the limit of open files may be low.
                let is_expected =
                    ["server", "descriptors"].iter().any(|it| finding["check"] == *it);
                assert!(finding["state"] == "ok" || is_expected, "{name}: {finding}");
            }
            private_files(&shell);
        }
    }
}

#[test]
fn a_database_that_every_user_may_read_is_made_private_once() {
    const SAYS: &str = "every user of this machine could read this file";
    let shell = open_shell();
    let set = |name: &str, mode| {
        fs::set_permissions(shell.path().join(name), Permissions::from_mode(mode)).unwrap();
    };
    shell.run(&["migrate"]).ok();
    set("chatapp.db", 0o644);
    set("chatapp.db-lock", 0o664);
    // Files that a crashed process leaves.
    for name in ["chatapp.db-wal", "chatapp.db-shm"] {
        shell.write(name, "");
        set(name, 0o646);
    }
    let log = serve(&shell, "022", || drop(private_files(&shell)));
    assert_eq!(log.matches(SAYS).count(), 4, "{log}");
    let log = serve(&shell, "022", || {});
    assert!(!log.contains(SAYS), "{log}");

    // Other commands make the files private too.
    set("chatapp.db", 0o604);
    shell.run(&["list-rooms"]).ok();
    assert_eq!(mode(&shell, "chatapp.db"), 0o600);
    shell.run(&["backup", "backup.db"]).ok();
    set("chatapp.db", 0o644);
    shell.run(&["restore", "backup.db", "--yes"]).ok();
    assert_eq!(mode(&shell, "chatapp.db"), 0o600);

    // The permissions of a group are kept, as an operator has set them on purpose.
    set("chatapp.db", 0o660);
    let log = serve(&shell, "022", || assert_eq!(mode(&shell, "chatapp.db-wal"), 0o660));
    assert!(!log.contains(SAYS), "{log}");
    shell.run(&["restore", "backup.db", "--yes"]).ok();
    assert_eq!(mode(&shell, "chatapp.db"), 0o660);

    // The mode of a file that is not a database stays as it is.
    shell.write("notes.txt", &"not a database\n".repeat(99));
    set("notes.txt", 0o644);
    shell.run(&["list-rooms", "--database", "sqlite://notes.txt"]).error();
    assert_eq!(mode(&shell, "notes.txt"), 0o644);
}

#[test]
fn a_database_behind_links_is_made_private_and_has_one_lock() {
    let shell = open_shell();
    fs::create_dir(shell.path().join("real")).unwrap();
    symlink("real/link.db", shell.path().join("chatapp.db")).unwrap();
    symlink("real.db", shell.path().join("real/link.db")).unwrap();
    for _ in 0..2 {
        serve(&shell, "022", || {
            for name in ["real/real.db", "real/real.db-wal", "real/real.db-shm"] {
                assert_eq!(mode(&shell, name), 0o600, "{name}");
            }
        });
        assert_eq!(mode(&shell, "real/real.db-lock"), 0o600);
        assert_eq!(shell.files().len(), 2, "{:?}", shell.files());
        assert!(!shell.path().join("real/link.db-lock").exists());
    }

    symlink("nowhere/real.db", shell.path().join("dangling.db")).unwrap();
    let error = shell.run(&["migrate", "--database", "sqlite://dangling.db"]).error();
    assert!(error.contains("there is no folder"), "{error}");
}

/// Programs on Windows may write a byte order mark, and end lines with two bytes.
#[test]
fn files_and_passwords_with_a_byte_order_mark_and_crlf_are_accepted() {
    let shell = Shell::new();
    shell.create_admin("ann", EMAIL, b"\xef\xbb\xbfopen sesame\r\n").ok();
    let hash = shell.backend().get_credentials("ann").unwrap().unwrap().password_hash;
    assert!(bcrypt::verify("open sesame", &hash).unwrap());
    let reset = ["users", "reset-password", "ann", "--yes", "--password-stdin"];
    shell.run_with_stdin(&reset, b"\xef\xbb\xbfsesame, open\r\n").ok();
    let hash = shell.backend().get_credentials("ann").unwrap().unwrap().password_hash;
    assert!(bcrypt::verify("sesame, open", &hash).unwrap());

    let export = shell.run(&["export"]).ok();
    shell.write("windows.jsonl", &format!("\u{feff}{}", export.replace('\n', "\r\n")));
    shell.run(&["backup", "verify", "windows.jsonl"]).ok();
    shell.run(&["import", "windows.jsonl", "--database", "sqlite://imported.db"]).ok();
    let imported = ["import", "-", "--yes", "--database", "sqlite://imported.db"];
    let windows = fs::read(shell.path().join("windows.jsonl")).unwrap();
    shell.run_with_stdin(&imported, &windows).ok();
    shell.write("chatapp.toml", "\u{feff}[log]\r\nlevel = \"warn\"\r\n");
    shell.run(&["config", "check"]).ok();
}
