//! The behaviour under faults: power cuts, full and failing disks, databases that stop answering, and
//! clocks that jump. docs/RELIABILITY.md names the test of each promise. (Kills and restarts under load are
//! in `tests/crash`, graceful stops in `tests/socket/shutdown.rs`.)
//!
//! `CHATAPP_TEST_LONG=1` runs the random tests with many more cases.

mod clock;
mod disk;
mod errors;
mod failover;
mod load;
mod postgres;
mod power;
mod stop;

/// Returns `short`, or `long` if `CHATAPP_TEST_LONG` is 1.
fn times(short: usize, long: usize) -> usize {
    if std::env::var_os("CHATAPP_TEST_LONG").is_some_and(|set| set == "1") { long } else { short }
}
