//! Tests that need PostgreSQL: a server that stops and restarts, and writers that race.

use std::thread;
use std::time::{Duration, Instant};

use chatapp::model::{NewNode, Timestamp};
use chatapp::storage::{self, Backend, Error, OpenOptions};

use crate::harness::{self, log, message, room, seqs, user, with_client_id};
use crate::postgres_server::PgCluster;

const OPTIONS: OpenOptions =
    OpenOptions { read_connections: 2, busy_timeout_ms: 5_000, create: false, gather_writes: true };

#[test]
fn a_server_that_does_not_answer_is_unavailable_and_named_without_the_password() {
    let started = Instant::now();
    let url = "postgres://ann:sesame@127.0.0.1:1/chat";
    let Err(Error::Unavailable(text)) = storage::open(url, OPTIONS) else { panic!("opened") };
    assert!(text.contains("127.0.0.1:1") && text.contains("refused"), "{text}");
    assert!(!text.contains("sesame"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_missing_database_is_named() {
    let database = harness::postgres();
    let url = database.url().replace("chatapp_test_", "missing_");
    let Err(Error::Unavailable(text)) = storage::open(&url, OPTIONS) else { panic!("opened") };
    assert!(text.contains("missing_") && text.contains("does not exist"), "{text}");
}

/// `events` has no foreign keys, so a defect could store such an event.
#[test]
fn an_event_without_an_author_is_damage() {
    let database = harness::postgres();
    let backend = database.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    backend.append_messages(vec![message(&room, &ann, "hello")]).unwrap();
    assert_eq!(backend.check_integrity(true).unwrap(), Vec::<String>::new());
    database.raw().execute("UPDATE events SET user_id = 77");
    let found = backend.check_integrity(true).unwrap();
    let sentence = "event 1 of room 1 refers to a room or a user that does not exist";
    assert_eq!(found, [sentence]);
}

#[test]
fn connections_cut_by_the_server_are_replaced() {
    let database = harness::postgres();
    // One reader: with more, a read may get a connection that was being made while the others were cut.
    let backend = database.open_with(OpenOptions { read_connections: 1, ..OPTIONS });
    backend.migrate().unwrap();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    for i in 1..=3 {
        cut_connections(&database);
        // The read finds its connection dead and takes another; then every connection is tested.
        assert_eq!(backend.get_user(ann.id).unwrap().as_ref(), Some(&ann));
        assert_eq!(backend.get_room(room.id).unwrap().map(|it| it.head_seq.0), Some(i - 1));
        backend.append_messages(vec![message(&room, &ann, "x")]).unwrap()[0].as_ref().unwrap();
    }
    // A connection that has not been used for a while is tested first.
    cut_connections(&database);
    thread::sleep(Duration::from_millis(3_100));
    backend.append_messages(vec![message(&room, &ann, "x")]).unwrap()[0].as_ref().unwrap();
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2, 3, 4]);
}

#[test]
fn connections_recover_after_a_restart_of_the_server() {
    let cluster = PgCluster::private();
    let database = cluster.database();
    let backend = storage::open(database.url(), OPTIONS).unwrap();
    backend.migrate().unwrap();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let append = |backend: &dyn Backend| backend.append_messages(vec![message(&room, &ann, "x")]);
    append(&*backend).unwrap();
    cluster.stop();
    for _ in 0..3 {
        let started = Instant::now();
        // The first write finds its connection dead, and cannot tell whether it was stored.
        assert!(matches!(append(&*backend), Err(Error::Unavailable(_) | Error::InDoubt(_))));
        assert!(matches!(backend.list_rooms(), Err(Error::Unavailable(_))));
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    }
    cluster.start();
    let started = Instant::now();
    while append(&*backend).is_err() || backend.list_rooms().is_err() {
        assert!(started.elapsed() < Duration::from_secs(3), "the pool has not recovered");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2]);
}

/// A pool whose connections cannot be made tries again only twice a second. Its failures no longer count as soon as
/// another pool has a connection.
#[test]
fn a_read_after_a_write_does_not_fail_because_of_an_outage_that_has_ended() {
    let cluster = PgCluster::private();
    let database = cluster.database();
    let backend = storage::open(database.url(), OPTIONS).unwrap();
    backend.migrate().unwrap();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    for _ in 0..2 {
        cluster.stop();
        // Until the pause between two attempts is the longest one.
        let stopped = Instant::now();
        while stopped.elapsed() < Duration::from_secs(1) {
            assert!(matches!(backend.list_rooms(), Err(Error::Unavailable(_))));
        }
        cluster.start();
        let started = Instant::now();
        while backend.append_messages(vec![message(&room, &ann, "x")]).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "the pool has not recovered");
        }
        backend.list_rooms().unwrap();
    }
}

/// A node removes the id that it had before a crash: no other node may have it by then.
#[test]
fn no_node_gets_an_id_from_before_a_crash() {
    let cluster = PgCluster::private();
    let database = cluster.database();
    let add = || {
        let about = NewNode {
            name: "a".to_owned(),
            version: "1".to_owned(),
            address: "x".to_owned(),
            started_at: Timestamp(0),
            doorbell: "database".to_owned(),
            secret: "0".to_owned(),
        };
        let backend = storage::open(database.url(), OPTIONS).unwrap();
        backend.migrate().unwrap();
        backend.fleet().unwrap().add_node(&about).unwrap()
    };
    let before = [add(), add()];
    cluster.crash();
    cluster.start();
    assert!(!before.contains(&add()));
}

/// The transaction of the first attempt has not ended when the second attempt comes.
#[test]
fn a_retry_during_the_transaction_of_its_original_gets_the_original() {
    for does_commit in [true, false] {
        let database = harness::postgres();
        let backend = database.backend();
        let ann = user(&*backend, "ann");
        let room = room(&*backend, &ann);
        let mut first = database.raw();
        first.begin(&room);
        first.append(&room, &ann, Some("c-1"));
        let appended = thread::scope(|scope| {
            let retry = scope.spawn(|| {
                let retry = with_client_id(message(&room, &ann, "retry"), "c-1");
                let batch = vec![message(&room, &ann, "plain"), retry];
                backend.append_messages(batch).unwrap()
            });
            wait_for_a_lock(&database);
            first.execute(if does_commit { "COMMIT" } else { "ROLLBACK" });
            retry.join().unwrap()
        });
        let retry = appended[1].as_ref().unwrap();
        assert_eq!(retry.duplicate, does_commit);
        assert_eq!(retry.message.content, if does_commit { "slow" } else { "retry" });
        assert_eq!(seqs(&log(&*backend, room.id)), [1, 2]);
    }
}

pub fn cut_connections(database: &harness::TestDatabase) {
    let harness::Raw::Postgres(mut client) = database.raw() else { panic!("not PostgreSQL") };
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'chatapp'";
    while client.query_one(sql, &[]).unwrap().get::<_, i64>(0) > 0 {
        thread::sleep(Duration::from_millis(5));
    }
}

fn wait_for_a_lock(database: &harness::TestDatabase) {
    let harness::Raw::Postgres(mut client) = database.raw() else { panic!("not PostgreSQL") };
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while client.query_one(sql, &[]).unwrap().get::<_, i64>(0) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
}
