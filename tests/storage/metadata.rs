//! A product's own data on users, rooms and messages, and finding them by it.

use chatapp::model::{
    Belonging, Cursor, Event, Message, MessageDetail, Metadata, MetadataQuery, NewAccount,
    NewMessage, NewParts, NewRoom, NewText, Reader, Room, RoomChange, RoomField, RoomId, RoomKind,
    RoomSelection, Seq, User, UserChange, UserId, UserQuery, View,
};
use chatapp::storage::Backend;
use serde_json::{Value, json};

use crate::harness::{
    NOW, TestDatabase, active, audit, change, events, fill, message, new_room, new_user, room,
    seqs, user, with_client_id,
};

fn metadata(value: Value) -> Metadata {
    serde_json::from_value(value).unwrap()
}

fn with(key: &str, value: Option<&str>) -> MetadataQuery {
    MetadataQuery { key: key.to_owned(), value: value.map(ToOwned::to_owned) }
}

fn found_users(backend: &dyn Backend, text: Option<&str>, metadata: MetadataQuery) -> Vec<UserId> {
    let (text, metadata) = (text.map(ToOwned::to_owned), Some(metadata));
    let query = UserQuery { text, metadata, after: None, limit: 100 };
    let accounts = backend.list_users(&query, NOW).unwrap();
    accounts.into_iter().map(|account| account.user.id).collect()
}

pub fn accounts_are_found_by_their_metadata(db: &TestDatabase) {
    let backend = db.backend();
    let create = |name: &str, data: Value| {
        let metadata = Some(metadata(data));
        let account = NewAccount { user: new_user(name), identity: None, metadata };
        backend.create_account(&account, &audit("create")).unwrap()
    };
    let ann = create("ann", json!({ "plan": "pro", "seats": 5, "team": { "id": 1 } }));
    let bo = create("bo", json!({ "plan": "pro", "paid": true }));
    let cy = user(&*backend, "cy");
    let account = backend.get_account(ann.id, NOW).unwrap().unwrap();
    let data = json!({ "plan": "pro", "seats": 5, "team": { "id": 1 } });
    assert_eq!(account.metadata, Some(metadata(data)));
    let found = |key: &str, value: Option<&str>| found_users(&*backend, None, with(key, value));
    assert_eq!(found("plan", Some("pro")), [ann.id, bo.id]);
    assert_eq!(found("plan", None), [ann.id, bo.id]);
    assert_eq!(found("seats", Some("5")), [ann.id]);
    assert_eq!(found("paid", Some("true")), [bo.id]);
    assert_eq!(found("team", None), [ann.id]);
    for (key, value) in
        [("plan", "Pro"), ("team", "{\"id\":1}"), ("seats", "5.0"), ("id", "1"), ("plan", "")]
    {
        assert_eq!(found(key, Some(value)), [], "{key} {value}");
    }
    let query = UserQuery {
        text: Some("B".to_owned()),
        metadata: Some(with("plan", Some("pro"))),
        after: Some(ann.id),
        limit: 1,
    };
    let page = backend.list_users(&query, NOW).unwrap();
    assert_eq!(page.iter().map(|it| it.user.id).collect::<Vec<_>>(), [bo.id]);
    assert_eq!(found_users(&*backend, Some("nobody"), with("plan", None)), []);

    let set = |id, metadata: Option<Metadata>| {
        let change = UserChange { metadata: Some(metadata), ..UserChange::default() };
        backend.update_user(id, change, &audit("change")).unwrap().unwrap()
    };
    set(cy.id, Some(metadata(json!({ "plan": "free" }))));
    let before = backend.list_audit(None, 100).unwrap().len();
    set(cy.id, Some(metadata(json!({ "plan": "free" }))));
    assert_eq!(backend.list_audit(None, 100).unwrap().len(), before, "nothing has changed");
    set(ann.id, Some(metadata(json!({ "plan": "free" }))));
    assert_eq!(found("plan", Some("free")), [ann.id, cy.id]);
    assert_eq!(found("seats", None), []);
    // Another change leaves the data as it is.
    backend.update_user(cy.id, active(false), &audit("change")).unwrap();
    assert_eq!(found("plan", Some("free")), [ann.id, cy.id]);
    set(ann.id, None);
    assert_eq!(backend.get_account(ann.id, NOW).unwrap().unwrap().metadata, None);
    backend.delete_user(cy.id, &audit("delete")).unwrap().unwrap();
    assert_eq!(found("plan", None), [bo.id]);
    assert_eq!(db.raw().count("user_metadata"), 2);
    assert_eq!(db.raw().count("users WHERE metadata IS NOT NULL"), 1);
    assert_eq!(
        backend.update_user(UserId(999), UserChange::default(), &audit("change")).unwrap(),
        None
    );
}

fn creates(backend: &dyn Backend, by: &User, kind: RoomKind, data: Value) -> Room {
    let name = format!("room {data} {kind:?} of {}", by.username);
    let new = NewRoom { kind, metadata: Some(metadata(data)), ..new_room(&name, by) };
    backend.create_room(&new, &audit("x")).unwrap()
}

fn found_rooms(backend: &dyn Backend, reader: &User, selection: &RoomSelection) -> Vec<RoomId> {
    let reader = Reader { user_id: reader.id, username: &reader.username };
    let listed = backend.list_rooms_read(reader, selection).unwrap().into_iter();
    listed.map(|listed| listed.room.id).collect()
}

pub fn rooms_are_found_by_their_metadata_where_the_reader_sees_them(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let order = || json!({ "order_id": 42, "state": "open" });
    let public = creates(&*backend, &ann, RoomKind::Public, order());
    let of_ann = creates(&*backend, &ann, RoomKind::Private, order());
    let of_bo = creates(&*backend, &bo, RoomKind::Private, order());
    let plain = room(&*backend, &ann);
    let selection = |key: &str, value: Option<&str>| RoomSelection {
        metadata: Some(with(key, value)),
        ..RoomSelection::default()
    };
    let by_id = selection("order_id", Some("42"));
    let check = || {
        for wanted in [by_id.clone(), selection("order_id", None), selection("state", Some("open"))]
        {
            assert_eq!(found_rooms(&*backend, &ann, &wanted), [public.id, of_ann.id]);
            assert_eq!(found_rooms(&*backend, &bo, &wanted), [public.id, of_bo.id]);
            let joined = RoomSelection { membership: Some(Belonging::Joined), ..wanted.clone() };
            assert_eq!(found_rooms(&*backend, &bo, &joined), [of_bo.id]);
            let others = RoomSelection { membership: Some(Belonging::None), ..wanted.clone() };
            assert_eq!(found_rooms(&*backend, &bo, &others), [public.id]);
            assert_eq!(found_rooms(&*backend, &ann, &others), []);
            let private = RoomSelection { kind: Some(RoomKind::Private), ..wanted.clone() };
            assert_eq!(found_rooms(&*backend, &ann, &private), [of_ann.id]);
            let named = RoomSelection { query: Some("PUBLIC".to_owned()), ..wanted.clone() };
            assert_eq!(found_rooms(&*backend, &ann, &named), [public.id]);
            let page = RoomSelection { limit: Some(1), ..wanted.clone() };
            assert_eq!(found_rooms(&*backend, &ann, &page), [public.id]);
            let next = RoomSelection { after: Some(public.id), ..page };
            assert_eq!(found_rooms(&*backend, &ann, &next), [of_ann.id]);
        }
        assert_eq!(found_rooms(&*backend, &ann, &selection("order_id", Some("43"))), []);
        assert_eq!(found_rooms(&*backend, &ann, &selection("x", None)), []);
    };
    check();
    // With many rooms of others that have the same data, other statements look for them.
    let cy = user(&*backend, "cy");
    for i in 0..501 {
        let new = NewRoom {
            kind: RoomKind::Private,
            metadata: Some(metadata(order())),
            ..new_room(&format!("{i}"), &cy)
        };
        backend.create_room(&new, &audit("x")).unwrap();
    }
    check();
    assert_eq!(found_rooms(&*backend, &cy, &by_id).len(), 502);
    let few = selection("state", Some("closed"));
    let closed = RoomChange {
        metadata: Some(Some(metadata(json!({ "state": "closed" })))),
        ..RoomChange::default()
    };
    backend.update_room(of_bo.id, &closed, None, &audit("x")).unwrap().unwrap();
    assert_eq!(found_rooms(&*backend, &bo, &few), [of_bo.id]);
    assert_eq!(found_rooms(&*backend, &ann, &few), []);
    assert_eq!(found_rooms(&*backend, &bo, &by_id), [public.id]);
    assert!(!found_rooms(&*backend, &ann, &by_id).contains(&plain.id));
}

pub fn a_change_of_a_rooms_metadata_is_an_event(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let set = |data: Option<Metadata>| {
        let change = RoomChange { metadata: Some(data), ..RoomChange::default() };
        backend.update_room(general.id, &change, None, &audit("x")).unwrap().unwrap()
    };
    let data = metadata(json!({ "order_id": 42, "text": "tab\t \" ü" }));
    let changed = set(Some(data.clone()));
    assert_eq!(changed.room.metadata, Some(data.clone()));
    assert_eq!(backend.get_room(general.id).unwrap(), Some(changed.room));
    let Some(Event::RoomChanged(event)) = changed.event else { panic!("no event") };
    assert_eq!(event.changed, [RoomField::Metadata]);
    assert_eq!(event.room.metadata, Some(data.clone()));
    assert_eq!(events(&*backend, general.id), [Event::RoomChanged(event)]);
    assert_eq!(set(Some(data)).event, None);
    let rename = RoomChange { name: Some("lobby".to_owned()), ..RoomChange::default() };
    backend.update_room(general.id, &rename, None, &audit("x")).unwrap();
    assert!(backend.get_room(general.id).unwrap().unwrap().metadata.is_some());
    assert_eq!(set(None).room.metadata, None);
    assert_eq!(db.raw().count("room_metadata"), 0);

    let gone = creates(&*backend, &ann, RoomKind::Public, json!({ "a": 1, "b": 2 }));
    backend.delete_room(gone.id, None, &audit("x")).unwrap();
    let selection = RoomSelection { metadata: Some(with("a", None)), ..RoomSelection::default() };
    assert_eq!(found_rooms(&*backend, &ann, &selection), []);
    while backend.purge_deleted_rooms(1).unwrap() {}
    assert_eq!(db.raw().count("room_metadata"), 0);
}

fn said(room: &Room, by: &User, text: &str, data: Value) -> NewMessage {
    let detail = MessageDetail { metadata: Some(metadata(data)), ..MessageDetail::default() };
    let parts = NewParts { detail, ..NewParts::default() };
    NewMessage { parts: Some(Box::new(parts)), ..message(room, by, text) }
}

fn append(backend: &dyn Backend, message: NewMessage) -> Message {
    backend.append_messages(vec![message]).unwrap().remove(0).unwrap().message
}

pub fn messages_are_found_by_their_metadata_in_pages(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (general, other) = (room(&*backend, &ann), room(&*backend, &ann));
    let order = |n: i64| json!({ "order_id": n, "kind": "order" });
    append(&*backend, said(&other, &ann, "elsewhere", order(42)));
    for i in 1..=6 {
        append(&*backend, said(&general, &ann, &i.to_string(), order(42 + i % 2)));
        fill(&*backend, &general, &ann, 1);
    }
    let first = backend.list_messages(general.id, Cursor::After(Seq(0)), 1, View::default());
    let first = first.unwrap().unwrap().messages.remove(0);
    let reply = MessageDetail {
        thread_id: Some(first.id),
        metadata: Some(metadata(order(42))),
        ..MessageDetail::default()
    };
    let parts = NewParts { detail: reply, ..NewParts::default() };
    let in_thread = message(&general, &ann, "only in the thread");
    append(&*backend, NewMessage { parts: Some(Box::new(parts)), ..in_thread });
    let page = |query: &MetadataQuery, cursor, limit, from: i64| {
        let view = View::after(Seq(from));
        let page = backend.list_messages_with(general.id, query, cursor, limit, view);
        let page = page.unwrap().unwrap();
        assert_eq!(page.head_seq, Seq(13));
        (seqs(&page.messages), page.has_older, page.has_newer)
    };
    let (all, of_42) = (with("order_id", None), with("order_id", Some("42")));
    assert_eq!(page(&all, Cursor::Newest, 9, 0), (vec![1, 3, 5, 7, 9, 11], false, false));
    assert_eq!(page(&of_42, Cursor::Newest, 9, 0), (vec![3, 7, 11], false, false));
    assert_eq!(page(&of_42, Cursor::Newest, 2, 0), (vec![7, 11], true, false));
    assert_eq!(page(&of_42, Cursor::Before(Seq(11)), 1, 0), (vec![7], true, true));
    assert_eq!(page(&of_42, Cursor::After(Seq(3)), 1, 0), (vec![7], true, true));
    assert_eq!(page(&of_42, Cursor::Around(Seq(7)), 2, 0), (vec![3, 7], false, true));
    assert_eq!(page(&of_42, Cursor::Newest, 9, 3), (vec![7, 11], false, false));
    assert_eq!(page(&with("kind", Some("x")), Cursor::Newest, 9, 0), (vec![], false, false));
    let nowhere = backend.list_messages_with(RoomId(99), &all, Cursor::Newest, 9, View::default());
    assert_eq!(nowhere.unwrap(), None);
}

pub fn metadata_stays_with_a_message_until_it_is_deleted(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let data = json!({ "b": [1, { "forwarded": "\"forwarded\"" }], "a": "x", "forwarded": { "user_id": 7 } });
    let new = with_client_id(said(&general, &ann, "one", data.clone()), "c");
    let sent = append(&*backend, new.clone());
    assert_eq!(sent.metadata(), Some(&metadata(data.clone())));
    let again = backend.append_messages(vec![new]).unwrap().remove(0).unwrap();
    assert!(again.duplicate);
    assert_eq!(again.message, sent);
    assert_eq!(events(&*backend, general.id), [Event::Message(sent.clone())]);
    // The order of the keys stays too.
    let shown = serde_json::to_string(&backend.get_message(general.id, sent.id).unwrap()).unwrap();
    assert!(shown.contains(&data.to_string()), "{shown}");

    let edited = backend.edit_message(change(&sent, &ann), &NewText::of("two")).unwrap();
    assert_eq!(edited.message.metadata(), sent.metadata());
    let query = with("a", Some("x"));
    let found = || {
        let view = View::default();
        let page = backend.list_messages_with(general.id, &query, Cursor::Newest, 9, view);
        seqs(&page.unwrap().unwrap().messages)
    };
    assert_eq!(found(), [1]);
    let deleted = backend.delete_message(change(&sent, &ann), None).unwrap();
    assert_eq!(deleted.message.metadata(), None);
    assert_eq!(backend.get_message(general.id, sent.id).unwrap().unwrap().metadata(), None);
    assert!(found().is_empty());
    assert_eq!(db.raw().count("message_metadata"), 0);
}
