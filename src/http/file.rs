//! Files that are the same for every client: compressed for clients that accept that, and not sent
//! again to clients that have them.

use poem::Response;
use poem::http::header::{self, HeaderName};
use poem::http::{HeaderMap, StatusCode};

use crate::web::File;

/// The file. `policy` is its content security policy.
pub(super) fn answer(file: &File, policy: &str, asked: &HeaderMap) -> Response {
    let zipped = values(asked, header::ACCEPT_ENCODING).any(takes_gzip);
    let body = if zipped { &file.gzip } else { &file.plain };
    let mut response = Response::builder().content_type(file.content_type).body(body.clone());
    let headers = response.headers_mut();
    set(headers, header::VARY, "Accept-Encoding");
    set(headers, header::CONTENT_SECURITY_POLICY, policy);
    if zipped {
        set(headers, header::CONTENT_ENCODING, "gzip");
    }
    response
}

/// The file at an address that stays the same when the file changes. Clients revalidate it; a
/// client that has the version of this `hash` gets a 304.
pub(super) fn answer_if_changed(
    file: &File,
    hash: &str,
    policy: &str,
    asked: &HeaderMap,
) -> Response {
    let etag = format!("\"{hash}\"");
    let mut response = match values(asked, header::IF_NONE_MATCH).any(|known| names(known, &etag)) {
        true => StatusCode::NOT_MODIFIED.into(),
        false => answer(file, policy, asked),
    };
    let headers = response.headers_mut();
    set(headers, header::ETAG, &etag);
    set(headers, header::CACHE_CONTROL, "no-cache");
    // A 304 updates the headers of the browser's copy: RFC 9111 §3.2.
    set(headers, header::VARY, "Accept-Encoding");
    set(headers, header::CONTENT_SECURITY_POLICY, policy);
    response
}

pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
}

fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// Whether gzip is accepted, with a weight other than 0 (RFC 9110 §12.5.3).
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

/// Whether the list contains the entity tag, by the weak comparison of RFC 9110 §8.8.3.2: a proxy
/// that compresses makes a tag weak.
fn names(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_clients_that_accept_it() {
        for accepted in ["gzip", "br, gzip;q=0.5", "deflate,GZIP", "gzip;q=1.0"] {
            assert!(takes_gzip(accepted), "{accepted}");
        }
        for refused in ["", "br", "gzip;q=0", "x-gzip", "gzip; q=0.000"] {
            assert!(!takes_gzip(refused), "{refused}");
        }
    }

    #[test]
    fn an_entity_tag_is_found_in_a_list_of_tags() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(names(known, "\"a\""), "{known}");
        }
        for other in ["", "a", "\"b\"", "W/\"b\", \"ab\""] {
            assert!(!names(other, "\"a\""), "{other}");
        }
    }
}
