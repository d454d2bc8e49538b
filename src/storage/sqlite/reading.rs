//! Rooms as a reader has read them: the position in each, and what is unread after it.

use rusqlite::{Connection, Row, params};

use super::super::Result;
use super::rooms;
use super::transaction::Transaction;
use crate::model::{Reader, Reading, Room, RoomId, Seq, Unread, mentions};

const LIST: &str = "
    SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
           oldest_seq, retention_days, read_positions.seq
    FROM rooms LEFT JOIN read_positions ON room_id = id AND user_id = ?1
    WHERE deleted_at IS NULL AND id BETWEEN ?2 AND ?3 ORDER BY id";

/// A range scan of the clustered table, for one room after the other: a statement costs no round trip.
const LIST_UNREAD: &str = "
    SELECT content FROM events
    WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3
      AND kind = 'message' AND user_id <> ?4 AND deleted_at IS NULL
    ORDER BY seq LIMIT ?5";

pub(super) fn list_rooms_read(
    db: &Connection,
    reader: Reader<'_>,
    only: Option<RoomId>,
) -> Result<Vec<(Room, Reading)>> {
    let (first, last) = only.map_or((i64::MIN, i64::MAX), |id| (id.0, id.0));
    let _snapshot = Transaction::read(db)?;
    let mut statement = db.prepare_cached(LIST)?;
    let rows = statement.query_map(params![reader.user_id.0, first, last], room_and_position)?;
    let mut unread = db.prepare_cached(LIST_UNREAD)?;
    let mut read = Vec::new();
    for row in rows {
        let (room, position) = row?;
        let Some(read_seq) = position else {
            read.push((room, Reading::default()));
            continue;
        };
        let mut count = Unread::default();
        if read_seq < room.head_seq {
            // The log has no holes, so that a range of positions is as many events.
            let first = read_seq.0.max(room.oldest_seq.0 - 1);
            let last = first + i64::from(Unread::MAX_EVENTS);
            let mut rows =
                unread.query(params![room.id.0, first, last, reader.user_id.0, Unread::MAX])?;
            while let Some(row) = rows.next()? {
                count.messages += 1;
                let content = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                count.mentions += u32::from(mentions(content, reader.username));
            }
        }
        read.push((room, Reading { read_seq, unread: Some(count) }));
    }
    Ok(read)
}

fn room_and_position(row: &Row<'_>) -> rusqlite::Result<(Room, Option<Seq>)> {
    Ok((rooms::room(row)?, row.get::<_, Option<i64>>(10)?.map(Seq)))
}
