//! Variables that Kubernetes gives every container of a namespace in which a service is called `chatapp`
//! or `chatapp-…` ("service links",
//! <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
//!
//! They have our prefix and are no settings. Each is known by its name and its value, so that a setting
//! which is misspelt is not taken for one of them.

use std::net::IpAddr;

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Whether Kubernetes has set this. `name` is without our prefix.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    // `CHATAPP_WEB_PORT` is of the service `chatapp-web`. Settings have two underscores in a row, names of
    // services have none.
    let places = std::iter::once(0).chain(name.match_indices('_').map(|(at, _)| at + 1));
    !name.contains("__") && places.into_iter().any(|at| is_link(&name[at..], value))
}

/// Of a name without the service's own.
fn is_link(name: &str, value: &str) -> bool {
    if name == "SERVICE_HOST" {
        return is_address(value);
    }
    if let Some(rest) = name.strip_prefix("SERVICE_PORT") {
        return (rest.is_empty() || rest.starts_with('_')) && is_port(value);
    }
    let Some(rest) = name.strip_prefix("PORT") else { return false };
    let mut parts = rest.split('_').skip(1);
    match (rest, parts.next(), parts.next(), parts.next(), parts.next()) {
        ("", ..) => is_url(value),
        (_, Some(port), Some(protocol), what, None) if is_port(port) && is_protocol(protocol) => {
            match what {
                None => is_url(value),
                Some("PROTO") => is_protocol(value),
                Some("PORT") => value == port,
                Some("ADDR") => is_address(value),
                Some(_) => false,
            }
        }
        _ => false,
    }
}

/// `tcp://10.0.0.1:8000`.
fn is_url(value: &str) -> bool {
    let Some((protocol, rest)) = value.split_once("://") else { return false };
    let Some((address, port)) = rest.rsplit_once(':') else { return false };
    is_protocol(protocol) && is_address(address) && is_port(port)
}

fn is_address(text: &str) -> bool {
    text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

fn is_protocol(text: &str) -> bool {
    PROTOCOLS.iter().any(|protocol| protocol.eq_ignore_ascii_case(text))
}
