//! The HTTP API of the real binary, on both databases. Answers are compared with the published OpenAPI
//! document: their status, their body, and that no field is undocumented.

mod accounts;
mod admin;
mod admin_rooms;
mod before_send;
pub mod bots;
mod changes;
mod documented;
mod drafts;
mod envelope;
mod errors;
mod exact;
mod external;
mod external_tokens;
mod first_admin;
pub mod guessing;
mod hooks;
mod inbox;
mod invites;
mod matrix;
mod members;
mod messages;
mod pace;
mod people;
mod previews;
mod reactions;
mod reload;
mod rooms;
pub mod scheduled;
mod scopes;
mod search;
mod signup;
mod spelling;
pub mod standings;
mod threads;
mod tokens;
mod visibility;
