//! What other processes do to the rooms that somebody here is in: other servers on the same
//! database, and the command line.
//!
//! Looked for twice a second. What is compared is small (the head and the revision of each room), and
//! is never the only copy of anything: a look that fails, or comes late, delays what the next one
//! finds all the same.

use super::{Chat, Result};
use crate::model::{Event, Room, RoomState};
use crate::realtime::{KnownRooms, News};
use crate::storage::Backend;

/// Events of one room that are read before the next room has its turn.
const PAGE: u32 = 500;

/// One who looks, again and again.
pub struct Doorbell {
    chat: Chat,
    /// As long as this stays, no other process has written.
    data_version: Option<i64>,
}

impl Doorbell {
    pub fn new(chat: Chat) -> Self {
        Self { chat, data_version: None }
    }

    /// Tells the hub what others have done since the last look.
    ///
    /// # Errors
    /// Those of a database that cannot be read; the next look then finds it.
    pub async fn look(&mut self) -> Result<()> {
        let (store, hub) = (&self.chat.inner.store, &self.chat.inner.hub);
        // Before anything else: what is written from here on changes it again.
        let version = store.read(|backend| backend.get_data_version()).await?;
        if version.is_some() && version == self.data_version {
            return Ok(());
        }
        loop {
            let KnownRooms { rooms, has_unknown } = hub.known_rooms().await;
            if !rooms.is_empty() && self.catch_up(rooms).await? {
                continue;
            }
            // A room that has just been entered may have been read before another process wrote.
            self.data_version = version.filter(|_| !has_unknown);
            return Ok(());
        }
    }

    /// True if there is more.
    async fn catch_up(&self, known: Vec<RoomState>) -> Result<bool> {
        let changed =
            self.chat.inner.store.read(move |backend| backend.list_changed_rooms(&known)).await?;
        let mut has_more = false;
        for (known, room) in changed {
            match room {
                Some(room) => has_more |= self.catch_up_in(known, room).await?,
                None => self.chat.inner.hub.announce(News::RoomDeleted(known.id)).await,
            }
        }
        Ok(has_more)
    }

    /// Reads what is missing here once, for all members. What this process has written, and not told
    /// its hub yet, is among it: the hub knows it by its seq.
    async fn catch_up_in(&self, known: RoomState, room: Room) -> Result<bool> {
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
        let Some(last) = events.last().map(Event::seq) else { return Ok(false) };
        hub.announce(News::Events(events)).await;
        Ok(last < head)
    }
}
