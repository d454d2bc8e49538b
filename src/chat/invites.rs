//! Invites: links that let people into a room, or let them sign up. The token of a link is shown once, to the user
//! who makes the invite; what is not valid any more cannot be told from what never was.

use std::net::IpAddr;

use serde::Serialize;

use super::permissions::{self, RoomAction};
use super::{Chat, Error, FieldError, Result, RoomView, secret};
use crate::model::{
    Event, FoundInvite, Identity, Invite, InviteId, InviteScope, InviteTo, NewInvite, Role, RoomId,
    RoomRole, SecretHash, Standing, Timestamp, UserId,
};
use crate::storage::backend::{AcceptedInvite, InviteError};
use crate::storage::{self, Backend};

pub const MAX_USES: i64 = 10_000;

/// The most open invites of a room.
pub(super) const MAX_OPEN_IN_ROOM: u32 = 100;

/// The most open invites to the server.
pub(super) const MAX_OPEN_TO_SERVER: u32 = 1_000;

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// How long an invite is valid if its creator does not say: a week.
const DEFAULT_SECONDS: i64 = 7 * DAY_SECONDS;
/// How long an invite can be valid: a year.
const MAX_SECONDS: i64 = 366 * DAY_SECONDS;

/// An invite to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct InviteDraft {
    /// The number of people whom it lets in; `None`: any number.
    pub uses_allowed: Option<i64>,
    /// `None`: a week from now.
    pub expires_at: Option<Timestamp>,
    /// The role of the new members of a room.
    pub role: RoomRole,
}

/// A new invite, with its token.
#[derive(Clone, Debug, Serialize)]
pub struct MadeInvite {
    pub token: String,
    #[serde(flatten)]
    pub invite: Invite,
}

impl Chat {
    /// Makes an invite to a room. One to the server is made by
    /// [`Admin::create_invite`](super::Admin::create_invite).
    ///
    /// # Errors
    /// Those of a caller who may not invite; [`Error::OwnerRequired`] if the new members would be moderators and the
    /// caller is no owner; [`Error::InvalidFields`], [`Error::RoomArchived`], [`Error::TooManyInvites`];
    /// [`Error::TooManyRequests`], because an invite counts like a message.
    pub async fn create_invite(
        &self,
        caller: &Identity,
        room_id: RoomId,
        draft: InviteDraft,
    ) -> Result<MadeInvite> {
        let standing = self.check(caller, room_id, RoomAction::Invite).await?;
        let now = self.inner.clock.now();
        if draft.role > RoomRole::Member {
            permissions::may(caller, RoomAction::SetRoles, &standing, now)?;
        }
        if caller.role != Role::Admin {
            self.check_pace(caller)?;
        }
        let (new, token) = new_invite(Some(room_id), draft, caller.user_id, now)?;
        let create = move |backend: &dyn Backend| {
            settled(backend.create_invite(&new, MAX_OPEN_IN_ROOM, None))
        };
        let invite = self.inner.store.write(create).await??;
        Ok(MadeInvite { token, invite })
    }

    /// Lists the open invites to a room, newest first: moderators and owners see all of them, members their own.
    ///
    /// # Errors
    /// Those of a caller who may not invite.
    pub async fn list_invites(&self, caller: &Identity, room_id: RoomId) -> Result<Vec<Invite>> {
        let standing = self.check(caller, room_id, RoomAction::Invite).await?;
        let now = self.inner.clock.now();
        let list =
            move |backend: &dyn Backend| backend.list_invites(InviteScope::Room(room_id), now);
        let mut invites = self.inner.store.read(list).await?;
        if let Some(own) = only_own(caller, &standing) {
            invites.retain(|invite| invite.invited_by.user_id == own);
        }
        Ok(invites)
    }

    /// Revokes an invite to a room: moderators and owners every one, members their own.
    ///
    /// # Errors
    /// Those of a caller who may not invite; [`Error::InviteNotFound`].
    pub async fn revoke_invite(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: InviteId,
    ) -> Result<()> {
        let standing = self.check(caller, room_id, RoomAction::Invite).await?;
        let (own, now) = (only_own(caller, &standing), self.inner.clock.now());
        let scope = InviteScope::Room(room_id);
        let revoke = move |backend: &dyn Backend| backend.revoke_invite(id, scope, own, now, None);
        match self.inner.store.write(revoke).await? {
            true => Ok(()),
            false => Err(Error::InviteNotFound),
        }
    }

    /// Returns what a link leads to, for a page on which nobody has signed in.
    ///
    /// # Errors
    /// [`Error::InviteNotFound`] for every token that is not valid, which counts as a failed attempt to sign in from
    /// this address; [`Error::TooManyRequests`].
    pub async fn preview_invite(&self, token: &str, address: IpAddr) -> Result<FoundInvite> {
        self.attempt_invite(address, self.find_invite(token)).await
    }

    /// Makes the caller a member of the invite's room. For a member nothing changes.
    ///
    /// # Errors
    /// As for [`Chat::preview_invite`], also for an invite to the server; [`Error::Banned`].
    pub async fn accept_invite(
        &self,
        caller: &Identity,
        token: &str,
        address: IpAddr,
    ) -> Result<RoomView> {
        self.attempt_invite(address, self.accept(caller, token)).await
    }

    /// Returns the hash of the token of a valid invite, for a sign-up. The transaction that uses the invite checks it
    /// again.
    ///
    /// # Errors
    /// [`Error::InviteNotFound`].
    pub(super) async fn check_invite(&self, token: &str) -> Result<SecretHash> {
        self.find_invite(token).await.map(|_| secret::hash(token))
    }

    async fn find_invite(&self, token: &str) -> Result<FoundInvite> {
        let (hash, now) = (secret::hash(token), self.inner.clock.now());
        let found = self.inner.store.read(move |backend| backend.find_invite(&hash)).await?;
        found.filter(|found| found.is_valid(now)).ok_or(Error::InviteNotFound)
    }

    async fn accept(&self, caller: &Identity, token: &str) -> Result<RoomView> {
        let (hash, user_id, now) = (secret::hash(token), caller.user_id, self.inner.clock.now());
        // Only what will probably succeed reaches the writer.
        let is_hopeful = move |backend: &dyn Backend| {
            let Some(found) = backend.find_invite(&hash)? else { return Ok(false) };
            let InviteTo::Room { id, .. } = found.invite.to else { return Ok(false) };
            let standing = backend.get_standing(id, user_id)?;
            Ok(found.is_valid(now) || standing.is_some_and(|it| it.membership.is_some()))
        };
        if !self.inner.store.read(is_hopeful).await? {
            return Err(Error::InviteNotFound);
        }
        let chat = self.clone();
        let accept = move |backend: &dyn Backend| {
            let accepted = settled(backend.accept_invite(&hash, user_id, now))?;
            Ok(accepted.map(|AcceptedInvite { room_id, events }| {
                chat.invite_used(events);
                room_id
            }))
        };
        let room_id = self.inner.store.write(accept).await??;
        self.get_room(caller, room_id).await
    }

    /// Tells everybody of a new member. To be called on the writer thread, like the news of other commits.
    pub(super) fn invite_used(&self, events: Vec<Event>) {
        if let Some(room_id) = events.first().map(Event::room_id) {
            self.members_changed(room_id, events);
        }
    }

    /// Counts the use of a token that is not valid as a failed attempt to sign in from the address.
    async fn attempt_invite<T>(
        &self,
        address: IpAddr,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let attempt = self.begin_attempt(None, address).await?;
        let result = work.await;
        match result {
            // The attempt stays counted.
            Err(Error::InviteNotFound) => drop(attempt),
            _ => self.take_back(attempt, None).await,
        }
        result
    }
}

/// The only user whose invites the caller sees. `None`: those of everybody.
fn only_own(caller: &Identity, standing: &Standing) -> Option<UserId> {
    let rank = permissions::rank(caller, standing);
    (rank < Some(RoomRole::Moderator)).then_some(caller.user_id)
}

/// Makes an invite and its token.
///
/// # Errors
/// [`Error::InvalidFields`].
pub(super) fn new_invite(
    room_id: Option<RoomId>,
    draft: InviteDraft,
    created_by: UserId,
    now: Timestamp,
) -> Result<(NewInvite, String)> {
    let InviteDraft { uses_allowed, expires_at, role } = draft;
    let mut errors = Vec::new();
    if uses_allowed.is_some_and(|uses| !(1..=MAX_USES).contains(&uses)) {
        errors.push(FieldError::new("uses_allowed", format!("must be from 1 to {MAX_USES}")));
    }
    let expires_at = expires_at.unwrap_or(now.plus_seconds(DEFAULT_SECONDS));
    if expires_at <= now || expires_at > now.plus_seconds(MAX_SECONDS) {
        errors
            .push(FieldError::new("expires_at", "must be in the future, at most a year from now"));
    }
    if role == RoomRole::Owner {
        errors.push(FieldError::new("role", "must be member or moderator"));
    }
    if !errors.is_empty() {
        return Err(Error::InvalidFields(errors));
    }
    let token = secret::token()?;
    let to = room_id.map_or(InviteTo::Server, |id| InviteTo::Room { id, role });
    let uses_allowed = uses_allowed.and_then(|uses| u32::try_from(uses).ok());
    let hash = secret::hash(&token);
    let expires_at = Some(expires_at);
    Ok((NewInvite { hash, to, created_by, uses_allowed, created_at: now, expires_at }, token))
}

/// Separates a failure of storage, which the store counts, from a refusal.
pub(super) fn settled<T>(
    outcome: Result<T, InviteError>,
) -> storage::Result<Result<T, InviteError>> {
    match outcome {
        Err(InviteError::Storage(error)) => Err(error),
        outcome => Ok(outcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_has_limits() {
        let now = Timestamp(0);
        let new = |draft| new_invite(Some(RoomId(1)), draft, UserId(1), now);
        let with = |uses_allowed, seconds: i64| {
            let expires_at = Some(now.plus_seconds(seconds));
            new(InviteDraft { uses_allowed, expires_at, ..InviteDraft::default() })
        };
        let (week, token) = new(InviteDraft::default()).unwrap();
        assert_eq!(week.expires_at, Some(now.plus_seconds(7 * 24 * 60 * 60)));
        assert_eq!((week.uses_allowed, week.hash), (None, secret::hash(&token)));
        for (uses, seconds) in [(1, 1), (10_000, 365 * DAY_SECONDS)] {
            assert_eq!(with(Some(uses), seconds).unwrap().0.uses_allowed, Some(uses as u32));
        }
        let bad = [(0, 1), (-1, 1), (10_001, 1), (1, 0), (1, -1), (1, 367 * DAY_SECONDS)];
        for (uses, seconds) in bad {
            assert!(with(Some(uses), seconds).is_err(), "{uses} {seconds}");
        }
        let owner = InviteDraft { role: RoomRole::Owner, ..InviteDraft::default() };
        assert!(new(owner).is_err());
    }
}
