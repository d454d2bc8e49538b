//! Members of rooms: joining, leaving, and what moderators and owners do.

use super::admin::MemberChange;
use super::permissions::{self, RoomAction};
use super::rooms::{RoomView, check_query};
use super::{Admin, Chat, Error, Result};
use crate::model::{
    BannedUser, Event, Identity, LeaveCause, MemberAct, MemberPage, NewMemberChange,
    PreferenceChange, RoomId, RoomKind, RoomRole, Standing, Timestamp, User, UserId,
};
use crate::realtime::News;
use crate::storage::backend::{Guard, MemberError, MemberSearch};
use crate::storage::{Backend, Error as StorageError};

/// The most people that one request adds to a room.
pub const MAX_ADDED: usize = 100;
pub const MAX_REASON_CHARS: usize = 500;
/// The default number of members of a page.
pub const DEFAULT_MEMBERS_PAGE: u32 = 50;
pub const MAX_MEMBERS_PAGE: u32 = 200;

impl Chat {
    /// Makes the caller a member of a public room. A member stays one.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`], [`Error::TooManyRequests`].
    pub async fn join_room(&self, caller: &Identity, room_id: RoomId) -> Result<RoomView> {
        let standing = self.check(caller, room_id, RoomAction::Join).await?;
        if standing.membership.is_none() {
            let act = MemberAct::Join { user_ids: vec![caller.user_id], role: RoomRole::Member };
            let actions = vec![RoomAction::Join];
            self.change_members(caller, &standing, actions, None, act, None).await?;
        }
        self.get_room(caller, room_id).await
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::RoomKind`], [`Error::LastOwner`].
    pub async fn leave_room(&self, caller: &Identity, room_id: RoomId) -> Result<()> {
        let standing = self.check(caller, room_id, RoomAction::Leave).await?;
        let act = MemberAct::Leave { user_id: caller.user_id, cause: LeaveCause::Left };
        let actions = vec![RoomAction::Leave];
        self.change_members(caller, &standing, actions, None, act, None).await.map(drop)
    }

    /// Changes how the caller sees the room.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::TooManyRequests`].
    pub async fn change_preferences(
        &self,
        caller: &Identity,
        room_id: RoomId,
        change: PreferenceChange,
    ) -> Result<RoomView> {
        self.check(caller, room_id, RoomAction::Prefer).await?;
        self.check_pace(caller)?;
        let (user_id, chat) = (caller.user_id, self.clone());
        let act = move |admin: &Admin<'_>| {
            if admin.change_preferences(room_id, user_id, change)? {
                chat.inner.standings.drop_one(room_id, user_id);
                let news = vec![News::Membership(user_id, room_id)];
                chat.inner.fleet.blocking_publish(news);
            }
            Ok(())
        };
        self.write_as(caller, act).await?;
        self.get_room(caller, room_id).await
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::InvalidFields`].
    pub async fn list_members(
        &self,
        caller: &Identity,
        room_id: RoomId,
        search: MemberSearch,
    ) -> Result<MemberPage> {
        if !(1..=MAX_MEMBERS_PAGE).contains(&search.limit) {
            return Err(Error::field("limit", format!("must be from 1 to {MAX_MEMBERS_PAGE}")));
        }
        check_query(search.query.as_deref())?;
        if search.after.is_some_and(|after| after.0 < 0) {
            return Err(Error::field("after", "must not be negative"));
        }
        self.check(caller, room_id, RoomAction::See).await?;
        let page =
            self.inner.store.read(move |backend| backend.list_members(room_id, &search)).await?;
        page.ok_or(Error::RoomNotFound)
    }

    /// Adds people to a room. Those who are members already stay as they are.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::ModeratorRequired`], [`Error::OwnerRequired`] for another role than
    /// that of a member, [`Error::RoomKind`], [`Error::UserNotFound`]; [`Error::InvalidFields`], also if one of the
    /// people is banned.
    pub async fn add_members(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_ids: Vec<UserId>,
        role: RoomRole,
    ) -> Result<Vec<Event>> {
        let standing = self.check(caller, room_id, RoomAction::Invite).await?;
        let mut actions = vec![RoomAction::Invite];
        if role > RoomRole::Member {
            permissions::may(caller, RoomAction::SetRoles, &standing, self.inner.clock.now())?;
            actions.push(RoomAction::SetRoles);
        }
        if !(1..=MAX_ADDED).contains(&user_ids.len()) {
            return Err(Error::field("user_ids", format!("must have 1 to {MAX_ADDED} ids")));
        }
        let act = MemberAct::Join { user_ids, role };
        let added = self.change_members(caller, &standing, actions, None, act, None).await;
        added.map_err(|error| of_another(error, "user_ids"))
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::ModeratorRequired`], [`Error::RoomKind`], [`Error::NotAMember`],
    /// [`Error::HigherRole`], [`Error::InvalidFields`].
    pub async fn remove_member(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_id: UserId,
        reason: Option<String>,
    ) -> Result<()> {
        let act = MemberAct::Leave { user_id, cause: LeaveCause::Removed };
        self.moderate(caller, room_id, act, reason).await
    }

    /// Bans a user, who need not be a member. `until`: `None` for ever.
    ///
    /// # Errors
    /// As for [`Chat::remove_member`], without [`Error::NotAMember`]; [`Error::UserNotFound`].
    pub async fn ban(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_id: UserId,
        until: Option<Timestamp>,
        reason: Option<String>,
    ) -> Result<()> {
        if until.is_some_and(|until| until <= self.inner.clock.now()) {
            return Err(Error::field("until", "must be in the future"));
        }
        self.moderate(caller, room_id, MemberAct::Ban { user_id, until }, reason).await
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::ModeratorRequired`], [`Error::RoomKind`].
    pub async fn unban(&self, caller: &Identity, room_id: RoomId, user_id: UserId) -> Result<()> {
        self.moderate(caller, room_id, MemberAct::Unban { user_id }, None).await
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::ModeratorRequired`], [`Error::RoomKind`].
    pub async fn list_bans(&self, caller: &Identity, room_id: RoomId) -> Result<Vec<BannedUser>> {
        self.check(caller, room_id, RoomAction::Moderate).await?;
        let bans = self.inner.store.read(move |backend| backend.list_bans(room_id)).await?;
        bans.ok_or(Error::RoomNotFound)
    }

    /// Mutes a member until a time; `None` lifts the mute.
    ///
    /// # Errors
    /// As for [`Chat::remove_member`].
    pub async fn mute(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_id: UserId,
        until: Option<Timestamp>,
    ) -> Result<()> {
        let until = until.unwrap_or(Timestamp(0));
        self.moderate(caller, room_id, MemberAct::Mute { user_id, until }, None).await
    }

    /// Gives a member another role. An owner may also step down.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::OwnerRequired`], [`Error::RoomKind`], [`Error::NotAMember`],
    /// [`Error::HigherRole`], [`Error::LastOwner`].
    pub async fn set_role(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_id: UserId,
        role: RoomRole,
    ) -> Result<()> {
        let standing = self.check(caller, room_id, RoomAction::SetRoles).await?;
        let below = (user_id != caller.user_id).then_some(RoomRole::Owner);
        let act = MemberAct::SetRole { user_id, role };
        let actions = vec![RoomAction::SetRoles];
        self.change_members(caller, &standing, actions, below, act, None).await.map(drop)
    }

    /// Makes a user the only owner of the room. The other owners become moderators.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::OwnerRequired`], [`Error::RoomKind`], [`Error::UserNotFound`];
    /// [`Error::InvalidFields`] if the user is banned.
    pub async fn transfer_room(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_id: UserId,
    ) -> Result<RoomView> {
        let standing = self.check(caller, room_id, RoomAction::SetRoles).await?;
        let act = MemberAct::Transfer { user_id };
        let actions = vec![RoomAction::SetRoles];
        let transferred = self.change_members(caller, &standing, actions, None, act, None).await;
        transferred.map_err(|error| of_another(error, "user_id"))?;
        self.get_room(caller, room_id).await
    }

    /// The same by an admin, who need not see the room.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::RoomNotFound`], [`Error::RoomKind`], [`Error::UserNotFound`];
    /// [`Error::InvalidFields`] if the user is banned.
    pub async fn appoint_owner(
        &self,
        caller: &Identity,
        room_id: RoomId,
        user_id: UserId,
    ) -> Result<()> {
        permissions::require(caller, permissions::Action::Administer)?;
        let act = MemberAct::Transfer { user_id };
        let change = MemberChange { room_id, below: None, reason: None, act, is_audited: true };
        let chat = self.clone();
        let act = move |admin: &Admin<'_>| {
            let events = admin.change_members(change)?;
            chat.members_changed(room_id, events);
            Ok(())
        };
        let appointed = self.write_as(caller, act).await;
        appointed.map_err(|error| of_another(error, "user_id"))
    }

    /// Does what moderators do, to people whose role is below the caller's.
    async fn moderate(
        &self,
        caller: &Identity,
        room_id: RoomId,
        act: MemberAct,
        reason: Option<String>,
    ) -> Result<()> {
        let standing = self.check(caller, room_id, RoomAction::Moderate).await?;
        let rank = permissions::rank(caller, &standing);
        // An owner may be a moderator by the time of the change.
        let is_owner = rank == Some(RoomRole::Owner);
        let action = if is_owner { RoomAction::SetRoles } else { RoomAction::Moderate };
        self.change_members(caller, &standing, vec![action], rank, act, reason).await.map(drop)
    }

    /// Makes a new account a member of the rooms with `auto_join`. To be called on the writer thread. The account
    /// exists already: after a failure, it joins the room itself.
    pub(super) fn join_automatically(&self, backend: &dyn Backend, user: &User) {
        let join = |room_id| -> Result<_, MemberError> {
            let act = MemberAct::Join { user_ids: vec![user.id], role: RoomRole::Member };
            let (by, timestamp) = (user.id, user.created_at);
            let change = NewMemberChange { room_id, by, timestamp, below: None, reason: None, act };
            let is_public = |standing: Option<&Standing>| {
                standing.is_some_and(|standing| standing.kind == RoomKind::Public)
            };
            let guard = Guard { user_id: user.id, allows: &is_public };
            backend.change_members(&change, Some(&guard), None)
        };
        let rooms = match backend.list_auto_join_rooms() {
            Ok(rooms) => rooms,
            Err(error) => return tracing::error!(%error, "a new account joins no room"),
        };
        for room_id in rooms {
            match join(room_id) {
                Ok(events) => self.members_changed(room_id, events),
                // It was deleted or made private a moment ago.
                Err(MemberError::RoomNotFound | MemberError::Storage(StorageError::Refused)) => {}
                Err(error) => {
                    tracing::error!(%error, %room_id, "a new account does not join a room");
                }
            }
        }
    }

    async fn change_members(
        &self,
        caller: &Identity,
        standing: &Standing,
        actions: Vec<RoomAction>,
        below: Option<RoomRole>,
        act: MemberAct,
        reason: Option<String>,
    ) -> Result<Vec<Event>> {
        // A change is sent to every member, as a message is.
        self.check_pace(caller)?;
        let own_role = standing.membership.map(|membership| membership.role);
        let is_own = matches!(
            &act,
            MemberAct::Join { user_ids, role: RoomRole::Member } if user_ids == &[caller.user_id]
        );
        // What an admin of the server does without a role in the room.
        let is_audited = permissions::rank(caller, standing) > own_role && !is_own;
        let room_id = standing.room_id;
        let change = MemberChange { room_id, below, reason, act, is_audited };
        let chat = self.clone();
        let act = move |admin: &Admin<'_>| {
            let events = admin.change_members(change)?;
            chat.members_changed(room_id, events.clone());
            Ok(events)
        };
        self.write_in(caller, room_id, actions, act).await
    }

    /// Tells everybody of a change. To be called on the writer thread, like the news of other commits.
    pub(super) fn members_changed(&self, room_id: RoomId, events: Vec<Event>) {
        if !events.is_empty() {
            self.access_changed(room_id);
            self.inner.fleet.blocking_publish(vec![News::Events(events)]);
        }
    }
}

/// The error of a change of other users. The text of [`Error::Banned`] is for somebody who is banned.
fn of_another(error: Error, field: &str) -> Error {
    match error {
        Error::Banned => {
            Error::field(field, "names somebody who is banned from the room: lift the ban first")
        }
        other => other,
    }
}

/// The reason as it is stored: `None` if it is blank.
pub(super) fn check_reason(reason: Option<String>) -> Result<Option<String>> {
    let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) else { return Ok(None) };
    if reason.chars().count() > MAX_REASON_CHARS {
        let message = format!("must have at most {MAX_REASON_CHARS} characters");
        return Err(Error::field("reason", message));
    }
    match super::text::description_fault(&reason) {
        Some(fault) => Err(Error::field("reason", fault)),
        None => Ok(Some(reason)),
    }
}
