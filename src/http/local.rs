//! Whether a request comes from this machine, as the first admin's must.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use poem::http::uri::Authority;
use poem::http::{HeaderMap, header};
use poem::{FromRequest, Request, RequestBody};

use super::target::host;

/// Whether the request comes from this machine, and not through a proxy that forwards requests of
/// other clients.
pub(super) struct Local(pub bool);

impl<'a> FromRequest<'a> for Local {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        Ok(Self(peer.is_some_and(|peer| is_local(peer, request.headers()))))
    }
}

pub(crate) fn is_local(peer: IpAddr, headers: &HeaderMap) -> bool {
    let forwarded = headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded") || matches!(name, "forwarded" | "x-real-ip" | "via")
    });
    // Another site can let its own name resolve to this machine. A browser on this machine then
    // connects from here, but sends that name.
    let named_local = host(headers).is_some_and(is_local_name);
    peer.to_canonical().is_loopback() && !forwarded && named_local && is_local_page(headers)
}

/// A browser sends a page's origin. A proxy that forwards neither the Host nor the client's address
/// forwards this header.
fn is_local_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    authority.is_some_and(|(_, authority)| is_local_name(authority))
}

fn is_local_name(authority: &str) -> bool {
    let Ok(authority) = Authority::from_str(authority) else { return false };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, host: &str, header: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(name) = header {
            headers.insert(name, "192.0.2.1".parse().unwrap());
        }
        is_local(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn only_a_direct_request_from_and_to_this_machine_is_local() {
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            for host in ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000"] {
                assert!(from(peer, host, None), "{peer} {host}");
            }
        }
        assert!(!from("192.0.2.1", "localhost", None));
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "::",
            "x://localhost",
        ] {
            assert!(!from("127.0.0.1", host, None), "{host}");
        }
        for header in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] {
            assert!(!from("127.0.0.1", "localhost", Some(header)), "{header}");
        }
        for (origin, local) in [
            ("http://localhost:8000", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:3000", true),
            ("https://chat.example.com", false),
            ("http://localhost.example.com", false),
            ("null", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("host", "127.0.0.1:8000".parse().unwrap());
            headers.insert("origin", origin.parse().unwrap());
            assert_eq!(is_local([127, 0, 0, 1].into(), &headers), local, "{origin}");
        }
    }
}
