//! One message: finding it, and changing it; and messages of the server itself.

use postgres::Row;
use postgres::types::ToSql;

use super::super::backend::{Messages, Pin};
use super::super::decisions::{self, MessageTransaction};
use super::super::{AppendError, ChangeError, Result};
use super::Postgres;
use super::connection::Connection;
use super::parts::{parts_column, view_of};
use super::records::{MESSAGE_COLUMNS, message_columns, message_of, optional_text, text};
use crate::model::{
    Appended, Changed, EventId, Message, Metadata, NewAuditEntry, NewMessage, NewMessageChange,
    NewText, Person, RoomId, Timestamp, UserId, View,
};

impl Messages for Postgres {
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        self.read(|db| get_message(db, room_id, id))
    }

    fn view_message(&self, room_id: RoomId, id: EventId, view: View) -> Result<Option<Message>> {
        const VIEW: &str = concat!(
            "SELECT ",
            message_columns!(),
            parts_column!("$4", "$3"),
            " FROM events AS entry
             WHERE id = $1 AND room_id = $2 AND seq > $3 AND kind IN ('message', 'reply')
               AND EXISTS (SELECT FROM rooms WHERE rooms.id = $2 AND rooms.deleted_at IS NULL)"
        );
        self.read(|db| {
            let View { reader, visible_from } = view;
            let row = db.query_opt(VIEW, &[&id.0, &room_id.0, &visible_from.0, &reader.0])?;
            row.as_ref().map(view_of).transpose()
        })
    }

    fn count_messages(&self, room_id: RoomId) -> Result<u64> {
        self.read(|db| {
            db.transaction(|tx| {
                // The log may be long.
                tx.execute("SET LOCAL statement_timeout = 0", &[])?;
                let row = tx.query_one(
                    "SELECT count(*) FROM events WHERE room_id = $1 AND kind = 'message'",
                    &[&room_id.0],
                )?;
                Ok(row.get::<_, i64>(0).unsigned_abs())
            })
        })
    }

    fn edit_message(
        &self,
        change: NewMessageChange,
        text: &NewText,
    ) -> Result<Changed, ChangeError> {
        self.transaction(|tx| decisions::edit_message(tx, change, text))
    }

    fn pin_message(
        &self,
        change: NewMessageChange,
        is_pinned: bool,
    ) -> Result<Changed, ChangeError> {
        self.transaction(|tx| decisions::pin_message(tx, change, is_pinned))
    }

    fn list_pins(&self, room_id: RoomId, view: View) -> Result<Option<Vec<Pin>>> {
        const HAS_ROOM: &str = "SELECT FROM rooms WHERE id = $1 AND deleted_at IS NULL";
        const LIST: &str = concat!(
            "SELECT ",
            message_columns!(),
            parts_column!("$3", "$2"),
            ", pinned_by, pinned_at, username, display_name
             FROM pins JOIN events AS entry ON entry.id = message_id
             JOIN users ON users.id = pinned_by
             WHERE pins.room_id = $1 AND entry.seq > $2
             ORDER BY pinned_at DESC, message_id DESC"
        );
        self.read(|db| {
            if db.query_opt(HAS_ROOM, &[&room_id.0])?.is_none() {
                return Ok(None);
            }
            let rows = db.query(LIST, &[&room_id.0, &view.visible_from.0, &view.reader.0])?;
            let pin = |row| {
                const FIRST: usize = MESSAGE_COLUMNS + 1;
                let pinned_by = Person {
                    user_id: UserId(Row::get(row, FIRST)),
                    username: text(row, FIRST + 2),
                    display_name: optional_text(row, FIRST + 3),
                };
                let pinned_at = Timestamp(row.get(FIRST + 1));
                Ok(Pin { message: view_of(row)?, pinned_by, pinned_at })
            };
            rows.iter().map(pin).collect::<Result<_>>().map(Some)
        })
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.transaction(|tx| decisions::delete_message(tx, change, entry))
    }

    fn announce(
        &self,
        message: NewMessage,
        entry: &NewAuditEntry,
    ) -> Result<Appended, AppendError> {
        self.transaction(|tx| decisions::announce(tx, message, entry))
    }
}

impl MessageTransaction for Connection {
    fn get_message(&mut self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        get_message(self, room_id, id)
    }

    fn set_content(&mut self, message: &Message, detail: Option<&str>) -> Result<()> {
        const UPDATE: &str =
            "UPDATE events SET content = $2, edited_at = $3, detail = $4 WHERE id = $1";
        let edited_at = message.edited_at.map(|at| at.0);
        self.execute(UPDATE, &[&message.id.0, &message.content, &edited_at, &detail])?;
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
                detail = CASE kind WHEN 'message_edited' THEN $2 ELSE detail END
            WHERE target_id = $1";
        self.execute(EMPTY_CHANGES, &[&id.0, &of_edits])?;
        let empty = "UPDATE events SET content = '', deleted_at = $2, detail = $3 WHERE id = $1";
        self.execute(empty, &[&id.0, &deleted_at.0, &detail])?;
        for sql in [
            "DELETE FROM reactions WHERE message_id = $1",
            "DELETE FROM mentions WHERE message_id = $1",
            "DELETE FROM pins WHERE message_id = $1",
            "DELETE FROM message_metadata WHERE message_id = $1",
        ] {
            self.execute(sql, &[&id.0])?;
        }
        unindex(self, id)
    }

    fn add_extras(&mut self, id: EventId, bits: i64) -> Result<()> {
        const ADD: &str = "
            UPDATE events SET extras = extras | $2 WHERE id = $1 AND extras & $2 <> $2";
        // The column has two bytes; the sum of all bits is 15.
        self.execute(ADD, &[&id.0, &(bits as i16)])?;
        Ok(())
    }

    fn insert_mentions(&mut self, message: &Message, user_ids: &[UserId]) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO mentions
                (user_id, room_id, seq, message_id, thread_id, author_id, created_at)
            SELECT user_id, $2, $3, $4, $5, $6, $7 FROM unnest($1::bigint[]) AS input (user_id)
            ON CONFLICT DO NOTHING";
        if user_ids.is_empty() {
            return Ok(());
        }
        let user_ids: Vec<i64> = user_ids.iter().map(|id| id.0).collect();
        let thread_id = message.thread_id().filter(|_| message.is_only_in_thread());
        let Message { room_id, seq, id, user_id, timestamp, .. } = message;
        self.execute(
            INSERT,
            &[
                &user_ids,
                &room_id.0,
                &seq.0,
                &id.0,
                &thread_id.map(|id| id.0),
                &user_id.0,
                &timestamp.0,
            ],
        )?;
        Ok(())
    }

    fn delete_mentions(&mut self, id: EventId) -> Result<()> {
        self.execute("DELETE FROM mentions WHERE message_id = $1", &[&id.0])?;
        Ok(())
    }

    fn insert_message_keys(&mut self, message: &Message) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO message_metadata (message_id, key, value, room_id, seq)
            SELECT $1, key, value, $4, $5
            FROM unnest($2::text[], $3::text[]) AS input (key, value)";
        let keys = message.metadata().into_iter().flat_map(Metadata::keys);
        let (keys, values): (Vec<&str>, Vec<Option<String>>) = keys.unzip();
        let Message { id, room_id, seq, .. } = message;
        self.execute(INSERT, &[&id.0, &keys, &values, &room_id.0, &seq.0])?;
        Ok(())
    }

    fn count_pins(&mut self, room_id: RoomId) -> Result<u32> {
        let row = self.query_one("SELECT count(*) FROM pins WHERE room_id = $1", &[&room_id.0])?;
        Ok(u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX))
    }

    fn insert_pin(&mut self, change: &NewMessageChange) -> Result<bool> {
        const INSERT: &str = "
            INSERT INTO pins (room_id, message_id, pinned_by, pinned_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING";
        let NewMessageChange { room_id, message_id, user_id, timestamp, .. } = change;
        let row: [&(dyn ToSql + Sync); 4] = [&room_id.0, &message_id.0, &user_id.0, &timestamp.0];
        Ok(self.execute(INSERT, &row)? > 0)
    }

    fn delete_pin(&mut self, change: &NewMessageChange) -> Result<bool> {
        const DELETE: &str = "DELETE FROM pins WHERE room_id = $1 AND message_id = $2";
        Ok(self.execute(DELETE, &[&change.room_id.0, &change.message_id.0])? > 0)
    }
}

/// Takes the message out of the index. An edit brings it in again when the index has reached it.
fn unindex(tx: &mut Connection, id: EventId) -> Result<()> {
    tx.execute("DELETE FROM search_index WHERE id = $1", &[&id.0])?;
    Ok(())
}

fn get_message(db: &mut Connection, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
    const GET: &str = concat!(
        "SELECT ",
        message_columns!(),
        " FROM events AS entry
         WHERE id = $1 AND room_id = $2 AND kind IN ('message', 'reply')
           AND EXISTS (SELECT FROM rooms WHERE rooms.id = $2 AND rooms.deleted_at IS NULL)"
    );
    let row = db.query_opt(GET, &[&id.0, &room_id.0])?;
    Ok(row.as_ref().map(message_of))
}
