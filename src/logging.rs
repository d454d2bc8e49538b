//! The log on stderr: text for people, or JSON for machines.

use std::io::{self, IsTerminal};

use std::sync::OnceLock;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{Log, LogFormat, log_filter};

/// Limits for the log of libraries. At lower levels tungstenite logs frames, with messages and tokens, and
/// tokio_postgres logs parameters of statements, with hashes of passwords; no filter may enable that.
/// refinery logs several lines for each migration, and `serve` already logs one. async_nats logs every attempt
/// to connect, and the fleet logs one line for all of them.
const TALKATIVE: [&str; 4] =
    ["tungstenite=info", "tokio_postgres=info", "refinery_core=warn", "async_nats=error"];

/// The filter of the log, set by [`init`].
static FILTER: OnceLock<Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts the log of this process. A second call does nothing.
///
/// # Errors
/// If the level is not valid, which the settings exclude.
pub fn init(log: &Log) -> anyhow::Result<()> {
    let (filter, handle) = reload::Layer::new(filter(log)?);
    let layer = fmt::layer()
        .with_writer(io::stderr)
        // Without this, a failed write to stderr would panic in the thread that logs.
        .log_internal_errors(false);
    let layer = match log.format {
        LogFormat::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_ansi(false).boxed(),
    };
    // This fails only if there is a log already: a test's, or that of an earlier call.
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// Starts the log of a command other than `serve`. It shows only what the command waits for.
pub fn init_for_command() {
    let layer = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .log_internal_errors(false);
    let waits = EnvFilter::new("chatapp::storage::postgres::migrations=warn");
    // This fails only if there is a log already.
    let _ = tracing_subscriber::registry().with(waits).with(layer).try_init();
}

/// Changes the level of the running log.
///
/// # Errors
/// As for [`init`].
pub fn set_level(log: &Log) -> anyhow::Result<()> {
    let filter = filter(log)?;
    if let Some(handle) = FILTER.get() {
        // This fails only if the log is gone, and the log lives as long as the process.
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
