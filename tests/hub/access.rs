//! Rooms that not everybody may see: who hears of them, and what becomes of a member who is removed.

use chatapp::model::{
    Audience, EventHeader, LeaveCause, MemberDetail, MemberEvent, Person, RoomChanged, RoomFace,
    RoomField, RoomKind, RoomRules,
};
use chatapp::realtime::News;

use super::*;

const BO: UserId = UserId(2);

fn header(seq: i64) -> EventHeader {
    EventHeader {
        id: EventId(seq),
        room_id: ROOM,
        seq: Seq(seq),
        user_id: UserId(1),
        username: "ann".into(),
        display_name: None,
        timestamp: Timestamp(0),
    }
}

fn change(seq: i64, user_id: UserId, cause: Option<LeaveCause>) -> Box<MemberEvent> {
    let members = vec![Person { user_id, username: "bo".into(), display_name: None }];
    let detail = MemberDetail { cause, ..MemberDetail::default() };
    Box::new(MemberEvent { header: header(seq), members, detail })
}

fn joined(seq: i64, user_id: UserId) -> Event {
    Event::MemberJoined(change(seq, user_id, None))
}

fn left(seq: i64, user_id: UserId) -> Event {
    Event::MemberLeft(change(seq, user_id, Some(LeaveCause::Removed)))
}

fn becomes(seq: i64, kind: RoomKind) -> Event {
    let room = RoomFace {
        name: "a".to_owned(),
        description: None,
        revision: seq,
        archived_at: None,
        kind,
        rules: RoomRules::default(),
        metadata: None,
    };
    Event::RoomChanged(RoomChanged { header: header(seq), room, changed: vec![RoomField::Kind] })
}

fn said(seq: i64) -> Event {
    Event::Message(message(seq, 1))
}

fn private(head: i64, members: &[UserId]) -> Audience {
    Audience { room_id: ROOM, head_seq: Seq(head), members: Some(members.to_vec()) }
}

fn public(head: i64) -> Audience {
    Audience { room_id: ROOM, head_seq: Seq(head), members: None }
}

/// Watches as this user. Only the first watcher of a hub delivers what was read.
async fn watch(hub: &Hub, user_id: UserId, read: Audience) -> Watcher {
    let (peer, client) = narrow_connection(false).await;
    let identity = Identity { user_id, ..identity() };
    let id = hub.connect(Arc::new(Connection::new(peer, identity, None))).await.unwrap();
    hub.ask_to_watch(id).await;
    hub.start_watching(id, None, Some(vec![read])).await;
    let mut watcher = Watcher { client, bytes: Vec::new() };
    assert_eq!(watcher.next().await["type"], "watching");
    watcher
}

/// The types of the frames until the marker, which every watcher hears of: a new public room.
async fn until_marker(hub: &Hub, watchers: [&mut Watcher; 2], marker: i64) -> [Vec<String>; 2] {
    // Activity is sent once a second.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let at = Timestamp(0);
    let room =
        chatapp::model::NewRoom::public("m", UserId(1), at).into_room(RoomId(1_000 + marker));
    let audience = Audience { room_id: room.id, head_seq: Seq(0), members: None };
    hub.announce(News::RoomCreated(room, audience)).await;
    let mut seen = [Vec::new(), Vec::new()];
    for (seen, watcher) in seen.iter_mut().zip(watchers) {
        loop {
            let frame = watcher.next().await;
            if frame["room"]["name"] == "m" {
                break;
            }
            let mut what = frame["type"].as_str().unwrap().to_owned();
            if let Some(messages) = frame["messages"].as_array() {
                what = format!("{what} {} to {}", messages.len(), frame["head_seq"]);
            }
            seen.push(what);
        }
    }
    seen
}

async fn announce(hub: &Hub, events: Vec<Event>) {
    hub.announce(News::Events(events)).await;
}

#[tokio::test]
async fn only_the_members_hear_of_a_private_room() {
    let (hub, _thread) = start();
    let mut ann = watch(&hub, UserId(1), private(5, &[UserId(1)])).await;
    let mut bo = watch(&hub, BO, private(5, &[])).await;
    announce(&hub, vec![said(6), becomes(7, RoomKind::Private)]).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 1).await;
    assert_eq!(seen, [vec!["room_updated", "room_activity 1 to 7"], vec![]]);

    // A new member hears of what comes after joining, and of the head that it continues.
    announce(&hub, vec![said(8), joined(9, BO), said(10)]).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 2).await;
    assert_eq!(seen, [vec!["room_activity 2 to 10"], vec!["membership", "room_activity 0 to 10"]]);
    announce(&hub, vec![said(11), left(12, BO), said(13)]).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 3).await;
    assert_eq!(seen, [vec!["room_activity 2 to 13"], vec!["membership"]]);

    // An old event and an old state change nothing.
    announce(&hub, vec![joined(9, BO)]).await;
    hub.announce(News::Audience(private(11, &[UserId(1), BO]))).await;
    hub.announce(News::RoomDeleted(ROOM)).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 4).await;
    assert_eq!(seen, [vec!["room_deleted"], vec![]]);
}

#[tokio::test]
async fn nobody_hears_of_a_room_that_became_private_until_its_members_are_known() {
    let (hub, _thread) = start();
    let mut ann = watch(&hub, UserId(1), public(5)).await;
    let mut bo = watch(&hub, BO, public(5)).await;
    announce(&hub, vec![becomes(6, RoomKind::Private), said(7)]).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 1).await;
    assert_eq!(seen, [vec![], vec![]] as [Vec<&str>; 2]);
    let known = hub.known_rooms().await;
    assert_eq!(known.unheard, [ROOM]);
    assert!(hub.take_missed(), "the next poll reads the members");

    // Read before the change.
    hub.announce(News::Audience(public(5))).await;
    assert_eq!(hub.known_rooms().await.unheard, [ROOM]);
    hub.announce(News::Audience(private(7, &[UserId(1)]))).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 2).await;
    assert_eq!(seen, [vec!["membership", "room_activity 1 to 7"], vec!["membership"]]);

    // If the members are announced before the event, no time passes.
    hub.announce(News::Audience(public(8))).await;
    announce(&hub, vec![becomes(8, RoomKind::Public)]).await;
    let seen = until_marker(&hub, [&mut ann, &mut bo], 3).await;
    assert_eq!(
        seen,
        [
            vec!["room_updated", "room_activity 0 to 8"],
            vec!["membership", "room_updated", "room_activity 0 to 8"]
        ]
    );
    assert!(hub.known_rooms().await.unheard.is_empty());
}

/// A member of the room, whose mail the test answers.
struct Joined {
    reader: Watcher,
    connection: Arc<Connection>,
    id: chatapp::realtime::ConnectionId,
}

async fn join(hub: &Hub, user_id: UserId, head: i64) -> Joined {
    let (peer, client) = narrow_connection(false).await;
    let identity = Identity { user_id, ..identity() };
    let connection = Arc::new(Connection::new(peer, identity, None));
    let id = hub.connect(connection.clone()).await.unwrap();
    hub.join(id, ROOM, Seq(head), None, hub.access_mark()).await;
    hub.learn_head(id, RoomHead { id: ROOM, head_seq: Seq(head) }).await;
    Joined { reader: Watcher { client, bytes: Vec::new() }, connection, id }
}

impl Joined {
    /// Frames until this type.
    async fn until(&mut self, last: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let frame = self.reader.next().await;
            let kind = frame["type"].as_str().unwrap().to_owned();
            let is_last = kind == last;
            seen.push(kind);
            if is_last {
                return seen;
            }
        }
    }

    async fn pings(&mut self, hub: &Hub) -> Vec<String> {
        // When the hub answers, it has applied what was announced, and writes it before the next command.
        hub.known_rooms().await;
        let pong = chatapp::realtime::ServerFrame::Pong { reference: None };
        hub.send_frame(self.id, pong.to_bytes()).await;
        let mut seen = self.until("pong").await;
        seen.pop();
        seen
    }
}

#[tokio::test]
async fn a_removed_member_receives_nothing_until_the_right_was_checked() {
    let (hub, _thread) = start();
    let mut ann = join(&hub, UserId(1), 5).await;
    let mut bo = join(&hub, BO, 5).await;
    bo.until("synced").await;
    ann.pings(&hub).await;
    let too_early = hub.access_mark();
    announce(&hub, vec![said(6), left(7, BO), said(8)]).await;
    hub.typing(ann.id, ROOM).await;
    assert_eq!(bo.pings(&hub).await, [] as [&str; 0]);
    let seen = ["message", "member_left", "message"];
    assert_eq!(ann.pings(&hub).await, seen, "the others go on");

    let recheck = bo.connection.take_mail().recheck;
    assert_eq!(recheck.iter().map(|(room_id, _)| *room_id).collect::<Vec<_>>(), [ROOM]);
    let room = chatapp::model::NewRoom::public("a", UserId(1), Timestamp(0)).into_room(ROOM);
    hub.resume(bo.id, &room, Seq(0), too_early).await;
    assert_eq!(bo.pings(&hub).await, [] as [&str; 0], "the check was before the event");
    hub.resume(bo.id, &room, Seq(0), hub.access_mark()).await;
    assert_eq!(bo.pings(&hub).await, ["active_users", "message", "member_left", "message"]);

    // Someone who was let in before the right ended is checked again.
    let cy = join(&hub, UserId(3), 8).await;
    hub.leave(cy.id, ROOM, None).await;
    let before = hub.access_mark();
    announce(&hub, vec![becomes(9, RoomKind::Private)]).await;
    hub.join(cy.id, ROOM, Seq(8), None, before).await;
    hub.known_rooms().await;
    assert_eq!(cy.connection.take_mail().recheck.len(), 1);
}

#[tokio::test]
async fn everybody_in_a_room_that_became_private_is_checked_again() {
    let (hub, _thread) = start();
    let mut ann = join(&hub, UserId(1), 5).await;
    ann.until("synced").await;
    announce(&hub, vec![becomes(6, RoomKind::Private)]).await;
    assert_eq!(ann.pings(&hub).await, [] as [&str; 0]);
    assert_eq!(ann.connection.take_mail().recheck.len(), 1);
    let room = chatapp::model::NewRoom::public("a", UserId(1), Timestamp(0)).into_room(ROOM);
    hub.resume(ann.id, &room, Seq(0), hub.access_mark()).await;
    assert_eq!(ann.pings(&hub).await, ["room_updated", "room_changed"]);
    announce(&hub, vec![becomes(7, RoomKind::Public)]).await;
    assert_eq!(ann.pings(&hub).await, ["room_updated", "room_changed"], "nobody is excluded");
}
