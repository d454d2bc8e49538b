//! The newest events that this process knows to be committed, and the check that PostgreSQL still has them.
//!
//! A failover to an asynchronous standby, or a restore of PostgreSQL to an earlier time, keeps the epoch and
//! may lose the last commits. New events would then get the same seqs as lost ones, and a client that
//! had received the lost ones could not know. So every new connection looks for the newest known events.
//! If one is missing, history was lost: the epoch is replaced, and every server on the database stops and starts
//! again with the new one.
//!
//! Few events suffice, because commits have one order, the order of the WAL, and only the last of them can be
//! lost. If any known event was lost, the one that was committed last was lost too. That event is
//!
//! - the newest event that this process has written: one connection appends all of them, so its commits
//!   follow one another, and the events of a batch share one commit; or
//! - an event that it has read: in one room the event with the greatest seq, because the order of seq is the
//!   order of commit. Ids of different rooms are drawn in the order of commit, except by transactions
//!   that run at the same moment. So the rooms whose newest events have the greatest ids are kept, many
//!   more of them than there are nodes that could commit at the same moment.
//!
//! An event is recognised by its id and its time. The id alone could be given again: a sequence is logged
//! 32 numbers at a time, and continues from the last logged number.

use std::sync::{Mutex, PoisonError};

use postgres::{Client, Row};

use crate::model::{EventId, Message, RoomId, Seq, Timestamp};

/// The number of rooms whose newest event is kept.
const ROOMS: usize = 64;

/// Counts the events that are lost. An event may be missing if it was pruned, or if its room was deleted: a room
/// without a row was purged if the audit log, which is never shortened, has its creation; otherwise the room
/// itself was lost.
///
/// Subqueries in this form are look-ups in an index, whatever the planner knows about the tables.
const COUNT_LOST: &str = "
    SELECT count(*)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
         AS known (room_id, seq, id, created_at)
    WHERE (SELECT events.id = known.id AND events.created_at = known.created_at
           FROM events WHERE events.room_id = known.room_id AND events.seq = known.seq) IS NOT TRUE
      AND coalesce(
          (SELECT deleted_at IS NULL AND known.seq >= oldest_seq
           FROM rooms WHERE rooms.id = known.room_id),
          NOT EXISTS (SELECT FROM audit WHERE target = 'room #' || known.room_id))";

/// Only one process replaces the epoch. A standby refuses this statement, so a standby that merely lags
/// is not taken for a loss.
const REPLACE_EPOCH: &str = "
    UPDATE server SET epoch = replace(gen_random_uuid()::text, '-', '') WHERE id = 1 AND epoch = $1";

/// Ends the other connections to this database that hold the advisory lock, those of every process, so that
/// their processes connect again and notice the new epoch.
const END_OTHERS: &str = "
    SELECT count(pg_terminate_backend(pid))
    FROM (SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE locktype = 'advisory' AND granted AND objsubid = 1
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (classid::bigint << 32 | objid::bigint) = $1
            AND pid <> pg_backend_pid() AND usename = current_user) AS others";

/// An event of which this process knows that it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CommittedEvent {
    pub room_id: RoomId,
    pub seq: Seq,
    pub id: EventId,
    pub created_at: Timestamp,
}

impl CommittedEvent {
    /// Reads the columns of `message_columns!`.
    pub fn of(row: &Row) -> Self {
        Self {
            room_id: RoomId(row.get(5)),
            seq: Seq(row.get(6)),
            id: EventId(row.get(0)),
            created_at: Timestamp(row.get(4)),
        }
    }
}

impl From<&Message> for CommittedEvent {
    fn from(message: &Message) -> Self {
        Self {
            room_id: message.room_id,
            seq: message.seq,
            id: message.id,
            created_at: message.timestamp,
        }
    }
}

/// The newest committed events that this process knows.
#[derive(Debug, Default)]
pub(super) struct Committed(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The newest events that this process has written: in a public room, and in a room that only its members see.
    /// Their ids are from two ranges, so that they do not tell which of the two is newer.
    written: [Option<CommittedEvent>; 2],
    /// Events that it has read, one for each room, in the same two parts.
    read: [Vec<CommittedEvent>; 2],
}

impl Committed {
    /// Called after the commit.
    pub fn wrote(&self, event: CommittedEvent) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = &mut known.written[usize::from(event.id.is_closed())];
        if newest.is_none_or(|written| written.id < event.id) {
            *newest = Some(event);
        }
    }

    pub fn read(&self, event: CommittedEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(event);
    }

    fn all(&self) -> Vec<CommittedEvent> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.written.iter().flatten().chain(known.read.iter().flatten()).copied().collect()
    }

    /// Replaces the database's epoch if known events are missing. Returns whether they are.
    pub fn check(
        &self,
        client: &mut Client,
        epoch: &str,
        lock: i64,
    ) -> Result<bool, postgres::Error> {
        let known = self.all();
        if known.is_empty() {
            return Ok(false);
        }
        let column =
            |value: fn(&CommittedEvent) -> i64| known.iter().map(value).collect::<Vec<_>>();
        let room_ids = column(|event| event.room_id.0);
        let seqs = column(|event| event.seq.0);
        let ids = column(|event| event.id.0);
        let times = column(|event| event.created_at.0);
        let row = client.query_one(COUNT_LOST, &[&room_ids, &seqs, &ids, &times])?;
        let missing: i64 = row.get(0);
        if missing == 0 {
            return Ok(false);
        }
        if client.execute(REPLACE_EPOCH, &[&epoch])? > 0 {
            tracing::error!(
                missing,
                known = known.len(),
                "PostgreSQL has lost committed events, as after a failover to a standby that lacked them: \
                 the database gets another epoch, so that clients load their data again, and every server \
                 on it must be started again"
            );
        }
        if let Err(error) = client.execute(END_OTHERS, &[&lock]) {
            tracing::error!(
                %error,
                "the other servers on this database could not be disconnected: start them again"
            );
        }
        Ok(true)
    }
}

impl Known {
    fn read(&mut self, event: CommittedEvent) {
        let read = &mut self.read[usize::from(event.id.is_closed())];
        if let Some(known) = read.iter_mut().find(|known| known.room_id == event.room_id) {
            if known.seq < event.seq {
                *known = event;
            }
        } else if read.len() < ROOMS {
            read.push(event);
        } else if let Some(oldest) = read.iter_mut().min_by_key(|known| known.id)
            && oldest.id < event.id
        {
            *oldest = event;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(room: i64, seq: i64, id: i64) -> CommittedEvent {
        CommittedEvent {
            room_id: RoomId(room),
            seq: Seq(seq),
            id: EventId(id),
            created_at: Timestamp(0),
        }
    }

    #[test]
    fn the_newest_written_event_is_kept_whatever_is_read() {
        let committed = Committed::default();
        committed.wrote(event(1, 2, 20));
        // A repeated send: the original is older than the last commit.
        committed.wrote(event(1, 1, 10));
        for room in 0..1_000 {
            committed.read(event(room, 5, 1_000 + room));
        }
        assert_eq!(committed.all().first(), Some(&event(1, 2, 20)));
        assert_eq!(committed.all().len(), 1 + ROOMS);
    }

    #[test]
    fn old_history_that_is_read_does_not_push_out_new_events() {
        let committed = Committed::default();
        committed.read(event(7, 9, 100_000));
        committed.read(event(7, 8, 99_000));
        for room in 1_000..2_000 {
            committed.read(event(room, 1, room));
        }
        assert!(committed.all().contains(&event(7, 9, 100_000)));
        assert!(committed.all().contains(&event(1_999, 1, 1_999)));
        assert!(!committed.all().contains(&event(1_000, 1, 1_000)));
        assert_eq!(committed.all().len(), ROOMS);
    }
}
