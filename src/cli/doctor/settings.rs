//! What can be told from the settings alone.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use super::{Case, Finding};
use crate::config::{Http, Loaded, Signup};
use crate::metrics::open_file_limit;

/// Random texts have more than this many bits; those that people think of have less.
const ENOUGH_BITS: f64 = 128.0;

/// Files beside connections: the database, its log, the system's own.
const OTHER_FILES: u64 = 64;

pub(super) fn understood(settings: &Loaded, file: &Path) -> Finding {
    let url = &settings.config.database.url;
    if let Err(error) = crate::storage::check_url(url) {
        return Finding::problem("settings", error.to_string(), "set database.url to one that is");
    }
    let source = match file.exists() {
        true => format!("those of {}", file.display()),
        false => "there is no file; environment and defaults".to_owned(),
    };
    Finding::ok("settings", source)
}

/// Settings that can be used and are probably not meant.
pub(super) fn doubts(case: &Case) -> Vec<Finding> {
    let advice = "mend it, unless it is meant";
    let warnings = case.settings.warnings.iter();
    warnings.map(|warning| Finding::warning("settings", warning, advice)).collect()
}

/// What strangers on the network can see.
pub(super) fn exposure(case: &Case) -> Vec<Finding> {
    let http = &case.settings.config.http;
    if is_local(http) {
        return vec![Finding::ok("exposure", format!("{} is this machine's own", http.bind))];
    }
    if !http.tls_certificate.is_empty() {
        return vec![Finding::ok("exposure", format!("{} speaks TLS", http.bind))];
    }
    if !http.trusted_proxies.is_empty() {
        let detail = format!("{} is behind {}", http.bind, http.trusted_proxies.join(", "));
        return vec![Finding::ok("exposure", detail)];
    }
    vec![Finding::warning(
        "exposure",
        format!("{} is open to the network, and passwords cross it as they are", http.bind),
        "set http.tls_certificate and http.tls_key, or name the proxy in http.trusted_proxies",
    )]
}

/// Who may create an account on a server that others reach.
pub(super) fn signup(case: &Case) -> Vec<Finding> {
    let config = &case.settings.config;
    vec![match config.auth.signup {
        Signup::Closed => Finding::ok("sign-up", "only admins create accounts"),
        Signup::Open if is_local(&config.http) => {
            Finding::ok("sign-up", "is open to those who reach this machine's own address")
        }
        Signup::Open => Finding::warning(
            "sign-up",
            format!("everybody who reaches {} can create an account", config.http.bind),
            "set auth.signup to \"closed\" if they should not",
        ),
    }]
}

/// Whether it listens on this machine's own address alone.
fn is_local(http: &Http) -> bool {
    match http.bind.parse::<SocketAddr>() {
        Ok(address) => address.ip().to_canonical().is_loopback(),
        // The only name there may be.
        Err(_) => http.bind.starts_with("localhost:"),
    }
}

pub(super) fn secrets(case: &Case) -> Vec<Finding> {
    let config = &case.settings.config;
    let secrets = [
        ("auth.secret", &config.auth.secret),
        ("auth.previous_secret", &config.auth.previous_secret),
        ("http.metrics_token", &config.http.metrics_token),
    ];
    let set = secrets.into_iter().filter(|(_, secret)| !secret.is_empty());
    let findings = set.map(|(key, secret)| match bits(secret) {
        bits if bits < ENOUGH_BITS => Finding::problem(
            "secrets",
            format!("{key} can be guessed: it looks like some {bits:.0} bits"),
            "replace it by what `openssl rand -hex 32` makes",
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
            "tokens of auth.previous_secret are still good, {} seconds after it was replaced at most",
            auth.token_seconds
        ),
        "take it out of the settings after that",
    )]
}

/// The running server's limit if there is one, for it may have been started with another.
pub(super) fn descriptors(case: &Case) -> Vec<Finding> {
    let running = case.running.as_ref().and_then(|running| running.figure("process_max_fds"));
    let (limit, whose) = match running {
        Some(limit) => (Some(limit as u64), "the running server"),
        None => (open_file_limit(), "this shell"),
    };
    let Some(limit) = limit else { return vec![] };
    let wanted = case.settings.config.http.max_connections as u64 + OTHER_FILES;
    if limit >= wanted {
        let detail = format!("{whose} may have {limit} files open");
        return vec![Finding::ok("descriptors", detail)];
    }
    vec![Finding::warning(
        "descriptors",
        format!("{whose} may have {limit} files open, and http.max_connections needs {wanted}"),
        format!("raise the limit (LimitNOFILE={wanted} in its unit) or lower http.max_connections"),
    )]
}

/// How much there is to guess in a text at most, by how often each byte comes in it (Shannon's
/// entropy). What is only repeated counts once.
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
    fn what_people_think_of_is_told_from_what_is_random() {
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
