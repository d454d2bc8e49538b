//! The target and the Host of a request, which are checked before the request is routed.
//!
//! - A request has exactly one valid `Host` (RFC 9112 §3.2); of HTTP/1.0 it may have none. The
//!   authority of an absolute target takes its place (§3.2.2).
//! - A slash at the end of a path is ignored. A path with an empty part is not found.

use std::str::FromStr;

use poem::Request;
use poem::http::uri::{Authority, PathAndQuery};
use poem::http::{HeaderMap, HeaderValue, Uri, Version, header};

use super::problem::Problem;
use crate::model::ErrorCode;

/// Brings the request into the form that the routes know.
///
/// # Errors
/// A [`Problem`] if the Host is not valid or the path cannot exist.
pub(super) fn normalise(request: &mut Request) -> Result<(), Box<Problem>> {
    check_host(request)?;
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let path = request.uri().path();
    if path.contains("//") {
        let detail = "there is nothing at this address: its path has two slashes in a row";
        return Err(Problem::new(ErrorCode::NotFound, detail).into());
    }
    if let Some(bare) = path.strip_suffix('/').filter(|bare| !bare.is_empty())
        && let Some(uri) = with_path(request.uri(), bare)
    {
        *request.uri_mut() = uri;
    }
    Ok(())
}

/// The server's name as the client sent it, if it did.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok())
}

fn check_host(request: &Request) -> Result<(), Box<Problem>> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_acceptable = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_host),
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    };
    let detail = "a request has one Host header, which is a name or an address and may have a port";
    match is_acceptable {
        true => Ok(()),
        false => Err(Problem::new(ErrorCode::BadRequest, detail).into()),
    }
}

/// Empty for a target that has no authority: RFC 9110 §7.2.
fn is_host(host: &str) -> bool {
    host.is_empty() || (!host.contains('@') && Authority::from_str(host).is_ok())
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;

    use super::*;

    fn of(version: Version, target: &str, hosts: &[&str]) -> Result<(String, String), StatusCode> {
        let mut request = Request::builder().version(version).uri(target.parse().unwrap());
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let mut request = request.finish();
        normalise(&mut request).map_err(|problem| problem.status)?;
        let host = host(request.headers()).unwrap_or_default().to_owned();
        Ok((request.uri().to_string(), host))
    }

    #[test]
    fn a_slash_at_the_end_does_not_count() {
        for (target, meant) in [
            ("/", "/"),
            ("/rooms/", "/rooms"),
            ("/rooms/1/messages/?a=/b//", "/rooms/1/messages?a=/b//"),
            ("/docs", "/docs"),
        ] {
            let found = of(Version::HTTP_11, target, &["a"]).unwrap().0;
            assert_eq!(found, meant, "{target}");
        }
        for target in ["//", "/rooms//", "//rooms", "/rooms//1", "/rooms///"] {
            let found = of(Version::HTTP_11, target, &["a"]);
            assert_eq!(found, Err(StatusCode::NOT_FOUND), "{target}");
        }
    }

    #[test]
    fn a_request_must_have_exactly_one_host() {
        for host in ["a", "a:80", "127.0.0.1:8000", "[::1]:8000", "", "EXAMPLE.com"] {
            assert_eq!(of(Version::HTTP_11, "/", &[host]).unwrap().1, host);
        }
        assert!(of(Version::HTTP_10, "/", &[]).is_ok());
        let two: &[&str] = &["a", "a"];
        for hosts in [&[], two, &["a b"], &["user@a"], &["http://a"], &["a,b c"], &["a/b"]] {
            assert_eq!(of(Version::HTTP_11, "/", hosts), Err(StatusCode::BAD_REQUEST), "{hosts:?}");
        }
        assert_eq!(of(Version::HTTP_10, "/", two), Err(StatusCode::BAD_REQUEST));
        let absolute = of(Version::HTTP_11, "http://b:1/rooms/", &["a"]).unwrap();
        assert_eq!(absolute, ("http://b:1/rooms".to_owned(), "b:1".to_owned()));
    }
}
