//! Searching messages by FTS5 (<https://sqlite.org/fts5.html>), and its index.
//!
//! FTS5 walks the messages of an expression from the greatest rowid on, which is the newest message, and stops when the
//! statement has enough.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::super::Result;
use super::super::backend::Search;
use super::super::decisions::AuditTransaction;
use super::super::rows::LAST_OPEN_ID;
use super::super::search::{
    HAS_CLOSED_IDS, HAS_OPEN_IDS, Readable, Scope, Stream, conditions, indexed_kinds, merge,
    streams,
};
use super::super::stored_event::message_parts;
use super::Sqlite;
use super::readable::{is_readable, visible_from};
use super::records::{Names, message_columns, message_of};
use super::transaction::Transaction;
use crate::model::{
    AuditTarget, EventKind, Found, IndexStatus, Message, NewAuditEntry, RoomId, Search as Query,
    Seq, Timestamp, UserId, document,
};

/// The messages of a stream that the user may read, the newest first. A property that a message gains and loses, such as
/// a pin, is a condition here.
const FIND: &str = concat!(
    "SELECT ",
    message_columns!(),
    ", room_id, detail FROM search_index CROSS JOIN events ON events.id = search_index.rowid
     WHERE search_index MATCH ?3 AND search_index.rowid > ?4 AND search_index.rowid < ?5
       AND events.deleted_at IS NULL AND events.created_at >= ?6 AND events.created_at < ?7
       AND (?9 & 1 = 0 OR EXISTS (SELECT 1 FROM reactions WHERE message_id = events.id))
       AND (?9 & 2 = 0 OR events.thread_id IS NOT NULL OR events.extras & 4 <> 0)
       AND (?9 & 4 = 0 OR EXISTS (SELECT 1 FROM pins WHERE message_id = events.id))
       AND EXISTS (SELECT 1 FROM rooms WHERE rooms.id = events.room_id AND ",
    is_readable!(),
    " AND events.seq > ",
    visible_from!(),
    ")
     ORDER BY search_index.rowid DESC LIMIT ?8"
);

const GET_READABLE: &str =
    concat!("SELECT ", visible_from!(), " FROM rooms WHERE rooms.id = ?3 AND ", is_readable!());

/// The rooms of the user, and those that have become public.
const LIST_CLOSED: &str = concat!(
    "SELECT rooms.id, ",
    visible_from!(),
    " FROM rooms
     WHERE rooms.id IN (SELECT room_id FROM members WHERE user_id = ?1
                        UNION SELECT id FROM rooms WHERE kind = 'public' AND indexed_ids >= 2)
       AND indexed_ids >= 2 AND ",
    is_readable!()
);

/// A room that was public, is deleted, or has banned the user.
const LIST_EXCLUDED: &str = concat!(
    "SELECT rooms.id FROM rooms
     WHERE rooms.id IN (SELECT id FROM rooms WHERE kind <> 'public' AND indexed_ids IN (1, 3)
                        UNION SELECT id FROM rooms WHERE deleted_at IS NOT NULL
                        UNION SELECT room_id FROM bans WHERE user_id = ?1)
       AND indexed_ids IN (1, 3) AND NOT (",
    is_readable!(),
    ")"
);

const FIRST_VISIBLE: &str =
    "SELECT id FROM events WHERE room_id = ?1 AND seq > ?2 ORDER BY seq LIMIT 1";

/// Whether a room that the user may read has events that are not indexed.
const IS_BEHIND: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM rooms WHERE head_seq > indexed_seq AND ",
    is_readable!(),
    ")"
);
const IS_ROOM_BEHIND: &str = "SELECT head_seq > indexed_seq FROM rooms WHERE id = ?1";

/// The next events of a room. An edit brings the message as it is now into the index again.
const LIST_NEXT: &str = concat!(
    "SELECT next.seq, entry.id, entry.user_id, entry.created_at, entry.content
     FROM events AS next
     LEFT JOIN events AS entry
         ON entry.id = CASE WHEN next.kind IN ",
    indexed_kinds!(),
    " THEN next.id WHEN next.kind = ?4 THEN next.target_id END AND entry.deleted_at IS NULL
     WHERE next.room_id = ?1 AND next.seq > ?2 ORDER BY next.seq LIMIT ?3"
);

impl Search for Sqlite {
    fn search_messages(&self, search: &Query) -> Result<Found> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let reader = Reader::of(search);
            let scope = scope(db, search, &reader)?;
            let is_complete = is_complete(db, &scope, &reader)?;
            let [open, closed] = streams(search, scope);
            let found = [find_all(db, search, &open)?, find_all(db, search, &closed)?];
            let (messages, next) = merge(found, search.bounds, search.limit as usize);
            Ok(Found { messages, next, is_complete })
        })
    }

    fn record_search(&self, user_id: UserId, entry: &NewAuditEntry) -> Result<()> {
        self.write(|tx| tx.insert_audit(entry, AuditTarget::User(user_id)))
    }

    fn list_unindexed_rooms(&self, limit: u32) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT id FROM rooms WHERE head_seq > indexed_seq AND deleted_at IS NULL
            ORDER BY head_seq - indexed_seq LIMIT ?1";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let rooms = list.query_map([limit], |row| row.get(0).map(RoomId))?;
            Ok(rooms.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn index_events(&self, rooms: &[RoomId], limit: u32) -> Result<u64> {
        self.write(|tx| {
            let mut batch = Batch::default();
            for &room_id in rooms {
                let left = u64::from(limit).saturating_sub(batch.events);
                if left == 0 {
                    break;
                }
                batch.add_events(tx, room_id, left)?;
            }
            batch.store(tx)
        })
    }

    fn clear_index(&self) -> Result<()> {
        self.write(|tx| {
            tx.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')", [])?;
            tx.execute("UPDATE rooms SET indexed_seq = 0", [])?;
            Ok(())
        })
    }

    fn get_index_status(&self) -> Result<IndexStatus> {
        const GET: &str = "
            SELECT (SELECT count(*) FROM search_index_docsize), count(*),
                   coalesce(sum(head_seq - max(indexed_seq, oldest_seq - 1)), 0),
                   (SELECT coalesce(sum(length(block)), 0) FROM search_index_data)
            FROM rooms WHERE head_seq > indexed_seq AND deleted_at IS NULL";
        self.read(|db| {
            let get = |row: &rusqlite::Row<'_>| -> rusqlite::Result<[i64; 4]> {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            };
            let [messages, rooms_behind, events_behind, size_bytes] =
                db.prepare_cached(GET)?.query_row([], get)?.map(i64::unsigned_abs);
            Ok(IndexStatus { messages, rooms_behind, events_behind, size_bytes })
        })
    }
}

/// The parameters of the rights.
struct Reader {
    /// No user has the id -1: of whom nothing is known may read what everybody may.
    user_id: i64,
    now: i64,
}

impl Reader {
    fn of(search: &Query) -> Self {
        Self { user_id: search.user_id.map_or(-1, |id| id.0), now: search.now.0 }
    }
}

fn scope(db: &Connection, search: &Query, reader: &Reader) -> Result<Scope> {
    let Reader { user_id, now } = reader;
    if search.rooms.is_empty() {
        let mut list = db.prepare_cached(LIST_CLOSED)?;
        let rooms = list.query_map([user_id, now], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rooms = rooms.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
        let readable = |(id, from)| readable(db, RoomId(id), Seq(from));
        let closed = rooms.into_iter().map(readable).collect::<rusqlite::Result<_>>()?;
        let mut list = db.prepare_cached(LIST_EXCLUDED)?;
        let rooms = list.query_map([user_id, now], |row| row.get(0).map(RoomId))?;
        return Ok(Scope::Everything { closed, excluded: rooms.collect::<rusqlite::Result<_>>()? });
    }
    let mut rooms = Vec::new();
    for &room_id in &search.rooms {
        let mut get = db.prepare_cached(GET_READABLE)?;
        let mut found = get.query([*user_id, *now, room_id.0])?;
        if let Some(row) = found.next()? {
            rooms.push(readable(db, room_id, Seq(row.get(0)?))?);
        }
    }
    Ok(Scope::Rooms(rooms))
}

fn readable(db: &Connection, room_id: RoomId, visible_from: Seq) -> rusqlite::Result<Readable> {
    let mut first_id = None;
    if visible_from > Seq(0) {
        let mut find = db.prepare_cached(FIRST_VISIBLE)?;
        let mut rows = find.query([room_id.0, visible_from.0])?;
        // If there is no such event, nothing of the room is found.
        first_id = Some(rows.next()?.map_or(Ok(i64::MAX), |row| row.get(0))?);
    }
    Ok(Readable { room_id, visible_from, first_id })
}

fn is_complete(db: &Connection, scope: &Scope, reader: &Reader) -> Result<bool> {
    match scope {
        Scope::Everything { .. } => {
            let mut get = db.prepare_cached(IS_BEHIND)?;
            Ok(!get.query_row([reader.user_id, reader.now], |row| row.get(0))?)
        }
        Scope::Rooms(rooms) => {
            for room in rooms {
                let mut get = db.prepare_cached(IS_ROOM_BEHIND)?;
                if get.query_row([room.room_id.0], |row| row.get(0))? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

/// Returns the newest messages of each stream: at most one more than the search asks for.
fn find_all(db: &Connection, search: &Query, streams: &[Stream]) -> Result<Vec<Message>> {
    let Reader { user_id, now } = Reader::of(search);
    let (after, before) = (search.after.map_or(i64::MIN, |at| at.0), search.before);
    let before = before.map_or(i64::MAX, |at| at.0);
    let mut names = Names::new(db);
    let mut messages = Vec::new();
    for Stream { expression, above, below } in streams {
        let mut find = db.prepare_cached(FIND)?;
        let limit = i64::from(search.limit) + 1;
        let expression = expression.to_fts5();
        let conditions = conditions(&search.features);
        let mut rows = find.query(params![
            user_id, now, expression, above, below, after, before, limit, conditions
        ])?;
        while let Some(row) = rows.next()? {
            let mut message = message_of(row, RoomId(row.get(9)?), &mut names)?;
            message.parts = message_parts(row.get::<_, Option<String>>(10)?.as_deref());
            names.add_to(&mut message.parts)?;
            messages.push(message);
        }
    }
    Ok(messages)
}

/// The part of one transaction that is not stored yet.
#[derive(Default)]
struct Batch {
    /// The number of events that it has read.
    events: u64,
    /// By id, because FTS5 writes a part of the index for each id that is smaller than the one before. Each message is
    /// there once, as it is now.
    documents: BTreeMap<i64, String>,
    /// For each room: `indexed_seq` and `indexed_ids`.
    rooms: Vec<(RoomId, i64, i64)>,
}

impl Batch {
    /// Reads the next events of the room, at most `limit`.
    fn add_events(&mut self, tx: &Transaction<'_>, room_id: RoomId, limit: u64) -> Result<()> {
        const GET: &str = "
            SELECT indexed_seq, indexed_ids, head_seq FROM rooms
            WHERE id = ?1 AND deleted_at IS NULL AND head_seq > indexed_seq";
        let mut get = tx.prepare_cached(GET)?;
        let mut found = get.query([room_id.0])?;
        let Some(row) = found.next()? else { return Ok(()) };
        let (mut seq, mut ids, head_seq): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let events_before = self.events;
        let mut list = tx.prepare_cached(LIST_NEXT)?;
        let mut rows =
            list.query(params![room_id.0, seq, limit as i64, EventKind::MessageEdited.as_str()])?;
        while let Some(row) = rows.next()? {
            seq = row.get(0)?;
            self.events += 1;
            let Some(id) = row.get::<_, Option<i64>>(1)? else { continue };
            let (user_id, at) = (UserId(row.get(2)?), Timestamp(row.get(3)?));
            let content = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
            self.documents.entry(id).or_insert_with(|| {
                let (mut words, facets) = document(room_id, user_id, at, content);
                words.extend(facets);
                words.join(" ")
            });
            ids |= if id > LAST_OPEN_ID { HAS_CLOSED_IDS } else { HAS_OPEN_IDS };
        }
        // The end of the log may have been pruned.
        if self.events - events_before < limit {
            seq = head_seq;
        }
        self.rooms.push((room_id, seq, ids));
        Ok(())
    }

    /// Returns the number of events.
    fn store(self, tx: &Transaction<'_>) -> Result<u64> {
        const ADD: &str = "INSERT OR REPLACE INTO search_index (rowid, words) VALUES (?1, ?2)";
        const ADVANCE: &str = "UPDATE rooms SET indexed_seq = ?2, indexed_ids = ?3 WHERE id = ?1";
        for (id, document) in self.documents {
            tx.prepare_cached(ADD)?.execute(params![id, document])?;
        }
        for (room_id, seq, ids) in self.rooms {
            tx.prepare_cached(ADVANCE)?.execute([room_id.0, seq, ids])?;
        }
        Ok(self.events)
    }
}
