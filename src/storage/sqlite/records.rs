//! The columns that are read from `users`, `rooms` and `events`, and the functions that read them.
//!
//! A list of columns is a macro, so that `concat!` can put it into a statement at compile time.

use std::str::FromStr;

use rusqlite::{Connection, Row, types::Type};

use super::super::Result;
use super::super::stored_event::{StoredEvent, people_ids};
use crate::model::{
    Event, EventHeader, EventId, EventTarget, Message, MessageParts, Metadata, Person, Profile,
    Room, RoomId, RoomRules, Seq, Status, Timestamp, User, UserCard, UserId,
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

/// The columns of `events` that [`message_of`] reads, and `extras`.
macro_rules! message_columns {
    () => {
        "seq, id, user_id, created_at, content, client_id, edited_at, deleted_at, extras"
    };
}

/// The columns of `events` that [`event_of`] reads.
macro_rules! event_columns {
    () => {
        "seq, id, user_id, created_at, content, client_id, edited_at, deleted_at, \
         kind, target_id, target_seq, detail"
    };
}

pub(super) use {card_columns, event_columns, message_columns, room_columns, user_columns};

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        username: row.get(1)?,
        email: row.get(2)?,
        role: word(row, 3)?,
        is_active: row.get(4)?,
        created_at: Timestamp(row.get(5)?),
        is_bot: row.get(6)?,
    })
}

/// Reads a card from the columns from `first` on.
pub(super) fn card(row: &Row<'_>, first: usize) -> rusqlite::Result<UserCard> {
    let time =
        |column: usize| row.get::<_, Option<i64>>(first + column).map(|at| at.map(Timestamp));
    let status = Status { text: row.get(first + 6)?, emoji: row.get(first + 7)?, until: time(8)? };
    Ok(UserCard {
        id: UserId(row.get(first)?),
        username: row.get(first + 1)?,
        is_active: row.get(first + 2)?,
        is_bot: row.get(first + 10)?,
        profile: Profile {
            display_name: row.get(first + 3)?,
            title: row.get(first + 4)?,
            timezone: row.get(first + 5)?,
            status: (status != Status::default()).then_some(status),
        },
        last_seen_at: time(9)?,
    })
}

pub(super) fn room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        id: RoomId(row.get(0)?),
        name: row.get(1)?,
        description: row.get(2)?,
        created_by: UserId(row.get(3)?),
        created_at: Timestamp(row.get(4)?),
        head_seq: Seq(row.get(5)?),
        archived_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        revision: row.get(7)?,
        oldest_seq: Seq(row.get(8)?),
        retention_days: row.get(9)?,
        kind: word(row, 10)?,
        rules: RoomRules {
            posting: word(row, 11)?,
            inviting: word(row, 12)?,
            history: word(row, 13)?,
            auto_join: row.get(14)?,
        },
        metadata: metadata(row, 15)?,
    })
}

/// Reads a column with the data of a product.
pub(super) fn metadata(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Metadata>> {
    Ok(Metadata::from_stored(row.get_ref(column)?.as_str_or_null()?))
}

/// Reads an id, a username and a display name.
pub(super) fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person { user_id: UserId(row.get(0)?), username: row.get(1)?, display_name: row.get(2)? })
}

/// Reads a column that has one of the words of `T`.
pub(super) fn word<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|_| {
        let error = format!("unknown word `{text}`").into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
    })
}

pub(super) fn event_of(row: &Row<'_>, room_id: RoomId, names: &mut Names<'_>) -> Result<Event> {
    let user_id = UserId(row.get(2)?);
    let kind = row.get_ref(8)?.as_str().map_err(rusqlite::Error::from)?;
    let detail: Option<String> = row.get(11)?;
    let people = people_ids(kind, detail.as_deref()).into_iter().map(|id| names.get(id));
    let people = people.collect::<rusqlite::Result<Vec<Person>>>()?;
    let Person { username, display_name, .. } = names.get(user_id)?;
    let target = |message_id: i64, message_seq: i64| EventTarget {
        message_id: EventId(message_id),
        message_seq: Seq(message_seq),
    };
    let mut event = StoredEvent {
        header: EventHeader {
            seq: Seq(row.get(0)?),
            id: EventId(row.get(1)?),
            room_id,
            user_id,
            username,
            display_name,
            timestamp: Timestamp(row.get(3)?),
        },
        content: row.get(4)?,
        client_id: row.get(5)?,
        edited_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        kind,
        target: row.get::<_, Option<i64>>(9)?.zip(row.get(10)?).map(|(id, seq)| target(id, seq)),
        detail,
        people,
    }
    .into_event()?;
    if let Event::Message(message) | Event::Reply(message) = &mut event {
        names.add_to(&mut message.parts)?;
    }
    Ok(event)
}

/// Reads a message without its parts from a row of the room's log; the last column says whether it has some. The room is an argument, because each additional column
/// would cost a fortieth of a page.
pub(super) fn message_of(
    row: &Row<'_>,
    room_id: RoomId,
    names: &mut Names<'_>,
) -> rusqlite::Result<Message> {
    let Person { user_id, username, display_name } = names.get(UserId(row.get(2)?))?;
    Ok(Message {
        seq: Seq(row.get(0)?),
        id: EventId(row.get(1)?),
        room_id,
        user_id,
        username,
        display_name,
        timestamp: Timestamp(row.get(3)?),
        content: row.get(4)?,
        client_id: row.get(5)?,
        edited_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        parts: None,
    })
}

/// The names of senders. Each is looked up once per page: a page has many messages of few users.
pub(super) struct Names<'db> {
    db: &'db Connection,
    known: Vec<Person>,
}

impl<'db> Names<'db> {
    pub fn new(db: &'db Connection) -> Self {
        Self { db, known: Vec::new() }
    }

    pub fn get(&mut self, user_id: UserId) -> rusqlite::Result<Person> {
        if let Some(person) = self.known.iter().rev().find(|known| known.user_id == user_id) {
            return Ok(person.clone());
        }
        let person = self
            .db
            .prepare_cached("SELECT username, display_name FROM users WHERE id = ?1")?
            .query_row([user_id.0], |row| {
                Ok(Person { user_id, username: row.get(0)?, display_name: row.get(1)? })
            })?;
        self.known.push(person.clone());
        Ok(person)
    }

    /// Adds the names of the author of a forwarded message: they are not stored with the message.
    pub fn add_to(&mut self, parts: &mut Option<Box<MessageParts>>) -> rusqlite::Result<()> {
        if let Some(forwarded) = parts.as_mut().and_then(|parts| parts.detail.forwarded.as_mut()) {
            let Person { username, display_name, .. } = self.get(forwarded.user_id)?;
            (forwarded.username, forwarded.display_name) = (username, display_name);
        }
        Ok(())
    }
}
