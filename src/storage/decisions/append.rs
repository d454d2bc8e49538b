//! Appending a message that has more than a text: a thread, a quote, mentions.

use super::{MessageTransaction, NewEvent};
use crate::model::{
    Appended, AuditTarget, EventId, EventKind, Message, NewAuditEntry, NewMessage, NewParts,
    RoomId, RoomKind, Seq, UserId, extras,
};
use crate::storage::stored_event::message_detail;
use crate::storage::{AppendError, Result};

/// Appending one message to a locked room.
pub(in crate::storage) trait AppendTransaction: MessageTransaction {
    /// Finds the message that was stored before with this `client_id`.
    fn find_original(&mut self, message: &NewMessage) -> Result<Option<Message>>;
    fn has_account(&mut self, id: UserId) -> Result<bool>;
    /// Makes the sender of the message at `seq` a member of the public room, if the sender may be one.
    fn join_sender(&mut self, message: &NewMessage, seq: Seq) -> Result<()>;
    /// Makes the user follow a thread, also one who did not want to any more. A place that the user has stays.
    fn follow(&mut self, place: ThreadPlace) -> Result<()>;
    /// Makes the user follow a thread, unless the user has a place in it.
    fn follow_once(&mut self, place: ThreadPlace) -> Result<()>;
    /// Moves the user's place in a thread on: there is nothing unread before it.
    fn move_on(&mut self, place: ThreadPlace) -> Result<()>;
    /// Notes for everybody who follows the thread, except the author, that there is a reply.
    fn note_reply(&mut self, thread_id: EventId, author: UserId) -> Result<()>;
}

/// A user's place in a thread.
#[derive(Clone, Copy, Debug)]
pub(in crate::storage) struct ThreadPlace {
    pub room_id: RoomId,
    pub thread_id: EventId,
    pub user_id: UserId,
    pub read_seq: Seq,
}

/// The caller has to call this in a transaction of the whole batch, in which the rooms are locked in order of id. The
/// outer error ends the batch, the inner one only this message.
pub(in crate::storage) fn append_message(
    tx: &mut impl AppendTransaction,
    message: NewMessage,
    new: NewParts,
) -> Result<Result<Appended, AppendError>> {
    let room_id = message.room_id;
    let Some(room) = tx.lock_room(room_id)? else { return Ok(Err(AppendError::RoomNotFound)) };
    // The room became private after the sender was admitted.
    if message.joins && room.kind != RoomKind::Public {
        return Ok(Err(AppendError::RoomNotFound));
    }
    if message.client_id.is_some()
        && let Some(message) = tx.find_original(&message)?
    {
        return Ok(Ok(Appended { message, duplicate: true }));
    }
    if room.archived_at.is_some() {
        return Ok(Err(AppendError::RoomArchived));
    }
    if !tx.has_account(message.user_id)? {
        return Ok(Err(AppendError::UserNotFound));
    }
    let NewParts { mut detail, mentioned, named, visible_from } = new;
    let mut find = |id: EventId| -> Result<Option<Message>> {
        let found = tx.get_message(room_id, id)?;
        Ok(found.filter(|message| message.seq > visible_from))
    };
    let mut thread = None;
    if let Some(id) = detail.thread_id {
        let Some(first) = find(id)? else { return Ok(Err(AppendError::MessageNotFound)) };
        // Threads have one level: a reply to a reply belongs to the same thread.
        let first = match first.thread_id() {
            Some(id) => find(id)?,
            None => Some(first),
        };
        let Some(first) = first else { return Ok(Err(AppendError::MessageNotFound)) };
        detail.thread_id = Some(first.id);
        thread = Some(first);
    }
    if let Some(id) = detail.quote_of {
        let quoted = tx.get_message(room_id, id)?.filter(|message| message.seq > visible_from);
        if quoted.is_none_or(|message| message.deleted_at.is_some()) {
            return Ok(Err(AppendError::MessageNotFound));
        }
    }
    let is_reply = detail.is_only_in_thread();
    let kind = if is_reply { EventKind::Reply } else { EventKind::Message };
    let stored = message_detail(&detail)?;
    let has_detail = stored.is_some();
    let (id, seq) = tx.append_event(&NewEvent {
        content: &message.content,
        detail: stored,
        client_id: message.client_id.as_deref(),
        thread_id: detail.thread_id,
        ..NewEvent::of(room_id, kind, message.user_id, message.timestamp)
    })?;
    if has_detail {
        tx.add_extras(id, extras::DETAIL)?;
    }
    if message.joins {
        tx.join_sender(&message, seq)?;
    }
    let joins = NewMessage { parts: None, ..message };
    let mut message = joins.into_message(id, seq);
    message.parts = detail.into_parts();
    tx.insert_mentions(&message, &mentioned)?;
    if message.metadata().is_some() {
        tx.insert_message_keys(&message)?;
    }
    if let Some(first) = &thread {
        note_reply(tx, first, &message, &named)?;
    }
    Ok(Ok(Appended { message, duplicate: false }))
}

/// Appends a message of the server itself, as an act of administration.
pub(in crate::storage) fn announce(
    tx: &mut impl AppendTransaction,
    message: NewMessage,
    entry: &NewAuditEntry,
) -> Result<Appended, AppendError> {
    let (room_id, mut message) = (message.room_id, message);
    let parts = message.parts.take().map(|parts| *parts).unwrap_or_default();
    let appended = append_message(tx, message, parts)??;
    if !appended.duplicate {
        // The id of the message would tell how much is said in private rooms.
        tx.record_audit(entry, AuditTarget::Room(room_id))?;
    }
    Ok(appended)
}

/// Who began a thread, wrote in it or was mentioned in it by name follows it.
fn note_reply(
    tx: &mut impl AppendTransaction,
    first: &Message,
    reply: &Message,
    named: &[UserId],
) -> Result<()> {
    tx.add_extras(first.id, extras::THREAD)?;
    let place = |user_id, read_seq| ThreadPlace {
        room_id: first.room_id,
        thread_id: first.id,
        user_id,
        read_seq,
    };
    // The author of the first message has read the thread up to there.
    if first.user_id != UserId::SERVER {
        tx.follow_once(place(first.user_id, first.seq))?;
    }
    follow_named(tx, reply, named)?;
    tx.note_reply(first.id, reply.user_id)?;
    tx.follow(place(reply.user_id, reply.seq))?;
    tx.move_on(place(reply.user_id, reply.seq))
}

/// The people whom a reply mentions by name follow its thread.
pub(super) fn follow_named(
    tx: &mut impl AppendTransaction,
    reply: &Message,
    named: &[UserId],
) -> Result<()> {
    let Some(thread_id) = reply.thread_id().filter(|_| !named.is_empty()) else { return Ok(()) };
    let (room_id, read_seq) = (reply.room_id, Seq(reply.seq.0 - 1));
    for &user_id in named {
        tx.follow(ThreadPlace { room_id, thread_id, user_id, read_seq })?;
    }
    tx.note_reply(thread_id, reply.user_id)
}
