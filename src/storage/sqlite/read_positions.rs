//! Up to where people have read.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::events::get_head;
use crate::model::{ReadPosition, RoomId, Seq, UserId};

pub(super) fn advance_read_positions(
    tx: &Connection,
    positions: &[ReadPosition],
) -> Result<Vec<Option<(Seq, bool)>>> {
    let mut set = tx.prepare_cached(
        "INSERT INTO read_positions (user_id, room_id, seq) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET seq = excluded.seq",
    )?;
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
}

fn get_read_seq(db: &Connection, user_id: UserId, room_id: RoomId) -> Result<Seq> {
    let seq = db
        .prepare_cached("SELECT seq FROM read_positions WHERE user_id = ?1 AND room_id = ?2")?
        .query_row([user_id.0, room_id.0], |row| row.get(0).map(Seq))
        .optional()?;
    Ok(seq.unwrap_or_default())
}
