//! One message: finding it, and changing it.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::backend::Messages;
use super::super::decisions::{self, MessageTransaction};
use super::super::{ChangeError, Result};
use super::Sqlite;
use super::records::{Names, message_columns, message_of};
use super::transaction::Transaction;
use crate::model::{Changed, EventId, Message, NewAuditEntry, NewMessageChange, RoomId, Timestamp};

impl Messages for Sqlite {
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        self.read(|db| get_message(db, room_id, id))
    }

    fn count_messages(&self, room_id: RoomId) -> Result<u64> {
        const COUNT: &str = "SELECT count(*) FROM events WHERE room_id = ?1 AND kind = 'message'";
        self.read(|db| {
            let count: i64 = db.prepare_cached(COUNT)?.query_row([room_id.0], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    fn edit_message(
        &self,
        change: NewMessageChange,
        content: &str,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| decisions::edit_message(tx, change, content))
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| decisions::delete_message(tx, change, entry))
    }
}

impl MessageTransaction for Transaction<'_> {
    fn get_message(&mut self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        get_message(self, room_id, id)
    }

    fn set_content(&mut self, id: EventId, content: &str, edited_at: Timestamp) -> Result<()> {
        self.prepare_cached("UPDATE events SET content = ?2, edited_at = ?3 WHERE id = ?1")?
            .execute(params![id.0, content, edited_at.0])?;
        Ok(())
    }

    fn empty_message(&mut self, id: EventId, deleted_at: Timestamp) -> Result<()> {
        self.prepare_cached("UPDATE events SET content = '', deleted_at = ?2 WHERE id = ?1")?
            .execute([id.0, deleted_at.0])?;
        self.prepare_cached("UPDATE events SET content = '' WHERE target_id = ?1")?
            .execute([id.0])?;
        Ok(())
    }
}

fn get_message(db: &Connection, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
    const GET: &str = concat!(
        "SELECT ",
        message_columns!(),
        " FROM events
         WHERE id = ?1 AND room_id = ?2 AND kind = 'message'
           AND EXISTS (SELECT 1 FROM rooms WHERE id = ?2 AND deleted_at IS NULL)"
    );
    let mut names = Names::new(db);
    Ok(db
        .prepare_cached(GET)?
        .query_row([id.0, room_id.0], |row| message_of(row, room_id, &mut names))
        .optional()?)
}
