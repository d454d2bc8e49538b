//! The real binary, as an operator or a script runs it: exit codes, stdout, stderr.

mod bots;
mod create_admin;
mod files;
mod hooks;
mod invites;
mod list_rooms;
mod members;
mod migrate;
mod outgoing_hooks;
mod rooms;
mod search;
mod serve;
mod settings;
mod shell;
mod systemd;
mod usage;
mod users;
