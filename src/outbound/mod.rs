//! Sends HTTP requests to addresses that users name, with limits of time and size.
//!
//! A user who names an address must not reach what only this machine or its network may reach. So the name of a host is
//! looked up once, and the connection goes to an address that has been checked (`address.rs`). The same holds for each
//! redirect. No cookie is kept, no proxy is used, and no answer may be compressed. This module knows nothing of the
//! chat.

mod address;
mod connect;
mod exchange;
mod kept;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use hyper::header;
use hyper::{HeaderMap, Method, StatusCode};
use ipnet::IpNet;
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use url::Url;

use self::exchange::Sender;
use self::kept::Kept;

/// Sends requests. Cheap to clone; the clones share the limit of requests at once.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Networks that are acceptable although they are not on the public internet.
    allowed: Vec<IpNet>,
    slots: Arc<Semaphore>,
    /// `None`: each request has a connection of its own.
    kept: Option<Kept>,
    /// Made for the first request over TLS. `None`: this machine trusts no authority.
    tls: OnceLock<Option<Arc<ClientConfig>>>,
}

/// A request.
pub struct Request {
    pub method: Method,
    /// `http:` or `https:`, without a user and a password.
    pub url: Url,
    /// Besides those of the connection: `Host`, `Accept-Encoding`, `Connection`.
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the beginning to the end of the last answer, with all redirects.
    pub time: Duration,
    /// The most bytes of the body that are read.
    pub body_bytes: usize,
    /// How many redirects of a GET are followed. 0: a redirect is an answer like others.
    pub redirects: u8,
}

/// An answer, of any status.
#[derive(Debug)]
pub struct Answer {
    /// The address that gave this answer, after all redirects.
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// At most as many bytes as the limit.
    pub body: Bytes,
    /// Whether the body has more bytes than the limit.
    pub is_cut: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("too many requests are under way")]
    Busy,
    #[error("the URL must begin with http:// or https://, without a user and a password")]
    Url,
    #[error("the name of the host has no address")]
    UnknownHost,
    #[error("requests to this address or this port are not allowed")]
    Refused,
    #[error("no connection is possible: {0}")]
    Unreachable(String),
    #[error("the connection is not secure: {0}")]
    Tls(String),
    #[error("the answer is not understood: {0}")]
    Answer(String),
    #[error("the answer is compressed, although that was not allowed")]
    Compressed,
    #[error("the redirect cannot be followed")]
    Redirect,
    #[error("there was no whole answer in time")]
    Timeout,
}

impl Client {
    /// `allowed`: networks that may be reached besides the public internet, on every port. At most `slots` requests are
    /// under way at once; others wait.
    pub fn new(allowed: Vec<IpNet>, slots: usize) -> Self {
        Self::with(allowed, slots, None)
    }

    /// The same for many requests to few addresses: connections are kept for the next request, which may be sent twice if
    /// the other side has just ended the connection.
    pub fn keeping(allowed: Vec<IpNet>, slots: usize) -> Self {
        Self::with(allowed, slots, Some(Kept::default()))
    }

    fn with(allowed: Vec<IpNet>, slots: usize, kept: Option<Kept>) -> Self {
        let slots = Arc::new(Semaphore::new(slots));
        Self { inner: Arc::new(Inner { allowed, slots, kept, tls: OnceLock::new() }) }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Busy`] if the request was not sent, because others were under way all the time.
    pub async fn send(&self, request: Request, limits: Limits) -> Result<Answer, Error> {
        let deadline = Instant::now() + limits.time;
        let slot = timeout_at(deadline, self.inner.slots.clone().acquire_owned()).await;
        let Ok(Ok(slot)) = slot else { return Err(Error::Busy) };
        let answer = timeout_at(deadline, self.follow(request, limits, Arc::new(slot))).await;
        answer.unwrap_or(Err(Error::Timeout))
    }

    async fn follow(
        &self,
        mut request: Request,
        limits: Limits,
        slot: Arc<OwnedSemaphorePermit>,
    ) -> Result<Answer, Error> {
        for left in (0..=limits.redirects).rev() {
            let mut answer = self.ask(&request, limits, slot.clone()).await?;
            if limits.redirects == 0 || !is_redirect(&request, &answer) {
                answer.url = request.url;
                return Ok(answer);
            }
            if left > 0 {
                request = redirected(request, &answer)?;
            }
        }
        Err(Error::Redirect)
    }

    async fn ask(
        &self,
        request: &Request,
        limits: Limits,
        slot: Arc<OwnedSemaphorePermit>,
    ) -> Result<Answer, Error> {
        let url = &request.url;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_user {
            return Err(Error::Url);
        }
        if let Some(kept) = &self.inner.kept
            && let Some(mut sender) = kept.take(url)
        {
            match exchange::ask(&mut sender, request, limits, false).await {
                // The other side has ended it, perhaps before this request arrived.
                Err(Error::Answer(_)) => {}
                answer => return self.keep(url, sender, answer),
            }
        }
        let mut sender = self.connect(url, slot).await?;
        let is_last = self.inner.kept.is_none();
        let answer = exchange::ask(&mut sender, request, limits, is_last).await;
        self.keep(url, sender, answer)
    }

    async fn connect(&self, url: &Url, slot: Arc<OwnedSemaphorePermit>) -> Result<Sender, Error> {
        let tcp = connect::tcp(url, &self.inner.allowed, slot).await?;
        if url.scheme() == "http" {
            return exchange::open(tcp).await;
        }
        let tls = self.inner.tls.get_or_init(connect::trusted).clone();
        exchange::open(connect::tls(url, tls, tcp).await?).await
    }

    /// Keeps the connection for the next request, if the answer is whole.
    fn keep(
        &self,
        url: &Url,
        sender: Sender,
        answer: Result<Answer, Error>,
    ) -> Result<Answer, Error> {
        if let (Some(kept), Ok(Answer { is_cut: false, .. })) = (&self.inner.kept, &answer) {
            kept.put(url, sender);
        }
        answer
    }
}

/// Whether the answer leads to another address, which is asked only for a GET.
fn is_redirect(request: &Request, answer: &Answer) -> bool {
    let leads_on = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    leads_on && request.method == Method::GET && answer.headers.contains_key(header::LOCATION)
}

/// The request at the address that the answer names.
fn redirected(mut request: Request, answer: &Answer) -> Result<Request, Error> {
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let url = location.and_then(|location| request.url.join(location).ok());
    let url = url.ok_or(Error::Redirect)?;
    // What was asked over TLS is not continued without it.
    if request.url.scheme() == "https" && url.scheme() != "https" {
        return Err(Error::Redirect);
    }
    if request.url.origin() != url.origin() {
        request.headers.remove(header::AUTHORIZATION);
    }
    request.url = url;
    Ok(request)
}

#[cfg(test)]
mod tests;
