//! One request and its answer on a connection (HTTP/1.1).

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Position, Url};

use super::{Answer, Error, Limits, Request, is_redirect};

/// The largest head of an answer, in bytes, about: one read of the connection may exceed it.
const MAX_HEAD: usize = 64 * 1024;

/// A connection for one request after the other. It ends when this is dropped.
pub(super) type Sender = http1::SendRequest<Full<Bytes>>;

/// Begins to speak HTTP.
pub(super) async fn open<S>(stream: S) -> Result<Sender, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let connected = builder.handshake(TokioIo::new(stream)).await;
    let (sender, connection) = connected.map_err(understood)?;
    // Its errors are those of the requests.
    #[expect(clippy::disallowed_methods, reason = "the task ends with its sender")]
    tokio::spawn(connection);
    Ok(sender)
}

/// Sends the request and reads the answer.
pub(super) async fn ask(
    sender: &mut Sender,
    request: &Request,
    limits: Limits,
    is_last: bool,
) -> Result<Answer, Error> {
    let message = message(request, is_last)?;
    sender.ready().await.map_err(understood)?;
    let response = sender.send_request(message).await.map_err(understood)?;
    read(response, request, limits).await
}

fn message(request: &Request, is_last: bool) -> Result<hyper::Request<Full<Bytes>>, Error> {
    let Request { method, url, headers, body } = request;
    let mut message = hyper::Request::builder()
        .method(method)
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .body(Full::new(body.clone()))
        .map_err(|_| Error::Url)?;
    *message.headers_mut() = headers.clone();
    let headers = message.headers_mut();
    headers.insert(header::HOST, host(url)?);
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if is_last {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
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
