//! A simulation of the fleet: several servers, a database and a doorbell in one thread, in virtual time.
//!
//! The fleet, the hub, presence and the tails are the real ones. The database, the doorbell, the writer and the
//! sockets are models: calls are slow or fail, texts are lost, late or doubled, processes are killed or frozen.
//! Everything random comes from a seed, so that a failure can be repeated.

pub(crate) mod bugs;
mod check;
mod gate;
mod link;
mod process;
mod random;
mod schedule;
mod tables;
mod viewer;
mod world;

use bugs::Bug;

const RUNS: u64 = 200;

/// The seeds to be run: one, if `CHATAPP_TEST_SEED` names it.
fn seeds() -> std::ops::Range<u64> {
    if let Ok(seed) = std::env::var("CHATAPP_TEST_SEED") {
        let seed = seed.parse().expect("CHATAPP_TEST_SEED is a number");
        return seed..seed + 1;
    }
    match std::env::var_os("CHATAPP_TEST_LONG") {
        Some(_) => 0..100 * RUNS,
        None => 0..RUNS,
    }
}

#[test]
fn after_any_failures_every_node_knows_everything() {
    for seed in seeds() {
        if let Err(wrong) = schedule::run(seed) {
            panic!("{wrong}\nrepeat it with CHATAPP_TEST_SEED={seed}");
        }
    }
}

#[test]
fn a_seed_has_one_course() {
    for seed in 0..20 {
        assert_eq!(schedule::run(seed), schedule::run(seed), "seed {seed}");
    }
}

#[test]
fn every_bug_that_is_put_in_is_found() {
    for bug in Bug::ALL {
        let found = bugs::with(bug, || (0..2 * RUNS).find(|&seed| schedule::run(seed).is_err()));
        assert!(found.is_some(), "{bug:?} is not found");
    }
}
