//! How long the disk takes to keep a page for good: the floor under every single commit.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::Instant;

use hdrhistogram::Histogram;

const SYNCS: usize = 500;

/// First into a file that grows, then over what is there already, as SQLite's log is written once it
/// has been checkpointed.
pub fn run() {
    let mut file = tempfile::tempfile().unwrap();
    measure("append 4 KiB + fdatasync", &mut file);
    file.rewind().unwrap();
    measure("overwrite 4 KiB + fdatasync", &mut file);
}

fn measure(what: &str, file: &mut File) {
    let mut latency = Histogram::<u64>::new(3).unwrap();
    let watch = super::Watch::start();
    for _ in 0..SYNCS {
        let started_at = Instant::now();
        file.write_all(&[0x5A; 4096]).unwrap();
        file.sync_data().unwrap();
        latency.record(started_at.elapsed().as_micros() as u64).unwrap();
    }
    watch.report(what, SYNCS as u64);
    let at = |quantile| latency.value_at_quantile(quantile);
    println!("{:<60} p50 {} us, p99 {} us", "", at(0.5), at(0.99));
}
