//! The HTTP API of the real binary, on both databases. Every answer is held against the published
//! document: its status, its body, and no field that is not documented.

mod accounts;
mod admin;
mod changes;
mod documented;
mod envelope;
mod errors;
mod exact;
mod first_admin;
mod guessing;
mod matrix;
mod messages;
mod pace;
mod reload;
mod rooms;
mod signup;
mod spelling;
mod tokens;
