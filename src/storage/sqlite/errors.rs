//! SQLite's result codes (<https://sqlite.org/rescode.html>) in the words of [`Error`].

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use super::super::{Conflict, Error};

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match code(&error) {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(text),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            Some(ErrorCode::ConstraintViolation) => match conflict(&text) {
                Some(conflict) => Self::Conflict(conflict),
                None => Self::Internal(text),
            },
            Some(ErrorCode::Unknown)
                if text.starts_with("no such table") || text.starts_with("no such column") =>
            {
                Self::SchemaTooOld
            }
            _ => Self::Internal(text),
        }
    }
}

/// An error of the file system, with the path of the file.
pub(super) fn unavailable(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(code(error), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether the disk failed. A full disk does not count.
pub(super) fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    code(error) == Some(ErrorCode::SystemIoFailure)
}

pub(super) fn is_not_a_database(error: &rusqlite::Error) -> bool {
    code(error) == Some(ErrorCode::NotADatabase)
}

pub(super) fn is_foreign_key(error: &rusqlite::Error) -> bool {
    error.sqlite_extended_error_code() == Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// Whether the row was refused because of its values, so that other rows may still be accepted.
pub(super) fn is_of_the_row(error: &rusqlite::Error) -> bool {
    matches!(code(error), Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig))
}

/// The error for a file or file system that does not support a write-ahead log.
pub(super) fn no_wal(mode: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_CANTOPEN),
        Some(format!("the journal mode stays `{mode}`: the file system does not support WAL")),
    )
}

/// The error for a database whose name belongs to another file, or to no file.
pub(super) fn moved(error: Error) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED),
        Some(error.to_string()),
    )
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    match error {
        rusqlite::Error::SqlInputError { error, .. } => Some(error.code),
        other => other.sqlite_error_code(),
    }
}

/// Finds the conflict by the column in SQLite's text: `UNIQUE constraint failed: users.username`.
fn conflict(text: &str) -> Option<Conflict> {
    match text.strip_prefix("UNIQUE constraint failed: ")? {
        "users.username" => Some(Conflict::UsernameTaken),
        "users.email" => Some(Conflict::EmailTaken),
        "rooms.name" | "rooms.direct_key" => Some(Conflict::RoomNameTaken),
        "external_accounts.issuer, external_accounts.subject" => Some(Conflict::SubjectTaken),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_errors_are_unavailable_and_locks_of_other_connections_are_busy() {
        let error = |code| {
            let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            Error::from(failure)
        };
        for code in [
            ffi::SQLITE_FULL,
            ffi::SQLITE_READONLY_DBMOVED,
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_CANTOPEN,
        ] {
            assert!(matches!(error(code), Error::Unavailable(_)), "{code}");
        }
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_LOCKED] {
            assert!(matches!(error(code), Error::Busy(_)), "{code}");
        }
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            assert!(matches!(error(code), Error::Damaged(_)), "{code}");
        }
    }
}
