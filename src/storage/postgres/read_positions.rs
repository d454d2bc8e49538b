//! Positions up to which users have read, and what is unread after them.

use std::collections::HashMap;

use postgres::Row;

use super::super::Result;
use super::super::backend::ReadPositions;
use super::Postgres;
use super::members::{member_columns, membership};
use super::records::{ROOM_COLUMNS, people, room, room_columns};
use crate::model::{
    Belonging, ListedRoom, ReadPosition, Reader, Reading, RoomId, RoomKind, RoomSelection, Seq,
    Unread, UserId,
};

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

/// One statement sees one snapshot. `listed` are the rooms of the page: the public ones, and those of the reader, of
/// which each part reads no more rows than the page has. The parts marked `OFFSET 0` are look-ups, one for each row
/// before: the planner would otherwise read whole indexes, because it does not know how small a page is.
///
/// For each room that the reader has read or is a member of, the statement scans a range of the log that ends after `$8` messages or
/// `$9` events (the log has no gaps). A message with an `@` is first searched for the text `$10`, and only if that
/// is found compared with the pattern `$11`, which costs most.
const LIST: &str = concat!(
    "WITH listed AS MATERIALIZED (
         (SELECT rooms.id FROM rooms
          WHERE $5::text IS DISTINCT FROM 'joined' AND kind = 'public' AND deleted_at IS NULL
            AND id BETWEEN $2 AND $3
            AND ($4::text IS NULL OR kind = $4)
            AND ($6::text IS NULL OR strpos(lower(name COLLATE \"C\"), $6) > 0)
            AND NOT EXISTS (
                SELECT FROM members WHERE room_id = rooms.id AND user_id = $1 OFFSET 0)
          ORDER BY id LIMIT $7)
         UNION ALL
         (SELECT room_id FROM members CROSS JOIN LATERAL (
              SELECT FROM rooms
              WHERE rooms.id = room_id AND deleted_at IS NULL
                AND ($4::text IS NULL OR kind = $4)
                AND ($6::text IS NULL OR strpos(lower(name COLLATE \"C\"), $6) > 0)
              OFFSET 0) AS room
          WHERE $5::text IS DISTINCT FROM 'none' AND user_id = $1 AND room_id BETWEEN $2 AND $3
          ORDER BY room_id LIMIT $7)
         ORDER BY id LIMIT $7
     )
     SELECT ",
    room_columns!(),
    ", read_seq, unread.messages, unread.mentions, member_count,
       CASE WHEN kind = 'direct' THEN ARRAY(
           SELECT user_id FROM members AS them WHERE them.room_id = rooms.id ORDER BY user_id) END,
       CASE WHEN kind = 'direct' THEN ARRAY(
           SELECT (SELECT username FROM users WHERE users.id = user_id)
           FROM members AS them WHERE them.room_id = rooms.id ORDER BY user_id) END,
       CASE WHEN kind = 'direct' THEN ARRAY(
           SELECT (SELECT display_name FROM users WHERE users.id = user_id)
           FROM members AS them WHERE them.room_id = rooms.id ORDER BY user_id) END, ",
    member_columns!(),
    " FROM listed
     CROSS JOIN LATERAL (SELECT * FROM rooms WHERE rooms.id = listed.id OFFSET 0) AS rooms
     LEFT JOIN LATERAL (
         SELECT * FROM members WHERE room_id = listed.id AND user_id = $1 OFFSET 0
     ) AS members ON true
     LEFT JOIN LATERAL (
         SELECT seq AS read_seq FROM read_positions
         WHERE room_id = listed.id AND user_id = $1 OFFSET 0
     ) AS position ON true
     CROSS JOIN LATERAL (
         SELECT CASE WHEN kind = 'private' AND history = 'joined'
                     THEN greatest(read_seq, joined_seq)
                     ELSE coalesce(read_seq, joined_seq) END AS seen_seq
     ) AS seen
     LEFT JOIN LATERAL (
         SELECT count(*) AS messages,
                count(*) FILTER (WHERE CASE WHEN strpos(content, '@') = 0 THEN false
                                            WHEN strpos(lower(content), $10) = 0 THEN false
                                            ELSE lower(content) ~ $11 END) AS mentions
         FROM (
             SELECT content COLLATE \"C\" AS content FROM events
             WHERE events.room_id = listed.id AND events.seq > seen_seq
               AND events.seq < greatest(seen_seq + 1, oldest_seq) + $9
               AND kind = 'message' AND user_id <> $1 AND events.deleted_at IS NULL
             ORDER BY events.seq LIMIT $8
         ) AS page
     ) AS unread ON seen_seq < head_seq
     ORDER BY listed.id"
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
        selection: &RoomSelection,
    ) -> Result<Vec<ListedRoom>> {
        let (first, last) = selection.ids();
        let name = reader.username.to_ascii_lowercase();
        self.read(|db| {
            let rows = db.query(
                LIST,
                &[
                    &reader.user_id.0,
                    &first,
                    &last,
                    &selection.kind.map(RoomKind::as_str),
                    &selection.membership.map(Belonging::as_str),
                    &selection.query.as_ref().map(|text| text.to_ascii_lowercase()),
                    // LIMIT NULL is no limit.
                    &selection.limit.map(i64::from),
                    &i64::from(Unread::MAX),
                    &i64::from(Unread::MAX_EVENTS),
                    &format!("@{name}"),
                    &pattern(&name),
                ],
            )?;
            Ok(rows.iter().map(listed_room).collect())
        })
    }
}

/// Returns the pattern that finds the same mentions as [`crate::model::mentions`] in lower-case text. A
/// name has letters, digits and `_.-`; only the full stop must be escaped.
fn pattern(name: &str) -> String {
    let name = name.replace('.', r"\.");
    format!("(^|[^a-z0-9_.-])@{name}(?![.-]*[a-z0-9_])")
}

fn listed_room(row: &Row) -> ListedRoom {
    const FIRST: usize = ROOM_COLUMNS;
    let count = |column| {
        let count = row.get::<_, Option<i64>>(column).unwrap_or_default();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let membership = row.get::<_, Option<&str>>(FIRST + 7).map(|_| membership(row, FIRST + 7));
    let read_seq = row.get::<_, Option<i64>>(FIRST).map(Seq);
    let is_counted = read_seq.is_some() || membership.is_some();
    let unread =
        is_counted.then(|| Unread { messages: count(FIRST + 1), mentions: count(FIRST + 2) });
    ListedRoom {
        room: room(row),
        reading: Reading { read_seq: read_seq.unwrap_or_default(), unread },
        membership,
        member_count: row.get::<_, i64>(FIRST + 3).unsigned_abs(),
        people: people(row, FIRST + 4),
    }
}
