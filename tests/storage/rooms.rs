//! Rooms.

use chatapp::model::{
    Actor, AllowedTo, Event, EventHeader, NewAuditEntry, NewRoom, NewText, ReadPosition, Room,
    RoomChange, RoomChanged, RoomDifference, RoomField, RoomHead, RoomId, RoomKind, RoomRules, Seq,
    UpdatedRoom, UserId, View,
};
use chatapp::storage::{AppendError, ChangeError, Conflict, Error};

use crate::harness::{
    NOW, TestDatabase, audit, audit_at, change, events, fill, log, message, new_room, read_seq,
    room, user, with_client_id,
};

pub fn a_room_reads_back_as_created(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    for description in [None, Some("talk".to_owned()), Some(String::new())] {
        let name = format!("{description:?}");
        let new = NewRoom {
            description: description.clone(),
            kind: RoomKind::Private,
            rules: RoomRules { posting: AllowedTo::Moderators, ..RoomRules::default() },
            ..new_room(&name, &ann)
        };
        let created = backend.create_room(&new, &audit("x")).unwrap();
        let expected = Room {
            id: created.id,
            name,
            description,
            created_by: ann.id,
            created_at: NOW,
            head_seq: Seq(0),
            oldest_seq: Seq(1),
            retention_days: None,
            archived_at: None,
            revision: 0,
            kind: RoomKind::Private,
            rules: RoomRules { posting: AllowedTo::Moderators, ..RoomRules::default() },
            metadata: None,
        };
        assert_eq!(created, expected);
        assert_eq!(backend.get_room(created.id).unwrap(), Some(expected));
    }
    assert_eq!(backend.get_room(RoomId(77)).unwrap(), None);
}

pub fn a_taken_name_is_a_conflict_whatever_its_case(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = backend.create_room(&new_room("General", &ann), &audit("x")).unwrap();
    for name in ["General", "GENERAL"] {
        let second = backend.create_room(&new_room(name, &ann), &audit("x"));
        assert!(matches!(second, Err(Error::Conflict(Conflict::RoomNameTaken))), "{second:?}");
    }
    assert!(backend.delete_room(general.id, None, &audit("x")).unwrap());
    backend.create_room(&new_room("general", &ann), &audit("x")).unwrap();
}

pub fn rooms_are_listed_in_order_of_id(db: &TestDatabase) {
    let backend = db.backend();
    assert_eq!(backend.list_rooms().unwrap(), []);
    let ann = user(&*backend, "ann");
    let mut rooms: Vec<Room> = (0..5).map(|_| room(&*backend, &ann)).collect();
    // An update moves the row in PostgreSQL's table. It must not change the order of the list.
    fill(&*backend, &rooms[1], &ann, 3);
    rooms[1].head_seq = Seq(3);
    assert!(rooms.is_sorted_by_key(|room| room.id));
    assert_eq!(backend.list_rooms().unwrap(), rooms);
}

fn renamed(name: &str) -> RoomChange {
    RoomChange { name: Some(name.to_owned()), ..RoomChange::default() }
}

fn archived(is_archived: bool) -> RoomChange {
    RoomChange { is_archived: Some(is_archived), ..RoomChange::default() }
}

pub fn a_room_is_found_by_its_name_whatever_its_case(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = backend.create_room(&new_room("Grüße A", &ann), &audit("x")).unwrap();
    for name in ["Grüße A", "grüßE a"] {
        assert_eq!(backend.get_room_by_name(name).unwrap().as_ref(), Some(&general), "{name}");
    }
    for name in ["GRÜSSE A", "GRÜßE A", "Grüße", "%", ""] {
        assert_eq!(backend.get_room_by_name(name).unwrap(), None, "{name}");
    }
}

pub fn a_change_of_a_room_is_one_event_of_its_log(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 1);
    let later = NewAuditEntry {
        actor: Actor::Account(ann.id),
        ..audit_at("room.update", NOW.plus_seconds(5))
    };
    let update = |change: &RoomChange| {
        let UpdatedRoom { room, event } =
            backend.update_room(room.id, change, None, &later).unwrap().unwrap();
        assert_eq!(backend.get_room(room.id).unwrap().as_ref(), Some(&room));
        if let Some(event) = &event {
            let last = events(&*backend, room.id).pop();
            assert_eq!(last.as_ref(), Some(event));
            assert_eq!(event.seq(), room.head_seq);
        }
        (room, event)
    };
    let all = RoomChange {
        name: Some("lobby".to_owned()),
        description: Some(Some("talk".to_owned())),
        is_archived: Some(true),
        retention_days: Some(Some(30)),
        ..RoomChange::default()
    };
    let (updated, event) = update(&all);
    let expected = Room {
        name: "lobby".to_owned(),
        description: Some("talk".to_owned()),
        archived_at: Some(NOW.plus_seconds(5)),
        retention_days: Some(30),
        revision: 1,
        head_seq: Seq(2),
        ..room.clone()
    };
    assert_eq!(updated, expected);
    let Some(Event::RoomChanged(RoomChanged { header, room: face, changed })) = event else {
        panic!()
    };
    let EventHeader { id, .. } = header;
    let (user_id, username, timestamp) = (ann.id, "ann".into(), NOW.plus_seconds(5));
    let seq = Seq(2);
    let (room_id, display_name) = (room.id, None);
    let expected_header =
        EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
    assert_eq!(header, expected_header);
    assert_eq!(face, expected.face());
    assert_eq!(changed, [RoomField::Name, RoomField::Description, RoomField::ArchivedAt]);
    // A change without an effect is not recorded, and does not change the time.
    for same in [&all, &RoomChange::default(), &archived(true)] {
        let entry = audit_at("room.update", NOW.plus_seconds(9));
        let unchanged = UpdatedRoom { room: expected.clone(), event: None };
        assert_eq!(backend.update_room(room.id, same, None, &entry).unwrap(), Some(unchanged));
    }
    // The retention is not visible to clients, so its change is not an event.
    let (kept, event) = update(&RoomChange { retention_days: Some(None), ..RoomChange::default() });
    assert_eq!((kept, event), (Room { retention_days: None, ..expected.clone() }, None));
    // An operator at the command line has no account.
    let operator = audit_at("room.update", NOW);
    let back = RoomChange { description: Some(None), ..archived(false) };
    let back = backend.update_room(room.id, &back, None, &operator).unwrap().unwrap();
    let Some(Event::RoomChanged(RoomChanged { header, .. })) = &back.event else { panic!() };
    assert_eq!((header.user_id, &*header.username), (UserId(0), "(server)"));
    assert_eq!((back.room.description, back.room.archived_at), (None, None));
    // Another spelling of the room's own name is not a conflict.
    assert_eq!(update(&renamed("Lobby")).0.name, "Lobby");

    let missing = backend.update_room(RoomId(77), &renamed("x"), None, &later).unwrap();
    assert_eq!(missing, None);
    let targets: Vec<String> = backend
        .list_audit(None, 10)
        .unwrap()
        .into_iter()
        .filter(|entry| entry.action == "room.update")
        .map(|entry| entry.target)
        .collect();
    assert_eq!(targets, vec![format!("room #{}", room.id); 4]);
}

pub fn a_room_cannot_take_the_name_of_another(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (one, two) = (room(&*backend, &ann), room(&*backend, &ann));
    let before = backend.list_audit(None, 10).unwrap().len();
    let name = two.name.to_ascii_uppercase();
    let refused = backend.update_room(one.id, &renamed(&name), None, &audit("x"));
    assert!(matches!(refused, Err(Error::Conflict(Conflict::RoomNameTaken))), "{refused:?}");
    assert_eq!(backend.get_room(one.id).unwrap(), Some(one));
    assert_eq!(backend.list_audit(None, 10).unwrap().len(), before, "nothing was done");
}

pub fn nothing_is_sent_to_an_archived_room(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (closed, open) = (room(&*backend, &ann), room(&*backend, &ann));
    let first = with_client_id(message(&closed, &ann, "first"), "c-1");
    let sent = backend.append_messages(vec![first.clone()]).unwrap().remove(0).unwrap();
    backend.update_room(closed.id, &archived(true), None, &audit("x")).unwrap();

    let batch = vec![
        message(&closed, &ann, "late"),
        message(&open, &ann, "elsewhere"),
        // A retry of a message sent before the archiving gets its original.
        first,
        with_client_id(message(&closed, &ann, "late"), "c-2"),
    ];
    let outcomes = backend.append_messages(batch).unwrap();
    assert!(matches!(outcomes[0], Err(AppendError::RoomArchived)), "{:?}", outcomes[0]);
    assert_eq!(outcomes[1].as_ref().unwrap().message.seq, Seq(1));
    let retry = outcomes[2].as_ref().unwrap();
    assert_eq!((&retry.message, retry.duplicate), (&sent.message, true));
    assert!(matches!(outcomes[3], Err(AppendError::RoomArchived)), "{:?}", outcomes[3]);
    assert_eq!(events(&*backend, closed.id).len(), 2);

    backend.update_room(closed.id, &archived(false), None, &audit("x")).unwrap();
    fill(&*backend, &closed, &ann, 1);
    assert_eq!(events(&*backend, closed.id).len(), 4);
}

/// No method shows rows that a deleted room has left behind.
pub fn a_deleted_room_is_hidden_at_once(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (gone, kept) = (room(&*backend, &ann), room(&*backend, &ann));
    let old = with_client_id(message(&gone, &ann, "x"), "c-1");
    let sent = backend.append_messages(vec![old.clone()]).unwrap().remove(0).unwrap().message;
    fill(&*backend, &kept, &ann, 2);
    let position = ReadPosition { user_id: ann.id, room_id: gone.id, seq: Seq(1) };
    backend.advance_read_positions(&[position]).unwrap();

    assert!(backend.delete_room(gone.id, None, &audit("room.delete")).unwrap());
    assert!(!backend.delete_room(gone.id, None, &audit("room.delete")).unwrap());
    let recorded = backend.list_audit(None, 10).unwrap();
    assert_eq!(recorded.iter().filter(|entry| entry.action == "room.delete").count(), 1);
    assert_eq!(backend.get_room(gone.id).unwrap(), None);
    assert_eq!(backend.get_room_by_name(&gone.name).unwrap(), None);
    assert_eq!(backend.list_rooms().unwrap().len(), 1);
    assert_eq!(backend.list_events(gone.id, Seq(0), 10).unwrap(), None);
    let newest = chatapp::model::Cursor::Newest;
    assert_eq!(backend.list_messages(gone.id, newest, 10, View::default()).unwrap(), None);
    assert_eq!(backend.get_message(gone.id, sent.id).unwrap(), None);
    assert_eq!(backend.update_room(gone.id, &renamed("x"), None, &audit("x")).unwrap(), None);
    assert_eq!(backend.advance_read_positions(&[position]).unwrap(), [None]);
    let outcomes = backend.append_messages(vec![message(&gone, &ann, "x"), old]).unwrap();
    for outcome in outcomes {
        assert!(matches!(outcome, Err(AppendError::RoomNotFound)), "{outcome:?}");
    }
    let edited = backend.edit_message(change(&sent, &ann), &NewText::of("y"));
    assert!(matches!(edited, Err(ChangeError::RoomNotFound)), "{edited:?}");
    let deleted = backend.delete_message(change(&sent, &ann), None);
    assert!(matches!(deleted, Err(ChangeError::RoomNotFound)), "{deleted:?}");
    assert_eq!(backend.prune_events(gone.id, NOW.plus_seconds(1), 10, None).unwrap(), 0);

    // The name can be used again, for another room.
    let again = backend.create_room(&new_room(&gone.name, &ann), &audit("x")).unwrap();
    assert!(again.id > gone.id);
    assert_eq!(backend.get_room_by_name(&gone.name).unwrap(), Some(again));
    assert_eq!(log(&*backend, kept.id).len(), 2);
}

pub fn the_rows_of_a_deleted_room_are_purged_in_steps(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    assert!(!backend.purge_deleted_rooms(10).unwrap(), "no room was deleted");
    let (first, second, kept) =
        (room(&*backend, &ann), room(&*backend, &ann), room(&*backend, &ann));
    for room in [&first, &second, &kept] {
        fill(&*backend, room, &ann, 25);
        let position = ReadPosition { user_id: ann.id, room_id: room.id, seq: Seq(9) };
        backend.advance_read_positions(&[position]).unwrap();
    }
    db.raw().execute(&format!(
        "INSERT INTO bans (room_id, user_id, banned_by, created_at) VALUES ({first}, 1, 1, 0);
         INSERT INTO invites (token_hash, room_id, created_by, role, created_at)
         VALUES ({hash}, {first}, 1, 'member', 0)",
        first = first.id,
        hash = if db.is_postgres() { "'\\x01'" } else { "x'01'" }
    ));
    for room in [&first, &second] {
        backend.delete_room(room.id, None, &audit("x")).unwrap();
    }
    let mut left = vec![db.raw().count("events")];
    while backend.purge_deleted_rooms(10).unwrap() {
        left.push(db.raw().count("events"));
    }
    // At most ten events each time, then the read positions and the room itself.
    assert!(left.windows(2).all(|pair| pair[0] - pair[1] <= 10), "{left:?}");
    assert_eq!(left.last(), Some(&25));
    let tables = ["rooms", "read_positions", "members", "bans", "invites"];
    assert_eq!(tables.map(|table| db.raw().count(table)), [1, 1, 1, 0, 0]);
    assert_eq!(log(&*backend, kept.id).len(), 25);
    assert_eq!(read_seq(&*backend, &ann, kept.id), Seq(9));
}

pub fn rooms_changed_by_other_processes_are_listed(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let rooms: Vec<Room> = (0..5).map(|_| room(&*backend, &ann)).collect();
    let known: Vec<RoomHead> = rooms.iter().map(Room::head).collect();
    for finds_new in [false, true] {
        assert_eq!(backend.list_changed_rooms(&known, finds_new).unwrap(), []);
    }
    assert_eq!(backend.list_changed_rooms(&[], false).unwrap(), []);

    let other = db.open();
    fill(&*other, &rooms[1], &ann, 2);
    other.update_room(rooms[2].id, &renamed("other"), None, &audit("x")).unwrap();
    other.delete_room(rooms[3].id, None, &audit("x")).unwrap();
    let now = |room: &Room| backend.get_room(room.id).unwrap().unwrap();
    let mut expected = vec![
        RoomDifference::Longer { known: known[1], room: now(&rooms[1]) },
        RoomDifference::Longer { known: known[2], room: now(&rooms[2]) },
        RoomDifference::Gone(known[3].id),
    ];
    let changed = |finds_new| {
        let mut changed = backend.list_changed_rooms(&known, finds_new).unwrap();
        changed.sort_by_key(|difference| match difference {
            RoomDifference::New(room) | RoomDifference::Longer { room, .. } => room.id,
            RoomDifference::Gone(id) => *id,
        });
        changed
    };
    assert_eq!(changed(true), expected);
    let new = room(&*other, &ann);
    assert_eq!(changed(false), expected);
    expected.push(RoomDifference::New(new.clone()));
    assert_eq!(changed(true), expected);
    other.delete_room(new.id, None, &audit("x")).unwrap();
    expected.pop();
    assert_eq!(changed(true), expected, "a deleted room was listed as new");
    // A process may know a newer head than the snapshot, because it has just stored the event.
    let ahead = RoomHead { head_seq: Seq(9), ..known[0] };
    let nowhere = RoomHead { id: RoomId(i64::MAX), ..known[0] };
    let gone = [RoomDifference::Gone(nowhere.id)];
    assert_eq!(backend.list_changed_rooms(&[ahead, nowhere], false).unwrap(), gone);
}

/// Only SQLite has such a number.
pub fn writes_of_another_process_change_the_data_version(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let version = || backend.get_data_version().unwrap();
    let before = version();
    fill(&*backend, &room, &ann, 3);
    backend.list_rooms().unwrap();
    assert_eq!(version(), before, "the backend's own write was noticed");
    let other = db.open();
    for _ in 0..3 {
        let before = version();
        fill(&*other, &room, &ann, 1);
        let after = version();
        assert!(before.is_none() || after != before, "{after:?}");
        // The backend's own writes do not hide the other process's.
        fill(&*other, &room, &ann, 1);
        fill(&*backend, &room, &ann, 1);
        assert!(before.is_none() || version() != after);
        assert_eq!(version(), version());
    }
}

pub fn ids_are_never_given_twice(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let first = room(&*backend, &ann);
    fill(&*backend, &first, &ann, 3);
    let last_id = log(&*backend, first.id)[2].id;
    assert!(backend.delete_room(first.id, None, &audit("x")).unwrap());
    let second = room(&*backend, &ann);
    assert!(second.id > first.id);
    fill(&*backend, &second, &ann, 1);
    assert!(log(&*backend, second.id)[0].id > last_id);
}
