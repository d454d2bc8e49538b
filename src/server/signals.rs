//! Which signals end the server, and which it ignores.
//!
//! Without a handler most signals end the process at once. Those that tools send to a server without
//! wanting that (rotation of logs sends SIGUSR1) must not.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGPIPE is ignored from the start of every program in Rust, and SIGHUP has a meaning. SIGXFSZ is sent
/// when a file would be larger than the process may make it: the write then fails, as on a full disk.
const IGNORED: [Number; 7] = [
    Number::USR1,
    Number::USR2,
    Number::ALARM,
    Number::VTALARM,
    Number::PROF,
    Number::IO,
    Number::XFSZ,
];

/// Ignores them for the life of the process. To be called inside a runtime.
pub(super) fn ignore() -> io::Result<()> {
    for number in IGNORED {
        // The handler stays when the stream of signals is dropped.
        drop(signal(SignalKind::from_raw(number.as_raw()))?);
    }
    Ok(())
}

/// The signals that ask a server to end. SIGQUIT, which would end it with a dump of its memory (and of
/// the secrets in it), is one of them.
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

    /// Waits until one of them comes.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }
}
