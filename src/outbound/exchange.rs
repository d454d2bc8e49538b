//! One request and its answer on a connection (HTTP/1.1).

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Position, Url};

use super::{Answer, Error, Limits, Request, is_redirect};

/// The largest head of an answer, in bytes, about: one read of the connection may exceed it.
const MAX_HEAD: usize = 64 * 1024;

/// Sends the request and reads the answer.
pub(super) async fn exchange<S>(
    stream: S,
    request: &Request,
    limits: Limits,
) -> Result<Answer, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let message = message(request)?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let connected = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connected.map_err(understood)?;
    let answer = async {
        let response = sender.send_request(message).await.map_err(understood)?;
        read(response, request, limits).await
    };
    let (mut answer, connection) = (pin!(answer), pin!(connection));
    tokio::select! {
        answer = &mut answer => answer,
        // The answer may be read already, and a broken connection breaks it.
        _ = connection => answer.await,
    }
}

fn message(request: &Request) -> Result<hyper::Request<Full<Bytes>>, Error> {
    let Request { method, url, headers, body } = request;
    let mut message = hyper::Request::builder()
        .method(method)
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .body(Full::new(body.clone()))
        .map_err(|_| Error::Url)?;
    *message.headers_mut() = headers.clone();
    let own = [
        (header::HOST, host(url)?),
        (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (header::CONNECTION, HeaderValue::from_static("close")),
    ];
    message.headers_mut().extend(own.map(|(name, value): (HeaderName, _)| (name, value)));
    Ok(message)
}

/// The host, with the port if it is not the usual one.
fn host(url: &Url) -> Result<HeaderValue, Error> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    HeaderValue::from_str(host).map_err(|_| Error::Url)
}

async fn read(
    response: Response<Incoming>,
    request: &Request,
    limits: Limits,
) -> Result<Answer, Error> {
    let (head, mut rest) = response.into_parts();
    let (url, status) = (request.url.clone(), head.status);
    let mut answer =
        Answer { url, status, headers: head.headers, body: Bytes::new(), is_cut: false };
    // The body of a redirect that is followed is not read.
    if limits.redirects > 0 && is_redirect(request, &answer) {
        return Ok(answer);
    }
    if !is_plain(&answer.headers) {
        return Err(Error::Compressed);
    }
    let mut body = BytesMut::new();
    while let Some(frame) = rest.frame().await {
        let Ok(data) = frame.map_err(understood)?.into_data() else { continue };
        let room = limits.body_bytes - body.len();
        body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            answer.is_cut = true;
            break;
        }
    }
    answer.body = body.freeze();
    Ok(answer)
}

/// Whether the body is as it was written: a small compressed body can be large.
fn is_plain(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING);
    codings.iter().all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn understood(error: hyper::Error) -> Error {
    Error::Answer(error.to_string())
}
