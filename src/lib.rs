//! chatapp: a complete chat backend in one binary.
//!
//! The layers; a layer may use only the layers that its arrow points to:
//!
//! ```text
//! cli → server → { http, ws } → chat (rules) → storage ← sqlite | postgres
//! cli → dump → storage           chat → realtime (hub)    everything → model, metrics
//! ```
//!
//! `web` holds the files of the page, which `http` serves. `chat` does not use HTTP. `storage` contains no
//! rules, and a driver's types stay in its folder of `storage`. poem is used only in `server`, `http` and
//! `ws`. `bench` is a client: it uses the protocol, and no layer.

pub(crate) mod bench;
pub mod chat;
pub mod cli;
pub mod config;
pub mod dump;
pub(crate) mod executor;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
pub mod http;
pub(crate) mod logging;
pub(crate) mod metrics;
pub mod model;
pub mod realtime;
pub(crate) mod server;
pub mod storage;
pub(crate) mod web;
pub mod ws;
