//! What other processes do to rooms: other servers on the same database, and the command line.
//!
//! Looked for twice a second, in the rooms that somebody here is in. While somebody watches, every room is
//! looked at: once a second where each look costs the database something, which is PostgreSQL. What is
//! compared is small (the head and the revision of each room), and is never the only copy of anything: a
//! look that fails, or comes late, delays what the next one finds all the same.

use std::collections::HashMap;

use super::{Chat, Result};
use crate::model::{Event, Room, RoomDifference, RoomId, RoomState, Seq};
use crate::realtime::{KnownRooms, News};
use crate::storage::Backend;

/// Events of one room that are read before the next room has its turn; of a room that nobody is in, no
/// more than these.
const PAGE: u32 = 500;

/// One who looks, again and again.
pub struct Doorbell {
    chat: Chat,
    /// As long as this stays, no other process has written.
    data_version: Option<i64>,
    /// The last look was at every room.
    looked_at_all: bool,
}

/// What one look compares.
struct Look {
    known: Vec<RoomState>,
    /// The heads of the rooms that somebody is in.
    joined: HashMap<RoomId, RoomState>,
    /// `known` is all rooms.
    is_of_all: bool,
}

impl Doorbell {
    pub fn new(chat: Chat) -> Self {
        Self { chat, data_version: None, looked_at_all: false }
    }

    /// Tells the hub what others have done since the last look.
    ///
    /// # Errors
    /// Those of a database that cannot be read; the next look then finds it.
    pub async fn look(&mut self) -> Result<()> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        // Before anything else: what is written from here on changes it again.
        let version = store.read(|backend| backend.get_data_version()).await?;
        let has_missed = hub.take_missed();
        if version.is_some() && version == self.data_version && !has_missed {
            return Ok(());
        }
        self.data_version = None;
        self.looked_at_all = version.is_some() || has_missed || !self.looked_at_all;
        loop {
            let known = hub.known_rooms().await;
            let has_unknown = known.has_unknown;
            let look = Look::new(known, self.looked_at_all);
            if (!look.known.is_empty() || look.is_of_all) && self.catch_up(look).await? {
                continue;
            }
            // A room that has just been entered may have been read before another process wrote.
            self.data_version = version.filter(|_| !has_unknown);
            return Ok(());
        }
    }

    /// True if there is more.
    async fn catch_up(&self, Look { known, joined, is_of_all }: Look) -> Result<bool> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        let list = move |backend: &dyn Backend| backend.list_changed_rooms(&known, is_of_all);
        let mut has_more = false;
        for difference in store.read(list).await? {
            match difference {
                RoomDifference::Changed { known, room } => {
                    let is_joined = joined.contains_key(&known.id);
                    has_more |= self.catch_up_in(known, room, is_joined).await?;
                }
                // Its events are found by the next look, from the first on.
                RoomDifference::New(room) => {
                    has_more = true;
                    hub.announce(News::RoomCreated(Room { head_seq: Seq(0), ..room })).await;
                }
                RoomDifference::Gone(id) => hub.announce(News::RoomDeleted(id)).await,
            }
        }
        Ok(has_more)
    }

    /// Reads what is missing here once, for all members. What this process has written, and not told
    /// its hub yet, is among it: the hub knows it by its seq. Those who only watch a room can do without
    /// all of it.
    async fn catch_up_in(&self, known: RoomState, room: Room, is_joined: bool) -> Result<bool> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        let (id, head) = (room.id, room.head_seq);
        if room.revision > known.revision {
            hub.announce(News::RoomUpdated(room)).await;
        }
        if head <= known.head_seq {
            return Ok(false);
        }
        let read = move |backend: &dyn Backend| backend.list_events(id, known.head_seq, PAGE);
        let events = store.read(read).await?.map(|page| page.events).unwrap_or_default();
        let (Some(first), Some(last)) =
            (events.first().map(Event::seq), events.last().map(Event::seq))
        else {
            hub.announce(News::Skipped(id, head)).await;
            return Ok(false);
        };
        // What is between has been pruned.
        if first > known.head_seq.next() {
            hub.announce(News::Skipped(id, Seq(first.0 - 1))).await;
        }
        hub.announce(News::Events(events)).await;
        if last < head && !is_joined {
            hub.announce(News::Skipped(id, head)).await;
        }
        Ok(last < head && is_joined)
    }
}

impl Look {
    /// A room that somebody is in and that is watched too is looked at from where the one is behind
    /// that is further behind.
    fn new(known: KnownRooms, at_all: bool) -> Self {
        let joined: HashMap<RoomId, RoomState> =
            known.rooms.into_iter().map(|room| (room.id, room)).collect();
        match known.watched.filter(|_| at_all) {
            None => Self { known: joined.values().copied().collect(), joined, is_of_all: false },
            Some(watched) => {
                let earlier = |room: RoomState| match joined.get(&room.id) {
                    None => room,
                    Some(other) => RoomState {
                        head_seq: room.head_seq.min(other.head_seq),
                        revision: room.revision.min(other.revision),
                        ..room
                    },
                };
                let known = watched.into_iter().map(earlier).collect();
                Self { known, joined, is_of_all: true }
            }
        }
    }
}
