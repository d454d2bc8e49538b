//! Sends messages at fixed times, independent of the server's answers.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::sender::write_text;
use super::wire;

/// How long to wait when the socket is full.
const FULL: Duration = Duration::from_micros(200);

/// The times at which messages are due.
#[derive(Clone, Copy, Debug)]
pub struct Timetable {
    pub start_at: Instant,
    pub per_second: u32,
}

impl Timetable {
    pub fn due_at(self, message: u64) -> Instant {
        let seconds = message / u64::from(self.per_second);
        let rest = message % u64::from(self.per_second);
        let nanos = rest * 1_000_000_000 / u64::from(self.per_second);
        self.start_at + Duration::from_secs(seconds) + Duration::from_nanos(nanos)
    }

    /// The number of messages that are due within this time.
    pub fn due_after(self, time: Duration) -> u64 {
        (time.as_nanos() * u128::from(self.per_second)).div_ceil(1_000_000_000) as u64
    }
}

/// Sends every message when it is due, over the sockets in turn; messages that are late are sent together.
/// The text of a message has the index of its socket and its number. Runs on its own thread, because the poll
/// of the receiving thread wakes up only in whole milliseconds.
pub fn pace(
    mut sockets: Vec<TcpStream>,
    timetable: Timetable,
    total: u64,
    bytes: usize,
    is_over: &AtomicBool,
) -> io::Result<()> {
    let (mut outs, mut text) = (vec![Vec::new(); sockets.len()], String::new());
    let mut next = 0;
    while next < total && !is_over.load(Ordering::Relaxed) {
        thread::sleep(timetable.due_at(next).saturating_duration_since(Instant::now()));
        let due = timetable.due_after(timetable.start_at.elapsed()).min(total);
        while next < due {
            let socket = (next % sockets.len() as u64) as usize;
            text.clear();
            write_text(&mut text, socket, next, bytes);
            wire::write_send(&mut outs[socket], next, &text, None);
            next += 1;
        }
        // A full socket delays the others. This counts as latency, because it is measured from the due time.
        for (tcp, out) in sockets.iter_mut().zip(&mut outs) {
            write_all(tcp, out, is_over)?;
        }
    }
    Ok(())
}

/// Writes all of `out`. The socket is non-blocking, because the receiving thread shares it, so a full
/// socket is retried.
fn write_all(tcp: &mut TcpStream, out: &mut Vec<u8>, is_over: &AtomicBool) -> io::Result<()> {
    let mut written = 0;
    while written < out.len() && !is_over.load(Ordering::Relaxed) {
        match tcp.write(&out[written..]) {
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(FULL),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    out.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_evenly_within_a_second() {
        let timetable = Timetable { start_at: Instant::now(), per_second: 3 };
        let due = |message| timetable.due_at(message) - timetable.start_at;
        assert_eq!(due(0), Duration::ZERO);
        assert_eq!(due(1), Duration::from_nanos(333_333_333));
        assert_eq!(due(3), Duration::from_secs(1));
        for message in 1..10 {
            assert_eq!(timetable.due_after(due(message)), message);
            assert_eq!(timetable.due_after(due(message) + Duration::from_nanos(2)), message + 1);
        }
    }
}
