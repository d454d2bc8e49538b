//! Messages: sending them, and reading the log.

use tokio::sync::oneshot;

use super::permissions::RoomAction;
use super::{Chat, Error, Extras, FieldError, Result, metadata, text};
use crate::model::{
    Appended, Cursor, Event, EventPage, Identity, MessagePage, MetadataQuery, NewMessage, NewParts,
    RoomId, RoomKind, Seq, Standing,
};
use crate::realtime::ReplyTo;
use crate::storage::Backend;

/// The default number of entries of a page.
pub const DEFAULT_PAGE: u32 = 50;
pub const MAX_PAGE: u32 = 200;

/// A `client_id` is 1 to 64 of the visible characters of ASCII: `!` to `~`, no space.
pub const MAX_CLIENT_ID_BYTES: usize = 64;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub room_id: RoomId,
    pub content: String,
    /// The sender's own id of the message. A message that is sent again with the same id is stored
    /// once.
    pub client_id: Option<String>,
    /// What the message is besides its text.
    pub extras: Option<Box<Extras>>,
}

impl Draft {
    /// Whether the message is only a text: [`Chat::compose`] would find no parts.
    fn is_plain(&self) -> bool {
        self.extras.is_none() && !self.content.contains('@')
    }
}

/// What [`Chat::prepare`] has done for a message. The default is for a message that is only a text.
#[derive(Debug, Default)]
pub struct Prepared {
    parts: Option<Box<NewParts>>,
    /// The sender's pace has been checked.
    is_paced: bool,
}

/// The permission to send to a room.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    room_id: RoomId,
    /// The sender becomes a member of the public room by the message.
    joins: bool,
}

impl Chat {
    /// Admits the caller to the room, if that can be decided in memory. `None`: [`Chat::admit`] has to decide.
    pub fn admit_known(&self, caller: &Identity, room_id: RoomId) -> Option<Admission> {
        self.check_known(caller, room_id, RoomAction::Post, |standing| Admission::of(standing))
    }

    /// Decides whether the caller may send to the room.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`], [`Error::Muted`], [`Error::PostingRestricted`],
    /// [`Error::Blocked`].
    pub async fn admit(&self, caller: &Identity, room_id: RoomId) -> Result<Admission> {
        let standing = self.check(caller, room_id, RoomAction::Post).await?;
        Ok(Admission::of(&standing))
    }

    /// Checks a message and queues it for the next commit. The outcome goes to `reply`.
    ///
    /// # Errors
    /// [`Error::InvalidFields`]; [`Error::TooManyRequests`] if the caller sends too fast;
    /// [`Error::Busy`] if too many messages wait, [`Error::Unavailable`] if the server is
    /// stopping. After an error nothing is queued and `reply` gets nothing.
    pub fn post(
        &self,
        caller: &Identity,
        admission: Admission,
        draft: Draft,
        prepared: Prepared,
        reply: ReplyTo,
    ) -> Result<()> {
        let settings = self.inner.settings.load();
        check(&draft, settings.limits.message_chars)?;
        let Prepared { mut parts, is_paced } = prepared;
        if !is_paced {
            self.check_pace(caller)?;
        }
        if caller.is_bot {
            parts.get_or_insert_default().detail.is_bot = true;
        }
        let message = NewMessage {
            room_id: admission.room_id,
            joins: admission.joins,
            user_id: caller.user_id,
            username: caller.username.clone(),
            display_name: caller.display_name.clone(),
            content: draft.content,
            client_id: draft.client_id,
            timestamp: self.inner.clock.now(),
            parts,
        };
        if admission.joins {
            // After the commit the sender is a member. A standing that is read before it is no harm: the next message
            // makes the sender a member again.
            self.inner.standings.drop_one(admission.room_id, caller.user_id);
        }
        self.inner.store.append(message, reply).map_err(|(error, _)| error.into())
    }

    /// Checks whether the caller may send `typing`: it is sent to every member, like a message.
    ///
    /// # Errors
    /// Those of [`Chat::admit`]; [`Error::TooManyRequests`] if the caller sends too fast.
    pub async fn check_typing(&self, caller: &Identity, room_id: RoomId) -> Result<()> {
        self.admit(caller, room_id).await?;
        self.check_pace(caller)
    }

    /// Counts a frame that is sent to every member of a room, and refuses it if the caller is too
    /// fast.
    pub(super) fn check_pace(&self, caller: &Identity) -> Result<()> {
        let checked = self.inner.settings.load().sends.check(&caller.user_id);
        self.inner.counts.limited("sends", checked)
    }

    /// Sends a message and waits until it is committed.
    ///
    /// # Errors
    /// Those of [`Chat::admit`] and [`Chat::post`], [`Error::RoomArchived`].
    pub async fn send(&self, caller: &Identity, mut draft: Draft) -> Result<Appended> {
        let admission = self.admit(caller, draft.room_id).await?;
        let prepared = self.prepare(caller, &mut draft).await?;
        self.send_prepared(caller, admission, draft, prepared).await
    }

    /// Sends a message that was scheduled: the pace was checked when it was. As [`Chat::send`] otherwise.
    pub(super) async fn send_now(&self, caller: &Identity, mut draft: Draft) -> Result<Appended> {
        let admission = self.admit(caller, draft.room_id).await?;
        draft.content = self.review(caller, draft.room_id, None, draft.content).await?;
        let extras = draft.extras.take().map(|extras| *extras);
        let parts = self.compose(caller, draft.room_id, &draft.content, extras).await?;
        let prepared = Prepared { parts, is_paced: true };
        self.send_prepared(caller, admission, draft, prepared).await
    }

    pub(super) async fn send_prepared(
        &self,
        caller: &Identity,
        admission: Admission,
        draft: Draft,
        prepared: Prepared,
    ) -> Result<Appended> {
        let (reply, outcome) = oneshot::channel();
        self.post(caller, admission, draft, prepared, ReplyTo::Task(reply))?;
        // The hub has ended without an answer, because the server is stopping. The message may have
        // been stored: the sender retries with the same `client_id`.
        Ok(outcome.await.map_err(|_| Error::Unavailable)??)
    }

    /// Whether [`Chat::prepare`] has to be called before the message can be posted.
    pub fn needs_preparing(&self, draft: &Draft) -> bool {
        self.inner.before_send.is_some() || !draft.is_plain()
    }

    /// Prepares a message to be sent: the operator's program may change its text, and its parts are found. To be called
    /// after [`Chat::admit`].
    ///
    /// # Errors
    /// [`Error::TooManyRequests`], those of [`Chat::review`], and those of a database that cannot be read.
    pub async fn prepare(&self, caller: &Identity, draft: &mut Draft) -> Result<Prepared> {
        if !self.needs_preparing(draft) {
            return Ok(Prepared::default());
        }
        // Before anything is looked up.
        self.check_pace(caller)?;
        if let Some(extras) = &mut draft.extras {
            extras.metadata = metadata::checked(extras.metadata.take())?;
        }
        let content = std::mem::take(&mut draft.content);
        draft.content = self.review(caller, draft.room_id, None, content).await?;
        let extras = draft.extras.take().map(|extras| *extras);
        let parts = self.compose(caller, draft.room_id, &draft.content, extras).await?;
        Ok(Prepared { parts, is_paced: true })
    }

    /// Reads a page of a room's messages, or of those with some metadata, in ascending seq, and returns what `show` makes
    /// of it.
    ///
    /// `show` runs on the thread that read the page: the many strings of the page are freed by the
    /// thread that allocated them, and only the result is moved to another thread.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`]; [`Error::InvalidFields`] if `limit` is not from 1 to
    /// [`MAX_PAGE`] or the cursor is negative.
    pub async fn list_messages<T: Send + 'static>(
        &self,
        caller: &Identity,
        room_id: RoomId,
        metadata: Option<MetadataQuery>,
        cursor: Cursor,
        limit: u32,
        show: impl FnOnce(MessagePage) -> T + Send + 'static,
    ) -> Result<T> {
        check_page(cursor, limit)?;
        metadata::check_query(metadata.as_ref())?;
        let view = self.view_of(caller, room_id).await?;
        let read = move |backend: &dyn Backend| {
            let page = match &metadata {
                None => backend.list_messages(room_id, cursor, limit, view)?,
                Some(it) => backend.list_messages_with(room_id, it, cursor, limit, view)?,
            };
            Ok(page.map(show))
        };
        let page = self.inner.store.read(read).await?;
        page.ok_or(Error::RoomNotFound)
    }

    /// Reads the room's log after a position, in ascending seq. After 0 it begins with the oldest
    /// event that is kept, or that the caller may see: an earlier position means that one.
    ///
    /// # Errors
    /// As for [`Chat::list_messages`]; [`Error::HistoryPruned`] if the next event has been
    /// pruned.
    pub async fn list_events(
        &self,
        caller: &Identity,
        room_id: RoomId,
        after: Seq,
        limit: u32,
    ) -> Result<EventPage> {
        check_page(Cursor::After(after), limit)?;
        let visible_from = self.check(caller, room_id, RoomAction::Read).await?.visible_from();
        let after = after.max(visible_from);
        let page = self
            .inner
            .store
            .read(move |backend| backend.list_events(room_id, after, limit))
            .await?
            .ok_or(Error::RoomNotFound)?;
        // A log has a hole only at its beginning.
        let next = page.events.first().map_or(page.head_seq.next(), Event::seq);
        if after > visible_from && page.head_seq > after && next > after.next() {
            return Err(Error::HistoryPruned);
        }
        Ok(page)
    }
}

impl Admission {
    pub(super) fn of(standing: &Standing) -> Self {
        let joins = standing.kind == RoomKind::Public && standing.membership.is_none();
        Self { room_id: standing.room_id, joins }
    }
}

/// Checks the text and the `client_id` of a message.
pub(super) fn check(draft: &Draft, max_chars: usize) -> Result<()> {
    let mut errors: Vec<_> = check_content(&draft.content, max_chars).err().into_iter().collect();
    if let Some(client_id) = &draft.client_id
        && (!(1..=MAX_CLIENT_ID_BYTES).contains(&client_id.len())
            || !client_id.bytes().all(|b| b.is_ascii_graphic()))
    {
        let message =
            format!("must be 1 to {MAX_CLIENT_ID_BYTES} visible ASCII characters without spaces");
        errors.push(FieldError::new("client_id", message));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

/// Checks the text of a message.
pub(super) fn check_content(content: &str, max_chars: usize) -> Result<(), FieldError> {
    if text::is_blank(content) {
        return Err(FieldError::new("content", "must not be blank"));
    }
    check_text(content, max_chars)
}

/// Checks a text that may be blank.
pub(super) fn check_text(content: &str, max_chars: usize) -> Result<(), FieldError> {
    if content.len() > max_chars && content.chars().count() > max_chars {
        let message = format!("must have at most {max_chars} characters");
        return Err(FieldError::new("content", message));
    }
    if content.contains('\0') {
        return Err(FieldError::new("content", "must not contain the character NUL"));
    }
    Ok(())
}

pub(super) fn check_page(cursor: Cursor, limit: u32) -> Result<()> {
    let mut errors = Vec::new();
    if !(1..=MAX_PAGE).contains(&limit) {
        errors.push(FieldError::new("limit", format!("must be from 1 to {MAX_PAGE}")));
    }
    let position = match cursor {
        Cursor::Newest => None,
        Cursor::Before(seq) => Some(("before", seq)),
        Cursor::After(seq) => Some(("after", seq)),
        Cursor::Around(seq) => Some(("around", seq)),
    };
    if let Some((field, seq)) = position
        && seq < Seq(0)
    {
        errors.push(FieldError::new(field, "must not be negative"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(content: &str, client_id: Option<&str>) -> Draft {
        Draft {
            room_id: RoomId(1),
            content: content.to_owned(),
            client_id: client_id.map(str::to_owned),
            extras: None,
        }
    }

    #[test]
    fn contents() {
        for good in ["x", "ääää", " x\n", "x\u{7}", "👩\u{200d}💻"] {
            assert_eq!(check(&draft(good, None), 4), Ok(()), "{good:?}");
        }
        for bad in ["", " \n\t\u{a0}", "\u{200b}", "\u{7}", "xxxxx", "a\0b"] {
            assert!(check(&draft(bad, None), 4).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn client_ids() {
        let longest = "x".repeat(64);
        for good in ["1", "550e8400-e29b-41d4-a716-446655440000", "!~", &longest] {
            assert_eq!(check(&draft("x", Some(good)), 4), Ok(()), "{good:?}");
        }
        let too_long = "x".repeat(65);
        for bad in ["", " ", "a b", "ä", "a\0", "a\n", &too_long] {
            assert!(check(&draft("x", Some(bad)), 4).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pages() {
        assert_eq!(check_page(Cursor::Newest, 1), Ok(()));
        assert_eq!(check_page(Cursor::After(Seq(0)), 200), Ok(()));
        for limit in [0, 201, u32::MAX] {
            let Err(Error::InvalidFields(errors)) = check_page(Cursor::Newest, limit) else {
                panic!("{limit}")
            };
            assert_eq!(errors[0].field, "limit");
        }
        let Err(Error::InvalidFields(errors)) = check_page(Cursor::Around(Seq(-1)), 0) else {
            panic!()
        };
        assert_eq!(errors[1].field, "around");
    }
}
