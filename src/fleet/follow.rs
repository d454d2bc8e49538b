//! The task that brings this node up to date with what other processes write.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::Fleet;
use super::catch_up::CatchUp;
use super::database::Database;
use super::ring::Ring;
use crate::model::{ReadMove, RoomHead};
use crate::realtime::News;

/// The pause before rooms are tried again whose heads the hub is just learning.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// The shortest time between two polls that rings ask for.
const ASKED: Duration = Duration::from_millis(100);

impl Fleet {
    /// Reads what other processes have written: when the doorbell rings, and by polls.
    pub async fn follow(&self, database: impl Database) {
        let mut catch_up = CatchUp::new(database, self.clone());
        let mut polled_at = Instant::now();
        let mut is_asked = false;
        let mut again = Vec::new();
        loop {
            let pause = if is_asked { ASKED } else { self.poll_interval() };
            let retry =
                async { if again.is_empty() { pending().await } else { sleep(TRY_AGAIN).await } };
            let mut ring = tokio::select! {
                // The poll first, so that it is not late while the doorbell rings all the time.
                biased;
                () = sleep_until(polled_at + pause) => {
                    // Errors are logged where they occur, and the next poll catches up.
                    let _ = catch_up.poll(is_asked).await;
                    polled_at = Instant::now();
                    is_asked = false;
                    continue;
                }
                () = retry => Ring::default(),
                ring = self.0.incoming.take() => ring,
            };
            is_asked |= ring.look;
            again.into_iter().for_each(|room| ring.add_head(room));
            again = self.answer(&catch_up, ring).await;
        }
    }

    /// Returns the rooms to be tried again.
    async fn answer(&self, catch_up: &CatchUp<impl Database>, mut ring: Ring) -> Vec<RoomHead> {
        if ring.sessions {
            self.0.revoked.notify_one();
        }
        if ring.access {
            self.0.access.notify_one();
        }
        let heads = ring.take_heads();
        if !heads.is_empty() {
            self.0.grown.send_replace(());
        }
        let again = match heads.is_empty() {
            true => Vec::new(),
            false => catch_up.answer(heads).await.unwrap_or_default(),
        };
        let hub = &self.0.hub;
        for (room_id, users) in ring.typing {
            for user_id in users {
                hub.announce(News::TypingElsewhere(room_id, user_id)).await;
            }
        }
        for (user_id, rooms) in ring.reads {
            for (room_id, seq) in rooms {
                hub.announce(News::ReadElsewhere(user_id, room_id, seq, ReadMove::On)).await;
            }
        }
        for (user_id, rooms) in ring.unread {
            for (room_id, seq) in rooms {
                hub.announce(News::ReadElsewhere(user_id, room_id, seq, ReadMove::Back)).await;
            }
        }
        for (user_id, rooms) in ring.memberships {
            for room_id in rooms {
                hub.announce(News::Membership(user_id, room_id)).await;
            }
        }
        for (user_id, changes) in ring.own {
            for change in changes {
                hub.announce(News::Own(user_id, change)).await;
            }
        }
        again
    }
}
