//! Reading pages of the log.

use std::sync::Arc;

use chatapp::model::{Cursor, EventPage, MessagePage, Room, RoomId, Seq, View};
use chatapp::storage::Backend;

use crate::harness::{TestDatabase, fill, room, seqs, user};

/// Makes a room with messages 1 to 10. An earlier room has more messages, which no page may show.
fn ten(db: &TestDatabase) -> (Arc<dyn Backend>, Room) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (other, ten) = (room(&*backend, &ann), room(&*backend, &ann));
    fill(&*backend, &other, &ann, 15);
    fill(&*backend, &ten, &ann, 10);
    (backend, ten)
}

/// Reads a page: its seqs, `has_older` and `has_newer`.
fn page(backend: &dyn Backend, room: &Room, cursor: Cursor, limit: u32) -> (Vec<i64>, bool, bool) {
    let page = backend.list_messages(room.id, cursor, limit, View::default()).unwrap().unwrap();
    assert_eq!(page.head_seq, Seq(10));
    for message in &page.messages {
        assert_eq!(message.room_id, room.id);
        assert_eq!((&message.content, &*message.username), (&message.seq.to_string(), "ann"));
    }
    (seqs(&page.messages), page.has_older, page.has_newer)
}

pub fn an_unknown_room_has_no_page(db: &TestDatabase) {
    let backend = db.backend();
    assert_eq!(
        backend.list_messages(RoomId(77), Cursor::Newest, 10, View::default()).unwrap(),
        None
    );
    assert_eq!(backend.list_events(RoomId(77), Seq(0), 10).unwrap(), None);
}

pub fn an_empty_room_has_an_empty_page(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let empty =
        MessagePage { messages: Vec::new(), has_older: false, has_newer: false, head_seq: Seq(0) };
    for cursor in
        [Cursor::Newest, Cursor::Before(Seq(3)), Cursor::After(Seq(0)), Cursor::Around(Seq(1))]
    {
        assert_eq!(
            backend.list_messages(room.id, cursor, 10, View::default()).unwrap(),
            Some(empty.clone())
        );
    }
    let events = backend.list_events(room.id, Seq(0), 10).unwrap();
    assert_eq!(events, Some(EventPage { events: Vec::new(), head_seq: Seq(0) }));
}

pub fn the_newest_page(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    let newest = |limit| page(&*backend, &ten, Cursor::Newest, limit);
    assert_eq!(newest(3), (vec![8, 9, 10], true, false));
    assert_eq!(newest(10), ((1..=10).collect(), false, false));
    assert_eq!(newest(200), ((1..=10).collect(), false, false));
    assert_eq!(newest(0), (vec![], true, false));
}

pub fn the_page_before(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    let before = |seq, limit| page(&*backend, &ten, Cursor::Before(Seq(seq)), limit);
    assert_eq!(before(8, 3), (vec![5, 6, 7], true, true));
    assert_eq!(before(4, 3), (vec![1, 2, 3], false, true));
    assert_eq!(before(3, 3), (vec![1, 2], false, true));
    assert_eq!(before(1, 3), (vec![], false, true));
    assert_eq!(before(11, 3), (vec![8, 9, 10], true, false));
    assert_eq!(before(99, 3), (vec![8, 9, 10], true, false));
}

pub fn the_page_after(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    let after = |seq, limit| page(&*backend, &ten, Cursor::After(Seq(seq)), limit);
    assert_eq!(after(0, 3), (vec![1, 2, 3], false, true));
    assert_eq!(after(1, 3), (vec![2, 3, 4], true, true));
    assert_eq!(after(7, 3), (vec![8, 9, 10], true, false));
    assert_eq!(after(8, 3), (vec![9, 10], true, false));
    assert_eq!(after(10, 3), (vec![], true, false));
    assert_eq!(after(99, 3), (vec![], true, false));
    assert_eq!(after(-5, 3), (vec![1, 2, 3], false, true));
}

pub fn the_page_around(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    let around = |seq, limit| page(&*backend, &ten, Cursor::Around(Seq(seq)), limit);
    assert_eq!(around(5, 4), (vec![3, 4, 5, 6], true, true));
    assert_eq!(around(5, 5), (vec![3, 4, 5, 6, 7], true, true));
    assert_eq!(around(5, 1), (vec![5], true, true));
    assert_eq!(around(1, 4), (vec![1, 2], false, true));
    assert_eq!(around(10, 4), (vec![8, 9, 10], true, false));
    assert_eq!(around(50, 4), (vec![9, 10], true, false));
    assert_eq!(around(5, 200), ((1..=10).collect(), false, false));
}

pub fn cursors_at_the_ends_of_the_numbers(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    let page = |cursor| page(&*backend, &ten, cursor, 2);
    let (min, max) = (Seq(i64::MIN), Seq(i64::MAX));
    assert_eq!(page(Cursor::Before(min)), (vec![], false, true));
    assert_eq!(page(Cursor::Before(max)), (vec![9, 10], true, false));
    assert_eq!(page(Cursor::After(min)), (vec![1, 2], false, true));
    assert_eq!(page(Cursor::After(max)), (vec![], true, false));
    assert_eq!(page(Cursor::Around(min)), (vec![1], false, true));
    assert_eq!(page(Cursor::Around(max)), (vec![10], true, false));
    assert_eq!(backend.list_events(ten.id, max, u32::MAX).unwrap().unwrap().events, []);
    assert_eq!(backend.list_events(ten.id, min, u32::MAX).unwrap().unwrap().events.len(), 10);
}

pub fn events_after_a_cursor(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    let after = |seq, limit| -> Vec<i64> {
        let page = backend.list_events(ten.id, Seq(seq), limit).unwrap().unwrap();
        assert_eq!(page.head_seq, Seq(10));
        page.events.iter().map(|event| event.seq().0).collect()
    };
    assert_eq!(after(0, 3), [1, 2, 3]);
    assert_eq!(after(3, 100), [4, 5, 6, 7, 8, 9, 10]);
    assert!(after(10, 3).is_empty());
    assert!(after(0, 0).is_empty());
}

pub fn only_messages_are_on_pages(db: &TestDatabase) {
    let (backend, ten) = ten(db);
    // Further kinds of event have positions in the same sequence.
    db.raw().execute(&format!(
        "UPDATE events SET kind = 'other' WHERE room_id = {} AND seq IN (1, 5, 6, 10)",
        ten.id
    ));
    let page = |cursor, limit| page(&*backend, &ten, cursor, limit);
    assert_eq!(page(Cursor::Newest, 4), (vec![4, 7, 8, 9], true, false));
    assert_eq!(page(Cursor::Before(Seq(5)), 3), (vec![2, 3, 4], false, true));
    assert_eq!(page(Cursor::After(Seq(9)), 3), (vec![], true, false));
    assert_eq!(page(Cursor::Around(Seq(6)), 4), (vec![3, 4, 7, 8], true, true));
}
