//! Outgoing webhooks.

use chatapp::model::{
    Delivery, EventId, EventKind, FailingRoom, HookFilter, LeaveCause, MemberAct, NewMemberChange,
    NewOutgoingHook, NewRoom, OutgoingHook, OutgoingHookChange, OutgoingHookId, Replay, Room,
    RoomId, RoomKind, RoomRole, Seq, Timestamp, User, UserId,
};
use chatapp::storage::Backend;
use chatapp::storage::backend::{
    DueRoom, HookOutcome, HookProgress, KEPT_DELIVERIES, MAX_OUTGOING_HOOKS, RunningHook,
};

use crate::bots;
use crate::harness::{NOW, TestDatabase, audit, message, new_room, room, user};

pub fn new_hook(bot: &User) -> NewOutgoingHook {
    NewOutgoingHook {
        user_id: bot.id,
        url: "https://shop.example.com/hook".into(),
        filter: HookFilter::default(),
        secret: "c2VjcmV0".into(),
    }
}

pub fn create(backend: &dyn Backend, hook: &NewOutgoingHook) -> OutgoingHook {
    match backend.create_outgoing_hook(hook, &audit("outgoing_hook.create")).unwrap() {
        HookOutcome::Stored(hook) => hook,
        refused => panic!("{refused:?}"),
    }
}

fn say(backend: &dyn Backend, room: &Room, by: &User, texts: &[&str]) {
    let messages = texts.iter().map(|text| message(room, by, text)).collect();
    backend.append_messages(messages).unwrap().into_iter().for_each(|it| drop(it.unwrap()));
}

fn running(backend: &dyn Backend, id: OutgoingHookId) -> Option<RunningHook> {
    backend.list_running_hooks().unwrap().into_iter().find(|hook| hook.id == id)
}

fn due(backend: &dyn Backend, id: OutgoingHookId, last: i64, now: Timestamp) -> Vec<DueRoom> {
    let hook = running(backend, id).unwrap();
    backend.list_due_rooms(&hook, RoomId(last), now, 10).unwrap()
}

fn due_ids(backend: &dyn Backend, id: OutgoingHookId) -> Vec<RoomId> {
    due(backend, id, 0, NOW).iter().map(|room| room.room_id).collect()
}

fn progress(id: OutgoingHookId, room: &Room, [from, to]: [i64; 2]) -> HookProgress {
    HookProgress {
        hook_id: id,
        room_id: room.id,
        from: Seq(from),
        to: Seq(to),
        failures: 0,
        retry_at: None,
        deliveries: Vec::new(),
    }
}

pub fn a_hook_is_due_in_rooms_with_new_events(db: &TestDatabase) {
    let backend = &*db.backend();
    let ann = user(backend, "ann");
    let [one, two] = [room(backend, &ann), room(backend, &ann)];
    say(backend, &one, &ann, &["before"]);
    let bot = bots::bot(backend, "shop");
    let hook = create(backend, &new_hook(&bot));
    assert_eq!(backend.list_outgoing_hooks(None).unwrap(), std::slice::from_ref(&hook));
    assert_eq!(due_ids(backend, hook.id), []);
    say(backend, &one, &ann, &["1", "2"]);
    say(backend, &two, &ann, &["1"]);
    let newer = room(backend, &ann);
    say(backend, &newer, &ann, &["1"]);
    let found = due(backend, hook.id, 0, NOW);
    let head = |room: &Room| backend.get_room(room.id).unwrap().unwrap().head_seq.0;
    let expected = |room: &Room, after: i64| DueRoom {
        room_id: room.id,
        stored: Seq(after),
        after: Seq(after),
        failures: 0,
    };
    let all = [expected(&one, head(&one) - 2), expected(&two, head(&two) - 1), expected(&newer, 0)];
    assert_eq!(found, all);
    // The rooms after the last one come first.
    let found = due(backend, hook.id, one.id.0, NOW);
    assert_eq!(found, [all[1], all[2], all[0]]);

    let at = all[0].stored.0;
    backend.record_progress(&progress(hook.id, &one, [at, at + 2])).unwrap();
    assert_eq!(due_ids(backend, hook.id), [two.id, newer.id]);
    // Somebody has moved the position meanwhile.
    backend.record_progress(&progress(hook.id, &one, [at, at + 1])).unwrap();
    assert_eq!(due_ids(backend, hook.id), [two.id, newer.id]);

    let filter = HookFilter { kinds: Some(vec![EventKind::Message]), room_ids: Some(vec![two.id]) };
    let change =
        OutgoingHookChange { filter: Some(filter.clone()), ..OutgoingHookChange::default() };
    let entry = audit("outgoing_hook.update");
    let changed = backend.change_outgoing_hook(hook.id, &change, &entry).unwrap().unwrap();
    assert_eq!(changed.filter, filter);
    assert_eq!(due_ids(backend, hook.id), [two.id]);
    assert!(backend.delete_room(two.id, None, &audit("room.delete")).unwrap());
    assert_eq!(due_ids(backend, hook.id), []);
}

pub fn a_hook_reads_what_its_bot_may_read(db: &TestDatabase) {
    let backend = &*db.backend();
    let ann = user(backend, "ann");
    let bot = bots::bot(backend, "shop");
    let hook = create(backend, &new_hook(&bot));
    let closed = NewRoom { kind: RoomKind::Private, ..new_room("closed", &ann) };
    let closed = backend.create_room(&closed, &audit("room.create")).unwrap();
    say(backend, &closed, &ann, &["1", "2"]);
    assert_eq!(due_ids(backend, hook.id), []);
    let change = |act| NewMemberChange {
        room_id: closed.id,
        by: ann.id,
        timestamp: NOW,
        below: None,
        reason: None,
        act,
    };
    let before = backend.get_room(closed.id).unwrap().unwrap().head_seq;
    let join = MemberAct::Join { user_ids: vec![bot.id], role: RoomRole::Member };
    backend.change_members(&change(join), None, Some(&audit("member.add"))).unwrap();
    // The history is open to members, and what was said before is passed over nevertheless.
    let due_room = due(backend, hook.id, 0, NOW)[0];
    assert_eq!((due_room.stored, due_room.after), (Seq(0), before));
    let leave = MemberAct::Leave { user_id: bot.id, cause: LeaveCause::Removed };
    backend.change_members(&change(leave), None, Some(&audit("member.remove"))).unwrap();
    assert_eq!(due_ids(backend, hook.id), []);
}

pub fn failures_have_a_time_and_can_be_replayed(db: &TestDatabase) {
    let backend = &*db.backend();
    let ann = user(backend, "ann");
    let bot = bots::bot(backend, "shop");
    let hook = create(backend, &new_hook(&bot));
    let room = room(backend, &ann);
    say(backend, &room, &ann, &["1", "2", "3"]);
    let later = NOW.plus_seconds(5);
    let delivery = |seq: i64, failure: Option<&str>| Delivery {
        id: 0,
        room_id: room.id,
        seq: Seq(seq),
        event_id: EventId(seq + 100),
        kind: "message".into(),
        attempted_at: NOW,
        duration_ms: 7,
        status: failure.map(|_| 500).or(Some(200)),
        failure: failure.map(str::to_owned),
    };
    let failed = HookProgress {
        failures: 1,
        retry_at: Some(later),
        deliveries: vec![delivery(1, None), delivery(2, Some("the answer is 500"))],
        ..progress(hook.id, &room, [0, 1])
    };
    backend.record_progress(&failed).unwrap();
    assert_eq!(due_ids(backend, hook.id), []);
    let again = due(backend, hook.id, 0, later);
    assert_eq!((again[0].after, again[0].failures), (Seq(1), 1));
    let failing = FailingRoom { room_id: room.id, seq: Seq(1), failures: 1, retry_at: Some(later) };
    assert_eq!(backend.list_failing_rooms(hook.id, 9).unwrap(), [failing]);
    let listed = backend.list_deliveries(hook.id, None, 9).unwrap();
    let seqs: Vec<_> = listed.iter().map(|it| it.seq.0).collect();
    assert_eq!(seqs, [2, 1]);
    let known = Delivery { id: listed[0].id, ..delivery(2, Some("the answer is 500")) };
    assert_eq!(listed[0], known);
    assert_eq!(backend.list_deliveries(hook.id, Some(known.id), 9).unwrap().len(), 1);

    // Parked: without a time.
    let parked = HookProgress { failures: 2, ..progress(hook.id, &room, [1, 1]) };
    backend.record_progress(&parked).unwrap();
    let counts = |id| {
        let hooks = backend.list_outgoing_hooks(Some(bot.id)).unwrap();
        let hook = hooks.into_iter().find(|hook| hook.id == id).unwrap();
        (hook.failing_rooms, hook.parked_rooms)
    };
    assert_eq!((counts(hook.id), due(backend, hook.id, 0, later)), ((1, 1), vec![]));
    let entry = audit("outgoing_hook.replay");
    let replay = |replay| backend.replay_outgoing_hook(hook.id, replay, &entry).unwrap();
    assert!(!replay(Replay::FailedOf(RoomId(99))) && !replay(Replay::After(RoomId(99), Seq(1))));
    assert!(replay(Replay::Failed));
    assert_eq!((counts(hook.id), due_ids(backend, hook.id)), ((0, 0), vec![room.id]));
    backend.record_progress(&parked).unwrap();
    assert!(replay(Replay::FailedOf(room.id)));
    assert_eq!(counts(hook.id), (0, 0));
    assert!(replay(Replay::After(room.id, Seq(0))));
    assert_eq!(due(backend, hook.id, 0, NOW)[0].after, Seq(0));
    // At most the end of the log.
    assert!(replay(Replay::After(room.id, Seq(i64::MAX))));
    assert_eq!(due_ids(backend, hook.id), []);
    say(backend, &room, &ann, &["4"]);
    assert_eq!(due(backend, hook.id, 0, NOW).len(), 1);
    let nowhere = OutgoingHookId(99);
    assert!(!backend.replay_outgoing_hook(nowhere, Replay::Failed, &entry).unwrap());

    // A limited number of attempts is kept.
    for _ in 0..6 {
        let deliveries = (0..200).map(|n| delivery(n, None)).collect();
        let many = HookProgress { deliveries, ..progress(hook.id, &room, [9, 9]) };
        backend.record_progress(&many).unwrap();
    }
    let kept = backend.list_deliveries(hook.id, None, 10_000).unwrap();
    assert_eq!(kept.len(), KEPT_DELIVERIES as usize);
}

pub fn only_hooks_that_are_not_paused_run(db: &TestDatabase) {
    let backend = &*db.backend();
    let bot = bots::bot(backend, "shop");
    let (one, two) = (create(backend, &new_hook(&bot)), create(backend, &new_hook(&bot)));
    let entry = audit("outgoing_hook.update");
    let change = |change: OutgoingHookChange| {
        backend.change_outgoing_hook(one.id, &change, &entry).unwrap().unwrap()
    };
    let pause = |is_paused| OutgoingHookChange {
        is_paused: Some(is_paused),
        ..OutgoingHookChange::default()
    };
    assert_eq!(change(pause(true)).paused_at, Some(NOW));
    assert!(running(backend, one.id).is_none() && running(backend, two.id).is_some());
    assert_eq!(change(pause(false)).paused_at, None);
    let url = &one.url;
    backend.mark_hook_gone(one.id, "https://before.example.com/", NOW).unwrap();
    assert!(running(backend, one.id).is_some());
    backend.mark_hook_gone(one.id, url, NOW).unwrap();
    let gone = &backend.list_outgoing_hooks(None).unwrap()[0];
    assert_eq!((gone.is_gone, gone.paused_at), (true, Some(NOW)));
    assert!(!change(pause(false)).is_gone);
    let until = NOW.plus_seconds(60);
    let secret = Some(("bmV3".to_owned(), until));
    change(OutgoingHookChange { secret, url: Some("https://x/".into()), ..Default::default() });
    let secrets = running(backend, one.id).unwrap().secrets;
    assert!(secrets.secret == "bmV3" && secrets.old == Some(("c2VjcmV0".into(), until)));
    assert_eq!(running(backend, one.id).unwrap().url, "https://x/");
    let nobody = OutgoingHookId(99);
    assert!(backend.change_outgoing_hook(nobody, &pause(true), &entry).unwrap().is_none());

    assert!(backend.delete_outgoing_hook(one.id, &audit("outgoing_hook.delete")).unwrap());
    assert!(!backend.delete_outgoing_hook(one.id, &audit("outgoing_hook.delete")).unwrap());
    backend.record_progress(&progress(one.id, &room(backend, &bot), [0, 1])).unwrap();
    let create_for = |user_id| {
        let hook = NewOutgoingHook { user_id, ..new_hook(&bot) };
        backend.create_outgoing_hook(&hook, &audit("outgoing_hook.create")).unwrap()
    };
    let person = user(backend, "ann");
    assert_eq!(create_for(person.id), HookOutcome::NoBot);
    assert_eq!(create_for(UserId(99)), HookOutcome::NoBot);
    for _ in 1..MAX_OUTGOING_HOOKS {
        assert!(matches!(create_for(bot.id), HookOutcome::Stored(_)));
    }
    assert_eq!(create_for(bot.id), HookOutcome::TooMany);
    backend.delete_user(bot.id, &audit("user.delete")).unwrap().unwrap();
    assert_eq!(backend.list_outgoing_hooks(None).unwrap(), []);
}
