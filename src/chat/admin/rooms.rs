//! Administration of rooms, and of other users' messages in them.

use serde_json::json;

use super::{Admin, Result};
use crate::chat::Error;
use crate::chat::changes::find_message;
use crate::chat::retention::PRUNED_AT_ONCE;
use crate::chat::rooms::{self, MAX_ROOMS_PAGE, RoomDraft};
use crate::chat::{metadata, text};
use crate::model::{
    Audience, Changed, EventId, Message, NewAuditEntry, NewMessageChange, NewRoom, Room,
    RoomChange, RoomId, RoomKind, Timestamp, UpdatedRoom, UserId,
};
use crate::storage::backend::{RoomPage, RoomSearch};

/// The default number of rooms of a page.
pub const DEFAULT_ROOMS_PAGE: u32 = 50;

impl Admin<'_> {
    /// Every room, in order of id.
    pub fn list_rooms(&self) -> Result<Vec<Room>> {
        Ok(self.backend.list_rooms()?)
    }

    /// A page of the public and private rooms.
    ///
    /// # Errors
    /// [`Error::InvalidFields`].
    pub fn search_rooms(&self, search: &RoomSearch) -> Result<RoomPage> {
        super::check_page(("after", search.after.map(|id| id.0)), search.limit, MAX_ROOMS_PAGE)?;
        rooms::check_query(search.query.as_deref())?;
        Ok(self.backend.search_rooms(search)?)
    }

    /// # Errors
    /// [`Error::RoomNotFound`].
    pub fn get_room(&self, id: RoomId) -> Result<Room> {
        Ok(self.backend.get_room(id)?.ok_or(Error::RoomNotFound)?)
    }

    /// Looks up rooms by name, in any Unicode normal form; ASCII case is ignored. Returns the public room, or
    /// all private ones if no public room has the name.
    pub fn list_rooms_by_name(&self, name: &str) -> Result<Vec<Room>> {
        let line = text::line(name);
        for name in [name, &line] {
            if let Some(room) = self.backend.get_room_by_name(name)? {
                return Ok(vec![room]);
            }
        }
        let has_name =
            |room: &Room| [name, &line].iter().any(|name| room.name.eq_ignore_ascii_case(name));
        let mut rooms = self.backend.list_rooms()?;
        rooms.retain(|room| room.kind == RoomKind::Private && has_name(room));
        Ok(rooms)
    }

    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNameTaken`].
    pub fn create_room(&self, draft: RoomDraft, created_by: UserId) -> Result<Room> {
        let RoomDraft { name, description, kind, rules, metadata } = draft;
        let (name, description) = (text::line(&name), description.as_deref().map(text::lines));
        rooms::check(Some(&name), description.as_deref())?;
        rooms::check_rules(kind, rules)?;
        let metadata = metadata::checked(metadata)?;
        self.check_spelling(&name, None, kind)?;
        let entry = self.entry("room.create", json!({ "name": name }))?;
        let entry = NewAuditEntry { is_recorded: self.records(kind), ..entry };
        let room = NewRoom {
            name,
            description,
            created_by,
            created_at: self.now,
            kind,
            rules,
            direct_key: None,
            metadata,
        };
        Ok(self.backend.create_room(&room, &entry)?)
    }

    /// The users who may hear of a room. `None`: no such room.
    pub fn get_audience(&self, id: RoomId) -> Result<Option<Audience>> {
        Ok(self.backend.get_audience(id)?)
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::RoomKind`], [`Error::InvalidFields`], [`Error::RoomNameTaken`].
    pub fn update_room(&self, id: RoomId, change: RoomChange) -> Result<UpdatedRoom> {
        let name = change.name.as_deref().map(text::line);
        let description = change.description.map(|some| some.as_deref().map(text::lines));
        let metadata = change.metadata.map(metadata::checked).transpose()?;
        let change = RoomChange { name, description, metadata, ..change };
        let description = change.description.as_ref().and_then(|text| text.as_deref());
        rooms::check(change.name.as_deref(), description)?;
        let room = self.get_room(id)?;
        let changed = change.apply_to(&room, self.now).unwrap_or_else(|| room.clone());
        // Of a direct room, only how long its messages are kept can change.
        if room.kind == RoomKind::Direct && changed.face() != room.face() {
            return Err(Error::RoomKind.into());
        }
        if room.kind != RoomKind::Direct {
            rooms::check_rules(changed.kind, changed.rules)?;
        }
        self.check_spelling(&changed.name, Some(id), changed.kind)?;
        let is_closed = room.kind.is_closed() || changed.kind.is_closed();
        let entry = NewAuditEntry {
            is_recorded: self.records(room.kind),
            ..self.update_entry(&change, is_closed)?
        };
        Ok(self.backend.update_room(id, &change, self.guard, &entry)?.ok_or(Error::RoomNotFound)?)
    }

    /// The audit entry of a change. Texts of a closed room are for its members, and an entry can never be erased, so
    /// it says only that the description was changed.
    fn update_entry(&self, change: &RoomChange, is_closed: bool) -> Result<NewAuditEntry> {
        let mut entry = self.entry("room.update", change)?;
        if is_closed
            && let Some(detail) = entry.detail.as_object_mut()
            && detail.remove("description").is_some()
        {
            detail.insert("description_changed".to_owned(), true.into());
        }
        Ok(entry)
    }

    /// Refuses a name for a public room that another public room has in another Unicode form. Earlier versions
    /// stored names as they were typed, so the unique index does not find these.
    fn check_spelling(&self, name: &str, own: Option<RoomId>, kind: RoomKind) -> Result<()> {
        if kind != RoomKind::Public || !text::has_other_spellings(name) {
            return Ok(());
        }
        let is_taken = |(id, other): &(RoomId, String)| {
            Some(*id) != own && text::line(other).eq_ignore_ascii_case(name)
        };
        match self.backend.list_public_names()?.iter().any(is_taken) {
            true => Err(Error::RoomNameTaken.into()),
            false => Ok(()),
        }
    }

    /// Deletes the room for everybody. [`Self::purge_deleted_rooms`] deletes its rows.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`].
    pub fn delete_room(&self, id: RoomId) -> Result<()> {
        let is_recorded = self.records(self.get_room(id)?.kind);
        self.delete(id, is_recorded)
    }

    /// The same as an act of administration: the audit log records it whatever the kind of the room is.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`].
    pub fn delete_any_room(&self, id: RoomId) -> Result<()> {
        self.delete(id, true)
    }

    fn delete(&self, id: RoomId, is_recorded: bool) -> Result<()> {
        let room = self.get_room(id)?;
        let entry = self.entry("room.delete", json!({ "name": room.name }))?;
        let entry = NewAuditEntry { is_recorded, ..entry };
        match self.backend.delete_room(id, self.guard, &entry)? {
            true => Ok(()),
            false => Err(Error::RoomNotFound.into()),
        }
    }

    /// Deletes some of the rows of deleted rooms. Returns false if no rows are left.
    pub fn purge_deleted_rooms(&self) -> Result<bool> {
        Ok(self.backend.purge_deleted_rooms(rooms::PURGED_AT_ONCE)?)
    }

    /// Deletes some of a room's oldest events and returns how many; 0: no event is older than
    /// `before`. The call with `first` is recorded in the audit log.
    pub fn prune_room(&self, id: RoomId, before: Timestamp, first: bool) -> Result<u64> {
        let entry = self.entry("room.prune", json!({ "before": before }))?;
        Ok(self.backend.prune_events(id, before, PRUNED_AT_ONCE, first.then_some(&entry))?)
    }

    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::MessageNotFound`].
    pub fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Message> {
        find_message(self.backend, room_id, id)
    }

    /// Deletes a message of any author. The room's log names the user of the change as the one who
    /// deleted it.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::MessageNotFound`].
    pub fn delete_message(&self, change: NewMessageChange) -> Result<Changed> {
        let message = find_message(self.backend, change.room_id, change.message_id)?;
        let about = json!({ "room_id": change.room_id, "user_id": message.user_id });
        let entry = self.entry("message.delete", about)?;
        Ok(self.backend.delete_message(change, Some(&entry))?)
    }
}
