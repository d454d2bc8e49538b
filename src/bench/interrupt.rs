//! Signals that end a run early.
//!
//! A signal normally ends the process at once. A run that would leave something behind calls [`watch`] first: from
//! then on a signal makes [`check`] fail, so that the run ends with an error and cleans up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, ensure};
use tokio::signal::unix::{SignalKind, signal};

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Notes the signals with which a terminal, an operator or the system ends a program. Signals after the first are
/// ignored.
///
/// # Errors
/// If the system refuses it.
pub fn watch() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let [mut interrupt, mut terminate, mut hangup] = {
        let _guard = runtime.enter();
        [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]
    };
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        IS_INTERRUPTED.store(true, Ordering::Relaxed);
    };
    let thread = thread::Builder::new().name("bench-signals".to_owned());
    thread.spawn(wait).context("no thread can be started")?;
    Ok(())
}

/// # Errors
/// If a signal has arrived.
pub fn check() -> anyhow::Result<()> {
    ensure!(!IS_INTERRUPTED.load(Ordering::Relaxed), "the run was interrupted");
    Ok(())
}
