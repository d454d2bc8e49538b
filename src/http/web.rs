//! The page: `/`, and its files under `/assets`.

use poem::http::header;
use poem::http::{HeaderMap, StatusCode};
use poem::{Request, Response, Route, endpoint::make_sync, get};

use super::problem::Problem;
use crate::web::{Bundle, File};

/// Nothing but the server's own files and sockets; no HTML and no script made from text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; \
    frame-ancestors 'none'";

/// What may be kept for ever: its address has a hash in it.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) fn add_to(route: Route) -> Route {
    route
        .at("/", get(make_sync(|request| index(Bundle::get(), &request))))
        .at("/assets/:hash/*path", get(make_sync(|request| asset(Bundle::get(), &request))))
}

fn index(bundle: &Bundle, request: &Request) -> Response {
    let etag = format!("\"{}\"", bundle.hash);
    let known = request.headers().get(header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into()
    } else {
        answer(&bundle.index, request.headers())
    };
    let headers = response.headers_mut();
    set(headers, header::ETAG, &etag);
    set(headers, header::CACHE_CONTROL, "no-cache");
    // A 304 renews the headers of what the browser has kept: RFC 9111 §3.2.
    set(headers, header::VARY, "Accept-Encoding");
    set(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn asset(bundle: &Bundle, request: &Request) -> poem::Result<Response> {
    let (hash, path) = request.path_params::<(String, String)>()?;
    // An address of another version must not be kept with this one's bytes.
    let file = bundle.file(&path).filter(|_| hash == bundle.hash);
    let file = file.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let mut response = answer(file, request.headers());
    set(response.headers_mut(), header::CACHE_CONTROL, FOR_EVER);
    Ok(response)
}

fn answer(file: &File, asked: &HeaderMap) -> Response {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let zipped = accepted.is_some_and(takes_gzip);
    let body = if zipped { &file.gzip } else { &file.plain };
    let mut response = Response::builder().content_type(file.content_type).body(body.clone());
    let headers = response.headers_mut();
    set(headers, header::VARY, "Accept-Encoding");
    set(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    if zipped {
        set(headers, header::CONTENT_ENCODING, "gzip");
    }
    response
}

/// Whether gzip is among the accepted, and not with a weight of 0 (RFC 9110 §12.5.3).
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight == 0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for accepted in ["gzip", "br, gzip;q=0.5", "deflate,GZIP", "gzip;q=1.0"] {
            assert!(takes_gzip(accepted), "{accepted}");
        }
        for refused in ["", "br", "gzip;q=0", "x-gzip", "gzip; q=0.000"] {
            assert!(!takes_gzip(refused), "{refused}");
        }
    }
}
