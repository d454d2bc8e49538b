//! Positions up to which users have read, and what is unread after them.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::super::Result;
use super::super::backend::{FEW_ROOMS, ReadPositions};
use super::Sqlite;
use super::events::get_head;
use super::members::{member_columns, membership};
use super::records::{ROOM_COLUMNS, person, room, room_columns};
use super::transaction::Transaction;
use crate::model::{
    Belonging, ListedRoom, MetadataQuery, ReadPosition, Reader, Reading, Room, RoomId, RoomKind,
    RoomSelection, Seq, Unread, UserId,
};

const ADVANCE: &str = "
    INSERT INTO read_positions (user_id, room_id, seq) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET seq = excluded.seq";

const MOVE_BACK: &str = "
    UPDATE read_positions SET seq = ?3 WHERE user_id = ?1 AND room_id = ?2 AND seq > ?3";

/// The statement that lists rooms: a condition on them, or what is listed in place of all rooms.
macro_rules! list {
    (with $condition:literal) => {
        list!(from
            "SELECT * FROM (
                 SELECT id AS listed_id FROM rooms INDEXED BY rooms_public
                 WHERE ?5 IS NOT 'joined' AND kind = 'public' AND deleted_at IS NULL
                   AND id BETWEEN ?2 AND ?3
                   AND (?4 IS NULL OR kind = ?4)
                   AND (?6 IS NULL OR instr(lower(name), lower(?6)) > 0)
                   AND NOT EXISTS (SELECT 1 FROM members WHERE room_id = rooms.id AND user_id = ?1)",
            $condition,
            "    ORDER BY id LIMIT ?7)
             UNION ALL
             SELECT * FROM (
                 SELECT room_id FROM members CROSS JOIN rooms ON rooms.id = room_id
                 WHERE ?5 IS NOT 'none' AND user_id = ?1 AND deleted_at IS NULL
                   AND room_id BETWEEN ?2 AND ?3
                   AND (?4 IS NULL OR kind = ?4)
                   AND (?6 IS NULL OR instr(lower(name), lower(?6)) > 0)",
            $condition,
            "    ORDER BY room_id LIMIT ?7)
             ORDER BY 1 LIMIT ?7"
        )
    };
    (from $($listed:literal),+) => {
        concat!(
            "SELECT ",
            room_columns!(),
            ", read_positions.seq, member_count, ",
            member_columns!(),
            " FROM (",
            $($listed,)+
            ") CROSS JOIN rooms ON rooms.id = listed_id
             LEFT JOIN read_positions
                 ON read_positions.room_id = listed_id AND read_positions.user_id = ?1
             LEFT JOIN members ON members.room_id = listed_id AND members.user_id = ?1
             ORDER BY listed_id"
        )
    };
}

/// The first part reads the public rooms by their index, because there may be many more closed rooms. The second part
/// reads the memberships of the reader by their index, and only their rooms. Each part reads no more rows than the page
/// has.
const LIST: &str = list!(with "");

/// The rooms with the metadata `?8` and `?9`, if many rooms have it: the time does not depend on those that the reader
/// does not see.
const LIST_WITH: &str = list!(with
    " AND EXISTS (SELECT 1 FROM room_metadata AS known WHERE known.room_id = rooms.id AND known.key = ?8
                    AND (?9 IS NULL OR known.value = ?9)) "
);

/// The rooms of the list `?8` that the reader sees.
const LIST_AMONG: &str = list!(from
    "SELECT rooms.id AS listed_id FROM json_each(?8) AS given CROSS JOIN rooms ON rooms.id = given.value
     WHERE deleted_at IS NULL AND rooms.id BETWEEN ?2 AND ?3
       AND (?4 IS NULL OR kind = ?4)
       AND (?6 IS NULL OR instr(lower(name), lower(?6)) > 0)
       AND CASE WHEN EXISTS (SELECT 1 FROM members WHERE room_id = rooms.id AND user_id = ?1)
                THEN ?5 IS NOT 'none'
                ELSE ?5 IS NOT 'joined' AND kind = 'public' END
     ORDER BY rooms.id LIMIT ?7"
);

/// The rooms with some metadata, by the index.
const FIND_WITH_KEY: &str = "SELECT room_id FROM room_metadata WHERE key = ?2 LIMIT ?1";
const FIND_WITH_VALUE: &str =
    "SELECT room_id FROM room_metadata WHERE key = ?2 AND value = ?3 LIMIT ?1";

const LIST_PEOPLE: &str = "
    SELECT user_id, username, display_name FROM members JOIN users ON users.id = user_id
    WHERE room_id = ?1 ORDER BY user_id";

/// A range scan of the clustered table for one room. It runs once per room, because a statement costs no
/// round trip.
const COUNT_UNREAD: &str = "
    SELECT count(*), min(seq) FROM (
        SELECT seq FROM events
        WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3
          AND kind = 'message' AND user_id <> ?4 AND deleted_at IS NULL
        ORDER BY seq LIMIT ?5)";

/// A message may mention both the reader and everyone.
const COUNT_MENTIONS: &str = "
    SELECT count(DISTINCT seq) FROM (
        SELECT seq FROM mentions
        WHERE user_id IN (?3, 0) AND room_id = ?1 AND seq > ?2 AND thread_id IS NULL
          AND author_id <> ?3
        LIMIT ?4)";

/// Followed threads that may have unread replies: whether they have some, and the mentions in these.
const LIST_UNREAD_THREADS: &str = "
    SELECT count(*), coalesce(sum((
        SELECT count(DISTINCT seq) FROM mentions
        WHERE user_id IN (?1, 0) AND room_id = ?2 AND mentions.thread_id = follow.thread_id
          AND seq > read_seq AND author_id <> ?1)), 0)
    FROM (SELECT thread_id, read_seq FROM thread_follows INDEXED BY thread_follows_unread
          WHERE user_id = ?1 AND room_id = ?2 AND has_unread = 1 AND is_following = 1 LIMIT ?4) AS follow
    WHERE EXISTS (
        SELECT 1 FROM events
        WHERE events.thread_id = follow.thread_id AND seq > read_seq
          AND user_id <> ?1 AND events.deleted_at IS NULL)
      AND EXISTS (SELECT 1 FROM events WHERE events.id = follow.thread_id AND seq > ?3)";

impl ReadPositions for Sqlite {
    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.write(|tx| {
            let mut set = tx.prepare_cached(ADVANCE)?;
            let mut advanced = Vec::with_capacity(positions.len());
            for &ReadPosition { user_id, room_id, seq } in positions {
                let Some(head) = get_head(tx, room_id)? else {
                    advanced.push(None);
                    continue;
                };
                let (present, wanted) = (get_read_seq(tx, user_id, room_id)?, seq.min(head.seq));
                if wanted > present {
                    set.execute(params![user_id.0, room_id.0, wanted.0])?;
                }
                advanced.push(Some((wanted.max(present), wanted > present)));
            }
            Ok(advanced)
        })
    }

    fn move_back_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.write(|tx| {
            let mut set = tx.prepare_cached(MOVE_BACK)?;
            let mut moved = Vec::with_capacity(positions.len());
            for &ReadPosition { user_id, room_id, seq } in positions {
                if get_head(tx, room_id)?.is_none() {
                    moved.push(None);
                    continue;
                }
                let has_moved = set.execute(params![user_id.0, room_id.0, seq.0])? == 1;
                moved.push(Some((get_read_seq(tx, user_id, room_id)?, has_moved)));
            }
            Ok(moved)
        })
    }

    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        selection: &RoomSelection,
    ) -> Result<Vec<ListedRoom>> {
        let (first, last) = selection.ids();
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let kind = selection.kind.map(RoomKind::as_str);
            let membership = selection.membership.map(Belonging::as_str);
            // A negative limit is none.
            let limit = selection.limit.map_or(-1, i64::from);
            let mut parameters: Vec<&dyn ToSql> = vec![
                &reader.user_id.0,
                &first,
                &last,
                &kind,
                &membership,
                &selection.query,
                &limit,
            ];
            let found = selection.metadata.as_ref().map(|it| find_few(db, it)).transpose()?;
            let statement = match (&selection.metadata, &found) {
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
            let mut list = db.prepare_cached(statement)?;
            let mut rows = list.query(&*parameters)?;
            let mut listed = Vec::new();
            while let Some(row) = rows.next()? {
                listed.push(listed_room(db, row, reader)?);
            }
            Ok(listed)
        })
    }
}

/// The rooms with this metadata, as a JSON array, also those that a reader does not see. `None`: they are many.
fn find_few(db: &Connection, metadata: &MetadataQuery) -> Result<Option<String>> {
    let MetadataQuery { key, value } = metadata;
    let limit = FEW_ROOMS as i64 + 1;
    let find = |statement, parameters: &[&dyn ToSql]| -> rusqlite::Result<Vec<i64>> {
        db.prepare_cached(statement)?.query_map(parameters, |row| row.get(0))?.collect()
    };
    let ids = match value {
        None => find(FIND_WITH_KEY, params![limit, key])?,
        Some(value) => find(FIND_WITH_VALUE, params![limit, key, value])?,
    };
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    Ok((ids.len() <= FEW_ROOMS).then(|| format!("[{}]", ids.join(","))))
}

fn listed_room(db: &Connection, row: &Row<'_>, reader: Reader<'_>) -> Result<ListedRoom> {
    let room = room(row)?;
    let membership = match row.get_ref(ROOM_COLUMNS + 2)? {
        ValueRef::Null => None,
        _ => Some(membership(row, ROOM_COLUMNS + 2)?),
    };
    let read_seq = row.get::<_, Option<i64>>(ROOM_COLUMNS)?.map(Seq);
    // What was before the membership is not unread for a member who has never read the room.
    let seen_seq = read_seq.or(membership.map(|it| it.joined_seq));
    let unread = match seen_seq {
        None => None,
        Some(seen_seq) => {
            let visible_from = room.visible_from(membership.as_ref());
            Some(count_unread(db, &room, seen_seq.max(visible_from), visible_from, reader)?)
        }
    };
    let reading = Reading { read_seq: read_seq.unwrap_or_default(), unread };
    let people = match room.kind {
        RoomKind::Direct => db
            .prepare_cached(LIST_PEOPLE)?
            .query_map([room.id.0], person)?
            .collect::<rusqlite::Result<_>>()?,
        RoomKind::Public | RoomKind::Private => Vec::new(),
    };
    let member_count = row.get::<_, i64>(ROOM_COLUMNS + 1)?.unsigned_abs();
    Ok(ListedRoom { reading, membership, member_count, people, room })
}

fn get_read_seq(db: &Connection, user_id: UserId, room_id: RoomId) -> Result<Seq> {
    let seq = db
        .prepare_cached("SELECT seq FROM read_positions WHERE user_id = ?1 AND room_id = ?2")?
        .query_row([user_id.0, room_id.0], |row| row.get(0).map(Seq))
        .optional()?;
    Ok(seq.unwrap_or_default())
}

fn count_unread(
    db: &Connection,
    room: &Room,
    after: Seq,
    visible_from: Seq,
    reader: Reader<'_>,
) -> Result<Unread> {
    let mut unread = Unread::default();
    let user_id = reader.user_id.0;
    if after < room.head_seq {
        // The log has no gaps, so the length of a range of positions is the number of its events.
        let first = after.0.max(room.oldest_seq.0 - 1);
        let last = first + i64::from(Unread::MAX_EVENTS);
        (unread.messages, unread.first_seq) = db
            .prepare_cached(COUNT_UNREAD)?
            .query_row(params![room.id.0, first, last, user_id, Unread::MAX], |row| {
                Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Seq)))
            })?;
        unread.mentions = db
            .prepare_cached(COUNT_MENTIONS)?
            .query_row(params![room.id.0, after.0, user_id, Unread::MAX], |row| row.get(0))?;
    }
    let (threads, mentions): (u32, u32) = db
        .prepare_cached(LIST_UNREAD_THREADS)?
        .query_row(params![user_id, room.id.0, visible_from.0, Unread::MAX], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    unread.threads = threads;
    unread.mentions = unread.mentions.saturating_add(mentions).min(Unread::MAX);
    Ok(unread)
}
