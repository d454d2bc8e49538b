//! Positions up to which users have read, and what is unread after them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::ReadPositions;
use super::Sqlite;
use super::events::get_head;
use super::records::{ROOM_COLUMNS, room, room_columns};
use super::transaction::Transaction;
use crate::model::{ReadPosition, Reader, Reading, Room, RoomId, Seq, Unread, UserId, mentions};

const ADVANCE: &str = "
    INSERT INTO read_positions (user_id, room_id, seq) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET seq = excluded.seq";

const LIST: &str = concat!(
    "SELECT ",
    room_columns!(),
    ", read_positions.seq
     FROM rooms LEFT JOIN read_positions ON room_id = id AND user_id = ?1
     WHERE deleted_at IS NULL AND id BETWEEN ?2 AND ?3 ORDER BY id"
);

/// A range scan of the clustered table for one room. It runs once per room, because a statement costs no
/// round trip.
const LIST_UNREAD: &str = "
    SELECT content FROM events
    WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3
      AND kind = 'message' AND user_id <> ?4 AND deleted_at IS NULL
    ORDER BY seq LIMIT ?5";

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

    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        only: Option<RoomId>,
    ) -> Result<Vec<(Room, Reading)>> {
        let (first, last) = only.map_or((i64::MIN, i64::MAX), |id| (id.0, id.0));
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let mut statement = db.prepare_cached(LIST)?;
            let rows =
                statement.query_map(params![reader.user_id.0, first, last], room_and_position)?;
            let mut read = Vec::new();
            for row in rows {
                let (room, position) = row?;
                let reading = match position {
                    None => Reading::default(),
                    Some(read_seq) => Reading {
                        read_seq,
                        unread: Some(count_unread(db, &room, read_seq, reader)?),
                    },
                };
                read.push((room, reading));
            }
            Ok(read)
        })
    }
}

fn get_read_seq(db: &Connection, user_id: UserId, room_id: RoomId) -> Result<Seq> {
    let seq = db
        .prepare_cached("SELECT seq FROM read_positions WHERE user_id = ?1 AND room_id = ?2")?
        .query_row([user_id.0, room_id.0], |row| row.get(0).map(Seq))
        .optional()?;
    Ok(seq.unwrap_or_default())
}

fn count_unread(db: &Connection, room: &Room, read_seq: Seq, reader: Reader<'_>) -> Result<Unread> {
    let mut count = Unread::default();
    if read_seq >= room.head_seq {
        return Ok(count);
    }
    // The log has no gaps, so the length of a range of positions is the number of its events.
    let first = read_seq.0.max(room.oldest_seq.0 - 1);
    let last = first + i64::from(Unread::MAX_EVENTS);
    let mut unread = db.prepare_cached(LIST_UNREAD)?;
    let mut rows = unread.query(params![room.id.0, first, last, reader.user_id.0, Unread::MAX])?;
    while let Some(row) = rows.next()? {
        count.messages += 1;
        let content = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        count.mentions += u32::from(mentions(content, reader.username));
    }
    Ok(count)
}

fn room_and_position(row: &Row<'_>) -> rusqlite::Result<(Room, Option<Seq>)> {
    Ok((room(row)?, row.get::<_, Option<i64>>(ROOM_COLUMNS)?.map(Seq)))
}
