//! Threads that people follow, mentions, and who can be mentioned.

use super::super::Result;
use super::super::backend::{FollowedThread, InboxEntry, InboxReason, ThreadFollow, Threads};
use super::Postgres;
use super::connection::Connection;
use super::parts::{parts_column, view_of};
use super::readable::{is_readable, visible_from};
use super::records::{MESSAGE_COLUMNS, message_columns};
use crate::model::{EventId, RoomId, Seq, Timestamp, Unread, UserId};

/// `chosen` are the threads of the page; only their messages are read. All threads with the same time are on one page, because
/// the next page begins with an earlier time.
const LIST_FOLLOWED: &str = concat!(
    "WITH chosen AS MATERIALIZED (
         SELECT place.thread_id, place.read_seq, newest.last_at, ",
    visible_from!(),
    " AS visible_from
         FROM thread_follows AS place
         CROSS JOIN LATERAL (
             SELECT created_at AS last_at FROM events
             WHERE events.thread_id = place.thread_id AND events.deleted_at IS NULL
             ORDER BY seq DESC LIMIT 1) AS newest
         JOIN rooms ON rooms.id = place.room_id
         WHERE ",
    is_readable!(),
    "  AND place.user_id = $1 AND is_following
           AND ($3::bigint IS NULL OR place.room_id = $3)
           AND (NOT $4::bool OR has_unread)
           AND ($5::bigint IS NULL OR last_at < $5)
         ORDER BY last_at DESC FETCH FIRST ($6) ROWS WITH TIES
     )
     SELECT ",
    message_columns!(),
    parts_column!("$1", "visible_from"),
    ", read_seq, (
           SELECT count(*) FROM (
               SELECT FROM events AS reply
               WHERE reply.thread_id = entry.id AND reply.seq > greatest(read_seq, visible_from)
                 AND reply.user_id <> $1 AND reply.deleted_at IS NULL
               LIMIT $7) AS replies)
     FROM chosen JOIN events AS entry ON entry.id = chosen.thread_id
     WHERE entry.seq > visible_from
     ORDER BY last_at DESC, entry.id DESC"
);

/// A message may mention both the user and everyone: the row of the user is kept.
const LIST_MENTIONS: &str = concat!(
    "WITH place AS (
         SELECT * FROM mentions WHERE user_id = $1
         UNION ALL
         SELECT mentions.* FROM members JOIN mentions
             ON mentions.user_id = 0 AND mentions.room_id = members.room_id AND seq > joined_seq
         WHERE members.user_id = $1
     ), named AS (
         SELECT DISTINCT ON (created_at, message_id)
                place.*, joined_seq, ",
    visible_from!(),
    " AS visible_from
         FROM place
         JOIN rooms ON rooms.id = place.room_id
         LEFT JOIN members ON members.room_id = place.room_id AND members.user_id = $1
         WHERE ",
    is_readable!(),
    "  AND author_id <> $1
           AND ($3::bigint IS NULL OR (place.created_at, message_id) < (
               SELECT last.created_at, last.id FROM events AS last JOIN rooms ON rooms.id = last.room_id
               WHERE last.id = $3 AND last.seq > ",
    visible_from!(),
    " AND ",
    is_readable!(),
    "))
         ORDER BY created_at DESC, message_id DESC, place.user_id DESC
     ), chosen AS MATERIALIZED (
         SELECT * FROM named ORDER BY created_at DESC, message_id DESC LIMIT $4
     )
     SELECT ",
    message_columns!(),
    parts_column!("$1", "visible_from"),
    ", chosen.user_id <> 0,
       CASE WHEN chosen.thread_id IS NULL
            THEN chosen.seq > coalesce(
                (SELECT position.seq FROM read_positions AS position
                 WHERE position.room_id = chosen.room_id AND position.user_id = $1),
                joined_seq, 0)
            ELSE chosen.seq > coalesce(
                (SELECT read_seq FROM thread_follows AS follow
                 JOIN events AS first ON first.id = follow.thread_id
                 WHERE follow.thread_id = chosen.thread_id AND follow.user_id = $1
                   AND is_following AND first.seq > chosen.visible_from), chosen.seq) END
     FROM chosen JOIN events AS entry ON entry.id = chosen.message_id
     WHERE entry.seq > visible_from
     ORDER BY chosen.created_at DESC, chosen.message_id DESC"
);

const FIND_READERS: &str = "
    SELECT lower(username COLLATE \"C\"), users.id FROM users JOIN rooms ON rooms.id = $1
    WHERE lower(username COLLATE \"C\") = ANY ($2::text[])
      AND users.is_active AND users.deleted_at IS NULL AND users.id > 0
      AND CASE rooms.kind
          WHEN 'public' THEN NOT EXISTS (
              SELECT FROM bans WHERE bans.room_id = $1 AND bans.user_id = users.id
                                 AND coalesce(until > $3, true))
          ELSE EXISTS (
              SELECT FROM members WHERE members.room_id = $1 AND members.user_id = users.id) END";

impl Threads for Postgres {
    fn get_thread_follow(
        &self,
        user_id: UserId,
        thread_id: EventId,
    ) -> Result<Option<ThreadFollow>> {
        self.read(|db| get_follow(db, user_id, thread_id))
    }

    fn follow_thread(
        &self,
        user_id: UserId,
        room_id: RoomId,
        thread_id: EventId,
        is_following: bool,
    ) -> Result<Option<bool>> {
        // What was there before is not unread, also for a user who follows the thread again.
        const FOLLOW: &str = "
            INSERT INTO thread_follows (thread_id, user_id, room_id, is_following, read_seq)
            SELECT id, $2, room_id, $4, (SELECT head_seq FROM rooms WHERE rooms.id = $3)
            FROM events WHERE id = $1 AND room_id = $3 AND kind IN ('message', 'reply')
            ON CONFLICT (thread_id, user_id) DO UPDATE SET
                is_following = excluded.is_following, read_seq = excluded.read_seq,
                has_unread = false
            WHERE thread_follows.is_following <> excluded.is_following";
        // As in `advance_thread`.
        const LOCK: &str = "SELECT FROM rooms WHERE id = $1 FOR SHARE";
        self.transaction(|tx| {
            tx.query_opt(LOCK, &[&room_id.0])?;
            let row = tx.execute(FOLLOW, &[&thread_id.0, &user_id.0, &room_id.0, &is_following])?;
            Ok(get_follow(tx, user_id, thread_id)?.map(|_| row == 1))
        })
    }

    fn advance_thread(
        &self,
        user_id: UserId,
        thread_id: EventId,
        seq: Seq,
    ) -> Result<Option<(ThreadFollow, bool)>> {
        // A reply locks its room until its commit. With the room locked here too, the next statement sees all replies that
        // came before, and those that come later see the row as it is then.
        const LOCK: &str = "
            SELECT FROM rooms
            WHERE id = (SELECT room_id FROM thread_follows WHERE thread_id = $1 AND user_id = $2)
            FOR SHARE";
        const ADVANCE: &str = "
            UPDATE thread_follows SET
                read_seq = greatest(read_seq, least($3, (
                    SELECT head_seq FROM rooms WHERE rooms.id = thread_follows.room_id))),
                has_unread = has_unread AND EXISTS (
                    SELECT FROM events
                    WHERE events.thread_id = $1 AND events.seq > greatest(read_seq, $3)
                      AND events.user_id <> $2 AND events.deleted_at IS NULL)
            WHERE thread_id = $1 AND user_id = $2";
        self.transaction(|tx| {
            tx.query_opt(LOCK, &[&thread_id.0, &user_id.0])?;
            let before = get_follow(tx, user_id, thread_id)?;
            tx.execute(ADVANCE, &[&thread_id.0, &user_id.0, &seq.0])?;
            let place = get_follow(tx, user_id, thread_id)?;
            Ok(place.map(|place| (place, Some(place) != before)))
        })
    }

    fn list_followed_threads(
        &self,
        user_id: UserId,
        room_id: Option<RoomId>,
        only_unread: bool,
        before: Option<Timestamp>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<FollowedThread>> {
        let room_id = room_id.map(|id| id.0);
        let before = before.map(|at| at.0);
        let (limit, most) = (i64::from(limit), i64::from(Unread::MAX));
        self.read(|db| {
            let rows = db.query(
                LIST_FOLLOWED,
                &[&user_id.0, &now.0, &room_id, &only_unread, &before, &limit, &most],
            )?;
            let mut threads = Vec::with_capacity(rows.len());
            for row in &rows {
                let unread = row.get::<_, i64>(MESSAGE_COLUMNS + 2);
                let thread = FollowedThread {
                    message: view_of(row)?,
                    read_seq: Seq(row.get(MESSAGE_COLUMNS + 1)),
                    unread: u32::try_from(unread).unwrap_or(Unread::MAX),
                };
                if thread.unread > 0 || !only_unread {
                    threads.push(thread);
                }
            }
            Ok(threads)
        })
    }

    fn list_mentions(
        &self,
        user_id: UserId,
        before: Option<EventId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<InboxEntry>> {
        let (before, limit) = (before.map(|id| id.0), i64::from(limit));
        self.read(|db| {
            let rows = db.query(LIST_MENTIONS, &[&user_id.0, &now.0, &before, &limit])?;
            let entry = |row| {
                let is_named = postgres::Row::get(row, MESSAGE_COLUMNS + 1);
                let reason = if is_named { InboxReason::Mention } else { InboxReason::Everyone };
                let is_unread = row.get(MESSAGE_COLUMNS + 2);
                Ok(InboxEntry { reason, message: view_of(row)?, is_unread })
            };
            rows.iter().map(entry).collect()
        })
    }

    fn find_readers(
        &self,
        room_id: RoomId,
        names: &[String],
        now: Timestamp,
    ) -> Result<Vec<(String, UserId)>> {
        self.read(|db| {
            let rows = db.query(FIND_READERS, &[&room_id.0, &names, &now.0])?;
            Ok(rows.iter().map(|row| (row.get(0), UserId(row.get(1)))).collect())
        })
    }
}

fn get_follow(
    db: &mut Connection,
    user_id: UserId,
    thread_id: EventId,
) -> Result<Option<ThreadFollow>> {
    const GET: &str = "
        SELECT is_following, read_seq FROM thread_follows WHERE thread_id = $1 AND user_id = $2";
    let row = db.query_opt(GET, &[&thread_id.0, &user_id.0])?;
    Ok(row.map(|row| ThreadFollow { is_following: row.get(0), read_seq: Seq(row.get(1)) }))
}
