//! Incoming webhooks.

use postgres::Row;

use super::super::Result;
use super::super::backend::{Guard, HookError, Hooks};
use super::super::decisions::{self, HookTransaction};
use super::Postgres;
use super::connection::Connection;
use crate::model::{Event, Hook, NewAuditEntry, NewHook, Person, RoomId, Timestamp, UserId};

impl Hooks for Postgres {
    fn create_hook(
        &self,
        hook: &NewHook,
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<(UserId, Vec<Event>), HookError> {
        self.transaction(|tx| decisions::create_hook(tx, hook, guard, entry))
    }

    fn delete_hook(
        &self,
        room_id: RoomId,
        id: UserId,
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<Vec<Event>, HookError> {
        self.transaction(|tx| decisions::delete_hook(tx, room_id, id, guard, entry))
    }

    fn list_hooks(&self, room_id: Option<RoomId>) -> Result<Vec<Hook>> {
        const LIST: &str = "
            SELECT incoming_hooks.user_id, room_id, bot.username, bot.display_name,
                   maker.id, maker.username, maker.display_name, incoming_hooks.created_at,
                   (SELECT max(last_used_at) FROM sessions JOIN api_tokens ON session_id = sessions.id
                    WHERE sessions.user_id = bot.id)
            FROM incoming_hooks
            JOIN users AS bot ON bot.id = incoming_hooks.user_id
            JOIN users AS maker ON maker.id = incoming_hooks.created_by
            WHERE ($1::bigint IS NULL OR room_id = $1) AND incoming_hooks.deleted_at IS NULL
            ORDER BY incoming_hooks.user_id";
        let room_id = room_id.map(|id| id.0);
        self.read(|db| Ok(db.query(LIST, &[&room_id])?.iter().map(hook).collect()))
    }

    fn get_hook_room(&self, id: UserId) -> Result<Option<RoomId>> {
        const GET: &str = "SELECT room_id FROM incoming_hooks WHERE user_id = $1";
        self.read(|db| Ok(db.query_opt(GET, &[&id.0])?.map(|row| RoomId(row.get(0)))))
    }
}

impl HookTransaction for Connection {
    fn insert_hook(&mut self, id: UserId, hook: &NewHook) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO incoming_hooks (user_id, room_id, created_by, created_at)
            VALUES ($1, $2, $3, $4)";
        let created_at = hook.bot.created_at.0;
        self.execute(INSERT, &[&id.0, &hook.room_id.0, &hook.created_by.0, &created_at])?;
        Ok(())
    }

    fn list_hooks(&mut self, room_id: RoomId) -> Result<Vec<(UserId, bool)>> {
        const LIST: &str = "
            SELECT user_id, deleted_at IS NOT NULL FROM incoming_hooks
            WHERE room_id = $1 ORDER BY user_id";
        let rows = self.query(LIST, &[&room_id.0])?;
        Ok(rows.iter().map(|row| (UserId(row.get(0)), row.get(1))).collect())
    }

    fn mark_hook_deleted(&mut self, id: UserId, at: Timestamp) -> Result<()> {
        const MARK: &str = "UPDATE incoming_hooks SET deleted_at = $2 WHERE user_id = $1";
        self.execute(MARK, &[&id.0, &at.0])?;
        Ok(())
    }
}

fn hook(row: &Row) -> Hook {
    let (username, display_name): (String, Option<String>) = (row.get(2), row.get(3));
    let maker: (i64, String, Option<String>) = (row.get(4), row.get(5), row.get(6));
    Hook {
        id: UserId(row.get(0)),
        room_id: RoomId(row.get(1)),
        name: display_name.unwrap_or_else(|| username.clone()),
        username,
        created_by: Person {
            user_id: UserId(maker.0),
            username: maker.1.into(),
            display_name: maker.2.map(Into::into),
        },
        created_at: Timestamp(row.get(7)),
        last_used_at: row.get::<_, Option<i64>>(8).map(Timestamp),
    }
}
