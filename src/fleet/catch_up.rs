//! Finds what other processes have written: other nodes on the same database, and the command line.
//!
//! A ring of the doorbell names rooms with new events, and their events are read at once. A poll compares the
//! heads of the rooms that have members on this node with the database's; while there is a watcher, it
//! compares every room: once a second on PostgreSQL, where each poll costs the database something. Polls find
//! what no ring has told. A read that fails or comes late loses nothing: the next poll finds the same events.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::Fleet;
use super::counts::FoundBy;
use super::database::Database;
use crate::model::{Audience, Event, Room, RoomDifference, RoomHead, RoomId, Seq};
use crate::realtime::{Hub, KnownRooms, News};
use crate::storage::Result;

/// The number of events of one room that are read before the next rooms are read. For a room without
/// members, no further events are read.
const PAGE: u32 = 500;

/// The number of rooms that are read together.
const ROOMS: usize = 64;

/// How often every room is compared.
const LOOK_AT_ALL: Duration = Duration::from_millis(900);

/// Reads from the database what the hub does not know yet.
pub(super) struct CatchUp<D> {
    database: D,
    hub: Hub,
    fleet: Fleet,
    /// While this number stays the same, no other process has written.
    data_version: Option<i64>,
    /// When the last look was at every room.
    looked_at_all: Option<Instant>,
}

/// The data that one look compares.
struct Look {
    known: Vec<RoomHead>,
    /// The heads of the rooms that have members.
    joined: HashMap<RoomId, Seq>,
    /// `known` has all rooms.
    is_of_all: bool,
}

impl<D: Database> CatchUp<D> {
    pub fn new(database: D, fleet: Fleet) -> Self {
        let hub = fleet.0.hub.clone();
        Self { database, hub, fleet, data_version: None, looked_at_all: None }
    }

    /// Reads the new events of these rooms, and gives them to the hub. Returns the rooms to be tried again
    /// in a moment, because the hub is just learning their heads.
    ///
    /// # Errors
    /// If the database cannot be read. The next poll then finds the events.
    pub async fn answer(&self, rung: Vec<RoomHead>) -> Result<Vec<RoomHead>> {
        let behind = self.hub.rooms_behind(rung.clone()).await;
        let has_unknown = behind.has_unknown;
        let mut rooms = behind.rooms;
        while !rooms.is_empty() {
            rooms = self.read_rung(rooms, &behind.joined).await?;
        }
        Ok(if has_unknown { rung } else { Vec::new() })
    }

    /// Gives the hub the events that other processes have written and that no ring has told. `at_all`: rooms
    /// were created or deleted, so a poll of every room is due, if there are watchers.
    ///
    /// # Errors
    /// If the database cannot be read. The next poll then finds the events.
    pub async fn poll(&mut self, at_all: bool) -> Result<()> {
        // Read first: a write from here on changes the number again.
        let version = self.database.get_data_version().await?;
        let has_missed = self.hub.take_missed();
        if version.is_some() && version == self.data_version && !has_missed {
            return Ok(());
        }
        self.data_version = None;
        let is_due = self.looked_at_all.is_none_or(|at| at.elapsed() >= LOOK_AT_ALL);
        let at_all = at_all || version.is_some() || has_missed || is_due;
        if at_all {
            self.looked_at_all = Some(Instant::now());
        }
        loop {
            let mut known = self.hub.known_rooms().await;
            self.read_audiences(std::mem::take(&mut known.unheard)).await?;
            let has_unknown = known.has_unknown;
            let look = Look::new(known, at_all);
            if (!look.known.is_empty() || look.is_of_all) && self.look(look).await? {
                continue;
            }
            // The head of a room that was just joined may have been read before another process wrote.
            self.data_version = version.filter(|_| !has_unknown);
            return Ok(());
        }
    }

    /// Returns true if there is more to read.
    async fn look(&self, Look { known, joined, is_of_all }: Look) -> Result<bool> {
        let mut has_more = false;
        let mut longer = Vec::new();
        for difference in self.database.list_changed_rooms(known, is_of_all).await? {
            match difference {
                RoomDifference::Longer { known, room } => longer.push((known, room)),
                // The next look finds its events, from the first one on.
                RoomDifference::New(room) => {
                    has_more = true;
                    // If it has been deleted meanwhile, it is not announced.
                    let Some(audience) = self.audience_of(&room).await? else { continue };
                    let room = Room { head_seq: Seq(0), ..room };
                    self.hub.announce(News::RoomCreated(room, audience)).await;
                }
                RoomDifference::Gone(id) => self.hub.announce(News::RoomDeleted(id)).await,
            }
        }
        let mut failure = None;
        for rooms in longer.chunks(ROOMS) {
            let heads = rooms.iter().map(|(known, _)| *known).collect();
            for ((known, room), events) in rooms.iter().zip(self.read(heads).await?) {
                let is_joined = joined.contains_key(&known.id);
                // A room that cannot be read does not hold up the others.
                match events {
                    Ok(events) => {
                        has_more |= self.announce(known.head_seq, room, is_joined, events).await?;
                    }
                    Err(error) => failure = Some(error),
                }
            }
        }
        failure.map_or(Ok(has_more), Err)
    }

    /// Reads the new events of rooms, once for all members. Among them may be events that this process has
    /// written and not yet given to its hub: the hub recognises them by their seq.
    async fn read(&self, heads: Vec<RoomHead>) -> Result<Vec<Result<Vec<Event>>>> {
        self.database.list_new_events(heads, PAGE).await
    }

    /// Reads the new events of rooms that a ring named. Returns the rooms that have more. What a poll does
    /// better is left to the next poll: rooms that were pruned or deleted, and rooms without members that
    /// have many new events.
    async fn read_rung(
        &self,
        behind: Vec<RoomHead>,
        joined: &HashSet<RoomId>,
    ) -> Result<Vec<RoomHead>> {
        let (mut more, mut failure) = (Vec::new(), None);
        for rooms in behind.chunks(ROOMS) {
            for (known, events) in rooms.iter().zip(self.read(rooms.to_vec()).await?) {
                let events = match events {
                    Ok(events) => events,
                    Err(error) => {
                        failure = Some(error);
                        continue;
                    }
                };
                let (Some(first), Some(last)) =
                    (events.first().map(Event::seq), events.last().map(Event::seq))
                else {
                    continue;
                };
                if first > known.head_seq.next() {
                    continue;
                }
                if events.len() == PAGE as usize && joined.contains(&known.id) {
                    more.push(RoomHead { head_seq: last, ..*known });
                }
                self.fleet.0.counts.found(FoundBy::Ring, events.len());
                self.announce_audience(&events).await?;
                self.hub.announce(News::Events(events)).await;
            }
        }
        failure.map_or(Ok(more), Err)
    }

    /// Gives the hub the first new events of a room, after `known`. For watchers a part of the events is
    /// enough. Returns true if there is more to read.
    async fn announce(
        &self,
        known: Seq,
        room: &Room,
        is_joined: bool,
        events: Vec<Event>,
    ) -> Result<bool> {
        let head = room.head_seq;
        let (Some(first), Some(last)) =
            (events.first().map(Event::seq), events.last().map(Event::seq))
        else {
            self.pass_over(room.clone(), News::Pruned).await?;
            return Ok(false);
        };
        // The events in between have been pruned.
        if first > known.next() {
            let head_seq = Seq(first.0 - 1);
            self.pass_over(Room { head_seq, ..room.clone() }, News::Pruned).await?;
        }
        self.fleet.0.counts.found(FoundBy::Poll, events.len());
        self.announce_audience(&events).await?;
        self.hub.announce(News::Events(events)).await;
        if last < head && !is_joined {
            self.pass_over(room.clone(), News::Skipped).await?;
        }
        Ok(last < head && is_joined)
    }

    /// Tells the hub that it does not get the events up to the room's head. A member may have come or gone in them.
    async fn pass_over(&self, room: Room, news: fn(Room, Audience) -> News) -> Result<()> {
        if let Some(audience) = self.audience_of(&room).await? {
            self.hub.announce(news(room, audience)).await;
        }
        Ok(())
    }

    /// The audience of a room that was just read. `None`: the room was deleted.
    async fn audience_of(&self, room: &Room) -> Result<Option<Audience>> {
        if !room.kind.is_closed() {
            let (room_id, head_seq) = (room.id, room.head_seq);
            return Ok(Some(Audience { room_id, head_seq, members: None }));
        }
        Ok(self.database.get_audiences(vec![room.id]).await?.pop())
    }

    /// Reads the audience of a room that became public or private, before its events are announced: nobody hears of
    /// it from that event on until the audience is known.
    async fn announce_audience(&self, events: &[Event]) -> Result<()> {
        let changed = events.iter().find(|event| matches!(event, Event::RoomChanged(_)));
        match changed {
            Some(event) => self.read_audiences(vec![event.room_id()]).await,
            None => Ok(()),
        }
    }

    async fn read_audiences(&self, rooms: Vec<RoomId>) -> Result<()> {
        if rooms.is_empty() {
            return Ok(());
        }
        for audience in self.database.get_audiences(rooms).await? {
            self.hub.announce(News::Audience(audience)).await;
        }
        Ok(())
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
