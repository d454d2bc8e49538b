//! Profiles, the directory, and blocks.

use chatapp::model::{
    Event, NewRoom, PeopleQuery, Person, Profile, ProfileChange, RoomKind, Status, Timestamp, User,
    UserCard, UserId,
};
use chatapp::storage::Backend;

use crate::harness::{
    NOW, TestDatabase, active, audit, audit_at, events, fill, message, new_room, room, session,
    user, with_client_id,
};

fn named(name: &str) -> ProfileChange {
    ProfileChange { display_name: Some(Some(name.to_owned())), ..ProfileChange::default() }
}

fn rename(backend: &dyn Backend, user: &User, name: &str) {
    backend.update_profile(user.id, &named(name), NOW).unwrap().unwrap();
}

fn card(backend: &dyn Backend, id: UserId) -> Option<UserCard> {
    backend.list_cards(&[id]).unwrap().pop()
}

/// The usernames that the directory finds.
fn found(backend: &dyn Backend, text: &str) -> Vec<String> {
    let query = PeopleQuery { text: Some(text.to_owned()), after: None, limit: 100 };
    let cards = backend.list_people(&query).unwrap();
    cards.iter().map(|card| card.username.to_string()).collect()
}

pub fn a_profile_is_shown_as_it_was_last_changed(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let empty = UserCard {
        id: ann.id,
        username: "ann".into(),
        is_active: true,
        is_bot: false,
        profile: Profile::default(),
        last_seen_at: None,
    };
    assert_eq!(card(&*backend, ann.id), Some(empty.clone()));
    let status = Status {
        text: Some("Lunch".to_owned()),
        emoji: Some("🥗".to_owned()),
        until: Some(NOW.plus_seconds(60)),
    };
    let all = ProfileChange {
        display_name: Some(Some("Ann Lee".to_owned())),
        title: Some(Some("Baker".to_owned())),
        timezone: Some(Some("Asia/Seoul".to_owned())),
        status: Some(Some(status.clone())),
    };
    let updated = backend.update_profile(ann.id, &all, NOW).unwrap().unwrap();
    let profile = Profile {
        display_name: Some("Ann Lee".into()),
        title: Some("Baker".to_owned()),
        timezone: Some("Asia/Seoul".to_owned()),
        status: Some(status),
    };
    assert_eq!(updated.before, Profile::default());
    assert_eq!(updated.card.profile, profile);
    assert_eq!(card(&*backend, ann.id).unwrap().profile, profile);

    let nothing = backend.update_profile(ann.id, &ProfileChange::default(), NOW).unwrap().unwrap();
    assert_eq!(nothing.card.profile, profile);
    let less = ProfileChange {
        title: Some(None),
        status: Some(Some(Status { text: Some("Back".to_owned()), ..Status::default() })),
        ..ProfileChange::default()
    };
    backend.update_profile(ann.id, &less, NOW).unwrap().unwrap();
    let status = Some(Status { text: Some("Back".to_owned()), ..Status::default() });
    assert_eq!(
        card(&*backend, ann.id).unwrap().profile,
        Profile { title: None, status, ..profile }
    );
    let none = ProfileChange {
        display_name: Some(None),
        title: Some(None),
        timezone: Some(None),
        status: Some(None),
    };
    backend.update_profile(ann.id, &none, NOW).unwrap().unwrap();
    assert_eq!(card(&*backend, ann.id), Some(empty));
    for missing in [UserId(0), UserId(ann.id.0 + 1)] {
        assert_eq!(backend.update_profile(missing, &all, NOW).unwrap(), None);
    }
}

pub fn the_directory_finds_active_people_by_a_part_of_a_name(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let bo = user(&*backend, "bo");
    let cem = user(&*backend, "cem");
    let idle = user(&*backend, "annika");
    backend.update_user(idle.id, active(false), &audit("user.update")).unwrap();
    rename(&*backend, &ann, "李 Ann");
    rename(&*backend, &bo, "Johanna Müller");
    rename(&*backend, &cem, "Борис Ёлкин, ΝΊΚΟΣ");
    for (text, expected) in [
        ("ANN", vec!["ann", "bo"]),
        ("müller", vec!["bo"]),
        ("MÜLLER", vec!["bo"]),
        ("борис ё", vec!["cem"]),
        ("БОРИС", vec!["cem"]),
        ("Елкин", vec![]),
        ("νίκος", vec!["cem"]),
        ("νίκοσ", vec!["cem"]),
        ("李", vec!["ann"]),
        ("em", vec!["cem"]),
        ("example.org", vec![]),
        ("server", vec![]),
        ("%", vec![]),
        ("\0", vec![]),
        ("", vec!["ann", "bo", "cem"]),
    ] {
        assert_eq!(found(&*backend, text), expected, "{text:?}");
    }
    let page = |after: Option<UserId>| {
        let cards = backend.list_people(&PeopleQuery { text: None, after, limit: 2 }).unwrap();
        cards.into_iter().map(|card| card.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None), [ann.id, bo.id]);
    assert_eq!(page(Some(bo.id)), [cem.id]);
    assert_eq!(page(Some(cem.id)), []);
}

pub fn cards_are_found_by_id(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    backend.update_user(bo.id, active(false), &audit("user.update")).unwrap();
    let asked = [bo.id, UserId(0), ann.id, UserId(bo.id.0 + 1), bo.id];
    let cards = backend.list_cards(&asked).unwrap();
    let seen: Vec<_> = cards.iter().map(|card| (card.id, card.is_active)).collect();
    assert_eq!(seen, [(ann.id, true), (bo.id, false)]);
    assert_eq!(backend.list_cards(&[]).unwrap(), []);
}

pub fn events_have_the_names_of_now(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &bo, 1);
    let sent = with_client_id(message(&room, &ann, "hello"), "c-1");
    let stored = backend.append_messages(vec![sent.clone()]).unwrap().remove(0).unwrap();
    assert_eq!(stored.message.display_name, None);
    rename(&*backend, &ann, "Ann Lee");
    let change = chatapp::model::RoomChange {
        description: Some(Some("Come in".to_owned())),
        ..chatapp::model::RoomChange::default()
    };
    let mut entry = audit("room.update");
    entry.actor = chatapp::model::Actor::Account(ann.id);
    let updated = backend.update_room(room.id, &change, None, &entry).unwrap().unwrap();
    let log = events(&*backend, room.id);
    assert_eq!(log[2], updated.event.unwrap());
    let name = |event: &Event| match event {
        Event::Message(message) => message.display_name.clone(),
        Event::RoomChanged(change) => change.header.display_name.clone(),
        other => panic!("{other:?}"),
    };
    let names: Vec<_> = log.iter().map(name).collect();
    assert_eq!(names, [None, Some("Ann Lee".into()), Some("Ann Lee".into())]);
    let found = backend.get_message(room.id, stored.message.id).unwrap().unwrap();
    assert_eq!(found.display_name.as_deref(), Some("Ann Lee"));
    // The original of a repeated send has the names of now, too.
    let again = backend.append_messages(vec![sent]).unwrap().remove(0).unwrap();
    assert!(again.duplicate);
    assert_eq!(again.message, found);
    session(&*backend, 1, &ann);
    let session = backend.get_session(chatapp::model::SessionId(1)).unwrap().unwrap();
    assert_eq!(session.display_name.as_deref(), Some("Ann Lee"));
    assert_eq!(session.user, ann);
}

pub fn a_changed_display_name_is_listed_for_other_processes(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let renamed = |since: Timestamp| backend.list_revoked(since).unwrap().renamed;
    let title = ProfileChange { title: Some(Some("Baker".to_owned())), ..ProfileChange::default() };
    backend.update_profile(bo.id, &title, NOW).unwrap();
    assert_eq!(renamed(NOW), []);
    rename(&*backend, &ann, "Ann Lee");
    let display_name = Some("Ann Lee".into());
    let person = Person { user_id: ann.id, username: "ann".into(), display_name };
    assert_eq!(renamed(NOW), std::slice::from_ref(&person));
    assert_eq!(renamed(NOW.plus_seconds(1)), []);
    let later = NOW.plus_seconds(10);
    backend.update_profile(ann.id, &named("Ann Lee"), later).unwrap();
    assert_eq!(renamed(later), [], "the same name is no change");
    let none = ProfileChange { display_name: Some(None), ..ProfileChange::default() };
    backend.update_profile(ann.id, &none, later).unwrap();
    assert_eq!(renamed(later), [Person { display_name: None, ..person }]);
}

pub fn blocks_are_listed_and_lifted(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cem] = ["ann", "bo", "cem"].map(|name| user(&*backend, name));
    let blocked = |user: &User| {
        let blocks = backend.list_blocks(user.id).unwrap();
        blocks.iter().map(|block| (block.user.id, block.created_at)).collect::<Vec<_>>()
    };
    assert!(backend.add_block(ann.id, cem.id, NOW).unwrap());
    assert!(backend.add_block(ann.id, bo.id, NOW.plus_seconds(1)).unwrap());
    assert!(backend.add_block(ann.id, cem.id, NOW.plus_seconds(2)).unwrap());
    assert_eq!(blocked(&ann), [(bo.id, NOW.plus_seconds(1)), (cem.id, NOW)]);
    assert_eq!(blocked(&bo), []);
    assert!(!backend.add_block(ann.id, UserId(cem.id.0 + 1), NOW).unwrap());
    assert!(!backend.add_block(ann.id, UserId(0), NOW).unwrap());
    assert!(backend.remove_block(ann.id, bo.id).unwrap());
    assert!(!backend.remove_block(ann.id, bo.id).unwrap());
    assert!(!backend.remove_block(cem.id, ann.id).unwrap());
    assert_eq!(blocked(&ann), [(cem.id, NOW)]);
}

pub fn a_block_is_a_change_of_access_to_the_direct_rooms_of_the_two(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cem] = ["ann", "bo", "cem"].map(|name| user(&*backend, name));
    let open = |people: &[UserId]| {
        let ids: Vec<_> = people.iter().map(UserId::to_string).collect();
        let new = NewRoom {
            kind: RoomKind::Direct,
            direct_key: Some(ids.join(",")),
            ..new_room("", &ann)
        };
        backend.open_direct_room(&new, people).unwrap().0.id
    };
    let (two, three) = (open(&[ann.id, bo.id]), open(&[ann.id, bo.id, cem.id]));
    open(&[ann.id, cem.id]);
    room(&*backend, &ann);
    let changed = || {
        let before = backend.list_access_changes(i64::MAX).unwrap().version;
        move |backend: &dyn Backend| {
            let mut rooms = backend.list_access_changes(before).unwrap().rooms;
            rooms.sort_unstable();
            rooms
        }
    };
    let is_blocked =
        |id, user: &User| backend.get_standing(id, user.id).unwrap().unwrap().is_blocked;
    let of_block = changed();
    backend.add_block(bo.id, ann.id, NOW).unwrap();
    assert_eq!(of_block(&*backend), [two, three]);
    // A block ends the conversation of two people, not one that others are in.
    assert!(is_blocked(two, &ann) && !is_blocked(three, &ann) && !is_blocked(three, &cem));
    let of_nothing = changed();
    backend.add_block(bo.id, ann.id, NOW).unwrap();
    assert_eq!(of_nothing(&*backend), []);
    let of_lift = changed();
    backend.remove_block(bo.id, ann.id).unwrap();
    assert_eq!(of_lift(&*backend), [two, three]);
    assert!(!is_blocked(two, &ann));
}

pub fn the_last_sight_of_a_person_never_goes_back(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let seen = |user: &User| card(&*backend, user.id).unwrap().last_seen_at;
    assert_eq!(seen(&ann), None);
    backend.note_last_seen(&[bo.id, ann.id, UserId(0), UserId(bo.id.0 + 1)], NOW).unwrap();
    assert_eq!((seen(&ann), seen(&bo)), (Some(NOW), Some(NOW)));
    let later = NOW.plus_seconds(5);
    backend.note_last_seen(&[ann.id], later).unwrap();
    backend.note_last_seen(&[ann.id, bo.id], NOW.plus_seconds(1)).unwrap();
    assert_eq!((seen(&ann), seen(&bo)), (Some(later), Some(NOW.plus_seconds(1))));
    backend.note_last_seen(&[], later).unwrap();
}

pub fn a_deleted_account_has_no_profile_and_no_blocks(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let room = room(&*backend, &bo);
    fill(&*backend, &room, &bo, 1);
    rename(&*backend, &bo, "Bo Chen");
    backend.note_last_seen(&[bo.id], NOW).unwrap();
    backend.add_block(ann.id, bo.id, NOW).unwrap();
    backend.add_block(bo.id, ann.id, NOW).unwrap();
    assert!(backend.delete_user(bo.id, &audit_at("user.delete", NOW)).unwrap().is_some());
    assert_eq!(card(&*backend, bo.id), None);
    assert_eq!(backend.update_profile(bo.id, &named("Bo"), NOW).unwrap(), None);
    assert_eq!(backend.list_blocks(ann.id).unwrap(), []);
    backend.note_last_seen(&[bo.id], NOW.plus_seconds(9)).unwrap();
    assert_eq!(db.raw().count("blocks"), 0);
    let kept = "users WHERE coalesce(display_name, title, timezone, status_text, status_emoji) \
                IS NOT NULL OR status_until IS NOT NULL OR last_seen_at IS NOT NULL";
    assert_eq!(db.raw().count(kept), 0);
    let Event::Message(message) = &events(&*backend, room.id)[0] else { panic!() };
    assert_eq!(message.display_name, None);
}
