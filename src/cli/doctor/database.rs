//! Checks of the database: whether it can be reached, is complete, and is set up correctly.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use super::super::output::counted;
use super::files::split;
use super::{Case, Finding, Opened, nodes, shown_url};
use crate::model::{RoomId, RoomKind};
use crate::storage::backend::MemberCount;
use crate::storage::{self, DatabaseStatus, Error, Shortcoming};

/// Clocks that are set by NTP differ by less than this, in milliseconds.
const CLOCK_MS: i64 = 2_000;

/// Connections that should stay free for commands, a backup and an operator's own client.
const SPARE_CONNECTIONS: u64 = 5;

pub(super) fn reachable(case: &Case) -> Vec<Finding> {
    let is_new = case.sqlite.as_ref().is_some_and(|path| !path.exists());
    let has_saved = case.sqlite.as_deref().and_then(storage::saved_database).is_some();
    vec![match &case.database {
        Ok(Opened { status: Ok(status), .. }) => Finding::ok("database", describe(case, status)),
        Ok(Opened { status: Err(_), .. }) => Finding::ok("database", shown_url(case)),
        Err(_) if is_new && case.running.is_some() => Finding::problem(
            "database",
            format!("{} does not exist, but a server runs with these settings", shown_url(case)),
            "if it was deleted or moved while it was open, read the server's log, which says what to do, \
             before you stop the server",
        ),
        Err(error) if is_new && has_saved => {
            let (detail, advice) = split(&error.to_string());
            Finding::problem("database", detail, advice)
        }
        Err(_) if is_new => Finding::warning(
            "database",
            format!("{} does not exist yet", shown_url(case)),
            "start the server, which creates it, or name another database with database.url",
        ),
        Err(Error::Damaged(text)) => damaged(text),
        // The reason already says what to do.
        Err(Error::Unavailable(reason)) if case.sqlite.is_none() => {
            Finding::problem("database", format!("{} cannot be opened", shown_url(case)), reason)
        }
        Err(error) => Finding::problem(
            "database",
            format!("{} cannot be opened ({error})", shown_url(case)),
            "check that the database is running, the URL, and the permissions",
        ),
    }]
}

/// Settings of PostgreSQL that prevent the server from keeping its promises. SQLite has no such settings.
pub(super) fn shortcomings(case: &Case) -> Vec<Finding> {
    let Ok(Opened { backend, .. }) = &case.database else { return vec![] };
    if case.sqlite.is_some() {
        return vec![];
    }
    match backend.list_shortcomings() {
        Ok(found) => {
            let finding = |found: Shortcoming| match found.is_fatal {
                true => Finding::problem(found.subject, found.detail, found.advice),
                false => Finding::warning(found.subject, found.detail, found.advice),
            };
            let is_exposed = found.iter().any(|found| found.subject == "encryption");
            let mut findings: Vec<Finding> = match backend.describe_protection() {
                Some(text) if !is_exposed => vec![Finding::ok("encryption", text)],
                _ => vec![],
            };
            if found.is_empty() {
                let detail = "encoding, permissions and settings of the database are right";
                findings.push(Finding::ok("fitness", detail));
            }
            findings.extend(found.into_iter().map(finding));
            findings
        }
        Err(error) => vec![unreadable("fitness", &error)],
    }
}

pub(super) fn schema(case: &Case) -> Vec<Finding> {
    let Ok(Opened { backend, .. }) = &case.database else { return vec![] };
    vec![match backend.check_known_schema() {
        Ok(()) => Finding::ok("schema", "it is the schema of this chatapp"),
        Err(Error::SchemaTooOld) => Finding::problem(
            "schema",
            "it is older than this chatapp",
            "run `chatapp migrate`, or start the server, which migrates too",
        ),
        Err(Error::SchemaTooNew { found, known, needed }) => Finding::problem(
            "schema",
            format!(
                "it has version {found} and needs a chatapp that knows {needed}; this one knows only up \
                 to {known}"
            ),
            "use the newer chatapp that migrated it",
        ),
        Err(Error::SchemaExtended { found, known }) => Finding::warning(
            "schema",
            format!(
                "a newer chatapp has extended it to version {found}; this one knows up to {known}"
            ),
            "use the newer chatapp, on every machine: this one can serve, but make no backup",
        ),
        Err(Error::Damaged(text)) => damaged(&text),
        Err(error) => unreadable("schema", &error),
    }]
}

pub(super) fn integrity(case: &Case) -> Vec<Finding> {
    let Some(Opened { backend, status: Ok(_) | Err(Error::Damaged(_)) }) =
        case.database.as_ref().ok()
    else {
        return vec![];
    };
    match backend.check_integrity(case.deep) {
        Ok(found) if found.is_empty() && case.deep => {
            vec![Finding::ok("integrity", "no damage found in the whole database")]
        }
        Ok(found) if found.is_empty() => {
            vec![Finding::ok(
                "integrity",
                "a quick check found no damage; --deep checks everything",
            )]
        }
        Ok(found) => found.iter().map(|text| damaged(text.trim())).collect(),
        Err(Error::Damaged(text)) => vec![damaged(&text)],
        Err(error) => vec![unreadable("integrity", &error)],
    }
}

pub(super) fn connections(case: &Case) -> Vec<Finding> {
    let Some((used, most)) = status(case).and_then(|status| status.connections) else {
        return vec![];
    };
    // For reads, and one each for writes, upkeep and the doorbell.
    let own = case.settings.config.database.read_threads as u64 + 4;
    let running = nodes::count(case);
    let mut detail = format!("{used} of {most} connections are in use");
    if running > 1 {
        let all = running * own;
        detail += &format!("; the {running} servers use up to {all}, if they have these settings");
    }
    // A server makes its connections when it needs them.
    let servers = (running * own).max(used) + if case.running.is_some() { 0 } else { own };
    if servers + SPARE_CONNECTIONS <= most {
        return vec![Finding::ok("connections", detail)];
    }
    let advice = "raise max_connections of PostgreSQL, or lower database.read_threads";
    vec![Finding::warning("connections", detail, advice)]
}

/// Compares this machine's clock with PostgreSQL's, or with the time of the last write to the SQLite file.
pub(super) fn clock(case: &Case) -> Vec<Finding> {
    let now = case.now;
    if let Some(theirs) = status(case).and_then(|status| status.now) {
        let apart = (theirs.0 - now.0).abs();
        if apart < CLOCK_MS {
            return vec![Finding::ok("clock", "it agrees with the database server's")];
        }
        return vec![Finding::warning(
            "clock",
            format!("it differs from the database server's clock by {} seconds", apart / 1000),
            "set both by NTP: sessions and limits depend on this machine's clock",
        )];
    }
    let Some(path) = &case.sqlite else { return vec![] };
    let Ok(changed) = fs::metadata(path).and_then(|file| file.modified()) else { return vec![] };
    let present = UNIX_EPOCH + Duration::from_millis(now.0.unsigned_abs());
    let ahead = changed.duration_since(present).unwrap_or_default();
    if ahead < Duration::from_millis(CLOCK_MS.unsigned_abs()) {
        return vec![Finding::ok("clock", format!("{now}, and nothing was written later"))];
    }
    vec![Finding::warning(
        "clock",
        format!("it is {now}, {} seconds before the database was last written", ahead.as_secs()),
        "set it by NTP: tokens that were made before it was set back are dated in the future",
    )]
}

pub(super) fn admin(case: &Case) -> Vec<Finding> {
    let Ok(Opened { backend, status: Ok(_) }) = &case.database else { return vec![] };
    vec![match backend.has_admin() {
        Ok(true) => Finding::ok("admin", "there is one"),
        Ok(false) => Finding::warning(
            "admin",
            "there is no admin, so nobody can administer the server",
            "create one with `chatapp create-admin`",
        ),
        Err(error) => unreadable("admin", &error),
    }]
}

/// Private rooms that nobody can administer, and direct rooms that have lost somebody.
pub(super) fn members(case: &Case) -> Vec<Finding> {
    let Ok(Opened { backend, status: Ok(_) }) = &case.database else { return vec![] };
    let (rooms, counts) = match (backend.list_rooms(), backend.count_members()) {
        (Ok(rooms), Ok(counts)) => (rooms, counts),
        (Err(error), _) | (_, Err(error)) => return vec![unreadable("members", &error)],
    };
    let private: HashSet<RoomId> =
        rooms.iter().filter(|room| room.kind == RoomKind::Private).map(|room| room.id).collect();
    let numbers = |is_wrong: &dyn Fn(&MemberCount) -> bool| -> Vec<String> {
        let wrong = counts.iter().filter(|count| is_wrong(count));
        wrong.map(|count| format!("#{}", count.room_id)).collect()
    };
    let ownerless = numbers(&|count| private.contains(&count.room_id) && count.owners == 0);
    let incomplete = numbers(&|count| count.people.is_some_and(|people| people != count.members));
    let mut findings = Vec::new();
    if !ownerless.is_empty() {
        findings.push(Finding::warning(
            "members",
            format!("private rooms without an owner, which nobody can administer: {}", some(&ownerless)),
            "appoint one with `chatapp rooms owner`, or delete the room with `chatapp rooms delete`",
        ));
    }
    if !incomplete.is_empty() {
        findings.push(Finding::problem(
            "members",
            format!("direct rooms that do not have all of their people: {}", some(&incomplete)),
            "the database was changed by hand: restore a backup",
        ));
    }
    if findings.is_empty() {
        let detail = "every private room has an owner, and every direct room its people";
        findings.push(Finding::ok("members", detail));
    }
    findings
}

/// The first few of the numbers.
fn some(numbers: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = numbers[..numbers.len().min(SHOWN)].join(", ");
    match numbers.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn status(case: &Case) -> Option<&DatabaseStatus> {
    case.database.as_ref().ok()?.status.as_ref().ok()
}

fn describe(case: &Case, status: &DatabaseStatus) -> String {
    let DatabaseStatus { version, users, rooms, events, .. } = status;
    let (users, rooms) = (counted(users, "user"), counted(rooms, "room"));
    format!("{}, {version}: {users}, {rooms}, {}", shown_url(case), counted(events, "event"))
}

fn damaged(text: &str) -> Finding {
    Finding::problem(
        "integrity",
        format!("the database is damaged ({text})"),
        "stop the server and restore a backup; `sqlite3 FILE .recover` saves the data that can still be \
         read",
    )
}

pub(super) fn unreadable(check: &'static str, error: &Error) -> Finding {
    let detail = format!("the check failed ({error})");
    Finding::problem(check, detail, "run this again; if that does not help, restart the database")
}
