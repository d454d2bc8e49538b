//! Searching messages: the rule for a caller and for an operator.

mod cursor;
mod query;
mod snippet;

use serde::Serialize;

use cursor::Cursor;
use query::{ParsedQuery, parse};
use snippet::Snippet;

use super::admin::{Error as AdminError, Result as AdminResult};
use super::{Chat, Error, FieldError, Result, text};
use crate::model::{
    Found, Identity, Message, Reader, RoomId, RoomKind, RoomSelection, Search, SearchBounds,
    SearchOrder, Timestamp, UserId,
};
use crate::storage::Backend;

/// What `fuzz/` gives arbitrary input to.
#[cfg(any(fuzzing, test))]
pub mod fuzzed {
    pub use super::query::parse;
    pub use super::snippet::{score, snippet};
}

pub const DEFAULT_SEARCH_PAGE: u32 = 20;
pub const MAX_SEARCH_PAGE: u32 = 50;

/// The newest messages that the order `best` chooses from.
const BEST_OF: u32 = 500;

/// A search as a client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    pub query: String,
    pub order: SearchOrder,
    pub limit: u32,
    pub cursor: Option<String>,
}

/// A page of found messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
    pub found: Vec<FoundMessage>,
    /// The `cursor` of the next page; `None` if this is the last page.
    pub next_cursor: Option<String>,
    /// Whether the newest messages of the searched rooms are in the index.
    pub is_complete: bool,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundMessage {
    pub message: Message,
    pub snippet: Snippet,
}

impl Chat {
    /// Finds messages that the caller may read now.
    ///
    /// # Errors
    /// [`Error::InvalidFields`]; [`Error::TooManyRequests`] if the caller searches too often.
    pub async fn search_messages(
        &self,
        caller: &Identity,
        request: SearchRequest,
    ) -> Result<SearchPage> {
        let checked = self.inner.settings.load().searches.check(&caller.user_id);
        self.inner.counts.limited("searches", checked)?;
        let request = Request::of(request)?;
        let (user_id, now) = (caller.user_id, self.inner.clock.now());
        let username = caller.username.clone();
        let search = move |backend: &dyn Backend| {
            Ok(request.run(backend, Some(Reader { user_id, username: &username }), now))
        };
        Ok(self.inner.store.read(search).await??)
    }
}

impl SearchRequest {
    /// Finds messages that the reader may read; without a reader, messages of public rooms. Blocks.
    ///
    /// # Errors
    /// [`Error::InvalidFields`].
    pub fn run(
        self,
        backend: &dyn Backend,
        reader: Option<Reader<'_>>,
        now: Timestamp,
    ) -> AdminResult<SearchPage> {
        Request::of(self)?.run(backend, reader, now)
    }
}

/// A request that is understood.
struct Request {
    query: ParsedQuery,
    order: SearchOrder,
    limit: u32,
    cursor: Cursor,
}

impl Request {
    fn of(SearchRequest { query, order, limit, cursor }: SearchRequest) -> Result<Self> {
        let mut errors = Vec::new();
        let mut refuse =
            |field: &str, message: String| errors.push(FieldError::new(field, message));
        let query = parse(&query).unwrap_or_else(|faults| {
            faults.into_iter().for_each(|fault| refuse("q", fault));
            ParsedQuery::default()
        });
        if !(1..=MAX_SEARCH_PAGE).contains(&limit) {
            refuse("limit", format!("must be from 1 to {MAX_SEARCH_PAGE}"));
        }
        let cursor = match cursor {
            None => Cursor::START,
            Some(text) => Cursor::read(&text, order).unwrap_or_else(|| {
                refuse("cursor", "must be the next_cursor of a page in the same order".to_owned());
                Cursor::START
            }),
        };
        if errors.is_empty() {
            Ok(Self { query, order, limit, cursor })
        } else {
            Err(Error::InvalidFields(errors))
        }
    }

    /// Blocks.
    fn run(
        self,
        backend: &dyn Backend,
        reader: Option<Reader<'_>>,
        now: Timestamp,
    ) -> AdminResult<SearchPage> {
        let from = self.find_users(backend, reader)?;
        let rooms = self.find_rooms(backend, reader)?;
        let limit = match self.order {
            SearchOrder::Newest => self.limit,
            SearchOrder::Best => BEST_OF,
        };
        let Found { messages, next, is_complete } = backend.search_messages(&Search {
            user_id: reader.map(|reader| reader.user_id),
            phrases: self.query.phrases.clone(),
            from,
            rooms,
            after: self.query.after,
            before: self.query.before,
            features: self.query.features.clone(),
            bounds: self.cursor.bounds,
            limit,
            now,
        })?;
        let (messages, next) = match self.order {
            SearchOrder::Newest => (messages, next.map(|bounds| Cursor { bounds, offset: 0 })),
            SearchOrder::Best => self.best(messages),
        };
        let found = messages.into_iter().map(|message| {
            let snippet = snippet::snippet(&message.content, &self.query.phrases);
            FoundMessage { message, snippet }
        });
        Ok(SearchPage {
            found: found.collect(),
            next_cursor: next.map(|cursor| cursor.write(self.order)),
            is_complete,
        })
    }

    /// The page of the messages that fit best. The next page begins with the same messages, also if there are newer ones
    /// by then.
    fn best(&self, messages: Vec<Message>) -> (Vec<Message>, Option<Cursor>) {
        let top = |is_closed: bool| {
            let of_range = messages.iter().filter(|it| it.id.is_closed() == is_closed);
            of_range.map(|message| message.id.0 + 1).max()
        };
        let SearchBounds { open, closed } = self.cursor.bounds;
        // A range in which nothing was found stays so.
        let bounds = SearchBounds {
            open: top(false).unwrap_or(0).min(open),
            closed: top(true).unwrap_or(0).min(closed),
        };
        let mut scored: Vec<(f64, Message)> = messages
            .into_iter()
            .map(|message| (snippet::score(&message.content, &self.query.phrases), message))
            .collect();
        // Of equals the newest comes first: the sort is stable.
        scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let offset = self.cursor.offset.saturating_add(self.limit as usize);
        let has_more = scored.len() > offset;
        let page = scored.into_iter().skip(self.cursor.offset).take(self.limit as usize);
        let page = page.map(|(_, message)| message).collect();
        (page, has_more.then_some(Cursor { bounds, offset }))
    }

    fn find_users(
        &self,
        backend: &dyn Backend,
        reader: Option<Reader<'_>>,
    ) -> AdminResult<Vec<UserId>> {
        let mut users = Vec::new();
        for name in &self.query.from {
            let name = name.strip_prefix('@').unwrap_or(name);
            let found = match (name, reader) {
                ("me", Some(reader)) => Some(reader.user_id),
                _ => backend.get_credentials(name)?.map(|credentials| credentials.user.id),
            };
            users.push(found.ok_or_else(|| refuse(format!("from: there is no user {name:?}")))?);
        }
        Ok(users)
    }

    /// Finds the rooms with this id or this name that the reader sees.
    fn find_rooms(
        &self,
        backend: &dyn Backend,
        reader: Option<Reader<'_>>,
    ) -> AdminResult<Vec<RoomId>> {
        let mut rooms = Vec::new();
        for name in &self.query.rooms {
            // Names are stored in this form.
            let name = &*text::nfc(name.strip_prefix('#').unwrap_or(name));
            let id = name.parse().ok().map(RoomId);
            let before = rooms.len();
            match reader {
                None => {
                    let by_id = id.map(|id| backend.get_room(id)).transpose()?.flatten();
                    let found = by_id.into_iter().chain(backend.get_room_by_name(name)?);
                    rooms.extend(found.filter(|it| it.kind == RoomKind::Public).map(|it| it.id));
                }
                Some(reader) => {
                    let query = Some(name.to_owned());
                    let named = RoomSelection { query, ..RoomSelection::default() };
                    let mut found = backend.list_rooms_read(reader, &named)?;
                    found.retain(|listed| listed.room.name.eq_ignore_ascii_case(name));
                    if let Some(id) = id {
                        found.extend(backend.list_rooms_read(reader, &RoomSelection::only(id))?);
                    }
                    rooms.extend(found.into_iter().map(|listed| listed.room.id));
                }
            }
            if rooms.len() == before {
                return Err(refuse(format!("in: you see no room {name:?}")));
            }
        }
        rooms.sort_unstable();
        rooms.dedup();
        Ok(rooms)
    }
}

fn refuse(message: String) -> AdminError {
    Error::field("q", message).into()
}
