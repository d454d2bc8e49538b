//! Bots: their API tokens, and their cursors.

use rusqlite::{Row, params};

use super::super::Result;
use super::super::backend::{Bots, CursorPosition, MAX_CURSOR_ROOMS, TokenOutcome};
use super::super::decisions::{self, BotTransaction, rooms_text, stored_grant};
use super::Sqlite;
use super::records::user_columns;
use super::sessions::session_id;
use super::transaction::Transaction;
use super::user_admin::{account, select_accounts};
use crate::model::{
    Account, ApiToken, NewApiToken, NewAuditEntry, RoomId, Seq, SessionId, Timestamp, UserId,
};

impl Bots for Sqlite {
    fn list_bots(&self, now: Timestamp) -> Result<Vec<Account>> {
        const LIST: &str =
            concat!(select_accounts!("?1"), "WHERE is_bot = 1 AND deleted_at IS NULL ORDER BY id");
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            Ok(list.query_map([now.0], account)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn create_api_token(&self, token: &NewApiToken, entry: &NewAuditEntry) -> Result<TokenOutcome> {
        self.write(|tx| decisions::create_api_token(tx, token, entry))
    }

    fn list_api_tokens(&self, user_id: UserId, now: Timestamp) -> Result<Vec<ApiToken>> {
        const LIST: &str = "
            SELECT id, name, scopes, room_ids, created_at, expires_at, last_used_at
            FROM sessions JOIN api_tokens ON session_id = id
            WHERE user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2
            ORDER BY created_at DESC, id";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let tokens = list.query_map([user_id.0, now.0], api_token)?;
            Ok(tokens.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn revoke_api_token(
        &self,
        user_id: UserId,
        id: SessionId,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.write(|tx| decisions::revoke_api_token(tx, user_id, id, entry))
    }

    fn touch_api_token(&self, id: SessionId, now: Timestamp, before: Timestamp) -> Result<()> {
        const TOUCH: &str = "
            UPDATE api_tokens SET last_used_at = ?2
            WHERE session_id = ?1 AND (last_used_at IS NULL OR last_used_at < ?3)";
        self.write(|tx| {
            tx.prepare_cached(TOUCH)?.execute(params![id.to_string(), now.0, before.0])?;
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
        const MOVE: &str = "
            INSERT INTO cursors (user_id, name, room_id, seq, updated_at)
            SELECT ?1, ?2, id, min(?4, head_seq), ?5 FROM rooms WHERE id = ?3 AND deleted_at IS NULL
            ON CONFLICT DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at
            WHERE excluded.seq > seq";
        const COUNT: &str = "SELECT count(*) FROM cursors WHERE user_id = ?1";
        const HAS: &str = "
            SELECT EXISTS (SELECT 1 FROM cursors WHERE user_id = ?1 AND name = ?2 AND room_id = ?3)";
        self.write(|tx| {
            let mut has = tx.prepare_cached(HAS)?;
            let mut count: u32 =
                tx.prepare_cached(COUNT)?.query_row([user_id.0], |row| row.get(0))?;
            for (room_id, _) in positions {
                let key = params![user_id.0, name, room_id.0];
                count += u32::from(!has.query_row(key, |row| row.get::<_, bool>(0))?);
            }
            if count > MAX_CURSOR_ROOMS {
                return Ok(false);
            }
            let mut move_one = tx.prepare_cached(MOVE)?;
            for (room_id, seq) in positions {
                move_one.execute(params![user_id.0, name, room_id.0, seq.0, now.0])?;
            }
            Ok(true)
        })
    }

    fn get_cursor(&self, user_id: UserId, name: &str) -> Result<Vec<CursorPosition>> {
        const GET: &str = "
            SELECT room_id, seq, updated_at FROM cursors
            WHERE user_id = ?1 AND name = ?2 ORDER BY room_id";
        self.read(|db| {
            let mut get = db.prepare_cached(GET)?;
            let positions = get.query_map(params![user_id.0, name], |row| {
                let (room_id, seq) = (RoomId(row.get(0)?), Seq(row.get(1)?));
                Ok(CursorPosition { room_id, seq, updated_at: Timestamp(row.get(2)?) })
            })?;
            Ok(positions.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_cursors(&self, user_id: UserId) -> Result<Vec<String>> {
        const LIST: &str = "SELECT DISTINCT name FROM cursors WHERE user_id = ?1 ORDER BY name";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let names = list.query_map([user_id.0], |row| row.get(0))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn delete_cursor(&self, user_id: UserId, name: &str) -> Result<bool> {
        const DELETE: &str = "DELETE FROM cursors WHERE user_id = ?1 AND name = ?2";
        self.write(|tx| Ok(tx.prepare_cached(DELETE)?.execute(params![user_id.0, name])? > 0))
    }
}

impl BotTransaction for Transaction<'_> {
    fn count_api_tokens(&mut self, user_id: UserId, now: Timestamp) -> Result<u32> {
        const COUNT: &str = "
            SELECT count(*) FROM sessions JOIN api_tokens ON session_id = id
            WHERE user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2";
        Ok(self.prepare_cached(COUNT)?.query_row([user_id.0, now.0], |row| row.get(0))?)
    }

    fn insert_api_token(&mut self, token: &NewApiToken) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO api_tokens (session_id, name, scopes, room_ids) VALUES (?1, ?2, ?3, ?4)";
        let NewApiToken { session, name, grant, .. } = token;
        let (scopes, room_ids) = (grant.scopes.to_string(), rooms_text(grant.room_ids.as_ref()));
        self.prepare_cached(INSERT)?.execute(params![
            session.id.to_string(),
            name,
            scopes,
            room_ids
        ])?;
        Ok(())
    }

    fn revoke_api_token(&mut self, user_id: UserId, id: SessionId, now: Timestamp) -> Result<bool> {
        const REVOKE: &str = "
            UPDATE sessions SET revoked_at = ?3
            WHERE id = ?1 AND user_id = ?2 AND revoked_at IS NULL
              AND id IN (SELECT session_id FROM api_tokens)";
        let mut revoke = self.prepare_cached(REVOKE)?;
        Ok(revoke.execute(params![id.to_string(), user_id.0, now.0])? > 0)
    }
}

fn api_token(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    let (scopes, room_ids): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    let grant = stored_grant(&scopes, room_ids.as_deref());
    Ok(ApiToken {
        id: session_id(row, 0)?,
        name: row.get(1)?,
        scopes: grant.scopes,
        room_ids: grant.room_ids,
        created_at: Timestamp(row.get(4)?),
        expires_at: ApiToken::expiry(Timestamp(row.get(5)?)),
        last_used_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
    })
}
