//! Reactions. Many people react to one message at once, so reactions are collected while the writer is busy, and are
//! stored together: those to one message become one event.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::permissions::RoomAction;
use super::{Chat, Error, Result};
use crate::model::{EventId, Identity, Person, RoomId};
use crate::realtime::News;
use crate::storage::Backend;
use crate::storage::backend::NewReaction;

/// The most reactions in one transaction. It keeps the writer busy for a few milliseconds.
const WRITTEN_AT_ONCE: usize = 256;

/// The most reactions that may wait: a client can disconnect and ask again, any number of times.
const MAX_WAITING: usize = 20_000;

/// The most people that are listed for one emoji.
const MAX_LISTED: u32 = 1_000;

/// The reactions that wait to be stored.
#[derive(Default)]
pub(super) struct Gathered(Mutex<Waiting>);

/// A reaction, and who waits for its outcome.
type Asked = (NewReaction, oneshot::Sender<Result<()>>);

#[derive(Default)]
struct Waiting {
    reactions: Vec<Asked>,
    /// A write has been queued and has not begun yet.
    is_queued: bool,
}

impl Chat {
    /// Adds the caller's reaction to a message, or takes it back. If it stands so already, nothing changes.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] if it is not an emoji of Unicode; [`Error::RoomNotFound`], [`Error::Banned`],
    /// [`Error::Muted`], [`Error::Blocked`], [`Error::MessageNotFound`], [`Error::MessageDeleted`],
    /// [`Error::RoomArchived`], [`Error::TooManyReactions`], [`Error::TooManyRequests`], [`Error::Busy`].
    pub async fn react(
        &self,
        caller: &Identity,
        room_id: RoomId,
        message_id: EventId,
        emoji: &str,
        is_added: bool,
    ) -> Result<()> {
        let emoji = normal_emoji(emoji)?.to_owned();
        let standing = self.check(caller, room_id, RoomAction::React).await?;
        self.check_pace(caller)?;
        let Identity { user_id, username, display_name, .. } = caller.clone();
        let reaction = NewReaction {
            room_id,
            message_id,
            person: Person { user_id, username, display_name },
            emoji,
            is_added,
            visible_from: standing.visible_from(),
            timestamp: self.inner.clock.now(),
        };
        let (reply, outcome) = oneshot::channel();
        {
            let mut waiting = self.inner.reactions.lock();
            if waiting.reactions.len() >= MAX_WAITING {
                return Err(Error::Busy);
            }
            // If reactions already wait, a write has been queued.
            if !waiting.is_queued {
                self.submit_reactions()?;
                waiting.is_queued = true;
            }
            waiting.reactions.push((reaction, reply));
        }
        outcome.await.map_err(|_| Error::Unavailable)?
    }

    /// Lists the people who reacted to a message with an emoji, in the order of their reactions.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`].
    pub async fn list_reactors(
        &self,
        caller: &Identity,
        room_id: RoomId,
        message_id: EventId,
        emoji: &str,
    ) -> Result<Vec<Person>> {
        let emoji = normal_emoji(emoji)?;
        let view = self.view_of(caller, room_id).await?;
        let list = move |backend: &dyn Backend| {
            let message = backend.get_message(room_id, message_id)?;
            if message.is_none_or(|message| message.seq <= view.visible_from) {
                return Ok(None);
            }
            backend.list_reactors(message_id, emoji, MAX_LISTED).map(Some)
        };
        self.inner.store.read(list).await?.ok_or(Error::MessageNotFound)
    }

    fn submit_reactions(&self) -> crate::storage::Result<()> {
        let chat = self.clone();
        self.inner.store.submit(move |backend| chat.write_reactions(backend))
    }

    /// Runs on the writer thread.
    fn write_reactions(&self, backend: &dyn Backend) {
        let (mut batch, rest) = self.inner.reactions.take();
        let (reactions, replies): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        match backend.change_reactions(&reactions) {
            Ok((results, events)) => {
                if !events.is_empty() {
                    self.inner.fleet.blocking_publish(vec![News::Events(events)]);
                }
                for (reply, result) in replies.into_iter().zip(results) {
                    // Nobody waits for the answer any more if the client has gone.
                    let _ = reply.send(result.map_err(Error::from));
                }
            }
            Err(error) => {
                let error = Error::from(error);
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
        if rest && self.submit_reactions().is_err() {
            // The queue is full. Their senders are dropped, which tells the callers.
            let mut waiting = self.inner.reactions.lock();
            waiting.reactions.clear();
            waiting.is_queued = false;
        }
    }
}

impl Gathered {
    /// Takes the reactions of the next transaction, and returns whether more are left: then another write must be
    /// queued.
    fn take(&self) -> (Vec<Asked>, bool) {
        let mut waiting = self.lock();
        let count = waiting.reactions.len().min(WRITTEN_AT_ONCE);
        let taken = waiting.reactions.drain(..count).collect();
        waiting.is_queued = !waiting.reactions.is_empty();
        (taken, waiting.is_queued)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Every change is complete before anything can panic, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the one form in which an emoji is stored, so that the same emoji from two keyboards is one reaction. Accepts
/// also the short names of GitHub, such as `:tada:`.
///
/// # Errors
/// [`Error::InvalidFields`].
pub(super) fn normal_emoji(text: &str) -> Result<&'static str> {
    let name = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let found = match name {
        Some(name) => emojis::get_by_shortcode(name),
        None => emojis::get(text).or_else(|| emojis::get(&text.replace('\u{fe0f}', ""))),
    };
    found.map(emojis::Emoji::as_str).ok_or_else(|| {
        Error::field("emoji", "must be one emoji of Unicode, or its short name such as `:tada:`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_emoji_has_one_form() {
        for (given, stored) in [
            ("👍", "👍"),
            ("❤", "❤\u{fe0f}"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("👍🏽", "👍🏽"),
            ("👩\u{200d}💻", "👩\u{200d}💻"),
            ("🏳\u{fe0f}\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("🇰🇷", "🇰🇷"),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            (":tada:", "🎉"),
            (":+1:", "👍"),
        ] {
            assert_eq!(normal_emoji(given), Ok(stored), "{given}");
        }
        for bad in ["", "x", "👍👍", "1", ":nothing_like_this:", "::", ":", "a👍", "\u{fe0f}"]
        {
            assert!(normal_emoji(bad).is_err(), "{bad:?}");
        }
    }
}
