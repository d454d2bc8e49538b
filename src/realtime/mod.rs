//! Live delivery: the connections, their cursors in the rooms' logs, and the bytes that are sent to them.
//!
//! One thread, the hub, owns this state (see `hub`). Other threads have a [`Hub`] handle and send commands
//! through a bounded queue. No data exists only here: events that the hub has dropped are read from storage
//! again.
//!
//! The hub works in *passes*: it takes the commands that wait, applies them, and then writes once to each
//! socket that has something to be written.

mod access;
mod client;
mod command;
mod config;
mod connected;
mod connection;
mod counts;
mod delivery;
pub(crate) mod encode;
pub(crate) mod frame;
mod hearers;
mod hub;
mod log;
mod measure;
mod membership;
mod news;
mod pacing;
mod peer;
mod presence;
mod presence_log;
mod publisher;
mod room;
mod state;
pub(crate) mod tail;
mod tls;
mod watch;
mod watchers;

pub use access::AccessMark;
pub(crate) use access::may_end_access;
pub(crate) use command::{ActiveCount, KnownRooms, ReadAsker, ReadOutcome};
pub use command::{News, ReplyTo};
pub use config::HubConfig;
pub(crate) use connection::{CloseCode, MAX_IN_FLIGHT, Mail};
pub use connection::{Connection, ConnectionId};
pub(crate) use counts::HubCounts;
pub use encode::encode_event;
pub use frame::ServerFrame;
pub use hub::{Hub, HubThread};
pub use peer::Peer;
pub(crate) use presence::{People, SMALL_ROOM};
pub(crate) use presence_log::PresenceTaken;
pub(crate) use publisher::Publisher;
pub use tail::{Chunk, Tail};
pub use tls::Tls;
