//! What a client sees of a server: the HTTP API, the socket, and several nodes on one database. One
//! program, because linking each part on its own took longer than running it.

mod conformance;
mod hostile;
mod http;
mod hub;
mod nodes;
mod openapi;
mod resume;
mod schemathesis;
mod socket;
mod support;
mod tls;

// What tests of the socket share.
use socket::{common, raw};
