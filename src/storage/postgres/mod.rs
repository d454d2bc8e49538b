//! PostgreSQL, for servers on more than one machine.
//!
//! This file owns the connection pools: one for reads and one for writes, so that slow reads never delay
//! a write. Each area of [`Backend`] is a file of its own, with its statements.

mod advice;
mod append;
mod append_parts;
mod attempts;
mod audit;
mod bots;
mod committed;
mod connection;
mod copy_target;
mod doorbell;
mod drafts;
mod errors;
mod events;
mod exposure;
mod external_accounts;
mod fleet;
mod holders;
mod hooks;
mod invites;
mod members;
mod messages;
mod migrations;
mod outgoing_hooks;
mod parts;
mod password_resets;
mod people;
mod reactions;
mod read_positions;
mod readable;
mod records;
mod retention;
mod rooms;
mod rows;
mod scheduled;
mod schema;
mod search;
mod servers;
mod session;
mod sessions;
mod shortcomings;
mod target;
mod temporary;
mod threads;
mod tls;
mod tls_advice;
mod tls_options;
mod upkeep;
mod url;
mod user_admin;
mod users;

use std::sync::Arc;
use std::time::Duration;

use r2d2::PooledConnection;

use self::connection::{Connection, Manager};
pub(super) use self::copy_target::PostgresCopyTarget;
use self::target::Target;
pub use self::temporary::TemporaryDatabase;
use super::backend::Fleet;
use super::decisions::Refusal;
use super::pool::Pool;
use super::{Backend, Error, OpenOptions, Result};

/// The oldest supported version: the first with `gen_random_uuid` built in.
const OLDEST_VERSION: i32 = 130_000;

/// An open PostgreSQL database.
pub struct Postgres {
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    manager: Manager,
    target: Target,
    /// The name of the database in the log.
    name: String,
}

impl Postgres {
    /// Opens the database and checks that it answers and that its sessions are not shared.
    ///
    /// # Errors
    /// [`Error::BadUrl`] if the URL is not understood, [`Error::Unavailable`] if there is no answer, or if
    /// the connection goes through a pooler that shares connections.
    pub fn open(url: &str, options: &OpenOptions) -> Result<Self> {
        let target = url::parse(url)?;
        let wait = Duration::from_millis(options.busy_timeout_ms);
        let manager = Manager::new(target.clone(), wait);
        let readers = Pool::new(manager.clone(), options.read_connections, wait, true);
        let writers = readers.beside(manager.clone(), 1);
        let name = target.describe();
        let backend = Self { readers, writers, manager, target, name };
        let version = backend.read(server_version)?;
        if version < OLDEST_VERSION {
            let text = format!(
                "PostgreSQL {} is too old: chatapp needs version 13 or newer",
                version / 10_000
            );
            return Err(Error::Unavailable(text).of(&backend.name));
        }
        Ok(backend)
    }

    /// A read that loses its connection is tried once more on another connection.
    fn read<T>(&self, run: impl Fn(&mut Connection) -> Result<T>) -> Result<T> {
        let result =
            self.get(&self.readers).and_then(|mut connection| match run(&mut connection) {
                Err(Error::Unavailable(_)) if connection.is_lost() => {
                    drop(connection);
                    run(&mut *self.get(&self.readers)?)
                }
                result => result,
            });
        result.map_err(|error| error.of(&self.name))
    }

    fn write<T, E: Refusal>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = self.get(&self.writers).map_err(E::from).and_then(|mut connection| {
            let result = run(&mut connection);
            result.map_err(|refusal| refusal.map_storage(|error| connection.judge(error)))
        });
        result.map_err(|refusal| refusal.map_storage(|error| error.of(&self.name)))
    }

    /// Runs `run` in one transaction. A single statement does not need this: it is a transaction by itself.
    fn transaction<T, E: Refusal>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write(|connection| connection.transaction(run))
    }

    fn get(&self, pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
        pool.get().map_err(|error| self.manager.judge(error))
    }
}

/// Checks that [`Postgres::open`] understands the URL, without connecting.
pub(super) fn check_url(url: &str) -> Result<()> {
    url::parse(url).map(drop)
}

fn server_version(db: &mut Connection) -> Result<i32> {
    Ok(db.query_one("SELECT current_setting('server_version_num')::int", &[])?.get(0))
}

impl Backend for Postgres {
    fn fleet(&self) -> Option<&dyn Fleet> {
        Some(self)
    }

    fn maintenance(&self) -> Option<Arc<dyn Backend>> {
        let one = self.readers.beside(self.manager.clone(), 1);
        Some(Arc::new(Self {
            readers: one.clone(),
            writers: one,
            manager: self.manager.clone(),
            target: self.target.clone(),
            name: self.name.clone(),
        }))
    }
}
