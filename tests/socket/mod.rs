//! The socket, from outside: the real binary on both databases, frames as they are on the wire.
//! (What happens when the server is killed is in `tests/crash`, resuming in `tests/resume.rs`.)

mod changes;
pub mod common;
mod handshake;
mod joining;
mod matrix;
mod pace;
mod presence;
mod protocol;
pub mod raw;
mod reading;
mod refresh;
mod refusals;
mod revocation;
mod rooms;
mod secrets;
mod sending;
mod shutdown;
mod slow;
mod tickets;
mod tokens;
mod watch;
