//! Appending batches in which some messages have parts: threads, quotes, mentions.

use super::super::decisions::{self, AppendTransaction, ThreadPlace};
use super::super::{Error, Result};
use super::append::{JOIN, LOCK_PEOPLE, Outcome, append, outcomes as outcomes_of};
use super::committed::CommittedEvent;
use super::connection::Connection;
use super::records::{message_columns, message_of};
use crate::model::{Appended, EventId, Message, NewMessage, Seq, UserId};

const LOCK_ALL_ROOMS: &str = "
    SELECT FROM rooms WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE";

/// Appends a batch in which some messages have parts, in one transaction: a statement for each run of plain messages, and
/// several for each of the others. All rooms are locked first, in order of id.
pub(super) fn append_with_parts(
    db: &mut Connection,
    messages: &[NewMessage],
) -> Result<Vec<Outcome>> {
    let result = append_runs(db, messages);
    match result {
        // Another transaction was in conflict.
        Err(Error::Busy(_)) => append_runs(db, messages),
        result => result,
    }
}

fn append_runs(db: &mut Connection, messages: &[NewMessage]) -> Result<Vec<Outcome>> {
    let (mut users, mut rooms): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    for message in messages {
        rooms.push(message.room_id.0);
        if message.joins {
            users.push(message.user_id.0);
        }
    }
    db.transaction(|tx| {
        if !users.is_empty() {
            tx.query(LOCK_PEOPLE, &[&users])?;
        }
        tx.query(LOCK_ALL_ROOMS, &[&rooms])?;
        let mut outcomes = Vec::with_capacity(messages.len());
        for run in messages.chunk_by(|one, next| one.parts.is_none() && next.parts.is_none()) {
            match run {
                [message] if message.parts.is_some() => {
                    let mut message = message.clone();
                    let parts = message.parts.take().unwrap_or_default();
                    outcomes.push(decisions::append_message(tx, message, *parts)?);
                }
                run => {
                    let places = append(tx, run)?;
                    let appended = outcomes_of(run.to_vec(), places);
                    for (outcome, sent) in appended.iter().zip(run) {
                        let Ok(Appended { message, duplicate: false }) = outcome else { continue };
                        tx.wrote(CommittedEvent::from(message));
                        if sent.joins {
                            tx.join_sender(sent, message.seq)?;
                        }
                    }
                    outcomes.extend(appended);
                }
            }
        }
        Ok(outcomes)
    })
}

/// Reads the message with a `client_id`.
pub(super) const FIND: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM events AS entry WHERE room_id = $1 AND user_id = $2 AND client_id = $3"
);

impl AppendTransaction for Connection {
    fn find_original(&mut self, message: &NewMessage) -> Result<Option<Message>> {
        let NewMessage { room_id, user_id, client_id, .. } = message;
        let row = self.query_opt(FIND, &[&room_id.0, &user_id.0, client_id])?;
        Ok(row.as_ref().map(message_of))
    }

    fn has_account(&mut self, id: UserId) -> Result<bool> {
        Ok(self.query_opt("SELECT FROM users WHERE id = $1", &[&id.0])?.is_some())
    }

    fn join_sender(&mut self, message: &NewMessage, seq: Seq) -> Result<()> {
        let NewMessage { room_id, user_id, timestamp, .. } = message;
        let (rooms, users) = (vec![room_id.0], vec![user_id.0]);
        self.execute(JOIN, &[&rooms, &users, &vec![timestamp.0], &vec![seq.0]])?;
        Ok(())
    }

    fn follow(&mut self, place: ThreadPlace) -> Result<()> {
        const FOLLOW: &str = "
            INSERT INTO thread_follows (thread_id, user_id, room_id, is_following, read_seq)
            VALUES ($1, $2, $3, true, $4)
            ON CONFLICT (thread_id, user_id) DO UPDATE SET is_following = true";
        let ThreadPlace { room_id, thread_id, user_id, read_seq } = place;
        self.execute(FOLLOW, &[&thread_id.0, &user_id.0, &room_id.0, &read_seq.0])?;
        Ok(())
    }

    fn follow_once(&mut self, place: ThreadPlace) -> Result<()> {
        const FOLLOW: &str = "
            INSERT INTO thread_follows (thread_id, user_id, room_id, is_following, read_seq)
            VALUES ($1, $2, $3, true, $4) ON CONFLICT DO NOTHING";
        let ThreadPlace { room_id, thread_id, user_id, read_seq } = place;
        self.execute(FOLLOW, &[&thread_id.0, &user_id.0, &room_id.0, &read_seq.0])?;
        Ok(())
    }

    fn move_on(&mut self, place: ThreadPlace) -> Result<()> {
        const MOVE: &str = "
            UPDATE thread_follows SET read_seq = greatest(read_seq, $3), has_unread = false
            WHERE thread_id = $1 AND user_id = $2";
        let ThreadPlace { thread_id, user_id, read_seq, .. } = place;
        self.execute(MOVE, &[&thread_id.0, &user_id.0, &read_seq.0])?;
        Ok(())
    }

    fn note_reply(&mut self, thread_id: EventId, author: UserId) -> Result<()> {
        const NOTE: &str = "
            UPDATE thread_follows SET has_unread = true
            WHERE thread_id = $1 AND user_id <> $2 AND is_following AND NOT has_unread";
        self.execute(NOTE, &[&thread_id.0, &author.0])?;
        Ok(())
    }
}
