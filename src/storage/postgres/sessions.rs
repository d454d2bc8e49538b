//! Logins, the secret that signs their tokens, and the tickets that open one socket.

use postgres::Row;

use super::super::backend::{Revoked, Sessions};
use super::super::decisions::{SessionTransaction, stored_grant};
use super::super::{Error, Result};
use super::Postgres;
use super::connection::Connection;
use super::records::{USER_COLUMNS, optional_text, text, user, user_columns};
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

impl Sessions for Postgres {
    fn get_or_create_secret(&self, candidate: &[u8]) -> Result<Vec<u8>> {
        self.write(|db| {
            // If two callers do this at once, the second waits for the row and then gets the first one's secret.
            let row = db.query_one(
                "UPDATE server SET token_secret = coalesce(token_secret, $1) WHERE id = 1
                 RETURNING token_secret",
                &[&candidate],
            )?;
            Ok(row.get(0))
        })
    }

    /// If another transaction changes the account at the same time, one of the two waits: either this one
    /// then sees the change, or the other one sees the session.
    fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool> {
        self.write(|db| {
            let created = db.execute(
                "INSERT INTO sessions (id, user_id, created_at, expires_at)
                 SELECT $1, id, $3, $4 FROM users
                 WHERE id = $2 AND is_active AND password_hash = $5 FOR SHARE",
                &[
                    &session.id.to_string(),
                    &session.user_id.0,
                    &session.created_at.0,
                    &session.expires_at.0,
                    &password_hash,
                ],
            )?;
            Ok(created > 0)
        })
    }

    fn get_session(&self, id: SessionId) -> Result<Option<Session>> {
        self.read(|db| {
            db.query_opt(concat!(select_sessions!(), "WHERE sessions.id = $1"), &[&id.to_string()])?
                .map(|row| session(&row))
                .transpose()
        })
    }

    fn list_sessions(
        &self,
        user_id: Option<UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>> {
        self.read(|db| {
            let limit = i64::from(limit);
            let rows = match user_id {
                Some(id) => db.query(
                    concat!(
                        select_sessions!(),
                        "WHERE user_id = $3 AND revoked_at IS NULL AND expires_at > $1
                         ORDER BY sessions.created_at DESC, sessions.id LIMIT $2"
                    ),
                    &[&now.0, &limit, &id.0],
                )?,
                None => db.query(
                    concat!(
                        select_sessions!(),
                        "WHERE revoked_at IS NULL AND expires_at > $1
                         ORDER BY sessions.created_at DESC, sessions.id LIMIT $2"
                    ),
                    &[&now.0, &limit],
                )?,
            };
            rows.iter().map(session).collect()
        })
    }

    fn extend_session(&self, id: SessionId, expires_at: Timestamp) -> Result<bool> {
        self.write(|db| {
            let found = db.execute(
                "UPDATE sessions SET expires_at = least($2, ends_at)
                 WHERE id = $1 AND revoked_at IS NULL",
                &[&id.to_string(), &expires_at.0],
            )?;
            Ok(found > 0)
        })
    }

    fn revoke_session(&self, id: SessionId, now: Timestamp) -> Result<bool> {
        self.write(|db| {
            let found = db.execute(
                "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                &[&id.to_string(), &now.0],
            )?;
            Ok(found > 0)
        })
    }

    /// One statement, because every node asks once a second. A row without a session is a renamed person or, without
    /// a person, a deleted account.
    fn list_revoked(&self, since: Timestamp) -> Result<Revoked> {
        const LIST: &str = "
            SELECT id, NULL::bigint, NULL::text, NULL::text FROM sessions WHERE revoked_at >= $1
            UNION ALL
            (SELECT NULL, NULL, NULL, NULL FROM users WHERE deleted_at >= $1 LIMIT 1)
            UNION ALL
            SELECT NULL, id, username, display_name FROM users WHERE renamed_at >= $1";
        self.read(|db| {
            let rows = db.query(LIST, &[&since.0])?;
            let mut revoked = Revoked::default();
            for row in &rows {
                match (row.get::<_, Option<&str>>(0), row.get::<_, Option<i64>>(1)) {
                    (Some(_), _) => revoked.sessions.push(session_id(row, 0)?),
                    (None, Some(id)) => revoked.renamed.push(Person {
                        user_id: UserId(id),
                        username: text(row, 2),
                        display_name: optional_text(row, 3),
                    }),
                    (None, None) => revoked.has_deleted_users = true,
                }
            }
            Ok(revoked)
        })
    }

    fn delete_ended_sessions(&self, before: Timestamp, limit: u32) -> Result<u64> {
        const TICKETS: &str = "
            DELETE FROM tickets WHERE hash IN
                (SELECT hash FROM tickets WHERE expires_at < $1 LIMIT $2)";
        const RESETS: &str = "
            DELETE FROM password_resets WHERE hash IN
                (SELECT hash FROM password_resets WHERE expires_at < $1 LIMIT $2)";
        const EXPIRED: &str = "
            DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";
        const REVOKED: &str = "
            DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE revoked_at < $1 LIMIT $2)";
        self.write(|db| {
            let limit = i64::from(limit);
            for delete in [TICKETS, RESETS] {
                db.execute(delete, &[&before.0, &limit])?;
            }
            let expired = db.execute(EXPIRED, &[&before.0, &limit])?;
            Ok(expired + db.execute(REVOKED, &[&before.0, &(limit - expired as i64)])?)
        })
    }

    fn create_ticket(&self, ticket: &NewTicket) -> Result<()> {
        self.write(|db| {
            db.execute(
                "WITH forgotten AS (
                     DELETE FROM tickets WHERE hash IN (
                         SELECT hash FROM tickets WHERE expires_at < $4
                         ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))
                 INSERT INTO tickets (hash, session_id, expires_at) VALUES ($1, $2, $3)",
                &[
                    &&ticket.hash[..],
                    &ticket.session_id.to_string(),
                    &ticket.expires_at.0,
                    &ticket.expires_at.plus_seconds(-60).0,
                ],
            )?;
            Ok(())
        })
    }

    /// If two callers take the same ticket, the second waits for the row, and then does not find it.
    fn take_ticket(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<SessionId>> {
        self.write(|db| {
            let taken = db.query_opt(
                "DELETE FROM tickets WHERE hash = $1 RETURNING session_id, expires_at",
                &[&&hash[..]],
            )?;
            taken
                .filter(|row| Timestamp(row.get(1)) > now)
                .map(|row| session_id(&row, 0))
                .transpose()
        })
    }
}

impl SessionTransaction for Connection {
    fn insert_session(&mut self, user_id: UserId, session: &SessionTerms) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO sessions (id, user_id, created_at, expires_at, ends_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        self.execute(
            INSERT,
            &[
                &session.id.to_string(),
                &user_id.0,
                &session.created_at.0,
                &session.expires_at.0,
                &session.is_bounded.then_some(session.expires_at.0),
            ],
        )?;
        Ok(())
    }

    fn revoke_sessions(
        &mut self,
        user_id: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Result<u32> {
        const REVOKE: &str = "
            UPDATE sessions SET revoked_at = $2
            WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $3
            RETURNING expires_at > $2";
        let keep = keep.map(|id| id.to_string());
        let were_open = self.query(REVOKE, &[&user_id.0, &now.0, &keep])?;
        Ok(were_open.iter().map(|row| u32::from(row.get::<_, bool>(0))).sum())
    }
}

fn session(row: &Row) -> Result<Session> {
    const N: usize = USER_COLUMNS;
    let scopes: Option<&str> = row.get(N + 5);
    Ok(Session {
        id: session_id(row, N + 3)?,
        user: user(row)?,
        display_name: optional_text(row, N + 4),
        created_at: Timestamp(row.get(N)),
        expires_at: Timestamp(row.get(N + 1)),
        revoked_at: row.get::<_, Option<i64>>(N + 2).map(Timestamp),
        grant: scopes.map(|scopes| stored_grant(scopes, row.get(N + 6))),
        last_used_at: row.get::<_, Option<i64>>(N + 7).map(Timestamp),
    })
}

pub(super) fn session_id(row: &Row, column: usize) -> Result<SessionId> {
    let id: &str = row.get(column);
    id.parse().map_err(|()| Error::Internal(format!("`{id}` is not a session id")))
}
