//! Threads: reading them, and following them. What mentions a user is listed here too.

use super::permissions::RoomAction;
use super::{Chat, Error, Result};
use crate::model::{
    Cursor, EventId, Identity, Message, MessagePage, OwnSubject, RoomId, Seq, Timestamp, View,
};
use crate::storage::Backend;
use crate::storage::backend::{FollowedThread, InboxEntry, ThreadFollow};

/// A page of a thread.
#[derive(Debug)]
pub struct ThreadPage {
    /// The first message of the thread.
    pub first: Message,
    /// The replies.
    pub page: MessagePage,
    /// The caller's place in the thread.
    pub follow: ThreadFollow,
}

impl Chat {
    /// Reads a page of the replies to a message.
    ///
    /// # Errors
    /// As for [`Chat::list_messages`]; [`Error::MessageNotFound`].
    pub async fn list_replies(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<ThreadPage> {
        super::messages::check_page(cursor, limit)?;
        let view = self.view_of(caller, room_id).await?;
        let read = move |backend: &dyn Backend| {
            let Some(first) = first_of(backend, room_id, id, view)? else { return Ok(None) };
            let Some(first) = backend.view_message(room_id, first, view)? else { return Ok(None) };
            let page = backend.list_replies(room_id, first.id, cursor, limit, view)?;
            let follow = backend.get_thread_follow(view.reader, first.id)?.unwrap_or_default();
            Ok(page.map(|page| ThreadPage { first, page, follow }))
        };
        self.inner.store.read(read).await?.ok_or(Error::MessageNotFound)
    }

    /// Follows the thread of a message from now on, or ends that.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`], [`Error::TooManyRequests`].
    pub async fn follow_thread(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
        is_following: bool,
    ) -> Result<()> {
        let first = self.find_thread(caller, room_id, id).await?;
        let (user_id, chat) = (caller.user_id, self.clone());
        let write = move |backend: &dyn Backend| {
            let followed = backend.follow_thread(user_id, room_id, first, is_following)?;
            if followed == Some(true) {
                chat.tell_own(user_id, OwnSubject::Thread, room_id, Some(first));
            }
            Ok(followed)
        };
        self.inner.store.write(write).await?.map(drop).ok_or(Error::MessageNotFound)
    }

    /// Finds the thread of a message, for a change that the caller makes there. The writer thread only writes.
    pub(super) async fn find_thread(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
    ) -> Result<EventId> {
        let view = self.view_of(caller, room_id).await?;
        self.check_pace(caller)?;
        let find = move |backend: &dyn Backend| first_of(backend, room_id, id, view);
        self.inner.store.read(find).await?.ok_or(Error::MessageNotFound)
    }

    /// Stores that the caller has read a thread up to a position, and returns the caller's place in it. Who does not
    /// follow the thread has none.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`],
    /// [`Error::TooManyRequests`].
    pub async fn mark_thread_read(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
        seq: Seq,
    ) -> Result<ThreadFollow> {
        if seq < Seq(0) {
            return Err(Error::field("seq", "must not be negative"));
        }
        let first = self.find_thread(caller, room_id, id).await?;
        let (user_id, chat) = (caller.user_id, self.clone());
        let write = move |backend: &dyn Backend| {
            let (place, has_moved) =
                backend.advance_thread(user_id, first, seq)?.unwrap_or_default();
            if has_moved {
                chat.tell_own(user_id, OwnSubject::Thread, room_id, Some(first));
            }
            Ok(place)
        };
        Ok(self.inner.store.write(write).await?)
    }

    /// Lists the threads that the caller follows, those with the newest replies first.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::Banned`].
    pub async fn list_followed_threads(
        &self,
        caller: &Identity,
        room_id: Option<RoomId>,
        only_unread: bool,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<FollowedThread>> {
        super::messages::check_page(Cursor::Newest, limit)?;
        if let Some(room_id) = room_id {
            self.check(caller, room_id, RoomAction::Read).await?;
        }
        let (user_id, now) = (caller.user_id, self.inner.clock.now());
        let list = move |backend: &dyn Backend| {
            backend.list_followed_threads(user_id, room_id, only_unread, before, limit, now)
        };
        Ok(self.inner.store.read(list).await?)
    }

    /// Lists the messages that mention the caller, the newest first.
    ///
    /// # Errors
    /// [`Error::InvalidFields`].
    pub async fn list_mentions(
        &self,
        caller: &Identity,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<InboxEntry>> {
        super::messages::check_page(Cursor::Newest, limit)?;
        if before.is_some_and(|id| id.0 < 1) {
            return Err(Error::field("before", "must be the id of a message"));
        }
        let (user_id, now) = (caller.user_id, self.inner.clock.now());
        let list = move |backend: &dyn Backend| backend.list_mentions(user_id, before, limit, now);
        Ok(self.inner.store.read(list).await?)
    }
}

/// The id of the first message of the thread in which the message is, or which it begins. `None`: the reader does not see
/// it.
fn first_of(
    backend: &dyn Backend,
    room_id: RoomId,
    id: EventId,
    view: View,
) -> crate::storage::Result<Option<EventId>> {
    let find = |id| {
        let message = backend.get_message(room_id, id)?;
        Ok::<_, crate::storage::Error>(message.filter(|message| message.seq > view.visible_from))
    };
    let Some(message) = find(id)? else { return Ok(None) };
    match message.thread_id() {
        None => Ok(Some(message.id)),
        Some(first) => Ok(find(first)?.map(|message| message.id)),
    }
}
