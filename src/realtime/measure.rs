//! The hub's figures for `/metrics`.

use super::counts::Tally;
use super::state::State;

impl State {
    /// Publishes the figures of a pass, at its end.
    pub(super) fn publish_tally(&mut self) {
        let Tally { deliveries, bytes } = std::mem::take(&mut self.tally);
        if bytes > 0 {
            self.counts.deliveries.inc_by(deliveries);
            self.counts.delivered_bytes.inc_by(bytes);
        }
        self.counts.sockets.set(self.clients.len() as i64);
    }

    /// Measures the figures that need a look at every client and room. Called once a second.
    pub(super) fn look_at_readers(&self) {
        let blocked = self.clients.iter().filter_map(|(_, client)| client.blocked_at);
        let (count, since) =
            blocked.fold((0, self.now), |(count, since), at| (count + 1, since.min(at)));
        self.counts.blocked.set(count);
        self.counts.slowest_seconds.set((self.now - since).into());
        let behind = self.rooms.values().flat_map(|room| {
            room.members.values().filter_map(|member| Some(room.head?.0 - member.position().0))
        });
        self.counts.slowest_seqs.set(behind.max().unwrap_or(0).max(0));
        self.counts.rooms.set(self.rooms.len() as i64);
        let tails = self.rooms.values().map(|room| room.tail.len_bytes()).sum::<usize>();
        self.counts.tail_bytes.set(tails as i64);
    }
}
