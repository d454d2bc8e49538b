//! Decisions about one message.

use super::{NewEvent, RoomTransaction};
use crate::model::{
    AuditTarget, Changed, Event, EventId, EventKind, EventTarget, Message, MessageChange,
    NewAuditEntry, NewMessageChange, Room, RoomId, Timestamp,
};
use crate::storage::{ChangeError, Result};

/// Writing to a message of a locked room.
pub(in crate::storage) trait MessageTransaction: RoomTransaction {
    fn get_message(&mut self, room_id: RoomId, id: EventId) -> Result<Option<Message>>;
    fn set_content(&mut self, id: EventId, content: &str, edited_at: Timestamp) -> Result<()>;
    /// Empties the message, and the events about it.
    fn empty_message(&mut self, id: EventId, deleted_at: Timestamp) -> Result<()>;
}

pub(in crate::storage) fn edit_message(
    tx: &mut impl MessageTransaction,
    change: NewMessageChange,
    content: &str,
) -> Result<Changed, ChangeError> {
    let (room, mut message) = find(tx, &change)?;
    if message.deleted_at.is_some() {
        return Err(ChangeError::MessageDeleted);
    }
    if room.archived_at.is_some() {
        return Err(ChangeError::RoomArchived);
    }
    if message.content == content {
        return Ok(Changed { message, event: None });
    }
    tx.set_content(message.id, content, change.timestamp)?;
    message.content = content.to_owned();
    message.edited_at = Some(change.timestamp);
    let change = append(tx, EventKind::MessageEdited, change, content, &message)?;
    let event = Event::MessageEdited { change, content: content.to_owned() };
    Ok(Changed { message, event: Some(event) })
}

pub(in crate::storage) fn delete_message(
    tx: &mut impl MessageTransaction,
    change: NewMessageChange,
    entry: Option<&NewAuditEntry>,
) -> Result<Changed, ChangeError> {
    let (_, mut message) = find(tx, &change)?;
    if message.deleted_at.is_some() {
        return Ok(Changed { message, event: None });
    }
    tx.empty_message(message.id, change.timestamp)?;
    message.content = String::new();
    message.deleted_at = Some(change.timestamp);
    if let Some(entry) = entry {
        tx.record_audit(entry, AuditTarget::Message(message.id))?;
    }
    let change = append(tx, EventKind::MessageDeleted, change, "", &message)?;
    Ok(Changed { message, event: Some(Event::MessageDeleted(change)) })
}

fn find(
    tx: &mut impl MessageTransaction,
    change: &NewMessageChange,
) -> Result<(Room, Message), ChangeError> {
    let Some(room) = tx.lock_room(change.room_id)? else {
        return Err(ChangeError::RoomNotFound);
    };
    let message = tx.get_message(change.room_id, change.message_id)?;
    Ok((room, message.ok_or(ChangeError::MessageNotFound)?))
}

fn append(
    tx: &mut impl MessageTransaction,
    kind: EventKind,
    change: NewMessageChange,
    content: &str,
    message: &Message,
) -> Result<MessageChange> {
    let (id, seq) = tx.append_event(&NewEvent {
        room_id: change.room_id,
        kind,
        user_id: change.user_id,
        timestamp: change.timestamp,
        content,
        target: Some(EventTarget { message_id: message.id, message_seq: message.seq }),
        detail: None,
    })?;
    Ok(change.into_change(id, seq, message.seq))
}
