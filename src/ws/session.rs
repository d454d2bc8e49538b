//! The protocol of one connection: a pure state machine. It reads no socket, no clock and no database;
//! [`Session::on`] takes an input and returns the actions that follow.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::action::{Action, Input};
use super::command::{
    ClientFrame, Command, Presence, PresenceState, React, Read, Refresh, Send, Subscribe,
};
use super::error::{close_code, error_frame};
use crate::chat::{Draft, Error, Extras};
use crate::model::{RoomId, Seq};
use crate::realtime::CloseCode;
use crate::realtime::frame::{LeftCause, ServerFrame};

/// A client that is refused this often ignores `retry_after`, and its connection is closed.
const MAX_TOO_FAST: u32 = 1_000;

/// The state of one connection's protocol: its rooms, and the number of frames that came too fast.
pub struct Session {
    /// The room of `/ws/{room_id}`: frames that name no room mean it.
    only_room: Option<RoomId>,
    /// Rooms that are joined or about to be joined.
    rooms: BTreeSet<RoomId>,
    max_rooms: usize,
    epoch: Arc<str>,
    /// The number of sends that were refused because they came too fast.
    too_fast: u32,
}

impl Session {
    /// Makes a session of `/ws`, which may be in `max_rooms` rooms at once.
    pub fn new(max_rooms: usize, epoch: Arc<str>) -> Self {
        Self { only_room: None, rooms: BTreeSet::new(), max_rooms, epoch, too_fast: 0 }
    }

    /// Makes a session of `/ws/{room_id}`, and returns its first actions.
    pub fn with_room(
        subscribe: Subscribe,
        max_rooms: usize,
        epoch: Arc<str>,
    ) -> (Self, Vec<Action>) {
        let room_id = subscribe.room_id;
        let rooms = BTreeSet::from([room_id]);
        let session = Self { only_room: Some(room_id), rooms, max_rooms, epoch, too_fast: 0 };
        (session, vec![Action::OpenRoom { subscribe, reference: None }])
    }

    /// Takes one input, and returns the actions that it leads to.
    pub fn on(&mut self, input: Input) -> Vec<Action> {
        match input {
            Input::Text(text) => match ClientFrame::parse(&text) {
                Ok(frame) => self.on_command(frame),
                Err((reference, error)) => vec![refuse(reference, None, &error)],
            },
            Input::Binary => vec![Action::Close(CloseCode::UnsupportedData)],
            Input::RoomOpened {
                subscribe,
                reference,
                head,
                oldest,
                visible_from,
                mark,
                history_from,
            } => {
                let from = history_from.min(head);
                match after(&subscribe, &self.epoch, head, oldest, visible_from, from) {
                    Ok(after) => {
                        let room_id = subscribe.room_id;
                        vec![Action::Join { room_id, after, reference, mark }]
                    }
                    Err(error) => self.on_room_refused(subscribe.room_id, reference, &error),
                }
            }
            Input::RoomRefused { room_id, reference, error } => {
                self.on_room_refused(room_id, reference, &error)
            }
            Input::Behind { room_id, .. } if !self.rooms.contains(&room_id) => vec![],
            Input::Behind { room_id, cursor: Some(after) } => {
                vec![Action::ReadEvents { room_id, after }]
            }
            Input::Behind { room_id, cursor: None } => vec![Action::ReadRoom { room_id }],
            Input::Events { room_id, events } => vec![Action::SendPage { room_id, events }],
            Input::RoomRead(room) => vec![Action::LearnHead(room)],
            Input::ReadFailed { room_id, error } => self.on_read_failed(room_id, &error),
            Input::SendFailed { reference, error } => self.on_send_failed(reference, &error),
            Input::RefreshFailed { reference, error } => {
                vec![refuse(reference, None, &error)]
            }
            Input::Refreshed { reference, expires_at } => {
                let reference = reference.as_deref();
                let frame = ServerFrame::AuthRefreshed { reference, expires_at };
                vec![Action::Reply(frame.to_bytes())]
            }
            Input::RoomGone(room_id) => {
                self.rooms.remove(&room_id);
                vec![]
            }
            Input::Recheck { room_id, .. } if !self.rooms.contains(&room_id) => vec![],
            Input::Recheck { room_id, cause } => vec![Action::Recheck { room_id, cause }],
            Input::Rechecked { room, visible_from, mark } => {
                vec![Action::Resume { room, visible_from, mark }]
            }
            Input::Reacted { reference: None, .. } => vec![],
            Input::Reacted { room_id, reference } => {
                let reference = reference.as_deref();
                vec![Action::Reply(ServerFrame::Reacted { reference, room_id }.to_bytes())]
            }
            Input::Expelled { room_id, cause } => self.on_expelled(room_id, cause),
        }
    }

    fn on_command(&mut self, ClientFrame { reference, command }: ClientFrame) -> Vec<Action> {
        match command {
            Command::Send { send, has_type } => self.on_send(send, reference, has_type),
            Command::Subscribe(subscribe) => self.on_subscribe(subscribe, reference),
            Command::Unsubscribe(unsubscribe) => {
                let room_id = unsubscribe.room_id;
                if !self.rooms.remove(&room_id) {
                    return vec![refuse(reference, Some(room_id), &Error::NotSubscribed)];
                }
                let reference = reference.as_deref();
                let farewell = ServerFrame::Unsubscribed { reference, room_id }.to_bytes();
                vec![Action::Leave { room_id, farewell: Some(farewell) }]
            }
            Command::Typing(typing) => match self.room(typing.room_id) {
                Ok(room_id) => vec![Action::Typing { room_id, reference }],
                Err(error) => vec![refuse(reference, typing.room_id, &error)],
            },
            Command::Read(Read { room_id: named, seq }) => match self.room(named) {
                Ok(room_id) => vec![Action::PostRead { room_id, seq, reference }],
                Err(error) => vec![refuse(reference, named, &error)],
            },
            Command::React(React { room_id: named, message_id, emoji, remove }) => {
                match self.room(named) {
                    Ok(room_id) => {
                        let is_added = !remove;
                        vec![Action::React { room_id, message_id, emoji, is_added, reference }]
                    }
                    Err(error) => vec![refuse(reference, named, &error)],
                }
            }
            Command::Refresh(Refresh { token }) => vec![Action::Refresh { token, reference }],
            Command::Presence(Presence { state }) => {
                vec![Action::SetAway(state == PresenceState::Away)]
            }
            Command::Watch => vec![Action::Watch { reference }],
            Command::Ping => {
                let reference = reference.as_deref();
                vec![Action::Reply(ServerFrame::Pong { reference }.to_bytes())]
            }
        }
    }

    fn on_send(&self, send: Send, reference: Option<String>, has_type: bool) -> Vec<Action> {
        match self.room(send.room_id) {
            Ok(room_id) => {
                // The bare form of the original contract has no ack: the message itself is the answer.
                let wants_ack = has_type || reference.is_some() || send.client_id.is_some();
                let Send {
                    content, client_id, thread_id, also_to_room, quote_of, metadata, ..
                } = send;
                let extras =
                    Extras { thread_id, also_to_room, quote_of, metadata, ..Extras::default() };
                let extras = (extras != Extras::default()).then(|| Box::new(extras));
                let draft = Draft { room_id, content, client_id, extras };
                vec![Action::Post { draft, reference, wants_ack }]
            }
            Err(error) => vec![refuse(reference, send.room_id, &error)],
        }
    }

    fn on_send_failed(&mut self, reference: Option<String>, error: &Error) -> Vec<Action> {
        let refusal = refuse(reference, None, error);
        if let Error::TooManyRequests { .. } = error {
            self.too_fast += 1;
            if self.too_fast == MAX_TOO_FAST {
                return vec![refusal, Action::Close(CloseCode::TooFast)];
            }
        }
        vec![refusal]
    }

    fn on_subscribe(&mut self, subscribe: Subscribe, reference: Option<String>) -> Vec<Action> {
        let room_id = subscribe.room_id;
        if self.rooms.contains(&room_id) {
            return vec![refuse(reference, Some(room_id), &Error::AlreadySubscribed)];
        }
        if self.rooms.len() >= self.max_rooms {
            return vec![refuse(reference, Some(room_id), &Error::TooManyRooms)];
        }
        self.rooms.insert(room_id);
        vec![Action::OpenRoom { subscribe, reference }]
    }

    fn on_room_refused(
        &mut self,
        room_id: RoomId,
        reference: Option<String>,
        error: &Error,
    ) -> Vec<Action> {
        self.rooms.remove(&room_id);
        let refusal = refuse(reference, Some(room_id), error);
        if self.only_room == Some(room_id) {
            return vec![refusal, Action::Close(close_code(error))];
        }
        vec![refusal]
    }

    fn on_expelled(&mut self, room_id: RoomId, cause: LeftCause) -> Vec<Action> {
        if !self.rooms.remove(&room_id) {
            return vec![];
        }
        let farewell = Some(ServerFrame::RoomLeft { room_id, cause }.to_bytes());
        let mut actions = vec![Action::Leave { room_id, farewell }];
        if self.only_room == Some(room_id) {
            actions.push(Action::Close(CloseCode::RoomGone));
        }
        actions
    }

    /// The missed events cannot be read. Without them the cursor cannot move on, so the connection leaves the
    /// room, and the client joins again with `since`.
    fn on_read_failed(&mut self, room_id: RoomId, error: &Error) -> Vec<Action> {
        if !self.rooms.remove(&room_id) {
            return vec![];
        }
        let mut actions = vec![Action::Leave { room_id, farewell: None }];
        actions.push(refuse(None, Some(room_id), error));
        if self.only_room == Some(room_id) {
            actions.push(Action::Close(close_code(error)));
        }
        actions
    }

    /// The room of a frame.
    fn room(&self, named: Option<RoomId>) -> Result<RoomId, Error> {
        let missing = || Error::field("room_id", "must be given on this socket");
        let room_id = named.or(self.only_room).ok_or_else(missing)?;
        if self.rooms.contains(&room_id) { Ok(room_id) } else { Err(Error::NotSubscribed) }
    }
}

/// The seq after which the room's events are sent to a client that joins.
fn after(
    subscribe: &Subscribe,
    epoch: &str,
    head: Seq,
    oldest: Seq,
    visible_from: Seq,
    history_from: Seq,
) -> Result<Seq, Error> {
    let since = subscribe.since;
    let is_other_epoch = subscribe.epoch.as_deref().is_some_and(|other| other != epoch);
    // The head was read after the client asked, so a position beyond it belongs to another log.
    if since.is_some_and(|since| is_other_epoch || since < Seq(0) || since > head) {
        return Err(Error::EpochChanged);
    }
    // At most this head, not the head at the time of joining: a client may send before it is `synced`, and its
    // messages must come back to it.
    let after = since.unwrap_or(history_from).max(visible_from.min(head));
    // A client without events gets those that are kept. A client with events would miss a part without
    // noticing.
    let before_oldest = Seq(oldest.0 - 1);
    if since.is_some_and(|since| since > Seq(0)) && after < before_oldest {
        return Err(Error::HistoryPruned);
    }
    Ok(after.max(before_oldest))
}

fn refuse(reference: Option<String>, room_id: Option<RoomId>, error: &Error) -> Action {
    Action::Reply(error_frame(reference.as_deref(), room_id, error).to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::AccessMark;

    const ROOM: RoomId = RoomId(1);

    fn subscribe(since: Option<i64>, epoch: Option<&str>, history: Option<u32>) -> Subscribe {
        Subscribe { room_id: ROOM, since: since.map(Seq), epoch: epoch.map(str::to_owned), history }
    }

    /// A session of `/ws/1` that is in its room.
    fn in_room() -> Session {
        let (mut session, actions) = Session::with_room(subscribe(None, None, None), 2, "e".into());
        assert!(matches!(actions[..], [Action::OpenRoom { .. }]));
        let opened = opened(subscribe(None, None, None), 10);
        assert_eq!(session.on(opened), [join(10)]);
        session
    }

    fn opened(subscribe: Subscribe, head: i64) -> Input {
        opened_from(subscribe, head, head, 0)
    }

    fn opened_from(subscribe: Subscribe, head: i64, history_from: i64, visible_from: i64) -> Input {
        Input::RoomOpened {
            subscribe,
            reference: None,
            head: Seq(head),
            oldest: Seq(1),
            visible_from: Seq(visible_from),
            mark: AccessMark::default(),
            history_from: Seq(history_from),
        }
    }

    fn join(after: i64) -> Action {
        let mark = AccessMark::default();
        Action::Join { room_id: ROOM, after: Seq(after), reference: None, mark }
    }

    fn text(session: &mut Session, text: &str) -> Vec<Action> {
        session.on(Input::Text(text.to_owned()))
    }

    /// The frame of the only action, which is a reply.
    fn reply(actions: &[Action]) -> serde_json::Value {
        let [Action::Reply(frame)] = actions else { panic!("{actions:?}") };
        let json = frame.iter().position(|&byte| byte == b'{').unwrap();
        serde_json::from_slice(&frame[json..]).unwrap()
    }

    #[test]
    fn a_bare_send_goes_to_the_room_of_the_url_and_wants_no_ack() {
        let post = |content: &str, reference: Option<&str>, wants_ack| Action::Post {
            draft: Draft {
                room_id: ROOM,
                content: content.to_owned(),
                client_id: None,
                extras: None,
            },
            reference: reference.map(str::to_owned),
            wants_ack,
        };
        let mut session = in_room();
        assert_eq!(text(&mut session, r#"{"content":"hi"}"#), [post("hi", None, false)]);
        assert_eq!(
            text(&mut session, r#"{"content":"hi","ref":"7"}"#),
            [post("hi", Some("7"), true)]
        );
        assert_eq!(
            text(&mut session, r#"{"type":"send","content":"hi"}"#),
            [post("hi", None, true)]
        );
    }

    #[test]
    fn an_invalid_frame_is_answered_and_changes_nothing() {
        let mut session = in_room();
        assert_eq!(reply(&text(&mut session, "nonsense"))["code"], "malformed_json");
        let error = reply(&text(&mut session, r#"{"type":"dance","ref":"7"}"#));
        assert_eq!((&error["code"], &error["ref"]), (&"unknown_type".into(), &"7".into()));
        let error = reply(&text(&mut session, r#"{"type":"send","room_id":2,"content":"hi"}"#));
        assert_eq!((&error["code"], &error["room_id"]), (&"not_subscribed".into(), &2.into()));
        assert_eq!(text(&mut session, r#"{"content":"hi"}"#).len(), 1);
    }

    #[test]
    fn without_a_room_in_the_url_a_send_must_name_one() {
        let mut session = Session::new(2, "e".into());
        let error = reply(&text(&mut session, r#"{"content":"hi"}"#));
        assert_eq!(error["code"], "invalid_field");
        assert!(error["detail"].as_str().unwrap().starts_with("room_id: "), "{error}");
    }

    #[test]
    fn since_resumes_within_the_log_only() {
        let start = |subscribe: Subscribe| {
            let (mut session, _) = Session::with_room(subscribe.clone(), 2, "e".into());
            session.on(opened(subscribe, 10))
        };
        assert_eq!(start(subscribe(Some(4), None, None)), [join(4)]);
        assert_eq!(start(subscribe(Some(10), Some("e"), None)), [join(10)]);
        for stale in [subscribe(Some(4), Some("f"), None), subscribe(Some(11), None, None)] {
            let actions = start(stale);
            assert_eq!(reply(&actions[..1])["code"], "epoch_changed");
            assert_eq!(actions[1..], [Action::Close(CloseCode::EpochChanged)]);
        }
        assert_eq!(start(subscribe(None, Some("f"), None)), [join(10)]);
        let with_history = |history_from| {
            let subscribe = subscribe(None, None, Some(3));
            let (mut session, _) = Session::with_room(subscribe.clone(), 2, "e".into());
            session.on(opened_from(subscribe, 10, history_from, 0))
        };
        assert_eq!(with_history(4), [join(4)]);
        assert_eq!(with_history(11), [join(10)]);
    }

    #[test]
    fn a_position_before_the_visible_part_of_the_log_jumps_to_it() {
        let start = |since| {
            let subscribe = subscribe(since, None, None);
            let (mut session, _) = Session::with_room(subscribe.clone(), 2, "e".into());
            session.on(opened_from(subscribe, 10, 3, 6))
        };
        assert_eq!(
            [start(Some(4)), start(Some(0)), start(None)],
            [[join(6)], [join(6)], [join(6)]]
        );
        assert_eq!(start(Some(8)), [join(8)]);
    }

    #[test]
    fn a_user_who_may_not_read_a_room_any_more_leaves_it_once() {
        let mut session = in_room();
        let recheck = || Input::Recheck { room_id: ROOM, cause: None };
        assert_eq!(session.on(recheck()), [Action::Recheck { room_id: ROOM, cause: None }]);
        let expelled = || Input::Expelled { room_id: ROOM, cause: LeftCause::Removed };
        let actions = session.on(expelled());
        assert!(matches!(actions[0], Action::Leave { farewell: Some(_), .. }));
        assert_eq!(actions[1..], [Action::Close(CloseCode::RoomGone)]);
        assert_eq!((session.on(expelled()), session.on(recheck())), (vec![], vec![]));
    }

    #[test]
    fn a_room_is_joined_once_left_once_and_there_is_a_limit() {
        let mut session = in_room();
        let again = text(&mut session, r#"{"type":"subscribe","room_id":1}"#);
        assert_eq!(reply(&again)["code"], "already_subscribed");
        let second = text(&mut session, r#"{"type":"subscribe","room_id":2,"ref":"a"}"#);
        assert!(matches!(second[..], [Action::OpenRoom { .. }]));
        let third = text(&mut session, r#"{"type":"subscribe","room_id":3}"#);
        assert_eq!(reply(&third)["code"], "too_many_rooms");
        let left = text(&mut session, r#"{"type":"unsubscribe","room_id":2}"#);
        assert!(matches!(left[..], [Action::Leave { room_id: RoomId(2), .. }]));
        let twice = text(&mut session, r#"{"type":"unsubscribe","room_id":2}"#);
        assert_eq!(reply(&twice)["code"], "not_subscribed");
    }

    #[test]
    fn a_reader_gets_pages_from_storage_until_it_leaves() {
        let mut session = in_room();
        let behind = |cursor: Option<i64>| Input::Behind { room_id: ROOM, cursor: cursor.map(Seq) };
        assert_eq!(
            session.on(behind(Some(3))),
            [Action::ReadEvents { room_id: ROOM, after: Seq(3) }]
        );
        assert_eq!(session.on(behind(None)), [Action::ReadRoom { room_id: ROOM }]);
        assert_eq!(text(&mut session, r#"{"type":"unsubscribe","room_id":1}"#).len(), 1);
        assert_eq!(session.on(behind(Some(3))), []);
    }

    #[test]
    fn a_room_that_cannot_be_entered_closes_its_own_socket_only() {
        let refused = |error: Error| Input::RoomRefused { room_id: ROOM, reference: None, error };
        let (mut session, _) = Session::with_room(subscribe(None, None, None), 2, "e".into());
        let actions = session.on(refused(Error::RoomNotFound));
        assert_eq!(actions[1..], [Action::Close(CloseCode::RoomGone)]);

        let mut session = Session::new(2, "e".into());
        text(&mut session, r#"{"type":"subscribe","room_id":1}"#);
        assert_eq!(reply(&session.on(refused(Error::RoomNotFound)))["code"], "room_not_found");
        assert!(matches!(
            text(&mut session, r#"{"type":"subscribe","room_id":1}"#)[..],
            [Action::OpenRoom { .. }]
        ));
    }
}
