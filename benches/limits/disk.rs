//! Measures how long the disk takes to sync a page: no commit can be faster.

use std::fs::File;
use std::io::{Seek, Write};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

const SYNCS: u32 = 500;

/// Writes first into a growing file, and then over existing data, as SQLite writes its log after a
/// checkpoint. Then writes like the log during `chatapp bench rate`: four pages for each of a hundred
/// messages a second, so that disk and CPU enter sleep states in between.
pub fn run() {
    let mut file = tempfile::tempfile().unwrap();
    measure("append 4 KiB + fdatasync", &mut file, 4096, Duration::ZERO);
    file.rewind().unwrap();
    measure("overwrite 4 KiB + fdatasync", &mut file, 4096, Duration::ZERO);
    measure("append 16 KiB + fdatasync, every 10 ms", &mut file, 16_384, Duration::from_millis(10));
}

fn measure(what: &str, file: &mut File, bytes: usize, interval: Duration) {
    let data = vec![0x5A; bytes];
    let mut latency = Histogram::<u64>::new(3).unwrap();
    let watch = super::Watch::start();
    for at in 0..SYNCS {
        thread::sleep((watch.started_at + interval * at).saturating_duration_since(Instant::now()));
        let started_at = Instant::now();
        file.write_all(&data).unwrap();
        file.sync_data().unwrap();
        latency.record(started_at.elapsed().as_micros() as u64).unwrap();
    }
    watch.report(what, SYNCS.into());
    let at = |quantile| latency.value_at_quantile(quantile);
    println!("{:<60} p50 {} us, p99 {} us", "", at(0.5), at(0.99));
}
