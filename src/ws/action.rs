//! The inputs that a protocol session takes, and the actions that it answers with.

use super::command::Subscribe;
use crate::chat::{Access, Draft, Error};
use crate::model::{Event, EventId, Room, RoomHead, RoomId, Scope, Seq, Timestamp};
use crate::realtime::frame::LeftCause;
use crate::realtime::{AccessMark, CloseCode};

/// An input of the session.
#[derive(Debug)]
pub enum Input {
    /// A text frame came.
    Text(String),
    /// A binary frame came.
    Binary,
    /// [`Action::OpenRoom`] found the room.
    RoomOpened {
        /// The frame that is being answered.
        subscribe: Subscribe,
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
        /// The seq of the room's newest event.
        head: Seq,
        /// The seq of the oldest event that is kept.
        oldest: Seq,
        /// The user may read the events after this one.
        visible_from: Seq,
        /// The moment before the right to read the room was checked.
        mark: AccessMark,
        /// The seq after which the messages begin that `history` asks for: the head if it asks for none.
        history_from: Seq,
    },
    /// [`Action::OpenRoom`] failed.
    RoomRefused {
        /// The room that the client wanted to join.
        room_id: RoomId,
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
        /// The error that the client gets.
        error: Error,
    },
    /// The hub needs the events after `cursor`, or (`None`) the head of the room.
    Behind {
        /// The room whose log has to be read.
        room_id: RoomId,
        /// The seq of the last event that the hub has sent.
        cursor: Option<Seq>,
    },
    /// The result of [`Action::ReadEvents`].
    Events {
        /// The room that was read.
        room_id: RoomId,
        /// The events, in ascending order of seq.
        events: Vec<Event>,
    },
    /// The result of [`Action::ReadRoom`].
    RoomRead(RoomHead),
    /// A read for a room failed.
    ReadFailed {
        /// The room that was to be read.
        room_id: RoomId,
        /// The error that the client gets.
        error: Error,
    },
    /// A send or a read position was not stored, a `typing` was not sent, or a `watch` did not begin.
    SendFailed {
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
        /// The error that the client gets.
        error: Error,
    },
    /// [`Action::React`] stored the reaction.
    Reacted {
        /// The room in which the message is.
        room_id: RoomId,
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
    },
    /// [`Action::Refresh`] replaced the token.
    Refreshed {
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
        /// The time at which the new token expires.
        expires_at: Timestamp,
    },
    /// [`Action::Refresh`] failed: the old token stays.
    RefreshFailed {
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
        /// The error that the client gets.
        error: Error,
    },
    /// The hub removed the connection from a room that was deleted.
    RoomGone(RoomId),
    /// The hub asks whether the user may still read the room.
    Recheck {
        /// The room.
        room_id: RoomId,
        /// Why the user may not, if the hub knows it.
        cause: Option<LeftCause>,
    },
    /// The result of [`Action::Recheck`], or of a check of events that were read: the user may read the room.
    Rechecked {
        /// The room as it is now.
        room: Box<Room>,
        /// The user may read the events after this one.
        visible_from: Seq,
        /// The moment before the check.
        mark: AccessMark,
    },
    /// The user may not read the room any more.
    Expelled {
        /// The room.
        room_id: RoomId,
        /// Why.
        cause: LeftCause,
    },
}

impl Action {
    /// What the action needs of the connection's token. `None`: it needs no right, or is about a room that was entered.
    pub(super) fn access(&self) -> Option<Access> {
        match self {
            Self::OpenRoom { .. } | Self::PostRead { .. } => Some(Access::Scope(Scope::Read)),
            Self::Watch { .. } => Some(Access::Everywhere(Scope::Read)),
            Self::Post { .. } | Self::Typing { .. } | Self::React { .. } => {
                Some(Access::Scope(Scope::Send))
            }
            Self::Join { .. }
            | Self::Recheck { .. }
            | Self::Resume { .. }
            | Self::Leave { .. }
            | Self::ReadEvents { .. }
            | Self::ReadRoom { .. }
            | Self::SendPage { .. }
            | Self::LearnHead(_)
            | Self::Refresh { .. }
            | Self::SetAway(_)
            | Self::Reply(_)
            | Self::Close(_) => None,
        }
    }

    /// The input that says that the action was refused.
    pub(super) fn refused(self, error: Error) -> Option<Input> {
        match self {
            Self::OpenRoom { subscribe, reference } => {
                Some(Input::RoomRefused { room_id: subscribe.room_id, reference, error })
            }
            Self::PostRead { reference, .. }
            | Self::Watch { reference }
            | Self::Post { reference, .. }
            | Self::Typing { reference, .. }
            | Self::React { reference, .. } => Some(Input::SendFailed { reference, error }),
            _ => None,
        }
    }
}

/// An action of the task. Actions are carried out in order.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Check whether the room exists and may be entered.
    OpenRoom {
        subscribe: Subscribe,
        reference: Option<String>,
    },
    Join {
        room_id: RoomId,
        after: Seq,
        reference: Option<String>,
        mark: AccessMark,
    },
    /// Check whether the user may still read the room.
    Recheck {
        room_id: RoomId,
        cause: Option<LeftCause>,
    },
    /// The user may still read the room.
    Resume {
        room: Box<Room>,
        visible_from: Seq,
        mark: AccessMark,
    },
    Leave {
        room_id: RoomId,
        farewell: Option<Vec<u8>>,
    },
    /// Queue a message for storage.
    Post {
        draft: Draft,
        reference: Option<String>,
        wants_ack: bool,
    },
    /// Read the next events after this seq.
    ReadEvents {
        room_id: RoomId,
        after: Seq,
    },
    ReadRoom {
        room_id: RoomId,
    },
    /// Give the hub the events that were read.
    SendPage {
        room_id: RoomId,
        events: Vec<Event>,
    },
    LearnHead(RoomHead),
    /// Notify the other members, unless the client is too fast.
    Typing {
        room_id: RoomId,
        reference: Option<String>,
    },
    /// Add a reaction, or take it back.
    React {
        room_id: RoomId,
        message_id: EventId,
        emoji: String,
        is_added: bool,
        reference: Option<String>,
    },
    /// Queue a read position for storage.
    PostRead {
        room_id: RoomId,
        seq: Seq,
        reference: Option<String>,
    },
    /// Check the token, and use it from now on if it is the same user's.
    Refresh {
        token: String,
        reference: Option<String>,
    },
    /// Note whether the user has left the client.
    SetAway(bool),
    /// Make the connection a watcher.
    Watch {
        reference: Option<String>,
    },
    /// Send whole frames.
    Reply(Vec<u8>),
    Close(CloseCode),
}
