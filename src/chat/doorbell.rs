//! The doorbell: notices what other processes have written, which are other servers on the same database and the
//! command line.
//!
//! Twice a second it compares the heads of the rooms that have members on this node with the database's. While
//! there is a watcher, it compares every room: once a second on PostgreSQL, where each look costs the database
//! something. A look that fails or comes late loses nothing: the next look
//! finds the same events.

use std::collections::HashMap;

use super::{Chat, Result};
use crate::model::{Event, Room, RoomDifference, RoomHead, RoomId, Seq};
use crate::realtime::{KnownRooms, News};
use crate::storage::Backend;

/// The number of events of one room that are read before the next room is looked at. For a room without
/// members, no further events are read.
const PAGE: u32 = 500;

/// Looks at the database, again and again.
pub struct Doorbell {
    chat: Chat,
    /// While this number stays the same, no other process has written.
    data_version: Option<i64>,
    /// The last look was at every room.
    looked_at_all: bool,
}

/// The data that one look compares.
struct Look {
    known: Vec<RoomHead>,
    /// The heads of the rooms that have members.
    joined: HashMap<RoomId, Seq>,
    /// `known` has all rooms.
    is_of_all: bool,
}

impl Doorbell {
    pub fn new(chat: Chat) -> Self {
        Self { chat, data_version: None, looked_at_all: false }
    }

    /// Gives the hub the events that other processes have written since the last look.
    ///
    /// # Errors
    /// If the database cannot be read. The next look then finds the events.
    pub async fn look(&mut self) -> Result<()> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        // Read first: a write from here on changes the number again.
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
            // The head of a room that was just joined may have been read before another process wrote.
            self.data_version = version.filter(|_| !has_unknown);
            return Ok(());
        }
    }

    /// Returns true if there is more to read.
    async fn catch_up(&self, Look { known, joined, is_of_all }: Look) -> Result<bool> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        let list = move |backend: &dyn Backend| backend.list_changed_rooms(&known, is_of_all);
        let (mut has_more, mut failure) = (false, None);
        for difference in store.read(list).await? {
            match difference {
                RoomDifference::Longer { known, room } => {
                    let is_joined = joined.contains_key(&known.id);
                    // A room that cannot be read does not hold up the others.
                    match self.catch_up_in(known.head_seq, room, is_joined).await {
                        Ok(is_more) => has_more |= is_more,
                        Err(error) => failure = Some(error),
                    }
                }
                // The next look finds its events, from the first one on.
                RoomDifference::New(room) => {
                    has_more = true;
                    hub.announce(News::RoomCreated(Room { head_seq: Seq(0), ..room })).await;
                }
                RoomDifference::Gone(id) => hub.announce(News::RoomDeleted(id)).await,
            }
        }
        failure.map_or(Ok(has_more), Err)
    }

    /// Reads the missing events of a room, once for all members. Among them may be events that this process
    /// has written and not yet given to its hub: the hub recognises them by their seq. For watchers a part of
    /// the events is enough.
    async fn catch_up_in(&self, known: Seq, room: Room, is_joined: bool) -> Result<bool> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        let (id, head) = (room.id, room.head_seq);
        let read = move |backend: &dyn Backend| backend.list_events(id, known, PAGE);
        let events = store.read(read).await?.map(|page| page.events).unwrap_or_default();
        let (Some(first), Some(last)) =
            (events.first().map(Event::seq), events.last().map(Event::seq))
        else {
            hub.announce(News::Pruned(room)).await;
            return Ok(false);
        };
        // The events in between have been pruned.
        if first > known.next() {
            let head_seq = Seq(first.0 - 1);
            hub.announce(News::Pruned(Room { head_seq, ..room.clone() })).await;
        }
        hub.announce(News::Events(events)).await;
        if last < head && !is_joined {
            hub.announce(News::Skipped(room)).await;
        }
        Ok(last < head && is_joined)
    }
}

impl Look {
    /// A room that has members and watchers is read from the smaller of the two heads that are known.
    fn new(known: KnownRooms, at_all: bool) -> Self {
        let joined: HashMap<RoomId, Seq> =
            known.rooms.iter().map(|room| (room.id, room.head_seq)).collect();
        match known.watched.filter(|_| at_all) {
            None => Self { known: known.rooms, joined, is_of_all: false },
            Some(watched) => {
                let earlier = |room: RoomHead| match joined.get(&room.id) {
                    Some(&head) => RoomHead { head_seq: room.head_seq.min(head), ..room },
                    None => room,
                };
                let known = watched.into_iter().map(earlier).collect();
                Self { known, joined, is_of_all: true }
            }
        }
    }
}
