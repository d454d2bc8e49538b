//! Invites.

use postgres::Row;

use super::super::backend::{AcceptedInvite, InviteError, Invites};
use super::super::decisions::{self, InviteTransaction};
use super::super::{Error, Result};
use super::Postgres;
use super::connection::Connection;
use super::records::{ROOM_COLUMNS, room, room_columns, word};
use crate::model::{
    Event, FoundInvite, Invite, InviteId, InviteRoom, InviteScope, InviteTo, NewAuditEntry,
    NewInvite, NewUser, Person, Role, RoomId, SecretHash, Timestamp, User, UserId,
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

/// Open: not revoked, not expired and not used up. $1 and $2 are the scope, $3 the time.
macro_rules! open_in_scope {
    () => {
        "($1 OR invites.room_id IS NOT DISTINCT FROM $2)
         AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
         AND (uses_allowed IS NULL OR completed < uses_allowed)"
    };
}

const FIND: &str = concat!(
    "SELECT ",
    room_columns!(),
    ", ",
    invite_columns!(),
    ", users.is_active AND users.deleted_at IS NULL, users.role, members.role, rooms.member_count
     FROM invites JOIN users ON users.id = invites.created_by
     LEFT JOIN rooms ON rooms.id = invites.room_id AND rooms.deleted_at IS NULL
     LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = invites.created_by
     WHERE token_hash = $1"
);

impl Invites for Postgres {
    fn create_invite(
        &self,
        invite: &NewInvite,
        most: u32,
        entry: Option<&NewAuditEntry>,
    ) -> Result<Invite, InviteError> {
        self.transaction(|tx| decisions::create_invite(tx, invite, most, entry))
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
            let rows = db.query(LIST, &[&all, &room_id, &now.0])?;
            Ok(rows.iter().map(|row| invite(row, 0)).collect())
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
        self.transaction(|tx| decisions::revoke_invite(tx, id, scope, created_by, at, entry))
    }

    fn find_invite(&self, hash: &SecretHash) -> Result<Option<FoundInvite>> {
        self.read(|db| db.query_opt(FIND, &[&&hash[..]])?.as_ref().map(found).transpose())
    }

    fn accept_invite(
        &self,
        hash: &SecretHash,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<AcceptedInvite, InviteError> {
        self.transaction(|tx| decisions::accept_invite(tx, hash, user_id, now))
    }

    fn create_invited_user(
        &self,
        user: &NewUser,
        hash: &SecretHash,
        entry: Option<&NewAuditEntry>,
    ) -> Result<(User, Vec<Event>), InviteError> {
        self.transaction(|tx| decisions::create_invited_user(tx, user, hash, entry))
    }
}

impl InviteTransaction for Connection {
    fn insert_invite(&mut self, invite: &NewInvite) -> Result<InviteId> {
        const INSERT: &str = "
            INSERT INTO invites (token_hash, room_id, created_by, role, uses_allowed, created_at,
                                 expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
        let row = self.query_one(
            INSERT,
            &[
                &&invite.hash[..],
                &invite.to.room_id().map(|id| id.0),
                &invite.created_by.0,
                &invite.to.role(),
                &invite.uses_allowed.map(i64::from),
                &invite.created_at.0,
                &invite.expires_at.map(|at| at.0),
            ],
        )?;
        Ok(InviteId(row.get(0)))
    }

    fn count_open_invites(&mut self, scope: InviteScope, now: Timestamp) -> Result<u32> {
        const COUNT: &str = concat!("SELECT count(*) FROM invites WHERE ", open_in_scope!());
        let (all, room_id) = scope.parts();
        let count: i64 = self.query_one(COUNT, &[&all, &room_id, &now.0])?.get(0);
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn delete_ended_invites(&mut self, scope: InviteScope, before: Timestamp) -> Result<()> {
        const DELETE: &str = "
            DELETE FROM invites
            WHERE ($1 OR room_id IS NOT DISTINCT FROM $2) AND (revoked_at < $3 OR expires_at < $3)";
        let (all, room_id) = scope.parts();
        self.execute(DELETE, &[&all, &room_id, &before.0])?;
        Ok(())
    }

    fn find_invite(&mut self, hash: &SecretHash) -> Result<Option<FoundInvite>> {
        self.query_opt(FIND, &[&&hash[..]])?.as_ref().map(found).transpose()
    }

    /// If two callers use the same invite, the second waits for the row, and then sees the count of the first.
    fn use_invite(&mut self, id: InviteId, now: Timestamp) -> Result<bool> {
        const USE: &str = "
            UPDATE invites SET completed = completed + 1
            WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
              AND (uses_allowed IS NULL OR completed < uses_allowed)";
        Ok(self.execute(USE, &[&id.0, &now.0])? > 0)
    }

    fn set_revoked(
        &mut self,
        id: InviteId,
        scope: InviteScope,
        created_by: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool> {
        const REVOKE: &str = "
            UPDATE invites SET revoked_at = $5
            WHERE id = $1 AND ($2 OR room_id IS NOT DISTINCT FROM $3)
              AND ($4::bigint IS NULL OR created_by = $4) AND revoked_at IS NULL";
        let (all, room_id) = scope.parts();
        let created_by = created_by.map(|id| id.0);
        Ok(self.execute(REVOKE, &[&id.0, &all, &room_id, &created_by, &at.0])? > 0)
    }
}

fn found(row: &Row) -> Result<FoundInvite> {
    const AFTER: usize = ROOM_COLUMNS + INVITE_COLUMNS;
    let role: &str = row.get(AFTER + 1);
    let invite_room = || InviteRoom {
        room: room(row),
        member_count: row.get::<_, i64>(AFTER + 3).unsigned_abs(),
        inviter_role: row.get::<_, Option<&str>>(AFTER + 2).map(|_| word(row, AFTER + 2)),
    };
    Ok(FoundInvite {
        invite: invite(row, ROOM_COLUMNS),
        is_inviter_active: row.get(AFTER),
        inviter_role: role
            .parse::<Role>()
            .map_err(|()| Error::Internal(format!("unknown role `{role}`")))?,
        room: row.get::<_, Option<i64>>(0).map(|_| invite_room()),
    })
}

/// Reads the columns of [`invite_columns`], which begin at `first`.
fn invite(row: &Row, first: usize) -> Invite {
    let number = |column: usize| row.get::<_, Option<i64>>(column);
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Invite {
        id: InviteId(row.get(first)),
        to: match number(first + 1) {
            None => InviteTo::Server,
            Some(id) => InviteTo::Room { id: RoomId(id), role: word(row, first + 2) },
        },
        invited_by: Person {
            user_id: UserId(row.get(first + 3)),
            username: row.get::<_, &str>(first + 4).into(),
            display_name: row.get::<_, Option<&str>>(first + 5).map(Into::into),
        },
        uses_allowed: number(first + 6).map(count),
        completed: count(row.get(first + 7)),
        created_at: Timestamp(row.get(first + 8)),
        expires_at: number(first + 9).map(Timestamp),
        revoked_at: number(first + 10).map(Timestamp),
    }
}
