//! Found messages. Answers are written straight from the rule's values; these types document them.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};

use super::MessageDto;
use crate::model::SearchOrder;

/// The order of found messages.
#[derive(Clone, Copy, Enum)]
#[oai(rename = "SearchOrder", rename_all = "lowercase")]
pub(in crate::http) enum SearchOrderDto {
    /// The newest first.
    Newest,
    /// Those that fit best first: of the newest 500.
    Best,
}

impl From<SearchOrderDto> for SearchOrder {
    fn from(order: SearchOrderDto) -> Self {
        match order {
            SearchOrderDto::Newest => Self::Newest,
            SearchOrderDto::Best => Self::Best,
        }
    }
}

/// The place of a found word.
#[derive(Object)]
#[oai(rename = "Hit", example)]
pub(in crate::http) struct HitDto {
    /// The index of its first character in the snippet. Characters are Unicode code points.
    pub start: u32,
    /// The index after its last character.
    pub end: u32,
}

impl Example for HitDto {
    fn example() -> Self {
        Self { start: 0, end: 5 }
    }
}

/// A part of a message's text, on one line. `…` stands where it is cut off.
#[derive(Object)]
#[oai(rename = "Snippet", example)]
pub(in crate::http) struct SnippetDto {
    pub text: String,
    /// The places of what was searched for, in order.
    pub hits: Vec<HitDto>,
}

impl Example for SnippetDto {
    fn example() -> Self {
        Self { text: "Hello, everyone!".into(), hits: vec![HitDto::example()] }
    }
}

/// A message that was found.
#[derive(Object)]
#[oai(rename = "FoundMessage", example)]
pub(in crate::http) struct FoundMessageDto {
    /// The message with its present text, without `reactions`, `thread` and `is_pinned`.
    pub message: MessageDto,
    /// What of it is shown in a list.
    pub snippet: SnippetDto,
}

impl Example for FoundMessageDto {
    fn example() -> Self {
        Self { message: MessageDto::example(), snippet: SnippetDto::example() }
    }
}

/// A page of found messages.
#[derive(Object)]
#[oai(rename = "SearchPage", example)]
pub(in crate::http) struct SearchPageDto {
    pub found: Vec<FoundMessageDto>,
    /// The `cursor` of the next page; null on the last page.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
    /// Whether every message of the searched rooms is in the index. If not, the newest messages may be missing: a moment
    /// later they are there.
    pub is_complete: bool,
}

impl Example for SearchPageDto {
    fn example() -> Self {
        Self { found: vec![FoundMessageDto::example()], next_cursor: None, is_complete: true }
    }
}
