//! Messages that were sent: their authors edit them, and they or an admin delete them.

use super::messages::check_content;
use super::permissions::{self, Action};
use super::{Admin, AdminError, Chat, Error, Result};
use crate::fleet::Fleet;
use crate::model::{Actor, Changed, EventId, Identity, Message, NewMessageChange, RoomId};
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
        let act = move |backend: &dyn Backend, caller: &Identity, change| {
            edit(backend, caller, change, &content)
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
        act: impl FnOnce(&dyn Backend, &Identity, NewMessageChange) -> Result<Changed, AdminError>
        + Send
        + 'static,
    ) -> Result<Message> {
        // A change is sent to every member, as a message is.
        self.check_pace(caller)?;
        let change = NewMessageChange {
            room_id,
            message_id,
            user_id: caller.user_id,
            username: caller.username.clone(),
            timestamp: self.inner.clock.now(),
        };
        let (caller, fleet) = (caller.clone(), self.inner.fleet.clone());
        let changed = self
            .inner
            .store
            .write(move |backend| {
                Ok(act(backend, &caller, change).inspect(|changed| publish(&fleet, changed)))
            })
            .await??;
        Ok(changed.message)
    }
}

fn edit(
    backend: &dyn Backend,
    caller: &Identity,
    change: NewMessageChange,
    content: &str,
) -> Result<Changed, AdminError> {
    let message = find_message(backend, change.room_id, change.message_id)?;
    permissions::require(caller, Action::EditMessage { author: message.user_id })?;
    Ok(backend.edit_message(change, content)?)
}

/// An admin's deletion of another user's message is recorded in the audit log.
fn delete(
    backend: &dyn Backend,
    caller: &Identity,
    change: NewMessageChange,
) -> Result<Changed, AdminError> {
    let message = find_message(backend, change.room_id, change.message_id)?;
    permissions::require(caller, Action::DeleteMessage { author: message.user_id })?;
    if message.user_id == caller.user_id {
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
