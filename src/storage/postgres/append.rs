//! Appending to the log: the hot path, one round trip for a whole batch.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use super::super::{AppendError, Result};
use super::committed::CommittedEvent;
use super::connection::Connection;
use super::records::{MESSAGE_COLUMNS, message_of};
use super::{append_parts, errors};
use crate::model::{Appended, EventId, Message, NewMessage, RoomId, Seq};

/// Appends a batch in one statement, and so in one transaction. The locks of the rooms are held only for
/// the statement and its commit.
///
/// `targets` locks the rooms in order of id, so that no two batches deadlock. It waits for transactions
/// that have locked them, and then sees whether they have archived or deleted a room; `bumped` counts on
/// from the heads that they have left. A lock is held until the commit, so the order of seq is the order
/// of commit. The ids are drawn last, after a sort that has read all of `bumped`, and so in order of seq.
///
/// The planner makes the plan for one or two rows and keeps it for a while. `placed` therefore combines
/// messages and rooms by a window function: the plan of a join would compare each message with each room
/// (measured with 500 messages for 500 rooms: 41 ms instead of 14). The condition of `targets` on deleted
/// rooms is written so that the partial index of names does not match it. The planner would otherwise
/// read that whole index, which is cheaper than look-ups only while there are few rooms.
///
/// No foreign keys are needed: users are never deleted, and a locked room cannot be deleted.
///
/// A message whose `client_id` is in the statement's snapshot is returned as it is. If it was stored
/// while this statement waited for the room, the statement fails on the unique index, and the second
/// attempt finds it.
///
/// A message of somebody who is not a member is admitted only into a public room: the room may have become private
/// after the sender was admitted.
///
/// The statement returns the originals with their positions in the batch, the positions of messages
/// that are not admitted, and the stored messages in order of room and seq.
const APPEND: &str = "
    WITH input AS (
        SELECT *
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bool[])
            WITH ORDINALITY AS input (room_id, user_id, created_at, content, client_id, joins, ord)
    ), examined AS MATERIALIZED (
        SELECT input.*, events.seq AS original,
               EXISTS (SELECT FROM users WHERE users.id = user_id)
               AND CASE WHEN joins
                        THEN EXISTS (SELECT FROM rooms WHERE id = room_id AND kind = 'public')
                        ELSE true END AS is_admitted
        FROM input LEFT JOIN events USING (room_id, user_id, client_id)
    ), fresh AS MATERIALIZED (
        SELECT *, row_number() OVER (PARTITION BY room_id ORDER BY ord) AS nth
        FROM examined WHERE original IS NULL AND is_admitted
    ), targets AS MATERIALIZED (
        SELECT rooms.id, n, kind <> 'public' AS is_closed
        FROM (SELECT room_id, count(*) AS n FROM fresh GROUP BY room_id) AS counts
        JOIN rooms ON rooms.id = counts.room_id
        WHERE coalesce(archived_at, deleted_at) IS NULL
        ORDER BY rooms.id FOR NO KEY UPDATE OF rooms
    ), bumped AS (
        UPDATE rooms SET head_seq = head_seq + n FROM targets WHERE rooms.id = targets.id
        RETURNING rooms.id, head_seq - n AS base, is_closed
    ), placed AS (
        SELECT *, max(base) OVER (PARTITION BY room_id) + nth AS seq,
               bool_or(is_closed) OVER (PARTITION BY room_id) AS is_of_closed
        FROM (
            SELECT room_id, nth, user_id, created_at, content, client_id, NULL AS base,
                   NULL AS is_closed
            FROM fresh
            UNION ALL
            SELECT id, NULL, NULL, NULL, NULL, NULL, base, is_closed FROM bumped
        ) AS merged
    ), inserted AS (
        INSERT INTO events (id, room_id, seq, user_id, created_at, content, client_id)
        OVERRIDING SYSTEM VALUE
        SELECT CASE WHEN is_of_closed THEN nextval('closed_event_ids')
                    ELSE nextval('events_id_seq') END,
               room_id, seq, user_id, created_at, content, client_id
        FROM placed WHERE seq IS NOT NULL
        ORDER BY room_id, seq
        RETURNING id, room_id, seq
    )
    SELECT events.id, events.content,
           (SELECT ARRAY[username, display_name] FROM users WHERE users.id = events.user_id),
           events.user_id, events.created_at, events.room_id, events.seq, events.client_id,
           edited_at, deleted_at, events.detail, ord,
           (SELECT deleted_at IS NULL FROM rooms WHERE rooms.id = events.room_id)
    FROM examined JOIN events ON events.room_id = examined.room_id AND events.seq = original
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ord, false
    FROM examined WHERE NOT is_admitted
    UNION ALL
    SELECT id, NULL, NULL, NULL, NULL, room_id, seq, NULL, NULL, NULL, NULL, NULL, true FROM inserted
    ORDER BY room_id, seq";

/// Locks the accounts, and then the rooms, in order of id, as every transaction does that changes members. No partial
/// index matches the condition on these rooms: see [`APPEND`].
pub(super) const LOCK_PEOPLE: &str = "
    SELECT FROM users WHERE id = ANY ($1::bigint[]) ORDER BY id FOR SHARE";
const LOCK_ROOMS: &str = "
    SELECT FROM rooms
    WHERE id = ANY ($1::bigint[]) AND CASE kind WHEN 'public' THEN deleted_at IS NULL ELSE false END
    ORDER BY id FOR NO KEY UPDATE";

/// Makes the senders of stored messages members of public rooms. A statement of its own, after the locks: its snapshot
/// has the bans of the transactions for which the locks have waited.
pub(super) const JOIN: &str = "
    WITH joined AS (
        INSERT INTO members (room_id, user_id, role, joined_at, joined_seq)
        SELECT room_id, user_id, 'member', created_at, seq - 1
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             AS input (room_id, user_id, created_at, seq)
        WHERE EXISTS (SELECT FROM rooms
                      WHERE rooms.id = input.room_id AND kind = 'public' AND deleted_at IS NULL)
          AND EXISTS (SELECT FROM users WHERE users.id = input.user_id AND deleted_at IS NULL)
          AND NOT EXISTS (
            SELECT FROM bans
            WHERE bans.room_id = input.room_id AND bans.user_id = input.user_id
              AND coalesce(until > input.created_at, true))
        ORDER BY room_id, seq
        ON CONFLICT DO NOTHING
        RETURNING room_id
    ), changed AS (
        UPDATE server SET access_version = access_version + 1
        WHERE id = 1 AND EXISTS (SELECT FROM joined)
        RETURNING access_version
    )
    UPDATE rooms SET access_version = changed.access_version
    FROM changed WHERE rooms.id IN (SELECT room_id FROM joined)";

pub(super) type Outcome = Result<Appended, AppendError>;

pub(super) fn append_messages(
    db: &mut Connection,
    messages: Vec<NewMessage>,
) -> Result<Vec<Outcome>> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    if messages.iter().any(|message| message.parts.is_some()) {
        return append_parts::append_with_parts(db, &messages);
    }
    let joins: Vec<bool> = messages.iter().map(|message| message.joins).collect();
    let outcomes = match append_twice(db, &messages) {
        Ok(places) => outcomes(messages, places),
        Err(error) if errors::is_of_the_row(&error) => append_one_by_one(db, messages)?,
        Err(error) => return Err(error.into()),
    };
    let newest = |is_original: bool| {
        let appended = outcomes.iter().flatten().filter(|it| it.duplicate == is_original);
        let newest = appended.map(|it| &it.message).max_by_key(|message| message.id);
        newest.map(CommittedEvent::from)
    };
    if let Some(stored) = newest(false) {
        db.wrote(stored);
    }
    if let Some(original) = newest(true) {
        db.has_read(original);
    }
    let stored = outcomes.iter().zip(joins).filter(|(_, joins)| *joins);
    let stored = stored.filter_map(|(outcome, _)| outcome.as_ref().ok());
    join_senders(db, &stored.filter(|it| !it.duplicate).map(|it| &it.message).collect::<Vec<_>>());
    Ok(outcomes)
}

/// The messages are committed already, so an error is only logged: the next message of the sender joins again.
fn join_senders(db: &mut Connection, stored: &[&Message]) {
    if stored.is_empty() {
        return;
    }
    let column = |value: fn(&Message) -> i64| -> Vec<i64> {
        stored.iter().map(|message| value(message)).collect()
    };
    let (rooms, users) = (column(|it| it.room_id.0), column(|it| it.user_id.0));
    let (times, seqs) = (column(|it| it.timestamp.0), column(|it| it.seq.0));
    let joined = db.transaction(|tx| -> Result<()> {
        tx.query(LOCK_PEOPLE, &[&users])?;
        tx.query(LOCK_ROOMS, &[&rooms])?;
        tx.execute(JOIN, &[&rooms, &users, &times, &seqs])?;
        Ok(())
    });
    if let Err(error) = joined {
        tracing::warn!(%error, "senders did not become members of their rooms");
    }
}

/// Appends each message in a transaction of its own, so that only the faulty messages fail.
fn append_one_by_one(db: &mut Connection, messages: Vec<NewMessage>) -> Result<Vec<Outcome>> {
    let count = messages.len();
    let mut all: Vec<Outcome> = Vec::with_capacity(count);
    for message in messages {
        match append_twice(db, std::slice::from_ref(&message)) {
            Ok(places) => all.extend(outcomes(vec![message], places)),
            Err(error) if errors::is_of_the_row(&error) => {
                all.push(Err(AppendError::Storage(error.into())));
            }
            // The database is not reachable any more, so the rest would fail too.
            Err(error) if all.iter().any(Result::is_ok) => {
                let error = AppendError::Storage(db.judge(error.into()));
                all.resize_with(count, || Err(error.clone()));
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(all)
}

/// Tries a second time if another transaction was in conflict.
fn append_twice(
    db: &mut Connection,
    messages: &[NewMessage],
) -> Result<Vec<Place>, postgres::Error> {
    match append(db, messages) {
        Err(error) if errors::is_unique_violation(&error) || errors::is_busy(&error) => {
            append(db, messages)
        }
        result => result,
    }
}

/// The outcome of one message of a batch.
pub(super) enum Place {
    Stored {
        id: EventId,
        seq: Seq,
    },
    /// Its `client_id` was stored before.
    Original(Message),
    /// It has the `client_id` of the message at this index of the batch.
    Repeats(usize),
    RoomArchived,
    RoomNotFound,
    UserNotFound,
}

pub(super) fn append(
    db: &mut Connection,
    messages: &[NewMessage],
) -> Result<Vec<Place>, postgres::Error> {
    let first_of = repeats(messages);
    let sent: Vec<usize> = (0..messages.len()).filter(|i| !first_of.contains_key(i)).collect();
    let room_ids: Vec<i64> = sent.iter().map(|&i| messages[i].room_id.0).collect();
    let user_ids: Vec<i64> = sent.iter().map(|&i| messages[i].user_id.0).collect();
    let times: Vec<i64> = sent.iter().map(|&i| messages[i].timestamp.0).collect();
    let contents: Vec<&str> = sent.iter().map(|&i| messages[i].content.as_str()).collect();
    let client_ids: Vec<Option<&str>> =
        sent.iter().map(|&i| messages[i].client_id.as_deref()).collect();
    let joins: Vec<bool> = sent.iter().map(|&i| messages[i].joins).collect();
    let rows = db.query(APPEND, &[&room_ids, &user_ids, &times, &contents, &client_ids, &joins])?;

    let mut originals = HashMap::new();
    let mut refused = HashSet::new();
    let mut stored: HashMap<RoomId, VecDeque<Place>> = HashMap::new();
    for row in &rows {
        match row.get::<_, Option<i64>>(MESSAGE_COLUMNS) {
            Some(ord) if row.get(MESSAGE_COLUMNS + 1) => {
                originals.insert(sent[ord as usize - 1], message_of(row));
            }
            // The message is not admitted, or the original is in a deleted room that is not purged yet.
            Some(ord) => {
                refused.insert(sent[ord as usize - 1]);
            }
            None => {
                let place = Place::Stored { id: EventId(row.get(0)), seq: Seq(row.get(6)) };
                stored.entry(RoomId(row.get(5))).or_default().push_back(place);
            }
        }
    }
    // The statement does not look up who is named in a forwarded message.
    for (&i, original) in &mut originals {
        if original.parts.as_ref().is_some_and(|parts| parts.detail.forwarded.is_some()) {
            let NewMessage { room_id, user_id, client_id, .. } = &messages[i];
            let row = db.query_opt(append_parts::FIND, &[&room_id.0, &user_id.0, client_id])?;
            *original = row.as_ref().map_or(original.clone(), message_of);
        }
    }
    // The rows of a room are in the order of the batch.
    let place = |(i, message): (usize, &NewMessage)| {
        if refused.contains(&i) {
            return Place::RoomNotFound;
        }
        if let Some(&first) = first_of.get(&i) {
            return Place::Repeats(first);
        }
        if let Some(original) = originals.remove(&i) {
            return Place::Original(original);
        }
        let next = stored.get_mut(&message.room_id).and_then(VecDeque::pop_front);
        next.unwrap_or(Place::RoomNotFound)
    };
    let mut places: Vec<Place> = messages.iter().enumerate().map(place).collect();
    tell_why(db, messages, &mut places)?;
    Ok(places)
}

/// Finds out why messages were not stored: the room or the author does not exist, the room is archived, or it does not
/// exist for the author. Called only if there is such a message.
fn tell_why(
    db: &mut Connection,
    messages: &[NewMessage],
    places: &mut [Place],
) -> Result<(), postgres::Error> {
    const WHAT_IS_THERE: &str = "
        SELECT EXISTS (SELECT FROM rooms WHERE id = room_id AND deleted_at IS NULL),
               EXISTS (SELECT FROM users WHERE id = user_id),
               EXISTS (SELECT FROM rooms WHERE id = room_id AND archived_at IS NOT NULL)
        FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS refused (room_id, user_id, ord)
        ORDER BY ord";
    let refused: Vec<usize> =
        (0..places.len()).filter(|&i| matches!(places[i], Place::RoomNotFound)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let room_ids: Vec<i64> = refused.iter().map(|&i| messages[i].room_id.0).collect();
    let user_ids: Vec<i64> = refused.iter().map(|&i| messages[i].user_id.0).collect();
    let rows = db.query(WHAT_IS_THERE, &[&room_ids, &user_ids])?;
    for (i, row) in refused.into_iter().zip(rows) {
        places[i] = match (row.get(0), row.get(1), row.get(2)) {
            (true, false, _) => Place::UserNotFound,
            (true, true, true) => Place::RoomArchived,
            _ => Place::RoomNotFound,
        };
    }
    Ok(())
}

/// Returns the messages whose `client_id` an earlier message of the batch has: their index, and the
/// index of the earlier message.
fn repeats(messages: &[NewMessage]) -> HashMap<usize, usize> {
    let mut seen = HashMap::new();
    let mut first_of = HashMap::new();
    for (i, message) in messages.iter().enumerate() {
        if let Some(client_id) = &message.client_id {
            match seen.entry((message.room_id, message.user_id, client_id)) {
                Entry::Occupied(first) => {
                    first_of.insert(i, *first.get());
                }
                Entry::Vacant(entry) => {
                    entry.insert(i);
                }
            }
        }
    }
    first_of
}

pub(super) fn outcomes(messages: Vec<NewMessage>, places: Vec<Place>) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(messages.len());
    for (message, place) in messages.into_iter().zip(places) {
        let outcome = match place {
            Place::Stored { id, seq } => {
                Ok(Appended { message: message.into_message(id, seq), duplicate: false })
            }
            Place::Original(message) => Ok(Appended { message, duplicate: true }),
            Place::Repeats(first) => {
                outcomes[first].clone().map(|it| Appended { duplicate: true, ..it })
            }
            Place::RoomArchived => Err(AppendError::RoomArchived),
            Place::RoomNotFound => Err(AppendError::RoomNotFound),
            Place::UserNotFound => Err(AppendError::UserNotFound),
        };
        outcomes.push(outcome);
    }
    outcomes
}
