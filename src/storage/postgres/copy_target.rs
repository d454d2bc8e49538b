//! Filling a database with the data of a backup, an export or another database.
//!
//! Filling at once is one transaction, so the database is either unchanged or complete. Filling in steps
//! is a transaction for each write; the database is sealed before the first and unsealed after the last.

use std::path::Path;

use postgres::Client;

use super::super::copy_target::{Contents, CopyTarget, FILLING, Filling, Progress};
use super::super::rows::{Row, Scope, Table, Visitor};
use super::super::{Error, Result};
use super::target::Target;
use super::{connection, errors, holders, migrations, rows, session, url};

const SETTINGS: &str = "
    SET client_min_messages = warning;
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET lock_timeout = '10s';
    SELECT set_config('application_name', current_setting('application_name') || ' fill', false);
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off';";

/// Empties the database and gives it a new epoch. Tables that refer to `users` are emptied too (CASCADE). The triggers that protect the audit log are disabled meanwhile,
/// which only the owner of the table may do.
const CLEAR: &str = "
    ALTER TABLE audit DISABLE TRIGGER USER;
    TRUNCATE users, events, attempts, known_addresses RESTART IDENTITY CASCADE;
    ALTER SEQUENCE closed_room_ids RESTART;
    ALTER SEQUENCE closed_event_ids RESTART;
    ALTER TABLE audit ENABLE TRIGGER USER;
    INSERT INTO users (id, username, email, password_hash, role, is_active, created_at, deleted_at)
    OVERRIDING SYSTEM VALUE VALUES (0, '(server)', '(server)', '', 'user', false, 0, 0);
    UPDATE server SET epoch = replace(gen_random_uuid()::text, '-', ''), token_secret = NULL,
                      access_version = 0;";

pub(in crate::storage) struct PostgresCopyTarget {
    target: Target,
    client: Client,
    contents: Contents,
    filling: Filling,
}

impl PostgresCopyTarget {
    /// # Errors
    /// [`Error::InUse`](super::super::Error) if a chatapp is connected.
    pub fn claim(url: &str) -> Result<Self> {
        let target = url::parse(url)?;
        let name = target.describe();
        let mut client =
            session::connect_in_time(&target).map_err(|error| Error::from(error).of(&name))?;
        let claim = |client: &mut Client| {
            client.batch_execute(SETTINGS)?;
            connection::claim_alone(client)?;
            contents(client)
        };
        let contents = claim(&mut client).map_err(|error| error.of(&name))?;
        Ok(Self { target, client, contents, filling: Filling::AtOnce })
    }

    fn clear(&mut self) -> Result<()> {
        self.client.batch_execute(CLEAR).map_err(|error| match errors::is_lock_timeout(&error) {
            true => {
                let _ = self.client.batch_execute("ROLLBACK");
                Error::InUse(format!(
                    "its tables could not be emptied, because other sessions use them: {}",
                    holders::of_tables(&mut self.client)
                ))
            }
            false => error.into(),
        })
    }
}

impl CopyTarget for PostgresCopyTarget {
    fn contents(&self) -> Contents {
        self.contents
    }

    fn begin(&mut self, filling: Filling, contents: Contents) -> Result<()> {
        // Rows that were written under an older schema cannot be continued.
        let migrated = migrations::migrate_to_fill(&mut session::connect_in_time(&self.target)?)?;
        self.filling = filling;
        self.client.batch_execute("BEGIN")?;
        if contents != Contents::Unfinished || !migrated.is_empty() {
            self.clear()?;
        }
        self.client.execute("UPDATE server SET sealed = $1", &[&FILLING])?;
        if filling == Filling::InSteps {
            self.client.batch_execute("COMMIT")?;
        }
        Ok(())
    }

    fn write(&mut self, table: &'static Table, new_rows: &[Row]) -> Result<()> {
        match self.filling {
            Filling::AtOnce => rows::write_rows(&mut self.client, table, new_rows),
            Filling::InSteps => {
                // An error or a lost connection rolls everything back.
                self.client.batch_execute("BEGIN")?;
                rows::write_rows(&mut self.client, table, new_rows)?;
                Ok(self.client.batch_execute("COMMIT")?)
            }
        }
    }

    fn read_back(&mut self, visit: &mut Visitor<'_>) -> Result<()> {
        match self.filling {
            Filling::AtOnce => rows::read_rows(&mut self.client, Scope::Everything, visit),
            Filling::InSteps => {
                self.client.batch_execute("BEGIN")?;
                rows::read_rows(&mut self.client, Scope::Everything, visit)?;
                Ok(self.client.batch_execute("ROLLBACK")?)
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.client.batch_execute("UPDATE server SET sealed = NULL")?;
        if self.filling == Filling::AtOnce {
            self.client.batch_execute("COMMIT")?;
        }
        // Without this the planner has no statistics of the new rows until the next autovacuum.
        Ok(self.client.batch_execute(
            "ANALYZE users, rooms, events, read_positions, reactions, mentions, audit",
        )?)
    }

    fn take_file(&mut self, _: &Path, _: &mut Progress<'_>) -> Result<bool> {
        Ok(false)
    }
}

fn contents(client: &mut Client) -> Result<Contents> {
    let sealed = "SELECT EXISTS (SELECT 1 FROM information_schema.columns
                                 WHERE table_schema = current_schema()
                                   AND table_name = 'server' AND column_name = 'sealed')";
    let exists =
        |client: &mut Client, sql: &str| -> Result<bool> { Ok(client.query_one(sql, &[])?.get(0)) };
    if exists(client, sealed)?
        && exists(client, "SELECT EXISTS (SELECT 1 FROM server WHERE sealed IS NOT NULL)")?
    {
        return Ok(Contents::Unfinished);
    }
    let has_users = exists(client, "SELECT to_regclass('users') IS NOT NULL")?
        && exists(client, "SELECT EXISTS (SELECT 1 FROM users WHERE id > 0)")?;
    Ok(if has_users { Contents::Data } else { Contents::Nothing })
}
