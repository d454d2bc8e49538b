//! The logs of rooms: reading pages. Appending messages is in `append`.

use std::sync::Arc;

use postgres::Row;

use super::super::backend::Events;
use super::super::stored_event::StoredEvent;
use super::super::window::Window;
use super::super::{AppendError, Result};
use super::{Postgres, append};
use crate::model::{
    Appended, Cursor, Event, EventHeader, EventId, EventPage, EventTarget, Message, MessagePage,
    NewMessage, RoomId, Seq, Timestamp, UserId,
};

/// One statement sees one snapshot, so the head belongs to the page. A room without messages
/// gives one row, of which only the head is not null. The name is looked up per row: joined, it
/// would be worth a scan of all users to a planner that does not know how small the page is.
const LIST_MESSAGES: &str = "
    SELECT page.id, content,
           (SELECT username FROM users WHERE users.id = page.user_id),
           user_id, page.created_at, room_id, seq, client_id, edited_at, page.deleted_at, kind,
           head_seq
    FROM rooms LEFT JOIN LATERAL (
        (SELECT * FROM events WHERE room_id = $1 AND seq < $2 AND kind = 'message'
         ORDER BY seq DESC LIMIT $3)
        UNION ALL
        (SELECT * FROM events WHERE room_id = $1 AND seq >= $2 AND kind = 'message'
         ORDER BY seq LIMIT $4)
    ) AS page ON true
    WHERE rooms.id = $1 AND rooms.deleted_at IS NULL";

const LIST_EVENTS: &str = "
    SELECT page.id, content,
           (SELECT username FROM users WHERE users.id = page.user_id),
           user_id, page.created_at, room_id, seq, client_id, edited_at, page.deleted_at, kind,
           head_seq, target_id, target_seq, detail
    FROM rooms LEFT JOIN LATERAL (
        SELECT * FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
    ) AS page ON true
    WHERE rooms.id = $1 AND rooms.deleted_at IS NULL
    ORDER BY seq";

impl Events for Postgres {
    fn append_messages(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<Appended, AppendError>>> {
        self.write(|db| append::append_messages(db, messages))
    }

    fn list_messages(
        &self,
        room_id: RoomId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<Option<MessagePage>> {
        self.read(|db| {
            let window = Window::new(cursor, limit);
            let rows = db.query(
                LIST_MESSAGES,
                &[&room_id.0, &window.pivot.0, &window.scan_older(), &window.scan_newer()],
            )?;
            let Some(head_seq) = head_seq(&rows) else {
                return Ok(None);
            };
            let messages = rows.iter().filter(|row| is_event(row)).map(message_of).collect();
            Ok(Some(window.into_page(messages, head_seq)))
        })
    }

    fn list_events(&self, room_id: RoomId, after: Seq, limit: u32) -> Result<Option<EventPage>> {
        self.read(|db| {
            let rows = db.query(LIST_EVENTS, &[&room_id.0, &after.0, &i64::from(limit)])?;
            let Some(head_seq) = head_seq(&rows) else {
                return Ok(None);
            };
            let events =
                rows.iter().filter(|row| is_event(row)).map(event_of).collect::<Result<_>>()?;
            Ok(Some(EventPage { events, head_seq }))
        })
    }
}

fn head_seq(rows: &[Row]) -> Option<Seq> {
    rows.first().map(|row| Seq(row.get(11)))
}

fn is_event(row: &Row) -> bool {
    row.get::<_, Option<i64>>(0).is_some()
}

fn event_of(row: &Row) -> Result<Event> {
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
            username: Arc::from(row.get::<_, &str>(2)),
            timestamp: Timestamp(row.get(4)),
        },
        content: row.get(1),
        client_id: row.get(7),
        edited_at: row.get::<_, Option<i64>>(8).map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(9).map(Timestamp),
        kind: row.get(10),
        target: row.get::<_, Option<i64>>(12).zip(row.get(13)).map(target),
        detail: row.get(14),
    }
    .into_event()
}

/// From the first ten columns, in the order of the fields of [`Message`].
pub(super) fn message_of(row: &Row) -> Message {
    Message {
        id: EventId(row.get(0)),
        content: row.get(1),
        username: Arc::from(row.get::<_, &str>(2)),
        user_id: UserId(row.get(3)),
        timestamp: Timestamp(row.get(4)),
        room_id: RoomId(row.get(5)),
        seq: Seq(row.get(6)),
        client_id: row.get(7),
        edited_at: row.get::<_, Option<i64>>(8).map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(9).map(Timestamp),
    }
}
