//! The state that the hub and a connection's own task share, and the table of close codes.
//!
//! The hub writes to the socket, the task reads from it. They share a [`Connection`]: its mailbox contains
//! the work that the hub has for the task. The mailbox is bounded: every kind of mail is a flag, an entry per
//! room, or an entry per send under way.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;

use super::Peer;
use super::frame::LeftCause;
use crate::model::{Identity, Person, RoomId, Seq, SessionId, Timestamp};
use crate::storage::AppendError;

/// The identity of a connection in the hub. No id is used twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    pub(super) slot: usize,
    pub(super) serial: u64,
}

/// The reason why the server ends a connection. The number is the close code of RFC 6455 §7.4; codes from
/// 4000 on are defined by this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseCode {
    /// The answer to the client's own close frame.
    Normal,
    Restart,
    ProtocolError,
    UnsupportedData,
    InvalidText,
    TooBig,
    InternalError,
    SignInAgain,
    Forbidden,
    RoomGone,
    Stalled,
    EpochChanged,
    TooFast,
}

impl CloseCode {
    /// Every code, for the documents made from this table.
    pub const ALL: [Self; 13] = [
        Self::Normal,
        Self::Restart,
        Self::ProtocolError,
        Self::UnsupportedData,
        Self::InvalidText,
        Self::TooBig,
        Self::InternalError,
        Self::SignInAgain,
        Self::Forbidden,
        Self::RoomGone,
        Self::Stalled,
        Self::EpochChanged,
        Self::TooFast,
    ];

    /// Returns the number in the close frame.
    pub fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Restart => 1001,
            Self::ProtocolError => 1002,
            Self::UnsupportedData => 1003,
            Self::InvalidText => 1007,
            Self::TooBig => 1009,
            Self::InternalError => 1011,
            Self::SignInAgain => 4401,
            Self::Forbidden => 4403,
            Self::RoomGone => 4404,
            Self::Stalled => 4408,
            Self::EpochChanged => 4409,
            Self::TooFast => 4429,
        }
    }

    /// Returns the reason in the close frame, of at most 123 bytes (RFC 6455 §5.5.1).
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "closed",
            Self::Restart => "the server is restarting",
            Self::ProtocolError => "not a valid WebSocket frame",
            Self::UnsupportedData => "binary messages are not supported",
            Self::InvalidText => "text is not valid UTF-8",
            Self::TooBig => "the message is too big",
            Self::InternalError => "something went wrong in the server",
            Self::SignInAgain => "the token is missing, invalid, expired or revoked",
            Self::Forbidden => "not allowed here",
            Self::RoomGone => "there is no such room",
            Self::Stalled => "the client sent nothing or read nothing for too long",
            Self::EpochChanged => "the history was replaced",
            Self::TooFast => "too many messages, rooms or sockets in a short time",
        }
    }

    /// Returns the advice for the client about what to do next.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Normal => "nothing",
            Self::Restart => "reconnect after a random delay of up to a few seconds and resume",
            Self::ProtocolError | Self::UnsupportedData | Self::InvalidText => {
                "do not reconnect: the client is at fault"
            }
            Self::TooBig => "do not send that message again; reconnect and resume",
            Self::InternalError => "reconnect after a delay and resume",
            Self::SignInAgain => "sign in again, then reconnect and resume",
            Self::Forbidden | Self::RoomGone => "do not reconnect",
            Self::Stalled => "reconnect and resume",
            Self::EpochChanged => {
                "discard the messages of the room, then reconnect without `since`"
            }
            Self::TooFast => "reconnect after a delay and slow down",
        }
    }
}

/// The maximum number of unanswered sends of one connection. At the maximum, its task reads no further frames
/// until a send is answered.
pub const MAX_IN_FLIGHT: u32 = 256;

/// The work that the hub has for a connection's task.
#[derive(Debug, Default)]
pub struct Mail {
    /// The socket takes no more bytes: the task reports to the hub when it takes bytes again.
    pub blocked: bool,
    /// The socket is broken: nothing can be sent any more.
    pub broken: bool,
    /// Rooms in which the connection is behind the hub's tail, each with the seq after which the task must
    /// read the database. `None`: the hub does not know the head of the room, and the task must read it.
    pub behind: Vec<(RoomId, Option<Seq>)>,
    /// Rooms in which the connection is paused, until the task has checked whether it may still read them; and the
    /// reason why it may not, if the hub knows it.
    pub recheck: Vec<(RoomId, Option<LeftCause>)>,
    /// Deleted rooms, which the connection is no longer a member of.
    pub gone: Vec<RoomId>,
    /// Failed sends (the `ref` and the error).
    pub failed: Vec<(Option<String>, AppendError)>,
    /// The close frame has been sent: the task reads until the client closes too, for a limited time.
    pub closing: bool,
}

impl Mail {
    pub(super) fn add_recheck(&mut self, room_id: RoomId, cause: Option<LeftCause>) {
        match self.recheck.iter_mut().find(|(id, _)| *id == room_id) {
            Some((_, known)) => *known = cause.or(*known),
            None => self.recheck.push((room_id, cause)),
        }
    }
}

/// One client's connection, shared by the hub and the connection's task.
#[derive(Debug)]
pub struct Connection {
    /// The socket.
    pub peer: Arc<Peer>,
    /// The identity from the newest token. Its user never changes: see [`Connection::renew`].
    identity: Mutex<Identity>,
    /// The room of a connection that was opened for one room (`/ws/{room_id}`).
    pub only_room: Option<RoomId>,
    mail: Mutex<Mail>,
    /// Wakes the task if there is mail, and if `in_flight` falls below its maximum.
    pub wake: Notify,
    /// The number of sends that are queued and not answered yet.
    in_flight: AtomicU32,
    /// The client has sent something since the hub last checked.
    heard: AtomicBool,
}

impl Connection {
    /// Makes a connection of an authenticated caller. `only_room` is the room of `/ws/{room_id}`.
    pub fn new(peer: Arc<Peer>, identity: Identity, only_room: Option<RoomId>) -> Self {
        Self {
            peer,
            identity: Mutex::new(identity),
            only_room,
            mail: Mutex::default(),
            wake: Notify::new(),
            in_flight: AtomicU32::new(0),
            heard: AtomicBool::new(true),
        }
    }

    /// Returns a copy of the identity, so that no caller holds the lock.
    pub fn identity(&self) -> Identity {
        self.lock_identity().clone()
    }

    /// Replaces the identity by that of a newer token of the same user. From now on the connection belongs to the
    /// new token's session and ends with the token. Returns false, and changes nothing, if the token is another
    /// user's.
    ///
    /// If the session ended just before this call, the next sweep closes the connection: a sweep reports a session
    /// that has ended for ten seconds. The same holds for a new connection.
    pub fn renew(&self, identity: Identity) -> bool {
        let mut present = self.lock_identity();
        if present.user_id != identity.user_id {
            return false;
        }
        *present = identity;
        true
    }

    /// Replaces the names of the user, if the user is one of these people.
    pub(super) fn rename(&self, people: &[Person]) {
        let mut identity = self.lock_identity();
        if let Some(person) = people.iter().find(|person| person.user_id == identity.user_id) {
            identity.username.clone_from(&person.username);
            identity.display_name.clone_from(&person.display_name);
        }
    }

    pub(super) fn session_id(&self) -> SessionId {
        self.lock_identity().session_id
    }

    /// The time at which the connection's token expires.
    pub(super) fn expires_at(&self) -> Timestamp {
        self.lock_identity().expires_at
    }

    /// Empties the mailbox and returns its contents.
    pub fn take_mail(&self) -> Mail {
        std::mem::take(&mut *self.lock())
    }

    /// Takes the deleted rooms out of the mail.
    pub fn take_gone(&self) -> Vec<RoomId> {
        std::mem::take(&mut self.lock().gone)
    }

    pub(super) fn post(&self, write: impl FnOnce(&mut Mail)) {
        write(&mut self.lock());
        self.wake.notify_one();
    }

    /// Counts a send that is about to be queued.
    pub fn add_in_flight(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of sends that are queued and not answered yet.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts an answer, and wakes the task if it waits for an answer.
    pub fn sub_in_flight(&self) {
        if self.in_flight.fetch_sub(1, Ordering::Relaxed) == MAX_IN_FLIGHT {
            self.wake.notify_one();
        }
    }

    /// Notes that the client has sent something.
    pub fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_heard(&self) -> bool {
        self.heard.swap(false, Ordering::Relaxed)
    }

    fn lock_identity(&self) -> MutexGuard<'_, Identity> {
        // Like the lock of the mailbox, it is never held across an await. The two locks are never held together.
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        // A std mutex, because it is held for a few instructions and never across an await. A panic cannot leave
        // the data half changed, so a poisoned mutex can still be used.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
