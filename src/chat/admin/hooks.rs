//! Incoming webhooks, for moderators over HTTP and for operators at the command line.

use serde::Serialize;
use serde_json::json;

use super::{Admin, Result};
use crate::chat::{Error, api_tokens, people, random_bytes};
use crate::model::{Event, Hook, NewAuditEntry, NewHook, NewUser, Person, Role, RoomId, UserId};
use crate::storage::backend::HookError;

/// The bytes of the random part of a bot's name: enough that no two of them are ever the same.
const NAME_BYTES: usize = 6;

/// A webhook that was just made.
#[derive(Clone, Debug, Serialize)]
pub struct MadeHook {
    #[serde(flatten)]
    pub hook: Hook,
    /// The path of its URL, which has the token and is shown only now.
    pub path: String,
    /// What was added to the room's log.
    #[serde(skip)]
    pub events: Vec<Event>,
}

impl Admin<'_> {
    /// Makes a webhook. `by`: the user who makes it; user 0 for an operator.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::RoomKind`], [`Error::RoomArchived`], [`Error::InvalidFields`],
    /// [`Error::TooManyHooks`].
    pub fn create_hook(&self, room_id: RoomId, name: String, by: Person) -> Result<MadeHook> {
        let room = self.get_room(room_id)?;
        let mut errors = Vec::new();
        let display_name = people::check_name("name", &name, &mut errors);
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors).into());
        }
        let random = random_bytes()?;
        let digits: String =
            random.iter().take(NAME_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let username = format!("hook-{digits}");
        let bot = NewUser {
            // An email that nobody can have: the column is unique, and must not be empty.
            email: format!("bot-{username}"),
            username: username.clone(),
            password_hash: String::new(),
            is_bot: true,
            display_name: Some(display_name.clone()),
            role: Role::User,
            created_at: self.now,
            only_if_no_admin: false,
        };
        let token = api_tokens::new_token()?;
        let token_id = api_tokens::id_of(&token);
        let entry = self.entry("hook.create", json!({ "room_id": room_id }))?;
        let entry = NewAuditEntry { is_recorded: self.records(room.kind), ..entry };
        let new = NewHook { room_id, bot, created_by: by.user_id, token_id };
        let (id, events) = self.backend.create_hook(&new, self.guard, &entry)?;
        let hook = Hook {
            id,
            room_id,
            name: display_name,
            username,
            created_by: by,
            created_at: self.now,
            last_used_at: None,
        };
        Ok(MadeHook { hook, path: format!("/hooks/{token}"), events })
    }

    /// The webhooks of a room, or of all rooms, in order of id.
    pub fn list_hooks(&self, room_id: Option<RoomId>) -> Result<Vec<Hook>> {
        Ok(self.backend.list_hooks(room_id)?)
    }

    /// Deletes a webhook of a room, and returns what was added to the room's log.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::HookNotFound`]; [`Error::LastOwner`] if its bot was made the only owner.
    pub fn delete_hook(&self, room_id: RoomId, id: UserId) -> Result<Vec<Event>> {
        let is_recorded = self.records(self.get_room(room_id)?.kind);
        let entry = self.entry("hook.delete", json!({ "room_id": room_id }))?;
        let entry = NewAuditEntry { is_recorded, ..entry };
        Ok(self.backend.delete_hook(room_id, id, self.guard, &entry)?)
    }
}

impl From<HookError> for super::Error {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Member(error) => error.into(),
            refusal => Self::Rule(refusal.into()),
        }
    }
}
