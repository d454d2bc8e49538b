//! What people have written and not sent.

use chatapp::model::{
    EventId, LeaveCause, MemberAct, Room, RoomId, Timestamp, User, VisibleHistory,
};
use chatapp::storage::Backend;
use chatapp::storage::backend::{MAX_DRAFTS, SavedDraft};

use crate::harness::{NOW, TestDatabase, audit, message, on_threads, room, user};
use crate::threads::{act_in, join, private, send};

fn at(seconds: i64) -> Timestamp {
    NOW.plus_seconds(seconds)
}

fn draft(by: &User, room: &Room, thread: Option<EventId>, text: &str, time: i64) -> SavedDraft {
    let content = text.to_owned();
    let (user_id, room_id) = (by.id, room.id);
    SavedDraft { user_id, room_id, thread_id: thread, content, updated_at: at(time) }
}

fn save(backend: &dyn Backend, draft: &SavedDraft) {
    assert_eq!(backend.save_draft(draft.clone()).unwrap(), Some((draft.clone(), true)));
}

fn list(backend: &dyn Backend, by: &User) -> Vec<SavedDraft> {
    backend.list_drafts(by.id, NOW).unwrap()
}

pub fn a_draft_replaces_the_one_before_in_its_room_or_thread(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let (general, other) = (room(&*backend, &ann), room(&*backend, &ann));
    let first = send(&*backend, message(&general, &ann, "first")).id;
    let in_room = draft(&ann, &general, None, " hel\n", 1);
    let in_thread = draft(&ann, &general, Some(first), "x", 3);
    let elsewhere = draft(&ann, &other, None, " ", 2);
    for it in [&in_room, &in_thread, &elsewhere, &draft(&bo, &general, None, "of bo", 4)] {
        save(&*backend, it);
    }
    assert_eq!(
        list(&*backend, &ann),
        [in_thread.clone(), elsewhere.clone(), in_room.clone()],
        "the newest first"
    );
    // The same text is no change.
    let again = SavedDraft { updated_at: at(5), ..in_room.clone() };
    assert_eq!(backend.save_draft(again).unwrap(), Some((in_room, false)));
    let longer = draft(&ann, &general, None, "hello", 6);
    save(&*backend, &longer);
    assert_eq!(list(&*backend, &ann), [longer, in_thread, elsewhere.clone()]);
    assert!(backend.delete_draft(ann.id, general.id, None).unwrap());
    assert!(!backend.delete_draft(ann.id, general.id, None).unwrap());
    assert!(backend.delete_draft(ann.id, general.id, Some(first)).unwrap());
    assert_eq!(list(&*backend, &ann), [elsewhere]);
    assert_eq!(list(&*backend, &bo).len(), 1);
}

pub fn drafts_are_listed_where_their_author_may_read(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let (public, gone) = (room(&*backend, &ann), room(&*backend, &ann));
    let quiet = private(&*backend, &ann, VisibleHistory::Joined);
    join(&*backend, &quiet, &bo);
    let first = send(&*backend, message(&quiet, &ann, "first")).id;
    for (n, (room, thread)) in
        [(&public, None), (&gone, None), (&quiet, None), (&quiet, Some(first))]
            .into_iter()
            .enumerate()
    {
        save(&*backend, &draft(&bo, room, thread, "x", n as i64));
    }
    let places = |now| -> Vec<(RoomId, Option<EventId>)> {
        let drafts = backend.list_drafts(bo.id, now).unwrap();
        drafts.into_iter().map(|draft| (draft.room_id, draft.thread_id)).collect()
    };
    let (in_public, in_quiet) = ((public.id, None), (quiet.id, None));
    assert_eq!(places(NOW), [(quiet.id, Some(first)), in_quiet, (gone.id, None), in_public]);
    backend.delete_room(gone.id, None, &audit("x")).unwrap();
    act_in(&*backend, &quiet, MemberAct::Leave { user_id: bo.id, cause: LeaveCause::Left });
    act_in(&*backend, &public, MemberAct::Ban { user_id: bo.id, until: Some(at(60)) });
    assert_eq!(places(NOW), []);
    assert_eq!(places(at(60)), [in_public]);
    // Members see what came after them: the thread began before.
    join(&*backend, &quiet, &bo);
    assert_eq!(places(NOW), [in_quiet]);
}

pub fn the_number_of_drafts_of_a_user_is_limited(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let general = room(&*backend, &ann);
    on_threads(4, |thread| {
        let backend = db.open();
        for n in 1..=i64::from(MAX_DRAFTS) / 3 {
            let thread = Some(EventId(1_000 * (thread as i64 + 1) + n));
            backend.save_draft(draft(&ann, &general, thread, "x", 0)).unwrap();
        }
    });
    assert_eq!(db.raw().count("drafts"), i64::from(MAX_DRAFTS));
    assert_eq!(backend.save_draft(draft(&ann, &general, None, "x", 0)).unwrap(), None);
    // One that is there is still changed.
    let of_first_thread = Some(EventId(1_001));
    assert!(backend.delete_draft(ann.id, general.id, of_first_thread).unwrap());
    save(&*backend, &draft(&ann, &general, None, "x", 0));
    save(&*backend, &draft(&ann, &general, None, "y", 0));
    assert_eq!(backend.save_draft(draft(&ann, &general, of_first_thread, "x", 0)).unwrap(), None);
    save(&*backend, &draft(&bo, &general, None, "x", 0));
    backend.delete_user(bo.id, &audit("user.delete")).unwrap().unwrap();
    assert_eq!(backend.save_draft(draft(&bo, &general, None, "x", 0)).unwrap(), None);
    backend.delete_room(general.id, None, &audit("x")).unwrap();
    assert_eq!(backend.save_draft(draft(&ann, &general, None, "z", 0)).unwrap(), None);
}

pub fn a_draft_for_a_thread_goes_with_its_first_message(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let first = send(&*backend, message(&general, &ann, "first"));
    let in_thread = draft(&ann, &general, Some(first.id), "x", 1);
    let in_room = draft(&ann, &general, None, "x", 0);
    save(&*backend, &in_thread);
    save(&*backend, &in_room);
    // The thread of a deleted message can still be read and replied to.
    backend.delete_message(crate::harness::change(&first, &ann), None).unwrap();
    assert_eq!(list(&*backend, &ann), [in_thread, in_room.clone()]);
    backend.prune_events(general.id, at(30), 100, None).unwrap();
    assert_eq!(list(&*backend, &ann), [in_room]);
    assert_eq!(db.raw().count("drafts"), 1);
}
