//! Invites.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::{AcceptedInvite, InviteError, Invites};
use super::super::decisions::{self, InviteTransaction};
use super::Sqlite;
use super::records::{ROOM_COLUMNS, room, room_columns, word};
use super::transaction::Transaction;
use crate::model::{
    Event, FoundInvite, Invite, InviteId, InviteRoom, InviteScope, InviteTo, NewAuditEntry,
    NewInvite, NewUser, Person, RoomId, SecretHash, Timestamp, User, UserId,
};

/// The columns of `invites`, joined with the inviter, that [`invite`] reads.
macro_rules! invite_columns {
    () => {
        "invites.id, invites.room_id, invites.role, invites.created_by, users.username, \
         users.display_name, invites.uses_allowed, invites.completed, invites.created_at, \
         invites.expires_at, invites.revoked_at"
    };
}

/// The number of columns that [`invite`] reads.
const INVITE_COLUMNS: usize = 11;

/// Open: not revoked, not expired and not used up. ?1 and ?2 are the scope, ?3 the time.
macro_rules! open_in_scope {
    () => {
        "(?1 OR invites.room_id IS ?2)
         AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)
         AND (uses_allowed IS NULL OR completed < uses_allowed)"
    };
}

impl Invites for Sqlite {
    fn create_invite(
        &self,
        invite: &NewInvite,
        most: u32,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Invite, InviteError> {
        self.write(|tx| decisions::create_invite(tx, invite, most, entry))
    }

    fn list_invites(&self, scope: InviteScope, now: Timestamp) -> Result<Vec<Invite>> {
        const LIST: &str = concat!(
            "SELECT ",
            invite_columns!(),
            " FROM invites JOIN users ON users.id = invites.created_by WHERE ",
            open_in_scope!(),
            " ORDER BY invites.id DESC"
        );
        let (all, room_id) = scope.parts();
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let rows = list.query_map(params![all, room_id, now.0], |row| invite(row, 0));
            Ok(rows?.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn revoke_invite(
        &self,
        id: InviteId,
        scope: InviteScope,
        created_by: Option<UserId>,
        at: Timestamp,
        entry: Option<&NewAuditEntry>,
    ) -> Result<bool> {
        self.write(|tx| decisions::revoke_invite(tx, id, scope, created_by, at, entry))
    }

    fn find_invite(&self, hash: &SecretHash) -> Result<Option<FoundInvite>> {
        self.read(|db| find_invite(db, hash))
    }

    fn accept_invite(
        &self,
        hash: &SecretHash,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<AcceptedInvite, InviteError> {
        self.write(|tx| decisions::accept_invite(tx, hash, user_id, now))
    }

    fn create_invited_user(
        &self,
        user: &NewUser,
        hash: &SecretHash,
        entry: Option<&NewAuditEntry>,
    ) -> Result<(User, Vec<Event>), InviteError> {
        self.write(|tx| decisions::create_invited_user(tx, user, hash, entry))
    }
}

impl InviteTransaction for Transaction<'_> {
    fn insert_invite(&mut self, invite: &NewInvite) -> Result<InviteId> {
        const INSERT: &str = "
            INSERT INTO invites (token_hash, room_id, created_by, role, uses_allowed, created_at,
                                 expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id";
        let params = params![
            invite.hash,
            invite.to.room_id().map(|id| id.0),
            invite.created_by.0,
            invite.to.role(),
            invite.uses_allowed,
            invite.created_at.0,
            invite.expires_at.map(|at| at.0)
        ];
        Ok(self.prepare_cached(INSERT)?.query_row(params, |row| row.get(0).map(InviteId))?)
    }

    fn count_open_invites(&mut self, scope: InviteScope, now: Timestamp) -> Result<u32> {
        const COUNT: &str = concat!("SELECT count(*) FROM invites WHERE ", open_in_scope!());
        let (all, room_id) = scope.parts();
        let params = params![all, room_id, now.0];
        Ok(self.prepare_cached(COUNT)?.query_row(params, |row| row.get(0))?)
    }

    fn delete_ended_invites(&mut self, scope: InviteScope, before: Timestamp) -> Result<()> {
        const DELETE: &str = "
            DELETE FROM invites
            WHERE (?1 OR room_id IS ?2) AND (revoked_at < ?3 OR expires_at < ?3)";
        let (all, room_id) = scope.parts();
        self.prepare_cached(DELETE)?.execute(params![all, room_id, before.0])?;
        Ok(())
    }

    fn find_invite(&mut self, hash: &SecretHash) -> Result<Option<FoundInvite>> {
        find_invite(self, hash)
    }

    fn use_invite(&mut self, id: InviteId, now: Timestamp) -> Result<bool> {
        const USE: &str = "
            UPDATE invites SET completed = completed + 1
            WHERE id = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)
              AND (uses_allowed IS NULL OR completed < uses_allowed)";
        Ok(self.prepare_cached(USE)?.execute([id.0, now.0])? > 0)
    }

    fn set_revoked(
        &mut self,
        id: InviteId,
        scope: InviteScope,
        created_by: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool> {
        const REVOKE: &str = "
            UPDATE invites SET revoked_at = ?5
            WHERE id = ?1 AND (?2 OR room_id IS ?3) AND (?4 IS NULL OR created_by = ?4)
              AND revoked_at IS NULL";
        let (all, room_id) = scope.parts();
        let params = params![id.0, all, room_id, created_by.map(|user_id| user_id.0), at.0];
        Ok(self.prepare_cached(REVOKE)?.execute(params)? > 0)
    }
}

fn find_invite(db: &Connection, hash: &SecretHash) -> Result<Option<FoundInvite>> {
    const FIND: &str = concat!(
        "SELECT ",
        room_columns!(),
        ", ",
        invite_columns!(),
        ", users.is_active = 1 AND users.deleted_at IS NULL, users.role, members.role, rooms.member_count
         FROM invites JOIN users ON users.id = invites.created_by
         LEFT JOIN rooms ON rooms.id = invites.room_id AND rooms.deleted_at IS NULL
         LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = invites.created_by
         WHERE token_hash = ?1"
    );
    const AFTER: usize = ROOM_COLUMNS + INVITE_COLUMNS;
    let found = |row: &Row<'_>| {
        let has_room = row.get::<_, Option<i64>>(0)?.is_some();
        let is_member = row.get::<_, Option<String>>(AFTER + 2)?.is_some();
        let invite_room = || -> rusqlite::Result<InviteRoom> {
            let member_count: i64 = row.get(AFTER + 3)?;
            Ok(InviteRoom {
                room: room(row)?,
                member_count: member_count.unsigned_abs(),
                inviter_role: is_member.then(|| word(row, AFTER + 2)).transpose()?,
            })
        };
        Ok(FoundInvite {
            invite: invite(row, ROOM_COLUMNS)?,
            is_inviter_active: row.get(AFTER)?,
            inviter_role: word(row, AFTER + 1)?,
            room: has_room.then(invite_room).transpose()?,
        })
    };
    Ok(db.prepare_cached(FIND)?.query_row([hash], found).optional()?)
}

/// Reads the columns of [`invite_columns`], which begin at `first`.
fn invite(row: &Row<'_>, first: usize) -> rusqlite::Result<Invite> {
    let to = match row.get(first + 1)? {
        None => InviteTo::Server,
        Some(id) => InviteTo::Room { id: RoomId(id), role: word(row, first + 2)? },
    };
    let username: String = row.get(first + 4)?;
    let display_name: Option<String> = row.get(first + 5)?;
    Ok(Invite {
        id: InviteId(row.get(first)?),
        to,
        invited_by: Person {
            user_id: UserId(row.get(first + 3)?),
            username: username.into(),
            display_name: display_name.map(Into::into),
        },
        uses_allowed: row.get(first + 6)?,
        completed: row.get(first + 7)?,
        created_at: Timestamp(row.get(first + 8)?),
        expires_at: row.get::<_, Option<i64>>(first + 9)?.map(Timestamp),
        revoked_at: row.get::<_, Option<i64>>(first + 10)?.map(Timestamp),
    })
}
