//! Users as administrators see and change them.

use postgres::Row;

use super::super::Result;
use super::super::backend::UserAdmin;
use super::super::decisions::{self, UserTransaction};
use super::connection::Connection;
use super::records::{USER_COLUMNS, user, user_columns};
use super::{Postgres, users};
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
            select_accounts!("$4"),
            "WHERE id > $1 AND deleted_at IS NULL",
            $condition,
            " AND (strpos(lower(username COLLATE \"C\"), lower($2 COLLATE \"C\")) > 0
                   OR strpos(lower(email COLLATE \"C\"), lower($2 COLLATE \"C\")) > 0
                   OR strpos(fold_case(display_name), fold_case($2)) > 0)
             ORDER BY id LIMIT $3"
        )
    };
}

const LIST: &str = list!("");
const LIST_WITH_KEY: &str =
    list!(" AND id IN (SELECT user_id FROM user_metadata WHERE key = $5 AND user_id > $1)");
const LIST_WITH_VALUE: &str = list!(
    " AND id IN (SELECT user_id FROM user_metadata WHERE key = $5 AND value = $6 AND user_id > $1)"
);

impl UserAdmin for Postgres {
    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>> {
        self.read(|db| {
            let text = query.text.as_deref().unwrap_or_default();
            // PostgreSQL cannot store text with a NUL, and refuses it in a query.
            if text.contains('\0') {
                return Ok(Vec::new());
            }
            let after = query.after.map_or(0, |id| id.0);
            let (limit, now) = (i64::from(query.limit), now.0);
            let rows = match &query.metadata {
                None => db.query(LIST, &[&after, &text, &limit, &now])?,
                Some(MetadataQuery { key, value: None }) => {
                    db.query(LIST_WITH_KEY, &[&after, &text, &limit, &now, key])?
                }
                Some(MetadataQuery { key, value: Some(value) }) => {
                    db.query(LIST_WITH_VALUE, &[&after, &text, &limit, &now, key, value])?
                }
            };
            rows.iter().map(account).collect()
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
        self.transaction(|tx| decisions::update_user(tx, id, change, entry))
    }

    fn update_password(
        &self,
        id: UserId,
        hash: &str,
        entry: &NewAuditEntry,
    ) -> Result<Option<u32>> {
        self.transaction(|tx| decisions::update_password(tx, id, hash, entry))
    }

    fn revoke_sessions(&self, id: UserId, entry: &NewAuditEntry) -> Result<Option<u32>> {
        self.transaction(|tx| decisions::revoke_sessions(tx, id, entry))
    }

    fn delete_user(&self, id: UserId, entry: &NewAuditEntry) -> Result<Option<Vec<Event>>> {
        self.transaction(|tx| decisions::delete_user(tx, id, entry))
    }
}

impl UserTransaction for Connection {
    fn lock_accounts(&mut self) -> Result<()> {
        // Not the row of `server`: a change of members locks that one after a room, and the deletion of an account
        // locks rooms after this row. Keys that refer to user 0 do not wait for this lock.
        self.query_one("SELECT id FROM users WHERE id = 0 FOR NO KEY UPDATE", &[])?;
        Ok(())
    }

    fn get_account(&mut self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        get_account(self, id, now)
    }

    fn has_admin(&mut self) -> Result<bool> {
        users::has_admin(self)
    }

    fn has_other_admin(&mut self, id: UserId) -> Result<bool> {
        let has =
            "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND is_active AND id <> $1)";
        Ok(self.query_one(has, &[&id.0])?.get(0))
    }

    fn insert_user(&mut self, user: &NewUser) -> Result<UserId> {
        let row = self.query_one(
            "INSERT INTO users (username, email, password_hash, role, created_at, is_bot, display_name)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            &[
                &user.username,
                &user.email,
                &user.password_hash,
                &user.role.as_str(),
                &user.created_at.0,
                &user.is_bot,
                &user.display_name,
            ],
        )?;
        Ok(UserId(row.get(0)))
    }

    fn set_role(&mut self, id: UserId, role: Role, is_active: bool) -> Result<()> {
        let update = "UPDATE users SET role = $2, is_active = $3 WHERE id = $1";
        self.execute(update, &[&id.0, &role.as_str(), &is_active])?;
        Ok(())
    }

    fn set_user_metadata(&mut self, id: UserId, metadata: Option<&Metadata>) -> Result<()> {
        const ADD: &str = "
            INSERT INTO user_metadata (user_id, key, value)
            SELECT $1, key, value FROM unnest($2::text[], $3::text[]) AS input (key, value)";
        let stored = metadata.map(Metadata::to_stored);
        self.execute("UPDATE users SET metadata = $2 WHERE id = $1", &[&id.0, &stored])?;
        self.execute("DELETE FROM user_metadata WHERE user_id = $1", &[&id.0])?;
        if let Some(metadata) = metadata {
            let (keys, values): (Vec<&str>, Vec<Option<String>>) = metadata.keys().unzip();
            self.execute(ADD, &[&id.0, &keys, &values])?;
        }
        Ok(())
    }

    fn lock_password(&mut self, id: UserId, hash: &str) -> Result<bool> {
        let lock = "SELECT id FROM users WHERE id = $1 AND password_hash = $2 FOR NO KEY UPDATE";
        Ok(self.query_opt(lock, &[&id.0, &hash])?.is_some())
    }

    fn set_password(&mut self, id: UserId, hash: &str) -> Result<bool> {
        let update = "UPDATE users SET password_hash = $2
                      WHERE id = $1 AND deleted_at IS NULL AND NOT is_bot";
        Ok(self.execute(update, &[&id.0, &hash])? > 0)
    }

    fn empty_user(&mut self, id: UserId, deleted_at: Timestamp) -> Result<()> {
        // `email` is UNIQUE, so a placeholder is stored.
        const EMPTY: &str = "
            UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                             password_hash = '', role = 'user', is_active = false, deleted_at = $2,
                             display_name = NULL, title = NULL, timezone = NULL, status_text = NULL,
                             status_emoji = NULL, status_until = NULL, last_seen_at = NULL,
                             renamed_at = NULL, metadata = NULL
            WHERE id = $1";
        // Reactions stay, as messages do.
        const FORGET: [&str; 10] = [
            "DELETE FROM blocks WHERE user_id = $1 OR blocked_id = $1",
            "DELETE FROM mentions WHERE user_id = $1",
            "DELETE FROM thread_follows WHERE user_id = $1",
            "DELETE FROM drafts WHERE user_id = $1",
            "DELETE FROM scheduled_messages WHERE user_id = $1",
            "DELETE FROM cursors WHERE user_id = $1",
            "DELETE FROM external_accounts WHERE user_id = $1",
            "DELETE FROM incoming_hooks WHERE user_id = $1",
            "DELETE FROM outgoing_hooks WHERE user_id = $1",
            "DELETE FROM user_metadata WHERE user_id = $1",
        ];
        self.execute(EMPTY, &[&id.0, &deleted_at.0])?;
        for forget in FORGET {
            self.execute(forget, &[&id.0])?;
        }
        Ok(())
    }
}

pub(super) fn get_account(
    db: &mut Connection,
    id: UserId,
    now: Timestamp,
) -> Result<Option<Account>> {
    db.query_opt(
        concat!(select_accounts!("$2"), "WHERE id = $1 AND deleted_at IS NULL"),
        &[&id.0, &now.0],
    )?
    .map(|row| account(&row))
    .transpose()
}

pub(super) fn account(row: &Row) -> Result<Account> {
    let display_name = row.try_get(USER_COLUMNS)?;
    let metadata = Metadata::from_stored(row.try_get(USER_COLUMNS + 1)?);
    let sessions: i64 = row.try_get(USER_COLUMNS + 2)?;
    let sessions = u32::try_from(sessions).unwrap_or(u32::MAX);
    Ok(Account { user: user(row)?, display_name, sessions, metadata })
}
