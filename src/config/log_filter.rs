//! Checks the filter of the log: a level, or targets with levels, separated by commas.
//!
//! `tracing_subscriber` reads an unknown word as the name of a target. The filter `loud` would log only
//! the target `loud`, which does not exist, so the log would be empty.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The crates that write to the log. The targets of a crate begin with its name.
const CRATES: &[&str] = &[
    "chatapp",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "poem",
    "poem_openapi",
    "postgres",
    "r2d2",
    "refinery_core",
    "reqwest",
    "rustls",
    "serde",
    "tokio",
    "tokio_postgres",
    "tokio_rustls",
    "tokio_tungstenite",
    "tokio_util",
    "tower",
    "tungstenite",
];

/// The parts of chatapp that write to the log.
const PARTS: &[&str] = &[
    "bench", "chat", "cli", "config", "dump", "executor", "fleet", "http", "logging", "metrics",
    "model", "outbound", "realtime", "server", "slack", "storage", "web", "ws",
];

/// The accepted filters, as the end of a sentence that begins with "it takes".
pub(super) const ACCEPTS: &str =
    "error, warn, info, debug, trace, off, or a filter such as \"info,chatapp::http=debug\"";

/// # Errors
/// [`ACCEPTS`], if the filter is rejected here or by `tracing_subscriber`.
pub fn log_filter(text: &str) -> Result<EnvFilter, String> {
    let mut parts = Vec::new();
    for part in parts_of(text) {
        if let Part::Word(word) = Part::of(part)
            && !is_known(word)
            && !word.contains("::")
        {
            return Err(ACCEPTS.to_owned());
        }
        parts.push(part);
    }
    if parts.is_empty() {
        return Err(ACCEPTS.to_owned());
    }
    EnvFilter::try_new(parts.join(",")).map_err(|_| ACCEPTS.to_owned())
}

/// Warnings about a filter that is valid but probably a mistake.
pub(super) fn doubts(text: &str) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut speaks_of_us = false;
    for part in parts_of(text) {
        let target = match Part::of(part) {
            Part::Level => {
                speaks_of_us = true;
                continue;
            }
            // A filter of spans may match any target.
            Part::Spans => {
                speaks_of_us = true;
                continue;
            }
            Part::Target(target) | Part::Word(target) => target,
        };
        speaks_of_us |= "chatapp".starts_with(target) || target.starts_with("chatapp");
        if !is_known(target) {
            doubts.push(format!(
                "log.level names {target:?}, but no part of the server has that name: the server's own \
                 parts are chatapp::{}",
                PARTS.join(", chatapp::")
            ));
        }
    }
    if !speaks_of_us {
        let advice = "begin it with a level for all other targets, such as \"info,\"";
        doubts.push(format!("log.level does not include chatapp, so its log is empty: {advice}"));
    }
    doubts
}

fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// One part of a filter.
enum Part<'a> {
    Level,
    /// A name without a level: everything from that target.
    Word(&'a str),
    /// The target of `target=level`.
    Target(&'a str),
    /// A filter with spans, such as `[span{field=value}]`.
    Spans,
}

impl Part<'_> {
    fn of(text: &str) -> Part<'_> {
        if text.contains(['[', '{']) {
            return Part::Spans;
        }
        match text.split_once('=') {
            Some((target, _)) => Part::Target(target.trim()),
            None if text.parse::<LevelFilter>().is_ok() => Part::Level,
            None => Part::Word(text),
        }
    }
}

/// Whether a known target begins with this text.
fn is_known(target: &str) -> bool {
    let ours = PARTS.iter().map(|part| format!("chatapp::{part}"));
    CRATES.iter().any(|name| name.starts_with(target))
        || CRATES.iter().filter(|name| **name != "chatapp").any(|name| is_below(target, name))
        || ours.into_iter().any(|part| part.starts_with(target) || is_below(target, &part))
}

fn is_below(target: &str, name: &str) -> bool {
    target.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_modules_of_the_library() {
        let library = include_str!("../lib.rs");
        let modules = library.lines().filter_map(|line| {
            let module =
                line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("pub(crate) mod "));
            module?.strip_suffix(';').filter(|name| *name != "fuzz")
        });
        assert_eq!(modules.collect::<Vec<_>>(), PARTS);
    }
}
