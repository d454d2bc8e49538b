//! Messages that were sent: their authors edit them, and they or a moderator delete them.

use std::sync::Arc;

use super::compose::Mentions;
use super::messages::check_content;
use super::permissions::{self, RoomAction};
use super::{Admin, AdminError, Chat, Error, Result};
use crate::fleet::Fleet;
use crate::model::{
    Actor, Changed, EventId, Identity, Message, NewMessageChange, NewText, RoomId, Standing, UserId,
};
use crate::realtime::News;
use crate::storage::Backend;
use crate::storage::backend::Pin;

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
        let standing = self.check(caller, room_id, RoomAction::Read).await?;
        self.check_pace(caller)?;
        let content = self.review(caller, room_id, Some(id), content).await?;
        let Mentions { places, people, named } =
            self.find_mentions(caller, &standing, &content, false).await?;
        let text = NewText { content, mentions: places, mentioned: people, named };
        let act = move |backend: &dyn Backend, editor: &Changer, change| {
            edit(backend, editor, change, &text)
        };
        self.change_message(caller, room_id, id, act).await
    }

    /// Pins a message in its room, or ends that. If it stands so already, nothing changes.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::MessageNotFound`], [`Error::NotAMember`], [`Error::PostingRestricted`],
    /// [`Error::Muted`], [`Error::MessageDeleted`], [`Error::RoomArchived`], [`Error::TooManyPins`],
    /// [`Error::TooManyRequests`].
    pub async fn pin_message(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
        is_pinned: bool,
    ) -> Result<Message> {
        let act = move |backend: &dyn Backend, pinner: &Changer, change: NewMessageChange| {
            pinner.find(backend, &change, |_| RoomAction::Pin)?;
            Ok(backend.pin_message(change, is_pinned)?)
        };
        self.check(caller, room_id, RoomAction::Read).await?;
        self.check_pace(caller)?;
        self.change_message(caller, room_id, id, act).await
    }

    /// Lists the messages that are pinned in the room, the newest pin first.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`].
    pub async fn list_pins(&self, caller: &Identity, room_id: RoomId) -> Result<Vec<Pin>> {
        let view = self.view_of(caller, room_id).await?;
        let list = move |backend: &dyn Backend| backend.list_pins(room_id, view);
        self.inner.store.read(list).await?.ok_or(Error::RoomNotFound)
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
        self.check(caller, room_id, RoomAction::Read).await?;
        self.check_pace(caller)?;
        self.change_message(caller, room_id, id, delete).await.map(drop)
    }

    /// Changes a message. The caller's pace has been checked: a change is sent to every member, as a message is.
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
    text: &NewText,
) -> Result<Changed, AdminError> {
    let message = editor.find(backend, &change, |author| RoomAction::EditMessage { author })?;
    // Otherwise somebody could put words under the name of another person.
    if message.parts.is_some_and(|parts| parts.detail.forwarded.is_some()) {
        let text =
            "cannot be changed, because the message is forwarded: delete the message instead";
        return Err(Error::field("content", text).into());
    }
    Ok(backend.edit_message(change, text)?)
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
