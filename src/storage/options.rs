//! Options of opening a database.

/// The settings with which a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Connections that read. One more connection writes.
    pub read_connections: u32,
    /// How long to wait for a lock, or for a free connection, before the call fails with
    /// [`Error::Busy`](super::Error::Busy).
    pub busy_timeout_ms: u64,
    /// Whether a missing SQLite file is created.
    pub create: bool,
    /// Whether SQLite's files are written through the shim that gathers writes.
    pub gather_writes: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { read_connections: 4, busy_timeout_ms: 5_000, create: false, gather_writes: true }
    }
}
