//! Members of rooms, and bans.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::{
    AccessChanges, Guard, MemberCount, MemberError, MemberSearch, Members,
};
use super::super::decisions::{self, MemberTransaction};
use super::Sqlite;
use super::events::get_head;
use super::records::{USER_COLUMNS, person, room, room_columns, user, user_columns, word};
use super::transaction::Transaction;
use crate::model::{
    Audience, Ban, BannedUser, Event, Member, MemberPage, Membership, NewAuditEntry,
    NewMemberChange, NewRoom, Notify, Person, PreferenceChange, Room, RoomId, RoomKind, RoomRole,
    RoomRules, Seq, Standing, Timestamp, UserId,
};

/// The columns of `members` that [`membership`] reads.
macro_rules! member_columns {
    () => {
        "members.role, members.joined_at, members.joined_seq, \
         (SELECT mutes.until FROM mutes \
          WHERE mutes.room_id = members.room_id AND mutes.user_id = members.user_id), \
         members.notify, members.is_starred, members.hidden_seq"
    };
}

pub(super) use member_columns;

/// The number of columns that [`membership`] reads.
const MEMBER_COLUMNS: usize = 7;

/// The columns of `bans` that [`ban`] reads.
macro_rules! ban_columns {
    () => {
        "bans.banned_by, bans.reason, bans.created_at, bans.until"
    };
}

/// The number of columns that [`ban`] reads.
const BAN_COLUMNS: usize = 4;

/// Finds no row if the room is private or direct and the user is not a member.
const GET_STANDING: &str = concat!(
    "SELECT rooms.kind, posting, inviting, history, auto_join, ",
    member_columns!(),
    ", ",
    ban_columns!(),
    ", rooms.kind = 'direct'
           AND (SELECT count(*) FROM members AS people WHERE people.room_id = ?1) = 2
           AND EXISTS (
               SELECT 1 FROM members AS others JOIN blocks
                   ON blocks.user_id = others.user_id AND blocked_id = ?2
                   OR blocks.user_id = ?2 AND blocked_id = others.user_id
               WHERE others.room_id = ?1),
           mutes.until
    FROM rooms
    LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = ?2
    LEFT JOIN bans ON bans.room_id = rooms.id AND bans.user_id = ?2
    LEFT JOIN mutes ON mutes.room_id = rooms.id AND mutes.user_id = ?2
    WHERE rooms.id = ?1 AND rooms.deleted_at IS NULL
      AND (rooms.kind = 'public' OR members.user_id IS NOT NULL)"
);

impl Members for Sqlite {
    fn get_standing(&self, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>> {
        self.read(|db| get_standing(db, room_id, user_id))
    }

    fn list_access_changes(&self, after: i64) -> Result<AccessChanges> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let version = db
                .prepare_cached("SELECT access_version FROM server WHERE id = 1")?
                .query_row([], |row| row.get(0))?;
            let mut list =
                db.prepare_cached("SELECT id FROM rooms WHERE access_version > max(?1, 0)")?;
            let rooms = list.query_map([after], |row| row.get(0).map(RoomId))?;
            Ok(AccessChanges { version, rooms: rooms.collect::<rusqlite::Result<_>>()? })
        })
    }

    fn list_members(&self, room_id: RoomId, search: &MemberSearch) -> Result<Option<MemberPage>> {
        const LIST: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            member_columns!(),
            ", display_name FROM members JOIN users ON users.id = user_id
              WHERE room_id = ?1 AND user_id > ?2
                AND (?3 IS NULL OR instr(lower(username), lower(?3)) > 0
                     OR instr(fold_case(display_name), fold_case(?3)) > 0)
              ORDER BY user_id LIMIT ?4"
        );
        const COUNT: &str = "SELECT count(*) FROM members WHERE room_id = ?1";
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            if get_head(db, room_id)?.is_none() {
                return Ok(None);
            }
            let total: i64 = db.prepare_cached(COUNT)?.query_row([room_id.0], |row| row.get(0))?;
            let after = search.after.map_or(i64::MIN, |id| id.0);
            let mut list = db.prepare_cached(LIST)?;
            let rows = list.query_map(
                params![room_id.0, after, search.query, i64::from(search.limit) + 1],
                |row| {
                    Ok(Member {
                        user: user(row)?,
                        display_name: row.get(USER_COLUMNS + MEMBER_COLUMNS)?,
                        membership: membership(row, USER_COLUMNS)?,
                    })
                },
            )?;
            let mut members: Vec<Member> = rows.collect::<rusqlite::Result<_>>()?;
            let has_more = members.len() > search.limit as usize;
            members.truncate(search.limit as usize);
            Ok(Some(MemberPage { members, has_more, total: total.unsigned_abs() }))
        })
    }

    fn list_member_ids(&self, room_id: RoomId, limit: u32) -> Result<Vec<UserId>> {
        const LIST: &str =
            "SELECT user_id FROM members WHERE room_id = ?1 ORDER BY user_id LIMIT ?2";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let ids = list.query_map(params![room_id.0, limit], |row| row.get(0).map(UserId))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn count_members(&self) -> Result<Vec<MemberCount>> {
        const COUNT: &str = "
            SELECT id, count(user_id), count(user_id) FILTER (WHERE role = 'owner'),
                   length(direct_key) - length(replace(direct_key, ',', '')) + 1
            FROM rooms LEFT JOIN members ON room_id = id
            WHERE deleted_at IS NULL GROUP BY id ORDER BY id";
        self.read(|db| {
            let mut list = db.prepare_cached(COUNT)?;
            let rows = list.query_map([], |row| {
                Ok(MemberCount {
                    room_id: RoomId(row.get(0)?),
                    members: row.get::<_, i64>(1)?.unsigned_abs(),
                    owners: row.get::<_, i64>(2)?.unsigned_abs(),
                    people: row.get::<_, Option<i64>>(3)?.map(i64::unsigned_abs),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_bans(&self, room_id: RoomId) -> Result<Option<Vec<BannedUser>>> {
        const LIST: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            ban_columns!(),
            ", display_name FROM bans JOIN users ON users.id = user_id WHERE room_id = ?1 ORDER BY user_id"
        );
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            if get_head(db, room_id)?.is_none() {
                return Ok(None);
            }
            let mut list = db.prepare_cached(LIST)?;
            let rows = list.query_map([room_id.0], |row| {
                Ok(BannedUser {
                    user: user(row)?,
                    display_name: row.get(USER_COLUMNS + BAN_COLUMNS)?,
                    ban: ban(row, USER_COLUMNS)?,
                })
            })?;
            Ok(Some(rows.collect::<rusqlite::Result<_>>()?))
        })
    }

    fn change_members(
        &self,
        change: &NewMemberChange,
        guard: Option<&Guard<'_>>,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Vec<Event>, MemberError> {
        self.write(|tx| decisions::change_members(tx, change, guard, audit))
    }

    fn change_preferences(
        &self,
        room_id: RoomId,
        user_id: UserId,
        change: PreferenceChange,
    ) -> Result<bool> {
        const UPDATE: &str = "
            UPDATE members SET
                notify = coalesce(?3, notify),
                is_starred = coalesce(?4, is_starred),
                hidden_seq = CASE ?5 WHEN 1 THEN (SELECT head_seq FROM rooms WHERE id = room_id)
                                     WHEN 0 THEN NULL ELSE hidden_seq END
            WHERE room_id = ?1 AND user_id = ?2
              AND EXISTS (SELECT 1 FROM rooms WHERE id = ?1 AND deleted_at IS NULL)";
        let PreferenceChange { notify, is_starred, is_hidden } = change;
        self.write(|tx| {
            let changed = tx.prepare_cached(UPDATE)?.execute(params![
                room_id.0,
                user_id.0,
                notify.map(Notify::as_str),
                is_starred,
                is_hidden
            ])?;
            Ok(changed > 0)
        })
    }

    fn open_direct_room(
        &self,
        room: &NewRoom,
        people: &[UserId],
    ) -> Result<(Room, bool), MemberError> {
        self.write(|tx| decisions::open_direct_room(tx, room, people))
    }

    fn get_audience(&self, room_id: RoomId) -> Result<Option<Audience>> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            Ok(list_audiences(db, (room_id.0, room_id.0))?.pop())
        })
    }

    fn list_audiences(&self) -> Result<Vec<Audience>> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            list_audiences(db, (i64::MIN, i64::MAX))
        })
    }

    fn list_auto_join_rooms(&self) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT id FROM rooms
            WHERE auto_join = 1 AND kind = 'public' AND deleted_at IS NULL AND archived_at IS NULL
            ORDER BY id";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            Ok(list
                .query_map([], |row| row.get(0).map(RoomId))?
                .collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn get_standing(db: &Connection, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>> {
    let standing = |row: &Row<'_>| {
        let membership = match row.get::<_, Option<i64>>(6)? {
            None => None,
            Some(_) => Some(membership(row, 5)?),
        };
        Ok(Standing {
            room_id,
            kind: word(row, 0)?,
            rules: RoomRules {
                posting: word(row, 1)?,
                inviting: word(row, 2)?,
                history: word(row, 3)?,
                auto_join: row.get(4)?,
            },
            membership,
            ban: match row.get::<_, Option<i64>>(12)? {
                None => None,
                Some(_) => Some(ban(row, 12)?),
            },
            is_blocked: row.get(16)?,
            muted_until: row.get::<_, Option<i64>>(17)?.map(Timestamp),
        })
    };
    let mut get = db.prepare_cached(GET_STANDING)?;
    Ok(get.query_row(params![room_id.0, user_id.0], standing).optional()?)
}

impl MemberTransaction for Transaction<'_> {
    fn get_standing(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>> {
        get_standing(self, room_id, user_id)
    }

    fn lock_people(&mut self, user_ids: &[UserId]) -> Result<usize> {
        let mut found = 0;
        for &user_id in user_ids {
            found += usize::from(self.get_person(user_id)?.is_some());
        }
        Ok(found)
    }

    fn lock_leaver(&mut self, _: UserId) -> Result<()> {
        Ok(())
    }

    fn get_membership(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Membership>> {
        const GET: &str = concat!(
            "SELECT ",
            member_columns!(),
            " FROM members WHERE room_id = ?1 AND user_id = ?2"
        );
        let mut get = self.prepare_cached(GET)?;
        Ok(get.query_row([room_id.0, user_id.0], |row| membership(row, 0)).optional()?)
    }

    fn insert_member(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        place: &Membership,
    ) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO members (room_id, user_id, role, joined_at, joined_seq)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        self.prepare_cached(INSERT)?.execute(params![
            room_id.0,
            user_id.0,
            place.role.as_str(),
            place.joined_at.0,
            place.joined_seq.0
        ])?;
        Ok(())
    }

    fn delete_member(&mut self, room_id: RoomId, user_id: UserId) -> Result<()> {
        self.prepare_cached("DELETE FROM members WHERE room_id = ?1 AND user_id = ?2")?
            .execute([room_id.0, user_id.0])?;
        Ok(())
    }

    fn set_member_role(&mut self, room_id: RoomId, user_id: UserId, role: RoomRole) -> Result<()> {
        self.prepare_cached("UPDATE members SET role = ?3 WHERE room_id = ?1 AND user_id = ?2")?
            .execute(params![room_id.0, user_id.0, role.as_str()])?;
        Ok(())
    }

    fn set_muted_until(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        until: Option<Timestamp>,
    ) -> Result<()> {
        const SET: &str = "
            INSERT OR REPLACE INTO mutes (room_id, user_id, until) VALUES (?1, ?2, ?3)";
        const DELETE: &str = "DELETE FROM mutes WHERE room_id = ?1 AND user_id = ?2";
        match until {
            Some(until) => {
                self.prepare_cached(SET)?.execute([room_id.0, user_id.0, until.0])?;
            }
            None => {
                self.prepare_cached(DELETE)?.execute([room_id.0, user_id.0])?;
            }
        }
        Ok(())
    }

    fn list_owners(&mut self, room_id: RoomId) -> Result<Vec<UserId>> {
        const LIST: &str =
            "SELECT user_id FROM members WHERE room_id = ?1 AND role = 'owner' ORDER BY user_id";
        let mut list = self.prepare_cached(LIST)?;
        let owners = list.query_map([room_id.0], |row| row.get(0).map(UserId))?;
        Ok(owners.collect::<rusqlite::Result<_>>()?)
    }

    fn get_ban(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Ban>> {
        const GET: &str =
            concat!("SELECT ", ban_columns!(), " FROM bans WHERE room_id = ?1 AND user_id = ?2");
        let mut get = self.prepare_cached(GET)?;
        Ok(get.query_row([room_id.0, user_id.0], |row| ban(row, 0)).optional()?)
    }

    fn set_ban(&mut self, room_id: RoomId, user_id: UserId, ban: &Ban) -> Result<()> {
        const SET: &str = "
            INSERT OR REPLACE INTO bans (room_id, user_id, banned_by, reason, created_at, until)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.prepare_cached(SET)?.execute(params![
            room_id.0,
            user_id.0,
            ban.banned_by.0,
            ban.reason,
            ban.created_at.0,
            ban.until.map(|until| until.0)
        ])?;
        Ok(())
    }

    fn delete_ban(&mut self, room_id: RoomId, user_id: UserId) -> Result<()> {
        self.prepare_cached("DELETE FROM bans WHERE room_id = ?1 AND user_id = ?2")?
            .execute([room_id.0, user_id.0])?;
        Ok(())
    }

    fn get_person(&mut self, user_id: UserId) -> Result<Option<Person>> {
        const GET: &str = "
            SELECT id, username, display_name FROM users
            WHERE id = ?1 AND id > 0 AND deleted_at IS NULL";
        Ok(self.prepare_cached(GET)?.query_row([user_id.0], person).optional()?)
    }

    fn is_blocked(&mut self, one: UserId, other: UserId) -> Result<bool> {
        const FIND: &str = "
            SELECT EXISTS (SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = ?2
                                                   OR user_id = ?2 AND blocked_id = ?1)";
        Ok(self.prepare_cached(FIND)?.query_row([one.0, other.0], |row| row.get(0))?)
    }

    fn find_direct_room(&mut self, direct_key: &str) -> Result<Option<Room>> {
        const FIND: &str = concat!(
            "SELECT ",
            room_columns!(),
            " FROM rooms WHERE direct_key = ?1 AND kind = 'direct' AND deleted_at IS NULL"
        );
        Ok(self.prepare_cached(FIND)?.query_row([direct_key], room).optional()?)
    }

    fn set_hidden_seq(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        hidden_seq: Option<Seq>,
    ) -> Result<()> {
        const UPDATE: &str =
            "UPDATE members SET hidden_seq = ?3 WHERE room_id = ?1 AND user_id = ?2";
        self.prepare_cached(UPDATE)?.execute(params![
            room_id.0,
            user_id.0,
            hidden_seq.map(|seq| seq.0)
        ])?;
        Ok(())
    }

    fn list_rooms_of(&mut self, user_id: UserId) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT room_id FROM members CROSS JOIN rooms ON rooms.id = room_id
            WHERE user_id = ?1 AND kind <> 'direct' AND deleted_at IS NULL ORDER BY room_id";
        let mut list = self.prepare_cached(LIST)?;
        let rooms = list.query_map([user_id.0], |row| row.get(0).map(RoomId))?;
        Ok(rooms.collect::<rusqlite::Result<_>>()?)
    }

    fn has_others(&mut self, room_id: RoomId, user_id: UserId) -> Result<bool> {
        const FIND: &str =
            "SELECT EXISTS (SELECT 1 FROM members WHERE room_id = ?1 AND user_id <> ?2)";
        Ok(self.prepare_cached(FIND)?.query_row([room_id.0, user_id.0], |row| row.get(0))?)
    }

    fn find_successor(&mut self, room_id: RoomId) -> Result<Option<UserId>> {
        const FIND: &str = "
            SELECT user_id FROM members JOIN users ON users.id = user_id
            WHERE room_id = ?1 AND users.deleted_at IS NULL
            ORDER BY is_active DESC, members.role = 'moderator' DESC, joined_at, joined_seq, user_id
            LIMIT 1";
        let mut find = self.prepare_cached(FIND)?;
        Ok(find.query_row([room_id.0], |row| row.get(0).map(UserId)).optional()?)
    }

    fn note_access_change(&mut self, room_id: RoomId) -> Result<()> {
        note_access_change(self, room_id)
    }
}

pub(super) fn note_access_change(tx: &Transaction<'_>, room_id: RoomId) -> Result<()> {
    const NEXT: &str = "
        UPDATE server SET access_version = access_version + 1 WHERE id = 1
        RETURNING access_version";
    let version: i64 = tx.prepare_cached(NEXT)?.query_row([], |row| row.get(0))?;
    tx.prepare_cached("UPDATE rooms SET access_version = ?2 WHERE id = ?1")?
        .execute([room_id.0, version])?;
    Ok(())
}

/// The audiences of the rooms whose ids are in a range.
fn list_audiences(db: &Connection, (first, last): (i64, i64)) -> Result<Vec<Audience>> {
    const ROOMS: &str = "
        SELECT id, head_seq, kind FROM rooms
        WHERE deleted_at IS NULL AND id BETWEEN ?1 AND ?2 ORDER BY id";
    const MEMBERS: &str = "SELECT user_id FROM members WHERE room_id = ?1 ORDER BY user_id";
    let mut rooms = db.prepare_cached(ROOMS)?;
    let mut members = db.prepare_cached(MEMBERS)?;
    let rooms = rooms.query_map([first, last], |row| {
        let room_id = RoomId(row.get(0)?);
        let kind: RoomKind = word(row, 2)?;
        let ids = match kind.is_closed() {
            true => Some(
                members
                    .query_map([room_id.0], |row| row.get(0).map(UserId))?
                    .collect::<rusqlite::Result<_>>()?,
            ),
            false => None,
        };
        Ok(Audience { room_id, head_seq: Seq(row.get(1)?), members: ids })
    })?;
    Ok(rooms.collect::<rusqlite::Result<_>>()?)
}

fn ban(row: &Row<'_>, first: usize) -> rusqlite::Result<Ban> {
    Ok(Ban {
        banned_by: UserId(row.get(first)?),
        reason: row.get(first + 1)?,
        created_at: Timestamp(row.get(first + 2)?),
        until: row.get::<_, Option<i64>>(first + 3)?.map(Timestamp),
    })
}

/// Reads the columns of [`member_columns`], which begin at `first`.
pub(super) fn membership(row: &Row<'_>, first: usize) -> rusqlite::Result<Membership> {
    Ok(Membership {
        role: word(row, first)?,
        joined_at: Timestamp(row.get(first + 1)?),
        joined_seq: Seq(row.get(first + 2)?),
        muted_until: row.get::<_, Option<i64>>(first + 3)?.map(Timestamp),
        notify: word(row, first + 4)?,
        is_starred: row.get(first + 5)?,
        hidden_seq: row.get::<_, Option<i64>>(first + 6)?.map(Seq),
    })
}
