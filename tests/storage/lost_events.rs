//! What PostgreSQL has lost of the events that a process knows to be committed. The losses are made by SQL here;
//! `tests/faults/failover.rs` has real ones.

use std::sync::Arc;

use chatapp::model::{Cursor, NewText, Room, RoomChange, RoomHead, RoomId, Seq, User, View};
use chatapp::storage::{Backend, Error, OpenOptions};

use crate::harness::{self, NOW, TestDatabase, audit, change, fill, message, room, user};
use crate::only_postgres::cut_connections;

const OPTIONS: OpenOptions =
    OpenOptions { read_connections: 1, busy_timeout_ms: 5_000, create: false, gather_writes: true };

/// Opens the database as a server does, which reads the epoch first.
fn server(database: &TestDatabase) -> (Arc<dyn Backend>, String) {
    let backend = database.open_with(OPTIONS);
    backend.migrate().unwrap();
    let epoch = backend.get_server_facts().unwrap().epoch;
    (backend, epoch)
}

fn epoch(database: &TestDatabase) -> String {
    database.open_with(OPTIONS).get_server_facts().unwrap().epoch
}

#[test]
fn events_that_were_pruned_changed_or_deleted_with_their_room_are_not_lost() {
    let database = harness::postgres();
    let (backend, before) = server(&database);
    let ann = user(&*backend, "ann");
    let [pruned, purged, deleted, changed] = [(); 4].map(|()| room(&*backend, &ann));
    for room in [&pruned, &purged, &deleted, &changed] {
        fill(&*backend, room, &ann, 3);
        backend.list_events(room.id, Seq(0), 10).unwrap();
    }
    let messages = harness::log(&*backend, changed.id);
    backend.edit_message(change(&messages[2], &ann), &NewText::of("edited")).unwrap();
    backend.delete_message(change(&messages[1], &ann), None).unwrap();
    backend.prune_events(pruned.id, NOW.plus_seconds(1), 10, None).unwrap();
    backend.delete_room(purged.id, None, &audit("x")).unwrap();
    while backend.purge_deleted_rooms(10).unwrap() {}
    backend.delete_room(deleted.id, None, &audit("x")).unwrap();
    backend.purge_deleted_rooms(1).unwrap();
    let change = RoomChange { name: Some("another".to_owned()), ..RoomChange::default() };
    backend.update_room(changed.id, &change, None, &audit("x")).unwrap();
    for _ in 0..2 {
        cut_connections(&database);
        assert_eq!(backend.list_rooms().unwrap().len(), 2);
        fill(&*backend, &changed, &ann, 1);
    }
    assert_eq!(epoch(&database), before);
}

/// Removes the last of a room's three events, as if its commit had been lost.
const LOSE_THE_LAST: &str = "
    DELETE FROM events WHERE room_id = ROOM AND seq = 3;
    UPDATE rooms SET head_seq = 2 WHERE id = ROOM";

#[test]
fn the_last_message_of_this_process_is_missing() {
    loses(LOSE_THE_LAST, |backend, room, ann| fill(backend, room, ann, 3));
}

#[test]
fn the_last_change_of_this_process_is_missing() {
    loses(LOSE_THE_LAST, |backend, room, ann| {
        fill(backend, room, ann, 2);
        let messages = harness::log(backend, room.id);
        backend.edit_message(change(&messages[0], ann), &NewText::of("edited")).unwrap();
    });
}

#[test]
fn the_last_change_of_a_room_by_this_process_is_missing() {
    loses(LOSE_THE_LAST, |backend, room, _| {
        for name in ["a", "b", "c"] {
            let change = RoomChange { name: Some(name.to_owned()), ..RoomChange::default() };
            backend.update_room(room.id, &change, None, &audit("x")).unwrap();
        }
    });
}

#[test]
fn an_event_of_another_process_that_this_process_has_read_is_missing() {
    let reads: [fn(&dyn Backend, RoomId); 3] = [
        |backend, id| drop(backend.list_events(id, Seq(0), 10).unwrap()),
        |backend, id| {
            let known = [RoomHead { id, head_seq: Seq(0) }];
            drop(backend.list_new_events(&known, 10).unwrap());
        },
        |backend, id| drop(backend.list_messages(id, Cursor::Newest, 1, View::default()).unwrap()),
    ];
    for read in reads {
        loses_on(&harness::postgres(), LOSE_THE_LAST, |database, backend, room, ann| {
            fill(&*database.open(), room, ann, 3);
            read(backend, room.id);
        });
    }
}

/// The two numbers of the lost event have been given to another one.
#[test]
fn a_lost_event_is_missing_although_another_one_has_its_seq_and_its_id() {
    let sql = "
        UPDATE events SET created_at = created_at + 1 WHERE room_id = ROOM AND seq = 3";
    loses(sql, |backend, room, ann| fill(backend, room, ann, 3));
}

/// The creation of the room was lost, too.
#[test]
fn a_room_that_was_never_created_is_not_taken_for_a_deleted_one() {
    let sql = "
        SET session_replication_role = replica;
        DELETE FROM events WHERE room_id = ROOM;
        DELETE FROM rooms WHERE id = ROOM;
        DELETE FROM audit WHERE target = 'room #ROOM'";
    loses(sql, |backend, room, ann| fill(backend, room, ann, 3));
}

/// Checks that both processes on a database are refused after `sql`, and that its epoch is another one.
/// `learn` appends three events to the room.
fn loses(sql: &str, learn: impl Fn(&dyn Backend, &Room, &User)) {
    let database = harness::postgres();
    loses_on(&database, sql, |_, backend, room, ann| learn(backend, room, ann));
}

fn loses_on(
    database: &TestDatabase,
    sql: &str,
    learn: impl Fn(&TestDatabase, &dyn Backend, &Room, &User),
) {
    let (backend, before) = server(database);
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    learn(database, &*backend, &room, &ann);
    cut_connections(database);
    // The second process knows no event, and connects before the loss is noticed.
    let (other, _) = server(database);
    let append = |backend: &dyn Backend| {
        backend.append_messages(vec![message(&room, &ann, "x")]).map(drop).unwrap_err()
    };
    other.check_write().unwrap();
    database.raw().execute(&sql.replace("ROOM", &room.id.to_string()));
    assert!(matches!(backend.list_rooms(), Err(Error::OtherDatabase)));
    assert!(matches!(append(&*backend), Error::OtherDatabase));
    let after = epoch(database);
    assert_ne!(before, after);
    assert!(matches!(other.list_rooms(), Err(Error::OtherDatabase)));
    // The connection of the writer may have been idle when it was ended.
    assert!(matches!(append(&*other), Error::OtherDatabase | Error::InDoubt(_)));
    assert!(matches!(append(&*other), Error::OtherDatabase));
    // Nothing more is replaced.
    assert_eq!(epoch(database), after);
}
