//! The protocol session of a socket: frames from a client, and events on the server.

use std::collections::{BTreeSet, VecDeque};
use std::str::FromStr;

use serde_json::Value;

use super::texts;
use crate::chat::Error;
use crate::model::{NewRoom, RoomHead, RoomId, Seq, Timestamp, UserId};
use crate::realtime::AccessMark;
use crate::realtime::frame::LeftCause;
use crate::ws::action::{Action, Input};
use crate::ws::command::{ClientFrame, Subscribe};
use crate::ws::session::Session;

const EPOCH: &str = "e";
const MAX_ROOMS: usize = 3;
/// The rooms that exist are from 1 to this.
const ROOMS: i64 = 5;
const HEAD: Seq = Seq(10);

/// Input: if the first line is a number, the session is of `/ws/{room_id}`, else of `/ws`. Each other line
/// is a frame or, after a dot, an event: `.behind 1`, `.gone 1`, `.recheck 1`, `.binary`.
///
/// Promises: every frame is answered, with its `ref`. Errors have a known code. The session acts only in
/// rooms that it has joined, and joins no more rooms than it may.
pub fn session(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.lines();
    let mut socket = Socket::open(lines.next().and_then(number));
    for line in lines {
        match line.strip_prefix('.') {
            Some(event) => socket.happens(event),
            None => socket.says(line),
        }
    }
}

/// A model of the server's side of the session.
struct Socket {
    session: Session,
    rooms: BTreeSet<RoomId>,
    joined: BTreeSet<RoomId>,
}

impl Socket {
    fn open(room_id: Option<i64>) -> Self {
        let (session, actions) = match room_id {
            None => (Session::new(MAX_ROOMS, EPOCH.into()), vec![]),
            Some(id) => {
                let room_id = RoomId(id);
                let subscribe = Subscribe { room_id, since: None, epoch: None, history: Some(5) };
                Session::with_room(subscribe, MAX_ROOMS, EPOCH.into())
            }
        };
        let mut socket = Self { session, rooms: BTreeSet::new(), joined: BTreeSet::new() };
        socket.perform(actions, None);
        socket
    }

    fn says(&mut self, line: &str) {
        let reference = reference(line);
        let actions = self.session.on(Input::Text(line.to_owned()));
        assert!(!actions.is_empty(), "not answered: {line}");
        self.perform(actions, reference.as_deref());
    }

    fn happens(&mut self, event: &str) {
        let (what, rest) = event.split_once(' ').unwrap_or((event, ""));
        let room_id = RoomId(number(rest).unwrap_or(1));
        let input = match what {
            "behind" => Input::Behind { room_id, cursor: Some(Seq(3)) },
            "headless" => Input::Behind { room_id, cursor: None },
            "gone" => {
                self.rooms.remove(&room_id);
                self.joined.remove(&room_id);
                Input::RoomGone(room_id)
            }
            "recheck" => Input::Recheck { room_id, cause: None },
            "binary" => Input::Binary,
            _ => return,
        };
        let actions = self.session.on(input);
        self.perform(actions, None);
    }

    /// Performs the actions one after the other, with the inputs that result, as the socket's task does.
    fn perform(&mut self, actions: Vec<Action>, expected: Option<&str>) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            if let Some(input) = self.act(action, expected) {
                actions.extend(self.session.on(input));
            }
        }
        assert!(self.rooms.len() <= MAX_ROOMS);
        assert_eq!(self.rooms, self.joined);
    }

    fn act(&mut self, action: Action, expected: Option<&str>) -> Option<Input> {
        let comes_back = |reference: &Option<String>| assert_eq!(reference.as_deref(), expected);
        match action {
            Action::OpenRoom { subscribe, reference } => {
                comes_back(&reference);
                let room_id = subscribe.room_id;
                assert!(self.rooms.insert(room_id), "a room is opened twice");
                if (1..=ROOMS).contains(&room_id.0) {
                    let (oldest, head) = (Seq(1), HEAD);
                    return Some(Input::RoomOpened {
                        subscribe,
                        reference,
                        oldest,
                        head,
                        visible_from: Seq(room_id.0 - 1),
                        mark: AccessMark::default(),
                        history_from: head,
                    });
                }
                self.rooms.remove(&room_id);
                return Some(Input::RoomRefused { room_id, reference, error: Error::RoomNotFound });
            }
            Action::Join { room_id, after, reference, .. } => {
                comes_back(&reference);
                assert!(self.joined.insert(room_id) && (Seq(0)..=HEAD).contains(&after));
            }
            Action::Leave { room_id, farewell } => {
                assert!(self.rooms.remove(&room_id) && self.joined.remove(&room_id));
                if let Some(farewell) = farewell {
                    assert_eq!(reply(&farewell)["ref"].as_str(), expected);
                }
            }
            Action::Post { draft, reference, .. } => {
                comes_back(&reference);
                assert!(self.joined.contains(&draft.room_id));
                let error = match draft.content.as_str() {
                    "busy" => Error::Busy,
                    "fast" => Error::TooManyRequests { retry_after_seconds: 1 },
                    "long" => Error::field("content", "is too long"),
                    _ => return None,
                };
                return Some(Input::SendFailed { reference, error });
            }
            Action::React { room_id, emoji, reference, .. } => {
                comes_back(&reference);
                assert!(self.joined.contains(&room_id));
                return Some(match emoji.as_str() {
                    "👍" => Input::Reacted { room_id, reference },
                    _ => Input::SendFailed {
                        reference,
                        error: Error::field("emoji", "must be an emoji"),
                    },
                });
            }
            Action::Refresh { token, reference } => {
                comes_back(&reference);
                return Some(match token.as_str() {
                    "good" => Input::Refreshed { reference, expires_at: Timestamp(0) },
                    _ => Input::RefreshFailed { reference, error: Error::TokenInvalid },
                });
            }
            // In this model the room with the highest id may not be read any more.
            Action::Recheck { room_id, .. } => {
                assert!(self.joined.contains(&room_id));
                if room_id.0 == ROOMS {
                    return Some(Input::Expelled { room_id, cause: LeftCause::Removed });
                }
                let room = NewRoom::public("a", UserId(1), Timestamp(0)).into_room(room_id);
                return Some(Input::Rechecked {
                    room: Box::new(room),
                    visible_from: Seq(0),
                    mark: AccessMark::default(),
                });
            }
            Action::Resume { room, .. } => assert!(self.joined.contains(&room.id)),
            Action::ReadEvents { room_id, .. } => {
                assert!(self.joined.contains(&room_id));
                // In this model the room with the highest id cannot be read.
                return Some(match room_id.0 {
                    ROOMS => Input::ReadFailed { room_id, error: Error::Unavailable },
                    _ => Input::Events { room_id, events: vec![] },
                });
            }
            Action::ReadRoom { room_id } => {
                assert!(self.joined.contains(&room_id));
                let room = RoomHead { id: room_id, head_seq: HEAD };
                return Some(Input::RoomRead(room));
            }
            Action::PostRead { room_id, seq, reference } => {
                comes_back(&reference);
                assert!(self.joined.contains(&room_id));
                return (seq > HEAD).then(|| Input::SendFailed {
                    reference,
                    error: Error::field("seq", "is beyond the log"),
                });
            }
            Action::LearnHead(room) => assert!(self.joined.contains(&room.id)),
            Action::SendPage { room_id, .. } | Action::Typing { room_id, .. } => {
                assert!(self.joined.contains(&room_id))
            }
            Action::Watch { reference } => comes_back(&reference),
            Action::Reply(frame) => self.check(&reply(&frame), expected),
            Action::Close(_) | Action::SetAway(_) => {}
        }
        None
    }

    fn check(&mut self, reply: &Value, expected: Option<&str>) {
        assert_eq!(reply["ref"].as_str(), expected, "{reply}");
        if reply["type"] != "error" {
            return;
        }
        let code = reply["code"].as_str().unwrap_or_default();
        assert!(CODES.contains(&code), "{reply}");
        assert!(reply["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{reply}");
        // The room was opened but not joined, so no `Leave` follows.
        if let ("epoch_changed", Some(id)) = (code, reply["room_id"].as_i64()) {
            self.rooms.remove(&RoomId(id));
        }
    }
}

/// The error codes that answer a frame.
const CODES: [&str; 12] = [
    "malformed_json",
    "unknown_type",
    "invalid_field",
    "not_subscribed",
    "already_subscribed",
    "too_many_rooms",
    "too_many_requests",
    "room_not_found",
    "epoch_changed",
    "token_invalid",
    "busy",
    "unavailable",
];

/// Returns the only frame, as JSON.
fn reply(frame: &[u8]) -> Value {
    let texts = texts(frame);
    let [text] = &texts[..] else { panic!("{} frames", texts.len()) };
    serde_json::from_str(text).expect("a frame is JSON")
}

/// Returns the `ref` that the answer must have, found in another way than the server finds it.
fn reference(line: &str) -> Option<String> {
    let parsed = ClientFrame::parse(line);
    let known = match &parsed {
        Ok(frame) => frame.reference.clone(),
        Err((reference, _)) => reference.clone(),
    };
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        // The server's parser accepts text in skipped fields that serde_json::Value cannot store, such as
        // half a surrogate pair.
        return known;
    };
    assert!(value.is_object() || parsed.is_err(), "taken for a frame: {line}");
    let has_type = matches!(value["type"], Value::String(_) | Value::Null);
    let expected = value["ref"].as_str().filter(|_| has_type);
    assert!(known.is_none() || known.as_deref() == expected, "{line}");
    // Parses again without duplicate fields, which the line may have had.
    let again = match ClientFrame::parse(&value.to_string()) {
        Ok(frame) => frame.reference,
        Err((reference, _)) => reference,
    };
    assert_eq!(again.as_deref(), expected, "{value}");
    known
}

fn number(text: &str) -> Option<i64> {
    i64::from_str(text).ok()
}
