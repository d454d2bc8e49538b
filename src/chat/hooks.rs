//! Incoming webhooks: who makes and deletes them, and what is sent to them.
//!
//! A webhook is a bot with one API token, which is limited to sending to one room. Its URL is all that its sender needs.

use super::messages::{Admission, Draft};
use super::permissions::{RoomAction, require_access};
use super::{Access, Admin, Chat, Error, Extras, FieldError, MadeHook, Result, api_tokens};
use crate::model::{Hook, Identity, Person, Role, RoomId, Scope, UserId};

/// What stands at the end of a text that was cut.
const CUT: &str = "… (cut)";

/// A webhook that was found by its token.
#[derive(Clone, Debug)]
pub struct FoundHook {
    /// Its bot.
    pub bot: Identity,
    room_id: RoomId,
}

impl Chat {
    /// Makes a webhook of the room. Its bot becomes a member.
    ///
    /// # Errors
    /// Those of a caller who is no moderator of the room; [`Error::InvalidFields`], [`Error::RoomArchived`],
    /// [`Error::TooManyHooks`]; [`Error::TooManyRequests`], because a webhook counts like a message.
    pub async fn create_hook(
        &self,
        caller: &Identity,
        room_id: RoomId,
        name: String,
    ) -> Result<MadeHook> {
        self.check(caller, room_id, RoomAction::Moderate).await?;
        if caller.role != Role::Admin {
            self.check_pace(caller)?;
        }
        let by = Person {
            user_id: caller.user_id,
            username: caller.username.clone(),
            display_name: caller.display_name.clone(),
        };
        let chat = self.clone();
        let act = move |admin: &Admin<'_>| {
            let made = admin.create_hook(room_id, name, by)?;
            chat.members_changed(room_id, made.events.clone());
            Ok(made)
        };
        self.write_in(caller, room_id, vec![RoomAction::Moderate], act).await
    }

    /// Lists the webhooks of a room, in order of id.
    ///
    /// # Errors
    /// Those of a caller who is no moderator of the room.
    pub async fn list_hooks(&self, caller: &Identity, room_id: RoomId) -> Result<Vec<Hook>> {
        self.check(caller, room_id, RoomAction::Moderate).await?;
        Ok(self.inner.store.read(move |backend| backend.list_hooks(Some(room_id))).await?)
    }

    /// Deletes a webhook of the room. Its messages stay.
    ///
    /// # Errors
    /// Those of a caller who is no moderator of the room; [`Error::HookNotFound`], [`Error::LastOwner`].
    pub async fn delete_hook(&self, caller: &Identity, room_id: RoomId, id: UserId) -> Result<()> {
        self.check(caller, room_id, RoomAction::Moderate).await?;
        let chat = self.clone();
        let act = move |admin: &Admin<'_>| {
            let events = admin.delete_hook(room_id, id)?;
            chat.members_changed(room_id, events);
            Ok(())
        };
        self.write_in(caller, room_id, vec![RoomAction::Moderate], act).await?;
        self.sessions_ended().await;
        Ok(())
    }

    /// Finds the webhook of a token.
    ///
    /// # Errors
    /// [`Error::HookNotFound`] if no webhook has this token, or it was deleted; those of a database that cannot be read.
    pub async fn find_hook(&self, token: &str) -> Result<FoundHook> {
        let id = api_tokens::session_of(token).ok_or(Error::HookNotFound)?;
        let found = self.find_session(id, self.inner.clock.now()).await;
        let bot = found.map_err(|error| match error {
            Error::SessionRevoked | Error::TokenExpired => Error::HookNotFound,
            error => error,
        })?;
        require_access(&bot, Access::Scope(Scope::Send)).map_err(|_| Error::HookNotFound)?;
        let user_id = bot.user_id;
        let room_id = self.inner.store.read(move |backend| backend.get_hook_room(user_id)).await?;
        Ok(FoundHook { bot, room_id: room_id.ok_or(Error::HookNotFound)? })
    }

    /// Sends a text to the webhook's room. A text that is too long for a message is cut. The people whom it names are
    /// mentioned; `@room` and `@here` are plain text. If `key` was used before, nothing is stored.
    ///
    /// # Errors
    /// [`Error::HookNotFound`] if the bot may not see the room any more, [`Error::Banned`], [`Error::Muted`],
    /// [`Error::RoomArchived`], [`Error::InvalidFields`], [`Error::TooManyRequests`].
    pub async fn send_to_hook(
        &self,
        hook: &FoundHook,
        text: &str,
        key: Option<String>,
    ) -> Result<()> {
        let FoundHook { bot, room_id } = hook;
        let standing = self.check(bot, *room_id, RoomAction::PostByHook).await;
        let standing = standing.map_err(|error| match error {
            Error::RoomNotFound => Error::HookNotFound,
            error => error,
        })?;
        let max_chars = self.inner.settings.load().limits.message_chars;
        let extras = Extras { names_only: true, ..Extras::default() };
        let mut draft = Draft {
            room_id: *room_id,
            content: shortened(text, max_chars),
            client_id: key,
            extras: text.contains('@').then(|| Box::new(extras)),
        };
        let prepared = self.prepare(bot, &mut draft).await?;
        let admission = Admission::of(&standing);
        let sent = self.send_prepared(bot, admission, draft, prepared).await;
        sent.map(drop).map_err(in_terms_of_hooks)
    }
}

/// Names the parts of a webhook's request in place of those of a message.
fn in_terms_of_hooks(error: Error) -> Error {
    let renamed = |FieldError { field, message }: FieldError| match &*field {
        "content" => FieldError::new("text", message),
        "client_id" => FieldError::new("Idempotency-Key", message),
        _ => FieldError { field, message },
    };
    match error {
        Error::InvalidFields(errors) => {
            Error::InvalidFields(errors.into_iter().map(renamed).collect())
        }
        error => error,
    }
}

/// The text, or as much of it as a message may have, with a mark at its end. Code that is cut is closed, so that the
/// mark is not a part of it.
fn shortened(text: &str, max_chars: usize) -> String {
    let fence = "\n```";
    if text.len() <= max_chars || text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let room = max_chars.saturating_sub(CUT.chars().count() + fence.len() + 1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let kept = text[..end].trim_end();
    let is_in_code = kept.lines().filter(|line| line.starts_with("```")).count() % 2 == 1;
    let end = if is_in_code { fence } else { "" };
    let cut = format!("{kept}{end}\n{CUT}");
    cut.chars().take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_with_a_mark() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("äöüäö", 5), "äöüäö");
        assert_eq!(shortened(&"x".repeat(41), 40), format!("{}\n{CUT}", "x".repeat(28)));
        let code = format!("```\n{}\n```", "x".repeat(80));
        assert_eq!(shortened(&code, 40), format!("```\n{}\n```\n{CUT}", "x".repeat(24)));
        for max_chars in 0..50 {
            assert!(shortened(&"äx ".repeat(40), max_chars).chars().count() <= max_chars);
        }
    }
}
