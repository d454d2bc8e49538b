//! Several handles on one database at once, as several processes would have.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chatapp::model::{Cursor, Event, Seq, View};
use chatapp::storage::{AppendError, Error, OpenOptions};

use crate::harness::{
    TestDatabase, fill, log, message, on_threads, room, seqs, user, with_client_id,
};

pub fn writers_with_handles_of_their_own_leave_no_gap(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let rooms = [room(&*backend, &ann), room(&*backend, &ann)];
    on_threads(8, |writer| {
        let backend = db.open();
        for i in 0..20 {
            // Half of the writers use the rooms in the opposite order.
            let (first, second) = (&rooms[writer % 2], &rooms[(writer + 1) % 2]);
            let content = format!("{writer} {i}");
            let batch = [first, second, first].map(|room| message(room, &ann, &content));
            for outcome in backend.append_messages(batch.to_vec()).unwrap() {
                outcome.unwrap();
            }
        }
    });
    let mut ids = HashSet::new();
    for room in &rooms {
        let log = log(&*backend, room.id);
        assert_eq!(seqs(&log), (1..=240).collect::<Vec<_>>());
        assert!(log.is_sorted_by(|a, b| a.id < b.id), "ids do not grow with seq");
        assert!(log.iter().all(|message| ids.insert(message.id)), "an id was given twice");
        for writer in 0..8 {
            let prefix = format!("{writer} ");
            let own = log.iter().filter_map(|message| message.content.strip_prefix(&prefix));
            let own: Vec<u32> = own.map(|i| i.parse().unwrap()).collect();
            assert!(own.is_sorted(), "the messages of a writer are out of order");
        }
    }
}

pub fn senders_of_the_same_client_id_store_it_once(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let stored = on_threads(8, |_| {
        let backend = db.open();
        let mut stored = 0;
        for i in 0..30 {
            // The other message of the batch must not fail because of the race.
            let retry = with_client_id(message(&room, &ann, "x"), &i.to_string());
            let batch = vec![retry, message(&room, &ann, "plain")];
            let outcomes = backend.append_messages(batch).unwrap();
            assert!(!outcomes[1].as_ref().unwrap().duplicate);
            stored += u32::from(!outcomes[0].as_ref().unwrap().duplicate);
        }
        stored
    });
    assert_eq!(stored.iter().sum::<u32>(), 30);
    assert_eq!(seqs(&log(&*backend, room.id)), (1..=30 + 8 * 30).collect::<Vec<_>>());
}

pub fn batches_over_rooms_in_any_order_do_not_block_each_other(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let rooms: Vec<_> = (0..20).map(|_| room(&*backend, &ann)).collect();
    on_threads(8, |writer| {
        let backend = db.open();
        for i in 0..15 {
            // All rooms in another order each time: every step is coprime to 20.
            let order = (0..20).map(|n| &rooms[(n * [1, 3, 7, 19][writer % 4] + i) % 20]);
            let batch = order.map(|room| message(room, &ann, "x")).collect();
            for outcome in backend.append_messages(batch).unwrap() {
                outcome.unwrap();
            }
        }
    });
    for room in &rooms {
        assert_eq!(backend.get_room(room.id).unwrap().unwrap().head_seq, Seq(8 * 15));
    }
}

/// The order of seq is the order of commit: a reader that continues from a cursor finds the next seq or
/// nothing, although writers hold their transactions open for random times and some roll back.
pub fn a_reader_at_the_head_misses_nothing_while_writers_stall(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let is_done = AtomicBool::new(false);
    let (room, ann, is_done) = (&room, &ann, &is_done);
    let (acknowledged, stalled, seen) = thread::scope(|scope| {
        let tail = scope.spawn(move || {
            let backend = db.open();
            let mut random = Random(1);
            let mut seen: Vec<(i64, i64)> = Vec::new();
            loop {
                let was_done = is_done.load(Ordering::Acquire);
                let after = seen.last().map_or(0, |(seq, _)| *seq);
                let limit = 1 + random.below(7) as u32;
                let page = backend.list_events(room.id, Seq(after), limit).unwrap().unwrap();
                for event in &page.events {
                    let Event::Message(message) = event else { panic!("{event:?}") };
                    let next = seen.last().map_or(1, |(seq, _)| seq + 1);
                    assert_eq!(message.seq.0, next, "a gap, or a row out of order");
                    seen.push((message.seq.0, message.id.0));
                }
                let last = seen.last().map_or(0, |(seq, _)| *seq);
                if page.events.len() < limit as usize {
                    assert_eq!(page.head_seq.0, last, "a head without its event");
                    if was_done {
                        return seen;
                    }
                }
            }
        });
        let stallers = (0..8).map(|i| {
            scope.spawn(move || {
                let mut random = Random(100 + i);
                let mut raw = db.raw();
                let mut committed = 0;
                for _ in 0..12 {
                    raw.begin(room);
                    random.sleep_up_to_ms(4);
                    raw.append(room, ann, None);
                    random.sleep_up_to_ms(4);
                    let gives_up = random.below(4) == 0;
                    raw.execute(if gives_up { "ROLLBACK" } else { "COMMIT" });
                    committed += u64::from(!gives_up);
                    random.sleep_up_to_ms(2);
                }
                committed
            })
        });
        let stallers: Vec<_> = stallers.collect();
        let writers = (0..8).map(|i| {
            scope.spawn(move || {
                let mut random = Random(200 + i);
                let backend = db.open();
                let mut acknowledged = Vec::new();
                for _ in 0..25 {
                    let size = 1 + random.below(5);
                    let batch = (0..size).map(|_| message(room, ann, "fast")).collect();
                    for outcome in backend.append_messages(batch).unwrap() {
                        let message = outcome.unwrap().message;
                        acknowledged.push((message.seq.0, message.id.0));
                    }
                    random.sleep_up_to_ms(3);
                }
                acknowledged
            })
        });
        let writers: Vec<_> = writers.collect();
        let done = SetAtEnd(is_done);
        let acknowledged: Vec<_> =
            writers.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let stalled: u64 = stallers.into_iter().map(|thread| thread.join().unwrap()).sum();
        drop(done);
        (acknowledged, stalled, tail.join().unwrap())
    });
    assert_eq!(seen.len() as u64, acknowledged.len() as u64 + stalled);
    let seen: HashSet<_> = seen.into_iter().collect();
    assert!(acknowledged.iter().all(|message| seen.contains(message)));
}

pub fn a_page_and_its_head_are_from_one_snapshot(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _done = SetAtEnd(&is_done);
            for _ in 0..200 {
                fill(&*backend, &room, &ann, 2);
            }
        });
        let reader = db.open();
        while !is_done.load(Ordering::Acquire) {
            let page =
                reader.list_messages(room.id, Cursor::Newest, 3, View::default()).unwrap().unwrap();
            let newest = page.messages.last().map_or(Seq(0), |message| message.seq);
            assert_eq!(newest, page.head_seq);
            assert_eq!(page.head_seq.0 % 2, 0, "half a batch was seen");
        }
    });
}

pub fn a_stalled_writer_makes_other_writers_busy_and_does_not_block_reads(db: &TestDatabase) {
    db.backend();
    let backend = db.open_with(OpenOptions { busy_timeout_ms: 300, ..OpenOptions::default() });
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 2);
    let mut stalled = db.raw();
    stalled.begin(&room);
    stalled.append(&room, &ann, None);

    let started = Instant::now();
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2]);
    assert!(started.elapsed() < Duration::from_millis(250), "a read waited for the writer");
    let batch = vec![message(&room, &ann, "refused")];
    let refused = backend.append_messages(batch.clone());
    let is_busy = match &refused {
        Err(Error::Busy(_)) => true,
        Ok(outcomes) => matches!(outcomes[..], [Err(AppendError::Storage(Error::Busy(_)))]),
        Err(_) => false,
    };
    assert!(is_busy, "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());

    stalled.execute("COMMIT");
    backend.append_messages(batch).unwrap()[0].as_ref().unwrap();
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2, 3, 4]);
}

/// Sets the flag when dropped, also by a panic of a writer, so that the reader ends.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// xorshift64 (Marsaglia, 2003), so that a failing run can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn sleep_up_to_ms(&mut self, ms: u64) {
        thread::sleep(Duration::from_micros(self.below(ms * 1000)));
    }
}
