//! An example of each frame that the server sends.

use std::sync::LazyLock;

use serde_json::Value;

use crate::model::{
    ErrorCode, Event, EventId, EventKind, OwnChange, OwnSubject, Person, RoomFace, RoomId,
    RoomKind, RoomRules, Seq, Timestamp, UserId,
};
use crate::realtime::frame::{ActivityMessage, LeftCause, PresenceChange, RoomCard, ServerFrame};

pub(super) const EPOCH: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// 2025-01-31T10:30:00Z.
const TIME: Timestamp = Timestamp(1_738_319_400_000);

/// One event of each kind, then one of each other frame, as JSON.
pub(super) fn sent() -> Vec<Value> {
    let to_value = |frame: ServerFrame<'_>| serde_json::to_value(frame);
    let events = EventKind::ALL.map(Event::sample).into_iter().map(serde_json::to_value);
    // These types serialise without error; a test counts the samples.
    events.chain(frames().into_iter().map(to_value)).filter_map(Result::ok).collect()
}

/// One of each frame that is not an event.
fn frames() -> Vec<ServerFrame<'static>> {
    static ROOM: LazyLock<RoomFace> = LazyLock::new(|| RoomFace {
        name: "lobby".to_owned(),
        description: Some("Everything and nothing".to_owned()),
        revision: 1,
        archived_at: None,
        kind: RoomKind::Public,
        rules: RoomRules::default(),
        metadata: None,
    });
    static ACTIVITY: LazyLock<[ActivityMessage; 1]> = LazyLock::new(|| {
        [ActivityMessage {
            seq: Seq(43),
            user_id: UserId(1),
            username: "admin".into(),
            display_name: None,
            mentions: vec![UserId(2)],
            mentions_everyone: false,
        }]
    });
    let room_id = RoomId(1);
    let bo = PresenceChange {
        room_id,
        user_id: UserId(2),
        username: "bo".into(),
        display_name: Some("Bo Chen".into()),
        timestamp: TIME,
    };
    let admin = Person { user_id: UserId(1), username: "admin".into(), display_name: None };
    vec![
        ServerFrame::UserJoined(bo.clone()),
        ServerFrame::UserLeft(bo),
        ServerFrame::ActiveUsers { room_id, users: vec![admin], count: 1 },
        ServerFrame::Ack {
            reference: Some("7"),
            client_id: None,
            room_id,
            id: EventId(1),
            seq: Seq(1),
            duplicate: false,
        },
        ServerFrame::Synced { reference: None, room_id, head_seq: Seq(1), epoch: EPOCH },
        ServerFrame::Unsubscribed { reference: Some("2"), room_id },
        ServerFrame::Watching { reference: Some("6"), epoch: EPOCH },
        ServerFrame::RoomCreated {
            room: RoomCard {
                id: room_id,
                name: "general",
                description: Some("Everything and nothing"),
                created_by: UserId(1),
                created_at: TIME,
                head_seq: Seq(0),
                active_users: 0,
                archived_at: None,
                revision: 0,
                kind: RoomKind::Public,
                rules: RoomRules::default(),
                metadata: None,
            },
        },
        ServerFrame::RoomActivity {
            room_id,
            head_seq: Seq(44),
            messages: &*ACTIVITY,
            deleted: &[Seq(40)],
            threads: &[EventId(7)],
            truncated: false,
        },
        ServerFrame::RoomUpdated { room_id, room: &ROOM },
        ServerFrame::Read { reference: Some("5"), room_id, seq: Seq(42), marked_unread: true },
        ServerFrame::Membership { room_id },
        ServerFrame::OwnChanged(OwnChange {
            subject: OwnSubject::Draft,
            room_id,
            thread_id: Some(EventId(7)),
        }),
        ServerFrame::RoomLeft { room_id, cause: LeftCause::Removed },
        ServerFrame::RoomDeleted { room_id },
        ServerFrame::Typing {
            room_id,
            user_id: UserId(2),
            username: "bo".into(),
            display_name: None,
        },
        ServerFrame::Reacted { reference: Some("8"), room_id },
        ServerFrame::Pong { reference: Some("3") },
        ServerFrame::AuthRefreshed { reference: Some("4"), expires_at: TIME },
        ServerFrame::AuthExpiring { expires_at: TIME },
        ServerFrame::Error {
            code: ErrorCode::UnknownType,
            detail: "there is no message of type \"dance\"".to_owned(),
            reference: Some("7"),
            room_id: None,
            retry_after: None,
        },
    ]
}
