//! One message: finding it, and changing it; and messages of the server itself.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::backend::{Messages, Pin};
use super::super::decisions::{self, MessageTransaction};
use super::super::{AppendError, ChangeError, Result};
use super::Sqlite;
use super::events::get_head;
use super::parts::Reader;
use super::records::{Names, message_columns};
use super::transaction::Transaction;
use crate::model::{
    Appended, Changed, EventId, Message, Metadata, NewAuditEntry, NewMessage, NewMessageChange,
    NewText, RoomId, Timestamp, UserId, View,
};

impl Messages for Sqlite {
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        self.read(|db| get_message(db, room_id, id))
    }

    fn view_message(&self, room_id: RoomId, id: EventId, view: View) -> Result<Option<Message>> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            view_message(db, room_id, id, view)
        })
    }

    fn count_messages(&self, room_id: RoomId) -> Result<u64> {
        const COUNT: &str = "SELECT count(*) FROM events WHERE room_id = ?1 AND kind = 'message'";
        self.read(|db| {
            let count: i64 = db.prepare_cached(COUNT)?.query_row([room_id.0], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    fn edit_message(
        &self,
        change: NewMessageChange,
        text: &NewText,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| decisions::edit_message(tx, change, text))
    }

    fn pin_message(
        &self,
        change: NewMessageChange,
        is_pinned: bool,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| decisions::pin_message(tx, change, is_pinned))
    }

    fn list_pins(&self, room_id: RoomId, view: View) -> Result<Option<Vec<Pin>>> {
        const LIST: &str = "
            SELECT message_id, pinned_by, pinned_at FROM pins WHERE room_id = ?1
            ORDER BY pinned_at DESC, message_id DESC";
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            if get_head(db, room_id)?.is_none() {
                return Ok(None);
            }
            let (mut reader, mut names) = (Reader::new(db, room_id), Names::new(db));
            let mut list = db.prepare_cached(LIST)?;
            let mut rows = list.query([room_id.0])?;
            let mut pins = Vec::new();
            while let Some(row) = rows.next()? {
                let found = find_message(db, &mut reader, room_id, EventId(row.get(0)?))?;
                let Some(mut message) = found.filter(|message| message.seq > view.visible_from)
                else {
                    continue;
                };
                reader.add_parts(std::slice::from_mut(&mut message), view)?;
                let pinned_by = names.get(UserId(row.get(1)?))?;
                pins.push(Pin { message, pinned_by, pinned_at: Timestamp(row.get(2)?) });
            }
            Ok(Some(pins))
        })
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| decisions::delete_message(tx, change, entry))
    }

    fn announce(
        &self,
        message: NewMessage,
        entry: &NewAuditEntry,
    ) -> Result<Appended, AppendError> {
        self.write(|tx| decisions::announce(tx, message, entry))
    }
}

impl MessageTransaction for Transaction<'_> {
    fn get_message(&mut self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        get_message(self, room_id, id)
    }

    fn set_content(&mut self, message: &Message, detail: Option<&str>) -> Result<()> {
        const UPDATE: &str =
            "UPDATE events SET content = ?2, edited_at = ?3, detail = ?4 WHERE id = ?1";
        let edited_at = message.edited_at.map(|at| at.0);
        self.prepare_cached(UPDATE)?.execute(params![
            message.id.0,
            message.content,
            edited_at,
            detail
        ])?;
        unindex(self, message.id)
    }

    fn empty_message(
        &mut self,
        id: EventId,
        deleted_at: Timestamp,
        [detail, of_edits]: [Option<String>; 2],
    ) -> Result<()> {
        const EMPTY_CHANGES: &str = "
            UPDATE events SET content = '',
                detail = CASE kind WHEN 'message_edited' THEN ?2 ELSE detail END
            WHERE target_id = ?1";
        self.prepare_cached(EMPTY_CHANGES)?.execute(params![id.0, of_edits])?;
        self.prepare_cached(
            "UPDATE events SET content = '', deleted_at = ?2, detail = ?3 WHERE id = ?1",
        )?
        .execute(params![id.0, deleted_at.0, detail])?;
        for sql in [
            "DELETE FROM reactions WHERE message_id = ?1",
            "DELETE FROM mentions WHERE message_id = ?1",
            "DELETE FROM pins WHERE message_id = ?1",
            "DELETE FROM message_metadata WHERE message_id = ?1",
        ] {
            self.prepare_cached(sql)?.execute([id.0])?;
        }
        unindex(self, id)
    }

    fn add_extras(&mut self, id: EventId, bits: i64) -> Result<()> {
        const ADD: &str =
            "UPDATE events SET extras = extras | ?2 WHERE id = ?1 AND extras & ?2 <> ?2";
        self.prepare_cached(ADD)?.execute([id.0, bits])?;
        Ok(())
    }

    fn insert_mentions(&mut self, message: &Message, user_ids: &[UserId]) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO mentions
                (user_id, room_id, seq, message_id, thread_id, author_id, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT DO NOTHING";
        let thread_id = message.thread_id().filter(|_| message.is_only_in_thread());
        let mut insert = self.prepare_cached(INSERT)?;
        for user_id in user_ids {
            insert.execute(params![
                user_id.0,
                message.room_id.0,
                message.seq.0,
                message.id.0,
                thread_id.map(|id| id.0),
                message.user_id.0,
                message.timestamp.0
            ])?;
        }
        Ok(())
    }

    fn delete_mentions(&mut self, id: EventId) -> Result<()> {
        self.prepare_cached("DELETE FROM mentions WHERE message_id = ?1")?.execute([id.0])?;
        Ok(())
    }

    fn insert_message_keys(&mut self, message: &Message) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO message_metadata (message_id, key, value, room_id, seq)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = self.prepare_cached(INSERT)?;
        for (key, value) in message.metadata().into_iter().flat_map(Metadata::keys) {
            let Message { id, room_id, seq, .. } = message;
            insert.execute(params![id.0, key, value, room_id.0, seq.0])?;
        }
        Ok(())
    }

    fn count_pins(&mut self, room_id: RoomId) -> Result<u32> {
        const COUNT: &str = "SELECT count(*) FROM pins WHERE room_id = ?1";
        Ok(self.prepare_cached(COUNT)?.query_row([room_id.0], |row| row.get(0))?)
    }

    fn insert_pin(&mut self, change: &NewMessageChange) -> Result<bool> {
        const INSERT: &str = "
            INSERT INTO pins (room_id, message_id, pinned_by, pinned_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO NOTHING";
        let NewMessageChange { room_id, message_id, user_id, timestamp, .. } = change;
        let row = [room_id.0, message_id.0, user_id.0, timestamp.0];
        Ok(self.prepare_cached(INSERT)?.execute(row)? > 0)
    }

    fn delete_pin(&mut self, change: &NewMessageChange) -> Result<bool> {
        const DELETE: &str = "DELETE FROM pins WHERE room_id = ?1 AND message_id = ?2";
        let row = [change.room_id.0, change.message_id.0];
        Ok(self.prepare_cached(DELETE)?.execute(row)? > 0)
    }
}

/// Takes the message out of the index. An edit brings it in again when the index has reached it.
fn unindex(tx: &Transaction<'_>, id: EventId) -> Result<()> {
    tx.prepare_cached("DELETE FROM search_index WHERE rowid = ?1")?.execute([id.0])?;
    Ok(())
}

fn get_message(db: &Connection, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
    let mut reader = Reader::new(db, room_id);
    let Some(mut message) = find_message(db, &mut reader, room_id, id)? else { return Ok(None) };
    reader.add_details(std::slice::from_mut(&mut message))?;
    Ok(Some(message))
}

/// A message with all its parts. `None`: the reader does not see it.
pub(super) fn view_message(
    db: &Connection,
    room_id: RoomId,
    id: EventId,
    view: View,
) -> Result<Option<Message>> {
    let mut reader = Reader::new(db, room_id);
    let found = find_message(db, &mut reader, room_id, id)?;
    let Some(mut message) = found.filter(|message| message.seq > view.visible_from) else {
        return Ok(None);
    };
    reader.add_parts(std::slice::from_mut(&mut message), view)?;
    Ok(Some(message))
}

/// Finds a message, without its parts.
fn find_message(
    db: &Connection,
    reader: &mut Reader<'_>,
    room_id: RoomId,
    id: EventId,
) -> Result<Option<Message>> {
    const GET: &str = concat!(
        "SELECT ",
        message_columns!(),
        " FROM events
         WHERE id = ?1 AND room_id = ?2 AND kind IN ('message', 'reply')
           AND EXISTS (SELECT 1 FROM rooms WHERE id = ?2 AND deleted_at IS NULL)"
    );
    let mut get = db.prepare_cached(GET)?;
    Ok(get.query_row([id.0, room_id.0], |row| reader.message(row)).optional()?)
}
