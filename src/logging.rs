//! The log: lines for people or JSON for machines, on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{Log, LogFormat};

/// Libraries that write down what they carry when they are asked to: frames with messages and
/// tokens, parameters of statements with hashes of passwords. Nobody may ask them to.
const TALKATIVE: [&str; 2] = ["tungstenite=info", "tokio_postgres=info"];

/// Starts the log of this process. Called a second time, it does nothing.
///
/// # Errors
/// If the level is not one; the settings have been checked for that.
pub fn init(log: &Log) -> Result<(), ParseError> {
    let mut filter = EnvFilter::try_new(&log.level)?;
    for talkative in TALKATIVE {
        filter = filter.add_directive(talkative.parse()?);
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // A stderr that cannot be written would otherwise be a panic in whoever logs.
        .log_internal_errors(false);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_ansi(false).try_init(),
    };
    // It fails only if there is a log already: a test's, or that of an earlier call.
    drop(started);
    Ok(())
}
