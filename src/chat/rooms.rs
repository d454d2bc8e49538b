//! Rooms: creating, reading, changing and deleting them.

use std::time::Instant;

use super::permissions::{self, Action, RoomAction};
use super::{Admin, Chat, Error, FieldError, Result, metadata, text};
use crate::config::RoomCreators;
use crate::model::{
    Audience, Identity, ListedRoom, Membership, Metadata, Person, Reader, Reading, Role, Room,
    RoomChange, RoomId, RoomKind, RoomRules, RoomSelection, Seq,
};
use crate::realtime::{ActiveCount, News};
use crate::storage::Backend;

pub const MAX_NAME_CHARS: usize = 64;
pub const MAX_DESCRIPTION_CHARS: usize = 500;

/// The most rows of deleted rooms that one transaction deletes. It keeps the writer busy for a few
/// milliseconds.
pub(super) const PURGED_AT_ONCE: u32 = 500;

/// The pause after such a transaction, as a multiple of its duration.
pub const PURGE_PAUSES: u32 = 4;

/// A room to be created.
#[derive(Clone, Debug, Default)]
pub struct RoomDraft {
    /// Stored in NFC, without surrounding white space.
    pub name: String,
    pub description: Option<String>,
    pub kind: RoomKind,
    pub rules: RoomRules,
    /// The data of a product.
    pub metadata: Option<Metadata>,
}

/// A room that a user may read.
#[derive(Clone, Debug)]
pub struct Entry {
    pub room: Room,
    /// The user may read the events after this one.
    pub visible_from: Seq,
}

/// A room as one user sees it.
#[derive(Clone, Debug)]
pub struct RoomView {
    pub room: Room,
    /// How many users are in the room now.
    pub active_users: usize,
    /// How far the user has read it.
    pub reading: Reading,
    /// The user's place in the room; `None`: not a member.
    pub membership: Option<Membership>,
    /// The number of members, counted to at most 1,000.
    pub member_count: u64,
    /// The people of a direct room; empty for other rooms.
    pub people: Vec<Person>,
}

/// The most rooms in a page.
pub const MAX_ROOMS_PAGE: u32 = 1_000;

impl Chat {
    /// # Errors
    /// [`Error::AdminRequired`] for a public room, unless `rooms.create` is `everyone`;
    /// [`Error::InvalidFields`], [`Error::RoomNameTaken`]; [`Error::TooManyRequests`] if the caller
    /// is not an admin and too fast: a room counts like a message.
    pub async fn create_room(&self, caller: &Identity, draft: RoomDraft) -> Result<RoomView> {
        // What people do among themselves needs no admin.
        let creators = match draft.kind {
            RoomKind::Public => self.inner.settings.load().room_creators,
            RoomKind::Private | RoomKind::Direct => RoomCreators::Everyone,
        };
        let created_by = caller.user_id;
        let fleet = self.inner.fleet.clone();
        let act = move |admin: &Admin<'_>| {
            let room = admin.create_room(draft, created_by)?;
            let audience = Audience::of_new(&room, &[created_by]);
            // From the writer thread, so that the hub gets it before the room's first event.
            fleet.blocking_publish(vec![News::RoomCreated(room.clone(), audience)]);
            Ok(room)
        };
        if caller.role != Role::Admin {
            self.check_pace(caller)?;
        }
        let room = self.act(caller, Action::CreateRoom(creators), act).await?;
        self.get_room(caller, room.id).await
    }

    /// The rooms that the caller may see, in order of id, and whether there are more than the limit.
    ///
    /// # Errors
    /// [`Error::InvalidFields`].
    pub async fn list_rooms(
        &self,
        caller: &Identity,
        selection: RoomSelection,
    ) -> Result<(Vec<RoomView>, bool)> {
        let limit = selection.limit;
        if limit.is_some_and(|limit| !(1..=MAX_ROOMS_PAGE).contains(&limit)) {
            return Err(Error::field("limit", format!("must be from 1 to {MAX_ROOMS_PAGE}")));
        }
        check_query(selection.query.as_deref())?;
        metadata::check_query(selection.metadata.as_ref())?;
        if selection.after.is_some_and(|after| after.0 < 0) {
            return Err(Error::field("after", "must not be negative"));
        }
        // Names are stored in this form.
        let query = selection.query.as_deref().map(text::nfc);
        let one_more = RoomSelection { limit: limit.map(|limit| limit + 1), query, ..selection };
        let mut rooms = self.list_rooms_read(caller, one_more).await?;
        let has_more = limit.is_some_and(|limit| rooms.len() > limit as usize);
        rooms.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
        Ok((self.view(rooms).await, has_more))
    }

    /// The heads and audiences of all rooms, for the hub, when a connection begins to watch.
    pub async fn list_audiences(&self) -> Result<Vec<Audience>> {
        Ok(self.inner.store.read(|backend| backend.list_audiences()).await?)
    }

    /// # Errors
    /// [`Error::RoomNotFound`].
    pub async fn get_room(&self, caller: &Identity, id: RoomId) -> Result<RoomView> {
        let only = RoomSelection { only: Some(id), ..RoomSelection::default() };
        let rooms = self.list_rooms_read(caller, only).await?;
        self.view(rooms).await.pop().ok_or(Error::RoomNotFound)
    }

    /// Returns the room if the caller may enter it now. A socket asks before it joins.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`]; [`Error::TooManyRequests`] if the caller enters rooms too
    /// fast.
    pub async fn enter_room(&self, caller: &Identity, id: RoomId) -> Result<Entry> {
        let checked = self.inner.settings.load().joins.check(&caller.user_id);
        self.inner.counts.limited("joins", checked)?;
        self.open_room(caller, id).await
    }

    /// Returns the room if the caller may still read it, by what is stored now. A socket asks when an event may have
    /// ended the right.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`].
    pub async fn reopen_room(&self, caller: &Identity, id: RoomId) -> Result<Entry> {
        self.inner.standings.drop_one(id, caller.user_id);
        self.open_room(caller, id).await
    }

    /// Returns the room if the caller may read it.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`].
    pub async fn open_room(&self, caller: &Identity, id: RoomId) -> Result<Entry> {
        let visible_from = self.check(caller, id, RoomAction::Read).await?.visible_from();
        let room = self.inner.store.read(move |backend| backend.get_room(id)).await?;
        Ok(Entry { room: room.ok_or(Error::RoomNotFound)?, visible_from })
    }

    /// Changes the room, and notifies its members and the watchers.
    ///
    /// # Errors
    /// [`Error::AdminRequired`] or [`Error::OwnerRequired`], [`Error::RoomNotFound`], [`Error::RoomKind`],
    /// [`Error::InvalidFields`], [`Error::RoomNameTaken`]; [`Error::TooManyRequests`], because every member is told of
    /// the change.
    pub async fn update_room(
        &self,
        caller: &Identity,
        id: RoomId,
        change: RoomChange,
    ) -> Result<RoomView> {
        let standing = self.check(caller, id, RoomAction::Update).await?;
        let mut actions = vec![RoomAction::Update];
        if change.kind.is_some_and(|kind| kind != standing.kind) {
            permissions::may(caller, RoomAction::ChangeKind, &standing, self.inner.clock.now())?;
            actions.push(RoomAction::ChangeKind);
        }
        self.check_pace(caller)?;
        let chat = self.clone();
        let act = move |admin: &Admin<'_>| {
            let updated = admin.update_room(id, change)?;
            if let Some(event) = updated.event {
                chat.access_changed(id);
                // Before the event, so that those who hear of the room now hear of the event. If it cannot be
                // read, nobody does until it has been read.
                let audience = admin.get_audience(id).ok().flatten().map(News::Audience);
                let news = audience.into_iter().chain([News::Events(vec![event])]);
                chat.inner.fleet.blocking_publish(news.collect());
            }
            Ok(())
        };
        self.write_in(caller, id, actions, act).await?;
        self.get_room(caller, id).await
    }

    /// Deletes the room and its history for everybody at once, and closes the sockets in it. Its
    /// rows are deleted later: see [`Chat::purge_deleted_rooms`].
    ///
    /// # Errors
    /// [`Error::AdminRequired`] or [`Error::OwnerRequired`], [`Error::RoomNotFound`], [`Error::RoomKind`].
    pub async fn delete_room(&self, caller: &Identity, id: RoomId) -> Result<()> {
        self.check(caller, id, RoomAction::Delete).await?;
        let chat = self.clone();
        let act =
            move |admin: &Admin<'_>| admin.delete_room(id).map(|()| chat.room_was_deleted(id));
        self.write_in(caller, id, vec![RoomAction::Delete], act).await
    }

    /// The same for an admin, who need not see the room.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::RoomNotFound`].
    pub async fn delete_any_room(&self, caller: &Identity, id: RoomId) -> Result<()> {
        permissions::require(caller, Action::Administer)?;
        let chat = self.clone();
        let act =
            move |admin: &Admin<'_>| admin.delete_any_room(id).map(|()| chat.room_was_deleted(id));
        self.write_as(caller, act).await
    }

    /// To be called on the writer thread, like the news of other commits: after the room's last event, and also if the
    /// caller has disconnected meanwhile.
    fn room_was_deleted(&self, id: RoomId) {
        self.inner.fleet.blocking_publish(vec![News::RoomDeleted(id)]);
        self.access_changed(id);
        self.inner.has_deleted_rooms.notify_one();
    }

    /// Deletes the rows of deleted rooms, in small transactions with pauses between them, so that
    /// the writer is free most of the time. Returns when no rows are left.
    ///
    /// # Errors
    /// Those of a database that cannot be written. The next call deletes the rest.
    pub async fn purge_deleted_rooms(&self) -> Result<()> {
        loop {
            let started = Instant::now();
            let purge = |backend: &dyn Backend| backend.purge_deleted_rooms(PURGED_AT_ONCE);
            if !self.inner.store.maintain(purge).await? {
                return Ok(());
            }
            tokio::time::sleep(PURGE_PAUSES * started.elapsed()).await;
        }
    }

    /// Returns when this process has deleted a room.
    pub async fn room_deleted(&self) {
        self.inner.has_deleted_rooms.notified().await;
    }

    async fn list_rooms_read(
        &self,
        caller: &Identity,
        selection: RoomSelection,
    ) -> Result<Vec<ListedRoom>> {
        let (user_id, username) = (caller.user_id, caller.username.clone());
        let read = move |backend: &dyn Backend| {
            backend.list_rooms_read(Reader { user_id, username: &username }, &selection)
        };
        let mut rooms = self.inner.store.read(read).await?;
        rooms.retain(|listed| caller.token_allows_room(listed.room.id));
        Ok(rooms)
    }

    async fn view(&self, rooms: Vec<ListedRoom>) -> Vec<RoomView> {
        let ids = rooms.iter().map(|listed| listed.room.id).collect();
        let mut counts = self.count_active(ids).await.into_iter();
        let view = |ListedRoom { room, reading, membership, member_count, people }| RoomView {
            room,
            active_users: counts.next().unwrap_or(0),
            reading,
            membership,
            member_count,
            people,
        };
        rooms.into_iter().map(view).collect()
    }
}

impl Chat {
    /// The number of people in each of the rooms. Rooms without members on this node are counted by the
    /// database.
    async fn count_active(&self, ids: Vec<RoomId>) -> Vec<usize> {
        let active = self.inner.hub.count_active(ids.clone()).await;
        let is_asked = |(id, active): (RoomId, &ActiveCount)| (!active.is_complete).then_some(id);
        let asked: Vec<RoomId> = ids.into_iter().zip(&active).filter_map(is_asked).collect();
        // Of this node's own people, the hub knows more than the database.
        let node = self.inner.fleet.node();
        let count = self.inner.store.read(move |backend| match backend.fleet() {
            Some(fleet) if !asked.is_empty() => fleet.count_present(&asked, node),
            _ => Ok(Vec::new()),
        });
        // An error is logged where it occurs.
        let mut counted = count.await.unwrap_or_default().into_iter();
        let count = |active: ActiveCount| match active.is_complete {
            true => active.known,
            false => active.known.max(counted.next().unwrap_or(0)),
        };
        active.into_iter().map(count).collect()
    }
}

/// Checks that a room can have this kind and these rules.
pub(super) fn check_rules(kind: RoomKind, rules: RoomRules) -> Result<()> {
    match kind {
        RoomKind::Public => Ok(()),
        RoomKind::Private if rules.auto_join => {
            Err(Error::field("auto_join", "is for public rooms only"))
        }
        RoomKind::Private => Ok(()),
        RoomKind::Direct => Err(Error::field("kind", "must be public or private")),
    }
}

/// Checks a text that names are searched for.
pub(super) fn check_query(query: Option<&str>) -> Result<()> {
    let query = query.unwrap_or_default();
    if query.chars().count() > MAX_NAME_CHARS {
        return Err(Error::field(
            "query",
            format!("must have at most {MAX_NAME_CHARS} characters"),
        ));
    }
    match query.contains('\0') {
        true => Err(Error::field("query", "must not contain the character NUL")),
        false => Ok(()),
    }
}

/// Checks a new name and a new description of a room.
pub(super) fn check(name: Option<&str>, description: Option<&str>) -> Result<()> {
    let mut errors = Vec::new();
    if let Some(name) = name {
        if name.chars().count() > MAX_NAME_CHARS {
            let message = format!("must have at most {MAX_NAME_CHARS} characters");
            errors.push(FieldError::new("name", message));
        } else if let Some(fault) = text::name_fault(name) {
            errors.push(FieldError::new("name", fault));
        }
    }
    let description = description.unwrap_or_default();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        let message = format!("must have at most {MAX_DESCRIPTION_CHARS} characters");
        errors.push(FieldError::new("description", message));
    } else if let Some(fault) = text::description_fault(description) {
        errors.push(FieldError::new("description", fault));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_descriptions() {
        assert_eq!(check(Some("general"), None), Ok(()));
        assert_eq!(check(Some(&"ä".repeat(64)), Some(&"ä".repeat(500))), Ok(()));
        for bad in ["", &"x".repeat(65), "a\nb", "\u{202e}laren", "\u{200b}"] {
            assert!(check(Some(bad), None).is_err(), "{bad:?}");
        }
        assert_eq!(check(Some("x"), Some("two\nlines")), Ok(()));
        for bad in [&"x".repeat(501), "a\0b", "\u{202e}"] {
            assert!(check(Some("x"), Some(bad)).is_err(), "{bad:?}");
        }
        let Err(Error::InvalidFields(both)) = check(Some(""), Some("\0")) else { panic!() };
        assert_eq!(both.len(), 2);
    }
}
