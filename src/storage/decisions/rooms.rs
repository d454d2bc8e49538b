//! Decisions about rooms, and about the beginnings of their logs.

use super::hooks::{end_hooks, lock_hooks};
use super::members::{MemberTransaction, new_membership, require};
use super::{AuditTransaction, HookTransaction, SessionTransaction, UserTransaction};
use crate::model::{
    AuditTarget, Event, EventHeader, EventId, EventKind, EventTarget, Metadata, NewAuditEntry,
    NewRoom, Person, Room, RoomChange, RoomChanged, RoomField, RoomId, RoomRole, Seq, Timestamp,
    UpdatedRoom, UserId,
};
use crate::storage::backend::Guard;
use crate::storage::stored_event::room_changed_detail;
use crate::storage::{Error, Result};

/// An event to be appended to a room's log. `append_messages` appends messages, in batches.
pub(in crate::storage) struct NewEvent<'a> {
    pub room_id: RoomId,
    pub kind: EventKind,
    pub user_id: UserId,
    pub timestamp: Timestamp,
    pub content: &'a str,
    /// The message that the event is about.
    pub target: Option<EventTarget>,
    /// The fields that only this kind has, as a JSON object.
    pub detail: Option<String>,
    /// The sender's own id of a message.
    pub client_id: Option<&'a str>,
    /// The thread in which a message is a reply.
    pub thread_id: Option<EventId>,
}

impl<'a> NewEvent<'a> {
    /// An event that is not a message.
    pub fn of(
        room_id: RoomId,
        kind: EventKind,
        user_id: UserId,
        timestamp: Timestamp,
    ) -> NewEvent<'a> {
        let (content, target, detail) = ("", None, None);
        let (client_id, thread_id) = (None, None);
        Self { room_id, kind, user_id, timestamp, content, target, detail, client_id, thread_id }
    }
}

/// Writing to a room and its log.
pub(in crate::storage) trait RoomTransaction: AuditTransaction {
    fn insert_room(&mut self, room: &NewRoom) -> Result<RoomId>;
    /// Locks the room, and then reads it. The order of `seq` is the order of commit, because every
    /// transaction locks the room before it appends. `None`: no such room, or a deleted one.
    fn lock_room(&mut self, id: RoomId) -> Result<Option<Room>>;
    /// Stores the fields of the room that a [`RoomChange`] changes, and its revision.
    fn set_room(&mut self, room: &Room) -> Result<()>;
    /// Replaces the keys by which the room is found.
    fn set_room_keys(&mut self, id: RoomId, metadata: Option<&Metadata>) -> Result<()>;
    /// Marks the room as deleted. False: no such room, or a deleted one.
    fn mark_room_deleted(&mut self, id: RoomId, at: Timestamp) -> Result<bool>;

    /// Appends an event to the log of a locked room, and returns its id and its `seq`.
    fn append_event(&mut self, event: &NewEvent<'_>) -> Result<(EventId, Seq)>;
    /// Returns the names of an existing user, also of a deleted one.
    fn get_author(&mut self, id: UserId) -> Result<Person>;

    /// Finds, among the `limit` oldest events of the log, the `seq` of the first that is not older than
    /// `before`. If all are older, returns the `seq` after them. `None`: the log is empty.
    fn find_oldest_kept(
        &mut self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Option<Seq>>;
    /// Deletes the events before `seq`, and returns their number.
    fn delete_events_before(&mut self, id: RoomId, seq: Seq) -> Result<u64>;
    fn set_oldest_seq(&mut self, id: RoomId, seq: Seq) -> Result<()>;

    /// Locks a deleted room that is not purged yet. On PostgreSQL a room that another node purges is skipped.
    fn lock_deleted_room(&mut self) -> Result<Option<RoomId>>;
    /// Deletes up to `limit` rows of each table whose rows belong to one of the `limit` oldest events of the room, such
    /// as reactions, and returns how many.
    fn delete_parts_of_oldest_events(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` events of the room, the oldest first, and returns how many.
    fn delete_oldest_events(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` read positions in the room, and returns how many.
    fn delete_read_positions(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` members of the room, and returns how many.
    fn delete_members(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` bans from the room, and returns how many.
    fn delete_bans(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` invites to the room, and returns how many.
    fn delete_invites(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` drafts for the room, and returns how many.
    fn delete_drafts(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    /// Deletes up to `limit` scheduled messages of the room, and returns how many.
    fn delete_scheduled_messages(&mut self, id: RoomId, limit: u32) -> Result<u64>;
    fn delete_room_row(&mut self, id: RoomId) -> Result<()>;
}

pub(in crate::storage) fn create_room(
    tx: &mut impl MemberTransaction,
    room: &NewRoom,
    entry: &NewAuditEntry,
) -> Result<Room> {
    // The account may have been deleted a moment ago.
    if tx.lock_people(&[room.created_by])? == 0 {
        return Err(Error::Refused);
    }
    let id = tx.insert_room(room)?;
    if let Some(metadata) = &room.metadata {
        tx.set_room_keys(id, Some(metadata))?;
    }
    let owner = new_membership(RoomRole::Owner, room.created_at, Seq(0));
    tx.insert_member(id, room.created_by, &owner)?;
    tx.record_audit(entry, AuditTarget::Room(id))?;
    // A process may have looked for this id before.
    tx.note_access_change(id)?;
    Ok(room.clone().into_room(id))
}

pub(in crate::storage) fn update_room(
    tx: &mut impl MemberTransaction,
    id: RoomId,
    change: &RoomChange,
    guard: Option<&Guard<'_>>,
    entry: &NewAuditEntry,
) -> Result<Option<UpdatedRoom>> {
    let Some(room) = tx.lock_room(id)? else { return Ok(None) };
    require(tx, id, guard)?;
    let Some(mut changed) = change.apply_to(&room, entry.timestamp) else {
        return Ok(Some(UpdatedRoom { room, event: None }));
    };
    tx.set_room(&changed)?;
    if changed.metadata != room.metadata {
        tx.set_room_keys(id, changed.metadata.as_ref())?;
    }
    tx.record_audit(entry, AuditTarget::Room(id))?;
    let event = match changed.revision > room.revision {
        true => Some(Event::RoomChanged(append_room_changed(tx, &room, &changed, entry)?)),
        false => None,
    };
    changed.head_seq = event.as_ref().map_or(room.head_seq, Event::seq);
    let access = |room: &Room| (room.kind, room.rules, room.archived_at);
    if access(&changed) != access(&room) {
        tx.note_access_change(id)?;
    }
    Ok(Some(UpdatedRoom { room: changed, event }))
}

fn append_room_changed(
    tx: &mut impl RoomTransaction,
    before: &Room,
    room: &Room,
    entry: &NewAuditEntry,
) -> Result<RoomChanged> {
    let user_id = entry.actor.author();
    let (room_id, timestamp, face) = (room.id, entry.timestamp, room.face());
    let changed = RoomField::differing(before, room);
    let detail = room_changed_detail(&face, &changed)?;
    let event = NewEvent::of(room_id, EventKind::RoomChanged, user_id, timestamp);
    let (id, seq) = tx.append_event(&NewEvent { detail: Some(detail), ..event })?;
    let Person { username, display_name, .. } = tx.get_author(user_id)?;
    let header = EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
    Ok(RoomChanged { header, room: face, changed })
}

pub(in crate::storage) fn delete_room(
    tx: &mut (impl HookTransaction + UserTransaction + SessionTransaction),
    id: RoomId,
    guard: Option<&Guard<'_>>,
    entry: &NewAuditEntry,
) -> Result<bool> {
    lock_hooks(tx, id)?;
    if tx.lock_room(id)?.is_none() {
        return Ok(false);
    }
    require(tx, id, guard)?;
    let found = tx.mark_room_deleted(id, entry.timestamp)?;
    if found {
        end_hooks(tx, id, entry.timestamp)?;
        tx.record_audit(entry, AuditTarget::Room(id))?;
        tx.note_access_change(id)?;
    }
    Ok(found)
}

pub(in crate::storage) fn purge_deleted_rooms(
    tx: &mut impl RoomTransaction,
    limit: u32,
) -> Result<bool> {
    let Some(id) = tx.lock_deleted_room()? else { return Ok(false) };
    // The rows that refer to the room are deleted before the room's own row. An event would take all its reactions with
    // it, however many they are.
    if tx.delete_parts_of_oldest_events(id, limit)? == 0
        && tx.delete_oldest_events(id, limit)? == 0
        && tx.delete_read_positions(id, limit)? == 0
        && tx.delete_members(id, limit)? == 0
        && tx.delete_bans(id, limit)? == 0
        && tx.delete_invites(id, limit)? == 0
        && tx.delete_drafts(id, limit)? == 0
        && tx.delete_scheduled_messages(id, limit)? == 0
    {
        tx.delete_room_row(id)?;
    }
    Ok(true)
}

pub(in crate::storage) fn prune_events(
    tx: &mut impl RoomTransaction,
    id: RoomId,
    before: Timestamp,
    limit: u32,
    entry: Option<&NewAuditEntry>,
) -> Result<u64> {
    if tx.lock_room(id)?.is_none() {
        return Ok(0);
    }
    // A log has no gaps: all events before a seq are deleted.
    let Some(oldest_seq) = tx.find_oldest_kept(id, before, limit)? else { return Ok(0) };
    let deleted = tx.delete_events_before(id, oldest_seq)?;
    if deleted > 0 {
        tx.set_oldest_seq(id, oldest_seq)?;
        if let Some(entry) = entry {
            tx.record_audit(entry, AuditTarget::Room(id))?;
        }
    }
    Ok(deleted)
}
