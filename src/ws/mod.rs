//! The socket: `/ws` for many rooms, `/ws/{room_id}` for one.
//!
//! [`session`] decides, without sockets; [`socket`] reads frames and carries out what it decides;
//! [`upgrade`] turns a request into a connection. Frames are written by the hub, never from here.

pub mod asyncapi;
pub mod command;
pub mod session;
mod socket;
mod upgrade;

pub use upgrade::{SharedStream, Sockets, UpgradeSlot, connect, connect_room};
