//! Checks that a copy is whole: rows are in order, references are valid, and logs have no gaps.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};

use crate::model::{RoomId, Seq};
use crate::storage::rows::{Row, TABLES, Table, Value};
use crate::storage::{SERVER_USER, check_row};

/// Checks all rows of a copy, in their order. It keeps a few numbers for each room and one for each user.
#[derive(Debug, Default)]
pub struct Check {
    /// The table and the key of the last row.
    last: Option<(usize, Row)>,
    rooms: BTreeMap<i64, Log>,
    /// Ids of users, sorted.
    users: Vec<i64>,
    /// The greatest id of each table.
    ids: BTreeMap<&'static str, i64>,
}

/// A room's log: the next expected event, and the head.
#[derive(Debug)]
struct Log {
    next_seq: i64,
    head_seq: i64,
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
                self.rooms.insert(id, Log { next_seq, head_seq });
            }
            "events" => self.check_event(table, row)?,
            _ => {}
        }
        if table.position("id").is_some() {
            let greatest = self.ids.entry(table.name).or_default();
            *greatest = number(table, row, "id").max(*greatest);
        }
        Ok(())
    }

    /// Checks after the last row that no event is missing.
    ///
    /// # Errors
    /// The first event that is missing.
    pub fn finish(&self) -> anyhow::Result<()> {
        for (id, Log { next_seq, head_seq }) in &self.rooms {
            ensure!(*next_seq > *head_seq, "event {next_seq} of room {id} is missing");
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
        let user = number(table, row, "user_id");
        ensure!(
            user == SERVER_USER.0.0 || self.users.binary_search(&user).is_ok(),
            "event {seq} of room {room} refers to user {user}, who is missing"
        );
        let text = |column| match table.position(column).and_then(|index| row.get(index)) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        // A newer chatapp may have written other kinds, which are kept as they are.
        let Some(kind) = text("kind").filter(|kind| is_word(kind)) else {
            bail!("event {seq} of room {room} has no valid kind");
        };
        let has_target = ["target_id", "target_seq"].iter().all(|it| number(table, row, it) > 0);
        check_row(RoomId(room), Seq(seq), kind, has_target, text("detail"))?;
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn number(table: &Table, row: &Row, column: &str) -> i64 {
    match table.position(column).and_then(|index| row.get(index)) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}
