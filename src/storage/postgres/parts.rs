//! The parts of messages that are in other tables: reactions, threads and pins. They are read in the statement that reads
//! the messages, so that all are from one snapshot. `events.extras` says which messages have some.

use postgres::Row;
use serde::Deserialize;

use super::super::Result;
use super::records::{MESSAGE_COLUMNS, message_of};
use crate::model::{Message, MessageParts, Person, Reaction, Seq, ThreadSummary, Timestamp};

/// The column that [`view_of`] reads after those of a message: JSON, or NULL if the message has no such parts. The
/// arguments are the parameters of the reader's id, and of the `seq` after which the reader sees the log.
macro_rules! parts_column {
    ($reader:literal, $visible_from:literal) => {
        concat!(
            ", CASE WHEN entry.extras & 14 <> 0 THEN jsonb_build_object(
                'reactions', (
                    SELECT jsonb_agg(jsonb_build_object(
                        'emoji', emoji, 'count', people, 'mine', is_mine, 'people', named)
                        ORDER BY first, emoji)
                    FROM (
                        SELECT emoji, count(*) AS people, min(seq) AS first,
                               bool_or(user_id = ",
            $reader,
            ") AS is_mine,
                               (SELECT jsonb_agg(jsonb_build_object(
                                    'user_id', users.id, 'username', username,
                                    'display_name', display_name) ORDER BY early.seq, users.id)
                                FROM (SELECT user_id, seq FROM reactions AS same
                                      WHERE same.message_id = entry.id
                                        AND same.emoji = reactions.emoji
                                      ORDER BY seq, user_id LIMIT 10) AS early
                                JOIN users ON users.id = early.user_id) AS named
                        FROM reactions WHERE message_id = entry.id GROUP BY emoji
                    ) AS grouped),
                'thread', CASE WHEN entry.extras & 4 <> 0 THEN (
                    SELECT jsonb_build_object(
                        'last_seq', last.seq, 'last_at', last.created_at,
                        'count', (SELECT count(*) FROM (
                            SELECT FROM events AS reply
                            WHERE reply.thread_id = entry.id AND reply.seq > ",
            $visible_from,
            "
                              AND reply.deleted_at IS NULL
                            LIMIT 9999) AS replies),
                        'people', (
                            SELECT jsonb_agg(jsonb_build_object(
                                'user_id', users.id, 'username', username,
                                'display_name', display_name) ORDER BY newest DESC)
                            FROM (
                                SELECT user_id, max(seq) AS newest FROM (
                                    SELECT user_id, seq FROM events AS reply
                                    WHERE reply.thread_id = entry.id
                                      AND reply.seq > ",
            $visible_from,
            "
                                      AND reply.deleted_at IS NULL
                                    ORDER BY seq DESC LIMIT 50) AS recent
                                GROUP BY user_id ORDER BY newest DESC LIMIT 5) AS authors
                            JOIN users ON users.id = authors.user_id))
                    FROM (
                        SELECT seq, created_at FROM events AS reply
                        WHERE reply.thread_id = entry.id AND reply.seq > ",
            $visible_from,
            "
                          AND reply.deleted_at IS NULL
                        ORDER BY seq DESC LIMIT 1) AS last) END,
                'is_pinned', EXISTS (SELECT FROM pins WHERE pins.message_id = entry.id)
            )::text END"
        )
    };
}

pub(super) use parts_column;

#[derive(Deserialize)]
struct Parts {
    reactions: Option<Vec<Reaction>>,
    thread: Option<Thread>,
    is_pinned: bool,
}

#[derive(Deserialize)]
struct Thread {
    count: u32,
    last_seq: Seq,
    /// Milliseconds since 1970.
    last_at: i64,
    people: Vec<Person>,
}

/// Reads a message with all its parts.
pub(super) fn view_of(row: &Row) -> Result<Message> {
    let mut message = message_of(row);
    let Some(json) = row.get::<_, Option<&str>>(MESSAGE_COLUMNS) else { return Ok(message) };
    let parts: Parts = serde_json::from_str(json)
        .map_err(|error| super::super::Error::Internal(error.to_string()))?;
    let Parts { reactions, thread, is_pinned } = parts;
    let (reactions, thread) = (reactions.unwrap_or_default(), thread.map(summary));
    if !reactions.is_empty() || thread.is_some() || is_pinned {
        let parts = message.parts.get_or_insert_default();
        **parts = MessageParts { reactions, thread, is_pinned, ..std::mem::take(parts) };
    }
    Ok(message)
}

fn summary(thread: Thread) -> ThreadSummary {
    let Thread { count, last_seq, last_at, people } = thread;
    ThreadSummary { count, last_seq, last_at: Timestamp(last_at), people }
}
