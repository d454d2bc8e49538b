//! The log: lines for people or JSON for machines, on stderr.

use std::io::{self, IsTerminal};

use std::sync::OnceLock;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{Log, LogFormat, log_filter};

/// Libraries that write down what they carry when they are asked to: frames with messages and
/// tokens, parameters of statements with hashes of passwords. Nobody may ask them to. And refinery,
/// which says over several lines what `serve` says in one for each migration.
const TALKATIVE: [&str; 3] = ["tungstenite=info", "tokio_postgres=info", "refinery_core=warn"];

/// The filter of the log that [`init`] started.
static FILTER: OnceLock<Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts the log of this process. Called a second time, it does nothing.
///
/// # Errors
/// If the level is not one; the settings have been checked for that.
pub fn init(log: &Log) -> anyhow::Result<()> {
    let (filter, handle) = reload::Layer::new(filter(log)?);
    let layer = fmt::layer()
        .with_writer(io::stderr)
        // A stderr that cannot be written would otherwise be a panic in whoever logs.
        .log_internal_errors(false);
    let layer = match log.format {
        LogFormat::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_ansi(false).boxed(),
    };
    // It fails only if there is a log already: a test's, or that of an earlier call.
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// For a command other than `serve`: it says what it waits for, and nothing else.
pub fn init_for_command() {
    let layer = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .log_internal_errors(false);
    let waits = EnvFilter::new("chatapp::storage::postgres::migrations=warn");
    // It fails only if there is a log already.
    let _ = tracing_subscriber::registry().with(waits).with(layer).try_init();
}

/// Changes what is logged from now on.
///
/// # Errors
/// As for [`init`].
pub fn set_level(log: &Log) -> anyhow::Result<()> {
    let filter = filter(log)?;
    if let Some(handle) = FILTER.get() {
        // The log is as old as the process and dies with it.
        let _ = handle.reload(filter);
    }
    Ok(())
}

fn filter(log: &Log) -> anyhow::Result<EnvFilter> {
    let accepts = |accepts| anyhow::anyhow!("it takes {accepts}");
    let mut filter = log_filter(&log.level).map_err(accepts)?;
    for talkative in TALKATIVE {
        filter = filter.add_directive(talkative.parse()?);
    }
    Ok(filter)
}
