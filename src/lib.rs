//! chatapp: a complete chat backend in one binary.
//!
//! The layers, and the only direction in which they may name each other:
//!
//! ```text
//! cli → server → { http, ws } → chat (rules) → storage ← sqlite | postgres
//! cli → dump → storage           chat → realtime (hub)    everything → model, metrics
//! ```
//!
//! `web` is the page: files, that `http` serves. `chat` never names HTTP; `storage` holds no rules; no driver's type leaves its folder in
//! `storage`; poem is named only in `server`, `http` and `ws`. `bench` is a client: it knows the
//! protocol, and no layer.

pub mod bench;
pub mod chat;
pub mod cli;
pub mod config;
pub mod dump;
pub mod executor;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
pub mod http;
pub mod logging;
pub mod metrics;
pub mod model;
pub mod realtime;
pub mod server;
pub mod storage;
pub mod web;
pub mod ws;
