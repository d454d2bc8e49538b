//! Messages of the server itself, whose author is user 0: a product's server or an operator sends them.

use serde::Serialize;
use serde_json::json;

use super::{Action, Admin, Result};
use crate::chat::compose::{Mentions, find_named};
use crate::chat::permissions::{self, RoomAction};
use crate::chat::{Chat, Draft, Error, Result as RuleResult, messages, metadata};
use crate::model::{
    Appended, Event, Identity, Message, MessageDetail, NewMessage, NewParts, RoomKind, UserId,
};
use crate::realtime::News;
use crate::storage::SERVER_USER;

/// A message of the server itself that was stored.
#[derive(Clone, Debug, Serialize)]
pub struct Announced {
    /// The message, if the caller may read it. Otherwise it would tell how much is said in a private room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The `client_id` was used before, and nothing was stored.
    #[serde(skip)]
    pub is_duplicate: bool,
}

impl Admin<'_> {
    /// Sends a message of the server itself to a public or private room. The people whom it names are mentioned; `@room`
    /// and `@here` are plain text. Of the draft's extras only the metadata count.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::RoomArchived`]; [`Error::RoomKind`], because a direct
    /// room belongs to its people.
    pub fn announce(&self, draft: &Draft, max_chars: usize) -> Result<Appended> {
        messages::check(draft, max_chars)?;
        let room_id = draft.room_id;
        if self.get_room(room_id)?.kind == RoomKind::Direct {
            return Err(Error::RoomKind.into());
        }
        let found = find_named(self.backend, room_id, &draft.content, self.now)?;
        let Mentions { places: mentions, people: mentioned, named } = found;
        let given = draft.extras.as_ref().and_then(|extras| extras.metadata.clone());
        let metadata = metadata::checked(given)?;
        let detail = MessageDetail { mentions, metadata, ..MessageDetail::default() };
        let parts = NewParts { detail, mentioned, named, ..NewParts::default() };
        let message = NewMessage {
            room_id,
            user_id: UserId::SERVER,
            username: SERVER_USER.1.into(),
            display_name: None,
            content: draft.content.clone(),
            client_id: draft.client_id.clone(),
            timestamp: self.now,
            joins: false,
            parts: Some(Box::new(parts)),
        };
        // Not the text: an entry can never be erased.
        let entry = self.entry("room.announce", json!({}))?;
        Ok(self.backend.announce(message, &entry)?)
    }
}

impl Chat {
    /// Sends a message of the server itself, and notifies the members. The operator's program is not asked about it.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::TooManyRequests`], and those of [`Admin::announce`].
    pub async fn announce(&self, caller: &Identity, draft: Draft) -> RuleResult<Announced> {
        permissions::require(caller, Action::Administer)?;
        self.check_pace(caller)?;
        let (room_id, max_chars) = (draft.room_id, self.limits().message_chars);
        let chat = self.clone();
        let act = move |admin: &Admin<'_>| {
            let appended = admin.announce(&draft, max_chars)?;
            if !appended.duplicate {
                // From the writer thread, like commits.
                let events = vec![Event::Message(appended.message.clone())];
                chat.inner.fleet.blocking_publish(vec![News::Events(events)]);
            }
            Ok(appended)
        };
        let Appended { message, duplicate } = self.write_as(caller, act).await?;
        let standing = self.check(caller, room_id, RoomAction::Read).await.ok();
        let may_read = standing.is_some_and(|standing| message.seq > standing.visible_from());
        Ok(Announced { message: may_read.then_some(message), is_duplicate: duplicate })
    }
}
