//! Threads that people follow, mentions, and the inbox that both fill.

use crate::model::{EventId, Message, RoomId, Seq, Timestamp, UserId};
use crate::storage::Result;

/// One user's place in a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadFollow {
    /// Whether the user follows the thread. Who wrote in a thread, began it or was mentioned in it does.
    pub is_following: bool,
    /// The user has read the thread up to this seq.
    pub read_seq: Seq,
}

/// A thread that a user follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedThread {
    /// The first message, with the summary of its thread.
    pub message: Message,
    /// The user has read the thread up to this seq.
    pub read_seq: Seq,
    /// The number of other people's replies after it, up to [`Unread::MAX`](crate::model::Unread::MAX).
    pub unread: u32,
}

/// Why a message is in somebody's inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxReason {
    /// It mentions the user.
    Mention,
    /// It mentions everyone in the room.
    Everyone,
}

/// A message that mentions a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxEntry {
    /// Why it is there.
    pub reason: InboxReason,
    /// The message.
    pub message: Message,
    /// Whether the user has not read up to it yet.
    pub is_unread: bool,
}

/// Followed threads and mentions.
pub trait Threads {
    /// The user's place in the thread. `None`: the user never followed it.
    fn get_thread_follow(
        &self,
        user_id: UserId,
        thread_id: EventId,
    ) -> Result<Option<ThreadFollow>>;
    /// Follows a thread from now on, or ends that. Returns whether it was not so before. `None`: there is no such message
    /// in the room.
    fn follow_thread(
        &self,
        user_id: UserId,
        room_id: RoomId,
        thread_id: EventId,
        is_following: bool,
    ) -> Result<Option<bool>>;
    /// Advances the user's place in a thread, never back and never beyond the room's head. Returns the place and whether it
    /// has moved. `None`: the user never followed the thread.
    fn advance_thread(
        &self,
        user_id: UserId,
        thread_id: EventId,
        seq: Seq,
    ) -> Result<Option<(ThreadFollow, bool)>>;
    /// Lists at most `limit` of the threads that the user follows and may read, of all rooms or one, those with the newest
    /// replies first; only those whose newest reply is before `before`.
    fn list_followed_threads(
        &self,
        user_id: UserId,
        room_id: Option<RoomId>,
        only_unread: bool,
        before: Option<Timestamp>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<FollowedThread>>;
    /// Lists at most `limit` messages that mention the user and that the user may read, the newest first; only those
    /// before the message `before`.
    fn list_mentions(
        &self,
        user_id: UserId,
        before: Option<EventId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<InboxEntry>>;
    /// Finds, among these names in lower case, the accounts that may read the room, with their names in lower case.
    fn find_readers(
        &self,
        room_id: RoomId,
        names: &[String],
        now: Timestamp,
    ) -> Result<Vec<(String, UserId)>>;
}
