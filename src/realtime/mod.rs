//! Live delivery: who is connected, where each of them is in which room's log, and the bytes
//! they are sent.
//!
//! One thread, the hub, owns all of it (see [`hub`]); everybody else holds a [`Hub`] handle and
//! sends it commands through a bounded queue. Nothing here is the only copy of anything: what a
//! hub forgets is read again from storage.

mod connection;
mod counts;
mod delivery;
pub mod frame;
mod hub;
mod membership;
mod news;
mod peer;
mod presence;
mod publish;
mod state;
pub mod tail;
mod tls;
mod turn;
mod watch;

pub use connection::{CloseCode, Connection, ConnectionId, MAX_IN_FLIGHT, Mail};
pub use counts::HubCounts;
pub use hub::{Hub, HubConfig, HubThread, KnownRooms, News, ReadAsker, ReadOutcome, ReplyTo};
pub use peer::Peer;
pub use tls::Tls;
pub use turn::Publisher;
pub use watch::ActivityMessage;
