//! The client's address of a request, by which limits per address count.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Once};

use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderValue};
use poem::{FromRequest, Request, RequestBody};

use super::extract::Facts;
use crate::config;
use crate::metrics::Counter;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose `X-Forwarded-For` is trusted.
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    /// Requests through a proxy on this machine that the settings do not name.
    unnamed: Counter,
}

impl Proxies {
    pub fn new(http: &config::Http, unnamed: Counter) -> Self {
        let trusted = http.trusted_proxies.iter().filter_map(|text| config::network(text));
        Self { trusted: trusted.collect(), unnamed }
    }

    /// The client's address, as limits count it: see [`household`].
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            if peer.is_loopback() && headers.contains_key(FORWARDED_FOR) {
                self.unnamed.inc();
                warn_of_unnamed_proxy();
            }
            return household(peer);
        }
        household(self.forwarded_for(headers).unwrap_or(peer))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// Each proxy appends the address that it was called from to `X-Forwarded-For`. Everything to
    /// the left of the last address that is not a trusted proxy may be invented by the client, and
    /// need not even be text.
    fn forwarded_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines: Vec<&HeaderValue> = headers.get_all(FORWARDED_FOR).iter().collect();
        let entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|&b| b == b','));
        for entry in entries {
            let address = parse(std::str::from_utf8(entry).ok()?.trim())?;
            if !self.trusts(address) {
                return Some(address);
            }
        }
        None
    }
}

/// An address, with or without a port, as some proxies write it.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let with_port = || entry.parse().ok().map(|address: SocketAddr| address.ip());
    address.or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// An IPv4 address, or the /64 network that a household gets as a whole in IPv6 (RFC 6177, RFC 4291
/// §2.5.4).
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) | IpAddr::V6(Ipv6Addr::LOCALHOST) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Logs once: a client that sends the header again and again must not fill the log.
fn warn_of_unnamed_proxy() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            "requests come through a proxy on this machine, and every client has its address: \
             name it in http.trusted_proxies"
        );
    });
}

/// The address by which the client is counted.
pub struct ClientAddress(pub IpAddr);

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        // The envelope adds it to every request.
        let facts = request.data::<Arc<Facts>>();
        Ok(Self(facts.map_or(Ipv4Addr::UNSPECIFIED.into(), |facts| facts.client)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let http = config::Http {
            trusted_proxies: vec!["10.0.0.0/8".into(), "127.0.0.1".into(), "fd00::/8".into()],
            ..config::Http::default()
        };
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Proxies::new(&http, Counter::default()).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_trusted_proxy_names_the_address_of_the_client() {
        assert_eq!(client("10.1.2.3", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1", &["192.0.2.7, 10.9.9.9"]), "192.0.2.7");
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.7:4711"]), "192.0.2.7");
        assert_eq!(client("fd00::1", &["[2001:db8:1:2:3:4:5:6]:80"]), "2001:db8:1:2::");
        // The client's own text is to the left of the first proxy's address.
        assert_eq!(client("10.0.0.1", &["203.0.113.1, 192.0.2.7", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["ä, 192.0.2.7"]), "192.0.2.7");
    }

    #[test]
    fn forwarding_headers_of_other_clients_are_ignored() {
        assert_eq!(client("192.0.2.1", &["203.0.113.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2"]), "10.0.0.1");
        assert_eq!(client("::1", &["203.0.113.1"]), "::1");
    }
}
