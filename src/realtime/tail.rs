//! The newest part of a room's log, encoded once and shared by all recipients.

use std::collections::VecDeque;

use super::encode::encode_event;
use crate::model::{Event, Seq};

/// A run of encoded frames with contiguous `seq`.
#[derive(Debug)]
pub struct Chunk {
    first: Seq,
    /// The position in `bytes` at which each frame ends.
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Chunk {
    /// Encodes events with contiguous `seq`. `None` if there are none.
    pub fn encode(events: &[Event]) -> Option<Self> {
        let first = events.first()?.seq();
        let size = events.iter().map(Event::json_len_hint).sum();
        let mut bytes = Vec::with_capacity(size);
        let ends = events
            .iter()
            .enumerate()
            .map(|(i, event)| {
                debug_assert_eq!(event.seq().0, first.0 + i as i64);
                encode_event(event, &mut bytes);
                bytes.len() as u32
            })
            .collect();
        Some(Self { first, ends, bytes })
    }

    /// The `seq` of the first frame.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The `seq` of the last frame.
    pub fn last(&self) -> Seq {
        Seq(self.first.0 + self.ends.len() as i64 - 1)
    }

    /// The length of all frames, in bytes.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the position at which the first frame after `cursor` begins.
    pub fn offset_after(&self, cursor: Seq) -> usize {
        match usize::try_from(cursor.0 - self.first.0) {
            Ok(frame) => self.ends[frame.min(self.ends.len() - 1)] as usize,
            Err(_) => 0,
        }
    }

    /// The bytes from `offset` to the end.
    pub fn bytes_from(&self, offset: usize) -> &[u8] {
        &self.bytes[offset..]
    }

    /// For a write that stopped at `offset`: returns the new cursor, and the rest of the frame that was cut,
    /// which must be written first.
    pub fn cut_at(&self, offset: usize) -> (Seq, &[u8]) {
        let frame = self.ends.partition_point(|&end| end as usize <= offset);
        let start = if frame == 0 { 0 } else { self.ends[frame - 1] as usize };
        let before = Seq(self.first.0 + frame as i64 - 1);
        if start == offset {
            (before, &[])
        } else {
            (before.next(), &self.bytes[offset..self.ends[frame] as usize])
        }
    }
}

/// The newest chunks of a room. Their size is bounded, but the last chunk is always kept.
#[derive(Debug, Default)]
pub struct Tail {
    chunks: VecDeque<Chunk>,
    bytes: usize,
}

impl Tail {
    /// Adds a chunk. If the chunk does not continue the tail, because another process wrote in between, it
    /// replaces the tail.
    pub fn push(&mut self, chunk: Chunk, limit: usize) {
        let has_gap = self.chunks.back().is_some_and(|back| back.last().next() != chunk.first());
        if has_gap && !has_bug!(TailOverGap) {
            self.clear();
        }
        self.bytes += chunk.len_bytes();
        self.chunks.push_back(chunk);
        while self.bytes > limit && self.chunks.len() > 1 {
            if let Some(front) = self.chunks.pop_front() {
                self.bytes -= front.len_bytes();
            }
        }
    }

    /// Removes all chunks.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.bytes = 0;
    }

    /// The length of all chunks, in bytes.
    pub fn len_bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the tail has every frame after `cursor`, up to the newest one.
    pub fn covers(&self, cursor: Seq) -> bool {
        self.chunks.front().is_some_and(|front| front.first() <= cursor.next())
    }

    /// The chunks that have frames after `cursor`, oldest first.
    pub fn after(&self, cursor: Seq) -> impl Iterator<Item = &Chunk> {
        let start = self.chunks.partition_point(|chunk| chunk.last() <= cursor);
        self.chunks.range(start..)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{EventId, Message, RoomId, Timestamp, UserId};

    fn events(from: i64, lengths: &[usize]) -> Vec<Event> {
        lengths
            .iter()
            .enumerate()
            .map(|(i, length)| {
                Event::Message(Message {
                    id: EventId(i as i64),
                    content: "x".repeat(*length),
                    username: "ann".into(),
                    user_id: UserId(1),
                    timestamp: Timestamp(0),
                    room_id: RoomId(1),
                    seq: Seq(from + i as i64),
                    display_name: None,
                    client_id: None,
                    edited_at: None,
                    deleted_at: None,
                    parts: None,
                })
            })
            .collect()
    }

    proptest! {
        /// Wherever a write stops, the rest of the cut frame and the frames after the new cursor are together
        /// exactly the bytes that were not written.
        #[test]
        fn a_cut_loses_and_repeats_nothing(
            first in 1i64..1000,
            lengths in proptest::collection::vec(0usize..300, 1..20),
            at in 0.0f64..1.0,
        ) {
            let chunk = Chunk::encode(&events(first, &lengths)).unwrap();
            let offset = (chunk.len_bytes() as f64 * at) as usize;
            let (cursor, rest) = chunk.cut_at(offset);
            let resumed = [rest, chunk.bytes_from(chunk.offset_after(cursor))].concat();
            prop_assert_eq!(&resumed[..], chunk.bytes_from(offset));
        }

        /// If a tail covers a cursor, it has all frames after it without a gap, whatever the size limit is.
        #[test]
        fn a_tail_has_all_frames_after_a_covered_cursor(
            batches in proptest::collection::vec(1usize..6, 1..20),
            limit in 0usize..5000,
        ) {
            let mut tail = Tail::default();
            let mut next = 1;
            for batch in batches {
                tail.push(Chunk::encode(&events(next, &vec![10; batch])).unwrap(), limit);
                next += batch as i64;
            }
            let head = Seq(next - 1);
            for cursor in (0..=head.0).map(Seq).filter(|&cursor| tail.covers(cursor)) {
                let mut at = cursor;
                for chunk in tail.after(cursor) {
                    prop_assert!(chunk.first() <= at.next());
                    at = chunk.last();
                }
                prop_assert_eq!(at, head);
            }
            prop_assert!(tail.covers(head));
        }
    }

    #[test]
    fn a_chunk_after_a_gap_starts_the_tail_anew() {
        let mut tail = Tail::default();
        tail.push(Chunk::encode(&events(1, &[1, 1])).unwrap(), 10_000);
        tail.push(Chunk::encode(&events(5, &[1])).unwrap(), 10_000);
        assert!(!tail.covers(Seq(2)));
        assert!(tail.covers(Seq(4)));
    }
}
