//! Outgoing webhooks, for admins over HTTP and for operators at the command line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::{Admin, Result, check_page};
use crate::chat::permissions::may_read;
use crate::chat::standard_webhooks::SECRET_PREFIX;
use crate::chat::{Error, FieldError, random_bytes};
use crate::model::{
    Delivery, EventKind, FailingRoom, HookFilter, NewOutgoingHook, OutgoingHook,
    OutgoingHookChange, OutgoingHookId, Replay, RoomId, UserId,
};
use crate::storage::backend::HookOutcome;

const MAX_URL_BYTES: usize = 2_000;
/// The number of rooms that a webhook may be limited to.
const MAX_ROOMS: usize = 100;
/// The most failing rooms that are listed.
const MAX_FAILING: u32 = 100;
/// How long the secret before the present one signs too.
const OLD_SECRET_SECONDS: i64 = 24 * 60 * 60;

pub const MAX_DELIVERIES_PAGE: u32 = 100;
pub const DEFAULT_DELIVERIES_PAGE: u32 = 20;

/// What an outgoing webhook is told, as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct FilterDraft {
    /// `None`: events of all kinds.
    pub kinds: Option<Vec<String>>,
    /// `None`: events of all rooms that the bot may read.
    pub room_ids: Option<Vec<RoomId>>,
}

/// A change that is asked for. `None`: as it is.
#[derive(Clone, Debug, Default)]
pub struct OutgoingHookDraft {
    pub url: Option<String>,
    /// `Some(None)`: events of all kinds.
    pub kinds: Option<Option<Vec<String>>>,
    /// `Some(None)`: events of all rooms that the bot may read.
    pub room_ids: Option<Option<Vec<RoomId>>>,
    pub is_paused: Option<bool>,
}

/// A webhook and its secret, which is shown only now.
#[derive(Serialize)]
pub struct MadeOutgoingHook {
    #[serde(flatten)]
    pub hook: OutgoingHook,
    pub secret: String,
}

impl Admin<'_> {
    /// Makes a webhook of a bot, which is told what happens from now on.
    ///
    /// # Errors
    /// [`Error::UserNotFound`] if there is no such bot, or it is not active; [`Error::InvalidFields`],
    /// [`Error::TooManyHooks`].
    pub fn create_outgoing_hook(
        &self,
        user_id: UserId,
        url: &str,
        filter: FilterDraft,
    ) -> Result<MadeOutgoingHook> {
        self.require_bot(user_id)?;
        let mut errors = Vec::new();
        let url = check_url(url, &mut errors);
        let filter = HookFilter {
            kinds: check_kinds(filter.kinds, &mut errors),
            room_ids: self.check_rooms(user_id, filter.room_ids, &mut errors)?,
        };
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors).into());
        }
        let secret = STANDARD.encode(random_bytes()?);
        let entry = self.entry("outgoing_hook.create", json!({ "filter": filter }))?;
        let hook = NewOutgoingHook { user_id, url, filter, secret: secret.clone() };
        match self.backend.create_outgoing_hook(&hook, &entry)? {
            HookOutcome::Stored(hook) => {
                Ok(MadeOutgoingHook { hook, secret: format!("{SECRET_PREFIX}{secret}") })
            }
            HookOutcome::NoBot => Err(Error::UserNotFound.into()),
            HookOutcome::TooMany => Err(Error::TooManyHooks.into()),
        }
    }

    /// The webhooks of a bot, or all, in order of id.
    ///
    /// # Errors
    /// [`Error::UserNotFound`] if there is no such bot.
    pub fn list_outgoing_hooks(&self, user_id: Option<UserId>) -> Result<Vec<OutgoingHook>> {
        if let Some(user_id) = user_id {
            self.require_bot(user_id)?;
        }
        Ok(self.backend.list_outgoing_hooks(user_id)?)
    }

    /// # Errors
    /// [`Error::HookNotFound`].
    pub fn get_outgoing_hook(&self, id: OutgoingHookId) -> Result<OutgoingHook> {
        let hooks = self.backend.list_outgoing_hooks(None)?;
        Ok(hooks.into_iter().find(|hook| hook.id == id).ok_or(Error::HookNotFound)?)
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// [`Error::HookNotFound`], [`Error::InvalidFields`].
    pub fn change_outgoing_hook(
        &self,
        id: OutgoingHookId,
        draft: OutgoingHookDraft,
    ) -> Result<OutgoingHook> {
        let mut errors = Vec::new();
        let url = draft.url.map(|url| check_url(&url, &mut errors));
        let OutgoingHook { user_id, filter: known, .. } = self.get_outgoing_hook(id)?;
        let kinds = draft.kinds.map(|kinds| check_kinds(kinds, &mut errors));
        let room_ids = match draft.room_ids {
            Some(room_ids) => Some(self.check_rooms(user_id, room_ids, &mut errors)?),
            None => None,
        };
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors).into());
        }
        let is_filtered = kinds.is_some() || room_ids.is_some();
        let filter = is_filtered.then(|| HookFilter {
            kinds: kinds.unwrap_or(known.kinds),
            room_ids: room_ids.unwrap_or(known.room_ids),
        });
        let change = OutgoingHookChange { url, filter, is_paused: draft.is_paused, secret: None };
        let detail = json!({
            "hook": id,
            "url_changed": change.url.is_some(),
            "filter": change.filter,
            "is_paused": change.is_paused,
        });
        let entry = self.entry("outgoing_hook.update", detail)?;
        let changed = self.backend.change_outgoing_hook(id, &change, &entry)?;
        Ok(changed.ok_or(Error::HookNotFound)?)
    }

    /// Gives a webhook another secret. The requests are signed with the present one too, for a day.
    ///
    /// # Errors
    /// [`Error::HookNotFound`].
    pub fn rotate_hook_secret(&self, id: OutgoingHookId) -> Result<MadeOutgoingHook> {
        let secret = STANDARD.encode(random_bytes()?);
        let until = self.now.plus_seconds(OLD_SECRET_SECONDS);
        let change = OutgoingHookChange {
            secret: Some((secret.clone(), until)),
            ..OutgoingHookChange::default()
        };
        let entry = self.entry("outgoing_hook.rotate_secret", json!({ "hook": id }))?;
        let hook = self.backend.change_outgoing_hook(id, &change, &entry)?;
        let hook = hook.ok_or(Error::HookNotFound)?;
        Ok(MadeOutgoingHook { hook, secret: format!("{SECRET_PREFIX}{secret}") })
    }

    /// Delivers events again, or tries again what failed.
    ///
    /// # Errors
    /// [`Error::HookNotFound`]; [`Error::RoomNotFound`] if the room does not exist; [`Error::InvalidFields`].
    pub fn replay_outgoing_hook(&self, id: OutgoingHookId, replay: Replay) -> Result<()> {
        if let Replay::After(_, seq) = replay
            && seq.0 < 0
        {
            let error = FieldError::new("after_seq", "must not be negative");
            return Err(Error::InvalidFields(vec![error]).into());
        }
        let hook = self.get_outgoing_hook(id)?;
        if let Replay::FailedOf(room_id) | Replay::After(room_id, _) = replay
            && !self.may_read(hook.user_id, room_id)?
        {
            return Err(Error::RoomNotFound.into());
        }
        let detail = match replay {
            Replay::Failed => json!({ "hook": id }),
            Replay::FailedOf(room_id) => json!({ "hook": id, "room_id": room_id }),
            Replay::After(room_id, seq) => {
                json!({ "hook": id, "room_id": room_id, "after_seq": seq })
            }
        };
        let entry = self.entry("outgoing_hook.replay", detail)?;
        match self.backend.replay_outgoing_hook(id, replay, &entry)? {
            true => Ok(()),
            false => Err(Error::RoomNotFound.into()),
        }
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// [`Error::HookNotFound`].
    pub fn delete_outgoing_hook(&self, id: OutgoingHookId) -> Result<()> {
        let entry = self.entry("outgoing_hook.delete", json!({ "hook": id }))?;
        match self.backend.delete_outgoing_hook(id, &entry)? {
            true => Ok(()),
            false => Err(Error::HookNotFound.into()),
        }
    }

    /// The attempts that are kept, the newest first: at most `limit` of those before `before`.
    ///
    /// # Errors
    /// [`Error::HookNotFound`], [`Error::InvalidFields`].
    pub fn list_deliveries(
        &self,
        id: OutgoingHookId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        check_page(("before", before), limit, MAX_DELIVERIES_PAGE)?;
        self.get_outgoing_hook(id)?;
        Ok(self.backend.list_deliveries(id, before, limit)?)
    }

    /// The first hundred rooms whose next event could not be delivered, in order of id.
    ///
    /// # Errors
    /// [`Error::HookNotFound`].
    pub fn list_failing_rooms(&self, id: OutgoingHookId) -> Result<Vec<FailingRoom>> {
        self.get_outgoing_hook(id)?;
        Ok(self.backend.list_failing_rooms(id, MAX_FAILING)?)
    }

    fn check_rooms(
        &self,
        user_id: UserId,
        room_ids: Option<Vec<RoomId>>,
        errors: &mut Vec<FieldError>,
    ) -> Result<Option<Vec<RoomId>>> {
        let Some(mut room_ids) = room_ids else { return Ok(None) };
        if !(1..=MAX_ROOMS).contains(&room_ids.len()) {
            let message = format!("must have 1 to {MAX_ROOMS} rooms, or be left out for all rooms");
            errors.push(FieldError::new("room_ids", message));
            return Ok(None);
        }
        for room_id in &room_ids {
            if !self.may_read(user_id, *room_id)? {
                let message = format!("there is no room {room_id} that the bot may read");
                errors.push(FieldError::new("room_ids", message));
            }
        }
        room_ids.sort_unstable();
        room_ids.dedup();
        Ok(Some(room_ids))
    }

    /// Whether the bot may read the room. Others are as if they did not exist: an admin learns nothing of them.
    fn may_read(&self, bot: UserId, room_id: RoomId) -> Result<bool> {
        let standing = self.backend.get_standing(room_id, bot)?;
        Ok(standing.is_some_and(|standing| may_read(&standing, self.now)))
    }
}

fn check_url(url: &str, errors: &mut Vec<FieldError>) -> String {
    match Url::parse(url.trim()) {
        Ok(mut parsed)
            if matches!(parsed.scheme(), "http" | "https")
                && parsed.username().is_empty()
                && parsed.password().is_none()
                && parsed.as_str().len() <= MAX_URL_BYTES =>
        {
            parsed.set_fragment(None);
            parsed.into()
        }
        _ => {
            let message = format!(
                "must be a URL with http:// or https://, without a user and a password, of at most {MAX_URL_BYTES} bytes"
            );
            errors.push(FieldError::new("url", message));
            String::new()
        }
    }
}

fn check_kinds(words: Option<Vec<String>>, errors: &mut Vec<FieldError>) -> Option<Vec<EventKind>> {
    let words = words?;
    let mut kinds: Vec<_> = words.iter().filter_map(|word| EventKind::from_word(word)).collect();
    if kinds.is_empty() || kinds.len() < words.len() {
        let known: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let message =
            format!("must have one or more of {}, or be left out for all", known.join(", "));
        errors.push(FieldError::new("kinds", message));
    }
    kinds.sort_unstable();
    kinds.dedup();
    Some(kinds)
}
