//! `[external]`: the accounts of a product that signs its own people in.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Config;

/// `[external]`. One of `jwks_url`, `public_key` and `secret` names the keys of the product's tokens (JWTs); without
/// them the server accepts no such tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct External {
    /// The URL of a set of public keys (RFC 7517).
    pub jwks_url: String,
    /// A PEM file with one public key.
    pub public_key: String,
    /// A secret that the product shares with this server, at least 32 bytes.
    pub secret: String,
    /// The `iss` that every token must have.
    pub issuer: String,
    /// The `aud` that every token must have, alone or among others.
    pub audience: String,
    /// The claim with the person's id in the product, which never changes.
    pub claim_subject: String,
    /// The claim with the wanted username.
    pub claim_username: String,
    /// The claim with the name that is shown.
    pub claim_name: String,
    /// The claim with the email.
    pub claim_email: String,
    /// The claim that is true if the person may not sign in. Empty: no claim says so.
    pub claim_disabled: String,
}

impl Default for External {
    fn default() -> Self {
        Self {
            jwks_url: String::new(),
            public_key: String::new(),
            secret: String::new(),
            issuer: String::new(),
            audience: String::new(),
            claim_subject: "sub".into(),
            claim_username: "preferred_username".into(),
            claim_name: "name".into(),
            claim_email: "email".into(),
            claim_disabled: String::new(),
        }
    }
}

impl External {
    /// Whether the server accepts tokens of a product.
    pub fn is_on(&self) -> bool {
        self.sources().next().is_some()
    }

    /// The settings that name keys.
    fn sources(&self) -> impl Iterator<Item = &'static str> {
        let sources = [
            ("external.jwks_url", &self.jwks_url),
            ("external.public_key", &self.public_key),
            ("external.secret", &self.secret),
        ];
        sources.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, _)| key)
    }
}

/// Settings that do not fit together, a sentence each.
pub(super) fn faults(config: &Config) -> Vec<String> {
    let (external, mut faults) = (&config.external, Vec::new());
    let sources: Vec<_> = external.sources().collect();
    if sources.len() > 1 {
        let keys = sources.join(" and ");
        faults.push(format!("{keys} are set, but only one of them can name the keys: remove one"));
    }
    let needed = [("external.issuer", &external.issuer), ("external.audience", &external.audience)];
    for (key, value) in needed {
        match (external.is_on(), value.is_empty()) {
            (true, true) => faults.push(format!(
                "{key} must be set too: otherwise tokens that were made for something else would be accepted"
            )),
            (false, false) => faults.push(format!(
                "{key} has no effect alone: set external.jwks_url, external.public_key or external.secret too"
            )),
            (true, false) | (false, true) => {}
        }
    }
    if external.claim_subject.is_empty() {
        faults.push(
            "external.claim_subject must name a claim: by its value the account of a person is found again"
                .to_owned(),
        );
    }
    let own = [&config.auth.secret, &config.auth.previous_secret];
    if !external.secret.is_empty() && own.contains(&&external.secret) {
        faults.push(
            "external.secret must not be a secret of [auth]: the product could sign in as everybody"
                .to_owned(),
        );
    }
    faults
}

/// Settings that are valid but probably a mistake.
pub(super) fn doubts(external: &External) -> Option<String> {
    let url = Url::parse(&external.jwks_url).ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    (url.scheme() == "http" && !is_local).then(|| {
        "external.jwks_url begins with http://: who is on the way can replace the keys, and sign in as everybody"
            .to_owned()
    })
}

/// Whether the text is the URL of a web server, without a user and a password.
pub(super) fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}
