//! Reactions to messages.

use std::collections::BTreeMap;

use super::super::Result;
use super::super::backend::{NewReaction, ReactionResult, Reactions};
use super::super::decisions::{self, ReactionTransaction};
use super::Postgres;
use super::connection::Connection;
use super::records::{optional_text, text};
use crate::model::{Event, EventId, Person, RoomId, Seq, UserId};

impl Reactions for Postgres {
    fn change_reactions(
        &self,
        reactions: &[NewReaction],
    ) -> Result<(Vec<ReactionResult>, Vec<Event>)> {
        self.transaction(|tx| decisions::change_reactions(tx, reactions))
    }

    fn list_reactors(&self, id: EventId, emoji: &str, limit: u32) -> Result<Vec<Person>> {
        const LIST: &str = "
            SELECT users.id, username, display_name FROM reactions JOIN users ON users.id = user_id
            WHERE message_id = $1 AND emoji = $2 ORDER BY seq, user_id LIMIT $3";
        self.read(|db| {
            let rows = db.query(LIST, &[&id.0, &emoji, &i64::from(limit)])?;
            let person = |row| Person {
                user_id: UserId(postgres::Row::get(row, 0)),
                username: text(row, 1),
                display_name: optional_text(row, 2),
            };
            Ok(rows.iter().map(person).collect())
        })
    }
}

impl ReactionTransaction for Connection {
    fn has_reaction(&mut self, id: EventId, emoji: &str, user_id: UserId) -> Result<bool> {
        const FIND: &str =
            "SELECT FROM reactions WHERE message_id = $1 AND emoji = $2 AND user_id = $3";
        Ok(self.query_opt(FIND, &[&id.0, &emoji, &user_id.0])?.is_some())
    }

    fn count_emojis(&mut self, id: EventId) -> Result<BTreeMap<String, i64>> {
        const COUNT: &str =
            "SELECT emoji, count(*) FROM reactions WHERE message_id = $1 GROUP BY emoji";
        let rows = self.query(COUNT, &[&id.0])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
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
            VALUES ($1, $2, $3, $4, $5)";
        self.execute(INSERT, &[&id.0, &emoji, &user_id.0, &room_id.0, &seq.0])?;
        Ok(())
    }

    fn delete_reaction(&mut self, id: EventId, emoji: &str, user_id: UserId) -> Result<()> {
        const DELETE: &str =
            "DELETE FROM reactions WHERE message_id = $1 AND emoji = $2 AND user_id = $3";
        self.execute(DELETE, &[&id.0, &emoji, &user_id.0])?;
        Ok(())
    }
}
