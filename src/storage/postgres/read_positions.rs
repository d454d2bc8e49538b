//! Positions up to which users have read, and what is unread after them.

use std::collections::HashMap;

use postgres::Row;

use super::super::Result;
use super::super::backend::ReadPositions;
use super::Postgres;
use super::records::{ROOM_COLUMNS, room, room_columns};
use crate::model::{ReadPosition, Reader, Reading, Room, RoomId, Seq, Unread, UserId};

/// A position never moves back, even if another node moves it at the same time. Rows are locked in one
/// order, so that two of these statements cannot deadlock.
const ADVANCE: &str = "
    INSERT INTO read_positions (user_id, room_id, seq)
    SELECT user_id, room_id, least(seq, head_seq)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS input (user_id, room_id, seq)
    JOIN rooms ON rooms.id = room_id AND deleted_at IS NULL
    WHERE least(seq, head_seq) > 0
    ORDER BY user_id, room_id
    ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq
    WHERE read_positions.seq < excluded.seq
    RETURNING user_id, room_id";

const LOOK: &str = "
    SELECT user_id, room_id, coalesce(
        (SELECT seq FROM read_positions
         WHERE read_positions.user_id = input.user_id AND read_positions.room_id = input.room_id),
        0)
    FROM unnest($1::bigint[], $2::bigint[]) AS input (user_id, room_id)
    JOIN rooms ON rooms.id = room_id AND deleted_at IS NULL";

/// One statement sees one snapshot. For each room that the reader has read, it scans a range of the log
/// that ends after `$6` messages or `$7` events (the log has no gaps). A message with an `@` is first
/// searched for the text `$4`, and only if that is found compared with the pattern `$5`, which costs most.
const LIST: &str = concat!(
    "SELECT ",
    room_columns!(),
    ", read_positions.seq, unread.messages, unread.mentions
     FROM rooms
     LEFT JOIN read_positions ON room_id = rooms.id AND user_id = $1
     LEFT JOIN LATERAL (
         SELECT count(*) AS messages,
                count(*) FILTER (WHERE CASE WHEN strpos(content, '@') = 0 THEN false
                                            WHEN strpos(lower(content), $4) = 0 THEN false
                                            ELSE lower(content) ~ $5 END) AS mentions
         FROM (
             SELECT content COLLATE \"C\" AS content FROM events
             WHERE events.room_id = rooms.id AND events.seq > read_positions.seq
               AND events.seq < greatest(read_positions.seq + 1, oldest_seq) + $7
               AND kind = 'message' AND user_id <> $1 AND events.deleted_at IS NULL
             ORDER BY events.seq LIMIT $6
         ) AS page
     ) AS unread ON read_positions.seq < head_seq
     WHERE rooms.deleted_at IS NULL AND rooms.id BETWEEN $2 AND $3
     ORDER BY rooms.id"
);

impl ReadPositions for Postgres {
    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.write(|db| {
            let user_ids: Vec<i64> = positions.iter().map(|position| position.user_id.0).collect();
            let room_ids: Vec<i64> = positions.iter().map(|position| position.room_id.0).collect();
            let seqs: Vec<i64> = positions.iter().map(|position| position.seq.0).collect();
            let mut known = HashMap::new();
            let moved = db.query(ADVANCE, &[&user_ids, &room_ids, &seqs])?;
            for row in db.query(LOOK, &[&user_ids, &room_ids])? {
                known.insert((UserId(row.get(0)), RoomId(row.get(1))), (Seq(row.get(2)), false));
            }
            for row in moved {
                if let Some((_, has_moved)) =
                    known.get_mut(&(UserId(row.get(0)), RoomId(row.get(1))))
                {
                    *has_moved = true;
                }
            }
            let of =
                |position: &ReadPosition| known.get(&(position.user_id, position.room_id)).copied();
            Ok(positions.iter().map(of).collect())
        })
    }

    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        only: Option<RoomId>,
    ) -> Result<Vec<(Room, Reading)>> {
        self.read(|db| {
            let (first, last) = only.map_or((i64::MIN, i64::MAX), |id| (id.0, id.0));
            let name = reader.username.to_ascii_lowercase();
            let limit = i64::from(Unread::MAX);
            let max_events = i64::from(Unread::MAX_EVENTS);
            let (word, pattern) = (format!("@{name}"), pattern(&name));
            let rows = db.query(
                LIST,
                &[&reader.user_id.0, &first, &last, &word, &pattern, &limit, &max_events],
            )?;
            Ok(rows.iter().map(|row| (room(row), reading(row))).collect())
        })
    }
}

/// Returns the pattern that finds the same mentions as [`crate::model::mentions`] in lower-case text. A
/// name has letters, digits and `_.-`; only the full stop must be escaped.
fn pattern(name: &str) -> String {
    let name = name.replace('.', r"\.");
    format!("(^|[^a-z0-9_.-])@{name}(?![.-]*[a-z0-9_])")
}

fn reading(row: &Row) -> Reading {
    let count = |column| {
        let count = row.get::<_, Option<i64>>(column).unwrap_or_default();
        u32::try_from(count).unwrap_or(Unread::MAX)
    };
    match row.get::<_, Option<i64>>(ROOM_COLUMNS) {
        None => Reading::default(),
        Some(seq) => Reading {
            read_seq: Seq(seq),
            unread: Some(Unread {
                messages: count(ROOM_COLUMNS + 1),
                mentions: count(ROOM_COLUMNS + 2),
            }),
        },
    }
}
