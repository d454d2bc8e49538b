//! What the hub and a connection's own task share, and the table of close codes.
//!
//! The hub writes to the socket, the task reads from it. They meet in a [`Connection`]: the
//! task is told what it must do next through a small mailbox that cannot grow, because every kind
//! of mail is either a flag or one entry per room.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;

use super::Peer;
use crate::model::{Identity, RoomId, Seq, SessionId, Timestamp};
use crate::storage::AppendError;

/// A connection's place in the hub: never given twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    pub(super) slot: usize,
    pub(super) serial: u64,
}

/// Why the server ends a connection. The number is the close code of RFC 6455 §7.4: those from
/// 4000 on are this protocol's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseCode {
    /// Answer to the client's own close.
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

    /// The number in the close frame.
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

    /// The reason in the close frame: what happened, at most 123 bytes (RFC 6455 §5.5.1).
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
            Self::Stalled => "nothing was heard of the client, or it took nothing, for too long",
            Self::EpochChanged => "the history was replaced",
            Self::TooFast => "too many messages, rooms or sockets in a short time",
        }
    }

    /// What the client does next.
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
                "forget what is known of the room, then reconnect without `since`"
            }
            Self::TooFast => "reconnect after a delay and do less at once",
        }
    }
}

/// Sends of one connection that may be on their way to storage: its task reads no further until
/// some are answered.
pub const MAX_IN_FLIGHT: u32 = 256;

/// What the hub has for a connection's task.
#[derive(Debug, Default)]
pub struct Mail {
    /// The socket took no more: tell the hub when it does again.
    pub blocked: bool,
    /// The socket is broken: nothing can be sent any more.
    pub broken: bool,
    /// Rooms in which the connection is behind the memory of the hub, and after which seq the
    /// database must be read. `None`: the hub does not know the head of the room either.
    pub behind: Vec<(RoomId, Option<Seq>)>,
    /// Rooms that the hub took the connection out of, because they are gone.
    pub gone: Vec<RoomId>,
    /// Sends that were not stored, and why.
    pub failed: Vec<(Option<String>, AppendError)>,
    /// The close frame is out: read until the peer closes too, for a little while.
    pub closing: bool,
}

/// One client's connection, shared by the hub and the connection's task.
#[derive(Debug)]
pub struct Connection {
    pub peer: Arc<Peer>,
    /// Who is on the other end, as the newest token says: the user stays the same, see
    /// [`Connection::renew`].
    identity: Mutex<Identity>,
    /// The one room the connection was opened for, if it was.
    pub only_room: Option<RoomId>,
    mail: Mutex<Mail>,
    /// Wakes the task for its mail, and when `in_flight` falls.
    pub wake: Notify,
    /// Sends that were queued and not answered yet.
    in_flight: AtomicU32,
    /// The client was heard of since the hub last looked.
    heard: AtomicBool,
}

impl Connection {
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

    /// Who is on the other end. A copy: nobody holds up anybody by looking at it.
    pub fn identity(&self) -> Identity {
        self.lock_identity().clone()
    }

    /// Puts a newer proof of the same user in the place of the present one: from now on the
    /// connection ends with this token, and belongs to its session. False: it is another user's,
    /// and nothing has changed.
    ///
    /// A session that ended just before this is found by the next sweep, which names it for ten
    /// seconds; as it is for a connection that has just begun.
    pub fn renew(&self, identity: Identity) -> bool {
        let mut present = self.lock_identity();
        if present.user_id != identity.user_id {
            return false;
        }
        *present = identity;
        true
    }

    pub(super) fn session_id(&self) -> SessionId {
        self.lock_identity().session_id
    }

    /// When the token dies that the connection lives by.
    pub(super) fn expires_at(&self) -> Timestamp {
        self.lock_identity().expires_at
    }

    /// Takes what is in the mailbox.
    pub fn take_mail(&self) -> Mail {
        std::mem::take(&mut *self.lock())
    }

    /// Takes out of the mail the rooms that are gone.
    pub fn take_gone(&self) -> Vec<RoomId> {
        std::mem::take(&mut self.lock().gone)
    }

    pub(super) fn post(&self, write: impl FnOnce(&mut Mail)) {
        write(&mut self.lock());
        self.wake.notify_one();
    }

    /// Counts a send on its way to storage.
    pub fn add_in_flight(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts an answer and wakes the task, if it waits for one.
    pub fn sub_in_flight(&self) {
        if self.in_flight.fetch_sub(1, Ordering::Relaxed) == MAX_IN_FLIGHT {
            self.wake.notify_one();
        }
    }

    /// Notes that the client is alive.
    pub fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_heard(&self) -> bool {
        self.heard.swap(false, Ordering::Relaxed)
    }

    fn lock_identity(&self) -> MutexGuard<'_, Identity> {
        // Like the mailbox's: never held across an await, and never together with it.
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        // A std mutex: held for a few instructions, never across an await. No holder can panic
        // half-way through a change, so a poisoned one is as good as any.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
