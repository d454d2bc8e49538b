//! The headers that the server trusts: for the client's address, for whether the client is on this machine,
//! and for the origin of a page.

use std::net::IpAddr;
use std::str::FromStr;

use poem::Request;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use url::{Host, Url};

use crate::config;
use crate::http::AllowedOrigins;
use crate::http::{Cors, Proxies, is_local};
use crate::metrics::Counter;

const FORWARDED: &str = "x-forwarded-for";
/// Text that a client can put before its address, which its proxy appends.
const INVENTED: [&[u8]; 3] = [b"198.51.100.7, ", b"\xFF, ", b"\", "];

/// Input: the peer's address, then one header a line, `Name: value`.
///
/// Promises: forwarding headers count only from a trusted proxy, and text that a client adds to them does
/// not change the address. A page is accepted only by its whole origin. A request that counts as local
/// names this machine in `Host`.
pub fn headers(input: &[u8]) {
    let mut lines = input.split(|&byte| byte == b'\n');
    let peer = lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let Some(peer) = peer.and_then(|text| IpAddr::from_str(text).ok()) else { return };
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    check_address(peer, &headers);
    check_local(peer, &headers);
    check_page(&headers);
}

fn check_address(peer: IpAddr, headers: &HeaderMap) {
    let http = config::Http {
        trusted_proxies: vec!["10.0.0.0/8".into(), "127.0.0.1".into(), "fd00::/8".into()],
        ..config::Http::default()
    };
    let proxies = Proxies::new(&http, Counter::default());
    let nobody = HeaderMap::new();
    let client = proxies.client(peer, headers);
    if let IpAddr::V6(v6) = client {
        assert!(v6.is_loopback() || v6.to_bits() << 64 == 0, "{v6} is not a household");
        assert!(v6.to_ipv4_mapped().is_none());
    }
    let is_proxy = http.trusted_proxies.iter().any(|network| {
        config::network(network).is_some_and(|network| network.contains(&peer.to_canonical()))
    });
    if !is_proxy {
        assert_eq!(client, proxies.client(peer, &nobody));
    }
    // Text from the client itself is on the left. It counts only if no proxy has appended an address.
    if client == proxies.client(peer, &nobody) {
        return;
    }
    for claim in INVENTED {
        let mut forged = headers.clone();
        forged.remove(FORWARDED);
        let mut before = claim;
        for line in headers.get_all(FORWARDED) {
            let line = [before, line.as_bytes()].concat();
            forged.append(FORWARDED, HeaderValue::from_bytes(&line).unwrap());
            before = b"";
        }
        assert_eq!(proxies.client(peer, &forged), client, "{forged:?}");
    }
}

/// `url`, which parses like a browser, must read the same host as the server.
fn check_local(peer: IpAddr, headers: &HeaderMap) {
    if !is_local(peer, headers) {
        return;
    }
    assert!(peer.to_canonical().is_loopback());
    assert!(!headers.contains_key(FORWARDED) && !headers.contains_key("forwarded"));
    let name = headers[header::HOST].to_str().unwrap();
    // No browser sends a request to an invalid URL.
    let Ok(url) = Url::parse(&format!("http://{name}")) else { return };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).to_canonical().is_loopback(),
        None => false,
    };
    assert!(is_here, "{name:?} passes for this machine");
}

fn check_page(headers: &HeaderMap) {
    let listed = ["https://chat.example.com".to_owned(), "http://localhost:3000".to_owned()];
    let allowed = AllowedOrigins(listed.clone().into());
    let is_let_in = |headers: &HeaderMap| allowed.check(headers).is_ok();
    let mut request = Request::default();
    *request.headers_mut() = headers.clone();
    let cors = Cors::new(&listed);
    let may_read = cors.allowed_origin(&request);
    if let Some(origin) = &may_read {
        let origin = origin.to_str().unwrap();
        assert!(listed.iter().any(|listed| listed == origin));
    }
    cors.set_headers(&mut HeaderMap::new(), may_read, cors.is_preflight(&request));

    let Some(origin) = headers.get(header::ORIGIN) else { return assert!(is_let_in(headers)) };
    if !is_let_in(headers) {
        return;
    }
    assert_ne!(origin, "null");
    // Similar origins must be refused, unless they are listed or are the server's own.
    let (scheme, name) = origin.to_str().unwrap().split_once("://").expect("an origin");
    let host = headers.get(header::HOST);
    for neighbour in [format!("{name}0"), format!("{name}.example.org"), format!("x{name}")] {
        let origin = format!("{scheme}://{neighbour}");
        if listed.contains(&origin) || host.is_some_and(|host| *host == *neighbour) {
            continue;
        }
        let mut foreign = headers.clone();
        foreign.insert(header::ORIGIN, HeaderValue::from_str(&origin).unwrap());
        assert!(!is_let_in(&foreign), "{origin:?} beside {name:?}");
    }
}
