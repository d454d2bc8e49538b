//! Preparing a message with more than a text: mentions are resolved, and a forwarded text is read.

use super::permissions::{self, RoomAction};
use super::{Chat, Error, Result};
use crate::model::{
    EventId, Everyone, Forwarded, Identity, Mention, MessageDetail, Metadata, NewParts,
    PossibleMention, Presence, RoomId, Standing, Timestamp, UserId, View, possible_mentions,
};
use crate::storage::{self, Backend};

/// The number of places in a message that may mention somebody. Further ones are plain text.
const MAX_MENTIONS: usize = 50;

/// In rooms with more members, only moderators mention everyone.
pub const MAX_MEMBERS_TO_MENTION: u32 = 50;

/// What a message is besides its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// The first message of the thread to reply in, or a reply in it.
    pub thread_id: Option<EventId>,
    /// Whether the reply is shown in the room too.
    pub also_to_room: bool,
    /// The message that is quoted.
    pub quote_of: Option<EventId>,
    /// The message whose text is repeated.
    pub forwarded: Option<Forwarded>,
    /// Whether only people are mentioned, and `@room` and `@here` are plain text.
    pub names_only: bool,
    /// The sender's own data.
    pub metadata: Option<Metadata>,
}

/// The mentions of a text.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// The places.
    pub places: Vec<Mention>,
    /// The accounts, without the author; user 0 stands for all members.
    pub people: Vec<UserId>,
    /// Those of them that are mentioned by name.
    pub named: Vec<UserId>,
}

impl Chat {
    /// Prepares the parts of a message. `None`: it has none.
    ///
    /// # Errors
    /// Those of a database that cannot be read.
    pub async fn compose(
        &self,
        caller: &Identity,
        room_id: RoomId,
        content: &str,
        extras: Option<Extras>,
    ) -> Result<Option<Box<NewParts>>> {
        let standing = self.check(caller, room_id, RoomAction::Read).await?;
        let Extras { thread_id, also_to_room, quote_of, forwarded, names_only, metadata } =
            extras.unwrap_or_default();
        // Who forwards a text addresses nobody whom it names.
        let Mentions { places, people: mentioned, named } = match forwarded {
            Some(_) => Mentions::default(),
            None => self.find_mentions(caller, &standing, content, names_only).await?,
        };
        let detail = MessageDetail {
            thread_id,
            also_to_room: also_to_room && thread_id.is_some(),
            quote_of,
            mentions: places,
            forwarded,
            // `Chat::post` marks the messages of bots.
            is_bot: false,
            metadata,
        };
        if detail == MessageDetail::default() {
            return Ok(None);
        }
        let visible_from = standing.visible_from();
        Ok(Some(Box::new(NewParts { detail, mentioned, named, visible_from })))
    }

    /// Finds the people whom a text mentions: only accounts that may read the room. With `names_only`, `@room` and
    /// `@here` mention nobody.
    pub(super) async fn find_mentions(
        &self,
        caller: &Identity,
        standing: &Standing,
        text: &str,
        names_only: bool,
    ) -> Result<Mentions> {
        let possible = possible_mentions(text, MAX_MENTIONS);
        if possible.is_empty() {
            return Ok(Mentions::default());
        }
        let (room_id, now) = (standing.room_id, self.inner.clock.now());
        let names = names_in(&possible);
        let find = move |backend: &dyn Backend| backend.find_readers(room_id, &names, now);
        let readers = self.inner.store.read(find).await?;
        let (mut mentions, groups) = place(&possible, &readers, caller.user_id, names_only);
        if !groups.is_empty() {
            self.add_everyone(caller, standing, &groups, &mut mentions).await?;
        }
        mentions.people.sort_unstable();
        mentions.people.dedup();
        mentions.people.retain(|&user_id| user_id != caller.user_id);
        Ok(mentions)
    }

    /// Adds the people for whom `@room` and `@here` stand, or makes them plain text if the caller may not mention
    /// everyone.
    async fn add_everyone(
        &self,
        caller: &Identity,
        standing: &Standing,
        groups: &[Everyone],
        mentions: &mut Mentions,
    ) -> Result<()> {
        let room_id = standing.room_id;
        let now = self.inner.clock.now();
        let may = permissions::may(caller, RoomAction::MentionEveryone, standing, now).is_ok();
        // One more than a small room has tells whether the room is small.
        let limit = if may { u32::MAX } else { MAX_MEMBERS_TO_MENTION + 1 };
        let list = move |backend: &dyn Backend| backend.list_member_ids(room_id, limit);
        let members = self.inner.store.read(list).await?;
        let is_small = members.len() <= MAX_MEMBERS_TO_MENTION as usize;
        if !is_small && !may {
            mentions.places.retain(|place| place.everyone.is_none());
            return Ok(());
        }
        if groups.contains(&Everyone::Room) {
            mentions.people.push(UserId::SERVER);
        }
        if groups.contains(&Everyone::Here) {
            let presence = self.list_presence(members.clone()).await?;
            let here = members.into_iter().zip(presence);
            let here = here.filter(|(_, presence)| *presence != Presence::Offline);
            mentions.people.extend(here.map(|(user_id, _)| user_id));
        }
        Ok(())
    }

    /// Reads the message that is to be forwarded: its text, and its author.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`], [`Error::MessageDeleted`].
    pub async fn read_forwarded(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
    ) -> Result<(String, Forwarded)> {
        let message = self.get_message(caller, room_id, id).await?;
        if message.deleted_at.is_some() {
            return Err(Error::MessageDeleted);
        }
        // What is forwarded again still names its first author.
        let forwarded = message.parts.and_then(|parts| parts.detail.forwarded);
        let forwarded = forwarded.unwrap_or(Forwarded {
            user_id: message.user_id,
            username: message.username,
            display_name: message.display_name,
            timestamp: message.timestamp,
        });
        Ok((message.content, forwarded))
    }

    /// Reads one message, with its reactions and the summary of its thread.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`].
    pub async fn get_message(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
    ) -> Result<crate::model::Message> {
        let view = self.view_of(caller, room_id).await?;
        let read = move |backend: &dyn Backend| backend.view_message(room_id, id, view);
        self.inner.store.read(read).await?.ok_or(Error::MessageNotFound)
    }

    /// The part of the room's log that the caller sees.
    pub(super) async fn view_of(&self, caller: &Identity, room_id: RoomId) -> Result<View> {
        let standing = self.check(caller, room_id, RoomAction::Read).await?;
        Ok(View { reader: caller.user_id, visible_from: standing.visible_from() })
    }
}

/// Finds the people whom a text of the server itself mentions by name: only accounts that may read the room.
pub(super) fn find_named(
    backend: &dyn Backend,
    room_id: RoomId,
    text: &str,
    now: Timestamp,
) -> storage::Result<Mentions> {
    let possible = possible_mentions(text, MAX_MENTIONS);
    if possible.is_empty() {
        return Ok(Mentions::default());
    }
    let readers = backend.find_readers(room_id, &names_in(&possible), now)?;
    Ok(place(&possible, &readers, UserId::SERVER, true).0)
}

/// The names that may be mentioned, in lower case.
fn names_in(possible: &[PossibleMention<'_>]) -> Vec<String> {
    let names = possible.iter().flat_map(|it| it.names()).map(str::to_ascii_lowercase);
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The places that mention one of the readers or, unless only names count, a group; and the groups.
fn place(
    possible: &[PossibleMention<'_>],
    readers: &[(String, UserId)],
    author: UserId,
    names_only: bool,
) -> (Mentions, Vec<Everyone>) {
    let mut mentions = Mentions::default();
    let mut groups = Vec::new();
    for place in possible {
        if let Some(everyone) = place.everyone() {
            if names_only {
                continue;
            }
            groups.push(everyone);
            let end = place.end("room");
            let (user_id, start) = (None, place.start);
            mentions.places.push(Mention { user_id, everyone: Some(everyone), start, end });
            continue;
        }
        let found = place.names().find_map(|name| {
            let reader = readers.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))?;
            Some((reader.1, place.end(name)))
        });
        let Some((user_id, end)) = found else { continue };
        let (everyone, start) = (None, place.start);
        mentions.places.push(Mention { user_id: Some(user_id), everyone, start, end });
        mentions.named.push(user_id);
    }
    mentions.named.retain(|&user_id| user_id != author);
    mentions.named.sort_unstable();
    mentions.named.dedup();
    mentions.people.clone_from(&mentions.named);
    (mentions, groups)
}
