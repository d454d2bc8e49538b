//! Messages that were sent: their authors edit them, and they or a moderator delete them.

use std::sync::Arc;

use super::messages::check_content;
use super::permissions::{self, RoomAction};
use super::{Admin, AdminError, Chat, Error, Result};
use crate::fleet::Fleet;
use crate::model::{
    Actor, Changed, EventId, Identity, Message, NewMessageChange, RoomId, Standing, UserId,
};
use crate::realtime::News;
use crate::storage::Backend;

impl Chat {
    /// Gives a message another text. The same text again changes nothing.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::MessageNotFound`], [`Error::AuthorRequired`],
    /// [`Error::MessageDeleted`], [`Error::RoomArchived`]; as for a send,
    /// [`Error::InvalidFields`] and [`Error::TooManyRequests`].
    pub async fn edit_message(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
        content: String,
    ) -> Result<Message> {
        check_content(&content, self.inner.settings.load().limits.message_chars)
            .map_err(|error| Error::InvalidFields(vec![error]))?;
        let act = move |backend: &dyn Backend, editor: &Changer, change| {
            edit(backend, editor, change, &content)
        };
        self.change_message(caller, room_id, id, act).await
    }

    /// Empties a message for good. Deleting it again changes nothing.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::MessageNotFound`], [`Error::AuthorRequired`],
    /// [`Error::TooManyRequests`].
    pub async fn delete_message(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
    ) -> Result<()> {
        self.change_message(caller, room_id, id, delete).await.map(drop)
    }

    async fn change_message(
        &self,
        caller: &Identity,
        room_id: RoomId,
        message_id: EventId,
        act: impl FnOnce(&dyn Backend, &Changer, NewMessageChange) -> Result<Changed, AdminError>
        + Send
        + 'static,
    ) -> Result<Message> {
        let standing = self.check(caller, room_id, RoomAction::Read).await?;
        // A change is sent to every member, as a message is.
        self.check_pace(caller)?;
        let change = NewMessageChange {
            room_id,
            message_id,
            user_id: caller.user_id,
            username: caller.username.clone(),
            display_name: caller.display_name.clone(),
            timestamp: self.inner.clock.now(),
        };
        let changer = Changer { identity: caller.clone(), standing };
        let fleet = self.inner.fleet.clone();
        let changed = self
            .inner
            .store
            .write(move |backend| {
                Ok(act(backend, &changer, change).inspect(|changed| publish(&fleet, changed)))
            })
            .await??;
        Ok(changed.message)
    }
}

/// The caller who changes a message, and the caller's standing in the room.
struct Changer {
    identity: Identity,
    standing: Arc<Standing>,
}

impl Changer {
    /// Finds the message, and checks whether the author may do this with it.
    fn find(
        &self,
        backend: &dyn Backend,
        change: &NewMessageChange,
        action: impl FnOnce(UserId) -> RoomAction,
    ) -> Result<Message, AdminError> {
        let message = find_message(backend, change.room_id, change.message_id)?;
        if message.seq <= self.standing.visible_from() {
            return Err(Error::MessageNotFound.into());
        }
        let action = action(message.user_id);
        permissions::may(&self.identity, action, &self.standing, change.timestamp)?;
        Ok(message)
    }
}

fn edit(
    backend: &dyn Backend,
    editor: &Changer,
    change: NewMessageChange,
    content: &str,
) -> Result<Changed, AdminError> {
    editor.find(backend, &change, |author| RoomAction::EditMessage { author })?;
    Ok(backend.edit_message(change, content)?)
}

/// In a public room, the deletion of another user's message is recorded in the audit log.
fn delete(
    backend: &dyn Backend,
    deleter: &Changer,
    change: NewMessageChange,
) -> Result<Changed, AdminError> {
    let message = deleter.find(backend, &change, |author| RoomAction::DeleteMessage { author })?;
    let caller = &deleter.identity;
    if message.user_id == caller.user_id || deleter.standing.kind.is_closed() {
        return Ok(backend.delete_message(change, None)?);
    }
    let actor = Actor::Account(caller.user_id);
    Admin::new(backend, actor, change.timestamp).delete_message(change)
}

/// The author of a message never changes, so a permission that is given now also holds later.
pub(super) fn find_message(
    backend: &dyn Backend,
    room_id: RoomId,
    id: EventId,
) -> Result<Message, AdminError> {
    match backend.get_message(room_id, id)? {
        Some(message) => Ok(message),
        None if backend.get_room(room_id)?.is_none() => Err(Error::RoomNotFound.into()),
        None => Err(Error::MessageNotFound.into()),
    }
}

/// From the writer's thread, after the transaction: in the order of commit.
fn publish(fleet: &Fleet, changed: &Changed) {
    if let Some(event) = &changed.event {
        fleet.blocking_publish(vec![News::Events(vec![event.clone()])]);
    }
}
