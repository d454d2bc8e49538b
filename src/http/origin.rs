//! Which pages may open a socket: those of the server itself and of the configured origins.
//!
//! A browser does not show its page the answer to a refused handshake. So a page can ask for a
//! ticket: it is refused for the same reason and with the same text, and the log has them too.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::{HeaderMap, header};
use poem::{FromRequest, Request, RequestBody};

use super::problem::Problem;
use super::target::host;
use crate::chat::Error;
use crate::model::ErrorCode;

/// The most pairs of origin and host that are logged: clients choose how many there are.
const MAX_LOGGED: usize = 100;

/// The most characters of a header that are repeated in the answer and the log.
const MAX_SHOWN_CHARS: usize = 100;

/// The origins of pages, besides the server's own, that may open a socket.
#[derive(Clone)]
pub struct AllowedOrigins(pub Arc<[String]>);

impl AllowedOrigins {
    /// A page of another site must not use its visitor's network or token: RFC 6455 §10.2. Clients
    /// that are not browsers send no Origin.
    ///
    /// # Errors
    /// 403 `origin_refused`, which names the origin, the host and what to change.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Box<Problem>> {
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let host = host(headers);
        let is_allowed = origin.to_str().is_ok_and(|origin| {
            let own = origin.split_once("://").map(|(_, authority)| authority);
            (own.is_some() && own == host) || self.0.iter().any(|allowed| allowed == origin)
        });
        if is_allowed {
            return Ok(());
        }
        let shown = |text: &str| text.chars().take(MAX_SHOWN_CHARS).collect::<String>();
        let origin = shown(&String::from_utf8_lossy(origin.as_bytes()));
        let host = shown(host.unwrap_or_default());
        log(&origin, &host);
        let detail = format!(
            "a page of the origin {origin:?} may open no socket, for the request has the Host {host:?}: \
             a proxy in front of the server must pass on the Host that the browser sends (nginx: \
             proxy_set_header Host $http_host;); a page of another site must have its origin in \
             http.allowed_origins"
        );
        Err(Problem::new(ErrorCode::OriginRefused, detail).into())
    }
}

impl<'a> FromRequest<'a> for AllowedOrigins {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        // The envelope has put it there for every request.
        let allowed = request.data::<Self>().cloned();
        allowed.ok_or_else(|| Problem::from(Error::Internal).into())
    }
}

/// Logs each pair once: a page tries again and again.
fn log(origin: &str, host: &str) {
    static LOGGED: Mutex<Option<HashSet<(String, String)>>> = Mutex::new(None);
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    let logged = logged.get_or_insert_default();
    if logged.len() < MAX_LOGGED && logged.insert((origin.to_owned(), host.to_owned())) {
        tracing::warn!(
            origin,
            host,
            "a page was refused a socket: have the proxy pass on the Host that the browser sends \
             (nginx: proxy_set_header Host $http_host;), or name the page's origin in \
             http.allowed_origins"
        );
    }
}
