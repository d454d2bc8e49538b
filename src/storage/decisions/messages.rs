//! Decisions about one message.

use super::append::{AppendTransaction, follow_named};
use super::{NewEvent, RoomTransaction};
use crate::model::{
    AuditTarget, Changed, Event, EventId, EventKind, EventTarget, Message, MessageChange,
    MessageDetail, NewAuditEntry, NewMessageChange, NewText, Room, RoomId, Timestamp, UserId,
    extras,
};
use crate::storage::backend::MAX_PINS;
use crate::storage::stored_event::{ChangeDetail, message_detail};
use crate::storage::{ChangeError, Result};

/// Writing to a message of a locked room.
pub(in crate::storage) trait MessageTransaction: RoomTransaction {
    fn get_message(&mut self, room_id: RoomId, id: EventId) -> Result<Option<Message>>;
    /// Stores the content, the time of the edit and the parts of a message.
    fn set_content(&mut self, message: &Message, detail: Option<&str>) -> Result<()>;
    /// Empties the message, the events about it, and what other tables have of it. The details are the new ones of the
    /// message and of its edits.
    fn empty_message(
        &mut self,
        id: EventId,
        deleted_at: Timestamp,
        details: [Option<String>; 2],
    ) -> Result<()>;
    /// Notes that the message has something in other tables: see [`extras`].
    fn add_extras(&mut self, id: EventId, bits: i64) -> Result<()>;
    /// Stores whom the message mentions.
    fn insert_mentions(&mut self, message: &Message, user_ids: &[UserId]) -> Result<()>;
    fn delete_mentions(&mut self, id: EventId) -> Result<()>;
    /// Stores the keys of the message's metadata, by which it is found.
    fn insert_message_keys(&mut self, message: &Message) -> Result<()>;
    fn count_pins(&mut self, room_id: RoomId) -> Result<u32>;
    /// False: the message is pinned already.
    fn insert_pin(&mut self, change: &NewMessageChange) -> Result<bool>;
    /// False: the message is not pinned.
    fn delete_pin(&mut self, change: &NewMessageChange) -> Result<bool>;
}

pub(in crate::storage) fn edit_message(
    tx: &mut impl AppendTransaction,
    change: NewMessageChange,
    text: &NewText,
) -> Result<Changed, ChangeError> {
    let (room, mut message) = find(tx, &change)?;
    if message.deleted_at.is_some() {
        return Err(ChangeError::MessageDeleted);
    }
    if room.archived_at.is_some() {
        return Err(ChangeError::RoomArchived);
    }
    if message.content == text.content {
        return Ok(Changed { message, event: None });
    }
    let mentioned_before: Vec<UserId> =
        message.mentions().iter().filter_map(|mention| mention.user_id).collect();
    let had_mentions = !message.mentions().is_empty();
    let detail = message.parts.take().map(|parts| parts.detail).unwrap_or_default();
    let detail = MessageDetail { mentions: text.mentions.clone(), ..detail };
    message.content = text.content.clone();
    message.edited_at = Some(change.timestamp);
    tx.set_content(&message, message_detail(&detail)?.as_deref())?;
    message.parts = detail.into_parts();
    if message.parts.is_some() {
        tx.add_extras(message.id, extras::DETAIL)?;
    }
    if had_mentions || !text.mentioned.is_empty() {
        tx.delete_mentions(message.id)?;
        tx.insert_mentions(&message, &text.mentioned)?;
        let named: Vec<UserId> =
            text.named.iter().copied().filter(|id| !mentioned_before.contains(id)).collect();
        follow_named(tx, &message, &named)?;
    }
    let change = append(tx, EventKind::MessageEdited, change, text, &message)?;
    let NewText { content, mentions, .. } = text.clone();
    let event = Event::MessageEdited { change, content, mentions };
    Ok(Changed { message, event: Some(event) })
}

pub(in crate::storage) fn pin_message(
    tx: &mut impl MessageTransaction,
    change: NewMessageChange,
    is_pinned: bool,
) -> Result<Changed, ChangeError> {
    let (room, message) = find(tx, &change)?;
    if room.archived_at.is_some() {
        return Err(ChangeError::RoomArchived);
    }
    let has_changed = if is_pinned {
        if message.deleted_at.is_some() {
            return Err(ChangeError::MessageDeleted);
        }
        let is_new = tx.insert_pin(&change)?;
        if is_new && tx.count_pins(room.id)? > MAX_PINS {
            return Err(ChangeError::TooManyPins);
        }
        tx.add_extras(message.id, extras::PIN)?;
        is_new
    } else {
        tx.delete_pin(&change)?
    };
    if !has_changed {
        return Ok(Changed { message, event: None });
    }
    let kind = if is_pinned { EventKind::MessagePinned } else { EventKind::MessageUnpinned };
    let change = append(tx, kind, change, &NewText::default(), &message)?;
    let event = match is_pinned {
        true => Event::MessagePinned(change),
        false => Event::MessageUnpinned(change),
    };
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
    message.forget_parts();
    let detail = message.parts.as_ref().map(|parts| message_detail(&parts.detail));
    let of_edits = ChangeDetail { thread_id: message.thread_id(), mentions: Vec::new() };
    let details = [detail.transpose()?.flatten(), of_edits.to_stored()?];
    tx.empty_message(message.id, change.timestamp, details)?;
    message.content = String::new();
    message.deleted_at = Some(change.timestamp);
    if let Some(entry) = entry {
        tx.record_audit(entry, AuditTarget::Message(message.id))?;
    }
    let change = append(tx, EventKind::MessageDeleted, change, &NewText::default(), &message)?;
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
    text: &NewText,
    message: &Message,
) -> Result<MessageChange> {
    let thread_id = message.thread_id();
    let detail = ChangeDetail { thread_id, mentions: text.mentions.clone() }.to_stored()?;
    let (id, seq) = tx.append_event(&NewEvent {
        content: &text.content,
        target: Some(EventTarget { message_id: message.id, message_seq: message.seq }),
        detail,
        ..NewEvent::of(change.room_id, kind, change.user_id, change.timestamp)
    })?;
    Ok(change.into_change(id, seq, message.seq, thread_id))
}
