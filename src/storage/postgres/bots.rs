//! Bots: their API tokens, and their cursors.

use postgres::Row;

use super::super::Result;
use super::super::backend::{Bots, CursorPosition, MAX_CURSOR_ROOMS, TokenOutcome};
use super::super::decisions::{self, BotTransaction, rooms_text, stored_grant};
use super::Postgres;
use super::connection::Connection;
use super::records::user_columns;
use super::sessions::session_id;
use super::user_admin::{account, select_accounts};
use crate::model::{
    Account, ApiToken, NewApiToken, NewAuditEntry, RoomId, Seq, SessionId, Timestamp, UserId,
};

impl Bots for Postgres {
    fn list_bots(&self, now: Timestamp) -> Result<Vec<Account>> {
        const LIST: &str =
            concat!(select_accounts!("$1"), "WHERE is_bot AND deleted_at IS NULL ORDER BY id");
        self.read(|db| db.query(LIST, &[&now.0])?.iter().map(account).collect())
    }

    fn create_api_token(&self, token: &NewApiToken, entry: &NewAuditEntry) -> Result<TokenOutcome> {
        self.transaction(|tx| decisions::create_api_token(tx, token, entry))
    }

    fn list_api_tokens(&self, user_id: UserId, now: Timestamp) -> Result<Vec<ApiToken>> {
        const LIST: &str = "
            SELECT id, name, scopes, room_ids, created_at, expires_at, last_used_at
            FROM sessions JOIN api_tokens ON session_id = id
            WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
            ORDER BY created_at DESC, id";
        self.read(|db| db.query(LIST, &[&user_id.0, &now.0])?.iter().map(api_token).collect())
    }

    fn revoke_api_token(
        &self,
        user_id: UserId,
        id: SessionId,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.transaction(|tx| decisions::revoke_api_token(tx, user_id, id, entry))
    }

    fn touch_api_token(&self, id: SessionId, now: Timestamp, before: Timestamp) -> Result<()> {
        const TOUCH: &str = "
            UPDATE api_tokens SET last_used_at = $2
            WHERE session_id = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
        self.write(|db| {
            db.execute(TOUCH, &[&id.to_string(), &now.0, &before.0])?;
            Ok(())
        })
    }

    fn move_cursor(
        &self,
        user_id: UserId,
        name: &str,
        positions: &[(RoomId, Seq)],
        now: Timestamp,
    ) -> Result<bool> {
        // Two moves of one user wait for each other, so that their rooms are counted. The rooms are in order, so that
        // no two moves wait for each other's rows.
        const LOCK: &str =
            "SELECT FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE";
        const COUNT: &str = "
            SELECT (SELECT count(*) FROM cursors WHERE user_id = $1)
                 + (SELECT count(*) FROM unnest($3::bigint[]) AS wanted (room_id)
                    WHERE NOT EXISTS (SELECT FROM cursors
                        WHERE user_id = $1 AND name = $2 AND cursors.room_id = wanted.room_id))";
        const MOVE: &str = "
            INSERT INTO cursors (user_id, name, room_id, seq, updated_at)
            SELECT $1, $2, id, least(wanted.seq, head_seq), $5
            FROM unnest($3::bigint[], $4::bigint[]) AS wanted (room_id, seq)
            JOIN rooms ON id = wanted.room_id AND deleted_at IS NULL
            ORDER BY id
            ON CONFLICT (user_id, name, room_id)
            DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at
            WHERE excluded.seq > cursors.seq";
        let rooms: Vec<i64> = positions.iter().map(|(room_id, _)| room_id.0).collect();
        let seqs: Vec<i64> = positions.iter().map(|(_, seq)| seq.0).collect();
        self.transaction(|tx| {
            if tx.query_opt(LOCK, &[&user_id.0])?.is_none() {
                return Ok(true);
            }
            let count: i64 = tx.query_one(COUNT, &[&user_id.0, &name, &rooms])?.get(0);
            if count > i64::from(MAX_CURSOR_ROOMS) {
                return Ok(false);
            }
            tx.execute(MOVE, &[&user_id.0, &name, &rooms, &seqs, &now.0])?;
            Ok(true)
        })
    }

    fn get_cursor(&self, user_id: UserId, name: &str) -> Result<Vec<CursorPosition>> {
        const GET: &str = "
            SELECT room_id, seq, updated_at FROM cursors
            WHERE user_id = $1 AND name = $2 ORDER BY room_id";
        self.read(|db| {
            let position = |row: &Row| CursorPosition {
                room_id: RoomId(row.get(0)),
                seq: Seq(row.get(1)),
                updated_at: Timestamp(row.get(2)),
            };
            Ok(db.query(GET, &[&user_id.0, &name])?.iter().map(position).collect())
        })
    }

    fn list_cursors(&self, user_id: UserId) -> Result<Vec<String>> {
        const LIST: &str = "
            SELECT DISTINCT name COLLATE \"C\" AS name FROM cursors WHERE user_id = $1 ORDER BY name";
        self.read(|db| Ok(db.query(LIST, &[&user_id.0])?.iter().map(|row| row.get(0)).collect()))
    }

    fn delete_cursor(&self, user_id: UserId, name: &str) -> Result<bool> {
        const DELETE: &str = "DELETE FROM cursors WHERE user_id = $1 AND name = $2";
        self.write(|db| Ok(db.execute(DELETE, &[&user_id.0, &name])? > 0))
    }
}

impl BotTransaction for Connection {
    fn count_api_tokens(&mut self, user_id: UserId, now: Timestamp) -> Result<u32> {
        const COUNT: &str = "
            SELECT count(*) FROM sessions JOIN api_tokens ON session_id = id
            WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2";
        let count: i64 = self.query_one(COUNT, &[&user_id.0, &now.0])?.get(0);
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn insert_api_token(&mut self, token: &NewApiToken) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO api_tokens (session_id, name, scopes, room_ids) VALUES ($1, $2, $3, $4)";
        let NewApiToken { session, name, grant, .. } = token;
        let (scopes, room_ids) = (grant.scopes.to_string(), rooms_text(grant.room_ids.as_ref()));
        self.execute(INSERT, &[&session.id.to_string(), name, &scopes, &room_ids])?;
        Ok(())
    }

    fn revoke_api_token(&mut self, user_id: UserId, id: SessionId, now: Timestamp) -> Result<bool> {
        const REVOKE: &str = "
            UPDATE sessions SET revoked_at = $3
            WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
              AND id IN (SELECT session_id FROM api_tokens)";
        Ok(self.execute(REVOKE, &[&id.to_string(), &user_id.0, &now.0])? > 0)
    }
}

fn api_token(row: &Row) -> Result<ApiToken> {
    let grant = stored_grant(row.get(2), row.get(3));
    Ok(ApiToken {
        id: session_id(row, 0)?,
        name: row.get(1),
        scopes: grant.scopes,
        room_ids: grant.room_ids,
        created_at: Timestamp(row.get(4)),
        expires_at: ApiToken::expiry(Timestamp(row.get(5))),
        last_used_at: row.get::<_, Option<i64>>(6).map(Timestamp),
    })
}
