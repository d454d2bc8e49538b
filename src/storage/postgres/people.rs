//! What people show of themselves, and who has blocked whom.

use postgres::Row;

use super::super::Result;
use super::super::backend::{People, UpdatedProfile};
use super::super::decisions::{self, PeopleTransaction};
use super::Postgres;
use super::connection::Connection;
use super::records::{CARD_COLUMNS, card, card_columns};
use crate::model::{
    BlockedUser, PeopleQuery, Profile, ProfileChange, RoomId, Timestamp, UserCard, UserId,
};

impl People for Postgres {
    fn list_people(&self, query: &PeopleQuery) -> Result<Vec<UserCard>> {
        const LIST: &str = concat!(
            "SELECT ",
            card_columns!(),
            " FROM users
              WHERE id > $1 AND is_active AND deleted_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM incoming_hooks WHERE user_id = users.id)
                AND (strpos(lower(username COLLATE \"C\"), lower($2 COLLATE \"C\")) > 0
                     OR strpos(fold_case(display_name), fold_case($2)) > 0)
              ORDER BY id LIMIT $3"
        );
        let text = query.text.as_deref().unwrap_or_default();
        // PostgreSQL cannot store text with a NUL, and refuses it in a query.
        if text.contains('\0') {
            return Ok(Vec::new());
        }
        let after = query.after.map_or(0, |id| id.0);
        self.read(|db| {
            let rows = db.query(LIST, &[&after, &text, &i64::from(query.limit)])?;
            Ok(rows.iter().map(|row| card(row, 0)).collect())
        })
    }

    fn list_cards(&self, ids: &[UserId]) -> Result<Vec<UserCard>> {
        const LIST: &str = concat!(
            "SELECT ",
            card_columns!(),
            " FROM users
              WHERE id = ANY($1::bigint[]) AND id > 0 AND deleted_at IS NULL ORDER BY id"
        );
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.read(|db| Ok(db.query(LIST, &[&ids])?.iter().map(|row| card(row, 0)).collect()))
    }

    fn update_profile(
        &self,
        id: UserId,
        change: &ProfileChange,
        now: Timestamp,
    ) -> Result<Option<UpdatedProfile>> {
        self.transaction(|tx| decisions::update_profile(tx, id, change, now))
    }

    /// The rows are locked in order of id: other nodes do the same at the same time.
    fn note_last_seen(&self, ids: &[UserId], at: Timestamp) -> Result<()> {
        const NOTE: &str = "
            UPDATE users SET last_seen_at = $2
            FROM (SELECT id FROM users
                  WHERE id = ANY($1::bigint[]) AND deleted_at IS NULL
                    AND coalesce(last_seen_at, 0) < $2
                  ORDER BY id FOR NO KEY UPDATE) AS seen
            WHERE users.id = seen.id";
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.write(|db| {
            db.execute(NOTE, &[&ids, &at.0])?;
            Ok(())
        })
    }

    fn list_blocks(&self, user_id: UserId) -> Result<Vec<BlockedUser>> {
        const LIST: &str = concat!(
            "SELECT ",
            card_columns!(),
            ", blocks.created_at
             FROM blocks JOIN users ON users.id = blocked_id
             WHERE user_id = $1 AND deleted_at IS NULL ORDER BY blocked_id"
        );
        let blocked = |row: &Row| BlockedUser {
            user: card(row, 0),
            created_at: Timestamp(row.get(CARD_COLUMNS)),
        };
        self.read(|db| Ok(db.query(LIST, &[&user_id.0])?.iter().map(blocked).collect()))
    }

    fn add_block(&self, user_id: UserId, blocked_id: UserId, now: Timestamp) -> Result<bool> {
        self.transaction(|tx| decisions::add_block(tx, user_id, blocked_id, now))
    }

    fn remove_block(&self, user_id: UserId, blocked_id: UserId) -> Result<bool> {
        self.transaction(|tx| decisions::remove_block(tx, user_id, blocked_id))
    }
}

impl PeopleTransaction for Connection {
    fn lock_card(&mut self, id: UserId) -> Result<Option<UserCard>> {
        const LOCK: &str = concat!(
            "SELECT ",
            card_columns!(),
            " FROM users WHERE id = $1 AND id > 0 AND deleted_at IS NULL FOR NO KEY UPDATE"
        );
        Ok(self.query_opt(LOCK, &[&id.0])?.map(|row| card(&row, 0)))
    }

    fn set_profile(&mut self, id: UserId, profile: &Profile) -> Result<()> {
        const SET: &str = "
            UPDATE users SET display_name = $2, title = $3, timezone = $4,
                             status_text = $5, status_emoji = $6, status_until = $7
            WHERE id = $1";
        let status = profile.status.as_ref();
        self.execute(
            SET,
            &[
                &id.0,
                &profile.display_name.as_deref(),
                &profile.title,
                &profile.timezone,
                &status.and_then(|status| status.text.as_deref()),
                &status.and_then(|status| status.emoji.as_deref()),
                &status.and_then(|status| status.until).map(|until| until.0),
            ],
        )?;
        Ok(())
    }

    fn set_renamed_at(&mut self, id: UserId, at: Timestamp) -> Result<()> {
        self.execute("UPDATE users SET renamed_at = $2 WHERE id = $1", &[&id.0, &at.0])?;
        Ok(())
    }

    fn insert_block(&mut self, user_id: UserId, blocked_id: UserId, at: Timestamp) -> Result<bool> {
        const INSERT: &str = "
            INSERT INTO blocks (user_id, blocked_id, created_at) VALUES ($1, $2, $3)
            ON CONFLICT DO NOTHING";
        Ok(self.execute(INSERT, &[&user_id.0, &blocked_id.0, &at.0])? > 0)
    }

    fn delete_block(&mut self, user_id: UserId, blocked_id: UserId) -> Result<bool> {
        const DELETE: &str = "DELETE FROM blocks WHERE user_id = $1 AND blocked_id = $2";
        Ok(self.execute(DELETE, &[&user_id.0, &blocked_id.0])? > 0)
    }

    fn list_direct_rooms(&mut self, one: UserId, other: UserId) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT rooms.id
            FROM members AS one JOIN members AS other ON other.room_id = one.room_id
            JOIN rooms ON rooms.id = one.room_id
            WHERE one.user_id = $1 AND other.user_id = $2 AND kind = 'direct' AND deleted_at IS NULL
            ORDER BY rooms.id";
        let rows = self.query(LIST, &[&one.0, &other.0])?;
        Ok(rows.iter().map(|row| RoomId(row.get(0))).collect())
    }
}
