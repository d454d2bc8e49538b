//! A ring of the doorbell: what a node tells the others after a commit.
//!
//! A ring says where there is something to read: it may be lost, late, doubled or out of order without
//! harm. Its text is JSON. A field that a node does not know is ignored, so that nodes of different
//! versions understand each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::{NodeId, OwnChange, RoomHead, RoomId, Seq, UserId};
use crate::storage::doorbell::MAX_TEXT_BYTES;

/// More rooms in one ring are replaced by the request to look at every room.
const MAX_HEADS: usize = 4_096;

/// More entries of the other kinds are dropped: what they report is found later by other means, or matters
/// for seconds only.
const MAX_ENTRIES: usize = 1_024;

/// The most users of one room, and rooms of one user. So many always fit into one text.
const MAX_INNER: usize = 80;

/// What one node tells the others. Rings that wait are merged into one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ring {
    /// The node that rings. `None`: it has not joined the fleet yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The new head of each room that has new events.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub heads: BTreeMap<RoomId, Seq>,
    /// Rooms were created or deleted, or more has changed than fits: look at every room.
    #[serde(skip_serializing_if = "is_false")]
    pub look: bool,
    /// Sessions were revoked.
    #[serde(skip_serializing_if = "is_false")]
    pub sessions: bool,
    /// Somewhere it has changed who may do what in a room.
    #[serde(skip_serializing_if = "is_false")]
    pub access: bool,
    /// A node has come or gone.
    #[serde(skip_serializing_if = "is_false")]
    pub nodes: bool,
    /// The people of rooms have changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub presence: Vec<PresenceChanged>,
    /// The users who are typing in each room.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub typing: BTreeMap<RoomId, BTreeSet<UserId>>,
    /// The read positions of each user that have moved.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reads: BTreeMap<UserId, BTreeMap<RoomId, Seq>>,
    /// The read positions of each user that count as they are, because the user has marked messages as unread. A room
    /// of a user is either here or in `reads`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<UserId, BTreeMap<RoomId, Seq>>,
    /// The rooms in which a user's own view has changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub memberships: BTreeMap<UserId, BTreeSet<RoomId>>,
    /// What else has changed of what each user alone has. What this node does not know is left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "known")]
    pub own: BTreeMap<UserId, BTreeSet<OwnChange>>,
    /// The number of a heartbeat. The node that rings hears it too, and so knows that it can hear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beat: Option<u64>,
}

/// A node has changed which of its people are in these rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChanged {
    /// The node that has the people.
    pub node: NodeId,
    /// Counts the changes that this node has made.
    pub version: i64,
    /// The rooms of this change. `None`: too many to be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<RoomId>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Keeps the changes that this node knows: a newer one may tell of others.
fn known<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<UserId, BTreeSet<OwnChange>>, D::Error> {
    let all = BTreeMap::<UserId, Vec<Value>>::deserialize(deserializer)?;
    let known = |changes: Vec<Value>| {
        changes.into_iter().filter_map(|change| serde_json::from_value(change).ok()).collect()
    };
    Ok(all.into_iter().map(|(user, changes)| (user, known(changes))).collect())
}

impl Ring {
    /// Parses a text that was heard. `None`: the text is not a ring.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        let nothing = Self { node: self.node, ..Self::default() };
        *self == nothing
    }

    /// The heads as a list.
    pub fn take_heads(&mut self) -> Vec<RoomHead> {
        let heads = std::mem::take(&mut self.heads);
        heads.into_iter().map(|(id, head_seq)| RoomHead { id, head_seq }).collect()
    }

    /// Notes that a room has events up to here.
    pub fn add_head(&mut self, room: RoomHead) {
        if self.heads.len() >= MAX_HEADS && !self.heads.contains_key(&room.id) {
            self.look = true;
            return;
        }
        let head = self.heads.entry(room.id).or_insert(room.head_seq);
        *head = room.head_seq.max(*head);
    }

    /// Notes that a user has read a room up to here.
    pub fn add_read(&mut self, user: UserId, room: RoomId, seq: Seq) {
        let unread = self.unread.get_mut(&user).and_then(|rooms| rooms.get_mut(&room));
        if let Some(unread) = unread {
            *unread = seq.max(*unread);
            return;
        }
        if self.reads.len() >= MAX_ENTRIES && !self.reads.contains_key(&user) {
            return;
        }
        let rooms = self.reads.entry(user).or_default();
        if rooms.len() < MAX_INNER || rooms.contains_key(&room) {
            let known = rooms.entry(room).or_insert(seq);
            *known = seq.max(*known);
        }
    }

    /// Notes that a user has marked what comes after this position as unread: positions before it in time count no more.
    pub fn add_unread(&mut self, user: UserId, room: RoomId, seq: Seq) {
        if let Some(rooms) = self.reads.get_mut(&user) {
            rooms.remove(&room);
            if rooms.is_empty() {
                self.reads.remove(&user);
            }
        }
        if self.unread.len() >= MAX_ENTRIES && !self.unread.contains_key(&user) {
            return;
        }
        let rooms = self.unread.entry(user).or_default();
        if rooms.len() < MAX_INNER || rooms.contains_key(&room) {
            rooms.insert(room, seq);
        }
    }

    /// Notes that a user has changed the own view of a room.
    pub fn add_membership(&mut self, user: UserId, room: RoomId) {
        note(&mut self.memberships, user, room);
    }

    /// Notes that something that only the user has was changed.
    pub fn add_own(&mut self, user: UserId, change: OwnChange) {
        note(&mut self.own, user, change);
    }

    /// Notes that a user is typing in a room.
    pub fn add_typing(&mut self, room: RoomId, user: UserId) {
        note(&mut self.typing, room, user);
    }

    /// Notes that people came or went. If there are too many changes, the last one says that all rooms may have
    /// changed.
    pub fn add_presence(&mut self, change: PresenceChanged) {
        let is_full = self.presence.len() >= MAX_ENTRIES;
        match self.presence.last_mut() {
            Some(last) if is_full => *last = PresenceChanged { rooms: None, ..change },
            _ => self.presence.push(change),
        }
    }

    /// Adds what another ring tells. `node` stays as it is.
    pub fn merge(&mut self, other: Self) {
        let Self {
            node: _,
            heads,
            look,
            sessions,
            access,
            nodes,
            presence,
            typing,
            reads,
            unread,
            memberships,
            own,
            beat,
        } = other;
        self.look |= look;
        self.sessions |= sessions;
        self.access |= access;
        self.nodes |= nodes;
        self.beat = self.beat.max(beat);
        heads.into_iter().for_each(|(id, head_seq)| self.add_head(RoomHead { id, head_seq }));
        presence.into_iter().for_each(|change| self.add_presence(change));
        for (room, users) in typing {
            users.into_iter().for_each(|user| self.add_typing(room, user));
        }
        for (user, rooms) in reads {
            rooms.into_iter().for_each(|(room, seq)| self.add_read(user, room, seq));
        }
        for (user, rooms) in unread {
            rooms.into_iter().for_each(|(room, seq)| self.add_unread(user, room, seq));
        }
        for (user, rooms) in memberships {
            rooms.into_iter().for_each(|room| self.add_membership(user, room));
        }
        for (user, changes) in own {
            changes.into_iter().for_each(|change| self.add_own(user, change));
        }
    }

    /// The texts of the ring: more than one, if one would be too long for a doorbell.
    pub fn into_texts(self) -> Vec<String> {
        let Ok(text) = serde_json::to_string(&self) else { return Vec::new() };
        if text.len() <= MAX_TEXT_BYTES {
            return vec![text];
        }
        match self.halve() {
            Some((first, second)) => {
                let mut texts = first.into_texts();
                texts.extend(second.into_texts());
                texts
            }
            None => Vec::new(),
        }
    }

    /// `None`: no list has two entries.
    fn halve(mut self) -> Option<(Self, Self)> {
        let mut second = Self {
            node: self.node,
            presence: self.presence.split_off(self.presence.len().div_ceil(2)),
            typing: split_off(&mut self.typing),
            reads: split_off(&mut self.reads),
            unread: split_off(&mut self.unread),
            memberships: split_off(&mut self.memberships),
            own: split_off(&mut self.own),
            heads: split_off(&mut self.heads),
            ..Self::default()
        };
        // The rest of the lists, with one entry each, fits into one text without these.
        if second.is_empty() {
            second.unread = std::mem::take(&mut self.unread);
        }
        if second.is_empty() {
            second.own = std::mem::take(&mut self.own);
        }
        if !second.is_empty() {
            return Some((self, second));
        }
        let longest = self.presence.iter_mut().find(|change| change.rooms.is_some())?;
        longest.rooms = None;
        Some((self, second))
    }
}

/// Adds the value to those of the key, unless there are too many.
fn note<K: Ord, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: V) {
    if map.len() >= MAX_ENTRIES && !map.contains_key(&key) {
        return;
    }
    let values = map.entry(key).or_default();
    if values.len() < MAX_INNER {
        values.insert(value);
    }
}

/// Takes the second half of the entries out of the map.
fn split_off<K: Ord + Copy, V>(map: &mut BTreeMap<K, V>) -> BTreeMap<K, V> {
    match map.keys().nth(map.len().div_ceil(2)).copied() {
        Some(middle) => map.split_off(&middle),
        None => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, OwnSubject};

    fn head(id: i64, head: i64) -> RoomHead {
        RoomHead { id: RoomId(id), head_seq: Seq(head) }
    }

    fn own(room: i64) -> OwnChange {
        let (room_id, thread_id) = (RoomId(room), Some(EventId(i64::MAX)));
        OwnChange { subject: OwnSubject::Scheduled, room_id, thread_id }
    }

    #[test]
    fn a_long_ring_is_cut_into_texts_that_tell_the_same() {
        let mut ring = Ring { node: Some(NodeId(7)), beat: Some(3), ..Ring::default() };
        for n in 0..3_000 {
            ring.add_head(head(n, n * n));
            ring.add_typing(RoomId(n), UserId(n));
            ring.add_read(UserId(n), RoomId(1), Seq(n));
            ring.add_unread(UserId(-n - 1), RoomId(1), Seq(n));
            ring.add_membership(UserId(n), RoomId(1));
            ring.add_own(UserId(n), own(n));
        }
        let rooms = Some((0..4_000).map(RoomId).collect());
        ring.add_presence(PresenceChanged { node: NodeId(7), version: 9, rooms });
        let texts = ring.clone().into_texts();
        assert!(texts.iter().all(|text| text.len() <= MAX_TEXT_BYTES));
        let mut heard = Ring { node: Some(NodeId(7)), ..Ring::default() };
        for text in texts {
            let part = Ring::parse(&text).expect("it is a ring");
            assert_eq!(part.node, ring.node);
            heard.merge(part);
        }
        ring.presence[0].rooms = None;
        assert_eq!(heard, ring);
    }

    /// One room and one user cannot be divided.
    #[test]
    fn many_users_of_one_room_and_many_rooms_of_one_user_fit_into_one_text() {
        let mut ring = Ring::default();
        for n in i64::MAX - 3_000..i64::MAX {
            ring.add_typing(RoomId(i64::MAX), UserId(n));
            ring.add_read(UserId(i64::MAX), RoomId(n), Seq(n));
            ring.add_unread(UserId(i64::MAX - 1), RoomId(n), Seq(n));
            ring.add_membership(UserId(i64::MAX), RoomId(n));
            ring.add_own(UserId(i64::MAX), own(n));
        }
        ring.add_head(head(i64::MAX, i64::MAX));
        let mut heard = Ring::default();
        for text in ring.clone().into_texts() {
            assert!(text.len() <= MAX_TEXT_BYTES);
            heard.merge(Ring::parse(&text).expect("it is a ring"));
        }
        assert_eq!(heard, ring);
    }

    #[test]
    fn a_ring_that_tells_too_much_asks_to_look_at_every_room() {
        let mut ring = Ring::default();
        (0..2 * MAX_HEADS as i64).for_each(|n| ring.add_head(head(n, 1)));
        assert!(ring.look && ring.heads.len() == MAX_HEADS);
        for version in 0..2 * MAX_ENTRIES as i64 {
            let rooms = Some(vec![RoomId(1)]);
            ring.add_presence(PresenceChanged { node: NodeId(1), version, rooms });
        }
        let last = ring.presence.last().expect("there are changes");
        assert_eq!((last.rooms.as_ref(), last.version), (None, 2 * MAX_ENTRIES as i64 - 1));
    }

    /// Texts are heard in the order in which they were rung. The rings within one text have no order.
    #[test]
    fn a_position_that_was_moved_back_replaces_an_earlier_one_and_takes_a_later_one() {
        let (user, room) = (UserId(1), RoomId(2));
        let (mut first, mut second, mut third) =
            (Ring::default(), Ring::default(), Ring::default());
        first.add_read(user, room, Seq(9));
        second.add_unread(user, room, Seq(3));
        third.add_read(user, room, Seq(5));
        first.merge(second);
        assert!(first.reads.is_empty());
        assert_eq!(first.unread[&user][&room], Seq(3));
        first.merge(third);
        assert!(first.reads.is_empty());
        assert_eq!(first.unread[&user][&room], Seq(5));
    }

    #[test]
    fn the_newest_head_is_kept_and_unknown_fields_are_ignored() {
        let mut ring = Ring::default();
        [3, 5, 4].into_iter().for_each(|seq| ring.add_head(head(1, seq)));
        assert_eq!(ring.clone().take_heads(), [head(1, 5)]);
        let newer = r#"{"node":2,"heads":{"1":5},"polls":[1]}"#;
        let expected = Ring { node: Some(NodeId(2)), ..ring };
        assert_eq!(Ring::parse(newer), Some(expected));
        // Also a subject that only a newer node knows.
        let newer =
            r#"{"own":{"3":[{"subject":"alarm","room_id":1},{"subject":"draft","room_id":1}]}}"#;
        let change = OwnChange { subject: OwnSubject::Draft, room_id: RoomId(1), thread_id: None };
        let heard = Ring::parse(newer).expect("it is a ring");
        assert_eq!(heard.own, BTreeMap::from([(UserId(3), BTreeSet::from([change]))]));
        for text in ["", "[]x", r#"{"heads":3}"#, "hello"] {
            assert_eq!(Ring::parse(text), None, "{text}");
        }
    }
}
