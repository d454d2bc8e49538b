//! Rooms.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::member::visible_from;
use super::words::words;
use super::{
    Membership, Metadata, MetadataQuery, Person, RoomFace, RoomKind, RoomRules, Seq, Timestamp,
    UserId,
};

/// A room's id, unique in the server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RoomId(pub i64);

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A room: a name for a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    /// The room's id.
    pub id: RoomId,
    /// The room's name; empty in a direct room. Of public rooms only one has it.
    pub name: String,
    /// The room's description; `None` if the room has no description.
    pub description: Option<String>,
    /// The user who created the room.
    pub created_by: UserId,
    /// The time at which the room was created.
    pub created_at: Timestamp,
    /// The `seq` of the newest event; 0 in a room where nothing has happened.
    pub head_seq: Seq,
    /// The `seq` of the oldest event that is kept; if no event is kept, of the next event.
    #[serde(skip)]
    pub oldest_seq: Seq,
    /// The number of days for which events are kept; 0: for ever; `None`: as the settings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// The time since which the room is archived: nothing can be sent to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// The number of `room_changed` events so far.
    #[serde(skip)]
    pub revision: i64,
    /// Who sees the room.
    pub kind: RoomKind,
    /// The rules that the owners set.
    #[serde(flatten)]
    pub rules: RoomRules,
    /// The data of a product on the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

impl Room {
    /// The position that another process's writes are compared with.
    pub fn head(&self) -> RoomHead {
        RoomHead { id: self.id, head_seq: self.head_seq }
    }

    /// A reader with this membership sees the events after this one.
    pub fn visible_from(&self, membership: Option<&Membership>) -> Seq {
        visible_from(self.kind, self.rules, membership)
    }

    /// The part of the room that its `room_changed` events report.
    pub fn face(&self) -> RoomFace {
        RoomFace {
            name: self.name.clone(),
            description: self.description.clone(),
            archived_at: self.archived_at,
            revision: self.revision,
            kind: self.kind,
            rules: self.rules,
            metadata: self.metadata.clone(),
        }
    }
}

/// How far a process knows the log of a room that other processes write to as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomHead {
    /// The room.
    pub id: RoomId,
    /// The `seq` of the newest event; 0 if the log is empty.
    pub head_seq: Seq,
}

/// How a room in the database differs from what a process knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomDifference {
    /// The process does not know the room.
    New(Room),
    /// The room's log is longer.
    Longer {
        /// The head that the process knows.
        known: RoomHead,
        /// The room as it is in the database.
        room: Room,
    },
    /// The room was deleted.
    Gone(RoomId),
}

/// How far a user has read a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPosition {
    /// The user.
    pub user_id: UserId,
    /// The room.
    pub room_id: RoomId,
    /// The seq of the last event that the user has read.
    pub seq: Seq,
}

/// The way in which a read position has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMove {
    /// It is where it was.
    None,
    /// The user has read on.
    On,
    /// The user has marked messages as unread. The position counts as it is, also if it is before the one that was
    /// known.
    Back,
}

/// The user whose read positions are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader<'a> {
    /// The reader.
    pub user_id: UserId,
    /// The name by which messages mention the reader.
    pub username: &'a str,
}

/// How far a user has read a room, and how many messages are unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// 0 if the reader has never read the room.
    pub read_seq: Seq,
    /// Counted from the reader's joining if a member has never read the room. `None`: the reader is not a member
    /// and has never read the room, so that it is new rather than unread.
    pub unread: Option<Unread>,
}

/// What a user has not read in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The number of messages of other users after the read position, without deleted ones and without replies that are
    /// shown only in their threads. At most [`Unread::MAX`]: further messages are not counted.
    pub messages: u32,
    /// The first of these messages.
    pub first_seq: Option<Seq>,
    /// The number of messages that mention the reader, after the read position, and of such replies in followed
    /// threads after the places there. At most [`Unread::MAX`].
    pub mentions: u32,
    /// The number of followed threads that have replies of other users after the reader's place. At most
    /// [`Unread::MAX`].
    pub threads: u32,
}

impl Unread {
    /// The most messages that are counted in a room.
    pub const MAX: u32 = 999;

    /// The number of events after the read position, or after the pruned events, among which
    /// messages are counted. The reader's own messages, deleted messages and edits are events too:
    /// without this bound a room with many of them would be read as a whole.
    pub const MAX_EVENTS: u32 = 5_000;
}

/// The rooms of a list, by what their reader is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Belonging {
    /// Rooms that the reader is a member of.
    Joined,
    /// Public rooms that the reader is not a member of.
    None,
}

words!(Belonging { Joined = "joined", None = "none" });

/// A selection of the rooms that a reader may see. The default selects all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomSelection {
    /// Only the room with this id.
    pub only: Option<RoomId>,
    /// Only rooms that the reader is, or is not, a member of.
    pub membership: Option<Belonging>,
    /// Only rooms of this kind.
    pub kind: Option<RoomKind>,
    /// Only rooms whose name contains this text; ASCII case is ignored.
    pub query: Option<String>,
    /// Only rooms with this metadata.
    pub metadata: Option<MetadataQuery>,
    /// Only rooms with a greater id: the last id of the page before.
    pub after: Option<RoomId>,
    /// The most rooms that are returned; `None`: all.
    pub limit: Option<u32>,
}

impl RoomSelection {
    /// Selects one room.
    pub fn only(id: RoomId) -> Self {
        Self { only: Some(id), ..Self::default() }
    }

    /// The least and the greatest id that are selected.
    pub(crate) fn ids(&self) -> (i64, i64) {
        let after = self.after.map_or(i64::MIN, |id| id.0.saturating_add(1));
        match self.only {
            Some(RoomId(id)) => (id.max(after), id),
            None => (after, i64::MAX),
        }
    }
}

/// A room as one reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRoom {
    /// The room.
    pub room: Room,
    /// How far the reader has read it.
    pub reading: Reading,
    /// The reader's place in the room; `None`: not a member.
    pub membership: Option<Membership>,
    /// The number of members.
    pub member_count: u64,
    /// All members of a direct room, in order of id; empty for other rooms.
    pub people: Vec<Person>,
}

/// A room to be stored.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// The name; see [`Room::name`].
    pub name: String,
    /// The description; `None` for a room without a description.
    pub description: Option<String>,
    /// The user who creates the room.
    pub created_by: UserId,
    /// The time at which the room is created.
    pub created_at: Timestamp,
    /// Who sees the room.
    pub kind: RoomKind,
    /// The rules of the room.
    pub rules: RoomRules,
    /// The sorted ids of the people of a direct room, separated by commas.
    pub direct_key: Option<String>,
    /// The data of a product on the room.
    pub metadata: Option<Metadata>,
}

impl NewRoom {
    /// A public room without a description.
    pub fn public(name: impl Into<String>, created_by: UserId, created_at: Timestamp) -> Self {
        Self {
            name: name.into(),
            description: None,
            created_by,
            created_at,
            kind: RoomKind::Public,
            rules: RoomRules::default(),
            direct_key: None,
            metadata: None,
        }
    }

    /// Returns the room as it is stored.
    pub fn into_room(self, id: RoomId) -> Room {
        Room {
            id,
            name: self.name,
            description: self.description,
            created_by: self.created_by,
            created_at: self.created_at,
            head_seq: Seq(0),
            oldest_seq: Seq(1),
            retention_days: None,
            archived_at: None,
            revision: 0,
            kind: self.kind,
            rules: self.rules,
            metadata: self.metadata,
        }
    }
}
