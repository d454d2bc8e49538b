//! Positions up to which users have read, and what is unread after them.

use std::collections::HashMap;

use postgres::Row;
use postgres::types::ToSql;

use super::super::Result;
use super::super::backend::{FEW_ROOMS, ReadPositions};
use super::Postgres;
use super::connection::Connection;
use super::members::{member_columns, membership};
use super::records::{ROOM_COLUMNS, people, room, room_columns};
use crate::model::{
    Belonging, ListedRoom, MetadataQuery, ReadPosition, Reader, Reading, RoomId, RoomKind,
    RoomSelection, Seq, Unread, UserId,
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

/// Rows are locked in the order of [`ADVANCE`].
const MOVE_BACK: &str = "
    WITH locked AS MATERIALIZED (
        SELECT known.user_id, known.room_id, input.seq
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS input (user_id, room_id, seq)
        JOIN rooms ON rooms.id = input.room_id AND deleted_at IS NULL
        JOIN read_positions AS known
            ON known.user_id = input.user_id AND known.room_id = input.room_id AND known.seq > input.seq
        ORDER BY known.user_id, known.room_id
        FOR UPDATE OF known
    )
    UPDATE read_positions SET seq = locked.seq FROM locked
    WHERE read_positions.user_id = locked.user_id AND read_positions.room_id = locked.room_id
    RETURNING read_positions.user_id, read_positions.room_id";

const LOOK: &str = "
    SELECT user_id, room_id, coalesce(
        (SELECT seq FROM read_positions
         WHERE read_positions.user_id = input.user_id AND read_positions.room_id = input.room_id),
        0)
    FROM unnest($1::bigint[], $2::bigint[]) AS input (user_id, room_id)
    JOIN rooms ON rooms.id = room_id AND deleted_at IS NULL";

/// The statement that lists rooms: a condition on them, or what is listed in place of all rooms.
macro_rules! list {
    (with $condition:literal) => {
        list!(from
            "(SELECT rooms.id FROM rooms
          WHERE $5::text IS DISTINCT FROM 'joined' AND kind = 'public' AND deleted_at IS NULL
            AND id BETWEEN $2 AND $3
            AND ($4::text IS NULL OR kind = $4)
            AND ($6::text IS NULL OR strpos(lower(name COLLATE \"C\"), $6) > 0)
            AND NOT EXISTS (
                SELECT FROM members WHERE room_id = rooms.id AND user_id = $1 OFFSET 0)",
            $condition,
            " ORDER BY id LIMIT $7)
         UNION ALL
         (SELECT room_id FROM members CROSS JOIN LATERAL (
              SELECT FROM rooms
              WHERE rooms.id = room_id AND deleted_at IS NULL
                AND ($4::text IS NULL OR kind = $4)
                AND ($6::text IS NULL OR strpos(lower(name COLLATE \"C\"), $6) > 0)",
            $condition,
            " OFFSET 0) AS room
          WHERE $5::text IS DISTINCT FROM 'none' AND user_id = $1 AND room_id BETWEEN $2 AND $3
          ORDER BY room_id LIMIT $7)
         ORDER BY id LIMIT $7"
        )
    };
    (from $($listed:literal),+) => {
        concat!(
            "WITH listed AS MATERIALIZED (",
            $($listed,)+
            "
     )
     SELECT ",
    room_columns!(),
    ", read_seq, unread.messages, unread.first_seq, coalesce(named.mentions, 0) + threads.mentions, threads.count,
       member_count,
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
         SELECT count(*) AS messages, min(seq) AS first_seq FROM (
             SELECT seq FROM events
             WHERE events.room_id = listed.id AND events.seq > seen_seq
               AND events.seq < greatest(seen_seq + 1, oldest_seq) + $9
               AND kind = 'message' AND user_id <> $1 AND events.deleted_at IS NULL
             ORDER BY events.seq LIMIT $8
         ) AS page
     ) AS unread ON seen_seq < head_seq
     LEFT JOIN LATERAL (
         SELECT count(DISTINCT seq) AS mentions FROM (
             SELECT seq FROM mentions
             WHERE mentions.user_id IN ($1, 0) AND mentions.room_id = listed.id
               AND mentions.seq > seen_seq AND mentions.thread_id IS NULL
               AND mentions.author_id <> $1
             LIMIT $8) AS found
     ) AS named ON seen_seq < head_seq
     CROSS JOIN LATERAL (
         SELECT count(*) AS count, coalesce(sum((
             SELECT count(DISTINCT seq) FROM mentions
             WHERE mentions.user_id IN ($1, 0) AND mentions.room_id = listed.id
               AND mentions.thread_id = follow.thread_id AND seq > follow.read_seq
               AND author_id <> $1)), 0)::bigint AS mentions
         FROM (SELECT thread_id, thread_follows.read_seq FROM thread_follows
               WHERE thread_follows.user_id = $1 AND thread_follows.room_id = listed.id
                 AND has_unread AND is_following
               LIMIT $8) AS follow
         WHERE EXISTS (
             SELECT FROM events AS reply
             WHERE reply.thread_id = follow.thread_id AND reply.seq > follow.read_seq
               AND reply.user_id <> $1 AND reply.deleted_at IS NULL)
           AND EXISTS (
             SELECT FROM events AS first
             WHERE first.id = follow.thread_id
               AND first.seq > CASE WHEN rooms.kind = 'private' AND history = 'joined'
                                    THEN joined_seq ELSE 0 END)
     ) AS threads
     ORDER BY listed.id"
        )
    };
}

/// One statement sees one snapshot. `listed` are the rooms of the page: the public ones, and those of the reader, of
/// which each part reads no more rows than the page has. The parts marked `OFFSET 0` are look-ups, one for each row
/// before: the planner would otherwise read whole indexes, because it does not know how small a page is.
///
/// For each room that the reader has read or is a member of, the statement scans a range of the log that ends after `$8` messages or
/// `$9` events (the log has no gaps).
const LIST: &str = list!(with "");

/// The rooms with the metadata `$10` and `$11`, if many rooms have it: the time does not depend on those that the reader
/// does not see.
const LIST_WITH: &str = list!(with
    " AND EXISTS (
          SELECT FROM room_metadata AS known WHERE known.room_id = rooms.id AND known.key = $10
            AND ($11::text IS NULL OR known.value = $11) OFFSET 0)"
);

/// The rooms of the list `$10` that the reader sees.
const LIST_AMONG: &str = list!(from
    "SELECT room.id FROM unnest($10::bigint[]) AS given (room_id) CROSS JOIN LATERAL (
         SELECT id FROM rooms
         WHERE rooms.id = given.room_id AND deleted_at IS NULL AND id BETWEEN $2 AND $3
           AND ($4::text IS NULL OR kind = $4)
           AND ($6::text IS NULL OR strpos(lower(name COLLATE \"C\"), $6) > 0)
           AND CASE WHEN EXISTS (
                    SELECT FROM members WHERE room_id = rooms.id AND user_id = $1 OFFSET 0)
                THEN $5::text IS DISTINCT FROM 'none'
                ELSE $5::text IS DISTINCT FROM 'joined' AND kind = 'public' END
         OFFSET 0) AS room
     ORDER BY room.id LIMIT $7"
);

/// The rooms with some metadata, by the index.
const FIND_WITH_KEY: &str = "SELECT room_id FROM room_metadata WHERE key = $2 LIMIT $1";
const FIND_WITH_VALUE: &str =
    "SELECT room_id FROM room_metadata WHERE key = $2 AND value = $3 LIMIT $1";

impl ReadPositions for Postgres {
    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.move_read_positions(ADVANCE, positions)
    }

    fn move_back_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.move_read_positions(MOVE_BACK, positions)
    }

    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        selection: &RoomSelection,
    ) -> Result<Vec<ListedRoom>> {
        let (first, last) = selection.ids();
        self.read(|db| {
            let kind = selection.kind.map(RoomKind::as_str);
            let membership = selection.membership.map(Belonging::as_str);
            let query = selection.query.as_ref().map(|text| text.to_ascii_lowercase());
            // LIMIT NULL is no limit.
            let limit = selection.limit.map(i64::from);
            let (messages, events) = (i64::from(Unread::MAX), i64::from(Unread::MAX_EVENTS));
            let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![
                &reader.user_id.0,
                &first,
                &last,
                &kind,
                &membership,
                &query,
                &limit,
                &messages,
                &events,
            ];
            let found = selection.metadata.as_ref().map(|it| find_few(db, it)).transpose()?;
            let list = match (&selection.metadata, &found) {
                (_, Some(Some(few))) => {
                    parameters.push(few);
                    LIST_AMONG
                }
                (Some(MetadataQuery { key, value }), _) => {
                    parameters.push(key);
                    parameters.push(value);
                    LIST_WITH
                }
                (None, _) => LIST,
            };
            let rows = db.query(list, &parameters)?;
            Ok(rows.iter().map(listed_room).collect())
        })
    }
}

impl Postgres {
    /// Runs a statement that moves positions and returns those that have moved.
    fn move_read_positions(
        &self,
        statement: &'static str,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.write(|db| {
            let user_ids: Vec<i64> = positions.iter().map(|position| position.user_id.0).collect();
            let room_ids: Vec<i64> = positions.iter().map(|position| position.room_id.0).collect();
            let seqs: Vec<i64> = positions.iter().map(|position| position.seq.0).collect();
            let mut known = HashMap::new();
            let moved = db.query(statement, &[&user_ids, &room_ids, &seqs])?;
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
}

/// The rooms with this metadata, also those that a reader does not see. `None`: they are many.
fn find_few(db: &mut Connection, metadata: &MetadataQuery) -> Result<Option<Vec<i64>>> {
    let MetadataQuery { key, value } = metadata;
    let limit = FEW_ROOMS as i64 + 1;
    let rows = match value {
        None => db.query(FIND_WITH_KEY, &[&limit, key])?,
        Some(value) => db.query(FIND_WITH_VALUE, &[&limit, key, value])?,
    };
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    Ok((ids.len() <= FEW_ROOMS).then_some(ids))
}

fn listed_room(row: &Row) -> ListedRoom {
    const FIRST: usize = ROOM_COLUMNS;
    let count = |column| {
        let count = row.get::<_, Option<i64>>(column).unwrap_or_default();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let membership = row.get::<_, Option<&str>>(FIRST + 9).map(|_| membership(row, FIRST + 9));
    let read_seq = row.get::<_, Option<i64>>(FIRST).map(Seq);
    let is_counted = read_seq.is_some() || membership.is_some();
    let unread = is_counted.then(|| Unread {
        messages: count(FIRST + 1),
        first_seq: row.get::<_, Option<i64>>(FIRST + 2).map(Seq),
        mentions: count(FIRST + 3).min(Unread::MAX),
        threads: count(FIRST + 4),
    });
    ListedRoom {
        room: room(row),
        reading: Reading { read_seq: read_seq.unwrap_or_default(), unread },
        membership,
        member_count: row.get::<_, i64>(FIRST + 5).unsigned_abs(),
        people: people(row, FIRST + 6),
    }
}
