//! Members of rooms, and bans.

use postgres::Row;

use super::super::backend::{
    AccessChanges, Guard, MemberCount, MemberError, MemberSearch, Members,
};
use super::super::decisions::{self, MemberTransaction};
use super::super::{Error, Result};
use super::Postgres;
use super::connection::Connection;
use super::records::{USER_COLUMNS, room, room_columns, user, user_columns, word};
use crate::model::{
    Audience, Ban, BannedUser, Event, Member, MemberPage, Membership, NewAuditEntry,
    NewMemberChange, NewRoom, Notify, Person, PreferenceChange, Room, RoomId, RoomRole, RoomRules,
    Seq, Standing, Timestamp, UserId,
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

/// The audiences of the rooms whose ids are in a range.
const LIST_AUDIENCES: &str = "
    SELECT id, head_seq,
           CASE WHEN kind <> 'public' THEN
               ARRAY(SELECT user_id FROM members WHERE room_id = rooms.id ORDER BY user_id) END
    FROM rooms WHERE deleted_at IS NULL AND id BETWEEN $1 AND $2 ORDER BY id";

/// Finds no row if the room is private or direct and the user is not a member.
const GET_STANDING: &str = concat!(
    "SELECT rooms.kind, posting, inviting, history, auto_join, ",
    member_columns!(),
    ", ",
    ban_columns!(),
    ", rooms.kind = 'direct'
           AND (SELECT count(*) FROM members AS people WHERE people.room_id = $1) = 2
           AND EXISTS (
               SELECT FROM members AS others JOIN blocks
                   ON blocks.user_id = others.user_id AND blocked_id = $2
                   OR blocks.user_id = $2 AND blocked_id = others.user_id
               WHERE others.room_id = $1),
           mutes.until
    FROM rooms
    LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = $2
    LEFT JOIN bans ON bans.room_id = rooms.id AND bans.user_id = $2
    LEFT JOIN mutes ON mutes.room_id = rooms.id AND mutes.user_id = $2
    WHERE rooms.id = $1 AND rooms.deleted_at IS NULL
      AND (rooms.kind = 'public' OR members.user_id IS NOT NULL)"
);

impl Members for Postgres {
    fn get_standing(&self, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>> {
        self.read(|db| get_standing(db, room_id, user_id))
    }

    fn list_access_changes(&self, after: i64) -> Result<AccessChanges> {
        const LIST: &str = "
            SELECT access_version,
                   ARRAY(SELECT id FROM rooms WHERE rooms.access_version > greatest($1::bigint, 0))
            FROM server WHERE id = 1";
        self.read(|db| {
            let row = db.query_one(LIST, &[&after])?;
            let rooms: Vec<i64> = row.get(1);
            Ok(AccessChanges {
                version: row.get(0),
                rooms: rooms.into_iter().map(RoomId).collect(),
            })
        })
    }

    fn list_members(&self, room_id: RoomId, search: &MemberSearch) -> Result<Option<MemberPage>> {
        const LIST: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            member_columns!(),
            ", display_name FROM members JOIN users ON users.id = user_id
              WHERE room_id = $1 AND user_id > $2
                AND ($3::text IS NULL OR strpos(lower(username), lower($3)) > 0
                     OR strpos(fold_case(display_name), fold_case($3)) > 0)
              ORDER BY user_id LIMIT $4"
        );
        const COUNT: &str = "
            SELECT (SELECT count(*) FROM members WHERE room_id = rooms.id)
            FROM rooms WHERE id = $1 AND deleted_at IS NULL";
        self.read(|db| {
            let Some(row) = db.query_opt(COUNT, &[&room_id.0])? else { return Ok(None) };
            let total: i64 = row.get(0);
            let after = search.after.map_or(i64::MIN, |id| id.0);
            let limit = i64::from(search.limit) + 1;
            let rows = db.query(LIST, &[&room_id.0, &after, &search.query, &limit])?;
            let has_more = rows.len() > search.limit as usize;
            let member = |row: &Row| {
                Ok(Member {
                    user: user(row)?,
                    display_name: row.get(USER_COLUMNS + MEMBER_COLUMNS),
                    membership: membership(row, USER_COLUMNS),
                })
            };
            let members =
                rows.iter().take(search.limit as usize).map(member).collect::<Result<_>>()?;
            Ok(Some(MemberPage { members, has_more, total: total.unsigned_abs() }))
        })
    }

    fn list_member_ids(&self, room_id: RoomId, limit: u32) -> Result<Vec<UserId>> {
        const LIST: &str =
            "SELECT user_id FROM members WHERE room_id = $1 ORDER BY user_id LIMIT $2";
        self.read(|db| {
            let rows = db.query(LIST, &[&room_id.0, &i64::from(limit)])?;
            Ok(rows.iter().map(|row| UserId(row.get(0))).collect())
        })
    }

    fn count_members(&self) -> Result<Vec<MemberCount>> {
        const COUNT: &str = "
            SELECT id, count(user_id), count(user_id) FILTER (WHERE role = 'owner'),
                   length(direct_key) - length(replace(direct_key, ',', '')) + 1
            FROM rooms LEFT JOIN members ON room_id = id
            WHERE deleted_at IS NULL GROUP BY id ORDER BY id";
        self.read(|db| {
            let count = |row: &Row| MemberCount {
                room_id: RoomId(row.get(0)),
                members: row.get::<_, i64>(1).unsigned_abs(),
                owners: row.get::<_, i64>(2).unsigned_abs(),
                people: row.get::<_, Option<i32>>(3).map(|people| u64::from(people.unsigned_abs())),
            };
            Ok(db.query(COUNT, &[])?.iter().map(count).collect())
        })
    }

    fn list_bans(&self, room_id: RoomId) -> Result<Option<Vec<BannedUser>>> {
        const LIST: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            ban_columns!(),
            ", display_name FROM bans JOIN users ON users.id = user_id WHERE room_id = $1 ORDER BY user_id"
        );
        const IS_THERE: &str = "SELECT FROM rooms WHERE id = $1 AND deleted_at IS NULL";
        self.read(|db| {
            if db.query_opt(IS_THERE, &[&room_id.0])?.is_none() {
                return Ok(None);
            }
            let rows = db.query(LIST, &[&room_id.0])?;
            let banned = |row: &Row| {
                Ok(BannedUser {
                    user: user(row)?,
                    display_name: row.get(USER_COLUMNS + BAN_COLUMNS),
                    ban: ban(row, USER_COLUMNS),
                })
            };
            Ok(Some(rows.iter().map(banned).collect::<Result<_>>()?))
        })
    }

    fn change_members(
        &self,
        change: &NewMemberChange,
        guard: Option<&Guard<'_>>,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Vec<Event>, MemberError> {
        self.transaction(|tx| decisions::change_members(tx, change, guard, audit))
    }

    fn change_preferences(
        &self,
        room_id: RoomId,
        user_id: UserId,
        change: PreferenceChange,
    ) -> Result<bool> {
        const UPDATE: &str = "
            UPDATE members SET
                notify = coalesce($3, notify),
                is_starred = coalesce($4, is_starred),
                hidden_seq = CASE $5::boolean WHEN true THEN head_seq
                                              WHEN false THEN NULL ELSE hidden_seq END
            FROM rooms
            WHERE room_id = $1 AND user_id = $2 AND rooms.id = $1 AND deleted_at IS NULL";
        let PreferenceChange { notify, is_starred, is_hidden } = change;
        let notify = notify.map(Notify::as_str);
        self.write(|db| {
            let changed =
                db.execute(UPDATE, &[&room_id.0, &user_id.0, &notify, &is_starred, &is_hidden])?;
            Ok(changed > 0)
        })
    }

    fn open_direct_room(
        &self,
        room: &NewRoom,
        people: &[UserId],
    ) -> Result<(Room, bool), MemberError> {
        let open = || self.transaction(|tx| decisions::open_direct_room(tx, room, people));
        match open() {
            // Another transaction has opened the same room meanwhile.
            Err(MemberError::Storage(Error::Conflict(_))) => open(),
            result => result,
        }
    }

    fn get_audience(&self, room_id: RoomId) -> Result<Option<Audience>> {
        self.read(|db| {
            let row = db.query_opt(LIST_AUDIENCES, &[&room_id.0, &room_id.0])?;
            Ok(row.as_ref().map(audience))
        })
    }

    fn list_audiences(&self) -> Result<Vec<Audience>> {
        self.read(|db| {
            let rows = db.query(LIST_AUDIENCES, &[&i64::MIN, &i64::MAX])?;
            Ok(rows.iter().map(audience).collect())
        })
    }

    fn list_auto_join_rooms(&self) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT id FROM rooms
            WHERE auto_join AND kind = 'public' AND deleted_at IS NULL AND archived_at IS NULL
            ORDER BY id";
        self.read(|db| Ok(db.query(LIST, &[])?.iter().map(|row| RoomId(row.get(0))).collect()))
    }
}

fn get_standing(db: &mut Connection, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>> {
    let standing = |row: Row| Standing {
        room_id,
        kind: word(&row, 0),
        rules: RoomRules {
            posting: word(&row, 1),
            inviting: word(&row, 2),
            history: word(&row, 3),
            auto_join: row.get(4),
        },
        membership: row.get::<_, Option<i64>>(6).map(|_| membership(&row, 5)),
        ban: row.get::<_, Option<i64>>(12).map(|_| ban(&row, 12)),
        is_blocked: row.get(16),
        muted_until: row.get::<_, Option<i64>>(17).map(Timestamp),
    };
    Ok(db.query_opt(GET_STANDING, &[&room_id.0, &user_id.0])?.map(standing))
}

impl MemberTransaction for Connection {
    fn get_standing(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>> {
        get_standing(self, room_id, user_id)
    }

    /// The lock conflicts with that of [`Self::lock_leaver`], but not with the locks of foreign keys.
    fn lock_people(&mut self, user_ids: &[UserId]) -> Result<usize> {
        const LOCK: &str = "
            SELECT FROM users WHERE id = ANY ($1::bigint[]) AND id > 0 AND deleted_at IS NULL
            ORDER BY id FOR SHARE";
        let user_ids: Vec<i64> = user_ids.iter().map(|id| id.0).collect();
        Ok(self.query(LOCK, &[&user_ids])?.len())
    }

    fn lock_leaver(&mut self, user_id: UserId) -> Result<()> {
        self.query("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", &[&user_id.0])?;
        Ok(())
    }

    fn get_membership(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Membership>> {
        const GET: &str = concat!(
            "SELECT ",
            member_columns!(),
            " FROM members WHERE room_id = $1 AND user_id = $2"
        );
        Ok(self.query_opt(GET, &[&room_id.0, &user_id.0])?.map(|row| membership(&row, 0)))
    }

    fn insert_member(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        place: &Membership,
    ) -> Result<()> {
        const INSERT: &str = "
            INSERT INTO members (room_id, user_id, role, joined_at, joined_seq)
            VALUES ($1, $2, $3, $4, $5)";
        let role = place.role.as_str();
        self.execute(
            INSERT,
            &[&room_id.0, &user_id.0, &role, &place.joined_at.0, &place.joined_seq.0],
        )?;
        Ok(())
    }

    fn delete_member(&mut self, room_id: RoomId, user_id: UserId) -> Result<()> {
        const DELETE: &str = "DELETE FROM members WHERE room_id = $1 AND user_id = $2";
        self.execute(DELETE, &[&room_id.0, &user_id.0])?;
        Ok(())
    }

    fn set_member_role(&mut self, room_id: RoomId, user_id: UserId, role: RoomRole) -> Result<()> {
        const UPDATE: &str = "UPDATE members SET role = $3 WHERE room_id = $1 AND user_id = $2";
        self.execute(UPDATE, &[&room_id.0, &user_id.0, &role.as_str()])?;
        Ok(())
    }

    fn set_muted_until(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        until: Option<Timestamp>,
    ) -> Result<()> {
        const SET: &str = "
            INSERT INTO mutes (room_id, user_id, until) VALUES ($1, $2, $3)
            ON CONFLICT (room_id, user_id) DO UPDATE SET until = excluded.until";
        const DELETE: &str = "DELETE FROM mutes WHERE room_id = $1 AND user_id = $2";
        match until {
            Some(until) => self.execute(SET, &[&room_id.0, &user_id.0, &until.0])?,
            None => self.execute(DELETE, &[&room_id.0, &user_id.0])?,
        };
        Ok(())
    }

    fn list_owners(&mut self, room_id: RoomId) -> Result<Vec<UserId>> {
        const LIST: &str =
            "SELECT user_id FROM members WHERE room_id = $1 AND role = 'owner' ORDER BY user_id";
        Ok(self.query(LIST, &[&room_id.0])?.iter().map(|row| UserId(row.get(0))).collect())
    }

    fn get_ban(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Ban>> {
        const GET: &str =
            concat!("SELECT ", ban_columns!(), " FROM bans WHERE room_id = $1 AND user_id = $2");
        Ok(self.query_opt(GET, &[&room_id.0, &user_id.0])?.map(|row| ban(&row, 0)))
    }

    fn set_ban(&mut self, room_id: RoomId, user_id: UserId, ban: &Ban) -> Result<()> {
        const SET: &str = "
            INSERT INTO bans (room_id, user_id, banned_by, reason, created_at, until)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (room_id, user_id) DO UPDATE
            SET banned_by = excluded.banned_by, reason = excluded.reason,
                created_at = excluded.created_at, until = excluded.until";
        self.execute(
            SET,
            &[
                &room_id.0,
                &user_id.0,
                &ban.banned_by.0,
                &ban.reason,
                &ban.created_at.0,
                &ban.until.map(|until| until.0),
            ],
        )?;
        Ok(())
    }

    fn delete_ban(&mut self, room_id: RoomId, user_id: UserId) -> Result<()> {
        const DELETE: &str = "DELETE FROM bans WHERE room_id = $1 AND user_id = $2";
        self.execute(DELETE, &[&room_id.0, &user_id.0])?;
        Ok(())
    }

    fn get_person(&mut self, user_id: UserId) -> Result<Option<Person>> {
        const GET: &str = "
            SELECT username, display_name FROM users
            WHERE id = $1 AND id > 0 AND deleted_at IS NULL";
        Ok(self.query_opt(GET, &[&user_id.0])?.map(|row| Person {
            user_id,
            username: row.get::<_, &str>(0).into(),
            display_name: row.get::<_, Option<&str>>(1).map(Into::into),
        }))
    }

    fn is_blocked(&mut self, one: UserId, other: UserId) -> Result<bool> {
        const FIND: &str = "
            SELECT EXISTS (SELECT FROM blocks WHERE user_id = $1 AND blocked_id = $2
                                                 OR user_id = $2 AND blocked_id = $1)";
        Ok(self.query_one(FIND, &[&one.0, &other.0])?.get(0))
    }

    fn find_direct_room(&mut self, direct_key: &str) -> Result<Option<Room>> {
        const FIND: &str = concat!(
            "SELECT ",
            room_columns!(),
            " FROM rooms WHERE direct_key = $1 AND kind = 'direct' AND deleted_at IS NULL"
        );
        Ok(self.query_opt(FIND, &[&direct_key])?.as_ref().map(room))
    }

    fn set_hidden_seq(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        hidden_seq: Option<Seq>,
    ) -> Result<()> {
        const UPDATE: &str =
            "UPDATE members SET hidden_seq = $3 WHERE room_id = $1 AND user_id = $2";
        self.execute(UPDATE, &[&room_id.0, &user_id.0, &hidden_seq.map(|seq| seq.0)])?;
        Ok(())
    }

    fn list_rooms_of(&mut self, user_id: UserId) -> Result<Vec<RoomId>> {
        const LIST: &str = "
            SELECT room_id FROM members JOIN rooms ON rooms.id = room_id
            WHERE user_id = $1 AND kind <> 'direct' AND deleted_at IS NULL ORDER BY room_id";
        Ok(self.query(LIST, &[&user_id.0])?.iter().map(|row| RoomId(row.get(0))).collect())
    }

    fn has_others(&mut self, room_id: RoomId, user_id: UserId) -> Result<bool> {
        const FIND: &str =
            "SELECT EXISTS (SELECT FROM members WHERE room_id = $1 AND user_id <> $2)";
        Ok(self.query_one(FIND, &[&room_id.0, &user_id.0])?.get(0))
    }

    fn find_successor(&mut self, room_id: RoomId) -> Result<Option<UserId>> {
        const FIND: &str = "
            SELECT user_id FROM members JOIN users ON users.id = user_id
            WHERE room_id = $1 AND users.deleted_at IS NULL
            ORDER BY is_active DESC, members.role = 'moderator' DESC, joined_at, joined_seq, user_id
            LIMIT 1";
        Ok(self.query_opt(FIND, &[&room_id.0])?.map(|row| UserId(row.get(0))))
    }

    fn note_access_change(&mut self, room_id: RoomId) -> Result<()> {
        const NOTE: &str = "
            WITH next AS (
                UPDATE server SET access_version = access_version + 1 WHERE id = 1
                RETURNING access_version
            )
            UPDATE rooms SET access_version = next.access_version FROM next WHERE rooms.id = $1";
        self.execute(NOTE, &[&room_id.0])?;
        Ok(())
    }
}

fn audience(row: &Row) -> Audience {
    let members: Option<Vec<i64>> = row.get(2);
    Audience {
        room_id: RoomId(row.get(0)),
        head_seq: Seq(row.get(1)),
        members: members.map(|ids| ids.into_iter().map(UserId).collect()),
    }
}

fn ban(row: &Row, first: usize) -> Ban {
    Ban {
        banned_by: UserId(row.get(first)),
        reason: row.get(first + 1),
        created_at: Timestamp(row.get(first + 2)),
        until: row.get::<_, Option<i64>>(first + 3).map(Timestamp),
    }
}

/// Reads the columns of [`member_columns`], which begin at `first`.
pub(super) fn membership(row: &Row, first: usize) -> Membership {
    Membership {
        role: word(row, first),
        joined_at: Timestamp(row.get(first + 1)),
        joined_seq: Seq(row.get(first + 2)),
        muted_until: row.get::<_, Option<i64>>(first + 3).map(Timestamp),
        notify: word(row, first + 4),
        is_starred: row.get(first + 5),
        hidden_seq: row.get::<_, Option<i64>>(first + 6).map(Seq),
    }
}
