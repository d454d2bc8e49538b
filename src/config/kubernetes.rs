//! Recognises the "service links" of Kubernetes: variables that it sets in every container of a namespace
//! with a service called `chatapp` or `chatapp-…`
//! (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
//!
//! They begin with `CHATAPP_` but are not settings. Both the name and the value are checked, so that a
//! misspelt setting is not mistaken for a service link.

use std::net::IpAddr;

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Whether Kubernetes has set this variable. `name` is without the prefix `CHATAPP_`.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    // `CHATAPP_WEB_PORT` belongs to the service `chatapp-web`. Only settings have two underscores in a
    // row.
    let places = std::iter::once(0).chain(name.match_indices('_').map(|(at, _)| at + 1));
    !name.contains("__") && places.into_iter().any(|at| is_link(&name[at..], value))
}

/// `name` is without the name of the service.
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

/// A URL such as `tcp://10.0.0.1:8000`.
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
