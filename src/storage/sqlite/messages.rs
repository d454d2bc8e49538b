//! One message: finding it, and changing it.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::backend::Messages;
use super::super::stored_event::NewEvent;
use super::super::{ChangeError, Result};
use super::events::{Head, Names, append_event, get_head, message_of};
use super::{Sqlite, audit};
use crate::model::{
    Changed, Event, EventId, EventKind, Message, NewAuditEntry, NewMessageChange, RoomId, Target,
};

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
        self.write(|tx| edit_message(tx, change, content))?
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| delete_message(tx, change, entry))?
    }
}

/// The outcome of a change: the outer error ended the transaction, the inner one refused the change.
type Outcome = Result<Result<Changed, ChangeError>>;

fn get_message(db: &Connection, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
    const GET: &str = "
        SELECT seq, id, user_id, created_at, content, client_id, edited_at, deleted_at
        FROM events
        WHERE id = ?1 AND room_id = ?2 AND kind = 'message'
          AND EXISTS (SELECT 1 FROM rooms WHERE id = ?2 AND deleted_at IS NULL)";
    let mut names = Names::new(db);
    Ok(db
        .prepare_cached(GET)?
        .query_row([id.0, room_id.0], |row| message_of(row, room_id, &mut names))
        .optional()?)
}

fn edit_message(tx: &Connection, change: NewMessageChange, content: &str) -> Outcome {
    let (head, mut message) = match find(tx, &change)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if message.deleted_at.is_some() {
        return Ok(Err(ChangeError::MessageDeleted));
    }
    if head.is_archived {
        return Ok(Err(ChangeError::RoomArchived));
    }
    if message.content == content {
        return Ok(Ok(Changed { message, event: None }));
    }
    tx.prepare_cached("UPDATE events SET content = ?2, edited_at = ?3 WHERE id = ?1")?
        .execute(params![message.id.0, content, change.timestamp.0])?;
    message.content = content.to_owned();
    message.edited_at = Some(change.timestamp);
    let kind = EventKind::MessageEdited;
    let new = NewEvent::message_change(kind, &change, message.seq, content);
    let (id, seq) = append_event(tx, &new)?;
    let change = change.into_change(id, seq, message.seq);
    let event = Event::MessageEdited { change, content: content.to_owned() };
    Ok(Ok(Changed { message, event: Some(event) }))
}

fn delete_message(
    tx: &Connection,
    change: NewMessageChange,
    entry: Option<&NewAuditEntry>,
) -> Outcome {
    let (_, mut message) = match find(tx, &change)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if message.deleted_at.is_some() {
        return Ok(Ok(Changed { message, event: None }));
    }
    tx.prepare_cached("UPDATE events SET content = '', deleted_at = ?2 WHERE id = ?1")?
        .execute([message.id.0, change.timestamp.0])?;
    tx.prepare_cached("UPDATE events SET content = '' WHERE target_id = ?1")?
        .execute([message.id.0])?;
    message.content = String::new();
    message.deleted_at = Some(change.timestamp);
    if let Some(entry) = entry {
        audit::record(tx, entry, Target::Message(message.id))?;
    }
    let kind = EventKind::MessageDeleted;
    let (id, seq) = append_event(tx, &NewEvent::message_change(kind, &change, message.seq, ""))?;
    let change = change.into_change(id, seq, message.seq);
    Ok(Ok(Changed { message, event: Some(Event::MessageDeleted(change)) }))
}

fn find(
    tx: &Connection,
    change: &NewMessageChange,
) -> Result<Result<(Head, Message), ChangeError>> {
    let Some(head) = get_head(tx, change.room_id)? else {
        return Ok(Err(ChangeError::RoomNotFound));
    };
    let message = get_message(tx, change.room_id, change.message_id)?;
    Ok(message.map(|message| (head, message)).ok_or(ChangeError::MessageNotFound))
}
