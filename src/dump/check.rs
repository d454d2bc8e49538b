//! Checks that a copy is whole: rows are in order, references are valid, and logs have no gaps.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use anyhow::{Context as _, bail, ensure};

use crate::model::{RoomId, RoomKind, Seq, UserId, extras};
use crate::storage::rows::{LAST_OPEN_ID, Row, TABLES, Table, Value};
use crate::storage::{SERVER_USER, check_row, people_ids};

/// Checks all rows of a copy, in their order. It keeps a few numbers for each room, one for each user, and two for each
/// message that has reactions, replies or a pin.
#[derive(Debug, Default)]
pub struct Check {
    /// The table and the key of the last row.
    last: Option<(usize, Row)>,
    rooms: BTreeMap<i64, CheckedRoom>,
    /// Ids of users, sorted.
    users: Vec<i64>,
    /// The rooms of the messages to which rows of other tables refer, and the `extras` of these messages.
    messages: HashMap<i64, (i64, i64)>,
    /// The outgoing webhooks.
    hooks: HashSet<i64>,
    /// The greatest id of each counter.
    ids: BTreeMap<&'static str, i64>,
}

/// A room: the next expected event, and the head.
#[derive(Debug)]
struct CheckedRoom {
    next_seq: i64,
    head_seq: i64,
    /// The beginning of the log has been deleted.
    is_pruned: bool,
    /// The people of a direct room who are not members yet; `None`: anybody may be a member.
    people: Option<VecDeque<i64>>,
}

impl Check {
    /// Checks one row.
    ///
    /// # Errors
    /// The problem of this row, or of its place after the rows before it.
    pub fn add(&mut self, table: &'static Table, row: &Row) -> anyhow::Result<()> {
        self.check_order(table, row)?;
        match table.name {
            "counters" => {
                if let Value::Text(name) = &row[0] {
                    let given = number(table, row, "last_id");
                    let seen = self.ids.get(name.as_str()).copied().unwrap_or_default();
                    ensure!(
                        seen <= given,
                        "{name} has id {seen}, but its counter is only at {given}"
                    );
                }
            }
            "users" => {
                let id = number(table, row, "id");
                ensure!(id > 0, "user {id} is not valid: ids of users begin with 1");
                self.users.push(id);
            }
            "rooms" => {
                let (id, head_seq) = (number(table, row, "id"), number(table, row, "head_seq"));
                let next_seq = number(table, row, "oldest_seq");
                ensure!(
                    (1..=head_seq.saturating_add(1)).contains(&next_seq),
                    "room {id} cannot begin with seq {next_seq} and end with seq {head_seq}"
                );
                let people = people(id, text(table, row, "kind"), text(table, row, "direct_key"))?;
                self.rooms.insert(
                    id,
                    CheckedRoom { next_seq, head_seq, is_pruned: next_seq > 1, people },
                );
            }
            "events" => self.check_event(table, row)?,
            "members" => self.check_member(table, row)?,
            "bans" => {
                let room = number(table, row, "room_id");
                let people = &self.room_of("ban", room)?.people;
                ensure!(people.is_none(), "room {room} has a ban, but its people are fixed");
                self.check_users("ban", table, row, &["user_id", "banned_by"])?;
            }
            "invites" => {
                if let Some(room) = optional(table, row, "room_id") {
                    self.room_of("invite", room)?;
                }
                self.check_users("invite", table, row, &["created_by"])?;
            }
            "reactions" => {
                self.check_message("reaction", table, row, "message_id", extras::REACTIONS)?;
                self.check_seq("reaction", table, row, "seq")?;
                self.check_users("reaction", table, row, &["user_id"])?;
            }
            "mentions" => {
                self.check_seq("mention", table, row, "seq")?;
                // User 0 stands for everyone in the room.
                if number(table, row, "user_id") != SERVER_USER.0.0 {
                    self.check_users("mention", table, row, &["user_id"])?;
                }
                self.check_users("mention", table, row, &["author_id"])?;
            }
            "thread_follows" => {
                // A thread can be followed before it has replies.
                let thread = number(table, row, "thread_id");
                ensure!(thread > 0, "a thread_follow has no valid thread");
                self.room_of("thread_follow", number(table, row, "room_id"))?;
                // Earlier versions let user 0 follow the threads that its messages begin.
                if number(table, row, "user_id") != SERVER_USER.0.0 {
                    self.check_users("thread_follow", table, row, &["user_id"])?;
                }
            }
            "pins" => {
                self.check_message("pin", table, row, "message_id", extras::PIN)?;
                self.check_users("pin", table, row, &["pinned_by"])?;
            }
            "drafts" => {
                self.room_of("draft", number(table, row, "room_id"))?;
                self.check_users("draft", table, row, &["user_id"])?;
            }
            "scheduled_messages" => {
                self.room_of("scheduled_message", number(table, row, "room_id"))?;
                self.check_users("scheduled_message", table, row, &["user_id"])?;
            }
            "incoming_hooks" => {
                self.room_of("incoming_hook", number(table, row, "room_id"))?;
                self.check_users("incoming_hook", table, row, &["user_id"])?;
                // User 0 stands for an operator.
                if number(table, row, "created_by") != SERVER_USER.0.0 {
                    self.check_users("incoming_hook", table, row, &["created_by"])?;
                }
            }
            "outgoing_hooks" => {
                self.check_users("outgoing_hook", table, row, &["user_id"])?;
                self.hooks.insert(number(table, row, "id"));
            }
            "outgoing_positions" => {
                self.room_of("outgoing_position", number(table, row, "room_id"))?;
                let hook = number(table, row, "hook_id");
                ensure!(self.hooks.contains(&hook), "an outgoing_position has no outgoing_hook");
            }
            "user_metadata" => self.check_users("user_metadata", table, row, &["user_id"])?,
            "room_metadata" => {
                self.room_of("room_metadata", number(table, row, "room_id"))?;
            }
            "message_metadata" => self.check_seq("message_metadata", table, row, "seq")?,
            "blocks" => self.check_users("block", table, row, &["user_id", "blocked_id"])?,
            "external_accounts" => {
                self.check_users("external_account", table, row, &["user_id"])?;
            }
            _ => {}
        }
        if let Some(id) = optional(table, row, "id") {
            let counter = match table.name {
                "rooms" if id > LAST_OPEN_ID => "closed_rooms",
                "events" if id > LAST_OPEN_ID => "closed_events",
                name => name,
            };
            let greatest = self.ids.entry(counter).or_default();
            *greatest = id.max(*greatest);
        }
        Ok(())
    }

    /// Checks after the last row that no event and no person of a direct room is missing.
    ///
    /// # Errors
    /// The first that is missing.
    pub fn finish(&self) -> anyhow::Result<()> {
        for (id, CheckedRoom { next_seq, head_seq, people, .. }) in &self.rooms {
            ensure!(*next_seq > *head_seq, "event {next_seq} of room {id} is missing");
            if let Some(user) = people.as_ref().and_then(|people| people.front()) {
                bail!("user {user} is not a member of the direct room {id}");
            }
        }
        Ok(())
    }

    /// The number of events, according to the rooms that were added so far.
    pub fn expected_events(&self) -> u64 {
        let events = self.rooms.values().map(|log| log.head_seq - log.next_seq + 1);
        events.map(|events| u64::try_from(events).unwrap_or(0)).sum()
    }

    fn check_order(&mut self, table: &'static Table, row: &Row) -> anyhow::Result<()> {
        let place = TABLES.iter().position(|known| known == table).unwrap_or_default();
        let key = row[..table.key].to_vec();
        if let Some((last_place, last_key)) = &self.last {
            ensure!(place >= *last_place, "{} comes after other tables", table.name);
            ensure!(place > *last_place || key > *last_key, "{} is out of order", table.name);
        }
        self.last = Some((place, key));
        Ok(())
    }

    fn check_event(&mut self, table: &Table, row: &Row) -> anyhow::Result<()> {
        let (room, seq) = (number(table, row, "room_id"), number(table, row, "seq"));
        let Some(log) = self.rooms.get_mut(&room) else { bail!("there is no room {room}") };
        ensure!(
            seq == log.next_seq && seq <= log.head_seq,
            "room {room} has event {seq} where {} was expected, and its head is {}",
            log.next_seq,
            log.head_seq
        );
        log.next_seq += 1;
        let is_pruned = log.is_pruned;
        let user = number(table, row, "user_id");
        ensure!(
            user == SERVER_USER.0.0 || self.users.binary_search(&user).is_ok(),
            "event {seq} of room {room} refers to user {user}, who is missing"
        );
        let bits = number(table, row, "extras");
        if bits & !extras::DETAIL != 0 {
            self.messages.insert(number(table, row, "id"), (room, bits));
        }
        // The first message of a thread is before the replies, unless it has been pruned.
        if let Some(thread) = optional(table, row, "thread_id").filter(|_| !is_pruned) {
            let first = self.messages.get(&thread);
            ensure!(
                first.is_some_and(|(of, bits)| *of == room && bits & extras::THREAD != 0),
                "event {seq} of room {room} is in thread {thread}, which is missing"
            );
        }
        // A newer chatapp may have written other kinds, which are kept as they are.
        let Some(kind) = text(table, row, "kind").filter(|kind| is_word(kind)) else {
            bail!("event {seq} of room {room} has no valid kind");
        };
        let has_target = ["target_id", "target_seq"].iter().all(|it| number(table, row, it) > 0);
        let detail = text(table, row, "detail");
        check_row(RoomId(room), Seq(seq), kind, has_target, detail)?;
        for UserId(user) in people_ids(kind, detail) {
            ensure!(
                self.is_user(user),
                "event {seq} of room {room} names user {user}, who is missing"
            );
        }
        Ok(())
    }

    fn check_member(&mut self, table: &Table, row: &Row) -> anyhow::Result<()> {
        let [room_id, user] = ["room_id", "user_id"].map(|column| number(table, row, column));
        self.check_users("member", table, row, &["user_id"])?;
        let room = self.room_of("member", room_id)?;
        let joined_seq = number(table, row, "joined_seq");
        ensure!(
            (0..=room.head_seq).contains(&joined_seq),
            "user {user} cannot be a member of room {room_id} since seq {joined_seq}: its head is {}",
            room.head_seq
        );
        if let Some(people) = &mut room.people {
            ensure!(
                people.pop_front() == Some(user),
                "the members of the direct room {room_id} are not the people of its direct_key"
            );
        }
        Ok(())
    }

    /// Checks a reference to a message of the row's room.
    fn check_message(
        &self,
        what: &str,
        table: &Table,
        row: &Row,
        column: &str,
        bit: i64,
    ) -> anyhow::Result<()> {
        let [id, room] = [column, "room_id"].map(|column| number(table, row, column));
        let message = self.messages.get(&id);
        ensure!(
            message.is_some_and(|(of, bits)| *of == room && bits & bit != 0),
            "a {what} refers to message {id} of room {room}, which is missing"
        );
        Ok(())
    }

    /// Checks that the room's log has had the event of this seq.
    fn check_seq(
        &mut self,
        what: &str,
        table: &Table,
        row: &Row,
        column: &str,
    ) -> anyhow::Result<()> {
        let [seq, room_id] = [column, "room_id"].map(|column| number(table, row, column));
        let room = self.room_of(what, room_id)?;
        ensure!(
            (1..=room.head_seq).contains(&seq),
            "a {what} refers to event {seq} of room {room_id}, which is missing"
        );
        Ok(())
    }

    fn room_of(&mut self, what: &str, id: i64) -> anyhow::Result<&mut CheckedRoom> {
        self.rooms
            .get_mut(&id)
            .with_context(|| format!("a {what} refers to room {id}, which is missing"))
    }

    fn check_users(
        &self,
        what: &str,
        table: &Table,
        row: &Row,
        columns: &[&str],
    ) -> anyhow::Result<()> {
        for column in columns {
            let user = number(table, row, column);
            // An operator at the command line has no account.
            let is_known = self.is_user(user) || user == SERVER_USER.0.0 && *column != "user_id";
            ensure!(is_known, "a {what} refers to user {user}, who is missing");
        }
        Ok(())
    }

    fn is_user(&self, id: i64) -> bool {
        self.users.binary_search(&id).is_ok()
    }
}

/// The people of a direct room.
fn people(
    room: i64,
    kind: Option<&str>,
    direct_key: Option<&str>,
) -> anyhow::Result<Option<VecDeque<i64>>> {
    let is_direct = kind == Some(RoomKind::Direct.as_str());
    ensure!(
        is_direct == direct_key.is_some(),
        "room {room} must have a direct_key if, and only if, it is direct"
    );
    let Some(key) = direct_key else { return Ok(None) };
    let people = key.split(',').map(str::parse).collect::<Result<VecDeque<i64>, _>>();
    people.map(Some).with_context(|| format!("room {room} has no valid direct_key"))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn text<'a>(table: &Table, row: &'a Row, column: &str) -> Option<&'a str> {
    match table.position(column).and_then(|index| row.get(index)) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn optional(table: &Table, row: &Row, column: &str) -> Option<i64> {
    match table.position(column).and_then(|index| row.get(index)) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

fn number(table: &Table, row: &Row, column: &str) -> i64 {
    optional(table, row, column).unwrap_or_default()
}
