//! A client: it joins rooms, goes to another server when its own has died, and checks what it receives.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::process::{Ask, Process, Socket};
use crate::model::{RoomId, Seq, UserId};

/// A person who has been in a room for this long is known to all nodes, and no old answer is under way.
pub const SETTLED: Duration = Duration::from_secs(10);

pub struct Viewer {
    pub user: UserId,
    /// The last event that was received of each room.
    last: BTreeMap<RoomId, Seq>,
    pub session: Option<Session>,
    /// What was received since the last check: the positions in the logs of rooms.
    pub heard: Vec<(RoomId, Seq)>,
}

pub struct Session {
    pub machine: usize,
    socket: Socket,
    /// The rooms that were joined, with the people in each and the time of joining.
    pub rooms: BTreeMap<RoomId, Joined>,
}

pub struct Joined {
    pub since: Instant,
    /// `None`: `active_users` has not come yet.
    pub people: Option<BTreeSet<UserId>>,
    is_leaving: bool,
}

/// A person who left a room, as one viewer was told.
pub struct Departure {
    pub room: RoomId,
    pub user: UserId,
}

impl Viewer {
    pub fn new(user: UserId) -> Self {
        Self { user, last: BTreeMap::new(), session: None, heard: Vec::new() }
    }

    pub fn connect(&mut self, machine: usize, process: &Process, rooms: &[RoomId], from_now: bool) {
        let socket = process.connect(self.user);
        self.session = Some(Session { machine, socket, rooms: BTreeMap::new() });
        rooms.iter().for_each(|&room| self.join(room, from_now));
    }

    /// Joins a room, and resumes where the viewer has stopped. `from_now`: a new viewer starts at the head.
    pub fn join(&mut self, room: RoomId, from_now: bool) {
        let Some(session) = &mut self.session else { return };
        if session.rooms.contains_key(&room) {
            return;
        }
        let after = match self.last.get(&room) {
            Some(&last) => Some(last),
            None => (!from_now).then_some(Seq(0)),
        };
        let joined = Joined { since: Instant::now(), people: None, is_leaving: false };
        session.rooms.insert(room, joined);
        let _ = session.socket.asks.try_send(Ask::Join(room, after));
    }

    pub fn watch(&mut self) {
        if let Some(session) = &self.session {
            let _ = session.socket.asks.try_send(Ask::Watch);
        }
    }

    pub fn leave(&mut self, room: RoomId) {
        let Some(session) = &mut self.session else { return };
        if let Some(joined) = session.rooms.get_mut(&room).filter(|joined| !joined.is_leaving) {
            joined.is_leaving = true;
            let _ = session.socket.asks.try_send(Ask::Leave(room));
        }
    }

    /// Closes the connection, or finds it broken.
    pub fn close(&mut self) -> Result<Vec<Departure>, String> {
        let departures = self.read()?;
        if let Some(session) = self.session.take() {
            let _ = session.socket.asks.try_send(Ask::Close);
        }
        Ok(departures)
    }

    /// The rooms that the viewer is in and does not leave.
    pub fn rooms(&self) -> impl Iterator<Item = (RoomId, &Joined)> {
        let rooms = self.session.iter().flat_map(|session| &session.rooms);
        rooms.filter(|(_, joined)| !joined.is_leaving).map(|(&room, joined)| (room, joined))
    }

    /// Whether this person has been in the room for a long time.
    pub fn is_settled(&self, room: RoomId) -> bool {
        self.rooms().any(|(id, joined)| id == room && joined.since.elapsed() > SETTLED)
    }

    /// The last event that was received of a room.
    pub fn position(&self, room: RoomId) -> Seq {
        let joined_after = |session: &Session| {
            session.socket.joined_after.lock().expect("no panic").get(&room).copied()
        };
        let joined_after = self.session.as_ref().and_then(joined_after);
        self.last.get(&room).copied().or(joined_after).unwrap_or(Seq(0))
    }

    /// Takes what has been received, and checks it.
    pub fn read(&mut self) -> Result<Vec<Departure>, String> {
        let Some(session) = &mut self.session else { return Ok(Vec::new()) };
        let bytes = std::mem::take(&mut *session.socket.written.lock().expect("no panic"));
        let mut departures = Vec::new();
        for frame in frames(&bytes) {
            self.receive(&frame, &mut departures)
                .map_err(|wrong| format!("user {} received {frame}, but {wrong}", self.user.0))?;
        }
        Ok(departures)
    }

    fn receive(&mut self, frame: &Value, departures: &mut Vec<Departure>) -> Result<(), String> {
        let number = |field: &str| frame[field].as_i64().unwrap_or_default();
        let (room, user) = (RoomId(number("room_id")), UserId(number("user_id")));
        let position = self.position(room);
        let Some(session) = &mut self.session else { return Ok(()) };
        match frame["type"].as_str() {
            Some("watching" | "membership" | "room_updated" | "room_created") => return Ok(()),
            Some("room_activity") => {
                self.heard.push((room, Seq(number("head_seq"))));
                return Ok(());
            }
            Some("room_left") => {
                session.rooms.remove(&room);
                return Ok(());
            }
            Some("message" | "member_joined" | "member_left") => {
                let seq = Seq(number("seq"));
                self.heard.push((room, seq));
                if seq != position.next() {
                    return Err(format!("had received the events up to {position}"));
                }
                self.last.insert(room, seq);
                return Ok(());
            }
            Some("synced") => {
                let head = Seq(number("head_seq"));
                self.last.entry(room).or_insert(head);
                return match head == position {
                    true => Ok(()),
                    false => Err(format!("had received the events up to {position}")),
                };
            }
            Some("unsubscribed") => {
                session.rooms.remove(&room);
                return Ok(());
            }
            _ => {}
        }
        let Some(joined) = session.rooms.get_mut(&room) else {
            return Err("is not in the room".to_owned());
        };
        match (frame["type"].as_str(), &mut joined.people) {
            (Some("active_users"), people) => {
                let users = frame["users"].as_array().into_iter().flatten();
                let ids = users.filter_map(|user| user["user_id"].as_i64()).map(UserId);
                *people = Some(ids.collect());
            }
            (Some("user_joined"), Some(people)) => {
                let is_new = people.insert(user);
                if !is_new {
                    return Err("that person was there".to_owned());
                }
            }
            (Some("user_left"), Some(people)) => {
                if !people.remove(&user) {
                    return Err("that person was not there".to_owned());
                }
                if user == self.user {
                    return Err("it is there itself".to_owned());
                }
                departures.push(Departure { room, user });
            }
            (Some("user_joined" | "user_left"), None) => {
                return Err("has not received active_users".to_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

/// The JSON of the frames, without pings.
fn frames(mut bytes: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    while let [kind, length, rest @ ..] = bytes {
        let (length, rest) = match length {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => unreachable!("no frame is so long"),
            &length => (usize::from(length), rest),
        };
        let (payload, rest) = rest.split_at(length);
        bytes = rest;
        if *kind == 0x81 {
            found.push(serde_json::from_slice(payload).expect("JSON"));
        }
    }
    found
}
