//! WebSocket tests from the outside: the real binary on both databases, frames as they are on the wire.
//! (Tests that kill the server are in `tests/crash`, tests of resuming in `tests/resume.rs`.)

mod changes;
mod closed;
pub mod common;
mod external;
mod handshake;
mod joining;
mod matrix;
mod own;
mod pace;
mod presence;
mod protocol;
pub mod raw;
mod reading;
mod refresh;
mod refusals;
pub mod revocation;
mod rooms;
mod secrets;
mod sending;
mod shutdown;
mod slow;
mod standings;
mod tickets;
mod tokens;
pub mod watch;
