//! The columns that are read from `users`, `rooms` and `events`, and the functions that read them.
//!
//! A list of columns is a macro, so that `concat!` can put it into a statement at compile time.

use std::str::FromStr;
use std::sync::Arc;

use postgres::Row;

use super::super::stored_event::{StoredEvent, message_parts};
use super::super::{Error, Result};
use crate::model::{
    Event, EventHeader, EventId, EventTarget, Message, Metadata, Person, Profile, Role, Room,
    RoomId, RoomRules, Seq, Status, Timestamp, User, UserCard, UserId,
};

/// The columns of `users` that [`user`] reads.
macro_rules! user_columns {
    () => {
        "users.id, users.username, users.email, users.role, users.is_active, users.created_at, \
         users.is_bot"
    };
}

/// The number of columns that [`user`] reads: the index of the column after them.
pub(super) const USER_COLUMNS: usize = 7;

/// The columns of `users` that [`card`] reads.
macro_rules! card_columns {
    () => {
        "users.id, users.username, users.is_active, users.display_name, users.title, users.timezone, \
         users.status_text, users.status_emoji, users.status_until, users.last_seen_at, users.is_bot"
    };
}

/// The number of columns that [`card`] reads: the index of the column after them.
pub(super) const CARD_COLUMNS: usize = 11;

/// The columns of `rooms` that [`room`] reads.
macro_rules! room_columns {
    () => {
        "rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, \
         rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days, \
         rooms.kind, rooms.posting, rooms.inviting, rooms.history, rooms.auto_join, rooms.metadata"
    };
}

/// The number of columns that [`room`] reads: the index of the column after them.
pub(super) const ROOM_COLUMNS: usize = 16;

/// The number of columns that [`message_of`] reads: the index of the column after them.
pub(super) const MESSAGE_COLUMNS: usize = 11;

/// The columns of `events`, under the name `entry`, that [`message_of`] reads. Names are looked up for each row, both at
/// once. For a join the planner would scan all users, because it does not know how small a page is. The author of a
/// forwarded message is stored without names too.
macro_rules! message_columns {
    () => {
        "entry.id, entry.content, \
         (SELECT ARRAY[username, display_name] FROM users WHERE users.id = entry.user_id), \
         entry.user_id, entry.created_at, entry.room_id, entry.seq, entry.client_id, \
         entry.edited_at, entry.deleted_at, \
         CASE WHEN entry.detail LIKE '%\"forwarded\"%' \
                AND jsonb_typeof(entry.detail::jsonb -> 'forwarded') = 'object' \
         THEN jsonb_set(entry.detail::jsonb, '{forwarded}', \
             entry.detail::jsonb -> 'forwarded' || ( \
                 SELECT jsonb_build_object('username', username, 'display_name', display_name) \
                 FROM users \
                 WHERE id = (entry.detail::jsonb #>> '{forwarded,user_id}')::bigint))::text \
         ELSE entry.detail END"
    };
}

/// The columns of `events`, under the name `entry`, that [`event_of`] reads. The last three are the people whom an
/// event is about, in the order of `detail`.
macro_rules! event_columns {
    () => {
        concat!(
            message_columns!(),
            ", entry.kind, entry.target_id, entry.target_seq, \
             CASE WHEN entry.kind LIKE 'member%' OR entry.kind LIKE 'reaction%' THEN ARRAY( \
                 SELECT users.id FROM jsonb_array_elements(entry.detail::jsonb -> 'user_ids') \
                     WITH ORDINALITY AS listed (id, ord) \
                 JOIN users ON users.id = listed.id::bigint ORDER BY ord) END, \
             CASE WHEN entry.kind LIKE 'member%' OR entry.kind LIKE 'reaction%' THEN ARRAY( \
                 SELECT users.username FROM jsonb_array_elements(entry.detail::jsonb -> 'user_ids') \
                     WITH ORDINALITY AS listed (id, ord) \
                 JOIN users ON users.id = listed.id::bigint ORDER BY ord) END, \
             CASE WHEN entry.kind LIKE 'member%' OR entry.kind LIKE 'reaction%' THEN ARRAY( \
                 SELECT users.display_name FROM jsonb_array_elements(entry.detail::jsonb -> 'user_ids') \
                     WITH ORDINALITY AS listed (id, ord) \
                 JOIN users ON users.id = listed.id::bigint ORDER BY ord) END"
        )
    };
}

pub(super) use {card_columns, event_columns, message_columns, room_columns, user_columns};

pub(super) fn user(row: &Row) -> Result<User> {
    let role: &str = row.try_get(3)?;
    Ok(User {
        id: UserId(row.try_get(0)?),
        username: row.try_get(1)?,
        email: row.try_get(2)?,
        role: role
            .parse::<Role>()
            .map_err(|()| Error::Internal(format!("unknown role `{role}`")))?,
        is_active: row.try_get(4)?,
        created_at: Timestamp(row.try_get(5)?),
        is_bot: row.try_get(6)?,
    })
}

/// Reads a card from the columns from `first` on.
pub(super) fn card(row: &Row, first: usize) -> UserCard {
    let time = |column: usize| row.get::<_, Option<i64>>(first + column).map(Timestamp);
    let status = Status { text: row.get(first + 6), emoji: row.get(first + 7), until: time(8) };
    UserCard {
        id: UserId(row.get(first)),
        username: text(row, first + 1),
        is_active: row.get(first + 2),
        is_bot: row.get(first + 10),
        profile: Profile {
            display_name: optional_text(row, first + 3),
            title: row.get(first + 4),
            timezone: row.get(first + 5),
            status: (status != Status::default()).then_some(status),
        },
        last_seen_at: time(9),
    }
}

pub(super) fn room(row: &Row) -> Room {
    Room {
        id: RoomId(row.get(0)),
        name: row.get(1),
        description: row.get(2),
        created_by: UserId(row.get(3)),
        created_at: Timestamp(row.get(4)),
        head_seq: Seq(row.get(5)),
        archived_at: row.get::<_, Option<i64>>(6).map(Timestamp),
        revision: row.get(7),
        oldest_seq: Seq(row.get(8)),
        // A constraint of the column excludes negative numbers.
        retention_days: row.get::<_, Option<i32>>(9).and_then(|days| u32::try_from(days).ok()),
        kind: word(row, 10),
        rules: RoomRules {
            posting: word(row, 11),
            inviting: word(row, 12),
            history: word(row, 13),
            auto_join: row.get(14),
        },
        metadata: Metadata::from_stored(row.get(15)),
    }
}

/// Reads a column that has one of the words of `T`. A constraint of the column excludes others.
pub(super) fn word<T: FromStr + Default>(row: &Row, column: usize) -> T {
    row.get::<_, &str>(column).parse().unwrap_or_default()
}

/// Reads a text column.
pub(super) fn text(row: &Row, column: usize) -> Arc<str> {
    Arc::from(row.get::<_, &str>(column))
}

/// Reads a text column that may be NULL.
pub(super) fn optional_text(row: &Row, column: usize) -> Option<Arc<str>> {
    row.get::<_, Option<&str>>(column).map(Arc::from)
}

pub(super) fn event_of(row: &Row) -> Result<Event> {
    let (username, display_name) = names_of(row);
    let target = |(message_id, message_seq): (i64, i64)| EventTarget {
        message_id: EventId(message_id),
        message_seq: Seq(message_seq),
    };
    StoredEvent {
        header: EventHeader {
            id: EventId(row.get(0)),
            room_id: RoomId(row.get(5)),
            seq: Seq(row.get(6)),
            user_id: UserId(row.get(3)),
            username,
            display_name,
            timestamp: Timestamp(row.get(4)),
        },
        content: row.get(1),
        client_id: row.get(7),
        edited_at: row.get::<_, Option<i64>>(8).map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(9).map(Timestamp),
        kind: row.get(11),
        target: row.get::<_, Option<i64>>(12).zip(row.get(13)).map(target),
        detail: row.get(10),
        people: people_of(row),
    }
    .into_event()
}

fn people_of(row: &Row) -> Vec<Person> {
    let ids: Option<Vec<i64>> = row.get(14);
    let names: Option<Vec<&str>> = row.get(15);
    let display_names: Option<Vec<Option<&str>>> = row.get(16);
    let person = |((id, name), display_name): ((i64, &str), Option<&str>)| Person {
        user_id: UserId(id),
        username: Arc::from(name),
        display_name: display_name.map(Arc::from),
    };
    let names = ids.into_iter().flatten().zip(names.into_iter().flatten());
    names.zip(display_names.into_iter().flatten()).map(person).collect()
}

/// The username and the display name of the author, from the array that [`message_columns`] makes of them.
fn names_of(row: &Row) -> (Arc<str>, Option<Arc<str>>) {
    let names: Vec<Option<&str>> = row.get(2);
    let name = |index: usize| names.get(index).copied().flatten().map(Arc::from);
    (name(0).unwrap_or_default(), name(1))
}

/// Reads three arrays, of the ids, the usernames and the display names of people; each of them may be NULL.
pub(super) fn people(row: &Row, first: usize) -> Vec<Person> {
    let ids: Vec<i64> = row.get::<_, Option<_>>(first).unwrap_or_default();
    let names: Vec<&str> = row.get::<_, Option<_>>(first + 1).unwrap_or_default();
    let display_names: Vec<Option<&str>> = row.get::<_, Option<_>>(first + 2).unwrap_or_default();
    let person = |((id, name), display_name): ((i64, &str), Option<&str>)| Person {
        user_id: UserId(id),
        username: Arc::from(name),
        display_name: display_name.map(Arc::from),
    };
    ids.into_iter().zip(names).zip(display_names).map(person).collect()
}

/// The parts that are in other tables are added by [`view_of`](super::parts::view_of).
pub(super) fn message_of(row: &Row) -> Message {
    let (username, display_name) = names_of(row);
    Message {
        id: EventId(row.get(0)),
        content: row.get(1),
        username,
        user_id: UserId(row.get(3)),
        timestamp: Timestamp(row.get(4)),
        room_id: RoomId(row.get(5)),
        seq: Seq(row.get(6)),
        display_name,
        client_id: row.get(7),
        edited_at: row.get::<_, Option<i64>>(8).map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(9).map(Timestamp),
        parts: message_parts(row.get(10)),
    }
}
