//! Messages and the log: `/rooms/{room_id}/messages` and `/rooms/{room_id}/events`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};
use serde::Serialize;

use super::Area;
use super::dto::{
    EventPageDto, ForwardRequest, MessageDto, MessageEditRequest, MessagePageDto, MessageRequest,
    metadata_query,
};
use super::extract::{Body, Caller, Path, Query, Reads, Sends};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM, ROOM_OR_MESSAGE, STORE, TOKEN,
};
use super::payload::{Written, write_page};
use super::types::{Int, Limit, Number, Position};
use crate::chat::{Chat, DEFAULT_PAGE, Draft, Error, Extras, FieldError};
use crate::model::{Cursor, Event, EventId, EventPage, Message, MessagePage, RoomId, Seq};

pub(super) struct MessagesApi;

#[derive(ApiResponse)]
enum Sent {
    /// The message was stored.
    #[oai(status = 201)]
    Created(Written<MessageDto>),
    /// The `client_id` was used before: this is the original message, and nothing was stored.
    #[oai(status = 200)]
    Duplicate(Written<MessageDto>),
}

#[derive(ApiResponse)]
enum Messages {
    /// A page, oldest first.
    #[oai(status = 200)]
    Ok(Written<MessagePageDto>),
}

#[derive(ApiResponse)]
enum Edited {
    /// The message as it is now.
    #[oai(status = 200)]
    Ok(Written<MessageDto>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The message is deleted, by this request or an earlier one.
    #[oai(status = 204)]
    NoContent,
}

#[derive(ApiResponse)]
enum Events {
    /// The events after the position.
    #[oai(status = 200)]
    Ok(Written<EventPageDto>),
}

#[OpenApi(tag = "Area::Messages")]
impl MessagesApi {
    /// Send a message
    ///
    /// The answer comes when the message is committed. If a client does not know whether a message
    /// arrived, it sends the message again with the same `client_id`.
    #[oai(path = "/rooms/:room_id/messages", method = "post", operation_id = "send_message")]
    async fn send(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<MessageRequest>,
    ) -> Result<
        Sent,
        Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | CONFLICT | PACE | STORE }>,
    > {
        let appended = chat.send(&caller.0, body.0.into_draft(RoomId(room_id.0.0))).await?;
        let message = Written::new(&appended.message, size_of_json(&appended.message))?;
        Ok(if appended.duplicate { Sent::Duplicate(message) } else { Sent::Created(message) })
    }

    /// Read messages
    ///
    /// Without a cursor, the newest page. Cursors are values of `seq`; at most one is given.
    #[oai(path = "/rooms/:room_id/messages", method = "get", operation_id = "list_messages")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The most messages to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// The newest messages with a smaller seq.
        before: Query<Option<Position>>,
        /// The oldest messages with a greater seq.
        after: Query<Option<Position>>,
        /// Half of the page before this seq, the rest from it on.
        around: Query<Option<Position>>,
        /// Only messages whose metadata has this key. Replies that are shown only in their threads are left out, as always.
        metadata_key: Query<Option<String>>,
        /// Only messages whose metadata has this value at `metadata_key`: a text of at most 256 characters, or a number
        /// or a truth value as JSON writes it.
        metadata_value: Query<Option<String>>,
    ) -> Result<Messages, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | STORE }>> {
        let cursor = cursor(before.0, after.0, around.0)?;
        let limit = page_limit(limit.0);
        let room_id = RoomId(room_id.0.0);
        let metadata = metadata_query(metadata_key.0, metadata_value.0)?;
        let show = move |page: MessagePage| show(&page, cursor);
        let page = chat.list_messages(&caller.0, room_id, metadata, cursor, limit, show);
        Ok(Messages::Ok(page.await??))
    }

    /// Get a message
    ///
    /// With its reactions, and with the summary of its thread.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id",
        method = "get",
        operation_id = "get_message"
    )]
    async fn get(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
    ) -> Result<Edited, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | STORE }>> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let message = chat.get_message(&caller.0, room_id, id).await?;
        Ok(Edited::Ok(Written::new(&message, size_of_json(&message))?))
    }

    /// Forward a message to another room
    ///
    /// Sends the text of the message to a room, with the name of its author. The caller must be able to read the
    /// message, and to send to the other room.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/forward",
        method = "post",
        operation_id = "forward_message"
    )]
    async fn forward(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The id of the room that the message is in.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        body: Body<ForwardRequest>,
    ) -> Result<
        Sent,
        Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | CONFLICT | PACE | STORE }>,
    > {
        let Body(ForwardRequest { room_id: to, client_id }) = body;
        let (from, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let (content, forwarded) = chat.read_forwarded(&caller.0, from, id).await?;
        let extras = Extras { forwarded: Some(forwarded), ..Extras::default() };
        let extras = Some(Box::new(extras));
        let draft = Draft { room_id: RoomId(to.0), content, client_id, extras };
        let appended = chat.send(&caller.0, draft).await?;
        let message = Written::new(&appended.message, size_of_json(&appended.message))?;
        Ok(if appended.duplicate { Sent::Duplicate(message) } else { Sent::Created(message) })
    }

    /// Edit a message
    ///
    /// Only for its author. The members of the room get the event `message_edited`.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id",
        method = "patch",
        operation_id = "edit_message"
    )]
    async fn edit(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        body: Body<MessageEditRequest>,
    ) -> Result<
        Edited,
        Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | CONFLICT | PACE | STORE }>,
    > {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let message = chat.edit_message(&caller.0, room_id, id, body.0.content).await?;
        Ok(Edited::Ok(Written::new(&message, size_of_json(&message))?))
    }

    /// Delete a message
    ///
    /// For its author, or a moderator of the room. The message stays in its place without its text, and with
    /// `deleted_at`; its text is deleted from the log too. The members of the room get the event
    /// `message_deleted`.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id",
        method = "delete",
        operation_id = "delete_message"
    )]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
    ) -> Result<Deleted, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | PACE | STORE }>>
    {
        chat.delete_message(&caller.0, RoomId(room_id.0.0), EventId(message_id.0.0)).await?;
        Ok(Deleted::NoContent)
    }

    /// Read the log
    ///
    /// The events after a position, in order, without gaps, for a client that keeps a copy of the
    /// room. The socket sends the same events live. After 0 the log begins with the oldest event
    /// that is kept; after another position whose next event has been pruned, the answer is 409
    /// `history_pruned`.
    #[oai(path = "/rooms/:room_id/events", method = "get", operation_id = "list_events")]
    async fn events(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The `seq` of the last event that the client has; 0 for all events.
        #[oai(default = "start_of_log")]
        after: Query<Position>,
        /// The most events to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// The epoch to which `after` belongs: if it is not the server's, the answer is 409
        /// `epoch_changed`.
        epoch: Query<Option<String>>,
    ) -> Result<Events, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | CONFLICT | STORE }>> {
        if epoch.0.is_some_and(|epoch| epoch != **chat.epoch()) {
            return Err(Error::EpochChanged.into());
        }
        let after = Seq(after.0.0);
        let limit = page_limit(limit.0);
        let page = chat.list_events(&caller.0, RoomId(room_id.0.0), after, limit).await?;
        let size = 160 + page.events.iter().map(Event::json_len_hint).sum::<usize>();
        let end = EventPageEnd::new(&page, after, chat.epoch());
        Ok(Events::Ok(Written::with(size, |out| {
            write_page(out, "events", &page.events, |out, event| event.write_json(out), &end)
        })?))
    }
}

pub(super) fn default_limit() -> Limit {
    Int(DEFAULT_PAGE.into())
}

fn start_of_log() -> Position {
    Int(0)
}

/// A limit beyond u32 becomes 0, which the rules reject.
pub(super) fn page_limit(limit: Limit) -> u32 {
    u32::try_from(limit.0).unwrap_or(0)
}

pub(super) fn cursor(
    before: Option<Position>,
    after: Option<Position>,
    around: Option<Position>,
) -> Result<Cursor, Error> {
    let mut given = Vec::new();
    given.extend(before.map(|seq| ("before", Cursor::Before(Seq(seq.0)))));
    given.extend(after.map(|seq| ("after", Cursor::After(Seq(seq.0)))));
    given.extend(around.map(|seq| ("around", Cursor::Around(Seq(seq.0)))));
    match given[..] {
        [] => Ok(Cursor::Newest),
        [(_, cursor)] => Ok(cursor),
        [(first, _), ..] => {
            let message = format!("cannot be given together with `{first}`");
            let others = given[1..].iter();
            Err(Error::InvalidFields(
                others.map(|(field, _)| FieldError::new(field, message.clone())).collect(),
            ))
        }
    }
}

/// About how many bytes a message has as JSON, so that a page is written into a buffer of the right
/// size.
fn size_of_json(message: &Message) -> usize {
    192 + message.content.len() + message.client_id.as_ref().map_or(0, String::len)
}

fn show(page: &MessagePage, cursor: Cursor) -> Result<Written<MessagePageDto>, Error> {
    let size = 160 + page.messages.iter().map(size_of_json).sum::<usize>();
    let end = MessagePageEnd::new(page, cursor);
    Written::with(size, |out| {
        write_page(out, "messages", &page.messages, |out, message| message.write_json(out), &end)
    })
}

/// The fields of a [`MessagePageDto`] except the messages.
#[derive(Serialize)]
pub(super) struct MessagePageEnd {
    has_older: bool,
    has_newer: bool,
    next_before: Option<Seq>,
    next_after: Option<Seq>,
    head_seq: Seq,
}

impl MessagePageEnd {
    pub fn new(page: &MessagePage, cursor: Cursor) -> Self {
        // A page without messages is at its cursor.
        let (start, end) = match (page.messages.first(), page.messages.last(), cursor) {
            (Some(first), Some(last), _) => (first.seq, last.seq),
            (_, _, Cursor::Newest) => (page.head_seq.next(), page.head_seq),
            (_, _, Cursor::Before(seq) | Cursor::Around(seq)) => (seq, Seq(seq.0 - 1).max(Seq(0))),
            (_, _, Cursor::After(seq)) => (Seq(seq.0.saturating_add(1)), seq),
        };
        Self {
            has_older: page.has_older,
            has_newer: page.has_newer,
            next_before: page.has_older.then_some(start),
            next_after: page.has_newer.then_some(end),
            head_seq: page.head_seq,
        }
    }
}

/// The fields of an [`EventPageDto`] except the events.
#[derive(Serialize)]
struct EventPageEnd<'a> {
    head_seq: Seq,
    next_after: Seq,
    has_more: bool,
    epoch: &'a str,
}

impl<'a> EventPageEnd<'a> {
    fn new(page: &EventPage, after: Seq, epoch: &'a str) -> Self {
        // A page without events: the client has all of them, or they have been pruned.
        let next_after = page.events.last().map_or(after.max(page.head_seq), Event::seq);
        Self { head_seq: page.head_seq, next_after, has_more: next_after < page.head_seq, epoch }
    }
}
