//! The socket: `/ws` for many rooms, `/ws/{room_id}` for one.
//!
//! `upgrade` turns a request into a connection. `socket` reads its frames, [`session`] decides what they do,
//! without sockets, and `perform` does it. Only the hub writes frames.

pub(crate) mod action;
pub(crate) mod asyncapi;
pub(crate) mod command;
mod error;
mod perform;
mod reader;
pub(crate) mod session;
mod socket;
mod upgrade;

pub use action::Input;
pub use asyncapi::document as asyncapi_document;
pub use command::{ClientFrame, Subscribe};
pub use session::Session;
pub(crate) use upgrade::{SharedStream, Sockets, UpgradeSlot, connect, connect_room};
