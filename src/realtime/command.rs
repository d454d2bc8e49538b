//! The commands that the hub's thread takes, and the values in them.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::tail::Chunk;
use super::{AccessMark, CloseCode, Connection, ConnectionId, People, PresenceTaken};
use crate::model::{
    Appended, Audience, Event, OwnChange, Person, Presence, ReadMove, Room, RoomHead, RoomId, Seq,
    SessionId, UserId,
};
use crate::storage::{AppendError, Outcome};

pub(super) enum Command {
    Committed(Vec<Outcome<ReplyTo>>),
    News(Vec<News>),
    Connect {
        connection: Arc<Connection>,
        reply: oneshot::Sender<ConnectionId>,
    },
    Disconnect(ConnectionId),
    Join {
        id: ConnectionId,
        room_id: RoomId,
        after: Seq,
        reference: Option<String>,
        mark: AccessMark,
    },
    Resume {
        id: ConnectionId,
        room_id: RoomId,
        mark: AccessMark,
        visible_from: Seq,
        updated: Vec<u8>,
    },
    Leave {
        id: ConnectionId,
        room_id: RoomId,
        farewell: Option<Vec<u8>>,
    },
    Learn {
        id: ConnectionId,
        room: RoomHead,
    },
    Page {
        id: ConnectionId,
        room_id: RoomId,
        chunk: Chunk,
    },
    Writable(ConnectionId),
    Send {
        id: ConnectionId,
        frame: Vec<u8>,
    },
    Typing {
        id: ConnectionId,
        room_id: RoomId,
    },
    AskToWatch {
        id: ConnectionId,
        reply: oneshot::Sender<bool>,
    },
    StartWatching {
        id: ConnectionId,
        reference: Option<String>,
        rooms: Option<Vec<Audience>>,
    },
    Close(ConnectionId, CloseCode),
    CloseSessions(Vec<SessionId>),
    ForgetTails,
    Rename(Vec<Person>),
    CloseAll,
    /// What the client says of its person.
    Away {
        id: ConnectionId,
        is_away: bool,
    },
    ListPresence {
        users: Vec<UserId>,
        reply: oneshot::Sender<Vec<Presence>>,
    },
    TakeGone {
        reply: oneshot::Sender<Vec<UserId>>,
    },
    CountActive {
        rooms: Vec<RoomId>,
        reply: oneshot::Sender<Vec<ActiveCount>>,
    },
    TakePresence {
        all: bool,
        reply: oneshot::Sender<PresenceTaken>,
    },
    ListLive {
        among: Option<Vec<RoomId>>,
        reply: oneshot::Sender<Vec<(RoomId, usize)>>,
    },
    ListKnown {
        reply: oneshot::Sender<KnownRooms>,
    },
    ListBehind {
        rung: Vec<RoomHead>,
        reply: oneshot::Sender<RoomsBehind>,
    },
}

/// The receiver of the answer to an append.
#[derive(Debug)]
pub enum ReplyTo {
    /// A task that waits for the answer.
    Task(oneshot::Sender<Result<Appended, AppendError>>),
    /// A connection. Success becomes an `ack` frame if the connection wants one; failure becomes mail for
    /// its task.
    Connection {
        /// The connection that sent the message.
        id: ConnectionId,
        /// The `ref` of the client's frame; `None` if the frame has no `ref`.
        reference: Option<String>,
        /// Whether the hub sends an `ack` frame.
        wants_ack: bool,
    },
}

/// A stored change that is not a send of this process: another kind of change, or another process's write.
#[derive(Debug)]
pub enum News {
    /// Events, each room's in ascending order of seq. Known events are ignored.
    Events(Vec<Event>),
    /// The events up to the room's `head_seq` are not all published, because only watchers need them: the members
    /// receive them later. The audience was read after the room.
    Skipped(Room, Audience),
    /// The unpublished events up to the room's `head_seq` were pruned: no client can receive them any more. The
    /// audience was read after the room.
    Pruned(Room, Audience),
    /// A new room. Its `head_seq` is the head before the events that are announced next.
    RoomCreated(Room, Audience),
    /// The audience of a room that became public or private, or whose audience the hub did not know. It is announced
    /// before the event that made it so, which may then be published without delay.
    Audience(Audience),
    /// A member has changed the own view of a room, which is no event of the log.
    Membership(UserId, RoomId),
    /// Something of a user's own has changed, which is no event of a log.
    Own(UserId, OwnChange),
    /// The room was deleted. The hub removes all of its members.
    RoomDeleted(RoomId),
    /// The outcome of one user's `read` in one room.
    Read(ReadOutcome),
    /// A user is typing in the room, on another node.
    TypingElsewhere(RoomId, UserId),
    /// A user's read position has moved to here, on another node.
    ReadElsewhere(UserId, RoomId, Seq, ReadMove),
    /// The people who are in the room on other nodes.
    Elsewhere(RoomId, People),
}

/// The result of moving a user's read position in a room.
#[derive(Debug)]
pub struct ReadOutcome {
    pub user_id: UserId,
    pub room_id: RoomId,
    /// The read position now, and how it has moved.
    pub result: Result<(Seq, ReadMove), AppendError>,
    pub askers: Vec<ReadAsker>,
}

/// The party that asked for a read position to be moved.
#[derive(Debug)]
pub enum ReadAsker {
    /// A task that waits for the position.
    Task(oneshot::Sender<Result<Seq, AppendError>>),
    /// A connection, which asked for `seq`.
    Connection { id: ConnectionId, reference: Option<String>, seq: Seq },
}

/// The rooms that the hub knows, and their heads.
#[derive(Debug, Default)]
pub struct KnownRooms {
    /// The rooms that have members on this node.
    pub rooms: Vec<RoomHead>,
    /// There are further rooms with members, and their heads are not known yet.
    pub has_unknown: bool,
    /// What the watchers know of every room. `None`: there is no watcher.
    pub watched: Option<Vec<RoomHead>>,
    /// Rooms whose audience must be read for the watchers.
    pub unheard: Vec<RoomId>,
}

/// The rooms of a ring that have events that the hub does not know.
#[derive(Debug, Default)]
pub struct RoomsBehind {
    /// The rooms, each with the seq after which events are missing.
    pub rooms: Vec<RoomHead>,
    /// Those of `rooms` that have members on this node. The others have watchers only.
    pub joined: HashSet<RoomId>,
    /// Whether there are further rooms whose heads are just being read.
    pub has_unknown: bool,
}

/// The number of people in a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActiveCount {
    /// The people that this node knows of.
    pub known: usize,
    /// Whether this node knows the people on the other nodes.
    pub is_complete: bool,
}
