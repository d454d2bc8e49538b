//! Messages that are sent later.

use rusqlite::{OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::{
    DueMessage, MAX_SCHEDULED, NewScheduled, Scheduled, ScheduledChange, ScheduledMessages,
};
use super::Sqlite;
use crate::model::{EventId, Role, RoomId, Timestamp, UserId};

impl ScheduledMessages for Sqlite {
    fn create_scheduled(&self, message: &NewScheduled) -> Result<Option<Scheduled>> {
        const INSERT: &str = "
            INSERT INTO scheduled_messages (user_id, room_id, thread_id, content, send_at, created_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6
            WHERE (SELECT count(*) FROM scheduled_messages WHERE user_id = ?1) < ?7
              AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND deleted_at IS NULL)
            RETURNING id, user_id, room_id, thread_id, content, send_at, created_at, failure";
        self.write(|tx| {
            let values = params![
                message.user_id.0,
                message.room_id.0,
                message.thread_id.map(|id| id.0),
                message.content,
                message.send_at.0,
                message.created_at.0,
                MAX_SCHEDULED
            ];
            Ok(tx.prepare_cached(INSERT)?.query_row(values, scheduled).optional()?)
        })
    }

    fn list_scheduled(&self, user_id: UserId) -> Result<Vec<Scheduled>> {
        const LIST: &str = "
            SELECT id, user_id, room_id, thread_id, content, send_at, created_at, failure
            FROM scheduled_messages WHERE user_id = ?1 ORDER BY send_at, id";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let rows = list.query_map([user_id.0], scheduled)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn update_scheduled(
        &self,
        user_id: UserId,
        id: i64,
        change: &ScheduledChange,
        now: Timestamp,
    ) -> Result<Option<Scheduled>> {
        const UPDATE: &str = "
            UPDATE scheduled_messages
            SET content = coalesce(?3, content), send_at = coalesce(?4, send_at), failure = NULL
            WHERE id = ?2 AND user_id = ?1 AND (send_at > ?5 OR failure IS NOT NULL)
            RETURNING id, user_id, room_id, thread_id, content, send_at, created_at, failure";
        self.write(|tx| {
            let send_at = change.send_at.map(|at| at.0);
            let values = params![user_id.0, id, change.content, send_at, now.0];
            Ok(tx.prepare_cached(UPDATE)?.query_row(values, scheduled).optional()?)
        })
    }

    fn delete_scheduled(&self, user_id: UserId, id: i64, now: Timestamp) -> Result<Option<RoomId>> {
        const DELETE: &str = "
            DELETE FROM scheduled_messages
            WHERE id = ?2 AND user_id = ?1 AND (send_at > ?3 OR failure IS NOT NULL)
            RETURNING room_id";
        self.write(|tx| {
            let mut delete = tx.prepare_cached(DELETE)?;
            let room_id = delete.query_row([user_id.0, id, now.0], |row| row.get(0).map(RoomId));
            Ok(room_id.optional()?)
        })
    }

    fn list_due_scheduled(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>> {
        const LIST: &str = "
            SELECT due.id, user_id, room_id, thread_id, content, send_at, due.created_at, failure,
                   username, display_name, role, is_active, is_bot
            FROM scheduled_messages AS due JOIN users ON users.id = user_id
            WHERE failure IS NULL AND send_at <= ?1 ORDER BY send_at, due.id LIMIT ?2";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let due = |row: &Row<'_>| {
                Ok(DueMessage {
                    scheduled: scheduled(row)?,
                    username: row.get::<_, String>(8)?.into(),
                    display_name: row.get::<_, Option<String>>(9)?.map(Into::into),
                    role: row.get_ref(10)?.as_str()?.parse().unwrap_or(Role::User),
                    is_active: row.get(11)?,
                    is_bot: row.get(12)?,
                })
            };
            let rows = list.query_map(params![now.0, limit], due)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn end_scheduled(&self, id: i64, failure: Option<&str>) -> Result<()> {
        const DELETE: &str = "DELETE FROM scheduled_messages WHERE id = ?1";
        const FAIL: &str = "UPDATE scheduled_messages SET failure = ?2 WHERE id = ?1";
        self.write(|tx| {
            match failure {
                None => tx.prepare_cached(DELETE)?.execute([id])?,
                Some(failure) => tx.prepare_cached(FAIL)?.execute(params![id, failure])?,
            };
            Ok(())
        })
    }
}

fn scheduled(row: &Row<'_>) -> rusqlite::Result<Scheduled> {
    Ok(Scheduled {
        id: row.get(0)?,
        message: NewScheduled {
            user_id: UserId(row.get(1)?),
            room_id: RoomId(row.get(2)?),
            thread_id: row.get::<_, Option<i64>>(3)?.map(EventId),
            content: row.get(4)?,
            send_at: Timestamp(row.get(5)?),
            created_at: Timestamp(row.get(6)?),
        },
        failure: row.get(7)?,
    })
}
