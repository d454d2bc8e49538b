//! Rooms.

use chatapp::model::{NewRoom, Room, RoomId, Seq};
use chatapp::storage::{Conflict, Error};

use crate::harness::{NOW, TestDatabase, fill, log, new_room, room, user};

pub fn a_room_reads_back_as_created(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    for description in [None, Some("talk".to_owned()), Some(String::new())] {
        let name = format!("{description:?}");
        let new = NewRoom { description: description.clone(), ..new_room(&name, &ann) };
        let created = backend.create_room(&new).unwrap();
        let expected = Room {
            id: created.id,
            name,
            description,
            created_by: ann.id,
            created_at: NOW,
            head_seq: Seq(0),
        };
        assert_eq!(created, expected);
        assert_eq!(backend.get_room(created.id).unwrap(), Some(expected));
    }
    assert_eq!(backend.get_room(RoomId(77)).unwrap(), None);
}

pub fn a_taken_name_is_a_conflict_whatever_its_case(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = backend.create_room(&new_room("General", &ann)).unwrap();
    for name in ["General", "GENERAL"] {
        let second = backend.create_room(&new_room(name, &ann));
        assert!(matches!(second, Err(Error::Conflict(Conflict::RoomNameTaken))), "{second:?}");
    }
    assert!(backend.delete_room(general.id).unwrap());
    backend.create_room(&new_room("general", &ann)).unwrap();
}

pub fn rooms_are_listed_in_order_of_id(db: &TestDatabase) {
    let backend = db.backend();
    assert_eq!(backend.list_rooms().unwrap(), []);
    let ann = user(&*backend, "ann");
    let mut rooms: Vec<Room> = (0..5).map(|_| room(&*backend, &ann)).collect();
    // An update moves a row in PostgreSQL's table, and must not in the list.
    fill(&*backend, &rooms[1], &ann, 3);
    rooms[1].head_seq = Seq(3);
    assert!(rooms.is_sorted_by_key(|room| room.id));
    assert_eq!(backend.list_rooms().unwrap(), rooms);
}

pub fn a_deleted_room_is_gone_with_its_log(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (gone, kept) = (room(&*backend, &ann), room(&*backend, &ann));
    fill(&*backend, &gone, &ann, 3);
    fill(&*backend, &kept, &ann, 2);
    assert!(backend.delete_room(gone.id).unwrap());
    assert!(!backend.delete_room(gone.id).unwrap());
    assert_eq!(backend.get_room(gone.id).unwrap(), None);
    assert_eq!(backend.list_events(gone.id, Seq(0), 10).unwrap(), None);
    assert_eq!(log(&*backend, kept.id).len(), 2);
}

pub fn ids_are_never_given_twice(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let first = room(&*backend, &ann);
    fill(&*backend, &first, &ann, 3);
    let last_id = log(&*backend, first.id)[2].id;
    assert!(backend.delete_room(first.id).unwrap());
    let second = room(&*backend, &ann);
    assert!(second.id > first.id);
    fill(&*backend, &second, &ann, 1);
    assert!(log(&*backend, second.id)[0].id > last_id);
}
