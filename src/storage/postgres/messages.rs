//! One message: finding it, and changing it.

use super::super::backend::Messages;
use super::super::stored_event::NewEvent;
use super::super::{ChangeError, Result};
use super::append::append_event;
use super::connection::Connection;
use super::events::message_of;
use super::{Postgres, audit};
use crate::model::{
    Changed, Event, EventId, EventKind, Message, NewAuditEntry, NewMessageChange, RoomId, Target,
};

impl Messages for Postgres {
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        self.read(|db| get_message(db, room_id, id))
    }

    fn count_messages(&self, room_id: RoomId) -> Result<u64> {
        self.read(|db| {
            db.transaction(|tx| {
                // They may be many.
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
        self.write(|db| edit_message(db, change, content))?
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.write(|db| delete_message(db, change, entry))?
    }
}

/// The outcome of a change: the outer error ended the transaction, the inner one refused the change.
type Outcome = Result<Result<Changed, ChangeError>>;

fn get_message(db: &mut Connection, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
    let row = db.query_opt(
        "SELECT id, content, (SELECT username FROM users WHERE users.id = events.user_id),
                user_id, created_at, room_id, seq, client_id, edited_at, deleted_at
         FROM events
         WHERE id = $1 AND room_id = $2 AND kind = 'message'
           AND EXISTS (SELECT FROM rooms WHERE rooms.id = $2 AND rooms.deleted_at IS NULL)",
        &[&id.0, &room_id.0],
    )?;
    Ok(row.as_ref().map(message_of))
}

fn edit_message(db: &mut Connection, change: NewMessageChange, content: &str) -> Outcome {
    db.transaction(|tx| {
        let (is_archived, mut message) = match find(tx, &change)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if message.deleted_at.is_some() {
            return Ok(Err(ChangeError::MessageDeleted));
        }
        if is_archived {
            return Ok(Err(ChangeError::RoomArchived));
        }
        if message.content == content {
            return Ok(Ok(Changed { message, event: None }));
        }
        tx.execute(
            "UPDATE events SET content = $2, edited_at = $3 WHERE id = $1",
            &[&message.id.0, &content, &change.timestamp.0],
        )?;
        message.content = content.to_owned();
        message.edited_at = Some(change.timestamp);
        let kind = EventKind::MessageEdited;
        let new = NewEvent::message_change(kind, &change, message.seq, content);
        let (id, seq) = append_event(tx, &new)?;
        let change = change.into_change(id, seq, message.seq);
        let event = Event::MessageEdited { change, content: content.to_owned() };
        Ok(Ok(Changed { message, event: Some(event) }))
    })
}

fn delete_message(
    db: &mut Connection,
    change: NewMessageChange,
    entry: Option<&NewAuditEntry>,
) -> Outcome {
    db.transaction(|tx| {
        let (_, mut message) = match find(tx, &change)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if message.deleted_at.is_some() {
            return Ok(Ok(Changed { message, event: None }));
        }
        tx.execute(
            "UPDATE events SET content = '', deleted_at = $2 WHERE id = $1",
            &[&message.id.0, &change.timestamp.0],
        )?;
        tx.execute("UPDATE events SET content = '' WHERE target_id = $1", &[&message.id.0])?;
        message.content = String::new();
        message.deleted_at = Some(change.timestamp);
        if let Some(entry) = entry {
            audit::record(tx, entry, Target::Message(message.id))?;
        }
        let kind = EventKind::MessageDeleted;
        let (id, seq) =
            append_event(tx, &NewEvent::message_change(kind, &change, message.seq, ""))?;
        let change = change.into_change(id, seq, message.seq);
        Ok(Ok(Changed { message, event: Some(Event::MessageDeleted(change)) }))
    })
}

/// Locks the room until the end of the transaction, and then looks: the order of seq is the order
/// of commit, as with messages. Gives whether it is archived, and the message.
fn find(
    tx: &mut Connection,
    change: &NewMessageChange,
) -> Result<Result<(bool, Message), ChangeError>> {
    let room = tx.query_opt(
        "SELECT archived_at IS NOT NULL FROM rooms
         WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE",
        &[&change.room_id.0],
    )?;
    let Some(room) = room else { return Ok(Err(ChangeError::RoomNotFound)) };
    let message = get_message(tx, change.room_id, change.message_id)?;
    Ok(message.map(|message| (room.get(0), message)).ok_or(ChangeError::MessageNotFound))
}
