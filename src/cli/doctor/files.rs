//! Checks of files: permissions, free space, certificate, logo, write-ahead log, and backups.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use indicatif::HumanBytes;

use super::super::output::counted;
use super::{Case, Finding};
use crate::server;
use crate::storage;
use crate::web::Site;

/// With less free space than this the disk will soon be full.
const FULL_BYTES: u64 = 64 * 1024 * 1024;

/// The server shortens its write-ahead log to 64 MiB, step by step. A much longer log means that
/// checkpoints fail.
const LONG_LOG_BYTES: u64 = 256 * 1024 * 1024;

/// Certificates for 90 days are usually renewed 30 days before they expire.
const RENEWAL_SECONDS: i64 = 14 * 24 * 60 * 60;

const BACKUP_AGE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// A settings file with secrets must be readable by the server's user only.
pub(super) fn config_file(case: &Case) -> Vec<Finding> {
    let path = &case.file;
    let Ok(file) = fs::metadata(path) else { return vec![] };
    let name = path.display().to_string();
    let secrets = ["auth.secret", "auth.previous_secret", "http.metrics_token"]
        .into_iter()
        .chain(has_password(&case.settings.config.database.url).then_some("database.url"));
    let here = secrets.filter(|key| case.settings.origins[key].starts_with(&name));
    let here = here.collect::<Vec<_>>().join(", ");
    if others_may_write(path, &file) {
        let detail = format!("every user of this machine may change {name}");
        return vec![Finding::problem("config file", detail, format!("chmod o-w {name}"))];
    }
    if !here.is_empty() && others_may_read(path, &file) {
        let detail = format!("every user of this machine may read {here} in {name}");
        return vec![Finding::problem("config file", detail, format!("chmod o= {name}"))];
    }
    vec![Finding::ok("config file", format!("other users cannot read a secret in {name}"))]
}

pub(super) fn certificate(case: &Case) -> Vec<Finding> {
    let http = &case.settings.config.http;
    if http.tls_certificate.is_empty() {
        return vec![];
    }
    if let Err(error) = server::check_certificate(http) {
        // The error already says what to do.
        let (detail, advice) = split(&error.to_string());
        return vec![Finding::problem("certificate", detail, advice)];
    }
    let path = Path::new(&http.tls_key);
    if fs::metadata(path).is_ok_and(|file| others_may_read(path, &file)) {
        let name = path.display();
        let detail = format!("every user of this machine may read the private key in {name}");
        return vec![Finding::problem("certificate", detail, format!("chmod o= {name}"))];
    }
    let is_valid = |at| server::is_certificate_valid(http, at).unwrap_or(true);
    let renew = "renew it: the server loads the new file by itself";
    if !is_valid(case.now) {
        let detail = "it has expired, or is not valid yet";
        return vec![Finding::problem("certificate", detail, renew)];
    }
    if !is_valid(case.now.plus_seconds(RENEWAL_SECONDS)) {
        let detail = "it expires within two weeks";
        return vec![Finding::warning("certificate", detail, renew)];
    }
    vec![Finding::ok("certificate", "it is valid and belongs to its key, which is private")]
}

/// Checks the logo, because the server does not start with a logo that it cannot use.
pub(super) fn logo(case: &Case) -> Vec<Finding> {
    let branding = &case.settings.config.branding;
    if branding.logo.is_empty() {
        return vec![];
    }
    vec![match Site::load(branding) {
        Ok(_) => Finding::ok("logo", format!("{} can be used", branding.logo)),
        Err(error) => Finding::problem(
            "logo",
            error.to_string(),
            "name another file in branding.logo, or leave it empty",
        ),
    }]
}

/// Checks who may read the database's files. A user who can read the database can read the token secret,
/// and so act as any account. A user who can read the lock file can lock it, and so prevent the server
/// from starting.
pub(super) fn database_file(case: &Case) -> Vec<Finding> {
    let Some(path) = &case.sqlite else { return vec![] };
    let mut findings = Vec::new();
    for path in ["", "-wal", "-shm", "-lock"].map(|suffix| beside(path, suffix)) {
        let Ok(file) = fs::metadata(&path) else { continue };
        let name = path.display();
        let may = match () {
            () if others_may_write(&path, &file) => "change",
            () if others_may_read(&path, &file) => "read",
            () => continue,
        };
        findings.push(Finding::problem(
            "database file",
            format!(
                "every user of this machine may {may} {name}, and the secret of the tokens is in the \
                 database"
            ),
            format!("chmod 600 {name}, or start the server, which does that to its own files"),
        ));
    }
    let Ok(file) = fs::metadata(path) else { return findings };
    if findings.is_empty() {
        let detail = match file.mode() & 0o070 {
            0 => "only its owner may read it".to_owned(),
            _ => format!("only its owner and its group (number {}) may read it", file.gid()),
        };
        findings.push(Finding::ok("database file", detail));
    }
    findings
}

/// Looks for a database that a server saved when its file was deleted, and that another database has
/// replaced.
pub(super) fn saved_database(case: &Case) -> Vec<Finding> {
    let Some(path) = case.sqlite.as_deref().filter(|path| path.exists()) else { return vec![] };
    let Some(saved) = storage::saved_database(path) else { return vec![] };
    vec![Finding::warning(
        "saved database",
        format!("{} was saved when the database was deleted, and is not in use", saved.display()),
        "to use it, stop the server and rename it to the database's name; otherwise move it away",
    )]
}

/// Whether the file is in WAL mode, read from its header (<https://sqlite.org/fileformat2.html>).
/// `None` if there is no file, or if it is not an SQLite file.
pub(super) fn has_log(path: &Path) -> Option<bool> {
    // Opening a named pipe would wait for its other end.
    fs::metadata(path).ok().filter(Metadata::is_file)?;
    let mut header = [0; 20];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    header.starts_with(b"SQLite format 3\0").then_some(header[18..] == [2, 2])
}

pub(super) fn journal(case: &Case) -> Vec<Finding> {
    match case.had_log {
        None => vec![],
        Some(true) => vec![Finding::ok("journal", "a write-ahead log")],
        Some(false) => vec![Finding::warning(
            "journal",
            "the file was not in WAL mode; it is now",
            "another program has changed the mode: do not let it use this file",
        )],
    }
}

pub(super) fn write_ahead_log(case: &Case) -> Vec<Finding> {
    let Some(path) = &case.sqlite else { return vec![] };
    let Ok(log) = fs::metadata(beside(path, "-wal")) else { return vec![] };
    let size = HumanBytes(log.len());
    if log.len() < LONG_LOG_BYTES {
        return vec![Finding::ok("write-ahead log", format!("{size}"))];
    }
    vec![Finding::warning(
        "write-ahead log",
        format!("it has {size}, and is not being copied into the database"),
        "look in the server's log for a disk error, close long readers such as a sqlite3 shell, then \
         restart the server",
    )]
}

pub(super) fn disk(case: &Case) -> Vec<Finding> {
    let Some(path) = &case.sqlite else { return vec![] };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(disk) = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))) else { return vec![] };
    let used = fs::metadata(path).map_or(0, |file| file.len());
    vec![room(disk.f_bavail * disk.f_frsize, used)]
}

/// Judges the free bytes of a disk, for a database of `used` bytes.
fn room(free: u64, used: u64) -> Finding {
    let shown = format!("{} free for a database of {}", HumanBytes(free), HumanBytes(used));
    if free < FULL_BYTES {
        let advice = "free some space: when the disk is full, no message is accepted";
        return Finding::problem("disk", shown, advice);
    }
    if free < used {
        let advice =
            "free some space: there is too little for a backup, or for the database to double";
        return Finding::warning("disk", shown, advice);
    }
    Finding::ok("disk", shown)
}

pub(super) fn backups(case: &Case) -> Vec<Finding> {
    let Some(folder) = &case.backups else { return vec![] };
    let name = folder.display();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let detail = format!("{name} cannot be read ({error})");
            let advice = "name the folder of the backups, and run this as a user who may read it";
            return vec![Finding::problem("backups", detail, advice)];
        }
    };
    let files = entries.flatten().filter_map(|entry| entry.metadata().ok());
    let newest = files.filter(Metadata::is_file).filter_map(|file| file.modified().ok()).max();
    let Some(newest) = newest else {
        let detail = format!("there is no file in {name}");
        return vec![Finding::problem("backups", detail, "make a backup every day")];
    };
    let now = UNIX_EPOCH + Duration::from_millis(case.now.0.unsigned_abs());
    let age = now.duration_since(newest).unwrap_or_default();
    let hours = counted(age.as_secs() / 3600, "hour");
    if age > BACKUP_AGE {
        let detail = format!("the newest file in {name} is {hours} old");
        let advice = "find out why there is no newer one";
        return vec![Finding::warning("backups", detail, advice)];
    }
    vec![Finding::ok("backups", format!("the newest is {hours} old"))]
}

/// The path with a suffix: `chat.db-wal`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether the URL has a password, before the `@` or in a parameter.
fn has_password(url: &str) -> bool {
    crate::config::redact_database_url(url) != url
}

fn others_may_read(path: &Path, file: &Metadata) -> bool {
    file.mode() & 0o004 != 0 && is_reachable(path)
}

fn others_may_write(path: &Path, file: &Metadata) -> bool {
    file.mode() & 0o002 != 0 && is_reachable(path)
}

/// Whether every user may enter all folders above the file.
fn is_reachable(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else { return true };
    let mut above = path.ancestors().skip(1);
    above.all(|folder| fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o001 != 0))
}

/// Splits an error of this program: the problem is before the last colon, the advice after it.
pub(super) fn split(sentence: &str) -> (String, String) {
    match sentence.rsplit_once(": ") {
        Some((detail, advice)) => (detail.to_owned(), advice.to_owned()),
        None => (sentence.to_owned(), "see the documentation".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_disk_must_have_space_for_a_second_database() {
        const GIB: u64 = 1 << 30;
        for (free, used, state) in [
            (0, 0, State::Problem),
            (FULL_BYTES - 1, 1, State::Problem),
            (FULL_BYTES, 1, State::Ok),
            (GIB, 2 * GIB, State::Warning),
            (2 * GIB, 2 * GIB, State::Ok),
        ] {
            assert_eq!(room(free, used).state, state, "{free} for {used}");
        }
    }
}
