//! Counters of attempts, which are limited, and known addresses.

use std::sync::Barrier;

use chatapp::model::{AttemptKey, Begun, KnownAddress, Limit, NewAttempt, Refusal, Timestamp};
use chatapp::storage::Backend;

use crate::harness::{NOW, TestDatabase, on_threads};

const WINDOW_MS: i64 = 60_000;
const KNOWN_MS: i64 = 1_000_000;

fn key(n: u8) -> AttemptKey {
    [n; 32]
}

fn limit(n: u8, most: u32) -> Limit {
    Limit { key: key(n), most, except: None }
}

/// Counts an attempt that many milliseconds after [`NOW`].
fn begin(backend: &dyn Backend, ms: i64, limits: &[Limit]) -> Begun {
    let (now, limits) = (Timestamp(NOW.0 + ms), limits.to_vec());
    let attempt = NewAttempt { now, window_ms: WINDOW_MS, known_ms: KNOWN_MS, limits };
    backend.begin_attempt(&attempt).unwrap()
}

fn counted(keys: &[u8]) -> Begun {
    Begun::Counted(keys.iter().copied().map(key).collect())
}

fn refused(reached: &[(u8, i64)]) -> Begun {
    let refusal = |&(n, ms)| Refusal { key: key(n), until: Timestamp(NOW.0 + ms) };
    Begun::Refused(reached.iter().map(refusal).collect())
}

pub fn attempts_are_counted_up_to_their_limit_in_each_window(db: &TestDatabase) {
    let backend = db.backend();
    let limits = [limit(1, 2)];
    assert_eq!(begin(&*backend, 0, &limits), counted(&[1]));
    assert_eq!(begin(&*backend, 59_000, &limits), counted(&[1]));
    assert_eq!(begin(&*backend, 59_999, &limits), refused(&[(1, WINDOW_MS)]));
    assert_eq!(begin(&*backend, 59_999, &[limit(2, 2)]), counted(&[2]));
    assert_eq!(begin(&*db.open(), 60_000, &limits), counted(&[1]), "the window is over");
    assert_eq!(begin(&*backend, 60_001, &limits), counted(&[1]));
    assert_eq!(begin(&*backend, 60_002, &limits), refused(&[(1, 60_000 + WINDOW_MS)]));
    assert_eq!(begin(&*backend, 0, &[]), counted(&[]));
}

pub fn an_attempt_is_counted_for_all_of_its_limits_or_for_none(db: &TestDatabase) {
    let backend = db.backend();
    let both = [limit(9, 3), limit(1, 1)];
    assert_eq!(begin(&*backend, 0, &both), counted(&[1, 9]));
    for _ in 0..5 {
        assert_eq!(begin(&*backend, 10, &both), refused(&[(1, WINDOW_MS)]));
    }
    assert_eq!(begin(&*backend, 20, &[limit(9, 3)]), counted(&[9]));
    assert_eq!(begin(&*backend, 20, &[limit(9, 3)]), counted(&[9]));
    assert_eq!(begin(&*backend, 30, &both), refused(&[(1, WINDOW_MS), (9, WINDOW_MS)]));
}

pub fn an_attempt_that_is_taken_back_does_not_count(db: &TestDatabase) {
    let backend = db.backend();
    let limits = [limit(1, 1), limit(2, 1)];
    for ms in 0..3 {
        assert_eq!(begin(&*backend, ms, &limits), counted(&[1, 2]));
        backend.take_back_attempt(&[key(1), key(2)], None).unwrap();
    }
    // A counter that counts nothing begins another window, and does not count below zero.
    backend.take_back_attempt(&[key(1), key(3)], None).unwrap();
    backend.take_back_attempt(&[], None).unwrap();
    assert_eq!(begin(&*backend, 50, &[limit(1, 1)]), counted(&[1]));
    assert_eq!(begin(&*backend, 51, &[limit(1, 1)]), refused(&[(1, 50 + WINDOW_MS)]));
    assert_eq!(begin(&*backend, 52, &[limit(3, 1)]), counted(&[3]));
    assert_eq!(begin(&*backend, 53, &[limit(3, 1)]), refused(&[(3, 52 + WINDOW_MS)]));
}

pub fn attempts_from_a_known_address_do_not_count_for_the_name(db: &TestDatabase) {
    let backend = db.backend();
    let from = |address: u8| [Limit { except: Some(key(address)), ..limit(1, 1) }, limit(2, 9)];
    assert_eq!(begin(&*backend, 0, &from(7)), counted(&[1, 2]));
    for ms in [-KNOWN_MS, 0] {
        let known = KnownAddress { key: key(7), seen_at: Timestamp(NOW.0 + ms) };
        backend.take_back_attempt(&[], Some(&known)).unwrap();
    }
    assert_eq!(begin(&*db.open(), 0, &from(7)), counted(&[2]));
    assert_eq!(begin(&*backend, 0, &from(8)), refused(&[(1, WINDOW_MS)]));
    assert_eq!(begin(&*backend, KNOWN_MS - 1, &from(7)), counted(&[2]));
    assert_eq!(begin(&*backend, KNOWN_MS, &from(7)), counted(&[1, 2]), "it was long ago");
}

pub fn a_small_difference_of_clocks_does_not_begin_a_window_and_a_large_one_does(
    db: &TestDatabase,
) {
    let backend = db.backend();
    let limits = [limit(1, 2)];
    assert_eq!(begin(&*backend, 5_000, &limits), counted(&[1]));
    assert_eq!(begin(&*backend, 0, &limits), counted(&[1]), "on a node whose clock is behind");
    assert_eq!(begin(&*backend, 0, &limits), refused(&[(1, WINDOW_MS)]));
    assert_eq!(begin(&*backend, 5_000, &limits), refused(&[(1, 5_000 + WINDOW_MS)]));
    assert_eq!(begin(&*backend, -100_000, &limits), counted(&[1]), "the clock was set back");
}

pub fn of_attempts_at_once_exactly_the_limit_is_counted(db: &TestDatabase) {
    const THREADS: usize = 8;
    const EACH: usize = 10;
    drop(db.backend());
    let handles: Vec<_> = (0..THREADS).map(|_| db.open()).collect();
    let start = Barrier::new(THREADS);
    // Every attempt has the limit 1 and one of two others, in an order that differs between threads.
    let begun = on_threads(THREADS, |i| {
        start.wait();
        let other = limit(if i % 2 == 0 { 0 } else { 2 }, 1_000);
        let limits = if i % 3 == 0 { [limit(1, 25), other] } else { [other, limit(1, 25)] };
        let attempt = |n| begin(&*handles[i], n as i64 - 5, &limits);
        (0..EACH).map(attempt).filter(|begun| matches!(begun, Begun::Counted(_))).count()
    });
    assert_eq!(begun.into_iter().sum::<usize>(), 25);
    // Of attempts that are taken back, nothing is left.
    let start = Barrier::new(THREADS);
    on_threads(THREADS, |i| {
        start.wait();
        for ms in 0..EACH {
            let limits = [limit(3, 1_000), limit(4 + (i % 2) as u8, 1_000)];
            let Begun::Counted(keys) = begin(&*handles[i], ms as i64, &limits) else {
                panic!("refused")
            };
            handles[i].take_back_attempt(&keys, None).unwrap();
            handles[i].forget_attempts(NOW, NOW).unwrap();
        }
    });
    for n in 3..6 {
        assert_eq!(begin(&*handles[0], 20, &[limit(n, 1)]), counted(&[n]));
    }
}

pub fn old_counters_and_addresses_are_deleted(db: &TestDatabase) {
    let backend = db.backend();
    let minute = |n: i64| Timestamp(NOW.0 + n * 60_000);
    for n in 0..3 {
        begin(&*backend, n * 60_000, &[limit(n as u8, 1)]);
        let known = KnownAddress { key: key(n as u8), seen_at: minute(n) };
        backend.take_back_attempt(&[], Some(&known)).unwrap();
    }
    backend.forget_attempts(minute(1), minute(2)).unwrap();
    let mut raw = db.raw();
    for (table, left) in [("attempts", 2), ("known_addresses", 1)] {
        assert_eq!(raw.count(table), left, "{table}");
    }
}
