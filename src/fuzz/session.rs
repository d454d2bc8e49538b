//! The socket's session: what a client says, a frame a line, and what happens meanwhile.

use std::collections::{BTreeSet, VecDeque};
use std::str::FromStr;

use serde_json::Value;

use super::texts;
use crate::chat::Error;
use crate::model::{RoomHead, RoomId, Seq, Timestamp};
use crate::ws::command::{ClientFrame, Subscribe};
use crate::ws::session::{Action, Input, Session};

const EPOCH: &str = "e";
const MAX_ROOMS: usize = 3;
/// The rooms that exist are from 1 to this.
const ROOMS: i64 = 5;
const HEAD: Seq = Seq(10);

/// A session of `/ws/{room_id}` if the first line is a number, else of `/ws`. Each other line is a
/// frame, or after a dot what happens: `.behind 1`, `.gone 1`, `.binary`.
///
/// Every frame is answered, and its `ref` comes back; errors have a code that is known; nothing is
/// done in a room that the session is not in, nor in more rooms than it may be in.
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

/// What the session believes to be connected to.
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
            "binary" => Input::Binary,
            _ => return,
        };
        let actions = self.session.on(input);
        self.perform(actions, None);
    }

    /// As the socket's task does: one action after the other, and what comes of it.
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
                    return Some(Input::RoomOpened { subscribe, reference, oldest, head });
                }
                self.rooms.remove(&room_id);
                return Some(Input::RoomRefused { room_id, reference, error: Error::RoomNotFound });
            }
            Action::Join { room_id, after, reference } => {
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
            Action::Refresh { token, reference } => {
                comes_back(&reference);
                return Some(match token.as_str() {
                    "good" => Input::Refreshed { reference, expires_at: Timestamp(0) },
                    _ => Input::RefreshFailed { reference, error: Error::TokenInvalid },
                });
            }
            Action::ReadEvents { room_id, .. } => {
                assert!(self.joined.contains(&room_id));
                // The highest room is one that cannot be read.
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
            Action::Close(_) => {}
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
        // What did not begin is not to be left.
        if let ("epoch_changed", Some(id)) = (code, reply["room_id"].as_i64()) {
            self.rooms.remove(&RoomId(id));
        }
    }
}

/// What a client can be told on a socket about what it said.
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

/// The only frame, as JSON.
fn reply(frame: &[u8]) -> Value {
    let texts = texts(frame);
    let [text] = &texts[..] else { panic!("{} frames", texts.len()) };
    serde_json::from_str(text).expect("a frame is JSON")
}

/// The `ref` that the answer must have, found in another way than the server's.
fn reference(line: &str) -> Option<String> {
    let parsed = ClientFrame::parse(line);
    let known = match &parsed {
        Ok(frame) => frame.reference.clone(),
        Err((reference, _)) => reference.clone(),
    };
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        // Text that is skipped, not kept, may hold what cannot be kept: half a pair of surrogates.
        return known;
    };
    assert!(value.is_object() || parsed.is_err(), "taken for a frame: {line}");
    let has_type = matches!(value["type"], Value::String(_) | Value::Null);
    let expected = value["ref"].as_str().filter(|_| has_type);
    assert!(known.is_none() || known.as_deref() == expected, "{line}");
    // With each field once, which it need not have been.
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
