//! The envelope around every request: an id, one line in the log, errors as problem documents, and
//! the headers of every answer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use poem::endpoint::BoxEndpoint;
use poem::http::header::{self, HeaderName, HeaderValue};
use poem::http::{Method, StatusCode};
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, IntoResponse, PathPattern, Request, Response};
use tracing::Instrument;
use uuid::Uuid;

use super::address::Proxies;
use super::cors::Cors;
use super::counts::Counts;
use super::extract::Facts;
use super::openapi;
use super::origin::AllowedOrigins;
use super::problem::{self, Problem};
use super::target;
use super::watch::MetricsToken;
use crate::chat::{Chat, Error};
use crate::config;

/// For answers that a browser must not show as a page, nor in a frame of another page.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 64;

pub(super) struct Envelope {
    inner: BoxEndpoint<'static, Response>,
    chat: Chat,
    cors: Cors,
    origins: AllowedOrigins,
    proxies: Proxies,
    max_body_bytes: usize,
    metrics_token: MetricsToken,
    counts: Counts,
    /// By the router's pattern.
    paths: HashMap<String, openapi::PathFacts>,
}

impl Envelope {
    pub fn new(
        inner: impl Endpoint + 'static,
        chat: Chat,
        counts: Counts,
        http: &config::Http,
    ) -> Self {
        // The panic hook has logged it.
        let panicked = |_| Problem::from(Error::Internal).into_response();
        Self {
            inner: inner.with(CatchPanic::new().with_handler(panicked)).boxed(),
            chat,
            cors: Cors::new(&http.allowed_origins),
            origins: AllowedOrigins(http.allowed_origins.clone().into()),
            proxies: Proxies::new(http, counts.unnamed_proxy.clone()),
            max_body_bytes: http.max_body_bytes,
            metrics_token: MetricsToken::new(&http.metrics_token),
            counts,
            paths: openapi::paths(),
        }
    }

    /// Makes a problem document of every error, also of the framework's.
    fn explain(&self, response: &mut Response, request_id: &str) {
        if !(response.status().is_client_error() || response.status().is_server_error()) {
            return;
        }
        let problem = match response.data::<Problem>() {
            Some(problem) => problem.clone(),
            None if response.content_type() == Some(problem::CONTENT_TYPE) => return,
            None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
                let known = response.data::<PathPattern>().and_then(|path| self.path(path));
                Problem::method_not_allowed(known.map_or("GET, HEAD", |facts| &facts.allow))
            }
            None => Problem::of_status(response.status()),
        };
        problem.set_headers(response.headers_mut());
        response.set_body(problem.to_json(request_id));
    }

    fn path(&self, pattern: &PathPattern) -> Option<&openapi::PathFacts> {
        self.paths.get(&*pattern.0)
    }
}

impl Endpoint for Envelope {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let method = request.method().clone();
        let origin = self.cors.allowed_origin(&request);
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        let peer = peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let client = self.proxies.client(peer, request.headers());
        let facts = Arc::new(Facts::new(request_id(&request), self.max_body_bytes, client));
        let has_body = has_body(&request);
        let mut response = if let Err(problem) = target::normalise(&mut request) {
            (*problem).into_response()
        } else if self.cors.is_preflight(&request) {
            StatusCode::NO_CONTENT.into_response()
        } else {
            request.set_data(self.chat.clone());
            request.set_data(facts.clone());
            request.set_data(self.metrics_token.clone());
            request.set_data(self.origins.clone());
            // Log lines of the request have the id that the client gets.
            let span = tracing::info_span!("request", request_id = %facts.request_id);
            self.inner.get_response(request).instrument(span).await
        };
        self.explain(&mut response, &facts.request_id);

        let path = response.data::<PathPattern>().cloned();
        let status = response.status();
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&facts.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        if status.is_client_error() && has_body && !facts.has_read_body() {
            // The connection ends if the body was not read, unless all of it has arrived already. A client that is not told so may send its
            // next request on it.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        // Only the pages are meant to be shown; they set their own policy.
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert_with(|| HeaderValue::from_static(NO_PAGE));
        // Most answers are for one caller only; the others set this header themselves.
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert_with(|| HeaderValue::from_static("no-store"));
        self.cors.set_headers(headers, origin, method == Method::OPTIONS);

        let path = path.as_ref().map_or("(no route)".into(), |pattern| match self.path(pattern) {
            Some(facts) => Cow::from(&facts.path),
            None => in_braces(&pattern.0),
        });
        let took = started.elapsed();
        self.counts.request(&method, &path, status, took);
        log(&method, &path, status, took, &facts);
        Ok(response)
    }
}

fn has_body(request: &Request) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
        || request.header(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// Converts the router's `/ws/:room_id` to the documents' `/ws/{room_id}`.
fn in_braces(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains(':') {
        return pattern.into();
    }
    let part = |part: &str| match part.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => part.to_owned(),
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/").into()
}

/// Logs one line per request. Never the query: it may contain a token.
fn log(method: &Method, path: &str, status: StatusCode, took: Duration, facts: &Facts) {
    let duration_ms = took.as_micros() as f64 / 1000.0;
    let (status, request_id) = (status.as_u16(), facts.request_id.as_str());
    let user_id = facts.user_id();
    if status >= 500 {
        tracing::warn!(%method, path, status, duration_ms, request_id, user_id, "request");
    } else {
        tracing::info!(%method, path, status, duration_ms, request_id, user_id, "request");
    }
}

/// The client's own id for the request if it is one that can be logged, else a new one.
fn request_id(request: &Request) -> String {
    let sane = |id: &&str| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    match request.header(REQUEST_ID).filter(sane) {
        Some(id) => id.to_owned(),
        None => Uuid::new_v4().simple().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make;

    use super::*;
    use crate::chat::ChatParts;
    use crate::config::{Auth, Limits, Rooms};
    use crate::fleet::Fleet;
    use crate::model::Clock;
    use crate::realtime::{Hub, HubConfig};
    use crate::storage::{self, OpenOptions, Store, StoreConfig};

    fn chat(folder: &std::path::Path) -> Chat {
        let url = format!("sqlite://{}", folder.join("chat.db").display());
        let options = OpenOptions { create: true, ..OpenOptions::default() };
        let backend = storage::open(&url, options).unwrap();
        backend.migrate().unwrap();
        let facts = backend.get_server_facts().unwrap();
        let (hub, _) = Hub::start(HubConfig {
            epoch: facts.epoch.as_str().into(),
            clock: Clock::System,
            ping_seconds: 30,
            stall_seconds: 30,
            is_shared: false,
            expiry_notice_seconds: 60,
        })
        .unwrap();
        let sizes = StoreConfig { read_threads: 1, read_queue: 1, write_queue: 1 };
        let (store, _) = Store::start(backend, sizes, drop).unwrap();
        let auth = Auth { bcrypt_cost: 4, ..Auth::default() };
        let (rooms, limits, secret) = (Rooms::default(), Limits::default(), vec![0; 32]);
        let clock = Clock::System;
        let fleet = Fleet::new(hub.clone(), false);
        let parts = ChatParts {
            store,
            hub,
            fleet,
            clock,
            auth,
            rooms,
            limits,
            shows_previews: false,
            outbound: Vec::new(),
            external: None,
            hooks: Default::default(),
            facts,
            secret,
        };
        Chat::new(parts).unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_own_request() {
        let folder = tempfile::tempdir().unwrap();
        let broken = make(|_| async {
            if true {
                panic!("on purpose")
            }
        });
        let chat = chat(folder.path());
        let counts = Counts::new(chat.metrics());
        let envelope = Envelope::new(broken, chat, counts, &config::Http::default());
        for _ in 0..2 {
            let request = Request::builder().header(header::HOST, "localhost").finish();
            let response = envelope.get_response(request).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = response.into_body().into_string().await.unwrap();
            assert!(body.contains(r#""code":"internal""#) && !body.contains("purpose"), "{body}");
        }
    }
}
