//! One connection: its settings, its prepared statements, and the test that it still works.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Row, SimpleQueryMessage, Statement};
use r2d2::ManageConnection;

use super::super::{Error, Result};
use super::committed::{Committed, CommittedEvent};
use super::session::{self, ConnectError};
use super::target::Target;
use super::{errors, holders};

/// A connection that answered within this time is not tested again. Each node uses a connection every second, and
/// one every two seconds; the loss of any connection has all of them tested.
const TRUSTED: Duration = Duration::from_secs(3);
/// How long PostgreSQL may take to notice that a client has ended.
const LAST_BREATH: Duration = Duration::from_secs(2);
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Makes connections for the pools.
#[derive(Clone)]
pub(super) struct Manager {
    target: Target,
    settings: Arc<str>,
    losses: Arc<AtomicU64>,
    /// The epoch of the database, once it has been read. Connections to a database with another epoch are
    /// refused: after a failover to a server with another history, old cursors would mean other messages.
    epoch: Arc<OnceLock<String>>,
    committed: Arc<Committed>,
    is_other: Arc<AtomicBool>,
    is_claimed: Arc<AtomicBool>,
    /// The number of lost connections at the last check that sessions are not shared. The mutex allows one
    /// check at a time, because two checks at once would disturb each other.
    checked_at: Arc<Mutex<Option<u64>>>,
}

/// The advisory lock on the database. Every connection holds it shared; a connection that fills the
/// database with a copy holds it exclusively. The number is "chatapp" in ASCII, and 1.
const LOCK: i64 = 0x6368_6174_6170_7001;
const SHARE: &str = "SELECT pg_try_advisory_lock_shared(x'6368617461707001'::bigint)";
const CLAIM: &str = "SELECT pg_try_advisory_lock(x'6368617461707001'::bigint)";

/// Claims the database for this connection only.
pub(super) fn claim_alone(client: &mut Client) -> Result<()> {
    match lock(client, CLAIM)? {
        true => Ok(()),
        false => Err(Error::InUse(format!(
            "a chatapp is running on it: stop the server, on every machine, first. Its sessions \
             are: {}",
            holders::of_advisory(client, LOCK)
        ))),
    }
}

/// Whether the value of the last row is true.
fn is_true(answer: &[SimpleQueryMessage]) -> bool {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    rows.last() == Some("t")
}

/// Tries to take a lock for [`LAST_BREATH`], because PostgreSQL may notice late that a client has ended.
fn lock(client: &mut Client, sql: &str) -> Result<bool, postgres::Error> {
    let deadline = Instant::now() + LAST_BREATH;
    loop {
        let is_locked = is_true(&client.simple_query(sql)?);
        if is_locked || Instant::now() >= deadline {
            return Ok(is_locked);
        }
        std::thread::sleep(LAST_BREATH / 40);
    }
}

impl From<postgres::Error> for ConnectError {
    fn from(error: postgres::Error) -> Self {
        Self::Failed(errors::explain(&error))
    }
}

impl Manager {
    pub fn new(target: Target, lock_timeout: Duration) -> Self {
        Self {
            target,
            settings: settings(lock_timeout).into(),
            losses: Arc::default(),
            epoch: Arc::default(),
            committed: Arc::default(),
            is_other: Arc::default(),
            is_claimed: Arc::default(),
            checked_at: Arc::default(),
        }
    }

    /// Accepts only databases of this epoch from now on. Only the first call has an effect.
    pub fn expect_epoch(&self, epoch: &str) {
        self.epoch.get_or_init(|| epoch.to_owned());
    }

    /// Finds the reason of a failure to get a connection.
    pub fn judge(&self, error: Error) -> Error {
        match error {
            Error::Unavailable(_) if self.is_other.load(Ordering::Relaxed) => Error::OtherDatabase,
            Error::Unavailable(text) if self.is_claimed.load(Ordering::Relaxed) => {
                Error::InUse(text)
            }
            error => error,
        }
    }

    /// Makes a connection outside the pools, for long work.
    pub fn connect_alone(&self) -> Result<Client> {
        Ok(self.connect()?.client)
    }

    /// Connects. Checks that sessions are not shared at the first connection and again after a loss,
    /// because a pooler may have been added or changed since.
    fn connect_checked(&self, losses: u64) -> Result<Client, ConnectError> {
        let mut checked_at = self.checked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if *checked_at == Some(losses) {
            drop(checked_at);
            return session::connect(&self.target);
        }
        let client = session::connect_sole(&self.target)?;
        *checked_at = Some(losses);
        Ok(client)
    }

    fn check_epoch(&self, client: &mut Client) -> Result<(), ConnectError> {
        let Some(expected) = self.epoch.get() else { return Ok(()) };
        let is_same = match client.query_opt("SELECT epoch FROM server WHERE id = 1", &[]) {
            Ok(row) => row.is_some_and(|row| row.get::<_, &str>(0) == expected),
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => false,
            Err(error) => return Err(error.into()),
        };
        let is_same = is_same && !self.committed.check(client, expected, LOCK)?;
        self.is_other.store(!is_same, Ordering::Relaxed);
        if is_same { Ok(()) } else { Err(ConnectError::OtherDatabase) }
    }
}

/// Returns the SQL for the settings of a session. The isolation level is read committed, independent of
/// the server's default; the locks of the writer are enough for consistency. A commit is on the server's
/// disk before the client gets its answer, even if the server's default is `off`; stricter settings are
/// kept. Every statement has one good plan, of index look-ups, so it is planned once, without JIT.
/// Sequential scans are disabled: a plan with scans, made while the tables were small, would be used
/// while they grow, until the server updates its statistics (measured: 7 ms a page instead of 0.3).
/// The keepalives are those of PostgreSQL's side: the locks of a machine that has vanished are released after half a
/// minute, instead of two hours.
fn settings(lock_timeout: Duration) -> String {
    let lock_timeout_ms = lock_timeout.as_millis().max(1);
    format!(
        "SET default_transaction_isolation = 'read committed';
         SET lock_timeout = {lock_timeout_ms};
         SET statement_timeout = '30s';
         SET idle_in_transaction_session_timeout = '30s';
         SET client_min_messages = warning;
         SET tcp_keepalives_idle = 10;
         SET tcp_keepalives_interval = 5;
         SET tcp_keepalives_count = 3;
         SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off;
         SET enable_bitmapscan = off;
         SET jit = off;
         SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') = 'off';
         {SHARE}"
    )
}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = ConnectError;

    fn connect(&self) -> Result<Connection, ConnectError> {
        let losses = self.losses.load(Ordering::Relaxed);
        let mut client = self
            .connect_checked(losses)
            .inspect_err(|_| self.is_claimed.store(false, Ordering::Relaxed))?;
        // The lock and the settings take one round trip.
        let is_shared = is_true(&client.simple_query(&self.settings)?);
        let is_claimed = !is_shared && !lock(&mut client, SHARE)?;
        self.is_claimed.store(is_claimed, Ordering::Relaxed);
        if is_claimed {
            return Err(ConnectError::Claimed(holders::of_advisory(&mut client, LOCK)));
        }
        self.check_epoch(&mut client)?;
        Ok(Connection {
            client,
            statements: HashMap::new(),
            answered_at: Instant::now(),
            losses_then: losses,
            losses: self.losses.clone(),
            is_lost: false,
            is_in_doubt: false,
            in_transaction: false,
            committed: self.committed.clone(),
            appended: None,
        })
    }

    /// Costs a round trip, except for a connection that was used a moment ago, if no connection was lost
    /// since.
    fn is_valid(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        let losses = self.losses.load(Ordering::Relaxed);
        if connection.losses_then == losses && connection.answered_at.elapsed() < TRUSTED {
            return Ok(());
        }
        connection.client.is_valid(PING_TIMEOUT)?;
        connection.answered_at = Instant::now();
        connection.losses_then = losses;
        Ok(())
    }

    /// A connection that is still in a transaction was returned by a panic.
    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_lost || connection.in_transaction || connection.client.is_closed()
    }
}

/// A client that prepares each statement once. The text of a statement is its key.
pub(super) struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    answered_at: Instant,
    /// The number of lost connections when this connection last answered.
    losses_then: u64,
    losses: Arc<AtomicU64>,
    is_lost: bool,
    /// Whether the connection was lost during a commit.
    is_in_doubt: bool,
    in_transaction: bool,
    committed: Arc<Committed>,
    /// The last event that the transaction has appended.
    appended: Option<CommittedEvent>,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Connection {
    pub fn query(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Vec<Row>, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.run(!self.in_transaction, |client| client.query(&statement, params))
    }

    pub fn query_opt(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Option<Row>, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.run(!self.in_transaction, |client| client.query_opt(&statement, params))
    }

    pub fn query_one(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Row, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.run(!self.in_transaction, |client| client.query_one(&statement, params))
    }

    /// Runs a statement and returns the number of changed rows.
    pub fn execute(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<u64, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.run(!self.in_transaction, |client| client.execute(&statement, params))
    }

    /// Runs `run` in a transaction. A single statement does not need this: it is a transaction by itself.
    pub fn transaction<T, E: From<Error>>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.command("BEGIN").map_err(Error::from)?;
        self.in_transaction = true;
        let result = run(self);
        let ended = self.command(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
        self.in_transaction = ended.is_err();
        let appended = self.appended.take();
        if let (Ok(_), Ok(()), Some(event)) = (&result, &ended, appended) {
            self.committed.wrote(event);
        }
        match (result, ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) => Err(Error::from(error).into()),
            // The error that caused the rollback is reported, not an error of the rollback.
            (Err(error), _) => Err(error),
        }
    }

    /// Notes the last event of a commit. In a transaction, the event is committed with it.
    pub fn wrote(&mut self, event: CommittedEvent) {
        match self.in_transaction {
            true => self.appended = Some(event),
            false => self.committed.wrote(event),
        }
    }

    /// Notes the newest event of a page that was read.
    pub fn has_read(&self, event: CommittedEvent) {
        self.committed.read(event);
    }

    /// Whether the connection was the cause of an error, and not the statement.
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Turns an error of a write into [`Error::InDoubt`] if the connection was lost during the commit: the
    /// write may then have been stored. After other errors nothing was stored.
    pub fn judge(&self, error: Error) -> Error {
        match error {
            Error::Unavailable(text) if self.is_in_doubt => Error::InDoubt(text),
            error => error,
        }
    }

    fn command(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.run(sql == "COMMIT", |client| client.batch_execute(sql))
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.run(false, |client| client.prepare(sql))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Runs a request. `commits`: the request may take effect as soon as the server has received it.
    fn run<T>(
        &mut self,
        commits: bool,
        run: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, postgres::Error> {
        let is_sent = !self.client.is_closed();
        let result = run(&mut self.client);
        match &result {
            Err(error) if errors::ends_connection(error) => {
                self.is_lost = true;
                self.is_in_doubt = commits && is_sent && errors::is_of_a_lost_connection(error);
                // The other connections may be dead too, if the server was restarted.
                self.losses.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.answered_at = Instant::now(),
        }
        result
    }
}
