//! The addresses to which requests may be sent. A request to any other address could reach what only this machine or
//! its network is meant to reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The ports of HTTP and HTTPS. Behind other ports, servers of other protocols could take a request for commands.
const PORTS: [u16; 2] = [80, 443];

/// What IANA's registry of special-purpose addresses (RFC 6890) and multicast take out of IPv4.
const SPECIAL_V4: [Ipv4Net; 15] = [
    // "This network", and the unspecified address.
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    // Between a provider and its customers (CGNAT).
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Link-local, with the metadata services of clouds.
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    // Relays of 6to4.
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    // For measurements.
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast.
    v4(224, 0, 0, 0, 4),
    // Reserved, and broadcast.
    v4(240, 0, 0, 0, 4),
];

/// The part of IPv6 from which public addresses are assigned. Outside of it are `::1`, IPv4-mapped and IPv4-compatible
/// addresses, NAT64, link-local, site-local and unique local addresses, and multicast.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is special within [`GLOBAL_V6`].
const SPECIAL_V6: [Ipv6Net; 4] = [
    // Protocols of the IETF: Teredo, measurements, ORCHID.
    v6(0x2001, 0, 23),
    // Documentation.
    v6(0x2001, 0xdb8, 32),
    v6(0x3fff, 0, 20),
    // 6to4, which has an IPv4 address within it.
    v6(0x2002, 0, 16),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// Whether a request may be sent to the address: on any port if it is in one of the `allowed` networks, and otherwise
/// only to the ports of the web on the public internet.
pub(super) fn is_acceptable(address: SocketAddr, allowed: &[IpNet]) -> bool {
    let ip = address.ip();
    allowed.iter().any(|network| network.contains(&ip))
        || (PORTS.contains(&address.port()) && is_public(ip))
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => {
            GLOBAL_V6.contains(&ip) && !SPECIAL_V6.iter().any(|network| network.contains(&ip))
        }
    }
}

#[cfg(test)]
mod tests {
    use url::{Host, Url};

    use super::*;

    /// The address in a URL, however it is written.
    fn ip(host: &str) -> IpAddr {
        match Url::parse(&format!("http://{host}/")).unwrap().host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            other => panic!("{host}: {other:?}"),
        }
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_acceptable() {
        for refused in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            // Other forms of 127.0.0.1, 10.0.0.1 and 169.254.169.254.
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "017700000001",
            "0177.0.0.01",
            "127.0.0.1.",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "%31%32%37.0.0.1",
            "012.1",
            "0xa9fea9fe",
            "[::]",
            "[::1]",
            "[::127.0.0.1]",
            "[::8.8.8.8]",
            "[::ffff:127.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[::ffff:0:8.8.8.8]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::8.8.8.8]",
            "[64:ff9b:1::1]",
            "[100::1]",
            "[2001::1]",
            "[2001:0:7f00:1::1]",
            "[2001:2::1]",
            "[2001:10::1]",
            "[2001:20::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::1]",
            "[2002:808:808::1]",
            "[3fff::1]",
            "[5f00::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[4000::1]",
        ] {
            for port in PORTS {
                let address = SocketAddr::new(ip(refused), port);
                assert!(!is_acceptable(address, &[]), "{refused}");
            }
        }
        for accepted in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "134744072",
            "[2001:200::1]",
            "[2001:4860:4860::8888]",
            "[2003::1]",
            "[2606:4700::1111]",
            "[2a00:1450::1]",
        ] {
            for port in PORTS {
                let address = SocketAddr::new(ip(accepted), port);
                assert!(is_acceptable(address, &[]), "{accepted}");
            }
            for port in [0, 22, 25, 6379, 8000, 8080] {
                let address = SocketAddr::new(ip(accepted), port);
                assert!(!is_acceptable(address, &[]), "{accepted}, port {port}");
            }
        }
    }

    #[test]
    fn an_operator_can_allow_networks_on_every_port() {
        let allowed = ["127.0.0.1/32", "fd00::/8"].map(|network| network.parse().unwrap());
        for (address, expected) in [
            ("127.0.0.1:8000", true),
            ("127.0.0.2:80", false),
            ("[fd12::1]:5432", true),
            ("[::ffff:127.0.0.1]:80", false),
            ("[::1]:80", false),
            ("1.1.1.1:80", true),
            ("1.1.1.1:81", false),
        ] {
            assert_eq!(is_acceptable(address.parse().unwrap(), &allowed), expected, "{address}");
        }
    }
}
