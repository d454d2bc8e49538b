//! What people show of themselves, and who has blocked whom.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::{People, UpdatedProfile};
use super::super::decisions::{self, PeopleTransaction};
use super::Sqlite;
use super::records::{CARD_COLUMNS, card, card_columns};
use super::transaction::Transaction;
use crate::model::{
    BlockedUser, PeopleQuery, Profile, ProfileChange, RoomId, Timestamp, UserCard, UserId,
};

impl People for Sqlite {
    fn list_people(&self, query: &PeopleQuery) -> Result<Vec<UserCard>> {
        const LIST: &str = concat!(
            "SELECT ",
            card_columns!(),
            " FROM users
              WHERE id > ?1 AND is_active = 1 AND deleted_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM incoming_hooks WHERE user_id = users.id)
                AND (instr(lower(username), lower(?2)) > 0
                     OR instr(fold_case(display_name), fold_case(?2)) > 0)
              ORDER BY id LIMIT ?3"
        );
        let text = query.text.as_deref().unwrap_or_default();
        let after = query.after.map_or(0, |id| id.0);
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let cards = list.query_map(params![after, text, query.limit], |row| card(row, 0))?;
            Ok(cards.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_cards(&self, ids: &[UserId]) -> Result<Vec<UserCard>> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let mut cards = Vec::with_capacity(ids.len());
            for id in ids {
                cards.extend(get_card(db, id)?);
            }
            Ok(cards)
        })
    }

    fn update_profile(
        &self,
        id: UserId,
        change: &ProfileChange,
        now: Timestamp,
    ) -> Result<Option<UpdatedProfile>> {
        self.write(|tx| decisions::update_profile(tx, id, change, now))
    }

    fn note_last_seen(&self, ids: &[UserId], at: Timestamp) -> Result<()> {
        const NOTE: &str = "
            UPDATE users SET last_seen_at = ?2
            WHERE id = ?1 AND deleted_at IS NULL AND coalesce(last_seen_at, 0) < ?2";
        self.write(|tx| {
            let mut note = tx.prepare_cached(NOTE)?;
            for id in ids {
                note.execute([id.0, at.0])?;
            }
            Ok(())
        })
    }

    fn list_blocks(&self, user_id: UserId) -> Result<Vec<BlockedUser>> {
        const LIST: &str = concat!(
            "SELECT ",
            card_columns!(),
            ", blocks.created_at
             FROM blocks JOIN users ON users.id = blocked_id
             WHERE user_id = ?1 AND deleted_at IS NULL ORDER BY blocked_id"
        );
        let blocked = |row: &Row<'_>| {
            let created_at = Timestamp(row.get(CARD_COLUMNS)?);
            Ok(BlockedUser { user: card(row, 0)?, created_at })
        };
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            Ok(list.query_map([user_id.0], blocked)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_block(&self, user_id: UserId, blocked_id: UserId, now: Timestamp) -> Result<bool> {
        self.write(|tx| decisions::add_block(tx, user_id, blocked_id, now))
    }

    fn remove_block(&self, user_id: UserId, blocked_id: UserId) -> Result<bool> {
        self.write(|tx| decisions::remove_block(tx, user_id, blocked_id))
    }
}

impl PeopleTransaction for Transaction<'_> {
    fn lock_card(&mut self, id: UserId) -> Result<Option<UserCard>> {
        get_card(self, id)
    }

    fn set_profile(&mut self, id: UserId, profile: &Profile) -> Result<()> {
        const SET: &str = "
            UPDATE users SET display_name = ?2, title = ?3, timezone = ?4,
                             status_text = ?5, status_emoji = ?6, status_until = ?7
            WHERE id = ?1";
        let status = profile.status.as_ref();
        self.prepare_cached(SET)?.execute(params![
            id.0,
            profile.display_name,
            profile.title,
            profile.timezone,
            status.and_then(|status| status.text.as_deref()),
            status.and_then(|status| status.emoji.as_deref()),
            status.and_then(|status| status.until).map(|until| until.0)
        ])?;
        Ok(())
    }

    fn set_renamed_at(&mut self, id: UserId, at: Timestamp) -> Result<()> {
        self.prepare_cached("UPDATE users SET renamed_at = ?2 WHERE id = ?1")?
            .execute([id.0, at.0])?;
        Ok(())
    }

    fn insert_block(&mut self, user_id: UserId, blocked_id: UserId, at: Timestamp) -> Result<bool> {
        const INSERT: &str = "
            INSERT INTO blocks (user_id, blocked_id, created_at) VALUES (?1, ?2, ?3)
            ON CONFLICT DO NOTHING";
        Ok(self.prepare_cached(INSERT)?.execute([user_id.0, blocked_id.0, at.0])? > 0)
    }

    fn delete_block(&mut self, user_id: UserId, blocked_id: UserId) -> Result<bool> {
        const DELETE: &str = "DELETE FROM blocks WHERE user_id = ?1 AND blocked_id = ?2";
        Ok(self.prepare_cached(DELETE)?.execute([user_id.0, blocked_id.0])? > 0)
    }

    fn list_direct_rooms(&mut self, one: UserId, other: UserId) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT rooms.id
            FROM members AS one JOIN members AS other ON other.room_id = one.room_id
            JOIN rooms ON rooms.id = one.room_id
            WHERE one.user_id = ?1 AND other.user_id = ?2 AND kind = 'direct' AND deleted_at IS NULL
            ORDER BY rooms.id";
        let mut list = self.prepare_cached(LIST)?;
        let rooms = list.query_map([one.0, other.0], |row| row.get(0).map(RoomId))?;
        Ok(rooms.collect::<rusqlite::Result<_>>()?)
    }
}

fn get_card(db: &Connection, id: UserId) -> Result<Option<UserCard>> {
    const GET: &str = concat!(
        "SELECT ",
        card_columns!(),
        " FROM users WHERE id = ?1 AND id > 0 AND deleted_at IS NULL"
    );
    Ok(db.prepare_cached(GET)?.query_row([id.0], |row| card(row, 0)).optional()?)
}
