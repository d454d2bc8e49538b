//! Connecting, and checking that the session belongs to this client only.
//!
//! A pooler that shares connections (PgBouncer's `pool_mode` `transaction` or `statement`) runs each
//! transaction on any free connection. chatapp keeps settings, prepared statements and advisory locks in
//! its sessions: on another connection the first two would be missing, and the locks would stay on a
//! connection of the pooler and block other clients. So such a pooler is detected and refused before
//! chatapp uses any of them.

use postgres::{Client, SimpleQueryMessage};
use std::sync::mpsc;
use std::thread;

use super::super::Error;
use super::errors;
use super::target::Target;
use super::url::CONNECT_TIMEOUT;

/// Why a connection could not be made, or is not used again.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The reason, with advice.
    #[error("{0}")]
    Failed(String),
    #[error("another database answers at this address")]
    OtherDatabase,
    /// A description of the session that has the lock.
    #[error(
        "a restore, import or copy is filling it: wait until that has ended. Its session is {0}"
    )]
    Claimed(String),
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Failed(text) => Self::Unavailable(text),
            ConnectError::OtherDatabase => Self::OtherDatabase,
            ConnectError::Claimed(_) => Self::InUse(error.to_string()),
        }
    }
}

const SHARED: &str = "\
    there is a pooler in between that shares connections between its clients, as PgBouncer does with \
    pool_mode = transaction or statement: connect to PostgreSQL directly (port 5432), or use \
    pool_mode = session";

const SILENT: &str = "\
    the connection was accepted, but nothing has answered on it for 5 seconds: check that PostgreSQL listens \
    at this address, or, if a pooler does, that it has a free connection (PgBouncer's default_pool_size)";

/// Marks the session with a unique value.
const MARK: &str = "
    SELECT set_config('chatapp.session', md5(random()::text || clock_timestamp()::text), false)";
const GET_MARK: &str = "SELECT current_setting('chatapp.session', true)";

/// Connects and checks that there is an answer.
pub(super) fn connect(target: &Target) -> Result<Client, ConnectError> {
    let mut client = target.connect()?;
    // A pooler accepts a client before it has a connection for it.
    client.is_valid(CONNECT_TIMEOUT).map_err(|error| match errors::is_timeout(&error) {
        true => ConnectError::Failed(SILENT.to_owned()),
        false => ConnectError::Failed(errors::explain_connecting(&error)),
    })?;
    Ok(client)
}

/// [`connect_sole`] with a time limit: a command would otherwise wait for ever for a server that accepts
/// connections and does not answer. A thread that still waits ends with the process.
pub(super) fn connect_in_time(target: &Target) -> Result<Client, ConnectError> {
    let (done, result) = mpsc::sync_channel(1);
    let target = target.clone();
    let connect = move || {
        // Sending fails if the time limit has passed.
        let _ = done.send(connect_sole(&target));
    };
    thread::Builder::new()
        .name("chatapp-connect".to_owned())
        .spawn(connect)
        .map_err(|error| ConnectError::Failed(format!("no thread can be started: {error}")))?;
    result
        .recv_timeout(CONNECT_TIMEOUT * 3)
        .unwrap_or_else(|_| Err(ConnectError::Failed(SILENT.to_owned())))
}

/// Connects, and checks that a session lasts as long as its connection.
///
/// The check sets a mark in the session. A session that is not shared keeps the mark from one transaction
/// to the next; a pooler that uses its connections in turn loses it. The mark must also end with the
/// session: a pooler that always uses the connection released last, as PgBouncer does by default, gives
/// the next client a session that still has the mark, even if no other client uses the pool. The clients
/// of the check connect one after the other, so that a pool with a single connection is enough. Two
/// clients are tried before the one that stays, because with one the check failed to detect a pool of two
/// connections in one of sixty attempts while other clients used it (measured).
pub(super) fn connect_sole(target: &Target) -> Result<Client, ConnectError> {
    let failed = |error: postgres::Error| ConnectError::Failed(errors::explain(&error));
    let shared = || ConnectError::Failed(SHARED.to_owned());
    let mut marks = Vec::new();
    loop {
        let mut client = connect(target)?;
        let found = ask_often(&mut client).map_err(failed)?;
        if found.iter().flatten().any(|found| marks.contains(found)) {
            // Removes the mark from the pooler's connection.
            let _ = client.simple_query("RESET chatapp.session");
            return Err(shared());
        }
        if marks.len() == 2 {
            return Ok(client);
        }
        let mark = ask(&mut client, MARK).map_err(failed)?.ok_or_else(shared)?;
        let kept = ask_often(&mut client).map_err(failed)?;
        if kept.iter().any(|found| found.as_ref() != Some(&mark)) {
            return Err(shared());
        }
        marks.push(mark);
        let _ = client.close();
    }
}

/// Reads the mark several times: if other clients use the pool too, each transaction may run on any of
/// its connections, and one read may happen to find the mark.
fn ask_often(client: &mut Client) -> Result<Vec<Option<String>>, postgres::Error> {
    (0..4).map(|_| ask(client, GET_MARK)).collect()
}

/// Uses no prepared statement, which a pooler that shares connections could lose.
fn ask(client: &mut Client, sql: &str) -> Result<Option<String>, postgres::Error> {
    let answer = client.simple_query(sql)?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
