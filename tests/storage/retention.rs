//! Pruning: deleting the oldest events of a log.

use chatapp::model::{Cursor, NewMessage, Seq, View};

use crate::harness::{NOW, TestDatabase, audit, events, message, room, seqs, user};

pub fn the_oldest_events_are_pruned_in_steps_up_to_the_first_that_is_kept(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (general, other) = (room(&*backend, &ann), room(&*backend, &ann));
    // The clock was set back once: an old event after a newer one is kept as long as the newer one.
    for seconds in [1, 2, 3, 9, 4, 10] {
        let at = NOW.plus_seconds(seconds);
        let sent = [&general, &other]
            .map(|room| NewMessage { timestamp: at, ..message(room, &ann, &seconds.to_string()) });
        backend.append_messages(sent.to_vec()).unwrap();
    }
    let before = NOW.plus_seconds(5);
    assert_eq!(backend.count_prunable(general.id, before).unwrap(), 3);
    let entry = audit("room.prune");
    let prune = || backend.prune_events(general.id, before, 2, Some(&entry)).unwrap();
    assert_eq!([prune(), prune(), prune()], [2, 1, 0]);
    // A call that deletes nothing is not recorded.
    let on_record = backend.list_audit(None, 10).unwrap();
    let prunings = on_record.iter().filter(|entry| entry.action == "room.prune");
    let room = format!("room #{}", general.id);
    assert!(prunings.clone().all(|entry| entry.target == room));
    assert_eq!(prunings.count(), 2);
    assert_eq!(backend.count_prunable(general.id, before).unwrap(), 0);

    let room = backend.get_room(general.id).unwrap().unwrap();
    assert_eq!((room.oldest_seq, room.head_seq), (Seq(4), Seq(6)));
    let kept: Vec<_> = events(&*backend, general.id).iter().map(|event| event.seq().0).collect();
    assert_eq!(kept, [4, 5, 6]);
    let page =
        backend.list_messages(general.id, Cursor::Newest, 3, View::default()).unwrap().unwrap();
    assert_eq!((seqs(&page.messages), page.has_older), (vec![4, 5, 6], false));
    assert_eq!(backend.get_room(other.id).unwrap().unwrap().oldest_seq, Seq(1));
}

pub fn seqs_continue_after_the_whole_log_was_pruned(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    assert_eq!(backend.prune_events(general.id, NOW, 10, None).unwrap(), 0);
    let send = || {
        let sent = backend.append_messages(vec![message(&general, &ann, "hello")]).unwrap();
        let sent = sent.into_iter().next().unwrap().unwrap().message;
        (sent.id, sent.seq)
    };
    let (first_id, _) = send();
    assert_eq!(backend.prune_events(general.id, NOW.plus_seconds(1), 10, None).unwrap(), 1);
    let empty = backend.get_room(general.id).unwrap().unwrap();
    assert_eq!((empty.oldest_seq, empty.head_seq), (Seq(2), Seq(1)));
    let page =
        backend.list_messages(general.id, Cursor::Newest, 10, View::default()).unwrap().unwrap();
    assert_eq!((page.messages.len(), page.has_older, page.has_newer), (0, false, false));
    let (id, seq) = send();
    assert_eq!(seq, Seq(2));
    assert!(id > first_id);
}
