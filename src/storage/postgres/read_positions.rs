//! Up to where people have read.

use std::collections::HashMap;

use super::super::Result;
use super::connection::Connection;
use crate::model::{ReadPosition, RoomId, Seq, UserId};

/// Nobody's position moves back, whoever else moves it meanwhile. Rows are locked in one order, so
/// that two of these do not wait for each other.
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

pub(super) fn advance_read_positions(
    db: &mut Connection,
    positions: &[ReadPosition],
) -> Result<Vec<Option<(Seq, bool)>>> {
    let user_ids: Vec<i64> = positions.iter().map(|position| position.user_id.0).collect();
    let room_ids: Vec<i64> = positions.iter().map(|position| position.room_id.0).collect();
    let seqs: Vec<i64> = positions.iter().map(|position| position.seq.0).collect();
    let mut known = HashMap::new();
    let moved = db.query(ADVANCE, &[&user_ids, &room_ids, &seqs])?;
    for row in db.query(LOOK, &[&user_ids, &room_ids])? {
        known.insert((UserId(row.get(0)), RoomId(row.get(1))), (Seq(row.get(2)), false));
    }
    for row in moved {
        if let Some((_, has_moved)) = known.get_mut(&(UserId(row.get(0)), RoomId(row.get(1)))) {
            *has_moved = true;
        }
    }
    let of = |position: &ReadPosition| known.get(&(position.user_id, position.room_id)).copied();
    Ok(positions.iter().map(of).collect())
}
