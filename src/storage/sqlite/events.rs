//! The logs of rooms: appending messages, and reading pages.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql, params, params_from_iter};

use super::super::backend::Events;
use super::super::decisions::{self, AppendTransaction, ThreadPlace};
use super::super::window::Window;
use super::super::{AppendError, Error, Result};
use super::members::note_access_change;
use super::parts::Reader;
use super::records::{Names, event_columns, event_of, message_columns};
use super::transaction::Transaction;
use super::{Sqlite, errors};
use crate::model::{
    Appended, Cursor, Event, EventId, EventPage, Message, MessagePage, MetadataQuery, NewMessage,
    RoomHead, RoomId, Seq, UserId, View,
};

/// Stores nothing if the `client_id` was seen before. The constraints of the table replace a look-up per
/// message: the index is searched once, and only a retry costs a look-up of its original.
const APPEND: &str = "
    INSERT INTO events (room_id, seq, id, user_id, created_at, content, client_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (room_id, user_id, client_id) WHERE client_id IS NOT NULL DO NOTHING";

const GET_BY_CLIENT_ID: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM events
     WHERE room_id = ?1 AND user_id = ?2 AND client_id = ?3"
);

/// The statements that scan a page's messages, downwards and upwards from its pivot (`?2`).
macro_rules! scans {
    ($condition:literal) => {
        [
            concat!(
                "SELECT ",
                message_columns!(),
                " FROM events WHERE ",
                $condition,
                " AND seq < ?2 AND seq > ?4 ORDER BY seq DESC LIMIT ?3"
            ),
            concat!(
                "SELECT ",
                message_columns!(),
                " FROM events WHERE ",
                $condition,
                " AND seq >= ?2 AND seq > ?4 ORDER BY seq LIMIT ?3"
            ),
        ]
    };
}

const LIST_MESSAGES: [&str; 2] = scans!("room_id = ?1 AND kind = 'message'");
/// The same for the messages with some metadata, which an index has in order of seq. `?1` is the room.
macro_rules! scans_with {
    ($condition:literal) => {
        [
            concat!(
                "SELECT ",
                message_columns!(),
                " FROM (SELECT seq AS found FROM message_metadata WHERE room_id = ?1 AND ",
                $condition,
                " AND seq < ?2 AND seq > ?4) CROSS JOIN events ON room_id = ?1 AND seq = found
                 WHERE kind = 'message' ORDER BY found DESC LIMIT ?3"
            ),
            concat!(
                "SELECT ",
                message_columns!(),
                " FROM (SELECT seq AS found FROM message_metadata WHERE room_id = ?1 AND ",
                $condition,
                " AND seq >= ?2 AND seq > ?4) CROSS JOIN events ON room_id = ?1 AND seq = found
                 WHERE kind = 'message' ORDER BY found LIMIT ?3"
            ),
        ]
    };
}

const LIST_WITH_KEY: [&str; 2] = scans_with!("key = ?5");
const LIST_WITH_VALUE: [&str; 2] = scans_with!("key = ?5 AND value = ?6");
const LIST_REPLIES: [&str; 2] = scans!("thread_id = ?1 AND kind IN ('message', 'reply')");

const LIST_EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM events
     WHERE room_id = ?1 AND seq > ?2
     ORDER BY seq LIMIT ?3"
);

impl Events for Sqlite {
    fn append_messages(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<Appended, AppendError>>> {
        self.write(|tx| {
            let mut results = Vec::with_capacity(messages.len());
            let mut messages = messages.into_iter().peekable();
            while let Some(mut message) = messages.next() {
                if let Some(parts) = message.parts.take() {
                    results.push(decisions::append_message(tx, message, *parts)?);
                    continue;
                }
                let mut batch = Batch::new(tx)?;
                results.push(batch.append(message)?);
                while let Some(message) = messages.next_if(|next| next.parts.is_none()) {
                    results.push(batch.append(message)?);
                }
                batch.finish()?;
            }
            Ok(results)
        })
    }

    fn list_messages(
        &self,
        room_id: RoomId,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>> {
        let window = Window::new(cursor, limit, view.visible_from);
        self.read(|db| read_page(db, room_id, (LIST_MESSAGES, &[&room_id.0]), window, view))
    }

    fn list_messages_with(
        &self,
        room_id: RoomId,
        metadata: &MetadataQuery,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>> {
        let window = Window::new(cursor, limit, view.visible_from);
        let MetadataQuery { key, value } = metadata;
        self.read(|db| match value {
            None => read_page(db, room_id, (LIST_WITH_KEY, &[&room_id.0, key]), window, view),
            Some(value) => {
                let named: [&dyn ToSql; 3] = [&room_id.0, key, value];
                read_page(db, room_id, (LIST_WITH_VALUE, &named), window, view)
            }
        })
    }

    fn list_replies(
        &self,
        room_id: RoomId,
        thread_id: EventId,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>> {
        let window = Window::new(cursor, limit, view.visible_from);
        self.read(|db| read_page(db, room_id, (LIST_REPLIES, &[&thread_id.0]), window, view))
    }

    fn list_events(&self, room_id: RoomId, after: Seq, limit: u32) -> Result<Option<EventPage>> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let Some(Head { seq: head_seq, .. }) = get_head(db, room_id)? else {
                return Ok(None);
            };
            let mut names = Names::new(db);
            let mut events = Vec::new();
            let mut statement = db.prepare_cached(LIST_EVENTS)?;
            let mut rows = statement.query(params![room_id.0, after.0, limit])?;
            while let Some(row) = rows.next()? {
                events.push(event_of(row, room_id, &mut names)?);
            }
            Ok(Some(EventPage { events, head_seq }))
        })
    }

    fn list_new_events(&self, known: &[RoomHead], limit: u32) -> Result<Vec<Result<Vec<Event>>>> {
        let read = |room: &RoomHead| {
            let page = self.list_events(room.id, room.head_seq, limit)?;
            Ok(page.map(|page| page.events).unwrap_or_default())
        };
        Ok(known.iter().map(read).collect())
    }
}

/// Reads a page with the two scans of one of the lists above, and with what they need: an id, and further parameters from
/// `?5` on.
fn read_page(
    db: &Connection,
    room_id: RoomId,
    ([older, newer], needed): ([&str; 2], &[&dyn ToSql]),
    window: Window,
    view: View,
) -> Result<Option<MessagePage>> {
    let snapshot = Transaction::read(db)?;
    let Some(Head { seq: head_seq, .. }) = get_head(db, room_id)? else {
        return Ok(None);
    };
    let mut reader = Reader::new(db, room_id);
    let mut messages = Vec::new();
    let mut scan = |messages: &mut Vec<Message>, sql, rows: i64| -> Result<()> {
        messages.reserve(rows as usize);
        let mut statement = db.prepare_cached(sql)?;
        let (id, further) = (&needed[..1], &needed[1..]);
        let bounds: [&dyn ToSql; 3] = [&window.pivot.0, &rows, &view.visible_from.0];
        let parameters = id.iter().chain(&bounds).chain(further);
        let mut rows = statement.query(params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            messages.push(reader.message(row)?);
        }
        Ok(())
    };
    scan(&mut messages, older, window.scan_older())?;
    // The messages are then in order, and sorting them later costs nothing.
    messages.reverse();
    // There is nothing beyond the head, so the newest page, the most frequent request, is one scan.
    if window.pivot <= head_seq {
        scan(&mut messages, newer, window.scan_newer())?;
    }
    let mut page = window.into_page(messages, head_seq);
    reader.add_parts(&mut page.messages, view)?;
    drop(snapshot);
    Ok(Some(page))
}

/// The state of one transaction of appends that is not yet written back.
struct Batch<'tx> {
    tx: &'tx Transaction<'tx>,
    insert: CachedStatement<'tx>,
    /// The greatest id of an event in a public room, and in a room that only its members see.
    last_ids: [i64; 2],
    /// `None`: there is no such room.
    heads: HashMap<RoomId, Option<Head>>,
}

/// The end of a room's log.
pub(super) struct Head {
    /// The head in the database.
    stored: Seq,
    /// The head with the messages of this transaction.
    pub seq: Seq,
    pub is_archived: bool,
    is_closed: bool,
}

impl<'tx> Batch<'tx> {
    fn new(tx: &'tx Transaction<'tx>) -> Result<Self> {
        const LAST_IDS: &str =
            "SELECT last_event_id, last_closed_event_id FROM server WHERE id = 1";
        Ok(Self {
            tx,
            insert: tx.prepare_cached(APPEND)?,
            last_ids: tx
                .prepare_cached(LAST_IDS)?
                .query_row([], |row| Ok([row.get(0)?, row.get(1)?]))?,
            heads: HashMap::new(),
        })
    }

    /// The outer error ends the batch, the inner one only this message.
    fn append(&mut self, message: NewMessage) -> Result<Result<Appended, AppendError>> {
        let head = match self.heads.get_mut(&message.room_id) {
            Some(head) => head,
            None => {
                let head = get_head(self.tx, message.room_id)?;
                self.heads.entry(message.room_id).or_insert(head)
            }
        };
        let Some(head) = head else {
            return Ok(Err(AppendError::RoomNotFound));
        };
        // The room became private after the sender was admitted.
        if message.joins && head.is_closed {
            return Ok(Err(AppendError::RoomNotFound));
        }
        if head.is_archived {
            return Ok(self.original_of(&message)?.ok_or(AppendError::RoomArchived));
        }
        let seq = head.seq.next();
        let last_id = &mut self.last_ids[usize::from(head.is_closed)];
        let id = *last_id + 1;
        let stored = self.insert.execute(params![
            message.room_id.0,
            seq.0,
            id,
            message.user_id.0,
            message.timestamp.0,
            message.content,
            message.client_id
        ]);
        match stored {
            Ok(0) => {
                let original = self.original_of(&message)?;
                Ok(original.ok_or_else(|| {
                    AppendError::Storage(Error::Internal("a conflict with no message".into()))
                }))
            }
            Ok(_) => {
                let joins = message.joins;
                head.seq = seq;
                *last_id = id;
                if joins {
                    join_sender(self.tx, &message, seq)?;
                }
                Ok(Ok(Appended {
                    message: message.into_message(EventId(id), seq),
                    duplicate: false,
                }))
            }
            // The missing row is the user: the room was read in this transaction.
            Err(error) if errors::is_foreign_key(&error) => Ok(Err(AppendError::UserNotFound)),
            Err(error) if errors::is_of_the_row(&error) => {
                Ok(Err(AppendError::Storage(error.into())))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Finds the message that was stored before with this `client_id`.
    fn original_of(&self, message: &NewMessage) -> Result<Option<Appended>> {
        let original = find_original(self.tx, message)?;
        Ok(original.map(|message| Appended { message, duplicate: true }))
    }

    fn finish(self) -> Result<()> {
        let mut update = self.tx.prepare_cached("UPDATE rooms SET head_seq = ?2 WHERE id = ?1")?;
        let mut has_changed = false;
        for (room_id, head) in &self.heads {
            if let Some(head) = head
                && head.seq != head.stored
            {
                update.execute(params![room_id.0, head.seq.0])?;
                has_changed = true;
            }
        }
        if has_changed {
            self.tx
                .prepare_cached(
                    "UPDATE server SET last_event_id = ?1, last_closed_event_id = ?2 WHERE id = 1",
                )?
                .execute(self.last_ids)?;
        }
        Ok(())
    }
}

/// Finds the message that was stored before with this `client_id`.
fn find_original(db: &Connection, message: &NewMessage) -> Result<Option<Message>> {
    let NewMessage { room_id, user_id, client_id, .. } = message;
    let mut reader = Reader::new(db, *room_id);
    let mut get = db.prepare_cached(GET_BY_CLIENT_ID)?;
    let key = params![room_id.0, user_id.0, client_id];
    let Some(mut original) = get.query_row(key, |row| reader.message(row)).optional()? else {
        return Ok(None);
    };
    reader.add_details(std::slice::from_mut(&mut original))?;
    Ok(Some(original))
}

impl AppendTransaction for Transaction<'_> {
    fn find_original(&mut self, message: &NewMessage) -> Result<Option<Message>> {
        find_original(self, message)
    }

    fn has_account(&mut self, id: UserId) -> Result<bool> {
        let mut find = self.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?;
        Ok(find.query_row([id.0], |_| Ok(())).optional()?.is_some())
    }

    fn join_sender(&mut self, message: &NewMessage, seq: Seq) -> Result<()> {
        join_sender(self, message, seq)
    }

    fn follow(&mut self, place: ThreadPlace) -> Result<()> {
        const FOLLOW: &str = "
            INSERT INTO thread_follows (thread_id, user_id, room_id, is_following, read_seq)
            VALUES (?1, ?2, ?3, 1, ?4)
            ON CONFLICT DO UPDATE SET is_following = 1";
        let ThreadPlace { room_id, thread_id, user_id, read_seq } = place;
        self.prepare_cached(FOLLOW)?.execute([thread_id.0, user_id.0, room_id.0, read_seq.0])?;
        Ok(())
    }

    fn follow_once(&mut self, place: ThreadPlace) -> Result<()> {
        const FOLLOW: &str = "
            INSERT INTO thread_follows (thread_id, user_id, room_id, is_following, read_seq)
            VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO NOTHING";
        let ThreadPlace { room_id, thread_id, user_id, read_seq } = place;
        self.prepare_cached(FOLLOW)?.execute([thread_id.0, user_id.0, room_id.0, read_seq.0])?;
        Ok(())
    }

    fn move_on(&mut self, place: ThreadPlace) -> Result<()> {
        const MOVE: &str = "
            UPDATE thread_follows SET read_seq = max(read_seq, ?3), has_unread = 0
            WHERE thread_id = ?1 AND user_id = ?2";
        let ThreadPlace { thread_id, user_id, read_seq, .. } = place;
        self.prepare_cached(MOVE)?.execute([thread_id.0, user_id.0, read_seq.0])?;
        Ok(())
    }

    fn note_reply(&mut self, thread_id: EventId, author: UserId) -> Result<()> {
        const NOTE: &str = "
            UPDATE thread_follows SET has_unread = 1
            WHERE thread_id = ?1 AND user_id <> ?2 AND is_following = 1 AND has_unread = 0";
        self.prepare_cached(NOTE)?.execute([thread_id.0, author.0])?;
        Ok(())
    }
}

/// Makes the sender of the message at `seq` a member of the public room, who has read nothing before it.
fn join_sender(tx: &Transaction<'_>, message: &NewMessage, seq: Seq) -> Result<()> {
    const JOIN: &str = "
        INSERT INTO members (room_id, user_id, role, joined_at, joined_seq)
        SELECT ?1, ?2, 'member', ?3, ?4
        WHERE NOT EXISTS (SELECT 1 FROM bans WHERE room_id = ?1 AND user_id = ?2
                          AND (until IS NULL OR until > ?3))
          AND EXISTS (SELECT 1 FROM users WHERE id = ?2 AND deleted_at IS NULL)
        ON CONFLICT DO NOTHING";
    let NewMessage { room_id, user_id, timestamp, .. } = message;
    let joined =
        tx.prepare_cached(JOIN)?.execute([room_id.0, user_id.0, timestamp.0, seq.0 - 1])?;
    if joined > 0 {
        note_access_change(tx, *room_id)?;
    }
    Ok(())
}

/// `None`: there is no such room.
pub(super) fn get_head(db: &Connection, room_id: RoomId) -> Result<Option<Head>> {
    const GET: &str = "
        SELECT head_seq, archived_at IS NOT NULL, kind <> 'public' FROM rooms
        WHERE id = ?1 AND deleted_at IS NULL";
    Ok(db
        .prepare_cached(GET)?
        .query_row([room_id.0], |row| {
            let seq = row.get(0).map(Seq)?;
            Ok(Head { stored: seq, seq, is_archived: row.get(1)?, is_closed: row.get(2)? })
        })
        .optional()?)
}
