//! Direct rooms: conversations of a fixed set of people.

use super::rooms::RoomView;
use super::{Admin, Chat, Error, Result};
use crate::model::{Audience, Identity, UserId};
use crate::realtime::News;

/// The most people in a direct room, with the one who opens it.
pub const MAX_DIRECT_PEOPLE: usize = 8;

impl Chat {
    /// Opens the room of the caller and these people, and returns it and whether it is new.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::UserNotFound`], [`Error::Blocked`], [`Error::TooManyRequests`].
    pub async fn open_direct_room(
        &self,
        caller: &Identity,
        user_ids: Vec<UserId>,
    ) -> Result<(RoomView, bool)> {
        let mut people = user_ids;
        people.push(caller.user_id);
        people.sort_unstable();
        people.dedup();
        if !(2..=MAX_DIRECT_PEOPLE).contains(&people.len()) {
            let others = MAX_DIRECT_PEOPLE - 1;
            return Err(Error::field("user_ids", format!("must have 1 to {others} other people")));
        }
        self.check_pace(caller)?;
        let (created_by, chat) = (caller.user_id, self.clone());
        let act = move |admin: &Admin<'_>| {
            let (room, is_new) = admin.open_direct_room(created_by, &people)?;
            let news = match is_new {
                true => News::RoomCreated(room.clone(), Audience::of_new(&room, &people)),
                false => News::Membership(created_by, room.id),
            };
            chat.inner.fleet.blocking_publish(vec![news]);
            Ok((room.id, is_new))
        };
        let (room_id, is_new) = self.write_as(caller, act).await?;
        Ok((self.get_room(caller, room_id).await?, is_new))
    }
}
