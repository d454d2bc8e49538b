//! This node among the nodes: its heartbeat, and who is in the rooms.
//!
//! A node writes its own people to the database and reads those of the others. The database has the truth; rings
//! only say when to read. So a lost ring delays a change until the next heartbeat, and two nodes can never disagree
//! for longer than that.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Fleet;
use super::database::Database;
use super::ring::PresenceChanged;
use super::roster::{Roster, Stale};
use crate::model::{AWAY, CONNECTED, Heartbeat, NewNode, Node, NodeId, RoomId};
use crate::realtime::{News, People, PresenceTaken, SMALL_ROOM};
use crate::storage::Error;
use crate::storage::backend::{PresenceChange, Present};

/// How often a node says that it lives. After three missed heartbeats it is dead: see the database.
const BEAT: Duration = Duration::from_millis(1_500);

/// The shortest time between two heartbeats, two writes and two reads of presence.
const GATHER: Duration = Duration::from_millis(50);

/// The pause after a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// The number of rooms that are read together.
const ROOMS: usize = 256;

/// The node's task.
struct Member<'a, D> {
    fleet: &'a Fleet,
    database: D,
    id: NodeId,
    roster: Roster,
    /// The other nodes at the last heartbeat, by their names in the log.
    others: BTreeMap<NodeId, String>,
    /// When a big room was read last: it is read again only when its members are told again.
    read_at: BTreeMap<RoomId, Instant>,
}

/// Why a member stops.
enum Stop {
    /// The database does not know this node any more.
    Removed,
    Failed,
}

impl From<Error> for Stop {
    fn from(_: Error) -> Self {
        // The error was logged by the store.
        Self::Failed
    }
}

impl Fleet {
    /// Makes this server a node, and keeps it one. `connections` returns the number of its connections.
    pub async fn live(
        &self,
        database: impl Database,
        about: NewNode,
        connections: impl Fn() -> i64 + Send + Sync,
    ) {
        if !database.is_shared() {
            return;
        }
        let mut before = None;
        loop {
            let node = about.clone();
            let added = database.on_fleet(move |fleet| fleet.add_node(&node)).await;
            if let Ok(id) = added {
                self.0.node.store(id.0, Ordering::Relaxed);
                let mut member = Member {
                    fleet: self,
                    database: database.clone(),
                    id,
                    roster: Roster::default(),
                    others: BTreeMap::new(),
                    read_at: BTreeMap::new(),
                };
                if let Err(Stop::Removed) = member.live(before, &connections).await {
                    tracing::warn!(
                        "this server was taken for dead by another one, or the database was restarted: it \
                         joins again"
                    );
                }
                before = Some(id);
            }
            self.set_jobs(false);
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Takes this node out of the fleet: its people leave at once on the other nodes.
    pub async fn leave(&self, database: &impl Database) {
        let Some(id) = self.node() else { return };
        // After a failure the other nodes find this one dead.
        if database.on_fleet(move |fleet| fleet.remove_node(id)).await.is_ok() {
            self.tell_any(|ring| ring.nodes = true);
        }
    }
}

impl<D: Database> Member<'_, D> {
    /// `before`: the id that this node had until now, whose people are removed once they have the new id.
    async fn live(
        &mut self,
        before: Option<NodeId>,
        connections: &(impl Fn() -> i64 + Sync),
    ) -> Result<(), Stop> {
        let taken = self.fleet.0.hub.take_presence(true).await;
        self.write(taken).await?;
        if let Some(before) = before {
            self.database.on_fleet(move |fleet| fleet.remove_node(before)).await?;
        }
        self.roster.want_all();
        self.fleet.tell_any(|ring| ring.nodes = true);

        let (mut beat_at, mut write_at, mut read_at) =
            (Instant::now(), Instant::now(), Instant::now());
        let mut beaten_at = Instant::now();
        let mut has_changed = false;
        loop {
            let is_stale = self.roster.is_stale();
            let write =
                async { if has_changed { sleep_until(write_at).await } else { pending().await } };
            let read =
                async { if is_stale { sleep_until(read_at).await } else { pending().await } };
            tokio::select! {
                biased;
                () = sleep_until(beat_at) => {
                    self.beat(connections()).await?;
                    beaten_at = Instant::now();
                    beat_at = beaten_at + BEAT;
                }
                ring = self.fleet.0.told.take() => {
                    if ring.nodes {
                        beat_at = beat_at.min(beaten_at + GATHER);
                    }
                    ring.presence.into_iter().for_each(|change| self.roster.heard(change));
                }
                () = self.fleet.0.hub.presence_changed() => has_changed = true,
                () = write => {
                    has_changed = false;
                    let taken = self.fleet.0.hub.take_presence(false).await;
                    self.write(taken).await?;
                    write_at = Instant::now() + GATHER;
                }
                () = read => {
                    self.read().await?;
                    read_at = Instant::now() + GATHER;
                }
            }
        }
    }

    async fn beat(&mut self, connections: i64) -> Result<(), Stop> {
        let (id, fleet) = (self.id, self.fleet);
        let heartbeat = Heartbeat { connections, lag_ms: fleet.lag().as_millis() as i64 };
        let Some(roster) = self.database.on_fleet(move |db| db.beat(id, heartbeat)).await? else {
            return Err(Stop::Removed);
        };
        self.roster.listed(id, &roster.nodes);
        self.log_changes(&roster.nodes);
        fleet.0.counts.nodes.set(roster.nodes.len() as i64);
        if fleet.set_jobs(roster.has_jobs) && roster.has_jobs {
            tracing::info!("this server runs the jobs that one server does for all");
        }
        let beat = fleet.0.health.next_beat();
        fleet.tell_any(|ring| {
            ring.beat = Some(beat);
            ring.nodes |= roster.has_removed;
        });
        Ok(())
    }

    /// Logs which other servers have come and gone since the last heartbeat.
    fn log_changes(&mut self, nodes: &[Node]) {
        let others = nodes.iter().filter(|node| node.id != self.id);
        let name = |node: &Node| format!("{} ({})", node.about.name, node.about.address);
        let now: BTreeMap<NodeId, String> = others.map(|node| (node.id, name(node))).collect();
        let before = std::mem::replace(&mut self.others, now);
        for (_, server) in self.others.iter().filter(|(id, _)| !before.contains_key(id)) {
            tracing::info!(server, "another server uses the database");
        }
        for (_, server) in before.iter().filter(|(id, _)| !self.others.contains_key(id)) {
            tracing::info!(server, "the other server has left, or is dead");
        }
    }

    /// Writes the changes of this node's people, and tells the other nodes.
    async fn write(&mut self, taken: PresenceTaken) -> Result<(), Stop> {
        let PresenceTaken { entered, left, opened } = taken;
        self.roster.want(opened);
        if entered.is_empty() && left.is_empty() {
            return Ok(());
        }
        let mut rooms: Vec<RoomId> = entered.iter().chain(&left).map(|(room, _)| *room).collect();
        // Who is connected is read from the database when it is asked for.
        rooms.retain(|&room| room != CONNECTED && room != AWAY);
        rooms.sort_unstable();
        rooms.dedup();
        let (id, change) = (self.id, PresenceChange { entered, left });
        let version =
            self.database.on_fleet(move |fleet| fleet.change_presence(id, &change)).await?;
        let Some(version) = version else { return Err(Stop::Removed) };
        self.fleet.0.counts.presence_written.inc();
        self.fleet.tell(|ring| {
            ring.add_presence(PresenceChanged { node: id, version, rooms: Some(rooms) });
        });
        Ok(())
    }

    /// Reads the people on other nodes, of the rooms that have members here.
    async fn read(&mut self) -> Result<(), Stop> {
        let hub = &self.fleet.0.hub;
        let live = match self.roster.take_stale() {
            Stale::All => hub.list_live(None).await,
            Stale::Rooms(rooms) => hub.list_live(Some(rooms.into_iter().collect())).await,
        };
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|&(id, people)| self.is_due(id, people, now));
        self.roster.want(later.into_iter().map(|(id, _)| id));
        let mut due: Vec<RoomId> = due.into_iter().map(|(id, _)| id).collect();
        // The answers are in order of room.
        due.sort_unstable();
        if has_bug!(AnswersInAnyOrder) {
            due.reverse();
        }
        for rooms in due.chunks(ROOMS) {
            let (asked, me) = (rooms.to_vec(), self.id);
            let present =
                self.database.on_fleet(move |fleet| fleet.list_present(&asked, me)).await?;
            let mut present = present.into_iter().peekable();
            for &room_id in rooms {
                let mut people: People = Vec::new();
                while let Some(Present { person, .. }) =
                    present.next_if(|present| present.room_id == room_id)
                {
                    people.push(person);
                }
                self.note_read(room_id, people.len(), now);
                self.fleet.0.counts.presence_read.inc();
                hub.announce(News::Elsewhere(room_id, people)).await;
            }
        }
        Ok(())
    }

    /// Whether a room may be read now. The members of a big room are told from time to time only.
    fn is_due(&self, id: RoomId, people: usize, now: Instant) -> bool {
        let pause = Duration::from_secs(1 + people as u64 / 1000);
        self.read_at.get(&id).is_none_or(|&at| now >= at + pause)
    }

    fn note_read(&mut self, id: RoomId, people: usize, now: Instant) {
        match people > SMALL_ROOM {
            true => drop(self.read_at.insert(id, now)),
            false => drop(self.read_at.remove(&id)),
        }
    }
}
