//! One message: finding it, and changing it.

use super::super::backend::Messages;
use super::super::decisions::{self, MessageTransaction};
use super::super::{ChangeError, Result};
use super::Postgres;
use super::connection::Connection;
use super::records::{message_columns, message_of};
use crate::model::{Changed, EventId, Message, NewAuditEntry, NewMessageChange, RoomId, Timestamp};

impl Messages for Postgres {
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        self.read(|db| get_message(db, room_id, id))
    }

    fn count_messages(&self, room_id: RoomId) -> Result<u64> {
        self.read(|db| {
            db.transaction(|tx| {
                // The log may be long.
                tx.execute("SET LOCAL statement_timeout = 0", &[])?;
                let row = tx.query_one(
                    "SELECT count(*) FROM events WHERE room_id = $1 AND kind = 'message'",
                    &[&room_id.0],
                )?;
                Ok(row.get::<_, i64>(0).unsigned_abs())
            })
        })
    }

    fn edit_message(
        &self,
        change: NewMessageChange,
        content: &str,
    ) -> Result<Changed, ChangeError> {
        self.transaction(|tx| decisions::edit_message(tx, change, content))
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.transaction(|tx| decisions::delete_message(tx, change, entry))
    }
}

impl MessageTransaction for Connection {
    fn get_message(&mut self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        get_message(self, room_id, id)
    }

    fn set_content(&mut self, id: EventId, content: &str, edited_at: Timestamp) -> Result<()> {
        let update = "UPDATE events SET content = $2, edited_at = $3 WHERE id = $1";
        self.execute(update, &[&id.0, &content, &edited_at.0])?;
        Ok(())
    }

    fn empty_message(&mut self, id: EventId, deleted_at: Timestamp) -> Result<()> {
        let empty = "UPDATE events SET content = '', deleted_at = $2 WHERE id = $1";
        self.execute(empty, &[&id.0, &deleted_at.0])?;
        self.execute("UPDATE events SET content = '' WHERE target_id = $1", &[&id.0])?;
        Ok(())
    }
}

fn get_message(db: &mut Connection, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
    const GET: &str = concat!(
        "SELECT ",
        message_columns!(),
        " FROM events AS entry
         WHERE id = $1 AND room_id = $2 AND kind = 'message'
           AND EXISTS (SELECT FROM rooms WHERE rooms.id = $2 AND rooms.deleted_at IS NULL)"
    );
    let row = db.query_opt(GET, &[&id.0, &room_id.0])?;
    Ok(row.as_ref().map(message_of))
}
