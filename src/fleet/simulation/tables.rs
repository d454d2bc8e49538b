//! The database as a model: the logs of rooms, nodes, presence and the lock of the jobs. Every method is one
//! transaction, and means what the statements in `src/storage/postgres` mean.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::bugs::{self, Bug};
use crate::model::{
    Audience, Event, EventHeader, EventId, Heartbeat, MemberDetail, MemberEvent, Message, NewNode,
    Node, NodeId, Person, Room, RoomDifference, RoomHead, RoomId, RoomKind, RoomRules, Seq,
    Timestamp, UserId,
};
use crate::storage::backend::{PresenceChange, Present, Roster};

/// A node that has been silent for this long is dead.
pub const DEAD: Duration = Duration::from_secs(5);

/// A connection to the database.
pub type ConnectionId = u64;

#[derive(Debug)]
struct Row {
    about: NewNode,
    seen_at: Instant,
    presence_version: i64,
    has_jobs: bool,
    jobs_connection: Option<ConnectionId>,
}

/// What happened to a node that its own process did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It was silent for too long.
    FoundDead,
    /// It was removed by another node, although it was not dead.
    RemovedByOther,
}

#[derive(Debug)]
pub struct Tables {
    logs: BTreeMap<RoomId, Vec<Event>>,
    /// The room that only its members see: the last one.
    pub secret: RoomId,
    /// After each number of its events, the members.
    members: Vec<BTreeSet<UserId>>,
    nodes: BTreeMap<NodeId, Row>,
    presence: BTreeSet<(RoomId, UserId, NodeId)>,
    next_node: i64,
    next_event: i64,
    /// The connection that holds the lock of the jobs.
    lock: Option<ConnectionId>,
    ended: BTreeSet<ConnectionId>,
    next_connection: ConnectionId,
    /// By the name of the node.
    pub losses: Vec<(String, Loss)>,
    /// What was done and seen, for the report of a failure.
    pub trace: Vec<String>,
    began: Instant,
}

impl Tables {
    pub fn new(rooms: i64) -> Self {
        Self {
            secret: RoomId(rooms),
            members: vec![BTreeSet::new()],
            logs: (1..=rooms).map(|id| (RoomId(id), Vec::new())).collect(),
            nodes: BTreeMap::new(),
            presence: BTreeSet::new(),
            next_node: 1,
            next_event: 1,
            lock: None,
            ended: BTreeSet::new(),
            next_connection: 1,
            losses: Vec::new(),
            trace: Vec::new(),
            began: Instant::now(),
        }
    }

    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let line = format!("{:>6} ms  {}", self.began.elapsed().as_millis(), what());
        self.trace.push(line);
    }

    /// A crash: all connections end, and the tables that are not in the WAL are empty.
    pub fn crash(&mut self) {
        self.ended.extend(1..self.next_connection);
        self.lock = None;
        self.nodes.clear();
        self.presence.clear();
        if bugs::is_present(Bug::IdsGivenTwice) {
            self.next_node = 1;
        }
    }

    pub fn connect(&mut self) -> ConnectionId {
        self.next_connection += 1;
        self.next_connection - 1
    }

    pub fn is_ended(&self, connection: ConnectionId) -> bool {
        self.ended.contains(&connection)
    }

    pub fn end(&mut self, connection: ConnectionId) {
        self.ended.insert(connection);
        if self.lock == Some(connection) {
            self.lock = None;
        }
    }

    pub fn head(&self, room: RoomId) -> Seq {
        Seq(self.logs[&room].len() as i64)
    }

    /// Makes people members before anything is written.
    pub fn admit(&mut self, people: impl Iterator<Item = UserId>) {
        self.members = vec![people.collect()];
    }

    /// Whether the user sees the room now.
    pub fn sees(&self, room: RoomId, user: UserId) -> bool {
        room != self.secret || self.members.last().is_some_and(|now| now.contains(&user))
    }

    /// Whether the user has seen the room at some time since this event.
    pub fn has_seen(&self, room: RoomId, seq: Seq, user: UserId) -> bool {
        let mut since = self.members.iter().skip(seq.0 as usize);
        room != self.secret || since.any(|then| then.contains(&user))
    }

    /// Makes somebody a member of the secret room, or ends the membership. `None`: it is already so.
    pub fn change_member(&mut self, user_id: UserId, joins: bool) -> Option<Event> {
        let mut members = self.members.last().cloned().unwrap_or_default();
        let is_changed = if joins { members.insert(user_id) } else { members.remove(&user_id) };
        if !is_changed {
            return None;
        }
        let header = EventHeader {
            id: EventId(self.next_event),
            room_id: self.secret,
            seq: self.head(self.secret).next(),
            user_id,
            username: "user".into(),
            display_name: None,
            timestamp: Timestamp(0),
        };
        self.next_event += 1;
        let person = Person { user_id, username: "user".into(), display_name: None };
        let (people, detail) = (vec![person], MemberDetail::default());
        let change = Box::new(MemberEvent { header, members: people, detail });
        let event = if joins { Event::MemberJoined(change) } else { Event::MemberLeft(change) };
        self.logs.entry(self.secret).or_default().push(event.clone());
        self.members.push(members);
        Some(event)
    }

    pub fn append(&mut self, room_id: RoomId, user_id: UserId) -> Message {
        if room_id == self.secret {
            self.members.extend(self.members.last().cloned());
        }
        let log = self.logs.get_mut(&room_id).expect("rooms are not deleted");
        let message = Message {
            id: EventId(self.next_event),
            content: String::new(),
            username: "user".into(),
            user_id,
            timestamp: Timestamp(0),
            room_id,
            seq: Seq(log.len() as i64 + 1),
            display_name: None,
            client_id: None,
            edited_at: None,
            deleted_at: None,
            parts: None,
        };
        self.next_event += 1;
        log.push(Event::Message(message.clone()));
        message
    }

    pub fn list_events(&self, room: RoomHead, limit: usize) -> Vec<Event> {
        let known = room.head_seq.0 as usize;
        self.logs[&room.id].iter().skip(known).take(limit).cloned().collect()
    }

    pub fn list_changed(&self, known: &[RoomHead], finds_new: bool) -> Vec<RoomDifference> {
        if bugs::is_present(Bug::PollFindsNothing) {
            return Vec::new();
        }
        let longer = known.iter().filter(|known| self.head(known.id) > known.head_seq);
        let mut found: Vec<RoomDifference> = longer
            .map(|&known| RoomDifference::Longer { known, room: self.room(known.id) })
            .collect();
        if finds_new {
            let is_new = |id: &&RoomId| known.iter().all(|known| known.id != **id);
            let new = self.logs.keys().filter(is_new).map(|&id| RoomDifference::New(self.room(id)));
            found.extend(new);
        }
        found
    }

    pub fn audience(&self, id: RoomId) -> Audience {
        let members = self.members.last().filter(|_| id == self.secret);
        let members = members.map(|members| members.iter().copied().collect());
        Audience { room_id: id, head_seq: self.head(id), members }
    }

    pub fn audiences(&self) -> Vec<Audience> {
        self.logs.keys().map(|&id| self.audience(id)).collect()
    }

    pub fn room(&self, id: RoomId) -> Room {
        Room {
            id,
            name: id.to_string(),
            description: None,
            created_by: UserId(1),
            created_at: Timestamp(0),
            head_seq: self.head(id),
            oldest_seq: Seq(1),
            retention_days: None,
            archived_at: None,
            revision: 0,
            kind: if id == self.secret { RoomKind::Private } else { RoomKind::Public },
            rules: RoomRules::default(),
            metadata: None,
        }
    }

    pub fn add_node(&mut self, about: &NewNode) -> NodeId {
        let id = NodeId(self.next_node);
        self.next_node += 1;
        let row = Row {
            about: about.clone(),
            seen_at: Instant::now(),
            presence_version: 0,
            has_jobs: false,
            jobs_connection: None,
        };
        self.nodes.insert(id, row);
        id
    }

    pub fn beat(&mut self, id: NodeId, _: Heartbeat, connection: ConnectionId) -> Option<Roster> {
        let now = Instant::now();
        let row = self.nodes.get_mut(&id)?;
        let has_jobs = *self.lock.get_or_insert(connection) == connection;
        row.seen_at = now;
        row.has_jobs = has_jobs;
        row.jobs_connection = Some(connection);
        let nodes = self.list_nodes();
        let is_dead = |(&other, row): (&NodeId, &Row)| {
            (other != id && now - row.seen_at > DEAD).then_some(other)
        };
        let dead: Vec<NodeId> = self.nodes.iter().filter_map(is_dead).collect();
        for &id in &dead {
            let row = &self.nodes[&id];
            self.losses.push((row.about.name.clone(), Loss::FoundDead));
            if let (true, Some(connection)) = (row.has_jobs, row.jobs_connection) {
                self.end(connection);
            }
            self.delete(id);
        }
        Some(Roster { nodes, has_removed: !dead.is_empty(), has_jobs })
    }

    /// `name`: the node that asks.
    pub fn remove_node(&mut self, id: NodeId, name: &str) {
        if let Some(row) = self.nodes.get(&id)
            && row.about.name != name
        {
            self.losses.push((row.about.name.clone(), Loss::RemovedByOther));
        }
        self.delete(id);
    }

    fn delete(&mut self, id: NodeId) {
        self.nodes.remove(&id);
        self.presence.retain(|&(_, _, node)| node != id);
    }

    pub fn list_nodes(&self) -> Vec<Node> {
        let now = Instant::now();
        let living = self.nodes.iter().filter(|(_, row)| now - row.seen_at <= DEAD);
        living
            .map(|(&id, row)| Node {
                id,
                about: row.about.clone(),
                last: Heartbeat::default(),
                silent_ms: (now - row.seen_at).as_millis() as i64,
                presence_version: row.presence_version,
                has_jobs: row.has_jobs,
            })
            .collect()
    }

    pub fn change_presence(&mut self, id: NodeId, change: &PresenceChange) -> Option<i64> {
        for &(room, user) in &change.left {
            self.presence.remove(&(room, user, id));
        }
        let row = self.nodes.get_mut(&id);
        if row.is_some() {
            let rows = change.entered.iter().map(|&(room, user)| (room, user, id));
            self.presence.extend(rows);
        }
        row.map(|row| {
            row.presence_version += 1;
            row.presence_version
        })
    }

    pub fn list_present(&self, rooms: &[RoomId], except: NodeId) -> Vec<Present> {
        let mut found = BTreeSet::new();
        for &(room, user, node) in &self.presence {
            let is_known = self.nodes.contains_key(&node);
            if rooms.contains(&room) && node != except && is_known {
                found.insert((room, user));
            }
        }
        let present = |(room_id, user_id): (RoomId, UserId)| Present {
            room_id,
            person: Person {
                user_id,
                username: format!("user {}", user_id.0).into(),
                display_name: None,
            },
        };
        found.into_iter().map(present).collect()
    }

    /// The people in a room, as every node should see them.
    pub fn people(&self, room: RoomId) -> BTreeSet<UserId> {
        let there = self.presence.iter().filter(|(id, _, _)| *id == room);
        there.map(|&(_, user, _)| user).collect()
    }
}
