//! Rooms as a reader has read them: the position in each, and what is unread after it.

use postgres::Row;

use super::super::Result;
use super::connection::Connection;
use super::rooms::room;
use crate::model::{Reader, Reading, Room, RoomId, Seq, Unread};

/// One statement sees one snapshot. For each room that the reader has read, a range scan of the log that
/// ends after so many messages (`$6`) or events (`$7`; the log has no holes). Of those that have an `@`, `$4`
/// finds what may mention the reader, and `$5` what does: a pattern costs most.
const LIST: &str = r#"
    SELECT rooms.id, name, description, created_by, rooms.created_at, head_seq, archived_at, revision,
           oldest_seq, retention_days, read_positions.seq, unread.messages, unread.mentions
    FROM rooms
    LEFT JOIN read_positions ON room_id = rooms.id AND user_id = $1
    LEFT JOIN LATERAL (
        SELECT count(*) AS messages,
               count(*) FILTER (WHERE CASE WHEN strpos(content, '@') = 0 THEN false
                                           WHEN strpos(lower(content), $4) = 0 THEN false
                                           ELSE lower(content) ~ $5 END) AS mentions
        FROM (
            SELECT content COLLATE "C" AS content FROM events
            WHERE events.room_id = rooms.id AND events.seq > read_positions.seq
              AND events.seq < greatest(read_positions.seq + 1, oldest_seq) + $7
              AND kind = 'message' AND user_id <> $1 AND events.deleted_at IS NULL
            ORDER BY events.seq LIMIT $6
        ) AS page
    ) AS unread ON read_positions.seq < head_seq
    WHERE rooms.deleted_at IS NULL AND rooms.id BETWEEN $2 AND $3
    ORDER BY rooms.id"#;

pub(super) fn list_rooms_read(
    db: &mut Connection,
    reader: Reader<'_>,
    only: Option<RoomId>,
) -> Result<Vec<(Room, Reading)>> {
    let (first, last) = only.map_or((i64::MIN, i64::MAX), |id| (id.0, id.0));
    let name = reader.username.to_ascii_lowercase();
    let limit = i64::from(Unread::MAX);
    let max_events = i64::from(Unread::MAX_EVENTS);
    let (word, pattern) = (format!("@{name}"), pattern(&name));
    let rows =
        db.query(LIST, &[&reader.user_id.0, &first, &last, &word, &pattern, &limit, &max_events])?;
    Ok(rows.iter().map(|row| (room(row), reading(row))).collect())
}

/// What [`crate::model::mentions`] looks for, in text of lower case. A name has letters, digits and `_.-`,
/// of which the full stop means something else in a pattern.
fn pattern(name: &str) -> String {
    let name = name.replace('.', r"\.");
    format!("(^|[^a-z0-9_.-])@{name}(?![.-]*[a-z0-9_])")
}

fn reading(row: &Row) -> Reading {
    let count = |column| {
        let count = row.get::<_, Option<i64>>(column).unwrap_or_default();
        u32::try_from(count).unwrap_or(Unread::MAX)
    };
    match row.get::<_, Option<i64>>(10) {
        None => Reading::default(),
        Some(seq) => Reading {
            read_seq: Seq(seq),
            unread: Some(Unread { messages: count(11), mentions: count(12) }),
        },
    }
}
