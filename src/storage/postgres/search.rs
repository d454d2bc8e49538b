//! Searching messages by `tsvector` and GIN
//! (<https://www.postgresql.org/docs/current/textsearch.html>), and its index.
//!
//! GIN finds all messages of an expression, in no order. So the index is read in parts, from the newest messages on: each
//! message has the facet of its chunk, which is 4,096 ids, and GIN skips all other chunks. Measured with a million
//! messages and a word in a tenth of them: 0.4 ms instead of 110.

use std::collections::BTreeMap;

use postgres::Row;

use super::super::Result;
use super::super::backend::Search;
use super::super::decisions::AuditTransaction;
use super::super::rows::LAST_OPEN_ID;
use super::super::search::{
    HAS_CLOSED_IDS, HAS_OPEN_IDS, Readable, Scope, Stream, conditions, indexed_kinds, merge,
    streams,
};
use super::Postgres;
use super::connection::Connection;
use super::readable::{is_readable, visible_from};
use super::records::{message_columns, message_of};
use crate::model::{
    AuditTarget, EventKind, Found, IndexStatus, Message, NewAuditEntry, RoomId, Search as Query,
    Seq, Timestamp, UserId, document,
};

/// A chunk has two to the power of this number of ids.
const CHUNK_BITS: u32 = 12;

/// The numbers of chunks that are read at first, and each time after that if they had some messages. Otherwise the
/// messages are so rare that GIN lists all of them in less time than it finds many chunks.
const FIRST_CHUNKS: [i64; 2] = [1, 16];
const NEXT_CHUNKS: i64 = 64;
const SOME: usize = 4;

/// Makes the plans that the statements below are written for. Elsewhere bitmap scans are off.
const SETTINGS: &str = "
    SELECT set_config('enable_bitmapscan', 'on', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true)";

/// The messages of a stream that the user may read, the newest first. A property that a message gains and loses, such as
/// a pin, is a condition here. `id + 0` keeps the planner from reading the index of the ids.
const FIND: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM (
         SELECT id FROM (
             SELECT id FROM search_index
             WHERE words @@ $3::text::tsquery AND id + 0 > $4 AND id + 0 < $5 OFFSET 0
         ) AS matching ORDER BY id DESC
     ) AS candidate JOIN events AS entry ON entry.id = candidate.id
     WHERE entry.deleted_at IS NULL AND entry.created_at >= $6 AND entry.created_at < $7
       AND ($9::bigint & 1 = 0 OR EXISTS (SELECT FROM reactions WHERE message_id = entry.id))
       AND ($9::bigint & 2 = 0 OR entry.thread_id IS NOT NULL OR entry.extras & 4 <> 0)
       AND ($9::bigint & 4 = 0 OR EXISTS (SELECT FROM pins WHERE message_id = entry.id))
       AND EXISTS (SELECT FROM rooms WHERE rooms.id = entry.room_id AND ",
    is_readable!(),
    " AND entry.seq > ",
    visible_from!(),
    ")
     ORDER BY candidate.id DESC LIMIT $8"
);

const NEWEST: &str = "
    SELECT id FROM search_index WHERE id > $1 AND id < $2 ORDER BY id DESC LIMIT 1";

const LIST_READABLE: &str = concat!(
    "SELECT rooms.id, ",
    visible_from!(),
    " FROM rooms WHERE rooms.id = ANY ($3::bigint[]) AND ",
    is_readable!()
);

/// The rooms of the user, and those that have become public.
const LIST_CLOSED: &str = concat!(
    "SELECT rooms.id, ",
    visible_from!(),
    " FROM (SELECT room_id AS id FROM members WHERE user_id = $1
            UNION SELECT id FROM rooms WHERE kind = 'public' AND indexed_ids >= 2) AS known
      JOIN rooms ON rooms.id = known.id
      WHERE indexed_ids >= 2 AND ",
    is_readable!()
);

/// A room that was public, is deleted, or has banned the user.
const LIST_EXCLUDED: &str = concat!(
    "SELECT rooms.id
     FROM (SELECT id FROM rooms WHERE kind <> 'public' AND indexed_ids IN (1, 3)
           UNION SELECT id FROM rooms WHERE deleted_at IS NOT NULL
           UNION SELECT room_id FROM bans WHERE user_id = $1) AS known
     JOIN rooms ON rooms.id = known.id
     WHERE indexed_ids IN (1, 3) AND NOT (",
    is_readable!(),
    ")"
);

const FIRST_VISIBLE: &str =
    "SELECT id FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT 1";

/// Whether one of these rooms, or of the rooms that the user may read, has events that are not indexed.
const IS_BEHIND: &str = concat!(
    "SELECT EXISTS (SELECT FROM rooms WHERE head_seq > indexed_seq AND ",
    is_readable!(),
    ")"
);
const IS_ROOM_BEHIND: &str = "
    SELECT EXISTS (SELECT FROM rooms WHERE id = ANY ($1::bigint[]) AND head_seq > indexed_seq)";

/// The next events of rooms, $2 together: of each room as many as the rooms before it leave. An edit brings the message
/// as it is now into the index again. A room without such events has one row.
const LIST_NEXT: &str = concat!(
    "WITH behind AS (
         SELECT rooms.id, head_seq, indexed_seq,
                $2 - (sum(head_seq - indexed_seq) OVER (ORDER BY ord))::bigint
                   + (head_seq - indexed_seq) AS quota
         FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, ord) JOIN rooms USING (id)
         WHERE head_seq > indexed_seq AND deleted_at IS NULL
     )
     SELECT behind.id, head_seq, quota, indexed_seq, next.seq, entry.id, entry.user_id, entry.created_at,
            entry.content, entry.edited_at
     FROM behind
     LEFT JOIN LATERAL (
         SELECT * FROM events WHERE room_id = behind.id AND seq > indexed_seq
         ORDER BY seq LIMIT quota
     ) AS next ON true
     LEFT JOIN events AS entry
         ON entry.id = CASE WHEN next.kind IN ",
    indexed_kinds!(),
    " THEN next.id WHEN next.kind = $3 THEN next.target_id END AND entry.deleted_at IS NULL
     WHERE quota > 0"
);

/// Locks the rooms, as every transaction does that deletes or edits messages.
const LOCK: &str = "
    SELECT id, indexed_seq FROM rooms WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE";

/// Adds the messages that were not deleted or edited since they were read.
const ADD: &str = "
    INSERT INTO search_index (id, words)
    SELECT input.id, input.words::tsvector
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS input (id, words, edited_at)
    JOIN events ON events.id = input.id
    WHERE deleted_at IS NULL AND events.edited_at IS NOT DISTINCT FROM input.edited_at
    ORDER BY input.id
    ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words";

const ADVANCE: &str = "
    UPDATE rooms
    SET indexed_seq = input.seq, indexed_ids = indexed_ids | input.ids
    FROM unnest($1::bigint[], $2::bigint[], $3::smallint[]) AS input (id, seq, ids)
    WHERE rooms.id = input.id";

impl Search for Postgres {
    fn search_messages(&self, search: &Query) -> Result<Found> {
        self.read(|db| {
            db.transaction(|tx| {
                tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", &[])?;
                tx.query(SETTINGS, &[])?;
                let reader = Reader::of(search);
                let scope = scope(tx, search, &reader)?;
                let is_complete = is_complete(tx, &scope, &reader)?;
                let [open, closed] = streams(search, scope);
                let found = [find_all(tx, search, &open)?, find_all(tx, search, &closed)?];
                let (messages, next) = merge(found, search.bounds, search.limit as usize);
                Ok(Found { messages, next, is_complete })
            })
        })
    }

    fn record_search(&self, user_id: UserId, entry: &NewAuditEntry) -> Result<()> {
        self.write(|db| db.insert_audit(entry, AuditTarget::User(user_id)))
    }

    fn list_unindexed_rooms(&self, limit: u32) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT id FROM rooms WHERE head_seq > indexed_seq AND deleted_at IS NULL
            ORDER BY head_seq - indexed_seq LIMIT $1";
        self.read(|db| {
            let rows = db.query(LIST, &[&i64::from(limit)])?;
            Ok(rows.iter().map(|row| RoomId(row.get(0))).collect())
        })
    }

    fn index_events(&self, rooms: &[RoomId], limit: u32) -> Result<u64> {
        let ids: Vec<i64> = rooms.iter().map(|id| id.0).collect();
        self.write(|db| {
            let edit = EventKind::MessageEdited.as_str();
            let batch = Batch::of(&db.query(LIST_NEXT, &[&ids, &i64::from(limit), &edit])?);
            if batch.rooms.is_empty() {
                return Ok(0);
            }
            db.transaction(|tx| batch.store(tx))
        })
    }

    fn clear_index(&self) -> Result<()> {
        self.transaction(|tx| {
            // The rooms first, as everywhere.
            tx.execute("UPDATE rooms SET indexed_seq = 0", &[])?;
            tx.execute("TRUNCATE search_index", &[])?;
            Ok(())
        })
    }

    fn get_index_status(&self) -> Result<IndexStatus> {
        const GET: &str = "
            SELECT (SELECT count(*) FROM search_index), count(*),
                   coalesce(sum(head_seq - greatest(indexed_seq, oldest_seq - 1)), 0)::bigint,
                   pg_total_relation_size('search_index')
            FROM rooms WHERE head_seq > indexed_seq AND deleted_at IS NULL";
        self.read(|db| {
            let row = db.query_one(GET, &[])?;
            let number = |column| row.get::<_, i64>(column).unsigned_abs();
            Ok(IndexStatus {
                messages: number(0),
                rooms_behind: number(1),
                events_behind: number(2),
                size_bytes: number(3),
            })
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

fn scope(tx: &mut Connection, search: &Query, reader: &Reader) -> Result<Scope> {
    let Reader { user_id, now } = reader;
    let rooms: Vec<i64> = search.rooms.iter().map(|id| id.0).collect();
    let found = match rooms.is_empty() {
        true => tx.query(LIST_CLOSED, &[user_id, now])?,
        false => tx.query(LIST_READABLE, &[user_id, now, &rooms])?,
    };
    let readable = found.iter().map(|row| readable(tx, row)).collect::<Result<_>>()?;
    if !rooms.is_empty() {
        return Ok(Scope::Rooms(readable));
    }
    let excluded = tx.query(LIST_EXCLUDED, &[user_id, now])?;
    let excluded = excluded.iter().map(|row| RoomId(row.get(0))).collect();
    Ok(Scope::Everything { closed: readable, excluded })
}

fn readable(tx: &mut Connection, row: &Row) -> Result<Readable> {
    let (room_id, visible_from) = (RoomId(row.get(0)), Seq(row.get(1)));
    let mut first_id = None;
    if visible_from > Seq(0) {
        let row = tx.query_opt(FIRST_VISIBLE, &[&room_id.0, &visible_from.0])?;
        // If there is no such event, nothing of the room is found.
        first_id = Some(row.map_or(i64::MAX, |row| row.get(0)));
    }
    Ok(Readable { room_id, visible_from, first_id })
}

fn is_complete(tx: &mut Connection, scope: &Scope, reader: &Reader) -> Result<bool> {
    let is_behind: bool = match scope {
        Scope::Everything { .. } => {
            tx.query_one(IS_BEHIND, &[&reader.user_id, &reader.now])?.get(0)
        }
        Scope::Rooms(rooms) => {
            let ids: Vec<i64> = rooms.iter().map(|room| room.room_id.0).collect();
            tx.query_one(IS_ROOM_BEHIND, &[&ids])?.get(0)
        }
    };
    Ok(!is_behind)
}

/// Returns the newest messages of each stream: at most one more than the search asks for.
fn find_all(tx: &mut Connection, search: &Query, streams: &[Stream]) -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    for stream in streams {
        messages.extend(find(tx, search, stream)?);
    }
    Ok(messages)
}

fn find(tx: &mut Connection, search: &Query, stream: &Stream) -> Result<Vec<Message>> {
    let Reader { user_id, now } = Reader::of(search);
    let after = search.after.map_or(i64::MIN, |at| at.0);
    let before = search.before.map_or(i64::MAX, |at| at.0);
    let limit = i64::from(search.limit) + 1;
    let conditions = conditions(&search.features);
    let mut messages: Vec<Message> = Vec::new();
    let mut below = stream.below;
    let mut first = FIRST_CHUNKS.into_iter();
    loop {
        let missing = limit - messages.len() as i64;
        let newest = tx.query_opt(NEWEST, &[&stream.above, &below])?;
        let Some(newest) = newest.filter(|_| missing > 0) else { return Ok(messages) };
        let last = chunk(newest.get(0));
        let count = first.next().or((messages.len() >= SOME).then_some(NEXT_CHUNKS));
        let chunks = count.map(|count| (last + 1 - count).max(chunk(stream.above + 1))..=last);
        let mut expression = stream.expression.clone();
        let mut above = stream.above;
        if let Some(chunks) = &chunks {
            expression = expression.any(chunks.clone().map(chunk_facet).collect());
            above = above.max((chunks.start() << CHUNK_BITS) - 1);
        }
        let expression = expression.to_tsquery();
        let rows = tx.query(
            FIND,
            &[&user_id, &now, &expression, &above, &below, &after, &before, &missing, &conditions],
        )?;
        messages.extend(rows.iter().map(message_of));
        if chunks.is_none() {
            return Ok(messages);
        }
        below = above + 1;
    }
}

fn chunk(id: i64) -> i64 {
    id >> CHUNK_BITS
}

fn chunk_facet(chunk: i64) -> String {
    format!("§c{chunk}")
}

/// What one transaction brings into the index.
#[derive(Default)]
struct Batch {
    /// The number of events that were read.
    events: u64,
    /// Each message once, as it is now: its words as a `tsvector`, and the time of its last edit.
    documents: BTreeMap<i64, (String, Option<i64>)>,
    rooms: BTreeMap<i64, Progress>,
}

/// How far a room gets.
#[derive(Default)]
struct Progress {
    /// The number of its events, and the most that it could be.
    events: i64,
    quota: i64,
    head_seq: i64,
    /// `indexed_seq` when the events were read, and after this transaction.
    before: i64,
    indexed_seq: i64,
    /// What `indexed_ids` gains.
    ids: i16,
}

impl Batch {
    fn of(rows: &[Row]) -> Self {
        let mut batch = Self::default();
        for row in rows {
            let (room_id, head_seq, quota): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
            let room = batch.rooms.entry(room_id).or_default();
            room.before = row.get(3);
            if let Some(seq) = row.get::<_, Option<i64>>(4) {
                room.indexed_seq = room.indexed_seq.max(seq);
                room.events += 1;
                batch.events += 1;
            }
            if let Some(id) = row.get::<_, Option<i64>>(5) {
                let (user_id, at) = (UserId(row.get(6)), Timestamp(row.get(7)));
                let (content, edited_at): (&str, Option<i64>) = (row.get(8), row.get(9));
                room.ids |= if id > LAST_OPEN_ID { HAS_CLOSED_IDS } else { HAS_OPEN_IDS } as i16;
                batch.documents.entry(id).or_insert_with(|| {
                    let (words, mut facets) = document(RoomId(room_id), user_id, at, content);
                    facets.push(chunk_facet(chunk(id)));
                    (tsvector(words, &facets), edited_at)
                });
            }
            (room.quota, room.head_seq) = (quota, head_seq);
        }
        // The end of a log may have been pruned.
        for room in batch.rooms.values_mut().filter(|room| room.events < room.quota) {
            room.indexed_seq = room.head_seq;
        }
        batch
    }

    fn store(self, tx: &mut Connection) -> Result<u64> {
        let rooms: Vec<i64> = self.rooms.keys().copied().collect();
        // A commit that is lost with the server is made again: the index and its position are lost together.
        tx.execute("SET LOCAL synchronous_commit = off", &[])?;
        let locked = tx.query(LOCK, &[&rooms])?;
        let is_known = |row: &Row| {
            self.rooms.get(&row.get(0)).is_some_and(|room| room.before == row.get::<_, i64>(1))
        };
        // Another node was faster, or the index was emptied: the events are read again.
        if locked.len() < rooms.len() || !locked.iter().all(is_known) {
            return Ok(self.events);
        }
        let (seqs, ids): (Vec<i64>, Vec<i16>) =
            self.rooms.into_values().map(|room| (room.indexed_seq, room.ids)).unzip();
        let documents: Vec<i64> = self.documents.keys().copied().collect();
        let (words, edits): (Vec<String>, Vec<Option<i64>>) = self.documents.into_values().unzip();
        tx.execute(ADD, &[&documents, &words, &edits])?;
        tx.execute(ADVANCE, &[&rooms, &seqs, &ids])?;
        Ok(self.events)
    }
}

/// The words with their positions, and the facets, as the text of a `tsvector`.
fn tsvector(words: Vec<String>, facets: &[String]) -> String {
    let mut positions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, word) in (1..).zip(words) {
        positions.entry(word).or_default().push(place.to_string());
    }
    let words = positions.iter().map(|(word, places)| format!("'{word}':{}", places.join(",")));
    let facets = facets.iter().map(|facet| format!("'{facet}'"));
    words.chain(facets).collect::<Vec<_>>().join(" ")
}
