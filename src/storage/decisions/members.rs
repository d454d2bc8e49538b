//! Decisions about the members of a room.

use super::{NewEvent, RoomTransaction};
use crate::model::{
    AuditTarget, Ban, Event, EventHeader, EventKind, LeaveCause, MemberAct, MemberDetail,
    MemberEvent, Membership, NewAuditEntry, NewMemberChange, NewRoom, Notify, Person, Room, RoomId,
    RoomKind, RoomRole, Seq, Standing, Timestamp, UserId,
};
use crate::storage::backend::{Guard, MemberError};
use crate::storage::stored_event::member_detail;
use crate::storage::{Error, Result};

/// The most people in one event: a client must be able to take it as one frame.
const PEOPLE_IN_EVENT: usize = 100;

/// Writing to the members and the bans of a locked room.
pub(in crate::storage) trait MemberTransaction: RoomTransaction {
    fn get_standing(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>>;
    /// Locks existing accounts, which are sorted, and returns how many there are.
    fn lock_people(&mut self, user_ids: &[UserId]) -> Result<usize>;
    /// Locks an account that is about to be deleted: nobody can make it a member of a room any more.
    fn lock_leaver(&mut self, user_id: UserId) -> Result<()>;
    fn get_membership(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Membership>>;
    fn insert_member(&mut self, room_id: RoomId, user_id: UserId, place: &Membership)
    -> Result<()>;
    fn delete_member(&mut self, room_id: RoomId, user_id: UserId) -> Result<()>;
    fn set_member_role(&mut self, room_id: RoomId, user_id: UserId, role: RoomRole) -> Result<()>;
    fn set_muted_until(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        until: Option<Timestamp>,
    ) -> Result<()>;
    /// The owners, in order of id.
    fn list_owners(&mut self, room_id: RoomId) -> Result<Vec<UserId>>;
    fn get_ban(&mut self, room_id: RoomId, user_id: UserId) -> Result<Option<Ban>>;
    /// Replaces an earlier ban.
    fn set_ban(&mut self, room_id: RoomId, user_id: UserId, ban: &Ban) -> Result<()>;
    fn delete_ban(&mut self, room_id: RoomId, user_id: UserId) -> Result<()>;
    /// Returns the person's names. `None`: no such user, or a deleted one.
    fn get_person(&mut self, user_id: UserId) -> Result<Option<Person>>;
    /// Whether one of the two users has blocked the other.
    fn is_blocked(&mut self, one: UserId, other: UserId) -> Result<bool>;
    /// Finds the direct room of these people.
    fn find_direct_room(&mut self, direct_key: &str) -> Result<Option<Room>>;
    fn set_hidden_seq(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        hidden_seq: Option<Seq>,
    ) -> Result<()>;
    /// The public and private rooms that the user is a member of, in order of id.
    fn list_rooms_of(&mut self, user_id: UserId) -> Result<Vec<RoomId>>;
    /// Whether the room has other members than this user.
    fn has_others(&mut self, room_id: RoomId, user_id: UserId) -> Result<bool>;
    /// The member who is to follow the last owner: an active account if there is one, a moderator if there is one, and
    /// among these the one who has been a member for longest.
    fn find_successor(&mut self, room_id: RoomId) -> Result<Option<UserId>>;
    /// Tells all processes that it has changed who may do what in the room. Locks a row that all of these
    /// changes lock, so it is the last write of its transaction.
    fn note_access_change(&mut self, room_id: RoomId) -> Result<()>;
}

/// A membership that begins now.
pub(in crate::storage) fn new_membership(role: RoomRole, at: Timestamp, head: Seq) -> Membership {
    Membership {
        role,
        joined_at: at,
        joined_seq: head,
        muted_until: None,
        notify: Notify::All,
        is_starred: false,
        hidden_seq: None,
    }
}

pub(in crate::storage) fn change_members(
    tx: &mut impl MemberTransaction,
    change: &NewMemberChange,
    guard: Option<&Guard<'_>>,
    entry: Option<&NewAuditEntry>,
) -> Result<Vec<Event>, MemberError> {
    if let MemberAct::Join { user_ids, .. } = &change.act {
        lock_people(tx, user_ids)?;
    } else if let MemberAct::Transfer { user_id } = &change.act {
        lock_people(tx, &[*user_id])?;
    }
    let Some(room) = tx.lock_room(change.room_id)? else {
        return Err(MemberError::RoomNotFound);
    };
    require(tx, room.id, guard)?;
    if room.kind == RoomKind::Direct {
        return Err(MemberError::RoomKind);
    }
    let events = apply(tx, &room, change)?;
    if !events.is_empty() {
        if let Some(entry) = entry {
            tx.record_audit(entry, AuditTarget::Room(room.id))?;
        }
        tx.note_access_change(room.id)?;
    }
    Ok(events)
}

/// Checks the guard's condition. To be called when the room is locked.
pub(super) fn require(
    tx: &mut impl MemberTransaction,
    room_id: RoomId,
    guard: Option<&Guard<'_>>,
) -> Result<()> {
    let Some(guard) = guard else { return Ok(()) };
    let standing = tx.get_standing(room_id, guard.user_id)?;
    match (guard.allows)(standing.as_ref()) {
        true => Ok(()),
        false => Err(Error::Refused),
    }
}

/// Keeps the accounts from being deleted until the transaction ends. To be called before a room is locked, as the
/// deletion of an account locks the account first.
pub(super) fn lock_people(
    tx: &mut impl MemberTransaction,
    user_ids: &[UserId],
) -> Result<(), MemberError> {
    let mut user_ids = user_ids.to_vec();
    user_ids.sort_unstable();
    user_ids.dedup();
    match tx.lock_people(&user_ids)? == user_ids.len() {
        true => Ok(()),
        false => Err(MemberError::UserNotFound),
    }
}

pub(super) fn apply(
    tx: &mut impl MemberTransaction,
    room: &Room,
    change: &NewMemberChange,
) -> Result<Vec<Event>, MemberError> {
    let reason = change.reason.clone();
    match &change.act {
        MemberAct::Join { user_ids, role } => join(tx, room, change, user_ids, *role),
        &MemberAct::Leave { user_id, cause } => {
            let place = find(tx, room, change, user_id)?;
            // The last one leaves a public room, which everybody can still find. A private room would be out of reach.
            let is_last = place.role == RoomRole::Owner && is_last_owner(tx, room.id, user_id)?;
            if is_last && (room.kind != RoomKind::Public || tx.has_others(room.id, user_id)?) {
                return Err(MemberError::LastOwner);
            }
            tx.delete_member(room.id, user_id)?;
            let detail = MemberDetail { cause: Some(cause), reason, ..MemberDetail::default() };
            tell(tx, change, EventKind::MemberLeft, &[user_id], detail)
        }
        &MemberAct::Ban { user_id, until } => {
            if tx.get_person(user_id)?.is_none() {
                return Err(MemberError::UserNotFound);
            }
            let place = tx.get_membership(room.id, user_id)?;
            if let Some(place) = place {
                if change.below.is_some_and(|below| place.role >= below) {
                    return Err(MemberError::HigherRole);
                }
                if place.role == RoomRole::Owner && is_last_owner(tx, room.id, user_id)? {
                    return Err(MemberError::LastOwner);
                }
                tx.delete_member(room.id, user_id)?;
            }
            let (banned_by, created_at) = (change.by, change.timestamp);
            let ban = Ban { banned_by, reason: reason.clone(), created_at, until };
            tx.set_ban(room.id, user_id, &ban)?;
            if place.is_none() {
                let is_banned = Some(true);
                let detail = MemberDetail { is_banned, reason, until, ..MemberDetail::default() };
                return tell(tx, change, EventKind::MemberChanged, &[user_id], detail);
            }
            let cause = Some(LeaveCause::Banned);
            let detail = MemberDetail { cause, reason, until, ..MemberDetail::default() };
            tell(tx, change, EventKind::MemberLeft, &[user_id], detail)
        }
        &MemberAct::Unban { user_id } => {
            if tx.get_ban(room.id, user_id)?.is_none() {
                return Ok(Vec::new());
            }
            tx.delete_ban(room.id, user_id)?;
            let detail = MemberDetail { is_banned: Some(false), reason, ..MemberDetail::default() };
            tell(tx, change, EventKind::MemberChanged, &[user_id], detail)
        }
        &MemberAct::SetRole { user_id, role } => {
            let place = find(tx, room, change, user_id)?;
            if place.role == role {
                return Ok(Vec::new());
            }
            if place.role == RoomRole::Owner && is_last_owner(tx, room.id, user_id)? {
                return Err(MemberError::LastOwner);
            }
            tx.set_member_role(room.id, user_id, role)?;
            let detail = MemberDetail { role: Some(role), reason, ..MemberDetail::default() };
            tell(tx, change, EventKind::MemberChanged, &[user_id], detail)
        }
        &MemberAct::Transfer { user_id } => transfer(tx, room, change, user_id),
        &MemberAct::Mute { user_id, until } => {
            let place = find(tx, room, change, user_id)?;
            let muted_until = (until > change.timestamp).then_some(until);
            if muted_until.is_none() && place.muted_until.is_none_or(|at| at <= change.timestamp) {
                return Ok(Vec::new());
            }
            tx.set_muted_until(room.id, user_id, muted_until)?;
            let muted_until = Some(muted_until.unwrap_or(change.timestamp));
            let detail = MemberDetail { muted_until, reason, ..MemberDetail::default() };
            tell(tx, change, EventKind::MemberChanged, &[user_id], detail)
        }
    }
}

fn join(
    tx: &mut impl MemberTransaction,
    room: &Room,
    change: &NewMemberChange,
    user_ids: &[UserId],
    role: RoomRole,
) -> Result<Vec<Event>, MemberError> {
    let mut new = Vec::with_capacity(user_ids.len());
    for &user_id in user_ids {
        let ban = tx.get_ban(room.id, user_id)?;
        if ban.is_some_and(|ban| ban.is_in_force(change.timestamp)) {
            return Err(MemberError::Banned);
        }
        if tx.get_membership(room.id, user_id)?.is_none() && !new.contains(&user_id) {
            new.push(user_id);
        }
    }
    let place = new_membership(role, change.timestamp, room.head_seq);
    for &user_id in &new {
        tx.insert_member(room.id, user_id, &place)?;
    }
    let detail =
        MemberDetail { role: Some(role), reason: change.reason.clone(), ..MemberDetail::default() };
    tell(tx, change, EventKind::MemberJoined, &new, detail)
}

/// Ends the memberships of a user whose account is deleted. Returns the rooms and the events.
pub(in crate::storage) fn end_memberships(
    tx: &mut impl MemberTransaction,
    user_id: UserId,
    entry: &NewAuditEntry,
) -> Result<(Vec<RoomId>, Vec<Event>)> {
    let by = entry.actor.author();
    let (mut rooms, mut events) = (Vec::new(), Vec::new());
    for room_id in tx.list_rooms_of(user_id)? {
        // The room or the membership may have ended before the room was locked.
        let is_there = tx.lock_room(room_id)?.is_some();
        let Some(place) = tx.get_membership(room_id, user_id)?.filter(|_| is_there) else {
            continue;
        };
        let cause = LeaveCause::Deleted;
        let (act, timestamp) = (MemberAct::Leave { user_id, cause }, entry.timestamp);
        let change = NewMemberChange { room_id, by, timestamp, below: None, reason: None, act };
        tx.delete_member(room_id, user_id)?;
        let detail = MemberDetail { cause: Some(cause), ..MemberDetail::default() };
        events.extend(append(tx, &change, EventKind::MemberLeft, &[user_id], &detail)?);
        if place.role == RoomRole::Owner
            && tx.list_owners(room_id)?.is_empty()
            && let Some(successor) = tx.find_successor(room_id)?
        {
            let role = RoomRole::Owner;
            tx.set_member_role(room_id, successor, role)?;
            let detail = MemberDetail { role: Some(role), ..MemberDetail::default() };
            events.extend(append(tx, &change, EventKind::MemberChanged, &[successor], &detail)?);
        }
        rooms.push(room_id);
    }
    Ok((rooms, events))
}

fn transfer(
    tx: &mut impl MemberTransaction,
    room: &Room,
    change: &NewMemberChange,
    user_id: UserId,
) -> Result<Vec<Event>, MemberError> {
    let mut events = Vec::new();
    if tx.get_membership(room.id, user_id)?.is_none() {
        events.extend(join(tx, room, change, &[user_id], RoomRole::Member)?);
    }
    let mut set = |tx: &mut _, user_id, role| -> Result<()> {
        MemberTransaction::set_member_role(tx, room.id, user_id, role)?;
        let detail = MemberDetail { role: Some(role), ..MemberDetail::default() };
        events.extend(append(tx, change, EventKind::MemberChanged, &[user_id], &detail)?);
        Ok(())
    };
    let owners = tx.list_owners(room.id)?;
    for &owner in owners.iter().filter(|owner| **owner != user_id) {
        set(tx, owner, RoomRole::Moderator)?;
    }
    if !owners.contains(&user_id) {
        set(tx, user_id, RoomRole::Owner)?;
    }
    Ok(events)
}

pub(in crate::storage) fn open_direct_room(
    tx: &mut impl MemberTransaction,
    room: &NewRoom,
    people: &[UserId],
) -> Result<(Room, bool), MemberError> {
    let key = room.direct_key.as_deref().unwrap_or_default();
    let mut is_blocked = false;
    for &other in people {
        is_blocked |= other != room.created_by && tx.is_blocked(room.created_by, other)?;
    }
    // A block ends the conversation of two people. A larger one that exists already goes on.
    if is_blocked && people.len() == 2 {
        return Err(MemberError::Blocked);
    }
    if let Some(found) = tx.find_direct_room(key)? {
        tx.set_hidden_seq(found.id, room.created_by, None)?;
        return Ok((found, false));
    }
    if is_blocked {
        return Err(MemberError::Blocked);
    }
    lock_people(tx, people)?;
    let id = tx.insert_room(room)?;
    for &user_id in people {
        tx.insert_member(id, user_id, &new_membership(RoomRole::Member, room.created_at, Seq(0)))?;
    }
    tx.note_access_change(id)?;
    Ok((room.clone().into_room(id), true))
}

/// Finds the membership of a member whose role may be changed.
fn find(
    tx: &mut impl MemberTransaction,
    room: &Room,
    change: &NewMemberChange,
    user_id: UserId,
) -> Result<Membership, MemberError> {
    let Some(place) = tx.get_membership(room.id, user_id)? else {
        return Err(MemberError::NotAMember);
    };
    match change.below {
        Some(below) if place.role >= below => Err(MemberError::HigherRole),
        _ => Ok(place),
    }
}

fn is_last_owner(
    tx: &mut impl MemberTransaction,
    room_id: RoomId,
    user_id: UserId,
) -> Result<bool> {
    Ok(tx.list_owners(room_id)? == [user_id])
}

fn tell(
    tx: &mut impl MemberTransaction,
    change: &NewMemberChange,
    kind: EventKind,
    user_ids: &[UserId],
    detail: MemberDetail,
) -> Result<Vec<Event>, MemberError> {
    Ok(append(tx, change, kind, user_ids, &detail)?)
}

fn append(
    tx: &mut impl MemberTransaction,
    change: &NewMemberChange,
    kind: EventKind,
    user_ids: &[UserId],
    detail: &MemberDetail,
) -> Result<Vec<Event>> {
    let (room_id, user_id, timestamp) = (change.room_id, change.by, change.timestamp);
    let mut events = Vec::new();
    for user_ids in user_ids.chunks(PEOPLE_IN_EVENT) {
        let detail_json = Some(member_detail(user_ids, detail)?);
        let event = NewEvent::of(room_id, kind, user_id, timestamp);
        let (id, seq) = tx.append_event(&NewEvent { detail: detail_json, ..event })?;
        let Person { username, display_name, .. } = tx.get_author(user_id)?;
        let header = EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
        let mut members = Vec::with_capacity(user_ids.len());
        for &user_id in user_ids {
            members.extend(tx.get_person(user_id)?);
        }
        let event = Box::new(MemberEvent { header, members, detail: detail.clone() });
        events.push(match kind {
            EventKind::MemberJoined => Event::MemberJoined(event),
            EventKind::MemberLeft => Event::MemberLeft(event),
            _ => Event::MemberChanged(event),
        });
    }
    Ok(events)
}
