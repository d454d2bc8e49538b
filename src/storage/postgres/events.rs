//! The logs of rooms: reading pages. Appending messages is in `append`.

use postgres::Row;
use postgres::types::ToSql;

use super::super::backend::Events;
use super::super::window::Window;
use super::super::{AppendError, Result};
use super::committed::CommittedEvent;
use super::connection::Connection;
use super::parts::{parts_column, view_of};
use super::records::{event_columns, event_of, message_columns};
use super::{Postgres, append};
use crate::model::{
    Appended, Cursor, Event, EventId, EventPage, MessagePage, MetadataQuery, NewMessage, RoomHead,
    RoomId, Seq, View,
};

/// The statement that reads a page of the messages that a condition selects. One statement sees one snapshot, so the head
/// belongs to the page. A room without messages gives one row with the head and nulls.
macro_rules! page {
    ($condition:literal) => {
        page_of!(
            concat!(
                "SELECT * FROM events WHERE ",
                $condition,
                " AND seq < $2 AND seq > $5 ORDER BY seq DESC LIMIT $3"
            ),
            concat!(
                "SELECT * FROM events WHERE ",
                $condition,
                " AND seq >= $2 ORDER BY seq LIMIT $4"
            )
        )
    };
}

/// The same for the messages with some metadata. An index has them in order of seq; each message is then looked up, because
/// the planner does not know how small a page is.
macro_rules! page_with {
    ($condition:literal) => {
        page_of!(
            concat!(
                "SELECT message.* FROM (
                     SELECT seq AS found FROM message_metadata WHERE room_id = $1 AND ",
                $condition,
                " AND seq < $2 AND seq > $5
                 ) AS keys CROSS JOIN LATERAL (
                     SELECT * FROM events
                     WHERE room_id = $1 AND seq = found AND kind = 'message' OFFSET 0
                 ) AS message ORDER BY found DESC LIMIT $3"
            ),
            concat!(
                "SELECT message.* FROM (
                     SELECT seq AS found FROM message_metadata WHERE room_id = $1 AND ",
                $condition,
                " AND seq >= $2
                 ) AS keys CROSS JOIN LATERAL (
                     SELECT * FROM events
                     WHERE room_id = $1 AND seq = found AND kind = 'message' OFFSET 0
                 ) AS message ORDER BY found LIMIT $4"
            )
        )
    };
}

/// The page of two scans, downwards and upwards.
macro_rules! page_of {
    ($older:expr, $newer:expr) => {
        concat!(
            "SELECT ",
            message_columns!(),
            parts_column!("$6", "$5"),
            ", head_seq
             FROM rooms LEFT JOIN LATERAL (
                 (",
            $older,
            ")
                 UNION ALL
                 (",
            $newer,
            ")
             ) AS entry ON true
             WHERE rooms.id = $1 AND rooms.deleted_at IS NULL"
        )
    };
}

const LIST_MESSAGES: &str = page!("room_id = $1 AND kind = 'message'");
const LIST_WITH_KEY: &str = page_with!("key = $7");
const LIST_WITH_VALUE: &str = page_with!("key = $7 AND value = $8");
const LIST_REPLIES: &str = page!("thread_id = $7 AND kind IN ('message', 'reply')");

const LIST_EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    ", head_seq
     FROM rooms LEFT JOIN LATERAL (
         SELECT * FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
     ) AS entry ON true
     WHERE rooms.id = $1 AND rooms.deleted_at IS NULL
     ORDER BY entry.seq"
);

const LIST_NEW_EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    ", ord
     FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS known (id, head_seq, ord)
     JOIN rooms ON rooms.id = known.id AND deleted_at IS NULL
     CROSS JOIN LATERAL (
         SELECT * FROM events WHERE room_id = known.id AND seq > known.head_seq
         ORDER BY seq LIMIT $3
     ) AS entry
     ORDER BY ord, entry.seq"
);

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
        view: View,
    ) -> Result<Option<MessagePage>> {
        let window = Window::new(cursor, limit, view.visible_from);
        self.read(|db| {
            let View { reader, visible_from } = view;
            let (older, newer) = (window.scan_older(), window.scan_newer());
            let rows = db.query(
                LIST_MESSAGES,
                &[&room_id.0, &window.pivot.0, &older, &newer, &visible_from.0, &reader.0],
            )?;
            into_page(db, &rows, window)
        })
    }

    fn list_messages_with(
        &self,
        room_id: RoomId,
        metadata: &MetadataQuery,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>> {
        let window = Window::new(cursor, limit, view.visible_from);
        self.read(|db| {
            let View { reader, visible_from } = view;
            let (older, newer) = (window.scan_older(), window.scan_newer());
            let (pivot, room) = (window.pivot.0, room_id.0);
            let MetadataQuery { key, value } = metadata;
            let mut parameters: Vec<&(dyn ToSql + Sync)> =
                vec![&room, &pivot, &older, &newer, &visible_from.0, &reader.0, key];
            let list = match value {
                None => LIST_WITH_KEY,
                Some(value) => {
                    parameters.push(value);
                    LIST_WITH_VALUE
                }
            };
            let rows = db.query(list, &parameters)?;
            into_page(db, &rows, window)
        })
    }

    fn list_replies(
        &self,
        room_id: RoomId,
        thread_id: EventId,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>> {
        let window = Window::new(cursor, limit, view.visible_from);
        self.read(|db| {
            let View { reader, visible_from } = view;
            let (older, newer) = (window.scan_older(), window.scan_newer());
            let (pivot, room) = (window.pivot.0, room_id.0);
            let rows = db.query(
                LIST_REPLIES,
                &[&room, &pivot, &older, &newer, &visible_from.0, &reader.0, &thread_id.0],
            )?;
            into_page(db, &rows, window)
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
            if let Some(newest) = rows.last().filter(|row| is_event(row)) {
                db.has_read(CommittedEvent::of(newest));
            }
            Ok(Some(EventPage { events, head_seq }))
        })
    }

    fn list_new_events(&self, known: &[RoomHead], limit: u32) -> Result<Vec<Result<Vec<Event>>>> {
        let ids: Vec<i64> = known.iter().map(|room| room.id.0).collect();
        let heads: Vec<i64> = known.iter().map(|room| room.head_seq.0).collect();
        self.read(|db| {
            let rows = db.query(LIST_NEW_EVENTS, &[&ids, &heads, &i64::from(limit)])?;
            for room in rows.chunk_by(|one, next| room_of(one) == room_of(next)) {
                room.last().into_iter().for_each(|newest| db.has_read(CommittedEvent::of(newest)));
            }
            let mut found: Vec<Result<Vec<Event>>> = vec![Ok(Vec::new()); known.len()];
            for row in &rows {
                // The position is the last column, and counts from 1.
                let position: i64 = row.get(row.len() - 1);
                let room = &mut found[position as usize - 1];
                match (event_of(row), &mut *room) {
                    (Ok(event), Ok(events)) => events.push(event),
                    (Err(error), Ok(_)) => *room = Err(error),
                    (_, Err(_)) => {}
                }
            }
            Ok(found)
        })
    }
}

fn into_page(db: &mut Connection, rows: &[Row], window: Window) -> Result<Option<MessagePage>> {
    let Some(head_seq) = head_seq(rows) else {
        return Ok(None);
    };
    let messages: Vec<_> =
        rows.iter().filter(|row| is_event(row)).map(view_of).collect::<Result<_>>()?;
    if let Some(newest) = messages.iter().max_by_key(|message| message.seq) {
        db.has_read(CommittedEvent::from(newest));
    }
    Ok(Some(window.into_page(messages, head_seq)))
}

/// The head is the last column.
fn head_seq(rows: &[Row]) -> Option<Seq> {
    rows.first().map(|row| Seq(row.get(row.len() - 1)))
}

fn room_of(row: &Row) -> RoomId {
    CommittedEvent::of(row).room_id
}

fn is_event(row: &Row) -> bool {
    row.get::<_, Option<i64>>(0).is_some()
}
