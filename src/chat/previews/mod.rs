//! Previews of links: what the pages say of themselves that a message links to.
//!
//! The server fetches the pages, so that a reader's client asks no other server. It fetches a page when somebody who
//! may read the message asks for its previews, and keeps what it found in memory (`kept.rs`). Nothing is stored, and
//! no address is logged: it is a part of a message.

mod html;
mod kept;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use hyper::{HeaderMap, Method, header};
use ipnet::IpNet;
use url::Url;

use super::{Chat, Error, Result};
use crate::model::{EventId, Identity, RoomId, links};
use crate::outbound::{self, Answer, Client, Request};
use crate::storage::Backend;

/// For the promises about arbitrary input.
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzed {
    pub use super::html::read;
}

use html::Page;
use kept::{Fetched, Kept};

/// The most links of a message that have a preview.
const MAX_LINKS: usize = 3;

/// How many pages and images are fetched at once; others wait.
const SLOTS: usize = 32;

/// When a caller may ask again for whom there was no room.
const RETRY_SECONDS: u32 = 5;

/// The memory for what is kept: texts of pages, and images.
const PAGES: usize = 8 * 1024;
const PAGE_BYTES: u64 = 8 * 1024 * 1024;
const IMAGES: usize = 32;
const IMAGE_BYTES: u64 = 32 * 1024 * 1024;

/// The head of a page is at its beginning.
const OF_PAGES: outbound::Limits =
    outbound::Limits { time: Duration::from_secs(5), body_bytes: 512 * 1024, redirects: 3 };
const OF_IMAGES: outbound::Limits =
    outbound::Limits { time: Duration::from_secs(5), body_bytes: 2 * 1024 * 1024, redirects: 3 };

/// Says to the servers of pages who asks.
const USER_AGENT: &str = concat!("chatapp/", env!("CARGO_PKG_VERSION"), " (link preview)");

/// Fetches pages and images, and keeps them for a while.
pub(super) struct Previews {
    client: Client,
    pages: Kept<Page>,
    images: Kept<PreviewImage>,
}

/// What a page says of itself to which a message links.
#[derive(Debug)]
pub struct Preview {
    /// The place of the link in the message, among all of its links.
    pub index: usize,
    /// The address of the link, as URLs are written.
    pub url: Url,
    pub title: String,
    pub description: Option<String>,
    pub site_name: Option<String>,
    /// Whether the page names an image.
    pub has_image: bool,
}

/// An image of one of the formats that a browser shows.
#[derive(Debug)]
pub struct PreviewImage {
    pub media_type: &'static str,
    pub bytes: Bytes,
}

impl Previews {
    /// `allowed`: networks that may be reached besides the public internet.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        let (pages, images) = (Kept::new(PAGES, PAGE_BYTES), Kept::new(IMAGES, IMAGE_BYTES));
        Self { client: Client::new(allowed, SLOTS), pages, images }
    }
}

impl Chat {
    /// Whether this server shows previews of links.
    pub fn has_previews(&self) -> bool {
        self.inner.previews.is_some()
    }

    /// Returns the previews of the first links in a message, in their order. A link that leads to no page with a title
    /// has none.
    ///
    /// # Errors
    /// [`Error::PreviewsOff`], [`Error::RoomNotFound`], [`Error::Banned`], [`Error::MessageNotFound`];
    /// [`Error::TooManyRequests`] if pages must be fetched, and the caller lets the server fetch too many.
    pub async fn list_previews(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
    ) -> Result<Vec<Preview>> {
        let links = self.links_in(caller, room_id, id).await?;
        let pages = links.iter().map(|url| self.page(caller, id, url));
        let pages = join_all(pages).await.into_iter().collect::<Result<Vec<_>>>()?;
        let found = links.into_iter().zip(pages).enumerate();
        let preview = |(index, (url, page)): (usize, (Url, Option<Arc<Page>>))| {
            let page = page?;
            Some(Preview {
                index,
                url,
                title: page.title.clone(),
                description: page.description.clone(),
                site_name: page.site_name.clone(),
                has_image: page.image.is_some(),
            })
        };
        Ok(found.filter_map(preview).collect())
    }

    /// Returns the image of the page to which a link of a message leads. `index` is that of [`Preview`].
    ///
    /// # Errors
    /// Those of [`Chat::list_previews`]; [`Error::PreviewNotFound`].
    pub async fn preview_image(
        &self,
        caller: &Identity,
        room_id: RoomId,
        id: EventId,
        index: usize,
    ) -> Result<Arc<PreviewImage>> {
        let links = self.links_in(caller, room_id, id).await?;
        let url = links.get(index).ok_or(Error::PreviewNotFound)?;
        let page = self.page(caller, id, url).await?;
        let image = page.as_ref().and_then(|page| page.image.clone());
        let key = (id, image.ok_or(Error::PreviewNotFound)?);
        let previews = self.previews()?;
        let fetch = async {
            self.check_fetches(caller)?;
            previews.fetch_image(&key.1).await
        };
        previews.images.get(&key, fetch).await?.ok_or(Error::PreviewNotFound)
    }

    fn previews(&self) -> Result<&Previews> {
        self.inner.previews.as_ref().ok_or(Error::PreviewsOff)
    }

    /// The links of a message that the caller may read. A deleted message has none.
    async fn links_in(&self, caller: &Identity, room_id: RoomId, id: EventId) -> Result<Vec<Url>> {
        self.previews()?;
        let view = self.view_of(caller, room_id).await?;
        let read = move |backend: &dyn Backend| {
            let message = backend.get_message(room_id, id)?;
            Ok(message.filter(|message| message.seq > view.visible_from))
        };
        let message = self.inner.store.read(read).await?.ok_or(Error::MessageNotFound)?;
        Ok(links(&message.content, MAX_LINKS))
    }

    async fn page(&self, caller: &Identity, id: EventId, url: &Url) -> Result<Option<Arc<Page>>> {
        let previews = self.previews()?;
        let fetch = async {
            self.check_fetches(caller)?;
            previews.fetch_page(url).await
        };
        previews.pages.get(&(id, url.clone()), fetch).await
    }

    /// Counts a page or an image that the server fetches for the caller.
    fn check_fetches(&self, caller: &Identity) -> Result<()> {
        let checked = self.inner.settings.load().previews.check(&caller.user_id);
        self.inner.counts.limited("previews", checked)
    }
}

impl Previews {
    async fn fetch_page(&self, url: &Url) -> Result<Fetched<Page>> {
        let answer = self.fetch(url, "text/html,application/xhtml+xml", OF_PAGES).await;
        let found = |answer: Answer| {
            let content_type = answer.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
            let essence = content_type.split(';').next().unwrap_or_default().trim();
            let is_page = ["text/html", "application/xhtml+xml"]
                .iter()
                .any(|page| page.eq_ignore_ascii_case(essence));
            is_page.then(|| html::read(&answer.body, content_type, &answer.url))?
        };
        fetched(answer, found, Page::bytes)
    }

    async fn fetch_image(&self, url: &Url) -> Result<Fetched<PreviewImage>> {
        let answer = self.fetch(url, "image/webp,image/png,image/jpeg,image/gif", OF_IMAGES).await;
        let found = |answer: Answer| {
            let media_type = image_type(&answer.body)?;
            (!answer.is_cut).then_some(PreviewImage { media_type, bytes: answer.body })
        };
        fetched(answer, found, |image| image.bytes.len())
    }

    async fn fetch(
        &self,
        url: &Url,
        accept: &'static str,
        limits: outbound::Limits,
    ) -> Result<Answer, outbound::Error> {
        let headers = [(header::ACCEPT, accept), (header::USER_AGENT, USER_AGENT)];
        let headers = headers.map(|(name, value)| (name, header::HeaderValue::from_static(value)));
        let (url, headers) = (url.clone(), HeaderMap::from_iter(headers));
        let request = Request { method: Method::GET, url, headers, body: Bytes::new() };
        self.client.send(request, limits).await
    }
}

/// What an answer has, with its size in memory.
///
/// # Errors
/// [`Error::TooManyRequests`] if the page was not asked for, because the server fetches too many others.
fn fetched<T>(
    answer: Result<Answer, outbound::Error>,
    found: impl FnOnce(Answer) -> Option<T>,
    bytes: impl FnOnce(&T) -> usize,
) -> Result<Fetched<T>> {
    if let Err(outbound::Error::Busy) = answer {
        return Err(Error::TooManyRequests { retry_after_seconds: RETRY_SECONDS });
    }
    let value = answer.ok().filter(|answer| answer.status.is_success()).and_then(found);
    Ok(value.map(|value| {
        let bytes = bytes(&value);
        (value, bytes)
    }))
}

/// The media type of an image, by its first bytes. Other formats, such as SVG, may have code in them.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
