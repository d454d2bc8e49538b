//! The parts of messages that are in other tables: reactions, threads and pins. `events.extras` says which messages have
//! some, so that a page of plain messages looks nothing up.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::super::stored_event::message_parts;
use super::records::{Names, message_of};
use crate::model::{
    EventId, Message, MessageParts, Person, Reaction, RoomId, Seq, ThreadSummary, Timestamp,
    UserId, View, extras,
};

/// Reads messages from rows that have the columns of [`message_columns`](super::records::message_columns), and notes
/// which of them have further parts.
pub(super) struct Reader<'db> {
    db: &'db Connection,
    room_id: RoomId,
    names: Names<'db>,
    /// The messages with extras, and these.
    marked: Vec<(EventId, i64)>,
}

impl<'db> Reader<'db> {
    pub fn new(db: &'db Connection, room_id: RoomId) -> Self {
        Self { db, room_id, names: Names::new(db), marked: Vec::new() }
    }

    /// Reads a row. The parts follow with [`Reader::add_details`] or [`Reader::add_parts`].
    pub fn message(&mut self, row: &Row<'_>) -> rusqlite::Result<Message> {
        let message = message_of(row, self.room_id, &mut self.names)?;
        let bits: i64 = row.get(8)?;
        if bits != 0 {
            self.marked.push((message.id, bits));
        }
        Ok(message)
    }

    /// Adds the parts that were stored with the messages.
    pub fn add_details(&mut self, messages: &mut [Message]) -> Result<()> {
        const GET: &str = "SELECT detail FROM events WHERE room_id = ?1 AND seq = ?2";
        for (message, bits) in self.marked(messages) {
            if bits & extras::DETAIL != 0 {
                let detail: Option<String> = self
                    .db
                    .prepare_cached(GET)?
                    .query_row([message.room_id.0, message.seq.0], |row| row.get(0))?;
                message.parts = message_parts(detail.as_deref());
                self.names.add_to(&mut message.parts)?;
            }
        }
        Ok(())
    }

    /// Adds all parts, as the reader sees them.
    pub fn add_parts(&mut self, messages: &mut [Message], view: View) -> Result<()> {
        if self.marked.is_empty() {
            return Ok(());
        }
        self.add_details(messages)?;
        for (message, bits) in self.marked(messages) {
            let has = |bit: i64| bits & bit != 0;
            let reactions = match has(extras::REACTIONS) {
                true => list_reactions(self.db, &mut self.names, message.id, view.reader)?,
                false => Vec::new(),
            };
            let thread = match has(extras::THREAD) {
                true => summarise(self.db, &mut self.names, message.id, view.visible_from)?,
                false => None,
            };
            let is_pinned = has(extras::PIN) && is_pinned(self.db, message)?;
            if !reactions.is_empty() || thread.is_some() || is_pinned {
                let parts = message.parts.get_or_insert_default();
                **parts = MessageParts { reactions, thread, is_pinned, ..std::mem::take(parts) };
            }
        }
        Ok(())
    }

    fn marked<'m>(
        &self,
        messages: &'m mut [Message],
    ) -> impl Iterator<Item = (&'m mut Message, i64)> + use<'m> {
        let marked = self.marked.clone();
        messages.iter_mut().filter_map(move |message| {
            let found = marked.iter().find(|(id, _)| *id == message.id)?;
            Some((message, found.1))
        })
    }
}

fn list_reactions(
    db: &Connection,
    names: &mut Names<'_>,
    id: EventId,
    reader: UserId,
) -> Result<Vec<Reaction>> {
    const LIST: &str = "
        SELECT emoji, user_id FROM reactions WHERE message_id = ?1 ORDER BY seq, user_id, emoji";
    let mut list = db.prepare_cached(LIST)?;
    let mut rows = list.query([id.0])?;
    let mut reactions: Vec<Reaction> = Vec::new();
    while let Some(row) = rows.next()? {
        let emoji = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let user_id = UserId(row.get(1)?);
        let at = match reactions.iter().position(|known| known.emoji == emoji) {
            Some(at) => at,
            None => {
                let (emoji, people) = (emoji.to_owned(), Vec::new());
                reactions.push(Reaction { emoji, count: 0, mine: false, people });
                reactions.len() - 1
            }
        };
        let reaction = &mut reactions[at];
        reaction.count += 1;
        reaction.mine |= user_id == reader;
        if reaction.people.len() < Reaction::MAX_PEOPLE {
            reaction.people.push(names.get(user_id)?);
        }
    }
    Ok(reactions)
}

/// `None`: all replies are deleted.
pub(super) fn summarise(
    db: &Connection,
    names: &mut Names<'_>,
    id: EventId,
    visible_from: Seq,
) -> Result<Option<ThreadSummary>> {
    const COUNT: &str = "
        SELECT count(*) FROM (
            SELECT 1 FROM events WHERE thread_id = ?1 AND seq > ?2 AND deleted_at IS NULL LIMIT ?3)";
    const NEWEST: &str = "
        SELECT seq, created_at, user_id FROM events
        WHERE thread_id = ?1 AND seq > ?2 AND deleted_at IS NULL
        ORDER BY seq DESC LIMIT ?3";
    let mut newest = db.prepare_cached(NEWEST)?;
    let mut rows = newest.query(params![id.0, visible_from.0, ThreadSummary::RECENT])?;
    let mut last = None;
    let mut people: Vec<Person> = Vec::new();
    while let Some(row) = rows.next()? {
        last.get_or_insert((Seq(row.get(0)?), Timestamp(row.get(1)?)));
        let user_id = UserId(row.get(2)?);
        if people.len() < ThreadSummary::MAX_PEOPLE && people.iter().all(|it| it.user_id != user_id)
        {
            people.push(names.get(user_id)?);
        }
    }
    let Some((last_seq, last_at)) = last else { return Ok(None) };
    let count: i64 = db
        .prepare_cached(COUNT)?
        .query_row(params![id.0, visible_from.0, ThreadSummary::MAX_COUNT], |row| row.get(0))?;
    let count = u32::try_from(count).unwrap_or(ThreadSummary::MAX_COUNT);
    Ok(Some(ThreadSummary { count, last_seq, last_at, people }))
}

fn is_pinned(db: &Connection, message: &Message) -> Result<bool> {
    const FIND: &str = "SELECT 1 FROM pins WHERE room_id = ?1 AND message_id = ?2";
    let mut find = db.prepare_cached(FIND)?;
    let found = find.query_row([message.room_id.0, message.id.0], |_| Ok(())).optional()?;
    Ok(found.is_some())
}
