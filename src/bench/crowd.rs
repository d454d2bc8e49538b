//! Connecting many at a time, and waiting for what must come.

use std::time::{Duration, Instant};

use anyhow::bail;

use super::net::{Heard, Join, Net, Slot};
use super::progress::Progress;
use super::wire::Frame;

/// Connections that may be under way at once where connecting is not what is measured: fewer than
/// any listener's queue holds. What does not fit into it is tried again by TCP after a second.
pub const AT_ONCE: usize = 64;

/// How long nothing at all may happen before a run is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long one wait for the network is, so that progress is shown and deadlines are met.
pub const TURN: Duration = Duration::from_millis(50);

/// Connects all of `joins`, so many at once, and waits until each is live. `hear` is given every
/// frame too.
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
        net.turn(TURN, &mut |heard| {
            if let Frame::Synced { .. } = heard.frame {
                live += 1;
            }
            hear(heard)
        })?;
        progress.show(|| format!("{live} of {total} connections are live"));
        if live > before {
            news_at = Instant::now();
        } else if news_at.elapsed() > PATIENCE {
            bail!("only {live} of {total} connections went live; the next took over 30 s");
        }
    }
    Ok(slots)
}

/// Takes turns until `until`.
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
        net.turn(left.min(TURN), hear)?;
    }
}

/// Takes turns until nothing is missing any more: `missing` says how much is.
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
        net.turn(TURN, &mut |heard| hear(state, heard))?;
        let now = missing(state);
        if now < before {
            news_at = Instant::now();
        } else if news_at.elapsed() > PATIENCE {
            bail!("{what}: {now} are missing, and none came in 30 s");
        }
        before = now;
    }
    Ok(())
}

/// What a frame that a scenario has no use for means for it.
///
/// # Errors
/// A refusal or a close.
pub fn ignore(frame: &Frame<'_>) -> anyhow::Result<()> {
    match frame {
        Frame::Error(frame) if frame.contains("too_many_requests") => bail!(
            "the server's limits.sends_per_second or limits.joins_per_second were met: send less, \
             spread it over --users, or serve without them (0) for the run"
        ),
        Frame::Error(frame) => bail!("the server refused something: {frame}"),
        Frame::Closed { code, reason } => {
            bail!("the server closed a connection with code {code}: {reason}")
        }
        Frame::Message { .. } | Frame::Ack { .. } | Frame::Synced { .. } => Ok(()),
        Frame::Other | Frame::Ping(_) => Ok(()),
    }
}
