//! Threads that people follow, mentions, and who can be mentioned.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::super::backend::{FollowedThread, InboxEntry, InboxReason, ThreadFollow, Threads};
use super::Sqlite;
use super::messages::view_message;
use super::readable::{is_readable, visible_from};
use super::transaction::Transaction;
use crate::model::{EventId, RoomId, Seq, Timestamp, Unread, UserId, View};

/// All threads with the same time are on one page, because the next page begins with an earlier time.
const LIST_FOLLOWED: &str = concat!(
    "WITH found AS MATERIALIZED (
    SELECT entry.room_id, entry.thread_id, entry.read_seq, ",
    visible_from!(),
    " AS visible_from, (SELECT created_at FROM events
        WHERE events.thread_id = entry.thread_id AND events.deleted_at IS NULL
        ORDER BY seq DESC LIMIT 1) AS last_at
    FROM thread_follows AS entry JOIN rooms ON rooms.id = entry.room_id
    WHERE ",
    is_readable!(),
    " AND entry.user_id = ?1 AND entry.is_following = 1
     AND (?3 IS NULL OR entry.room_id = ?3)
     AND (?4 = 0 OR entry.has_unread = 1)
     AND last_at IS NOT NULL AND (?5 IS NULL OR last_at < ?5)
    )
    SELECT * FROM found
    WHERE last_at >= coalesce(
        (SELECT last_at FROM found ORDER BY last_at DESC LIMIT 1 OFFSET ?6 - 1), last_at)
    ORDER BY last_at DESC, thread_id DESC"
);

const COUNT_REPLIES: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM events
        WHERE thread_id = ?1 AND seq > ?2 AND user_id <> ?3 AND deleted_at IS NULL LIMIT ?4)";

/// A message may mention both the user and everyone: the first row of each is kept.
const LIST_MENTIONS: &str = concat!(
    "SELECT entry.room_id, entry.message_id, max(entry.user_id) <> 0, ",
    visible_from!(),
    ", CASE WHEN entry.thread_id IS NULL
            THEN entry.seq > coalesce(
                (SELECT seq FROM read_positions
                 WHERE read_positions.room_id = entry.room_id AND read_positions.user_id = ?1),
                members.joined_seq, 0)
            ELSE entry.seq > coalesce(
                (SELECT read_seq FROM thread_follows
                 JOIN events AS first ON first.id = thread_follows.thread_id
                 WHERE thread_follows.thread_id = entry.thread_id AND thread_follows.user_id = ?1
                   AND is_following = 1 AND first.seq > ",
    visible_from!(),
    "), entry.seq) END
    FROM (
        SELECT * FROM mentions WHERE user_id = ?1
        UNION ALL
        SELECT mentions.* FROM members JOIN mentions
            ON mentions.user_id = 0 AND mentions.room_id = members.room_id AND seq > joined_seq
        WHERE members.user_id = ?1
    ) AS entry
    JOIN rooms ON rooms.id = entry.room_id
    LEFT JOIN members ON members.room_id = entry.room_id AND members.user_id = ?1
    WHERE ",
    is_readable!(),
    " AND entry.author_id <> ?1
     AND (?3 IS NULL OR (entry.created_at, entry.message_id) < (
         SELECT last.created_at, last.id FROM events AS last JOIN rooms ON rooms.id = last.room_id
         WHERE last.id = ?3 AND last.seq > ",
    visible_from!(),
    " AND ",
    is_readable!(),
    "))
     GROUP BY entry.message_id
     ORDER BY entry.created_at DESC, entry.message_id DESC LIMIT ?4"
);

const FIND_READERS: &str = "
    SELECT lower(username), users.id FROM users JOIN rooms ON rooms.id = ?1
     WHERE username = ?2 AND users.is_active = 1 AND users.deleted_at IS NULL AND users.id > 0
       AND CASE rooms.kind
           WHEN 'public' THEN NOT EXISTS (
               SELECT 1 FROM bans WHERE bans.room_id = ?1 AND bans.user_id = users.id
                                    AND (until IS NULL OR until > ?3))
           ELSE EXISTS (
               SELECT 1 FROM members WHERE members.room_id = ?1 AND members.user_id = users.id) END";

impl Threads for Sqlite {
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
            SELECT id, ?2, room_id, ?4, (SELECT head_seq FROM rooms WHERE id = ?3)
            FROM events WHERE id = ?1 AND room_id = ?3 AND kind IN ('message', 'reply')
            ON CONFLICT DO UPDATE SET
                is_following = excluded.is_following, read_seq = excluded.read_seq, has_unread = 0
            WHERE is_following <> excluded.is_following";
        self.write(|tx| {
            let row = params![thread_id.0, user_id.0, room_id.0, is_following];
            let is_new = tx.prepare_cached(FOLLOW)?.execute(row)? == 1;
            Ok(get_follow(tx, user_id, thread_id)?.map(|_| is_new))
        })
    }

    fn advance_thread(
        &self,
        user_id: UserId,
        thread_id: EventId,
        seq: Seq,
    ) -> Result<Option<(ThreadFollow, bool)>> {
        // Whether a reply is left after the new place is found out in the same statement.
        const ADVANCE: &str = "
            UPDATE thread_follows SET
                read_seq = max(read_seq, min(?3, (SELECT head_seq FROM rooms WHERE id = room_id))),
                has_unread = has_unread AND EXISTS (
                    SELECT 1 FROM events
                    WHERE events.thread_id = ?1 AND seq > max(read_seq, ?3)
                      AND events.user_id <> ?2 AND events.deleted_at IS NULL)
            WHERE thread_id = ?1 AND user_id = ?2";
        self.write(|tx| {
            let before = get_follow(tx, user_id, thread_id)?;
            tx.prepare_cached(ADVANCE)?.execute([thread_id.0, user_id.0, seq.0])?;
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
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let mut list = db.prepare_cached(LIST_FOLLOWED)?;
            let mut rows = list.query(params![
                user_id.0,
                now.0,
                room_id.map(|id| id.0),
                only_unread,
                before.map(|at| at.0),
                limit
            ])?;
            let mut threads = Vec::new();
            while let Some(row) = rows.next()? {
                let (room_id, thread_id) = (RoomId(row.get(0)?), EventId(row.get(1)?));
                let (read_seq, visible_from) = (Seq(row.get(2)?), Seq(row.get(3)?));
                let view = View { reader: user_id, visible_from };
                let Some(message) = view_message(db, room_id, thread_id, view)? else { continue };
                let after = read_seq.max(visible_from);
                let unread = db
                    .prepare_cached(COUNT_REPLIES)?
                    .query_row(params![thread_id.0, after.0, user_id.0, Unread::MAX], |row| {
                        row.get(0)
                    })?;
                if unread > 0 || !only_unread {
                    threads.push(FollowedThread { message, read_seq, unread });
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
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let mut list = db.prepare_cached(LIST_MENTIONS)?;
            let mut rows = list.query(params![user_id.0, now.0, before.map(|id| id.0), limit])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (room_id, id) = (RoomId(row.get(0)?), EventId(row.get(1)?));
                let view = View { reader: user_id, visible_from: Seq(row.get(3)?) };
                let Some(message) = view_message(db, room_id, id, view)? else { continue };
                let reason = match row.get(2)? {
                    true => InboxReason::Mention,
                    false => InboxReason::Everyone,
                };
                entries.push(InboxEntry { reason, message, is_unread: row.get(4)? });
            }
            Ok(entries)
        })
    }

    fn find_readers(
        &self,
        room_id: RoomId,
        names: &[String],
        now: Timestamp,
    ) -> Result<Vec<(String, UserId)>> {
        self.read(|db| {
            let mut find = db.prepare_cached(FIND_READERS)?;
            let mut found = Vec::new();
            for name in names {
                let row = params![room_id.0, name, now.0];
                let reader = find.query_row(row, |row| Ok((row.get(0)?, row.get(1).map(UserId)?)));
                found.extend(reader.optional()?);
            }
            Ok(found)
        })
    }
}

fn get_follow(
    db: &Connection,
    user_id: UserId,
    thread_id: EventId,
) -> Result<Option<ThreadFollow>> {
    const GET: &str = "
        SELECT is_following, read_seq FROM thread_follows WHERE thread_id = ?1 AND user_id = ?2";
    let mut get = db.prepare_cached(GET)?;
    let follow = get.query_row([thread_id.0, user_id.0], |row| {
        Ok(ThreadFollow { is_following: row.get(0)?, read_seq: Seq(row.get(1)?) })
    });
    Ok(follow.optional()?)
}
