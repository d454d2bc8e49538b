//! Links to the web page with a token, which set a new password or let people in. The token is behind the `#`, which
//! a browser does not send to the server; the page reads it there.

use std::net::SocketAddr;

use url::Url;

use super::super::serve::page;
use crate::config::Http;

/// The URL at which a browser on this machine reaches the server.
pub(in crate::cli) fn default_base(http: &Http) -> String {
    let scheme = if http.tls_certificate.is_empty() { "http" } else { "https" };
    // The settings also allow the name localhost.
    match http.bind.parse::<SocketAddr>() {
        Ok(address) => page(scheme, address),
        Err(_) => format!("{scheme}://{}", http.bind),
    }
}

/// # Errors
/// A sentence for the operator.
pub(in crate::cli) fn parse_base(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|_| "give a URL such as https://chat.example.com")?;
    let is_base = matches!(url.scheme(), "http" | "https")
        && url.query().is_none()
        && url.fragment().is_none();
    if is_base { Ok(url) } else { Err("give a URL such as https://chat.example.com".to_owned()) }
}

pub(super) fn of(base: &str, token: &str) -> String {
    format!("{}/#reset={token}", base.trim_end_matches('/'))
}

/// The link of an invite.
pub(in crate::cli) fn of_invite(base: &str, token: &str) -> String {
    format!("{}/#/invite/{token}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_can_be_opened_by_a_browser() {
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
        assert_eq!(of_invite("http://x/", "abc"), "http://x/#/invite/abc");
        for bad in ["chat.example.com", "ftp://x", "https://x/?a", "https://x/#a", ""] {
            assert!(parse_base(bad).is_err(), "{bad}");
        }
        assert!(parse_base("https://x/chat").is_ok());
    }
}
