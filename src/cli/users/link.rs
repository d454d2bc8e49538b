//! The link that sets a new password: the web page reads the token behind the `#`, which browsers
//! send to nobody.

use std::net::SocketAddr;

use url::Url;

use super::super::serve::page;
use crate::config::Http;

/// Where a browser on this machine finds the server.
pub(super) fn default_base(http: &Http) -> String {
    let scheme = if http.tls_certificate.is_empty() { "http" } else { "https" };
    // The settings also take localhost, by name.
    match http.bind.parse::<SocketAddr>() {
        Ok(address) => page(scheme, address),
        Err(_) => format!("{scheme}://{}", http.bind),
    }
}

/// # Errors
/// What is wrong with it, for the operator.
pub(super) fn parse_base(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|_| "it takes a URL, as https://chat.example.com")?;
    let is_base = matches!(url.scheme(), "http" | "https")
        && url.query().is_none()
        && url.fragment().is_none();
    if is_base { Ok(url) } else { Err("it takes a URL, as https://chat.example.com".to_owned()) }
}

pub(super) fn of(base: &str, token: &str) -> String {
    format!("{}/#reset={token}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_one_that_a_browser_can_open() {
        let base = |bind: &str, certificate: &str| {
            default_base(&Http {
                bind: bind.to_owned(),
                tls_certificate: certificate.to_owned(),
                ..Http::default()
            })
        };
        assert_eq!(base("127.0.0.1:8000", ""), "http://localhost:8000");
        assert_eq!(base("0.0.0.0:80", ""), "http://localhost");
        assert_eq!(base("[::]:443", "chat.pem"), "https://localhost");
        assert_eq!(base("localhost:8000", ""), "http://localhost:8000");
        assert_eq!(of("https://chat.example.com/", "abc"), "https://chat.example.com/#reset=abc");
        assert_eq!(of("http://x/chat", "abc"), "http://x/chat/#reset=abc");
        for bad in ["chat.example.com", "ftp://x", "https://x/?a", "https://x/#a", ""] {
            assert!(parse_base(bad).is_err(), "{bad}");
        }
        assert!(parse_base("https://x/chat").is_ok());
    }
}
