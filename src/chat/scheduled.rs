//! Messages that are sent later. One node's job sends them, each once: the sending has a `client_id` that belongs to the
//! scheduled message, so that it can be repeated after a crash.

use super::messages::{Draft, check_content};
use super::{Chat, Error, Extras, FieldError, Result};
use crate::model::{ErrorCode, EventId, Identity, OwnSubject, RoomId, SessionId, Timestamp};
use crate::storage::Backend;
use crate::storage::backend::{DueMessage, NewScheduled, Scheduled, ScheduledChange};

/// How far ahead a message can be scheduled.
const MAX_AHEAD_SECONDS: i64 = 366 * 24 * 60 * 60;

/// The number of messages that are sent before the next are read.
const AT_ONCE: u32 = 100;

impl Chat {
    /// Schedules a message of the caller. The same message for the same time is stored once, so that the request can be
    /// repeated.
    ///
    /// # Errors
    /// Those of [`Chat::admit`]; [`Error::InvalidFields`], [`Error::MessageNotFound`] if there is no such thread,
    /// [`Error::RoomArchived`], [`Error::TooManyScheduled`], [`Error::TooManyRequests`].
    pub async fn schedule(
        &self,
        caller: &Identity,
        room_id: RoomId,
        content: String,
        thread_id: Option<EventId>,
        send_at: Timestamp,
    ) -> Result<Scheduled> {
        self.admit(caller, room_id).await?;
        self.check_scheduled(Some(&content), Some(send_at))?;
        self.check_pace(caller)?;
        let view = self.view_of(caller, room_id).await?;
        let message = NewScheduled {
            user_id: caller.user_id,
            room_id,
            thread_id,
            content,
            send_at,
            created_at: self.inner.clock.now(),
        };
        let chat = self.clone();
        let create = move |backend: &dyn Backend| {
            if backend.get_room(room_id)?.is_some_and(|room| room.archived_at.is_some()) {
                return Ok(Err(Error::RoomArchived));
            }
            if let Some(id) = message.thread_id {
                let first = backend.get_message(message.room_id, id)?;
                if first.is_none_or(|first| first.seq <= view.visible_from) {
                    return Ok(Err(Error::MessageNotFound));
                }
            }
            let is_same = |known: &Scheduled| {
                let created_at = message.created_at;
                NewScheduled { created_at, ..known.message.clone() } == message
            };
            let known = backend.list_scheduled(message.user_id)?;
            if let Some(known) = known.into_iter().find(is_same) {
                return Ok(Ok(known));
            }
            let created = backend.create_scheduled(&message)?;
            if created.is_some() {
                chat.tell_own(message.user_id, OwnSubject::Scheduled, message.room_id, None);
            }
            Ok(created.ok_or(Error::TooManyScheduled))
        };
        self.inner.store.write(create).await?
    }

    /// Lists the caller's scheduled messages, also those that could not be sent.
    ///
    /// # Errors
    /// Those of a database that cannot be read.
    pub async fn list_scheduled(&self, caller: &Identity) -> Result<Vec<Scheduled>> {
        let user_id = caller.user_id;
        Ok(self.inner.store.read(move |backend| backend.list_scheduled(user_id)).await?)
    }

    /// Changes a scheduled message of the caller. One that could not be sent is tried again.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::ScheduledNotFound`], [`Error::TooManyRequests`].
    pub async fn update_scheduled(
        &self,
        caller: &Identity,
        id: i64,
        change: ScheduledChange,
    ) -> Result<Scheduled> {
        self.check_scheduled(change.content.as_deref(), change.send_at)?;
        self.check_pace(caller)?;
        let (user_id, now, chat) = (caller.user_id, self.until_sent(), self.clone());
        let update = move |backend: &dyn Backend| {
            let changed = backend.update_scheduled(user_id, id, &change, now)?;
            if let Some(changed) = &changed {
                chat.tell_own(user_id, OwnSubject::Scheduled, changed.message.room_id, None);
            }
            Ok(changed)
        };
        self.inner.store.write(update).await?.ok_or(Error::ScheduledNotFound)
    }

    /// Deletes a scheduled message of the caller, also in a room that the caller does not see any more.
    ///
    /// # Errors
    /// [`Error::ScheduledNotFound`].
    pub async fn delete_scheduled(&self, caller: &Identity, id: i64) -> Result<()> {
        let (user_id, now, chat) = (caller.user_id, self.until_sent(), self.clone());
        let delete = move |backend: &dyn Backend| {
            let room_id = backend.delete_scheduled(user_id, id, now)?;
            if let Some(room_id) = room_id {
                chat.tell_own(user_id, OwnSubject::Scheduled, room_id, None);
            }
            Ok(room_id)
        };
        self.inner.store.write(delete).await?.map(drop).ok_or(Error::ScheduledNotFound)
    }

    /// Sends the messages whose time has come. What fails for a while is tried again by the next call; what fails for
    /// another reason is kept, with the code of the error.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn send_scheduled(&self) -> Result<()> {
        let now = self.inner.clock.now();
        let due =
            self.inner.store.read(move |backend| backend.list_due_scheduled(now, AT_ONCE)).await?;
        for message in due {
            let id = message.scheduled.id;
            let NewScheduled { user_id, room_id, .. } = message.scheduled.message;
            let failure = match self.send_one(message).await {
                Ok(()) => None,
                Err(error) if error.code().is_temporary() => continue,
                Err(error) => Some(name_of(error.code())),
            };
            let chat = self.clone();
            let end = move |backend: &dyn Backend| {
                backend.end_scheduled(id, failure.as_deref())?;
                chat.tell_own(user_id, OwnSubject::Scheduled, room_id, None);
                Ok(())
            };
            self.inner.store.write(end).await?;
        }
        Ok(())
    }

    async fn send_one(&self, due: DueMessage) -> Result<()> {
        // An account that is deactivated has no rights.
        if !due.is_active {
            return Err(Error::SessionRevoked);
        }
        let caller = Identity {
            user_id: due.scheduled.message.user_id,
            username: due.username,
            display_name: due.display_name,
            role: due.role,
            is_bot: due.is_bot,
            grant: None,
            session_id: SessionId(0),
            expires_at: Timestamp(i64::MAX),
        };
        let NewScheduled { room_id, thread_id, content, .. } = due.scheduled.message;
        let extras = thread_id.map(|id| Extras { thread_id: Some(id), ..Extras::default() });
        // An author who uses this id for another message only keeps the own scheduled one from being sent.
        let client_id = Some(format!("scheduled-{}", due.scheduled.id));
        let draft = Draft { room_id, content, client_id, extras: extras.map(Box::new) };
        self.send_now(&caller, draft).await.map(drop)
    }

    /// A message whose time comes within a second may be under way already, also on a server whose clock is ahead.
    fn until_sent(&self) -> Timestamp {
        self.inner.clock.now().plus_seconds(1)
    }

    fn check_scheduled(&self, content: Option<&str>, send_at: Option<Timestamp>) -> Result<()> {
        let max_chars = self.inner.settings.load().limits.message_chars;
        let mut errors: Vec<FieldError> = Vec::new();
        errors.extend(content.and_then(|text| check_content(text, max_chars).err()));
        let now = self.inner.clock.now();
        if let Some(at) = send_at
            && (at <= now || at > now.plus_seconds(MAX_AHEAD_SECONDS))
        {
            errors.push(FieldError::new("send_at", "must be in the future, at most a year ahead"));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
    }
}

/// The code as clients know it.
fn name_of(code: ErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
