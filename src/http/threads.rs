//! Threads: `/rooms/{room_id}/messages/{message_id}/thread`, `/users/me/threads`; and `/users/me/mentions`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};
use serde::Serialize;

use super::Area;
use super::dto::{
    FollowedThreadDto, InboxEntryDto, ThreadFollowDto, ThreadPageDto, ThreadReadRequest,
};
use super::extract::{Body, Caller, Everywhere, Path, Query, Reads};
use super::failure::{BODY, FIELDS, FORBIDDEN, Failure, PACE, ROOM, ROOM_OR_MESSAGE, STORE, TOKEN};
use super::members::Done;
use super::messages::{MessagePageEnd, cursor, default_limit, page_limit};
use super::payload::Written;
use super::types::{Limit, Number, Position};
use crate::chat::{Chat, ThreadPage};
use crate::model::{EventId, Message, RoomId, Seq, Timestamp};
use crate::storage::backend::{FollowedThread, InboxEntry, InboxReason, ThreadFollow};

pub(super) struct ThreadsApi;

#[derive(ApiResponse)]
enum Thread {
    /// A page, oldest first.
    #[oai(status = 200)]
    Ok(Written<ThreadPageDto>),
}

#[derive(ApiResponse)]
enum Followed {
    /// The threads, those with the newest replies first.
    #[oai(status = 200)]
    Ok(Written<Vec<FollowedThreadDto>>),
}

#[derive(ApiResponse)]
enum Mentions {
    /// The messages, the newest first.
    #[oai(status = 200)]
    Ok(Written<Vec<InboxEntryDto>>),
}

#[derive(ApiResponse)]
enum Place {
    /// The caller's place in the thread.
    #[oai(status = 200)]
    Ok(Written<ThreadFollowDto>),
}

#[OpenApi(tag = "Area::Messages")]
impl ThreadsApi {
    /// Read a thread
    ///
    /// The replies to a message. Without a cursor, the newest page. For a message that is a reply itself, the thread
    /// that it belongs to.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/thread",
        method = "get",
        operation_id = "list_replies"
    )]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        /// The most replies to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// The newest replies with a smaller seq.
        before: Query<Option<Position>>,
        /// The oldest replies with a greater seq.
        after: Query<Option<Position>>,
        /// Half of the page before this seq, the rest from it on.
        around: Query<Option<Position>>,
    ) -> Result<Thread, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | STORE }>> {
        #[derive(Serialize)]
        struct Page<'a> {
            message: &'a Message,
            messages: &'a [Message],
            #[serde(flatten)]
            end: MessagePageEnd,
            is_following: bool,
            read_seq: Seq,
        }
        let cursor = cursor(before.0, after.0, around.0)?;
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let limit = page_limit(limit.0);
        let page = chat.list_replies(&caller.0, room_id, id, cursor, limit).await?;
        let ThreadPage { first, page, follow: ThreadFollow { is_following, read_seq } } = page;
        let (message, messages) = (&first, &page.messages[..]);
        let end = MessagePageEnd::new(&page, cursor);
        let page = Page { message, messages, end, is_following, read_seq };
        Ok(Thread::Ok(Written::new(&page, 1_024)?))
    }

    /// Set the caller's place in a thread
    ///
    /// It never moves back. A caller who does not follow the thread has no place in it.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/thread/read",
        method = "put",
        operation_id = "mark_thread_read"
    )]
    async fn mark_read(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The id of the first message.
        message_id: Path<Number>,
        body: Body<ThreadReadRequest>,
    ) -> Result<Place, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | PACE | STORE }>> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let seq = Seq(body.0.seq.0);
        let place = chat.mark_thread_read(&caller.0, room_id, id, seq).await?;
        let ThreadFollow { is_following, read_seq } = place;
        let place = ThreadFollowDto { is_following, read_seq: read_seq.0 };
        Ok(Place::Ok(Written::of(&place)?))
    }

    /// Follow a thread
    ///
    /// The replies that follow are unread for the caller. Who began a thread, wrote in it or was mentioned in it
    /// follows it without this.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/thread/follow",
        method = "put",
        operation_id = "follow_thread"
    )]
    async fn follow(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The id of the first message.
        message_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | PACE | STORE }>>
    {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        chat.follow_thread(&caller.0, room_id, id, true).await?;
        Ok(Done::NoContent)
    }

    /// Stop following a thread
    ///
    /// Until the caller writes in it or is mentioned in it again.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/thread/follow",
        method = "delete",
        operation_id = "unfollow_thread"
    )]
    async fn unfollow(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The id of the first message.
        message_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | PACE | STORE }>>
    {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        chat.follow_thread(&caller.0, room_id, id, false).await?;
        Ok(Done::NoContent)
    }

    /// List the threads that the caller follows
    ///
    /// Those with the newest replies come first. Threads whose newest replies have the same time are on one page, which may
    /// therefore have more than `limit`.
    #[oai(path = "/users/me/threads", method = "get", operation_id = "list_followed_threads")]
    async fn followed(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
        /// Only threads of this room.
        room_id: Query<Option<Number>>,
        /// Only threads with replies that the caller has not read.
        #[oai(default)]
        unread: Query<bool>,
        /// The most threads to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Only threads whose newest reply is older: the `last_at` of the last thread of the page before, in
        /// RFC 3339.
        before: Query<Option<String>>,
    ) -> Result<Followed, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | STORE }>> {
        #[derive(Serialize)]
        struct Entry<'a> {
            message: &'a Message,
            read_seq: Seq,
            unread: u32,
        }
        let room_id = room_id.0.map(|id| RoomId(id.0));
        let before = before.0.map(|text| time(&text)).transpose()?;
        let limit = page_limit(limit.0);
        let threads =
            chat.list_followed_threads(&caller.0, room_id, unread.0, before, limit).await?;
        let mut entries = Vec::with_capacity(threads.len());
        for FollowedThread { message, read_seq, unread } in &threads {
            entries.push(Entry { message, read_seq: *read_seq, unread: *unread });
        }
        Ok(Followed::Ok(Written::new(&entries, 1_024)?))
    }

    /// List the messages that mention the caller
    ///
    /// Also those that mention everyone in a room that the caller is a member of.
    #[oai(path = "/users/me/mentions", method = "get", operation_id = "list_mentions")]
    async fn mentions(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
        /// The most messages to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Only messages that were sent before the message with this id.
        before: Query<Option<Number>>,
    ) -> Result<Mentions, Failure<{ FIELDS | TOKEN | STORE }>> {
        #[derive(Serialize)]
        struct Entry<'a> {
            is_everyone: bool,
            is_unread: bool,
            message: &'a Message,
        }
        let before = before.0.map(|id| EventId(id.0));
        let found = chat.list_mentions(&caller.0, before, page_limit(limit.0)).await?;
        let mut entries = Vec::with_capacity(found.len());
        for InboxEntry { reason, message, is_unread } in &found {
            let is_everyone = *reason == InboxReason::Everyone;
            entries.push(Entry { is_everyone, is_unread: *is_unread, message });
        }
        Ok(Mentions::Ok(Written::new(&entries, 1_024)?))
    }
}

fn time(text: &str) -> Result<Timestamp, crate::chat::Error> {
    let invalid = || crate::chat::Error::field("before", "must be a time of RFC 3339");
    serde_json::from_value(text.into()).map_err(|_| invalid())
}
