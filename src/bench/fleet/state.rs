//! The connections of a run, and the checks of what they receive.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;

use super::super::crowd;
use super::super::net::Heard;
use super::super::order::Order;
use super::super::pace::Timetable;
use super::super::report::{histogram, record};
use super::super::sender::read_text;
use super::super::wire::Frame;

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub node: usize,
    /// The index of the room.
    pub room: usize,
}

/// What all connections have received. The tags of the senders come first: message `number` is sent by the sender
/// `number % senders`.
pub struct State {
    places: Vec<Place>,
    senders: usize,
    /// `None` until sending begins.
    timetable: Option<Timetable>,
    /// The seq up to which each connection has all messages.
    cursors: Vec<i64>,
    /// One for each room.
    orders: Vec<Order>,
    /// The seq at which each room ends when all messages have been sent.
    heads: Vec<i64>,
    /// The seq of each message, by its number; 0 until it is known.
    seqs: Vec<i64>,
    /// The number of each sender's next acknowledged message.
    next_acks: Vec<u64>,
    /// The first message that is due after the warm-up: latencies count from it on.
    first_measured: u64,
    pub acked: u64,
    pub deliveries: u64,
    /// Latencies of deliveries on other nodes than the sender's.
    pub other_node: Histogram<u64>,
    /// Latencies of deliveries on the sender's node, without the sender's own connection.
    pub same_node: Histogram<u64>,
    pub ack: Histogram<u64>,
}

impl State {
    /// `senders`: for each room. `readers`: for each node.
    pub fn new(nodes: usize, rooms: usize, senders: usize, readers: usize) -> Self {
        let senders = senders * rooms;
        // Messages that follow each other go to different rooms, from different nodes.
        let sender = |tag| Place { node: (tag % rooms + tag / rooms) % nodes, room: tag % rooms };
        let reader = |index| Place { node: index % nodes, room: index / nodes % rooms };
        let places: Vec<Place> =
            (0..senders).map(sender).chain((0..nodes * readers).map(reader)).collect();
        Self {
            cursors: vec![0; places.len()],
            places,
            senders,
            timetable: None,
            orders: std::iter::repeat_with(Order::default).take(rooms).collect(),
            heads: vec![0; rooms],
            seqs: Vec::new(),
            next_acks: (0..senders as u64).collect(),
            first_measured: 0,
            acked: 0,
            deliveries: 0,
            other_node: histogram(),
            same_node: histogram(),
            ack: histogram(),
        }
    }

    /// The place of each connection, by its tag.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Expects `total` messages at these times.
    ///
    /// # Errors
    /// If there are more messages than fit into memory.
    pub fn expect(
        &mut self,
        timetable: Timetable,
        total: u64,
        first_measured: u64,
    ) -> anyhow::Result<()> {
        self.timetable = Some(timetable);
        self.first_measured = first_measured;
        self.seqs = vec![0; usize::try_from(total)?];
        for number in 0..self.seqs.len() {
            self.heads[self.places[number % self.senders].room] += 1;
        }
        Ok(())
    }

    pub fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        let place = self.places[heard.tag];
        match heard.frame {
            Frame::Message { id, seq, text } => {
                self.deliveries += 1;
                self.orders[place.room].see(&mut self.cursors[heard.tag], seq, id)?;
                let (sender, number) = read_text(text)
                    .filter(|(sender, number)| *sender as u64 == number % self.senders as u64)
                    .with_context(|| format!("seq {seq} is not a message of this run"))?;
                self.note(number, seq)?;
                let from = self.places[sender];
                ensure!(
                    from.room == place.room,
                    "message {number} was delivered in another room than the one it was sent to"
                );
                if let Some(latency) = self.latency(number, heard.at)
                    && sender != heard.tag
                {
                    let is_same = from.node == place.node;
                    record(
                        if is_same { &mut self.same_node } else { &mut self.other_node },
                        latency,
                    );
                }
                Ok(())
            }
            Frame::Ack { reference, id, seq } => {
                let next = self.next_acks.get_mut(heard.tag).context("a reader got an `ack`")?;
                ensure!(
                    reference == *next,
                    "the acknowledgements are out of order: got {reference}, expected {next}"
                );
                *next += self.senders as u64;
                self.acked += 1;
                self.orders[place.room].note(seq, id)?;
                self.note(reference, seq)?;
                if let Some(latency) = self.latency(reference, heard.at) {
                    record(&mut self.ack, latency);
                }
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    /// Notes the seq of a message.
    ///
    /// # Errors
    /// If the message has another seq already.
    fn note(&mut self, number: u64, seq: i64) -> anyhow::Result<()> {
        let seen = usize::try_from(number).ok().and_then(|index| self.seqs.get_mut(index));
        let seen = seen.with_context(|| format!("message {number} was never sent"))?;
        ensure!(
            *seen == 0 || *seen == seq,
            "message {number} is stored twice: as seq {seen} and as seq {seq}"
        );
        *seen = seq;
        Ok(())
    }

    /// Returns how long ago the message was due, if it was due after the warm-up.
    fn latency(&self, number: u64, now: Instant) -> Option<Duration> {
        let due_at = self.timetable?.due_at(number);
        (number >= self.first_measured).then(|| now.saturating_duration_since(due_at))
    }

    /// The number of missing acknowledgements, and of connections that have not got all messages.
    pub fn missing(&self) -> usize {
        let acks =
            self.seqs.len().saturating_sub(usize::try_from(self.acked).unwrap_or(usize::MAX));
        let behind = self.cursors.iter().zip(&self.places);
        acks + behind.filter(|(cursor, place)| **cursor < self.heads[place.room]).count()
    }

    /// Checks that no connection got more than all messages.
    ///
    /// # Errors
    /// If one did.
    pub fn check_end(&self) -> anyhow::Result<()> {
        for (cursor, place) in self.cursors.iter().zip(&self.places) {
            let head = self.heads[place.room];
            ensure!(
                *cursor == head,
                "{cursor} messages arrived in a room to which {head} were sent"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state that expects six messages: two nodes, two rooms with two senders, and a reader on each node.
    fn state() -> State {
        let mut state = State::new(2, 2, 2, 1);
        let timetable = Timetable { start_at: Instant::now(), per_second: 1000 };
        state.expect(timetable, 6, 1).unwrap();
        state
    }

    fn hear(state: &mut State, tag: usize, frame: Frame<'_>) -> Result<(), String> {
        let heard = Heard { tag, frame, at: Instant::now(), out: &mut Vec::new() };
        state.hear(heard).map_err(|error| error.to_string())
    }

    fn message(id: i64, seq: i64, text: &[u8]) -> Frame<'_> {
        Frame::Message { id, seq, text }
    }

    #[test]
    fn the_senders_of_a_room_and_the_readers_are_on_different_nodes() {
        let state = State::new(3, 4, 3, 2);
        let mut senders = state.places()[..12].to_vec();
        senders.sort_by_key(|place| (place.room, place.node));
        senders.dedup();
        assert_eq!(senders.len(), 12);
        assert_eq!(state.places()[1], Place { node: 1, room: 1 });
        let readers = &state.places()[12..];
        assert_eq!(readers.len(), 6);
        assert_eq!(readers.iter().filter(|place| place.node == 1).count(), 2);
    }

    #[test]
    fn a_delivery_counts_for_the_node_on_which_it_arrives() {
        let mut state = state();
        // Room 0 has the senders 0 and 2 and the readers 4 and 5, on nodes 0 and 1 each.
        assert_eq!(state.heads, [3, 3]);
        for tag in [0, 2, 4, 5] {
            hear(&mut state, tag, message(7, 1, b"2-2 xx")).unwrap();
        }
        assert_eq!((state.other_node.len(), state.same_node.len()), (2, 1));
        // Due before the end of the warm-up.
        hear(&mut state, 4, message(8, 2, b"0-0 xx")).unwrap();
        assert_eq!((state.other_node.len(), state.same_node.len()), (2, 1));
        hear(&mut state, 2, Frame::Ack { reference: 2, id: 7, seq: 1 }).unwrap();
        assert_eq!((state.ack.len(), state.acked, state.missing()), (1, 1, 5 + 6));
        assert!(state.check_end().is_err());
    }

    #[test]
    fn broken_promises_are_found() {
        for (frame, complaint) in [
            (message(9, 3, b"0-4 xx"), "the order is broken"),
            (message(7, 2, b"0-0 xx"), "stored twice"),
            (message(9, 2, b"1-1 xx"), "another room"),
            (message(9, 2, b"0-8 xx"), "never sent"),
            (message(9, 2, b"hello"), "not a message of this run"),
            (message(9, 2, b"0-3 xx"), "not a message of this run"),
            (Frame::Ack { reference: 4, id: 9, seq: 2 }, "out of order"),
            (Frame::Ack { reference: 0, id: 9, seq: 1 }, "the order is broken"),
            (Frame::Ack { reference: 0, id: 9, seq: 2 }, "stored twice"),
        ] {
            let mut state = state();
            hear(&mut state, 0, message(7, 1, b"0-0 xx")).unwrap();
            let refusal = hear(&mut state, 0, frame).unwrap_err();
            assert!(refusal.contains(complaint), "{frame:?}: {refusal}");
        }
    }
}
