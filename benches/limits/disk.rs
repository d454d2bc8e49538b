//! How long the disk takes to keep a page for good: the floor under every single commit.

use std::io::Write;
use std::time::Instant;

use hdrhistogram::Histogram;

const SYNCS: usize = 200;

pub fn run() {
    let mut file = tempfile::tempfile().unwrap();
    let mut latency = Histogram::<u64>::new(3).unwrap();
    let watch = super::Watch::start();
    for _ in 0..SYNCS {
        let started_at = Instant::now();
        file.write_all(&[0x5A; 4096]).unwrap();
        file.sync_data().unwrap();
        latency.record(started_at.elapsed().as_micros() as u64).unwrap();
    }
    watch.report("write 4 KiB + fdatasync", SYNCS as u64);
    println!(
        "{:<44} p50 {:.2} ms, p99 {:.2} ms",
        "",
        latency.value_at_quantile(0.5) as f64 / 1e3,
        latency.value_at_quantile(0.99) as f64 / 1e3
    );
}
