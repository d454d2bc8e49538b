//! Connecting, and making sure that the session is this client's own.
//!
//! A pooler that shares connections (PgBouncer's `pool_mode` `transaction` or `statement`) gives
//! every transaction whichever connection is free. chatapp keeps settings, prepared statements and
//! advisory locks in its sessions: the first two would be missing there, and the locks would stay on
//! a connection of the pooler for everybody else to wait for. So such a pooler is refused before
//! anything of that kind is done.

use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::sync::mpsc;
use std::thread;

use super::super::Error;
use super::errors;
use super::url::CONNECT_TIMEOUT;

/// Why a connection is not made, or not used again.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The reason, and what to do about it.
    #[error("{0}")]
    Failed(String),
    #[error("another database answers at this address")]
    OtherDatabase,
    /// Which session has it.
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
    a pooler that shares connections between its clients is in between, as PgBouncer does with \
    pool_mode = transaction or statement: connect to PostgreSQL directly (port 5432), or use \
    pool_mode = session";

const SILENT: &str = "\
    the connection was accepted, and nothing has answered on it for 5 seconds: check that it is \
    PostgreSQL that listens there, and, if a pooler does, that it has a free connection (PgBouncer's \
    default_pool_size)";

/// Marks the session with a value that nobody else has.
const MARK: &str = "
    SELECT set_config('chatapp.session', md5(random()::text || clock_timestamp()::text), false)";
const GET_MARK: &str = "SELECT current_setting('chatapp.session', true)";

/// Connects.
pub(super) fn connect(config: &Config) -> Result<Client, ConnectError> {
    let failed = |error| ConnectError::Failed(errors::explain_connecting(&error));
    let mut client = config.connect(NoTls).map_err(failed)?;
    // A pooler lets a client in before it has a connection for it.
    client.is_valid(CONNECT_TIMEOUT).map_err(|error| match errors::is_timeout(&error) {
        true => ConnectError::Failed(SILENT.to_owned()),
        false => failed(error),
    })?;
    Ok(client)
}

/// [`connect_sole`] with an end: a command would otherwise wait for as long as what listens there
/// says nothing. The thread that still waits ends with the process.
pub(super) fn connect_in_time(config: &Config) -> Result<Client, ConnectError> {
    let (done, result) = mpsc::sync_channel(1);
    let config = config.clone();
    let connect = move || {
        // Nobody waits for it any longer if this fails.
        let _ = done.send(connect_sole(&config));
    };
    thread::Builder::new()
        .name("chatapp-connect".to_owned())
        .spawn(connect)
        .map_err(|error| ConnectError::Failed(format!("no thread can be started: {error}")))?;
    result
        .recv_timeout(CONNECT_TIMEOUT * 3)
        .unwrap_or_else(|_| Err(ConnectError::Failed(SILENT.to_owned())))
}

/// Connects, and makes sure that a session lasts as long as its connection.
///
/// A session of one's own keeps a mark from one transaction to the next; a pooler that uses its
/// connections in turn loses it there. And the mark ends with the session: a pooler that always
/// uses the one last released, as PgBouncer does by default, gives the next client a session with
/// the mark still on it, even if nobody else uses the pool. One client after the other, so that a pool
/// with a single connection is enough. Two are tried before the one that stays: beside others that
/// use a pool of two connections, one in sixty was not enough (measured).
pub(super) fn connect_sole(config: &Config) -> Result<Client, ConnectError> {
    let failed = |error: postgres::Error| ConnectError::Failed(errors::explain(&error));
    let shared = || ConnectError::Failed(SHARED.to_owned());
    let mut marks = Vec::new();
    loop {
        let mut client = connect(config)?;
        let found = ask_often(&mut client).map_err(failed)?;
        if found.iter().flatten().any(|found| marks.contains(found)) {
            // The pooler's connection is left as it was.
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

/// Where others use the pool too, each transaction may be on any of its connections: asking several
/// times makes it unlikely that none of them tells.
fn ask_often(client: &mut Client) -> Result<Vec<Option<String>>, postgres::Error> {
    (0..4).map(|_| ask(client, GET_MARK)).collect()
}

/// Not prepared: a pooler that shares connections may not find the statement again.
fn ask(client: &mut Client, sql: &str) -> Result<Option<String>, postgres::Error> {
    let answer = client.simple_query(sql)?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
