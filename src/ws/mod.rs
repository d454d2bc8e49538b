//! The socket: `/ws` for many rooms, `/ws/{room_id}` for one.
//!
//! `upgrade` turns a request into a connection. `socket` reads its frames, [`session`] decides what they do,
//! without sockets, and `perform` does it. The hub writes frames, nothing here does.

pub mod asyncapi;
pub mod command;
mod error;
mod perform;
mod reader;
pub mod session;
mod socket;
mod upgrade;

pub use upgrade::{SharedStream, Sockets, UpgradeSlot, connect, connect_room};
