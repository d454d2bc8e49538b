//! The hub's settings.

use std::sync::Arc;

use crate::model::Clock;

/// The times and the epoch that the hub uses.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// The database's epoch, sent to every client that has caught up.
    pub epoch: Arc<str>,
    /// The clock by which tokens expire and frames are dated.
    pub clock: Clock,
    /// A silent client is pinged after this many seconds and closed after twice as many.
    pub ping_seconds: u32,
    /// A client whose socket takes no bytes is closed after this many seconds.
    pub stall_seconds: u32,
    /// Whether there may be other nodes, which are told who is in the rooms of this one.
    pub is_shared: bool,
    /// A client is warned this many seconds before its token expires.
    pub expiry_notice_seconds: u32,
}
