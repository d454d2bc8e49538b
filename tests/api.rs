//! Tests of the server as its clients see it: the HTTP API, the socket, and several nodes on one
//! database. They are one program, because each program compiles and links the harness again.

mod conformance;
mod fleet;
mod hostile;
mod http;
mod hub;
mod nodes;
mod openapi;
mod privacy;
mod resume;
mod schemathesis;
mod socket;
mod support;
mod tls;

// Helpers that several tests of the socket use.
use socket::{common, raw};
