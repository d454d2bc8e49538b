//! Logins, the secret that signs their tokens, and the tickets that open one socket.

use rusqlite::{OptionalExtension, Row, params, types::Type};

use super::super::Result;
use super::super::backend::{Revoked, Sessions};
use super::super::decisions::{SessionTransaction, stored_grant};
use super::Sqlite;
use super::records::{USER_COLUMNS, user, user_columns};
use super::transaction::Transaction;
use crate::model::{
    NewSession, NewTicket, Person, SecretHash, Session, SessionId, SessionTerms, Timestamp, UserId,
};

/// The beginning of a statement whose rows [`session`] reads.
macro_rules! select_sessions {
    () => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", sessions.created_at, sessions.expires_at, sessions.revoked_at, sessions.id, users.display_name, \
             api_tokens.scopes, api_tokens.room_ids, api_tokens.last_used_at \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             LEFT JOIN api_tokens ON api_tokens.session_id = sessions.id "
        )
    };
}

impl Sessions for Sqlite {
    fn get_or_create_secret(&self, candidate: &[u8]) -> Result<Vec<u8>> {
        self.write(|tx| {
            tx.prepare_cached(
                "UPDATE server SET token_secret = ?1 WHERE id = 1 AND token_secret IS NULL",
            )?
            .execute([candidate])?;
            Ok(tx
                .prepare_cached("SELECT token_secret FROM server WHERE id = 1")?
                .query_row([], |row| row.get(0))?)
        })
    }

    fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool> {
        const INSERT: &str = "
            INSERT INTO sessions (id, user_id, created_at, expires_at)
            SELECT ?1, id, ?3, ?4 FROM users
            WHERE id = ?2 AND is_active = 1 AND password_hash = ?5";
        self.write(|tx| {
            let created = tx.prepare_cached(INSERT)?.execute(params![
                session.id.to_string(),
                session.user_id.0,
                session.created_at.0,
                session.expires_at.0,
                password_hash
            ])?;
            Ok(created > 0)
        })
    }

    fn get_session(&self, id: SessionId) -> Result<Option<Session>> {
        const GET: &str = concat!(select_sessions!(), "WHERE sessions.id = ?1");
        self.read(|db| {
            Ok(db.prepare_cached(GET)?.query_row([id.to_string()], session).optional()?)
        })
    }

    fn list_sessions(
        &self,
        user_id: Option<UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>> {
        const LIST_OF_ONE: &str = concat!(
            select_sessions!(),
            "WHERE revoked_at IS NULL AND expires_at > ?1 AND user_id = ?3
             ORDER BY sessions.created_at DESC, sessions.id LIMIT ?2"
        );
        const LIST_OF_ALL: &str = concat!(
            select_sessions!(),
            "WHERE revoked_at IS NULL AND expires_at > ?1
             ORDER BY sessions.created_at DESC, sessions.id LIMIT ?2"
        );
        let (now, limit) = (now.0, i64::from(limit));
        self.read(|db| {
            let sessions = match user_id {
                Some(id) => db
                    .prepare_cached(LIST_OF_ONE)?
                    .query_map([now, limit, id.0], session)?
                    .collect::<rusqlite::Result<_>>()?,
                None => db
                    .prepare_cached(LIST_OF_ALL)?
                    .query_map([now, limit], session)?
                    .collect::<rusqlite::Result<_>>()?,
            };
            Ok(sessions)
        })
    }

    fn extend_session(&self, id: SessionId, expires_at: Timestamp) -> Result<bool> {
        const EXTEND: &str = "
            UPDATE sessions SET expires_at = min(?2, coalesce(ends_at, ?2))
            WHERE id = ?1 AND revoked_at IS NULL";
        self.write(|tx| {
            Ok(tx.prepare_cached(EXTEND)?.execute(params![id.to_string(), expires_at.0])? > 0)
        })
    }

    fn revoke_session(&self, id: SessionId, now: Timestamp) -> Result<bool> {
        const REVOKE: &str =
            "UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        self.write(|tx| Ok(tx.prepare_cached(REVOKE)?.execute(params![id.to_string(), now.0])? > 0))
    }

    fn list_revoked(&self, since: Timestamp) -> Result<Revoked> {
        const HAS_DELETED: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE deleted_at >= ?1)";
        const RENAMED: &str = "SELECT id, username, display_name FROM users WHERE renamed_at >= ?1";
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT id FROM sessions WHERE revoked_at >= ?1")?;
            let ids = statement.query_map([since.0], |row| session_id(row, 0))?;
            let mut renamed = db.prepare_cached(RENAMED)?;
            let renamed = renamed.query_map([since.0], |row| {
                Ok(Person {
                    user_id: UserId(row.get(0)?),
                    username: row.get(1)?,
                    display_name: row.get(2)?,
                })
            })?;
            Ok(Revoked {
                sessions: ids.collect::<rusqlite::Result<_>>()?,
                has_deleted_users: db
                    .prepare_cached(HAS_DELETED)?
                    .query_row([since.0], |row| row.get(0))?,
                renamed: renamed.collect::<rusqlite::Result<_>>()?,
            })
        })
    }

    fn delete_ended_sessions(&self, before: Timestamp, limit: u32) -> Result<u64> {
        const TICKETS: &str = "
            DELETE FROM tickets WHERE hash IN
                (SELECT hash FROM tickets WHERE expires_at < ?1 LIMIT ?2)";
        const RESETS: &str = "
            DELETE FROM password_resets WHERE hash IN
                (SELECT hash FROM password_resets WHERE expires_at < ?1 LIMIT ?2)";
        const SESSIONS: &str = "
            DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE expires_at < ?1 OR revoked_at < ?1 LIMIT ?2)";
        self.write(|tx| {
            for delete in [TICKETS, RESETS] {
                tx.prepare_cached(delete)?.execute(params![before.0, limit])?;
            }
            Ok(tx.prepare_cached(SESSIONS)?.execute(params![before.0, limit])? as u64)
        })
    }

    fn create_ticket(&self, ticket: &NewTicket) -> Result<()> {
        const FORGET: &str = "
            DELETE FROM tickets WHERE hash IN
                (SELECT hash FROM tickets WHERE expires_at < ?1 ORDER BY expires_at LIMIT 100)";
        const INSERT: &str =
            "INSERT INTO tickets (hash, session_id, expires_at) VALUES (?1, ?2, ?3)";
        self.write(|tx| {
            tx.prepare_cached(FORGET)?.execute([ticket.expires_at.plus_seconds(-60).0])?;
            tx.prepare_cached(INSERT)?.execute(params![
                ticket.hash,
                ticket.session_id.to_string(),
                ticket.expires_at.0
            ])?;
            Ok(())
        })
    }

    fn take_ticket(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<SessionId>> {
        const TAKE: &str = "DELETE FROM tickets WHERE hash = ?1 RETURNING session_id, expires_at";
        self.write(|tx| {
            let ticket = |row: &Row<'_>| Ok((session_id(row, 0)?, Timestamp(row.get(1)?)));
            let taken = tx.prepare_cached(TAKE)?.query_row(params![hash], ticket).optional()?;
            Ok(taken.filter(|(_, expires_at)| *expires_at > now).map(|(session_id, _)| session_id))
        })
    }
}

impl SessionTransaction for Transaction<'_> {
    fn insert_session(&mut self, user_id: UserId, session: &SessionTerms) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO sessions (id, user_id, created_at, expires_at, ends_at)
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
        self.prepare_cached(INSERT)?.execute(params![
            session.id.to_string(),
            user_id.0,
            session.created_at.0,
            session.expires_at.0,
            session.is_bounded.then_some(session.expires_at.0)
        ])?;
        Ok(())
    }

    fn revoke_sessions(
        &mut self,
        user_id: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Result<u32> {
        const REVOKE: &str = "
            UPDATE sessions SET revoked_at = ?2
            WHERE user_id = ?1 AND revoked_at IS NULL AND id IS NOT ?3
            RETURNING expires_at > ?2";
        let keep = keep.map(|id| id.to_string());
        let mut statement = self.prepare_cached(REVOKE)?;
        let mut were_open =
            statement.query_map(params![user_id.0, now.0, keep], |row| row.get::<_, bool>(0))?;
        were_open.try_fold(0, |count, was_open| Ok(count + u32::from(was_open?)))
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    const N: usize = USER_COLUMNS;
    let (scopes, room_ids): (Option<String>, Option<String>) = (row.get(N + 5)?, row.get(N + 6)?);
    Ok(Session {
        id: session_id(row, N + 3)?,
        user: user(row)?,
        display_name: row.get(N + 4)?,
        created_at: Timestamp(row.get(N)?),
        expires_at: Timestamp(row.get(N + 1)?),
        revoked_at: row.get::<_, Option<i64>>(N + 2)?.map(Timestamp),
        grant: scopes.map(|scopes| stored_grant(&scopes, room_ids.as_deref())),
        last_used_at: row.get::<_, Option<i64>>(N + 7)?.map(Timestamp),
    })
}

pub(super) fn session_id(row: &Row<'_>, column: usize) -> rusqlite::Result<SessionId> {
    let id: String = row.get(column)?;
    id.parse().map_err(|()| {
        let error = format!("`{id}` is not a session id").into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
    })
}
