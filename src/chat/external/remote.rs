//! The keys at a URL, fetched from time to time and when a token names an unknown key.
//!
//! One task fetches ([`Remote::follow`]); callers wait for it for a moment. While the URL cannot be used, the keys that
//! were fetched last stay valid.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use hyper::{HeaderMap, Method, header};
use ipnet::IpNet;
use jsonwebtoken::Header;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use url::Url;

use super::keys::{Key, parse_set};
use crate::outbound::{Client, Limits, Request};

/// How often the keys are fetched.
const REFRESH: Duration = Duration::from_secs(5 * 60);

/// Unknown keys cause at most one request in this time.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a caller with an unknown key waits: a little longer than a request may take.
const WAIT: Duration = Duration::from_secs(6);

const LIMITS: Limits =
    Limits { time: Duration::from_secs(5), body_bytes: 256 * 1024, redirects: 3 };

pub(super) struct Remote {
    url: Url,
    client: Client,
    /// Empty until the first fetch succeeds.
    keys: ArcSwap<Vec<Key>>,
    /// An unknown key is looked for.
    wanted: Notify,
    /// Changes after every fetch.
    fetched: watch::Sender<()>,
    /// Whether the last fetch is less than [`PAUSE`] ago.
    rests: AtomicBool,
    /// Whether the last fetch has failed.
    is_failing: AtomicBool,
}

impl Remote {
    pub fn new(url: Url, allowed: Vec<IpNet>) -> Self {
        Self {
            url,
            client: Client::new(allowed, 1),
            keys: ArcSwap::default(),
            wanted: Notify::new(),
            fetched: watch::Sender::new(()),
            rests: AtomicBool::new(false),
            is_failing: AtomicBool::new(false),
        }
    }

    /// The keys, fetched again if none of them fits the token. `None`: none of them fits, and they cannot be fetched.
    pub async fn keys_for(&self, header: &Header) -> Option<Arc<Vec<Key>>> {
        let has_one = |keys: &[Key]| keys.iter().any(|key| key.fits(header));
        let keys = self.keys.load_full();
        if has_one(&keys) {
            return Some(keys);
        }
        let mut fetched = self.fetched.subscribe();
        if !self.rests.load(Ordering::SeqCst) {
            self.wanted.notify_waiters();
            // The sender lives as long as `self`.
            let _ = timeout(WAIT, fetched.changed()).await;
        }
        let keys = self.keys.load_full();
        let is_known =
            has_one(&keys) || !(keys.is_empty() || self.is_failing.load(Ordering::SeqCst));
        is_known.then_some(keys)
    }

    /// Fetches the keys. Does not end.
    pub async fn follow(&self) {
        loop {
            self.fetch().await;
            // Before the callers go on: they do not ask for another fetch.
            self.rests.store(true, Ordering::SeqCst);
            self.fetched.send_replace(());
            sleep(PAUSE).await;
            let mut wanted = pin!(self.wanted.notified());
            // From now on the notification is not lost.
            wanted.as_mut().enable();
            self.rests.store(false, Ordering::SeqCst);
            let _ = timeout(REFRESH.saturating_sub(PAUSE), wanted).await;
        }
    }

    async fn fetch(&self) {
        let result = self.read().await;
        let was_failing = self.is_failing.swap(result.is_err(), Ordering::SeqCst);
        match result {
            Ok(keys) => {
                if was_failing {
                    tracing::info!("the product's keys can be fetched again");
                }
                self.keys.store(Arc::new(keys));
            }
            Err(why) if !was_failing => {
                tracing::warn!(
                    "the product's keys cannot be fetched, the last ones stay valid: {why}; see external.jwks_url"
                );
            }
            Err(_) => {}
        }
    }

    async fn read(&self) -> Result<Vec<Key>, String> {
        let accept = header::HeaderValue::from_static("application/jwk-set+json, application/json");
        let request = Request {
            method: Method::GET,
            url: self.url.clone(),
            headers: HeaderMap::from_iter([(header::ACCEPT, accept)]),
            body: Bytes::new(),
        };
        let answer = self.client.send(request, LIMITS).await.map_err(|error| error.to_string())?;
        if !answer.status.is_success() {
            return Err(format!("the answer has the status {}", answer.status));
        }
        if answer.is_cut {
            return Err(format!("the answer has more than {} bytes", LIMITS.body_bytes));
        }
        parse_set(&answer.body).map_err(|why| format!("the answer {why}"))
    }
}
