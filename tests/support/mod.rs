//! The harness of the integration tests. It starts the real binary on a free port, and a client takes
//! one line.
//!
//! ```ignore
//! let server = Server::start(Database::Sqlite).await;
//! let ann = server.admin("ann").await;
//! let room = ann.creates_room("general").await;
//! let mut socket = server.user("bo").await.joins(room).await;
//! ann.joins(room).await.say("hello").await;
//! assert_eq!(socket.recv_type("message").await["content"], "hello");
//! ```
//!
//! Two checks run in every test without being called: each frame that a client receives must fit the schema
//! that the server publishes at `/asyncapi.json`, and each HTTP error must be a complete problem document.
//! Nothing here sleeps to wait for the server: a test waits for the frame that it expects. After
//! [`DEADLINE`] the test fails and says which frame did not come.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each test file is a crate that uses its own part"
)]

use std::time::Duration;

pub mod authority;
mod client;
pub mod faults;
pub mod nats;
pub mod pgbouncer;
pub mod postgres;
pub mod product;
mod program;
pub mod proxy;
pub mod receiver;
mod schema;
mod server;
mod site;
pub mod standby;
mod tls;

pub use client::{Answer, Client, Closed, Socket};
pub use program::{Program, python};
pub use server::{Database, PASSWORD, Server, ServerBuilder, in_the_database};
pub use site::Site;
pub use tls::{Identity, connector, server_name};

/// How long a test waits for something that should come at once. The time is long because a loaded
/// machine must not fail a test; a test that passes does not use it up.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Declares each named `async fn(Database)` as two tests, `sqlite::name` and `postgres::name`.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::support::Database::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::support::Database::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;
