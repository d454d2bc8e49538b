//! Messages that are sent later.

use postgres::Row;

use super::super::Result;
use super::super::backend::{
    DueMessage, MAX_SCHEDULED, NewScheduled, Scheduled, ScheduledChange, ScheduledMessages,
};
use super::Postgres;
use super::records::{optional_text, text};
use crate::model::{EventId, Role, RoomId, Timestamp, UserId};

impl ScheduledMessages for Postgres {
    fn create_scheduled(&self, message: &NewScheduled) -> Result<Option<Scheduled>> {
        // The messages of one user are stored one after the other, so that they are counted.
        const LOCK: &str =
            "SELECT FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE";
        const INSERT: &str = "
            INSERT INTO scheduled_messages (user_id, room_id, thread_id, content, send_at, created_at)
            SELECT $1, $2, $3, $4, $5, $6
            WHERE (SELECT count(*) FROM scheduled_messages WHERE user_id = $1) < $7
            RETURNING id, user_id, room_id, thread_id, content, send_at, created_at, failure";
        self.transaction(|tx| {
            if tx.query_opt(LOCK, &[&message.user_id.0])?.is_none() {
                return Ok(None);
            }
            let row = tx.query_opt(
                INSERT,
                &[
                    &message.user_id.0,
                    &message.room_id.0,
                    &message.thread_id.map(|id| id.0),
                    &message.content,
                    &message.send_at.0,
                    &message.created_at.0,
                    &i64::from(MAX_SCHEDULED),
                ],
            )?;
            Ok(row.as_ref().map(scheduled))
        })
    }

    fn list_scheduled(&self, user_id: UserId) -> Result<Vec<Scheduled>> {
        const LIST: &str = "
            SELECT id, user_id, room_id, thread_id, content, send_at, created_at, failure
            FROM scheduled_messages WHERE user_id = $1 ORDER BY send_at, id";
        self.read(|db| Ok(db.query(LIST, &[&user_id.0])?.iter().map(scheduled).collect()))
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
            SET content = coalesce($3, content), send_at = coalesce($4, send_at), failure = NULL
            WHERE id = $2 AND user_id = $1 AND (send_at > $5 OR failure IS NOT NULL)
            RETURNING id, user_id, room_id, thread_id, content, send_at, created_at, failure";
        self.write(|db| {
            let send_at = change.send_at.map(|at| at.0);
            let row =
                db.query_opt(UPDATE, &[&user_id.0, &id, &change.content, &send_at, &now.0])?;
            Ok(row.as_ref().map(scheduled))
        })
    }

    fn delete_scheduled(&self, user_id: UserId, id: i64, now: Timestamp) -> Result<Option<RoomId>> {
        const DELETE: &str = "
            DELETE FROM scheduled_messages
            WHERE id = $2 AND user_id = $1 AND (send_at > $3 OR failure IS NOT NULL)
            RETURNING room_id";
        self.write(|db| {
            let row = db.query_opt(DELETE, &[&user_id.0, &id, &now.0])?;
            Ok(row.map(|row| RoomId(row.get(0))))
        })
    }

    fn list_due_scheduled(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>> {
        const LIST: &str = "
            SELECT due.id, user_id, room_id, thread_id, content, send_at, due.created_at, failure,
                   username, display_name, role, is_active, is_bot
            FROM scheduled_messages AS due JOIN users ON users.id = user_id
            WHERE failure IS NULL AND send_at <= $1 ORDER BY send_at, due.id LIMIT $2";
        self.read(|db| {
            let due = |row: &Row| DueMessage {
                scheduled: scheduled(row),
                username: text(row, 8),
                display_name: optional_text(row, 9),
                role: row.get::<_, &str>(10).parse().unwrap_or(Role::User),
                is_active: row.get(11),
                is_bot: row.get(12),
            };
            Ok(db.query(LIST, &[&now.0, &i64::from(limit)])?.iter().map(due).collect())
        })
    }

    fn end_scheduled(&self, id: i64, failure: Option<&str>) -> Result<()> {
        const DELETE: &str = "DELETE FROM scheduled_messages WHERE id = $1";
        const FAIL: &str = "UPDATE scheduled_messages SET failure = $2 WHERE id = $1";
        self.write(|db| {
            match failure {
                None => db.execute(DELETE, &[&id])?,
                Some(failure) => db.execute(FAIL, &[&id, &failure])?,
            };
            Ok(())
        })
    }
}

fn scheduled(row: &Row) -> Scheduled {
    Scheduled {
        id: row.get(0),
        message: NewScheduled {
            user_id: UserId(row.get(1)),
            room_id: RoomId(row.get(2)),
            thread_id: row.get::<_, Option<i64>>(3).map(EventId),
            content: row.get(4),
            send_at: Timestamp(row.get(5)),
            created_at: Timestamp(row.get(6)),
        },
        failure: row.get(7),
    }
}
