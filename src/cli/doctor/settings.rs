//! Checks of the settings.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use super::{Case, Finding};
use crate::chat::External;
use crate::config::{Http, Loaded, Signup};
use crate::metrics::open_file_limit;

/// Random secrets have at least this many bits; secrets that people make up have fewer.
const ENOUGH_BITS: f64 = 128.0;

/// Open files that are not connections: the database, its log, files of the system.
const OTHER_FILES: u64 = 64;

pub(super) fn understood(settings: &Loaded, file: &Path) -> Finding {
    let url = &settings.config.database.url;
    if let Err(error) = crate::storage::check_url(url) {
        return Finding::problem("settings", error.to_string(), "correct database.url");
    }
    let source = match file.exists() {
        true => format!("read from {}", file.display()),
        false => "there is no file; the environment and defaults are used".to_owned(),
    };
    Finding::ok("settings", source)
}

/// Settings that are valid but probably a mistake.
pub(super) fn doubts(case: &Case) -> Vec<Finding> {
    let advice = "correct it, unless it is intended";
    let warnings = case.settings.warnings.iter();
    warnings.map(|warning| Finding::warning("settings", warning, advice)).collect()
}

/// Whether passwords cross the network without encryption.
pub(super) fn exposure(case: &Case) -> Vec<Finding> {
    let http = &case.settings.config.http;
    if is_only_local(http) {
        return vec![Finding::ok(
            "exposure",
            format!("{} is reachable from this machine only", http.bind),
        )];
    }
    if !http.tls_certificate.is_empty() {
        return vec![Finding::ok("exposure", format!("{} uses TLS", http.bind))];
    }
    if !http.trusted_proxies.is_empty() {
        let detail = format!("{} is behind {}", http.bind, http.trusted_proxies.join(", "));
        return vec![Finding::ok("exposure", detail)];
    }
    vec![Finding::warning(
        "exposure",
        format!("{} is open to the network, and passwords cross it unencrypted", http.bind),
        "set http.tls_certificate and http.tls_key, or name the proxy in http.trusted_proxies",
    )]
}

/// Whether strangers can create accounts.
pub(super) fn signup(case: &Case) -> Vec<Finding> {
    let config = &case.settings.config;
    vec![match config.auth.signup {
        Signup::Closed => Finding::ok("sign-up", "only admins create accounts"),
        Signup::Invite => Finding::ok("sign-up", "only people with an invite create accounts"),
        Signup::Open if is_only_local(&config.http) => {
            Finding::ok("sign-up", "it is open, but only this machine can reach the server")
        }
        Signup::Open => Finding::warning(
            "sign-up",
            "everyone who reaches the server can create an account",
            "set auth.signup to \"invite\" or \"closed\" if that is not intended",
        ),
    }]
}

/// Whether the server listens on a loopback address only, and no proxy brings it requests of other machines.
fn is_only_local(http: &Http) -> bool {
    if !http.trusted_proxies.is_empty() {
        return false;
    }
    match http.bind.parse::<SocketAddr>() {
        Ok(address) => address.ip().to_canonical().is_loopback(),
        // The settings allow no other name.
        Err(_) => http.bind.starts_with("localhost:"),
    }
}

pub(super) fn secrets(case: &Case) -> Vec<Finding> {
    let config = &case.settings.config;
    let secrets = [
        ("auth.secret", &config.auth.secret),
        ("auth.previous_secret", &config.auth.previous_secret),
        ("http.metrics_token", &config.http.metrics_token),
        ("external.secret", &config.external.secret),
    ];
    let set = secrets.into_iter().filter(|(_, secret)| !secret.is_empty());
    let findings = set.map(|(key, secret)| match bits(secret) {
        bits if bits < ENOUGH_BITS => Finding::problem(
            "secrets",
            format!("{key} can be guessed: it has only about {bits:.0} bits"),
            "replace it by the output of `openssl rand -hex 32`",
        ),
        _ => Finding::ok("secrets", format!("{key} looks random")),
    });
    findings.collect()
}

pub(super) fn previous_secret(case: &Case) -> Vec<Finding> {
    let auth = &case.settings.config.auth;
    if auth.previous_secret.is_empty() {
        return vec![];
    }
    vec![Finding::warning(
        "previous secret",
        format!(
            "tokens of auth.previous_secret are still accepted, for at most {} seconds after the change",
            auth.token_seconds
        ),
        "remove it from the settings after that time",
    )]
}

/// Whether the key of a product's tokens can be used. Keys at a URL are not fetched: the server logs if it cannot.
pub(super) fn external(case: &Case) -> Vec<Finding> {
    let external = &case.settings.config.external;
    if !external.is_on() {
        return vec![];
    }
    vec![match External::of(external, Vec::new()) {
        Ok(_) => Finding::ok("external", format!("tokens of {} open sessions", external.issuer)),
        Err(error) => Finding::problem("external", error.to_string(), "correct [external]"),
    }]
}

/// Whether enough files can be opened. Uses the limit of the running server, if there is one: it may differ
/// from the limit of this process.
pub(super) fn descriptors(case: &Case) -> Vec<Finding> {
    let running = case.running.as_ref().and_then(|running| running.figure("process_max_fds"));
    let (limit, whose) = match running {
        Some(limit) => (Some(limit as u64), "the running server"),
        None => (open_file_limit(), "this shell"),
    };
    let Some(limit) = limit else { return vec![] };
    let wanted = case.settings.config.http.max_connections as u64 + OTHER_FILES;
    if limit >= wanted {
        let detail = format!("{whose} may open {limit} files");
        return vec![Finding::ok("descriptors", detail)];
    }
    vec![Finding::warning(
        "descriptors",
        format!("{whose} may open {limit} files, but http.max_connections needs {wanted}"),
        format!("raise the limit (LimitNOFILE={wanted} in its unit) or lower http.max_connections"),
    )]
}

/// An upper bound of the entropy of a text, in bits: Shannon's entropy of its bytes. If the text is a
/// repeated sequence, the sequence counts once.
fn bits(secret: &str) -> f64 {
    let bytes = secret.as_bytes();
    let repeats = |period: &usize| bytes.iter().zip(&bytes[*period..]).all(|(a, b)| a == b);
    let period = (1..bytes.len()).find(repeats).unwrap_or(bytes.len());
    let mut counts = HashMap::new();
    for byte in &bytes[..period] {
        *counts.entry(byte).or_insert(0.0_f64) += 1.0;
    }
    let total = period as f64;
    counts.into_values().map(|count: f64| -count * (count / total).log2()).sum::<f64>().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_secrets_have_few_bits_and_random_ones_many() {
        for guessable in [
            "sesamesesamesesamesesamesesamesesame",
            "00000000000000000000000000000000",
            "change-me-change-me-change-me-please",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "passwordpasswordpasswordpassword",
        ] {
            assert!(bits(guessable) < ENOUGH_BITS, "{guessable}: {}", bits(guessable));
        }
        for random in [
            "9f2c0c1d6a8be57f4e3b7a90d1c2845ef06b7d3a91e8c45f20a7b6d9e3f81c42",
            "kJ8v!2mQz7Lr#pX4wN9sTbY6cHdF1gA3",
        ] {
            assert!(bits(random) >= ENOUGH_BITS, "{random}: {}", bits(random));
        }
    }
}
