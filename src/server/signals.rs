//! The signals that end the server, and those that it ignores.
//!
//! Without a handler most signals end the process at once. Some tools send a signal for another purpose,
//! for example SIGUSR1 when logs are rotated; such a signal must not end the server.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Rust programs already ignore SIGPIPE, and SIGHUP reloads the settings. SIGXFSZ is sent when a file
/// exceeds the size limit of the process; if it is ignored, the write fails, as on a full disk.
const IGNORED: [Number; 7] = [
    Number::USR1,
    Number::USR2,
    Number::ALARM,
    Number::VTALARM,
    Number::PROF,
    Number::IO,
    Number::XFSZ,
];

/// Ignores these signals for the life of the process. Must be called inside a runtime.
pub(super) fn ignore() -> io::Result<()> {
    for number in IGNORED {
        // The handler stays installed when the stream is dropped.
        drop(signal(SignalKind::from_raw(number.as_raw()))?);
    }
    Ok(())
}

/// The signals that ask the server to end. SIGQUIT is included, because by default it writes a dump of the
/// memory, with its secrets.
pub(super) struct End {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl End {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Waits for one of these signals.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }
}
