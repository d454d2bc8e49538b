//! The HTTP API of the real binary, on both databases. Answers are compared with the published OpenAPI
//! document: their status, their body, and that no field is undocumented.

mod accounts;
mod admin;
mod admin_rooms;
mod changes;
mod documented;
mod envelope;
mod errors;
mod exact;
mod first_admin;
pub mod guessing;
mod invites;
mod matrix;
mod members;
mod messages;
mod pace;
mod people;
mod reload;
mod rooms;
mod signup;
mod spelling;
pub mod standings;
mod tokens;
mod visibility;
