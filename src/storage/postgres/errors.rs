//! PostgreSQL's error codes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>) in
//! the words of [`Error`].

use std::error::Error as _;

use postgres::error::{DbError, SqlState};

use super::super::{Conflict, Error};
use super::advice;

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        of(&error)
    }
}

pub(super) fn of(error: &postgres::Error) -> Error {
    let text = explain(error);
    let Some(db_error) = error.as_db_error() else {
        return match is_of_the_driver(error) {
            true => Error::Internal(text),
            false => Error::Unavailable(text),
        };
    };
    let code = db_error.code();
    if *code == SqlState::UNIQUE_VIOLATION
        && let Some(conflict) = conflict(db_error)
    {
        return Error::Conflict(conflict);
    }
    if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN {
        return Error::SchemaTooOld;
    }
    if is_busy(error)
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::QUERY_CANCELED
        || *code == SqlState::TOO_MANY_CONNECTIONS
        // The statement was prepared before a migration; its connection is closed.
        || is_stale_statement(code)
    {
        return Error::Busy(text);
    }
    if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        return Error::Damaged(text);
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE
        || *code == SqlState::UNTRANSLATABLE_CHARACTER
        || *code == SqlState::INVALID_SCHEMA_NAME
    {
        return Error::Unavailable(text);
    }
    match &code.code()[..2] {
        // Classes: connection, authorisation, no such database, resources, operator, system.
        "08" | "28" | "3D" | "53" | "57" | "58" => Error::Unavailable(text),
        _ if ends_connection(error) => Error::Unavailable(text),
        _ => Error::Internal(text),
    }
}

/// Whether this transaction was rolled back because of a conflict with another one: a retry helps.
pub(super) fn is_busy(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
    )
}

/// Whether the connection is dead or cannot be used any more.
pub(super) fn ends_connection(error: &postgres::Error) -> bool {
    match error.as_db_error() {
        Some(db_error) => {
            let code = db_error.code();
            matches!(db_error.severity(), "FATAL" | "PANIC")
                // The server is no longer the primary: a new connection may find the new primary.
                || *code == SqlState::READ_ONLY_SQL_TRANSACTION
                || is_stale_statement(code)
        }
        None => !is_of_the_driver(error),
    }
}

/// Whether the connection was lost during the request: the server may have carried it out.
pub(super) fn is_of_a_lost_connection(error: &postgres::Error) -> bool {
    match error.as_db_error() {
        Some(db_error) => matches!(db_error.severity(), "FATAL" | "PANIC"),
        None => !is_of_the_driver(error),
    }
}

/// Describes an error by the server's message and code, or else by the whole chain of causes. The detail
/// is left out, because it has values of the row.
pub(super) fn describe(error: &postgres::Error) -> String {
    if let Some(db_error) = error.as_db_error() {
        return format!("{} ({})", db_error.message(), db_error.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// [`describe`], with advice for the operator.
pub(super) fn explain(error: &postgres::Error) -> String {
    let advice = match error.as_db_error() {
        Some(db_error) => advice::of_server(db_error),
        None if is_of_the_driver(error) => None,
        None => Some(advice::LOST),
    };
    join(error, advice)
}

/// The same for an error while connecting.
pub(super) fn explain_connecting(error: &postgres::Error) -> String {
    let advice = match error.as_db_error() {
        Some(db_error) => advice::of_server(db_error),
        None => Some(advice::of_connecting(error)),
    };
    join(error, advice)
}

fn join(error: &postgres::Error, advice: Option<&str>) -> String {
    let text = describe(error);
    match advice {
        Some(advice) => format!("{text}: {advice}"),
        None => text,
    }
}

/// Whether a connection failed because of TLS: the server has no TLS, or the two did not agree.
pub(super) fn is_of_tls(error: &postgres::Error) -> bool {
    // The driver keeps the kind of an error private, so its text is compared.
    error.to_string().starts_with("error performing TLS handshake")
}

/// Whether the server has answered that it has no TLS.
pub(super) fn is_without_tls(error: &postgres::Error) -> bool {
    is_of_tls(error) && describe(error).ends_with("server does not support TLS")
}

pub(super) fn is_timeout(error: &postgres::Error) -> bool {
    // The driver keeps the kind of an error private, so its text is compared.
    error.to_string() == "timeout waiting for server"
}

pub(super) fn is_lock_timeout(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

pub(super) fn is_unique_violation(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether a row was refused because of its values, so that other rows may still be accepted: an invalid
/// value (class 22), a constraint (23), a limit (54).
pub(super) fn is_of_the_row(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| ["22", "23", "54"].contains(&&code.code()[..2]))
}

fn is_stale_statement(code: &SqlState) -> bool {
    *code == SqlState::FEATURE_NOT_SUPPORTED
        || *code == SqlState::INVALID_SQL_STATEMENT_NAME
        || *code == SqlState::DUPLICATE_PSTATEMENT
}

/// Whether the driver, not the server, reported the error: a value could not be converted, or a row was
/// missing.
fn is_of_the_driver(error: &postgres::Error) -> bool {
    // The driver keeps the kind of an error private, so its text is compared.
    let text = error.to_string();
    ["error serializing", "error deserializing", "invalid column", "query returned", "expected "]
        .iter()
        .any(|start| text.starts_with(start))
}

fn conflict(error: &DbError) -> Option<Conflict> {
    match error.constraint()? {
        "users_username" => Some(Conflict::UsernameTaken),
        "users_email" => Some(Conflict::EmailTaken),
        "rooms_name" | "rooms_direct_key" => Some(Conflict::RoomNameTaken),
        "external_accounts_pkey" => Some(Conflict::SubjectTaken),
        _ => None,
    }
}
