//! Promises about faults: power cuts, disks that fill up or fail, databases that go away, clocks
//! that jump. docs/RELIABILITY.md says which test shows which promise. (Kills and restarts under
//! load are in `tests/crash`, graceful stops in `tests/socket/shutdown.rs`.)
//!
//! `CHATAPP_TEST_LONG=1` makes the random ones long.

mod clock;
mod disk;
mod errors;
mod load;
mod postgres;
mod power;
mod stop;

/// The short number, or with `CHATAPP_TEST_LONG=1` the long one.
fn times(short: usize, long: usize) -> usize {
    if std::env::var_os("CHATAPP_TEST_LONG").is_some_and(|set| set == "1") { long } else { short }
}
