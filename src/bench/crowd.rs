//! Opens many connections at a time, and waits for results.

use std::time::{Duration, Instant};

use anyhow::bail;

use super::net::{Heard, Join, Net, Slot};
use super::progress::Progress;
use super::wire::Frame;

/// Connections that are opened at the same time, if connecting is not measured. It is less than the queue
/// of a listener: TCP would retry a connection that does not fit only after a second.
pub const AT_ONCE: usize = 64;

/// How long a run may make no progress before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest wait for the network, so that progress is shown and deadlines are met.
pub const POLL: Duration = Duration::from_millis(50);

/// Opens all connections of `joins`, at most `at_once` at the same time, and waits until each is live.
/// `hear` gets every frame.
pub fn connect_all<'a>(
    net: &mut Net,
    joins: impl ExactSizeIterator<Item = Join<'a>>,
    at_once: usize,
    progress: &Progress,
    hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Slot>> {
    let total = joins.len();
    let mut slots = Vec::with_capacity(total);
    let mut live = 0;
    let mut news_at = Instant::now();
    let mut joins = joins;
    while live < total {
        while slots.len() - live < at_once {
            let Some(join) = joins.next() else { break };
            slots.push(net.connect(join)?);
        }
        let before = live;
        net.poll(POLL, &mut |heard| {
            if let Frame::Synced { .. } = heard.frame {
                live += 1;
            }
            hear(heard)
        })?;
        progress.show(|| format!("{live} of {total} connections are live"));
        if live > before {
            news_at = Instant::now();
        } else if news_at.elapsed() > PATIENCE {
            bail!("only {live} of {total} connections went live, and no other within 30 s");
        }
    }
    Ok(slots)
}

/// Handles the network until the time `until`.
pub fn run_until(
    net: &mut Net,
    until: Instant,
    progress: &Progress,
    what: &str,
    hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        progress.show(|| format!("{what}, {} s to go", left.as_secs() + 1));
        net.poll(left.min(POLL), hear)?;
    }
}

/// Handles the network until `missing` returns 0.
pub fn run_out<S>(
    net: &mut Net,
    state: &mut S,
    progress: &Progress,
    what: &str,
    missing: impl Fn(&S) -> usize,
    hear: &mut impl FnMut(&mut S, Heard<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut news_at = Instant::now();
    let mut before = missing(state);
    while before > 0 {
        progress.show(|| format!("{what}: {before} to go"));
        net.poll(POLL, &mut |heard| hear(state, heard))?;
        let now = missing(state);
        if now < before {
            news_at = Instant::now();
        } else if news_at.elapsed() > PATIENCE {
            bail!("{what}: {now} are missing, and none arrived within 30 s");
        }
        before = now;
    }
    Ok(())
}

/// Handles a frame that a scenario does not use.
///
/// # Errors
/// If the frame is an error or a close.
pub fn ignore(frame: &Frame<'_>) -> anyhow::Result<()> {
    match frame {
        Frame::Error(frame) if frame.contains("too_many_requests") => bail!(
            "the run exceeds limits.sends_per_second or limits.joins_per_second of the server: send \
             less, use more --users, or set the limits to 0 for the run"
        ),
        Frame::Error(frame) => bail!("the server answered with an error: {frame}"),
        Frame::Closed { code, reason } => {
            bail!("the server closed a connection with code {code}: {reason}")
        }
        Frame::Message { .. } | Frame::Ack { .. } | Frame::Synced { .. } => Ok(()),
        Frame::Other | Frame::Ping(_) => Ok(()),
    }
}
