//! A connection as the hub sees it.

use std::sync::Arc;

use super::Connection;
use crate::model::RoomId;

/// A connection as the hub sees it. Times are in seconds of the hub's clock.
pub(super) struct Client {
    /// Distinguishes this client from earlier clients in the same slot.
    pub(super) serial: u64,
    pub(super) connection: Arc<Connection>,
    pub(super) rooms: Vec<RoomId>,
    /// Rooms that the next write brings up to date.
    pub(super) behind: Vec<RoomId>,
    /// Frames for this client alone, which are written first. They may follow the rest of a frame that was cut
    /// when the socket took no more bytes.
    pub(super) out: Vec<u8>,
    /// The time since which the socket takes no bytes.
    pub(super) blocked_at: Option<u32>,
    /// The last time that the client sent something.
    pub(super) heard_at: u32,
    /// The client is in the list of this pass's writes.
    pub(super) is_touched: bool,
    pub(super) is_pinged: bool,
    /// `auth.expiring` was sent for the present token.
    pub(super) is_expiry_told: bool,
    pub(super) watching: Watching,
    /// The client is one of those that its person is online by.
    pub(super) is_counted: bool,
    /// The client has said that its person is away.
    pub(super) is_away: bool,
    /// The client is a watcher and has not received every frame for watchers.
    pub(super) has_missed: bool,
    /// The time at which a close frame was queued for it.
    pub(super) closing_at: Option<u32>,
}

/// Whether a connection is a watcher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Watching {
    #[default]
    No,
    /// The client has asked to be a watcher, and the heads of the rooms are still being read.
    Asked,
    Live,
}

impl Client {
    pub(super) fn new(serial: u64, connection: Arc<Connection>, now: u32) -> Self {
        Self {
            serial,
            connection,
            rooms: Vec::new(),
            behind: Vec::new(),
            out: Vec::new(),
            blocked_at: None,
            heard_at: now,
            is_touched: false,
            is_pinged: false,
            is_expiry_told: false,
            watching: Watching::No,
            is_counted: false,
            is_away: false,
            has_missed: false,
            closing_at: None,
        }
    }

    /// Puts the client into the list of this pass's writes, once.
    pub(super) fn touch(&mut self, slot: usize, touched: &mut Vec<usize>) {
        if !self.is_touched {
            self.is_touched = true;
            touched.push(slot);
        }
    }

    /// Adds whole frames, to be written at the end of the pass. A client that is being closed gets none.
    pub(super) fn push(&mut self, slot: usize, frames: &[u8], touched: &mut Vec<usize>) {
        if self.closing_at.is_none() && !frames.is_empty() {
            self.out.extend_from_slice(frames);
            self.touch(slot, touched);
        }
    }

    /// Notes that the client has missed a frame for watchers. Such frames are not kept: a watcher is asked to read
    /// the list of rooms again.
    pub(super) fn miss(&mut self) {
        self.has_missed |= self.watching == Watching::Live;
    }

    /// Adds a frame for watchers, unless the client is blocked.
    pub(super) fn push_for_watcher(&mut self, slot: usize, frame: &[u8], touched: &mut Vec<usize>) {
        if self.blocked_at.is_some() {
            self.miss();
        } else {
            self.out.extend_from_slice(frame);
            self.touch(slot, touched);
        }
    }
}
