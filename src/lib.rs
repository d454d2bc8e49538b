//! chatapp: a complete chat backend in one binary.
//!
//! The layers. A layer may use only the layers to its right; `tests/layers.rs` has the exact table:
//!
//! ```text
//! cli → server → ws → http → chat (rules) → fleet → realtime (hub) → storage ← sqlite | postgres
//! cli → dump → storage       chat → storage, config, outbound         everything → model, metrics
//! ```
//!
//! `web` holds the files of the page, which `http` serves. `ws` uses `http` for a request before it is upgraded, and
//! `realtime` uses `storage` for the outcomes of the writer. `chat` does not use HTTP. `storage` contains no
//! rules, and a driver's types stay in its folder of `storage`. poem is used only in `server`, `http` and
//! `ws`. `bench` is a client: it uses the protocol, and no layer.

/// Whether a bug is put in on purpose, for the simulation of the fleet to find. Never in the program.
macro_rules! has_bug {
    ($bug:ident) => {{
        #[cfg(test)]
        let has_bug = {
            use crate::fleet::simulation::bugs::{Bug, is_present};
            is_present(Bug::$bug)
        };
        #[cfg(not(test))]
        let has_bug = false;
        has_bug
    }};
}

pub(crate) mod bench;
pub mod chat;
pub mod cli;
pub mod config;
pub mod dump;
pub(crate) mod executor;
pub mod fleet;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
pub mod http;
pub(crate) mod logging;
pub(crate) mod metrics;
pub mod model;
pub(crate) mod outbound;
pub mod realtime;
pub(crate) mod server;
pub(crate) mod slack;
pub mod storage;
pub(crate) mod web;
pub mod ws;
