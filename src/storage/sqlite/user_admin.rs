//! Users as administrators see and change them.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::super::Result;
use super::super::backend::UserAdmin;
use super::super::decisions::{self, UserTransaction};
use super::records::{USER_COLUMNS, metadata, user, user_columns};
use super::transaction::Transaction;
use super::{Sqlite, users};
use crate::model::{
    Account, Event, Metadata, MetadataQuery, NewAuditEntry, NewUser, Role, Timestamp, UserChange,
    UserId, UserQuery, UserUpdate,
};

/// The beginning of a statement whose rows [`account`] reads. `$now` is the parameter with the present time.
macro_rules! select_accounts {
    ($now:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", display_name, users.metadata, (SELECT count(*) FROM sessions \
                 WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > ",
            $now,
            ") FROM users "
        )
    };
}

pub(super) use select_accounts;

/// The statement that lists the accounts among those that a condition selects.
macro_rules! list {
    ($condition:literal) => {
        concat!(
            select_accounts!("?4"),
            "WHERE id > ?1 AND deleted_at IS NULL",
            $condition,
            " AND (instr(lower(username), lower(?2)) > 0 OR instr(lower(email), lower(?2)) > 0
                   OR instr(fold_case(display_name), fold_case(?2)) > 0)
             ORDER BY id LIMIT ?3"
        )
    };
}

const LIST: &str = list!("");
const LIST_WITH_KEY: &str =
    list!(" AND id IN (SELECT user_id FROM user_metadata WHERE key = ?5 AND user_id > ?1)");
const LIST_WITH_VALUE: &str = list!(
    " AND id IN (SELECT user_id FROM user_metadata WHERE key = ?5 AND value = ?6 AND user_id > ?1)"
);

impl UserAdmin for Sqlite {
    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>> {
        let text = query.text.as_deref().unwrap_or_default();
        let after = query.after.map_or(0, |id| id.0);
        let limit = query.limit;
        self.read(|db| {
            let query_with = |list, params: &[&dyn ToSql]| -> Result<Vec<Account>> {
                let mut statement = db.prepare_cached(list)?;
                Ok(statement.query_map(params, account)?.collect::<rusqlite::Result<_>>()?)
            };
            match &query.metadata {
                None => query_with(LIST, params![after, text, limit, now.0]),
                Some(MetadataQuery { key, value: None }) => {
                    query_with(LIST_WITH_KEY, params![after, text, limit, now.0, key])
                }
                Some(MetadataQuery { key, value: Some(value) }) => {
                    query_with(LIST_WITH_VALUE, params![after, text, limit, now.0, key, value])
                }
            }
        })
    }

    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        self.read(|db| get_account(db, id, now))
    }

    fn update_user(
        &self,
        id: UserId,
        change: UserChange,
        entry: &NewAuditEntry,
    ) -> Result<Option<UserUpdate>> {
        self.write(|tx| decisions::update_user(tx, id, change, entry))
    }

    fn update_password(
        &self,
        id: UserId,
        hash: &str,
        entry: &NewAuditEntry,
    ) -> Result<Option<u32>> {
        self.write(|tx| decisions::update_password(tx, id, hash, entry))
    }

    fn revoke_sessions(&self, id: UserId, entry: &NewAuditEntry) -> Result<Option<u32>> {
        self.write(|tx| decisions::revoke_sessions(tx, id, entry))
    }

    fn delete_user(&self, id: UserId, entry: &NewAuditEntry) -> Result<Option<Vec<Event>>> {
        self.write(|tx| decisions::delete_user(tx, id, entry))
    }
}

impl UserTransaction for Transaction<'_> {
    /// The transaction holds the write lock already.
    fn lock_accounts(&mut self) -> Result<()> {
        Ok(())
    }

    fn get_account(&mut self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        get_account(self, id, now)
    }

    fn has_admin(&mut self) -> Result<bool> {
        users::has_admin(self)
    }

    fn has_other_admin(&mut self, id: UserId) -> Result<bool> {
        const HAS: &str = "
            SELECT EXISTS (SELECT 1 FROM users
                           WHERE role = 'admin' AND is_active = 1 AND id <> ?1)";
        Ok(self.prepare_cached(HAS)?.query_row([id.0], |row| row.get(0))?)
    }

    fn insert_user(&mut self, user: &NewUser) -> Result<UserId> {
        const INSERT: &str = "
            INSERT INTO users (username, email, password_hash, role, created_at, is_bot, display_name)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id";
        let params = params![
            user.username,
            user.email,
            user.password_hash,
            user.role.as_str(),
            user.created_at.0,
            user.is_bot,
            user.display_name
        ];
        Ok(self.prepare_cached(INSERT)?.query_row(params, |row| row.get(0).map(UserId))?)
    }

    fn set_role(&mut self, id: UserId, role: Role, is_active: bool) -> Result<()> {
        self.prepare_cached("UPDATE users SET role = ?2, is_active = ?3 WHERE id = ?1")?
            .execute(params![id.0, role.as_str(), is_active])?;
        Ok(())
    }

    fn set_user_metadata(&mut self, id: UserId, metadata: Option<&Metadata>) -> Result<()> {
        const FORGET: &str = "DELETE FROM user_metadata WHERE user_id = ?1";
        const ADD: &str = "INSERT INTO user_metadata (user_id, key, value) VALUES (?1, ?2, ?3)";
        let stored = metadata.map(Metadata::to_stored);
        self.prepare_cached("UPDATE users SET metadata = ?2 WHERE id = ?1")?
            .execute(params![id.0, stored])?;
        self.prepare_cached(FORGET)?.execute([id.0])?;
        for (key, value) in metadata.into_iter().flat_map(Metadata::keys) {
            self.prepare_cached(ADD)?.execute(params![id.0, key, value])?;
        }
        Ok(())
    }

    fn lock_password(&mut self, id: UserId, hash: &str) -> Result<bool> {
        const HAS: &str =
            "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)";
        Ok(self.prepare_cached(HAS)?.query_row(params![id.0, hash], |row| row.get(0))?)
    }

    fn set_password(&mut self, id: UserId, hash: &str) -> Result<bool> {
        const UPDATE: &str = "UPDATE users SET password_hash = ?2 WHERE id = ?1 AND deleted_at IS NULL AND is_bot = 0";
        Ok(self.prepare_cached(UPDATE)?.execute(params![id.0, hash])? > 0)
    }

    fn empty_user(&mut self, id: UserId, deleted_at: Timestamp) -> Result<()> {
        // `email` is UNIQUE, so a placeholder is stored.
        const EMPTY: &str = "
            UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                             password_hash = '', role = 'user', is_active = 0, deleted_at = ?2,
                             display_name = NULL, title = NULL, timezone = NULL, status_text = NULL,
                             status_emoji = NULL, status_until = NULL, last_seen_at = NULL,
                             renamed_at = NULL, metadata = NULL
            WHERE id = ?1";
        // Reactions stay, as messages do.
        const FORGET: [&str; 10] = [
            "DELETE FROM blocks WHERE user_id = ?1 OR blocked_id = ?1",
            "DELETE FROM mentions WHERE user_id = ?1",
            "DELETE FROM thread_follows WHERE user_id = ?1",
            "DELETE FROM drafts WHERE user_id = ?1",
            "DELETE FROM scheduled_messages WHERE user_id = ?1",
            "DELETE FROM cursors WHERE user_id = ?1",
            "DELETE FROM external_accounts WHERE user_id = ?1",
            "DELETE FROM incoming_hooks WHERE user_id = ?1",
            "DELETE FROM outgoing_hooks WHERE user_id = ?1",
            "DELETE FROM user_metadata WHERE user_id = ?1",
        ];
        self.prepare_cached(EMPTY)?.execute([id.0, deleted_at.0])?;
        for forget in FORGET {
            self.prepare_cached(forget)?.execute([id.0])?;
        }
        Ok(())
    }
}

pub(super) fn get_account(db: &Connection, id: UserId, now: Timestamp) -> Result<Option<Account>> {
    const GET: &str = concat!(select_accounts!("?2"), "WHERE id = ?1 AND deleted_at IS NULL");
    Ok(db.prepare_cached(GET)?.query_row([id.0, now.0], account).optional()?)
}

pub(super) fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let (display_name, sessions) = (row.get(USER_COLUMNS)?, row.get(USER_COLUMNS + 2)?);
    let metadata = metadata(row, USER_COLUMNS + 1)?;
    Ok(Account { user: user(row)?, display_name, sessions, metadata })
}
