//! Decisions about profiles and blocks.

use super::MemberTransaction;
use crate::model::{Profile, ProfileChange, RoomId, Timestamp, UserCard, UserId};
use crate::storage::Result;
use crate::storage::backend::UpdatedProfile;

/// Writing to profiles and blocks. These methods treat deleted users as missing.
pub(in crate::storage) trait PeopleTransaction: MemberTransaction {
    fn lock_card(&mut self, id: UserId) -> Result<Option<UserCard>>;
    fn set_profile(&mut self, id: UserId, profile: &Profile) -> Result<()>;
    /// Notes when the display name was changed, so that the other processes find it.
    fn set_renamed_at(&mut self, id: UserId, at: Timestamp) -> Result<()>;
    /// False: there is such a block.
    fn insert_block(&mut self, user_id: UserId, blocked_id: UserId, at: Timestamp) -> Result<bool>;
    /// False: there is no such block.
    fn delete_block(&mut self, user_id: UserId, blocked_id: UserId) -> Result<bool>;
    /// The direct rooms of two people, in order of id.
    fn list_direct_rooms(&mut self, one: UserId, other: UserId) -> Result<Vec<RoomId>>;
}

pub(in crate::storage) fn update_profile(
    tx: &mut impl PeopleTransaction,
    id: UserId,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<Option<UpdatedProfile>> {
    let Some(mut card) = tx.lock_card(id)? else { return Ok(None) };
    let profile = change.apply_to(&card.profile);
    if profile != card.profile {
        tx.set_profile(id, &profile)?;
    }
    if profile.display_name != card.profile.display_name {
        tx.set_renamed_at(id, now)?;
    }
    let before = std::mem::replace(&mut card.profile, profile);
    Ok(Some(UpdatedProfile { before, card }))
}

pub(in crate::storage) fn add_block(
    tx: &mut impl PeopleTransaction,
    user_id: UserId,
    blocked_id: UserId,
    now: Timestamp,
) -> Result<bool> {
    let is_missing = tx.get_person(user_id)?.is_none() || tx.get_person(blocked_id)?.is_none();
    if is_missing {
        return Ok(false);
    }
    if tx.insert_block(user_id, blocked_id, now)? {
        note_change(tx, user_id, blocked_id)?;
    }
    Ok(true)
}

pub(in crate::storage) fn remove_block(
    tx: &mut impl PeopleTransaction,
    user_id: UserId,
    blocked_id: UserId,
) -> Result<bool> {
    let is_removed = tx.delete_block(user_id, blocked_id)?;
    if is_removed {
        note_change(tx, user_id, blocked_id)?;
    }
    Ok(is_removed)
}

/// A block decides who may send in the direct rooms of the two. All rooms are locked before the row that
/// [`MemberTransaction::note_access_change`] locks.
fn note_change(tx: &mut impl PeopleTransaction, one: UserId, other: UserId) -> Result<()> {
    let rooms = tx.list_direct_rooms(one, other)?;
    for &room_id in &rooms {
        tx.lock_room(room_id)?;
    }
    rooms.into_iter().try_for_each(|room_id| tx.note_access_change(room_id))
}
