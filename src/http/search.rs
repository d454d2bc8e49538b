//! Searching messages: `/search`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};
use serde::Serialize;

use super::Area;
use super::dto::{SearchOrderDto, SearchPageDto};
use super::extract::{Caller, Everywhere, Query, Reads};
use super::failure::{FIELDS, Failure, PACE, STORE, TOKEN};
use super::payload::{Written, write_page};
use super::types::Int;
use crate::chat::{
    Chat, DEFAULT_SEARCH_PAGE, Error, FoundMessage, MAX_SEARCH_PAGE, SearchPage, SearchRequest,
};

type Limit = Int<1, { MAX_SEARCH_PAGE as i64 }>;

pub(super) struct SearchApi;

#[derive(ApiResponse)]
enum Found {
    /// The messages that were found.
    #[oai(status = 200)]
    Ok(Written<SearchPageDto>),
}

#[OpenApi(tag = "Area::Messages")]
impl SearchApi {
    /// Search messages
    ///
    /// Finds messages that the caller may read now, in all rooms. A message must have all of the words. Case and accents
    /// do not matter. Words in `"quotes"` must follow each other. The last word of the query, and a word that ends with
    /// `*`, may be the beginning of a longer word if it has three characters. The query may also contain:
    ///
    /// - `from:ann`: messages of this user; `from:me`
    /// - `in:general`: messages in the room with this name or id; `in:"two words"`
    /// - `after:2026-01-31`, `before:2026-01-31`: from the beginning of this day on, and before it, in UTC; or a time in
    ///   the form of RFC 3339
    /// - `has:link`: messages with a URL; `has:reaction`: with a reaction
    /// - `is:thread`: messages in a thread; `is:pinned`: pinned messages
    ///
    /// Of several `from:` or `in:` one is enough. New messages are found about a second after they were sent, later if
    /// the server is very busy: see `is_complete`. Deleted messages are not found from the moment of their deletion.
    #[oai(path = "/search", method = "get", operation_id = "search_messages")]
    async fn search(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
        /// What to look for: at most 500 characters.
        q: Query<String>,
        /// The order of the messages. The default is `newest`.
        order: Query<Option<SearchOrderDto>>,
        /// The most messages to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// The `next_cursor` of the page before, for the same query and order.
        cursor: Query<Option<String>>,
    ) -> Result<Found, Failure<{ FIELDS | TOKEN | PACE | STORE }>> {
        let request = SearchRequest {
            query: q.0,
            order: order.0.map(Into::into).unwrap_or_default(),
            // A number beyond u32 becomes 0, which the rules reject.
            limit: u32::try_from(limit.0.0).unwrap_or(0),
            cursor: cursor.0,
        };
        let page = chat.search_messages(&caller.0, request).await?;
        Ok(Found::Ok(show(&page)?))
    }
}

fn default_limit() -> Limit {
    Int(DEFAULT_SEARCH_PAGE.into())
}

/// The fields of a [`SearchPageDto`] except the messages.
#[derive(Serialize)]
struct PageEnd<'a> {
    next_cursor: Option<&'a str>,
    is_complete: bool,
}

fn show(page: &SearchPage) -> Result<Written<SearchPageDto>, Error> {
    let size = |found: &FoundMessage| 512 + found.message.content.len();
    let size = 128 + page.found.iter().map(size).sum::<usize>();
    let end = PageEnd { next_cursor: page.next_cursor.as_deref(), is_complete: page.is_complete };
    Written::with(size, |out| {
        let write = |out: &mut Vec<u8>, found: &FoundMessage| serde_json::to_writer(out, found);
        write_page(out, "found", &page.found, write, &end)
    })
}
