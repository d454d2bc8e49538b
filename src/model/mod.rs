//! The values everything else speaks of: ids, users, sessions, rooms, events.
//!
//! Nothing here does I/O, reads a clock or draws a random number.

mod event;
mod json;
mod room;
mod session;
mod time;
mod user;

pub use event::{
    Appended, Changed, Cursor, Event, EventId, EventPage, Message, MessageChange, MessagePage,
    NewMessage, NewMessageChange, Seq,
};
pub use room::{NewRoom, ReadPosition, Room, RoomChange, RoomId, RoomState};
pub use session::{Identity, NewSession, NewTicket, Session, SessionId, TicketHash};
pub use time::{Clock, Timestamp};
pub use user::{Credentials, NewUser, Role, User, UserId};
