//! Searching messages: what is searched for, and what is found.

mod document;
mod tokens;

use serde::Serialize;

pub(crate) use document::{days, document, room_facet, user_facet};
pub use tokens::{Token, tokens};

use super::words::words;
use super::{Message, RoomId, Timestamp, UserId};

/// Begins every word of the index that is not a word of a message, but says something about the message. It is a
/// separator of words, so no word contains it.
pub(crate) const MARK: char = '§';

/// Words that follow each other. One word is a phrase too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The words, as [`tokens()`] gives them. At least one.
    pub words: Vec<String>,
    /// Whether the last word may be the beginning of a longer one.
    pub is_prefix: bool,
}

/// A property of a message that can be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// `has:link`: the message contains a URL.
    Link,
    /// `has:file`.
    File,
    /// `has:reaction`.
    Reaction,
    /// `is:thread`: the message is in a thread.
    Thread,
    /// `is:pinned`.
    Pinned,
}

words!(Feature {
    Link = "has:link",
    File = "has:file",
    Reaction = "has:reaction",
    Thread = "is:thread",
    Pinned = "is:pinned",
});

impl Feature {
    /// Whether messages have this property already.
    ///
    /// One that a message has for ever becomes a facet in `document`. One that comes and goes becomes a condition of
    /// the statement `FIND` in `storage/sqlite/search.rs` and `storage/postgres/search.rs`.
    pub fn is_available(self) -> bool {
        match self {
            Self::Link | Self::Reaction | Self::Thread | Self::Pinned => true,
            Self::File => false,
        }
    }
}

/// The order of what is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// The newest messages first.
    #[default]
    Newest,
    /// The messages that fit best first.
    Best,
}

words!(SearchOrder { Newest = "newest", Best = "best" });

/// Ids below which messages are searched. Public and closed rooms have ranges of ids of their own, and a search goes
/// through both from the newest message on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchBounds {
    /// Of the ids that events of public rooms get.
    pub open: i64,
    /// Of the ids that events of closed rooms get.
    pub closed: i64,
}

impl SearchBounds {
    /// The bounds of a search from the newest message on.
    pub const START: Self = Self { open: i64::MAX, closed: i64::MAX };
}

/// A search. The rules have already been applied to every field.
#[derive(Clone, Debug)]
pub struct Search {
    /// The reader, whose rights decide what is found. `None`: what everybody may read.
    pub user_id: Option<UserId>,
    /// A message must have all of these.
    pub phrases: Vec<Phrase>,
    /// Messages of one of these users. Empty: of anybody.
    pub from: Vec<UserId>,
    /// Messages in one of these rooms. Empty: in any room.
    pub rooms: Vec<RoomId>,
    /// Messages at this time or later.
    pub after: Option<Timestamp>,
    /// Messages before this time.
    pub before: Option<Timestamp>,
    /// A message must have all of these properties.
    pub features: Vec<Feature>,
    /// Messages with smaller ids.
    pub bounds: SearchBounds,
    /// The most messages to be found.
    pub limit: u32,
    /// The present time: bans end.
    pub now: Timestamp,
}

/// What a search has found, the newest messages first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The messages, at most as many as asked for.
    pub messages: Vec<Message>,
    /// The bounds for the messages after these. `None`: there are no more.
    pub next: Option<SearchBounds>,
    /// Whether all messages of the searched rooms are in the index. If not, the newest may be missing.
    pub is_complete: bool,
}

/// The state of the index of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexStatus {
    /// The messages in the index.
    pub messages: u64,
    /// The rooms whose log goes on after what is in the index.
    pub rooms_behind: u64,
    /// The events of these rooms that are not in the index yet.
    pub events_behind: u64,
    /// The size in the database.
    pub size_bytes: u64,
}
