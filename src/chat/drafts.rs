//! Drafts: what people have written and not sent. The server keeps them, so that all devices of a person have them.

use super::messages::check_text;
use super::permissions::RoomAction;
use super::{Chat, Error, Result};
use crate::model::{EventId, Identity, OwnSubject, RoomId};
use crate::storage::Backend;
use crate::storage::backend::SavedDraft;

impl Chat {
    /// Stores the caller's draft for a room or for the thread of a message, in place of the one before.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`],
    /// [`Error::TooManyDrafts`], [`Error::TooManyRequests`].
    pub async fn save_draft(
        &self,
        caller: &Identity,
        room_id: RoomId,
        thread_id: Option<EventId>,
        content: String,
    ) -> Result<SavedDraft> {
        if content.is_empty() {
            return Err(Error::field("content", "must not be empty: delete the draft instead"));
        }
        let max_chars = self.inner.settings.load().limits.message_chars;
        check_text(&content, max_chars).map_err(|error| Error::InvalidFields(vec![error]))?;
        let thread_id = self.find_place(caller, room_id, thread_id).await?;
        let (user_id, updated_at) = (caller.user_id, self.inner.clock.now());
        let draft = SavedDraft { user_id, room_id, thread_id, content, updated_at };
        let chat = self.clone();
        let save = move |backend: &dyn Backend| {
            let Some((draft, is_new)) = backend.save_draft(draft)? else { return Ok(None) };
            if is_new {
                chat.tell_own(user_id, OwnSubject::Draft, room_id, thread_id);
            }
            Ok(Some(draft))
        };
        self.inner.store.write(save).await?.ok_or(Error::TooManyDrafts)
    }

    /// Deletes the caller's draft for a room or for the thread of a message, if there is one.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::Banned`], [`Error::TooManyRequests`].
    pub async fn delete_draft(
        &self,
        caller: &Identity,
        room_id: RoomId,
        thread_id: Option<EventId>,
    ) -> Result<()> {
        let thread_id = match self.find_place(caller, room_id, thread_id).await {
            // The draft may have been stored while the caller saw the message.
            Err(Error::MessageNotFound) => thread_id,
            found => found?,
        };
        let (user_id, chat) = (caller.user_id, self.clone());
        let delete = move |backend: &dyn Backend| {
            if backend.delete_draft(user_id, room_id, thread_id)? {
                chat.tell_own(user_id, OwnSubject::Draft, room_id, thread_id);
            }
            Ok(())
        };
        Ok(self.inner.store.write(delete).await?)
    }

    /// Lists the caller's drafts, the newest first. Those for rooms and threads that the caller may not read now are kept,
    /// but not listed.
    ///
    /// # Errors
    /// Those of a database that cannot be read.
    pub async fn list_drafts(&self, caller: &Identity) -> Result<Vec<SavedDraft>> {
        let (user_id, now) = (caller.user_id, self.inner.clock.now());
        Ok(self.inner.store.read(move |backend| backend.list_drafts(user_id, now)).await?)
    }

    /// Checks that the caller may read the room, and finds the thread of the message.
    async fn find_place(
        &self,
        caller: &Identity,
        room_id: RoomId,
        thread_id: Option<EventId>,
    ) -> Result<Option<EventId>> {
        match thread_id {
            Some(id) if id.0 < 1 => Err(Error::field("thread_id", "must be the id of a message")),
            Some(id) => self.find_thread(caller, room_id, id).await.map(Some),
            None => {
                self.check(caller, room_id, RoomAction::Read).await?;
                self.check_pace(caller)?;
                Ok(None)
            }
        }
    }
}
