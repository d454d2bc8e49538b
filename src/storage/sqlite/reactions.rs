//! Reactions to messages.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::super::backend::{NewReaction, ReactionResult, Reactions};
use super::super::decisions::{self, ReactionTransaction};
use super::super::{Error, Result};
use super::Sqlite;
use super::records::person;
use super::transaction::Transaction;
use crate::model::{Event, EventId, Person, RoomId, Seq, UserId};

impl Reactions for Sqlite {
    fn change_reactions(
        &self,
        reactions: &[NewReaction],
    ) -> Result<(Vec<ReactionResult>, Vec<Event>)> {
        self.write::<_, Error>(|tx| decisions::change_reactions(tx, reactions))
    }

    fn list_reactors(&self, id: EventId, emoji: &str, limit: u32) -> Result<Vec<Person>> {
        const LIST: &str = "
            SELECT users.id, username, display_name FROM reactions JOIN users ON users.id = user_id
            WHERE message_id = ?1 AND emoji = ?2 ORDER BY seq, user_id LIMIT ?3";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let people = list.query_map(params![id.0, emoji, limit], person)?;
            Ok(people.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl ReactionTransaction for Transaction<'_> {
    fn has_reaction(&mut self, id: EventId, emoji: &str, user_id: UserId) -> Result<bool> {
        const FIND: &str =
            "SELECT 1 FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3";
        let mut find = self.prepare_cached(FIND)?;
        let found = find.query_row(params![id.0, emoji, user_id.0], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }

    fn count_emojis(&mut self, id: EventId) -> Result<BTreeMap<String, i64>> {
        const COUNT: &str =
            "SELECT emoji, count(*) FROM reactions WHERE message_id = ?1 GROUP BY emoji";
        let mut count = self.prepare_cached(COUNT)?;
        let counts = count.query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(counts.collect::<rusqlite::Result<_>>()?)
    }

    fn insert_reaction(
        &mut self,
        (room_id, id): (RoomId, EventId),
        emoji: &str,
        user_id: UserId,
        seq: Seq,
    ) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO reactions (message_id, emoji, user_id, room_id, seq)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        self.prepare_cached(INSERT)?.execute(params![id.0, emoji, user_id.0, room_id.0, seq.0])?;
        Ok(())
    }

    fn delete_reaction(&mut self, id: EventId, emoji: &str, user_id: UserId) -> Result<()> {
        const DELETE: &str =
            "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3";
        self.prepare_cached(DELETE)?.execute(params![id.0, emoji, user_id.0])?;
        Ok(())
    }
}
