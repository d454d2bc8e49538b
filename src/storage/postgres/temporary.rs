//! A database for one run of `chatapp bench fleet`, and the figures that PostgreSQL has about it.

use postgres::Client;
use postgres::error::SqlState;
use uuid::Uuid;

use super::super::{Error, Result};
use super::target::Target;
use super::{errors, session, url};

/// Dropping a database waits for a checkpoint, which may take long.
const SETTINGS: &str = "SET statement_timeout = 0; SET client_min_messages = warning;";

/// A new, empty database on the server of another one. Dropping this value drops it.
pub struct TemporaryDatabase {
    /// A session in the other database.
    client: Client,
    target: Target,
    /// The other database, in errors.
    at: String,
    name: String,
    url: String,
    is_dropped: bool,
}

impl TemporaryDatabase {
    /// Creates a database with a random name, on the server of the database at `url`, by the same role. Nothing
    /// in that database is read or changed.
    ///
    /// # Errors
    /// [`Error::BadUrl`] if the URL is not understood, [`Error::Unavailable`] if the server does not answer or
    /// the role may not create databases.
    pub(in crate::storage) fn create(url: &str) -> Result<Self> {
        let target = url::parse(url)?;
        let at = target.describe();
        let client = connect(&target).map_err(|error| error.of(&at))?;
        let name = format!("chatapp_bench_{}", Uuid::new_v4().simple());
        let url = with_database(url, &name);
        let mut new = Self { client, target, at, name, url, is_dropped: false };
        let create = format!("CREATE DATABASE {} TEMPLATE template0", new.name);
        match new.client.batch_execute(&create) {
            Ok(()) => Ok(new),
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                new.is_dropped = true;
                let text = format!(
                    "{}: allow the role of the database URL to create databases, with ALTER ROLE … \
                     CREATEDB, or name another role",
                    errors::describe(&error)
                );
                Err(Error::Unavailable(text).of(&new.at))
            }
            Err(error) => Err(Error::from(error).of(&new.at)),
        }
    }

    /// The URL of the new database. It has the password of the URL that was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of transactions that have ended in the database. A statement outside a transaction counts as
    /// one. A session reports them up to a second late, and one that is seldom used up to ten.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub fn transactions(&mut self) -> Result<i64> {
        const SQL: &str = "
            SELECT coalesce(sum(xact_commit + xact_rollback), 0)::bigint
            FROM pg_stat_database WHERE datname = $1";
        let row = self.client.query_one(SQL, &[&self.name]).map_err(|error| self.fail(error))?;
        Ok(row.get(0))
    }

    /// The process of a session of PostgreSQL, if the server is on this machine according to its URL.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub fn local_session(&mut self) -> Result<Option<u32>> {
        if !self.target.is_local() {
            return Ok(None);
        }
        let asked = self.client.query_one("SELECT pg_backend_pid()", &[]);
        let row = asked.map_err(|error| self.fail(error))?;
        Ok(u32::try_from(row.get::<_, i32>(0)).ok())
    }

    /// Drops the database. Sessions in it are ended.
    ///
    /// # Errors
    /// If PostgreSQL does not answer: then the database remains.
    pub fn remove(mut self) -> Result<()> {
        self.drop_database()
    }

    /// Uses a new session, because the first one may have been lost.
    fn drop_database(&mut self) -> Result<()> {
        self.is_dropped = true;
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropped = connect(&self.target)
            .and_then(|mut client| client.batch_execute(&drop).map_err(Error::from));
        dropped.map_err(|error| {
            Error::Unavailable(format!(
                "{error}: the database {name} of the run remains; drop it with DROP DATABASE {name}",
                name = self.name
            ))
            .of(&self.at)
        })
    }

    fn fail(&self, error: postgres::Error) -> Error {
        Error::from(error).of(&self.at)
    }
}

impl Drop for TemporaryDatabase {
    fn drop(&mut self) {
        if !self.is_dropped {
            // The error that ended the run is reported.
            let _ = self.drop_database();
        }
    }
}

fn connect(target: &Target) -> Result<Client> {
    let mut client = session::connect(target)?;
    client.batch_execute(SETTINGS)?;
    Ok(client)
}

/// The same URL for another database of the server.
fn with_database(url: &str, name: &str) -> String {
    let (rest, parameters) = url::parameters(url);
    let host = rest.find('@').or_else(|| Some(rest.find("://")? + 2)).map_or(0, |end| end + 1);
    let end = rest[host..].find('/').map_or(rest.len(), |slash| host + slash);
    let kept = parameters.iter().filter(|(parameter, _)| *parameter != "dbname");
    let kept: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{}/{name}{mark}{}", &rest[..end], kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_the_database_changes_in_the_url() {
        for (url, expected) in [
            ("postgres://db", "postgres://db/x"),
            ("postgres://ann@db/", "postgres://ann@db/x"),
            ("postgres://ann:a/b?c@db:1,db:2/chat", "postgres://ann:a/b?c@db:1,db:2/x"),
            ("postgres:///chat?host=/run/pg&dbname=y", "postgres:///x?host=/run/pg"),
            ("postgres://db/chat?dbname=y", "postgres://db/x"),
        ] {
            assert_eq!(with_database(url, "x"), expected);
            let config = url::parse(&with_database(url, "x")).unwrap();
            assert_eq!(config.servers()[0].get_dbname(), Some("x"));
        }
    }
}
