//! The arithmetic of a page of messages, the same for every database.

use crate::model::{Cursor, Message, MessagePage, Seq};

/// A cursor as two range scans around a pivot: down from the seq before the pivot, and up from the pivot.
///
/// Each scan reads one row more than the page shows, which tells `has_older` and `has_newer`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub pivot: Seq,
    older: usize,
    newer: usize,
}

impl Window {
    /// A window in the part of the log after `visible_from`.
    pub fn new(cursor: Cursor, limit: u32, visible_from: Seq) -> Self {
        let window = Self::of(cursor, limit as usize);
        Self { pivot: window.pivot.max(Seq(visible_from.0.saturating_add(1))), ..window }
    }

    fn of(cursor: Cursor, limit: usize) -> Self {
        match cursor {
            Cursor::Newest => Self { pivot: Seq(i64::MAX), older: limit, newer: 0 },
            Cursor::Before(seq) => Self { pivot: seq, older: limit, newer: 0 },
            Cursor::After(seq) => {
                Self { pivot: Seq(seq.0.saturating_add(1)), older: 0, newer: limit }
            }
            Cursor::Around(seq) => Self { pivot: seq, older: limit / 2, newer: limit - limit / 2 },
        }
    }

    /// The number of rows to scan downwards below the pivot.
    pub fn scan_older(self) -> i64 {
        self.older as i64 + 1
    }

    /// The number of rows to scan upwards from the pivot.
    pub fn scan_newer(self) -> i64 {
        self.newer as i64 + 1
    }

    /// Makes a page from the rows of both scans, which may be in any order.
    pub fn into_page(self, mut messages: Vec<Message>, head_seq: Seq) -> MessagePage {
        messages.sort_unstable_by_key(|message| message.seq);
        let split = messages.partition_point(|message| message.seq < self.pivot);
        let has_older = split > self.older;
        let has_newer = messages.len() - split > self.newer;
        messages.truncate(split + self.newer);
        messages.drain(..split.saturating_sub(self.older));
        MessagePage { messages, has_older, has_newer, head_seq }
    }
}
